"""What the Edge TPU takes, as a table: one rule per operator.

Sources, and what the table cannot know: docs/edgetpu.md.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from tflite_export.edgetpu_graph import Operator, Tensor

# The words of the compiler.
MAPPED = "Mapped to Edge TPU"
SUBGRAPHS = "More than one subgraph is not supported"
DATA_TYPE = "Operation is working on an unsupported data type"
UNSUPPORTED = "Operation not supported"
VERSION = "Operation version not supported"
RANK = "Tensor has unsupported rank (up to 3 innermost dimensions mapped)"
NOT_CONSTANT = "Filter, bias, or other param is not constant at compile-time"
LIMITATION = (
    "Operation is otherwise supported, but not mapped due to some "
    "unspecified limitation"
)
DYNAMIC = (
    "Attempting to use a delegate that only supports static-sized tensors "
    "with a graph that has dynamic-sized tensors"
)

_ACTIVATION_TYPES = ("int8", "uint8")
_CONSTANT_TYPES = ("int8", "uint8", "int32", "int64")
_SOFTMAX_ELEMENTS = 16_000
# Enlarging 256x256x32 to 512x512x32 was not mapped, a sixteenth of it was.
_RESIZE_BYTES = 8 * 2**20


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What becomes of an operator, looked at by itself.

    Attributes:
        status: in the words of the compiler.
        why: in ours, where the compiler is silent; else empty.
    """

    status: str
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Rule:
    """When an operator is taken.

    Attributes:
        version: the latest of TensorFlow 2.5, of which the compiler is.
        parameters: positions of the inputs that have to be constants.
        limits: each says why an operator is not taken; nothing if it is.
    """

    version: int
    parameters: tuple[int, ...] = ()
    limits: tuple[Callable[[Operator], str], ...] = ()


def verdict(operator: Operator) -> Verdict:
    """Looks at one operator, as if all others were taken."""
    foreign = _foreign_type(operator)
    if foreign and operator.name == "QUANTIZE":
        return Verdict(LIMITATION, foreign)
    if foreign:
        return Verdict(DATA_TYPE, foreign)
    rule = RULES.get(operator.name)
    if rule is None:
        return Verdict(UNSUPPORTED)
    if operator.version > rule.version:
        return Verdict(
            VERSION, f"version {operator.version}, up to {rule.version}"
        )
    for tensor in _parameters(operator, rule):
        if tensor.constant is None:
            return Verdict(NOT_CONSTANT, f"{tensor.name!r} is computed")
    for tensor in operator.activations:
        if any(n > 1 for n in tensor.shape[:-3]):
            return Verdict(RANK, f"a tensor is {_times(tensor.shape)}")
    for limit in rule.limits:
        if why := limit(operator):
            return Verdict(LIMITATION, why)
    return Verdict(MAPPED)


def is_dynamic(operator: Operator) -> bool:
    """Whether sizes are known at run time only; of the batch that is usual."""
    unknown = any(-1 in t.signature[1:] for t in operator.activations)
    shapes = operator.inputs[1:2] if operator.name == "RESHAPE" else ()
    return unknown or any(t and t.constant is None for t in shapes)


def _parameters(operator, rule):
    """Inputs that have to be constants and are not left out."""
    inputs = dict(enumerate(operator.inputs))
    given = map(inputs.get, rule.parameters)
    return [tensor for tensor in given if tensor is not None]


def _foreign_type(operator):
    for tensor in operator.constants:
        if tensor.dtype not in _CONSTANT_TYPES:
            return f"a constant is {tensor.dtype}"
    for tensor in operator.activations:
        # The memory of an LSTM cell.
        remembered = tensor.variable and tensor.dtype == "int16"
        if tensor.dtype not in _ACTIVATION_TYPES and not remembered:
            return f"a tensor is {tensor.dtype}"
    return ""


def _times(shape):
    return "x".join(map(str, shape))


def _fused_activation(operator):
    if operator.options.get("fusedActivationFunction", 0):
        return "a fused activation"
    return ""


def _dilation(operator):
    x = operator.options.get("dilationWFactor", 1)
    y = operator.options.get("dilationHFactor", 1)
    return "" if x == y else f"a dilation of {y} in y and {x} in x"


def _zero_padding(operator):
    """A constant is joined only to pad one other input with zeros."""
    if operator.constants and len(operator.inputs) != 2:
        return f"a constant among {len(operator.inputs)} inputs"
    for tensor in operator.constants:
        zero = tensor.zero_points[0] if tensor.zero_points else 0
        if np.any(tensor.integers() != zero):
            return "a constant that is not all zeros"
    return ""


def _vector_output(operator):
    return _vector(operator.outputs[0], "output")


def _softmax(operator):
    given = operator.inputs[0]
    if given.size > _SOFTMAX_ELEMENTS:
        return f"{given.size:,} elements, up to {_SOFTMAX_ELEMENTS:,}"
    return _vector(given, "input")


def _vector(tensor: Tensor, role):
    if tensor.size == (tensor.shape or (1,))[-1]:
        return ""
    return f"the {role} is {_times(tensor.shape)}, not one-dimensional"


def _weights_format(operator):
    if operator.options.get("weightsFormat", 0):
        return "weights in a shuffled format"
    return ""


def _one_scale(operator):
    """TensorFlow 2.5 had one scale for the weights of a dense layer."""
    if len(operator.inputs[1].zero_points) > 1:
        return "weights with a scale per channel"
    return ""


def _reduced_batch(operator):
    return "it reduces the batch" if 0 in _axes(operator) else ""


def _reduced_channels(operator):
    shape = operator.inputs[0].shape
    if len(shape) - 1 in _axes(operator) and shape[-1] % 4:
        return f"the mean of {shape[-1]} channels, not a multiple of 4"
    return ""


def _axes(operator):
    rank = len(operator.inputs[0].shape)
    return {int(axis) % rank for axis in operator.inputs[1].integers()}


def _packed_batch(operator):
    axis = operator.options.get("axis", 0) % len(operator.outputs[0].shape)
    return "" if axis else "it packs along the batch"


def _split_batch(operator):
    axis = int(operator.inputs[0].integers()[0])
    rank = len(operator.inputs[1].shape)
    return "" if axis % rank else "it splits the batch"


def _padded_batch(operator):
    return "it pads the batch" if any(operator.inputs[1].integers()[:2]) else ""


def _alpha(operator):
    return _vector(operator.inputs[1], "alpha")


def _strides(operator):
    if np.any(operator.inputs[3].integers() != 1):
        return "strides other than 1"
    return ""


def _slice_masks(operator):
    for mask in ("ellipsisMask", "newAxisMask"):
        if operator.options.get(mask, 0):
            return f"a slice with {mask}"
    return ""


def _resized_bytes(operator):
    size = operator.inputs[0].size + operator.outputs[0].size
    if size > _RESIZE_BYTES:
        return f"{size:,} bytes to resize"
    return ""


def _single_point(operator):
    given, made = operator.inputs[0].shape[1:3], operator.outputs[0].shape[1:3]
    if any(old == 1 < new for old, new in zip(given, made, strict=True)):
        return f"{_times(given)} to {_times(made)} has nothing to interpolate"
    return ""


RULES = {
    "ADD": Rule(3),
    "AVERAGE_POOL_2D": Rule(3, limits=(_fused_activation,)),
    "CONCATENATION": Rule(3, limits=(_fused_activation, _zero_padding)),
    "CONV_2D": Rule(5, (1, 2), (_dilation,)),
    "DEPTHWISE_CONV_2D": Rule(6, (1, 2), (_dilation,)),
    "EXPAND_DIMS": Rule(1, (1,)),
    "FULLY_CONNECTED": Rule(
        9, (1, 2), (_weights_format, _one_scale, _vector_output)
    ),
    "L2_NORMALIZATION": Rule(2),
    "LOGISTIC": Rule(3),
    "MAXIMUM": Rule(4),
    "MAX_POOL_2D": Rule(3, limits=(_fused_activation,)),
    "MEAN": Rule(3, (1,), (_reduced_batch, _reduced_channels)),
    "MINIMUM": Rule(4),
    "MUL": Rule(4),
    "PACK": Rule(3, limits=(_packed_batch,)),
    "PAD": Rule(3, (1,), (_padded_batch,)),
    "PRELU": Rule(1, (1,), (_alpha,)),
    "QUANTIZE": Rule(2),
    "REDUCE_MAX": Rule(3, (1,), (_reduced_batch,)),
    "REDUCE_MIN": Rule(3, (1,), (_reduced_batch,)),
    "RELU": Rule(3),
    "RELU6": Rule(3),
    "RELU_N1_TO_1": Rule(1),
    "RESHAPE": Rule(1, (1,)),
    "RESIZE_BILINEAR": Rule(4, (1,), (_resized_bytes, _single_point)),
    "RESIZE_NEAREST_NEIGHBOR": Rule(4, (1,), (_resized_bytes,)),
    "RSQRT": Rule(2),
    "SLICE": Rule(5, (1, 2)),
    "SOFTMAX": Rule(3, limits=(_softmax,)),
    "SPACE_TO_DEPTH": Rule(2),
    "SPLIT": Rule(4, (0,), (_split_batch,)),
    "SQUARED_DIFFERENCE": Rule(2),
    "SQUEEZE": Rule(2),
    "STRIDED_SLICE": Rule(5, (1, 2, 3), (_strides, _slice_masks)),
    "SUB": Rule(5),
    "SUM": Rule(2, (1,), (_reduced_batch,)),
    "TANH": Rule(3),
    "TRANSPOSE": Rule(5, (1,)),
    "TRANSPOSE_CONV": Rule(3, (0, 1, 3)),
    # Weights and biases: all but the input and what the cell remembers.
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Rule(3, (*range(1, 18), *range(20, 24))),
}
