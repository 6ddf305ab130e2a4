"""Changes the data type of a slice's image and logits, without TensorFlow.

Operators at the border convert; between them the model stays as it is. One
integer of uint8 is one of int8, so that nothing is rounded.
"""

import copy
import functools

from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer, seal

IO_TYPES = ("int8", "uint8", "float32")
_UINT8_SHIFT = 128


def with_io_type(data: bytes, io_type: str) -> bytes:
    """Makes a model whose image and logits are of another type.

    Args:
        data: a slice, int8 throughout.
        io_type: one of `IO_TYPES`. The integer of a uint8 input is the pixel;
            a float32 input is the pixel by 255.

    Raises:
        ValueError: an unknown type, or not a slice of int8.
    """
    if io_type not in IO_TYPES:
        raise ValueError(
            f"Expected the type of image and logits to be one of "
            f"{', '.join(IO_TYPES)}, got {io_type!r}."
        )
    model = flatbuffer.parse(data)
    types = {
        tensor.dtype
        for tensor in (*flatbuffer.inputs(model), *flatbuffer.outputs(model))
    }
    if types != {"int8"}:
        raise ValueError(
            f"Expected a model of int8 image and logits, got "
            f"{', '.join(sorted(types))}."
        )
    if io_type == "int8":
        return data
    graph = model.subgraphs[0]
    given, got = list(graph.inputs), list(graph.outputs)
    graph.inputs = [_add_outer(graph, tensor, io_type) for tensor in given]
    graph.outputs = [_add_outer(graph, tensor, io_type) for tensor in got]
    graph.operators = [
        *map(functools.partial(_convert, model), graph.inputs, given),
        *graph.operators,
        *map(functools.partial(_convert, model), got, graph.outputs),
    ]
    metadata = flatbuffer.read_metadata(model)
    flatbuffer.set_metadata(model, {**metadata, seal.KEY: seal.BLANK})
    return seal.seal(flatbuffer.pack(model))


def _add_outer(graph, inner, io_type):
    """Adds the tensor that callers see; the one within changes its name."""
    tensor = copy.copy(graph.tensors[inner])
    graph.tensors[inner].name = tensor.name + b"/int8"
    if io_type == "float32":
        tensor.type = schema.TensorType.FLOAT32
        tensor.quantization = None
    else:
        tensor.type = schema.TensorType.UINT8
        tensor.quantization = copy.copy(tensor.quantization)
        tensor.quantization.zeroPoint = (
            tensor.quantization.zeroPoint + _UINT8_SHIFT
        )
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _convert(model, given, got):
    """An operator that converts a tensor into another."""
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [given], [got]
    if model.subgraphs[0].tensors[got].type == schema.TensorType.FLOAT32:
        kind, version = schema.BuiltinOperator.DEQUANTIZE, 2
        operator.builtinOptionsType = schema.BuiltinOptions.DequantizeOptions
        operator.builtinOptions = schema.DequantizeOptionsT()
    else:
        kind, version = schema.BuiltinOperator.QUANTIZE, 1
        operator.builtinOptionsType = schema.BuiltinOptions.QuantizeOptions
        operator.builtinOptions = schema.QuantizeOptionsT()
    operator.opcodeIndex = flatbuffer.add_code(model, kind, version)
    return operator
