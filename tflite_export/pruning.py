"""Copies parsed models and drops what their outputs do not need."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema


def changeable(model: schema.ModelT) -> schema.ModelT:
    """Copies what slicing changes; shares weights and what describes them."""
    new = copy_table(model)
    (graph,) = model.subgraphs
    new_graph = copy_table(graph)
    new_graph.operators = [copy_table(operator) for operator in graph.operators]
    new_graph.tensors = [copy_table(tensor) for tensor in graph.tensors]
    new.subgraphs = [new_graph]
    new.buffers = list(model.buffers)
    new.operatorCodes = list(model.operatorCodes)
    new.metadata = [copy_table(entry) for entry in model.metadata or ()]
    return new


def copy_table(value):
    """Copies one object of the schema, and not what it holds."""
    new = type(value)()
    vars(new).update(vars(value))
    return new


def add_constant(model: schema.ModelT, like: int, values: np.ndarray) -> int:
    """Adds a constant with other values, and perhaps rows, than another.

    Returns:
        index of its tensor.
    """
    tensor = copy_table(model.subgraphs[0].tensors[like])
    tensor.shape = np.array([len(values), *tensor.shape[1:]], dtype=np.int32)
    tensor.buffer = len(model.buffers)
    buffer = schema.BufferT()
    buffer.data = np.ascontiguousarray(values).view(np.uint8).reshape(-1)
    model.buffers.append(buffer)
    return add_tensor(model, tensor)


def add_tensor(model: schema.ModelT, tensor: schema.TensorT) -> int:
    """Adds a tensor and gives its index."""
    tensors = model.subgraphs[0].tensors
    tensors.append(tensor)
    return len(tensors) - 1


def drop_unused(model: schema.ModelT) -> None:
    """Keeps what leads from the inputs to the outputs, and renumbers it."""
    graph = model.subgraphs[0]
    graph.operators = _needed_operators(graph)
    used = [*graph.inputs, *graph.outputs]
    for operator in graph.operators:
        used += [*operator.inputs, *operator.outputs]
    tensors = _numbering(i for i in used if i >= 0)
    graph.tensors = [graph.tensors[i] for i in tensors]
    graph.inputs = [tensors[i] for i in graph.inputs]
    graph.outputs = [tensors[i] for i in graph.outputs]
    for operator in graph.operators:
        operator.inputs = [tensors.get(i, -1) for i in operator.inputs]
        operator.outputs = [tensors[i] for i in operator.outputs]
    _drop_unused_codes(model)
    _drop_unused_buffers(model)
    # A signature names tensors by number, and the numbers are new.
    model.signatureDefs = None


def _needed_operators(graph):
    needed = set(graph.outputs)
    given = set(graph.inputs)
    operators = []
    for operator in reversed(graph.operators):
        if needed & set(operator.outputs) - given:
            operators.append(operator)
            needed |= {i for i in operator.inputs if i >= 0}
    return operators[::-1]


def _drop_unused_codes(model):
    operators = model.subgraphs[0].operators
    codes = _numbering(operator.opcodeIndex for operator in operators)
    model.operatorCodes = [model.operatorCodes[i] for i in codes]
    for operator in operators:
        operator.opcodeIndex = codes[operator.opcodeIndex]


def _drop_unused_buffers(model):
    tensors = model.subgraphs[0].tensors
    metadata = model.metadata or []
    # The first buffer is empty by convention.
    buffers = _numbering(
        [0, *(t.buffer for t in tensors), *(m.buffer for m in metadata)]
    )
    model.buffers = [model.buffers[i] for i in buffers]
    for owner in (*tensors, *metadata):
        owner.buffer = buffers[owner.buffer]


def _numbering(indices):
    """New numbers for indices in use, from 0 in the order of first use.

    So a file does not depend on the slices in between.
    """
    return {old: new for new, old in enumerate(dict.fromkeys(indices))}
