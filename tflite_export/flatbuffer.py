"""Reads and writes LiteRT flatbuffers; needs no TensorFlow.

A model is an `ai_edge_litert` schema object (`ModelT`) between `parse` and
`pack`; all other functions take such an object.
"""

import collections
import json
import struct

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tflite_export import schema_names
from tflite_export.manifest import Operator, Tensor

METADATA_NAME = b"hlp_keras"
_ALIGNMENT = 16
# Operators with weights as input 1; the position of their bias, if any.
_BIASES = {
    "CONV_2D": 2,
    "DEPTHWISE_CONV_2D": 2,
    "FULLY_CONNECTED": 2,
    "TRANSPOSE_CONV": 3,
}


def parse(data: bytes) -> schema.ModelT:
    """Parses a model of one subgraph that holds its own weights.

    Raises:
        ValueError: no LiteRT model, several subgraphs, or weights outside the
            flatbuffer, which TFLM would read as garbage without an error.
    """
    if data[4:8] != schema_names.IDENTIFIER:
        raise ValueError(
            f"Expected a LiteRT model, whose bytes 4 to 8 are "
            f"{schema_names.IDENTIFIER}, got {data[4:8]!r}."
        )
    try:
        model = schema.ModelT.InitFromPackedBuf(data, 0)
    except (struct.error, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"The LiteRT model is damaged: {error}") from error
    if len(model.subgraphs or ()) != 1:
        raise ValueError(
            f"Expected a model of one subgraph, got "
            f"{len(model.subgraphs or ())}. Export one file per signature."
        )
    external = [i for i, b in enumerate(model.buffers) if b.offset or b.size]
    if external:
        raise ValueError(
            f"Buffers {external} keep their weights outside the flatbuffer, "
            f"where microcontrollers do not find them. Convert with the "
            f"TensorFlow converter."
        )
    return model


def pack(model: schema.ModelT) -> bytes:
    """Writes a model; its weights are aligned to 16 bytes."""
    builder = _AligningBuilder(1024)
    builder.Finish(model.Pack(builder), file_identifier=schema_names.IDENTIFIER)
    return bytes(builder.Output())


class _AligningBuilder(flatbuffers.Builder):
    """Aligns byte vectors, as the schema asks for and Python code ignores.

    Microcontrollers have crashed on weights at odd addresses.
    """

    def CreateNumpyVector(self, x):  # noqa: N802
        if x.itemsize == 1 and x.size:
            self.Prep(_ALIGNMENT, x.size)
        return super().CreateNumpyVector(x)


def operator_name(model: schema.ModelT, operator: schema.OperatorT) -> str:
    """The name of an operator as the schema has it, such as `"CONV_2D"`."""
    code = model.operatorCodes[operator.opcodeIndex]
    return schema_names.OPERATORS[schema_names.operator_number(code)]


def add_code(model: schema.ModelT, kind: int, version: int) -> int:
    """Index of an operator code, which is added when there is none."""
    for index, code in enumerate(model.operatorCodes):
        if (code.builtinCode, code.version) == (kind, version):
            return index
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = kind
    code.version = version
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def operators(model: schema.ModelT) -> tuple[Operator, ...]:
    """The operators that are used, in the order of their first use."""
    used = collections.Counter(
        (
            operator_name(model, operator),
            model.operatorCodes[operator.opcodeIndex].version,
        )
        for operator in model.subgraphs[0].operators
    )
    return tuple(
        Operator(name, version, count)
        for (name, version), count in used.items()
    )


def inputs(model: schema.ModelT) -> tuple[Tensor, ...]:
    """The inputs of a model with their quantisation."""
    return _described(model, model.subgraphs[0].inputs)


def outputs(model: schema.ModelT) -> tuple[Tensor, ...]:
    """The outputs of a model with their quantisation."""
    return _described(model, model.subgraphs[0].outputs)


def activations(model: schema.ModelT) -> tuple[Tensor, ...]:
    """Everything that is computed at run time, and the inputs."""
    graph = model.subgraphs[0]
    computed = [i for op in graph.operators for i in op.outputs]
    return _described(model, [*graph.inputs, *computed])


def _described(model, indices):
    return tuple(_describe(model.subgraphs[0].tensors[i]) for i in indices)


def _describe(tensor):
    # -1 marks a dimension that is known at run time only.
    signature = tensor.shapeSignature
    shape = tensor.shape if signature is None else signature
    scale = zero_point = None
    scales = getattr(tensor.quantization, "scale", None)
    if scales is not None and len(scales) == 1:
        scale = float(scales[0])
        zero_point = int(tensor.quantization.zeroPoint[0])
    return Tensor(
        name=tensor.name.decode(),
        shape=tuple(int(n) for n in ([] if shape is None else shape)),
        dtype=schema_names.TYPES[tensor.type],
        scale=scale,
        zero_point=zero_point,
    )


def count_parameters(model: schema.ModelT) -> int:
    """Counts weights and biases of convolutions and dense layers.

    Weights that several operators share count once, and so does the bias that
    each of them has. A bias of zeros, which a network has before training, is
    left out by the converter and so not counted.
    """
    by_weights = {
        id(weights): (weights, bias)
        for _, weights, bias in _weighted_operators(model)
    }
    return sum(
        _size(tensor)
        for tensors in by_weights.values()
        for tensor in tensors
        if tensor is not None
    )


def count_macs(model: schema.ModelT) -> int:
    """Counts multiply-accumulates of convolutions and dense layers.

    Every weight is used once for every position of the output, or of the input
    of a transposed convolution.
    """
    return sum(
        _size(weights) * (_size(feature_map) // int(feature_map.shape[-1]))
        for feature_map, weights, _ in _weighted_operators(model)
    )


def _weighted_operators(model):
    """Feature map, weights and bias (or None) of operators with weights."""
    graph = model.subgraphs[0]
    for operator in graph.operators:
        name = operator_name(model, operator)
        if name in _BIASES:
            is_transposed = name == "TRANSPOSE_CONV"
            at = operator.inputs[2] if is_transposed else operator.outputs[0]
            bias = (*operator.inputs, -1)[_BIASES[name]]
            yield (
                graph.tensors[at],
                graph.tensors[operator.inputs[1]],
                None if bias < 0 else graph.tensors[bias],
            )


def dense_in_sequence(model: schema.ModelT) -> int:
    """Counts the dense layers on that way through a model that has most."""
    graph = model.subgraphs[0]
    counts = {}
    for operator in graph.operators:  # In the order in which they run.
        count = max((counts.get(i, 0) for i in operator.inputs), default=0)
        count += operator_name(model, operator) == "FULLY_CONNECTED"
        counts |= dict.fromkeys(map(int, operator.outputs), count)
    return max((counts.get(i, 0) for i in graph.outputs), default=0)


def _size(tensor):
    return int(np.prod(tensor.shape, dtype=np.int64))


def read_metadata(model: schema.ModelT) -> dict:
    """Reads what `set_metadata` wrote.

    Raises:
        ValueError: there is none.
    """
    for entry in model.metadata or ():
        if entry.name == METADATA_NAME:
            return json.loads(bytes(model.buffers[entry.buffer].data))
    raise ValueError(
        f"The model has no metadata {METADATA_NAME.decode()!r}: it was not "
        f"exported by hlp-export."
    )


def set_metadata(model: schema.ModelT, value: dict) -> None:
    """Stores a value as JSON inside the model, in place of an earlier one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(text.encode(), dtype=np.uint8)
    for entry in model.metadata or ():
        if entry.name == METADATA_NAME:
            model.buffers[entry.buffer] = buffer
            return
    entry = schema.MetadataT()
    entry.name = METADATA_NAME
    entry.buffer = len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or ()), entry]
