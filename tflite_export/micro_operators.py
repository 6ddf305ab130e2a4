"""Which operators TFLM has, and the resolver's method that adds each.

The names are those of `tflite::MicroMutableOpResolver`, less the methods of
custom operators.
"""

from collections.abc import Iterable

from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer

_OPERATORS = """
    Abs Add AddN ArgMax ArgMin AssignVariable AveragePool2D BatchMatMul
    BatchToSpaceNd BroadcastArgs BroadcastTo CallOnce Cast Ceil Concatenation
    Conv2D Cos CumSum DepthToSpace DepthwiseConv2D Dequantize Div
    DynamicUpdateSlice Elu EmbeddingLookup Equal Exp ExpandDims Fill Floor
    FloorDiv FloorMod FullyConnected Gather GatherNd Greater GreaterEqual
    HardSwish If L2Normalization L2Pool2D LeakyRelu Less LessEqual Log
    LogSoftmax LogicalAnd LogicalNot LogicalOr Logistic MaxPool2D Maximum Mean
    Minimum MirrorPad Mul Neg NotEqual Pack Pad PadV2 Prelu Quantize
    ReadVariable ReduceAll ReduceMax ReduceMin Relu Relu6 Reshape ResizeBilinear
    ResizeNearestNeighbor ReverseV2 Round Rsqrt SelectV2 Shape Sin Slice Softmax
    SpaceToBatchNd SpaceToDepth Split SplitV Sqrt Square SquaredDifference
    Squeeze StridedSlice Sub Sum Svdf Tanh Transpose TransposeConv
    UnidirectionalSequenceLSTM Unpack VarHandle While ZerosLike
"""
METHODS = tuple(f"Add{name}" for name in _OPERATORS.split())
# CONV_2D and AddConv2D have the same letters.
_BY_LETTERS = {method[3:].lower(): method for method in METHODS}


def add_method(operator: str) -> str:
    """The method that adds an operator: `"CONV_2D"` gives `"AddConv2D"`.

    Raises:
        ValueError: TFLM has no such operator.
    """
    letters = operator.replace("_", "").lower()
    if letters not in _BY_LETTERS:
        raise ValueError(
            f"TFLM's MicroMutableOpResolver has no operator {operator}. Build "
            f"the network from others for microcontrollers."
        )
    return _BY_LETTERS[letters]


def add_methods(models: Iterable[schema.ModelT]) -> tuple[str, ...]:
    """The methods that add all operators of some models, each once."""
    names = {
        operator.name
        for model in models
        for operator in flatbuffer.operators(model)
    }
    return tuple(add_method(name) for name in sorted(names))
