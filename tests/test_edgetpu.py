import json
import os
import random
import subprocess
import sys
import time

import edgetpu_golden
import numpy as np
import pytest
import tiny_models

from tflite_export import edgetpu

DATA = os.environ.get("HLP_CORAL_DATA", "")
GOLDEN = edgetpu_golden.committed()


def dense(graph, given, width=4):
    """Adds a dense layer; the Edge TPU takes it."""
    weights = graph.constant(np.ones((width, 4)), "int8", zero_point=0)
    bias = graph.constant(np.zeros(width), "int32", zero_point=0)
    made = graph.tensor((1, width))
    graph.operator("FULLY_CONNECTED", [given, weights, bias], [made])
    return made


def activation(graph, given, name="ELU"):
    """Adds an activation; the Edge TPU takes RELU, and not ELU."""
    made = graph.tensor((1, 4))
    graph.operator(name, [given], [made])
    return made


def mapped(graph):
    return [op.mapped for op in edgetpu.check(graph.pack()).operators]


def broken():
    """Two dense layers with an activation between them that is not taken."""
    graph = tiny_models.Graph()
    given = graph.tensor((1, 4))
    made = dense(graph, activation(graph, dense(graph, given)), width=8)
    return graph.pack([given], [made])


def test_what_depends_on_an_operator_of_the_cpu_stays_there():
    first, broke, last = edgetpu.check(broken()).operators
    assert first.mapped
    assert first.status == "Mapped to Edge TPU"
    assert not broke.mapped
    assert broke.status == "Operation not supported"
    assert not last.mapped
    assert last.status == "More than one subgraph is not supported"


def test_a_parallel_branch_is_taken():
    graph = tiny_models.Graph()
    trunk = dense(graph, graph.tensor((1, 4)))
    activation(graph, trunk)
    dense(graph, trunk)
    assert mapped(graph) == [True, False, True]


def test_operators_of_the_cpu_may_come_first():
    graph = tiny_models.Graph()
    given = activation(graph, activation(graph, graph.tensor((1, 4))))
    activation(graph, dense(graph, given), "RELU")
    assert mapped(graph) == [False, False, True, True]


def test_all_stays_on_the_cpu_with_several_subgraphs():
    graph = tiny_models.Graph()
    dense(graph, graph.tensor((1, 4)))
    operators = edgetpu.check(graph.pack(subgraphs=2)).operators
    assert [op.index for op in operators] == [0, 1]
    assert {op.status for op in operators} == {
        "More than one subgraph is not supported"
    }


@pytest.mark.parametrize(
    ("signature", "taken"), [((-1, 4), True), ((1, -1), False)]
)
def test_only_the_batch_may_be_unknown(signature, taken):
    graph = tiny_models.Graph()
    dense(graph, graph.tensor((1, 4), signature=signature))
    (operator,) = edgetpu.check(graph.pack()).operators
    assert operator.mapped == taken
    assert taken or "dynamic-sized tensors" in operator.status


def test_a_shape_that_is_computed_is_dynamic():
    graph = tiny_models.Graph()
    given, made = graph.tensor((1, 4)), graph.tensor((4,))
    graph.operator("RESHAPE", [given, graph.tensor((1,), "int32")], [made])
    (operator,) = edgetpu.check(graph.pack()).operators
    assert "dynamic-sized tensors" in operator.status


def test_sums_up_macs_and_memory():
    report = edgetpu.check(broken())
    assert report.macs == 16 + 32
    assert report.mapped_macs == 16
    assert report.mapped_mac_share == 16 / 48
    assert report.mapped_parameter_bytes == (16 + 4 * 4,)
    assert report.memory.on_chip_bytes == 32


def test_shared_weights_count_once():
    graph = tiny_models.Graph()
    given = graph.tensor((1, 4))
    weights = graph.constant(np.ones((4, 4)), "int8", zero_point=0)
    for _ in range(2):
        made = graph.tensor((1, 4))
        graph.operator("FULLY_CONNECTED", [given, weights], [made])
        given = made
    report = edgetpu.check(graph.pack())
    assert report.mapped_parameter_bytes == (16, 0)
    assert report.macs == 32


def test_prints_a_table():
    assert str(edgetpu.check(broken())).splitlines() == [
        "   0  FULLY_CONNECTED  Mapped to Edge TPU",
        "   1  ELU              Operation not supported",
        "   2  FULLY_CONNECTED  More than one subgraph is not supported",
        "",
        "Operators on the Edge TPU: 1 of 3",
        "Multiply-accumulates on the Edge TPU: 33.3% of 48",
        "Parameters: 0.0 KiB on the chip, 0.0 KiB streamed (an estimate: of "
        "8 MiB the instructions take some, and the compiler pads parameters)",
        "predicted, not compiled",
    ]


def test_says_why_where_the_compiler_does_not():
    graph = tiny_models.Graph()
    given = graph.tensor((1, 4), "float32")
    graph.operator("QUANTIZE", [given], [graph.tensor((1, 4))])
    assert "unspecified limitation (a tensor is float32)" in str(
        edgetpu.check(graph.pack())
    )


def test_writes_json():
    written = json.loads(edgetpu.check(broken()).to_json())
    assert written["prediction"] == "predicted, not compiled"
    assert written["operators"][1] == {
        "index": 1,
        "name": "ELU",
        "mapped": False,
        "status": "Operation not supported",
        "why": "",
    }
    assert [op["mapped"] for op in written["operators"]] == [True, False, False]
    assert written["mapped_macs"] == 16


def test_writes_what_the_words_of_the_compiler_leave_open():
    graph = tiny_models.Graph()
    given = graph.tensor((1, 4), "float32")
    graph.operator("QUANTIZE", [given], [graph.tensor((1, 4))])
    (operator,) = json.loads(edgetpu.check(graph.pack()).to_json())["operators"]
    assert operator["why"] == "a tensor is float32"


def test_a_model_without_operators_has_no_share():
    assert edgetpu.check(tiny_models.Graph().pack()).mapped_mac_share == 0


def test_names_the_file_in_errors(tmp_path):
    path = tmp_path / "notes.tflite"
    path.write_bytes(b"no model")
    with pytest.raises(ValueError, match="notes.tflite: Expected a LiteRT"):
        edgetpu.check_file(path)


def test_refuses_a_compiled_model():
    graph = tiny_models.Graph()
    row = graph.tensor((1, 4))
    graph.operator("edgetpu-custom-op", [row], [row])
    with pytest.raises(ValueError, match="compiled already"):
        edgetpu.check(graph.pack())


@pytest.mark.parametrize("name", ["CONV_2D", "MEAN", "SOFTMAX", "SPLIT"])
def test_refuses_operators_that_lack_inputs(name):
    graph = tiny_models.Graph()
    graph.operator(name, [], [])
    with pytest.raises(ValueError, match=f"operator 0, {name}, lacks"):
        edgetpu.check(graph.pack())


def test_damaged_files_are_refused_or_reported():
    data = broken()
    rng = random.Random(0)
    started = time.monotonic()
    refused = 0
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(8, len(data))] = rng.randrange(256)
        try:
            str(edgetpu.check(bytes(damaged)))
        except ValueError:
            refused += 1
    assert 0 < refused < 300
    assert time.monotonic() - started < 30


def test_needs_no_tensorflow():
    code = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'tf_keras', 'training'):\n"
        "    sys.modules[name] = None\n"
        "from tflite_export import edgetpu, edgetpu_compiler"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_there_are_golden_files():
    assert len(GOLDEN) == 3


@pytest.mark.parametrize("name", GOLDEN)
def test_predicts_what_the_compiler_did(name):
    graph, truth = edgetpu_golden.load(name)
    operators = edgetpu.check(graph).operators
    assert [op.index for op in operators if not op.mapped] == truth.on_cpu


@pytest.mark.parametrize("name", [n for n in GOLDEN if "lstm" not in n])
def test_estimates_parameters_below_what_the_compiler_padded(name):
    graph, truth = edgetpu_golden.load(name)
    estimate = sum(edgetpu.check(graph).mapped_parameter_bytes)
    assert 0.7 < estimate / truth.parameter_bytes < 1


@pytest.mark.skipif(
    not os.path.isdir(DATA),
    reason="HLP_CORAL_DATA names no directory of google-coral/test_data",
)
@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files_are_current(name):
    assert edgetpu_golden.make(DATA, name) == edgetpu_golden.load(name), (
        f"Update them: python tests/edgetpu_golden.py {DATA}"
    )


@pytest.mark.skipif(
    not os.path.isdir(DATA),
    reason="HLP_CORAL_DATA names no directory of google-coral/test_data",
)
def test_predicts_every_pair_of_the_data():
    for name in edgetpu_golden.names(DATA):
        graph, truth = edgetpu_golden.make(DATA, name)
        operators = edgetpu.check(graph).operators
        on_cpu = [op.index for op in operators if not op.mapped]
        assert on_cpu == truth.on_cpu, name
