import importlib.util

import export_models
import numpy as np
import pytest
import tiny_models

from tflite_export import flatbuffer, tflm


def test_says_when_it_is_missing(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert tflm.missing_reason() == "the package tflite-micro is not installed"


@pytest.fixture
def installed():
    pytest.importorskip("tflite_micro")
    assert tflm.missing_reason() == ""


def test_runs_a_model_and_measures_its_arena(installed):
    inputs = export_models.images(3).astype(np.int8)
    run = tflm.run(export_models.flatbuffer_of(), inputs)
    assert (run.outputs.shape, run.outputs.dtype) == ((3, 3), np.int8)
    assert 16 * 16 * 3 < run.arena_bytes < 100_000


def test_runs_several_models_in_one_process(installed):
    inputs = export_models.images(2).astype(np.int8)
    data = export_models.flatbuffer_of()
    one = tflm.run(data, inputs)
    first, second = tflm.run_all([(data, inputs), (data, inputs[1:])])
    assert first.arena_bytes == second.arena_bytes == one.arena_bytes
    np.testing.assert_array_equal(first.outputs, one.outputs)
    np.testing.assert_array_equal(second.outputs, one.outputs[1:])


def model_of(name):
    """A model of one operator."""
    graph = tiny_models.Graph()
    given, made = graph.tensor((1, 4)), graph.tensor((1, 4))
    graph.operator(name, [given], [made])
    return graph.pack([given], [made])


def test_refused_models_leave_the_others_alone(installed):
    inputs = np.arange(8, dtype=np.int8).reshape(2, 4)
    good, bad = (model_of("RELU"), inputs), (model_of("GELU"), inputs)
    first, refused, second, again = tflm.run_all([good, bad, good, bad])
    np.testing.assert_array_equal(first.outputs, inputs)
    np.testing.assert_array_equal(second.outputs, inputs)
    assert again == refused
    assert refused.reason == (
        "it refused the model: Didn't find op for builtin opcode 'GELU' "
        "Failed to get registration from op code GELU"
    )


def test_a_refused_model_is_an_error_by_itself(installed):
    with pytest.raises(RuntimeError, match="no outputs: it refused the model"):
        tflm.run(b"no model", np.zeros((1, 1), np.int8))


def test_says_what_python_says_when_tflm_says_nothing():
    words = "Traceback (most recent call last):\nImportError: no NumPy\n"
    assert tflm._failure("it refused the model", words) == (
        "it refused the model: Traceback (most recent call last): "
        "ImportError: no NumPy"
    )


def test_a_model_may_take_only_so_long(installed, monkeypatch):
    monkeypatch.setattr(tflm, "_TIMEOUT_SECONDS", 0.01)
    inputs = np.zeros((1, 4), np.int8)
    (refused,) = tflm.run_all([(model_of("RELU"), inputs)])
    assert refused.reason == "it was not done after 0.01 seconds"


def test_a_crash_is_an_error(installed):
    model = flatbuffer.parse(export_models.flatbuffer_of())
    model.subgraphs *= 2  # More than this build of TFLM survives.
    inputs = export_models.images(1).astype(np.int8)
    with pytest.raises(RuntimeError, match="it crashed with signal"):
        tflm.run(flatbuffer.pack(model), inputs)
