"""Reads any LiteRT flatbuffer as frozen values, to look at without running it.

Unlike `flatbuffer`, which reads models of our own making, this takes several
subgraphs, custom operators and operators that it does not know.
"""

import dataclasses
import math
import struct
from collections.abc import Mapping

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tflite_export import schema_names

# What the readers made from the schema raise where bytes make no sense.
_DAMAGE = (
    AttributeError,
    IndexError,
    OverflowError,
    struct.error,
    TypeError,
    ValueError,
)
# Those of the input and those of the last output.
_LSTM_GATE_WEIGHTS = slice(1, 9)


@dataclasses.dataclass(frozen=True)
class Tensor:
    """A tensor of a graph.

    Attributes:
        index: position in the graph's tensors.
        name: as the file has it.
        shape: the dimensions to compute with.
        signature: the same, with -1 where a dimension is known at run time.
        dtype: such as `"int8"`.
        zero_points: one, or one per channel; empty when not quantised.
        variable: whether it keeps its value from one run to the next.
        buffer: which of the file's buffers it takes its constant from.
        constant: its bytes, or None when it is computed or an input.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    dtype: str
    zero_points: tuple[int, ...]
    variable: bool
    buffer: int
    constant: np.ndarray | None = dataclasses.field(compare=False, repr=False)

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    def integers(self) -> np.ndarray:
        """The values of a constant of integers, such as axes or a shape.

        Raises:
            ValueError: the bytes do not fit the type.
        """
        return np.frombuffer(self.constant.tobytes(), dtype=self.dtype)


@dataclasses.dataclass(frozen=True)
class Operator:
    """An operator of a graph; an input that is left out is None."""

    index: int
    name: str
    version: int
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Mapping[str, object]
    custom_name: str = ""

    @property
    def constants(self) -> tuple[Tensor, ...]:
        """Inputs whose value is in the file."""
        return tuple(t for t in self.inputs if t and t.constant is not None)

    @property
    def activations(self) -> tuple[Tensor, ...]:
        """Inputs that are known at run time only, and the outputs."""
        given = (t for t in self.inputs if t and t.constant is None)
        return (*given, *self.outputs)

    @property
    def macs(self) -> int:
        """Multiply-accumulates; 0 for operators without weights."""
        if self.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            positions = math.prod(self.outputs[0].shape[:-1])
            return self.inputs[1].size * positions
        if self.name == "TRANSPOSE_CONV":
            positions = math.prod(self.inputs[2].shape[:-1])
            return self.inputs[1].size * positions
        if self.name == "UNIDIRECTIONAL_SEQUENCE_LSTM":
            steps = math.prod(self.inputs[0].shape[:-1])
            weights = self.inputs[_LSTM_GATE_WEIGHTS]
            return steps * sum(tensor.size for tensor in weights if tensor)
        return 0


@dataclasses.dataclass(frozen=True)
class Graph:
    """A subgraph: its operators, in the order in which they run."""

    operators: tuple[Operator, ...]


def read(data: bytes) -> tuple[Graph, ...]:
    """Reads the subgraphs of a model.

    Raises:
        ValueError: no LiteRT model, or a damaged one.
    """
    if data[4:8] != schema_names.IDENTIFIER:
        raise ValueError(
            f"Expected a LiteRT model, whose bytes 4 to 8 are "
            f"{schema_names.IDENTIFIER}, got {bytes(data[4:8])!r}. Give a "
            f".tflite file."
        )
    try:
        model = schema.ModelT.InitFromPackedBuf(data, 0)
        graphs = tuple(_graph(model, graph) for graph in model.subgraphs)
    except _DAMAGE as error:
        raise ValueError(
            f"The LiteRT model is damaged ({error}). Make or copy it again."
        ) from error
    if not graphs:
        raise ValueError("The LiteRT model has no subgraph. Make it again.")
    return graphs


def _graph(model, graph):
    tensors = [
        _tensor(model, index, tensor)
        for index, tensor in enumerate(_listed(graph.tensors))
    ]
    return Graph(
        tuple(
            _operator(model, tensors, index, operator)
            for index, operator in enumerate(_listed(graph.operators))
        )
    )


def _tensor(model, index, tensor):
    shape = tuple(map(int, _listed(tensor.shape)))
    signature = tuple(map(int, _listed(tensor.shapeSignature))) or shape
    if min(shape, default=0) < 0 or len(signature) != len(shape):
        raise ValueError(f"tensor {index} has the shape {shape}")
    data = _item(model.buffers, tensor.buffer, "buffer").data
    zero_points = getattr(tensor.quantization, "zeroPoint", None)
    return Tensor(
        index=index,
        name=(tensor.name or b"").decode(errors="replace"),
        shape=shape,
        signature=signature,
        dtype=schema_names.TYPES.get(tensor.type, f"type {tensor.type}"),
        zero_points=tuple(map(int, _listed(zero_points))),
        variable=tensor.isVariable,
        buffer=tensor.buffer,
        constant=None if data is None or not len(data) else data,
    )


def _operator(model, tensors, index, operator):
    code = _item(model.operatorCodes, operator.opcodeIndex, "operator code")
    number = schema_names.operator_number(code)
    inputs = _listed(operator.inputs)
    outputs = _listed(operator.outputs)
    return Operator(
        index=index,
        name=schema_names.OPERATORS.get(number, f"OPERATOR_{number}"),
        version=code.version,
        inputs=tuple(
            None if i == -1 else _item(tensors, i, "tensor") for i in inputs
        ),
        outputs=tuple(_item(tensors, i, "tensor") for i in outputs),
        options=vars(operator.builtinOptions)
        if operator.builtinOptions
        else {},
        custom_name=(code.customCode or b"").decode(errors="replace"),
    )


def _listed(vector):
    return () if vector is None else vector


def _item(items, index, kind):
    # Python counts negative positions from the end: none is meant here.
    if not 0 <= index < len(items):
        raise ValueError(f"there is no {kind} {index}")
    return items[index]
