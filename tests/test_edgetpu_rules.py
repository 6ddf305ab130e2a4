import numpy as np
import pytest
import tiny_models
from ai_edge_litert import schema_py_generated as schema

from tflite_export import edgetpu_graph, edgetpu_rules

IMAGE = (1, 8, 8, 4)
RELU = schema.ActivationFunctionType.RELU


def tensor(shape, dtype="int8", **arguments):
    return lambda graph: graph.tensor(shape, dtype, **arguments)


def weights(*shape, dtype="int8", value=1, zero_point=0):
    data = np.full(shape, value)
    return lambda graph: graph.constant(data, dtype, zero_point)


def integers(*values):
    return lambda graph: graph.constant(values)


def verdict(name, inputs, output, options=None, version=1):
    """Of a model with this one operator; an input of None is left out."""
    graph = tiny_models.Graph()
    given = [-1 if make is None else make(graph) for make in inputs]
    made = output(graph)
    graph.operator(name, given, [made], version, options)
    (read,) = edgetpu_graph.read(graph.pack(given[:1], [made]))
    return edgetpu_rules.verdict(read.operators[0])


image, pixel, row = tensor(IMAGE), tensor((1, 1, 1, 4)), tensor((1, 4))
kernel = weights(4, 3, 3, 4)
bias = weights(4, dtype="int32")
depthwise = weights(1, 3, 3, 4)
lstm = [
    tensor((1, 5, 4)),
    *[weights(3, 4)] * 4,
    *[weights(3, 3)] * 4,
    *[None] * 3,
    *[weights(3, dtype="int32")] * 4,
    *[None] * 2,
    tensor((1, 3)),
    lambda graph: graph.variable((1, 3), "int16"),
    *[None] * 4,
]

TAKEN = {
    "ADD": ([image, image], image),
    "AVERAGE_POOL_2D": ([image], pixel),
    "CONCATENATION": ([image, image, image], tensor((1, 8, 8, 12))),
    "CONV_2D": ([image, kernel, bias], image),
    "DEPTHWISE_CONV_2D": ([image, depthwise, bias], image),
    "EXPAND_DIMS": ([row, integers(1)], tensor((1, 1, 4))),
    "FULLY_CONNECTED": ([row, weights(3, 4), None], tensor((1, 3))),
    "L2_NORMALIZATION": ([row], row),
    "LOGISTIC": ([row], row),
    "MAXIMUM": ([image, image], image),
    "MAX_POOL_2D": ([image], pixel),
    "MEAN": ([image, integers(1, 2)], row),
    "MINIMUM": ([image, image], image),
    "MUL": ([image, weights(1, dtype="uint8")], image),
    "PACK": (
        [row, row],
        tensor((1, 2, 4)),
        schema.PackOptionsT(valuesCount=2, axis=1),
    ),
    "PAD": (
        [image, lambda graph: graph.constant([[0, 0], [1, 1], [1, 1], [0, 0]])],
        tensor((1, 10, 10, 4)),
    ),
    "PRELU": ([image, weights(1, 1, 4)], image),
    "QUANTIZE": ([tensor(IMAGE, "uint8")], image),
    "REDUCE_MAX": ([image, integers(1, 2)], row),
    "REDUCE_MIN": ([image, integers(-1)], tensor((1, 8, 8))),
    "RELU": ([row], row),
    "RELU6": ([row], row),
    "RELU_N1_TO_1": ([row], row),
    "RESHAPE": ([image, integers(1, 256)], tensor((1, 256))),
    "RESIZE_BILINEAR": ([image, integers(16, 16)], tensor((1, 16, 16, 4))),
    "RESIZE_NEAREST_NEIGHBOR": ([pixel, integers(8, 8)], image),
    "RSQRT": ([row], row),
    "SLICE": ([row, integers(0, 1), integers(1, 2)], tensor((1, 2))),
    "SOFTMAX": ([row], row),
    "SPACE_TO_DEPTH": ([image], tensor((1, 4, 4, 16))),
    "SPLIT": ([integers(-1), image], tensor((1, 8, 8, 2))),
    "SQUARED_DIFFERENCE": ([image, image], image),
    "SQUEEZE": ([pixel], row),
    "STRIDED_SLICE": (
        [row, integers(0, 1), integers(1, 3), integers(1, 1)],
        tensor((1, 2)),
    ),
    "SUB": ([image, image], image),
    "SUM": ([image, integers(1, 2)], row),
    "TANH": ([row], row),
    "TRANSPOSE": ([image, integers(0, 3, 1, 2)], tensor((1, 4, 8, 8))),
    "TRANSPOSE_CONV": (
        [integers(1, 16, 16, 4), kernel, image, None],
        tensor((1, 16, 16, 4)),
    ),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (lstm, tensor((1, 5, 3))),
}


def test_every_rule_has_an_example():
    assert TAKEN.keys() == edgetpu_rules.RULES.keys()


@pytest.mark.parametrize("name", TAKEN)
def test_takes(name):
    version = edgetpu_rules.RULES[name].version
    inputs, output, *options = TAKEN[name]
    found = verdict(name, inputs, output, *options, version=version)
    assert found == edgetpu_rules.Verdict("Mapped to Edge TPU")


@pytest.mark.parametrize("name", TAKEN)
def test_refuses_later_versions(name):
    version = edgetpu_rules.RULES[name].version + 1
    inputs, output, *options = TAKEN[name]
    found = verdict(name, inputs, output, *options, version=version)
    assert found == edgetpu_rules.Verdict(
        "Operation version not supported",
        f"version {version}, up to {version - 1}",
    )


@pytest.mark.parametrize(
    ("name", "inputs", "output", "status", "why"),
    [
        ("HARD_SWISH", [row], row, "Operation not supported", ""),
        (
            "CONV_2D",
            [tensor(IMAGE, "float32"), kernel, bias],
            tensor(IMAGE, "float32"),
            "Operation is working on an unsupported data type",
            "a tensor is float32",
        ),
        (
            "CONV_2D",
            [image, weights(4, 3, 3, 4, dtype="float32"), bias],
            image,
            "Operation is working on an unsupported data type",
            "a constant is float32",
        ),
        (
            "ADD",
            [tensor(IMAGE, "int16")] * 2,
            tensor(IMAGE, "int16"),
            "Operation is working on an unsupported data type",
            "a tensor is int16",
        ),
        (
            "DEQUANTIZE",
            [row],
            tensor((1, 4), "float32"),
            "Operation is working on an unsupported data type",
            "a tensor is float32",
        ),
        (
            "ARG_MAX",
            [row, integers(1)],
            tensor((1,), "int64"),
            "Operation is working on an unsupported data type",
            "a tensor is int64",
        ),
        (
            "QUANTIZE",
            [tensor((1, 4), "float32")],
            row,
            "Operation is otherwise supported, but not mapped due to some "
            "unspecified limitation",
            "a tensor is float32",
        ),
        (
            "RELU",
            [tensor((2, 8, 8, 4))],
            tensor((2, 8, 8, 4)),
            "Tensor has unsupported rank (up to 3 innermost dimensions mapped)",
            "a tensor is 2x8x8x4",
        ),
        (
            "CONV_2D",
            [image, tensor((4, 3, 3, 4)), bias],
            image,
            "Filter, bias, or other param is not constant at compile-time",
            "'t1' is computed",
        ),
    ],
)
def test_refuses_in_the_compilers_words(name, inputs, output, status, why):
    assert verdict(name, inputs, output) == edgetpu_rules.Verdict(status, why)


def test_takes_more_dimensions_when_three_are_used():
    wide = tensor((1, 1, 2, 3, 4))
    assert verdict("RELU", [wide], wide).status == edgetpu_rules.MAPPED


@pytest.mark.parametrize(
    ("name", "inputs", "output", "options", "why"),
    [
        (
            "MAX_POOL_2D",
            [image],
            pixel,
            schema.Pool2DOptionsT(fusedActivationFunction=RELU),
            "a fused activation",
        ),
        (
            "CONCATENATION",
            [row, row],
            tensor((1, 8)),
            schema.ConcatenationOptionsT(fusedActivationFunction=RELU),
            "a fused activation",
        ),
        (
            "CONCATENATION",
            [row, row, weights(1, 4, value=0)],
            tensor((1, 12)),
            None,
            "a constant among 3 inputs",
        ),
        (
            "CONCATENATION",
            [row, weights(1, 4, value=0, zero_point=-128)],
            tensor((1, 8)),
            None,
            "a constant that is not all zeros",
        ),
        (
            "CONV_2D",
            [image, kernel, bias],
            image,
            schema.Conv2DOptionsT(dilationHFactor=2),
            "a dilation of 2 in y and 1 in x",
        ),
        (
            "DEPTHWISE_CONV_2D",
            [image, depthwise, bias],
            image,
            schema.DepthwiseConv2DOptionsT(dilationWFactor=2),
            "a dilation of 1 in y and 2 in x",
        ),
        (
            "FULLY_CONNECTED",
            [row, weights(3, 4)],
            tensor((1, 3)),
            schema.FullyConnectedOptionsT(weightsFormat=1),
            "weights in a shuffled format",
        ),
        (
            "FULLY_CONNECTED",
            [row, weights(3, 4, zero_point=(0, 0, 0))],
            tensor((1, 3)),
            None,
            "weights with a scale per channel",
        ),
        (
            "FULLY_CONNECTED",
            [tensor((5, 4)), weights(3, 4)],
            tensor((5, 3)),
            None,
            "the output is 5x3, not one-dimensional",
        ),
        (
            "SOFTMAX",
            [tensor((1, 16_001))],
            tensor((1, 16_001)),
            None,
            "16,001 elements, up to 16,000",
        ),
        (
            "SOFTMAX",
            [image],
            image,
            None,
            "the input is 1x8x8x4, not one-dimensional",
        ),
        (
            "MEAN",
            [row, integers(0)],
            tensor((4,)),
            None,
            "it reduces the batch",
        ),
        (
            "SUM",
            [row, integers(-2)],
            tensor((4,)),
            None,
            "it reduces the batch",
        ),
        (
            "MEAN",
            [tensor((1, 8, 8, 6)), integers(-1)],
            tensor((1, 8, 8)),
            None,
            "the mean of 6 channels, not a multiple of 4",
        ),
        (
            "PACK",
            [row],
            tensor((1, 1, 4)),
            schema.PackOptionsT(valuesCount=1, axis=-3),
            "it packs along the batch",
        ),
        (
            "SPLIT",
            [integers(0), image],
            image,
            None,
            "it splits the batch",
        ),
        (
            "PAD",
            [row, lambda graph: graph.constant([[0, 1], [0, 0]])],
            tensor((2, 4)),
            None,
            "it pads the batch",
        ),
        (
            "PRELU",
            [image, weights(8, 8, 4)],
            image,
            None,
            "the alpha is 8x8x4, not one-dimensional",
        ),
        (
            "STRIDED_SLICE",
            [row, integers(0, 0), integers(1, 4), integers(1, 2)],
            tensor((1, 2)),
            None,
            "strides other than 1",
        ),
        (
            "STRIDED_SLICE",
            [row, integers(0, 0), integers(1, 4), integers(1, 1)],
            row,
            schema.StridedSliceOptionsT(newAxisMask=1),
            "a slice with newAxisMask",
        ),
        (
            "RESIZE_NEAREST_NEIGHBOR",
            [tensor((1, 256, 256, 32)), integers(512, 512)],
            tensor((1, 512, 512, 32)),
            None,
            "10,485,760 bytes to resize",
        ),
        (
            "RESIZE_BILINEAR",
            [pixel, integers(8, 8)],
            image,
            None,
            "1x1 to 8x8 has nothing to interpolate",
        ),
    ],
)
def test_says_which_limit_is_passed(name, inputs, output, options, why):
    assert verdict(name, inputs, output, options) == edgetpu_rules.Verdict(
        "Operation is otherwise supported, but not mapped due to some "
        "unspecified limitation",
        why,
    )


def test_a_constant_of_zeros_pads():
    zeros = weights(1, 4, value=-128, zero_point=-128)
    found = verdict("CONCATENATION", [row, zeros], tensor((1, 8)))
    assert found.status == edgetpu_rules.MAPPED
