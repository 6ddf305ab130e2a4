import importlib.util

import export_models
import numpy as np
import pytest

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


def test_tells_which_of_several_models_was_refused(installed):
    inputs = export_models.images(1).astype(np.int8)
    good = export_models.flatbuffer_of()
    with pytest.raises(RuntimeError, match=r"refused the model \(2 of 2\)"):
        tflm.run_all([(good, inputs), (b"no model", inputs)])


def test_a_refused_model_is_an_error(installed):
    with pytest.raises(RuntimeError, match="TFLM refused the model: "):
        tflm.run(b"no model", np.zeros((1, 1), np.int8))


def test_a_crash_is_an_error(installed):
    model = flatbuffer.parse(export_models.flatbuffer_of())
    model.subgraphs *= 2  # More than this build of TFLM survives.
    inputs = export_models.images(1).astype(np.int8)
    with pytest.raises(RuntimeError, match="TFLM crashed with signal"):
        tflm.run(flatbuffer.pack(model), inputs)
