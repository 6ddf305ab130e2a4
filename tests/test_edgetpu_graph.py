import numpy as np
import pytest
import tiny_models
from ai_edge_litert import schema_py_generated as schema

from tflite_export import edgetpu_graph


def convolution(**changes):
    """A convolution of 2x2 positions; `changes` go into its first tensor."""
    graph = tiny_models.Graph()
    image = graph.tensor((1, 4, 4, 3), "uint8", signature=(-1, 4, 4, 3))
    kernel = graph.constant(np.ones((8, 3, 3, 3)), "int8", zero_point=0)
    made = graph.tensor((1, 2, 2, 8))
    graph.operator("CONV_2D", [image, kernel, -1], [made], version=3)
    for name, value in changes.items():
        setattr(graph.subgraph.tensors[0], name, value)
    return graph.pack([image], [made])


def test_reads_tensors_and_operators():
    (graph,) = edgetpu_graph.read(convolution())
    (operator,) = graph.operators
    image, kernel, bias = operator.inputs
    assert (operator.name, operator.version) == ("CONV_2D", 3)
    assert (image.name, image.dtype) == ("t0", "uint8")
    assert image.shape == (1, 4, 4, 3)
    assert image.signature == (-1, 4, 4, 3)
    assert image.constant is None
    assert kernel.integers().tolist() == [1] * 216
    assert kernel.zero_points == (0,)
    assert bias is None
    assert operator.constants == (kernel,)
    assert operator.activations == (image, *operator.outputs)


def test_reads_options_and_custom_operators():
    graph = tiny_models.Graph()
    row = graph.tensor((1, 4))
    options = schema.SoftmaxOptionsT(beta=2.0)
    graph.operator("SOFTMAX", [row], [row], options=options)
    graph.operator("my-operator", [row], [row])
    ((softmax, custom),) = [
        g.operators for g in edgetpu_graph.read(graph.pack())
    ]
    assert softmax.options == {"beta": 2.0}
    assert (custom.name, custom.custom_name) == ("CUSTOM", "my-operator")


def test_names_operators_of_later_schemas():
    graph = tiny_models.Graph()
    row = graph.tensor((1, 4))
    graph.operator("RELU", [row], [row])
    graph.codes[0].builtinCode = 9999
    (read,) = edgetpu_graph.read(graph.pack())
    assert read.operators[0].name == "OPERATOR_9999"


def test_counts_macs_of_convolutions():
    (graph,) = edgetpu_graph.read(convolution())
    assert graph.operators[0].macs == 8 * 3 * 3 * 3 * 2 * 2


def test_counts_macs_of_transposed_convolutions():
    graph = tiny_models.Graph()
    shape = graph.constant((1, 8, 8, 2))
    kernel = graph.constant(np.ones((2, 3, 3, 5)), "int8", zero_point=0)
    image, made = graph.tensor((1, 4, 4, 5)), graph.tensor((1, 8, 8, 2))
    graph.operator("TRANSPOSE_CONV", [shape, kernel, image], [made])
    (read,) = edgetpu_graph.read(graph.pack())
    assert read.operators[0].macs == 2 * 3 * 3 * 5 * 4 * 4


@pytest.mark.parametrize("data", [b"", b"PK\3\4" * 9, b"\0" * 99])
def test_refuses_other_files(data):
    with pytest.raises(ValueError, match="Expected a LiteRT model, .*TFL3"):
        edgetpu_graph.read(data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"buffer": 99}, r"damaged \(there is no buffer 99\)"),
        ({"shape": np.array([1, -4], np.int32)}, r"damaged \(tensor 0 has"),
    ],
)
def test_refuses_what_points_nowhere(changes, message):
    with pytest.raises(ValueError, match=message):
        edgetpu_graph.read(convolution(**changes))


def test_refuses_operators_on_tensors_that_are_not_there():
    graph = tiny_models.Graph()
    graph.operator("RELU", [-2], [0])
    with pytest.raises(ValueError, match=r"damaged \(there is no tensor -2\)"):
        edgetpu_graph.read(graph.pack())


def test_refuses_a_model_without_subgraphs():
    with pytest.raises(ValueError, match="has no subgraph"):
        edgetpu_graph.read(tiny_models.Graph().pack(subgraphs=0))
