"""The gain of a model: its second input, with a factor for every node.

The integer of a factor is `128 * factor - 128`: 0 is neutral, -128 is a factor
of 0, and 127 nearly doubles what hangs on the node.

A gate takes its node's factor out of the gain by a STRIDED_SLICE. The nodes,
in the order of the factors, are listed in a file's metadata.
"""

import dataclasses

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer, pruning

INPUT = "gain"
# Names of all inputs, of which a model without a gain has the first.
INPUTS = ("image", INPUT)
# In the metadata: names of the nodes.
KEY = "gain_nodes"
SCALE = 1 / 128
ZERO_POINT = -128
LARGEST = 255 / 128


def random(number: int, nodes: int, seed: int = 0) -> np.ndarray:
    """Factors to calibrate and to check with; those of row 0 are neutral.

    Returns:
        float32 array of shape `(number, nodes)`, of multiples of 1/128.
    """
    rng = np.random.default_rng(seed)
    steps = rng.integers(0, 256, (number, nodes))
    factors = steps.astype(np.float32) * np.float32(SCALE)
    factors[0] = 1
    return factors


def neutral(number: int, nodes: int) -> np.ndarray:
    """Factors that change nothing, shape `(number, nodes)`."""
    return np.ones((number, nodes), np.float32)


def used_by(model: schema.ModelT) -> list[int]:
    """Positions of the factors that a model's gates take, ascending."""
    return sorted({gate.position for gate in _gates(model)})


def narrow(model: schema.ModelT) -> list[int]:
    """Leaves away the factors that no gate takes, in place.

    Without any gate the model has no gain input afterwards.

    Args:
        model: without operators that its outputs do not need.

    Returns:
        old positions of the factors that stay.
    """
    index = _index(model)
    if index is None:
        return []
    kept = used_by(model)
    graph = model.subgraphs[0]
    if not kept:
        graph.inputs = [i for i in graph.inputs if i != index]
        pruning.drop_unused(model)
        return []
    tensor = pruning.copy_table(graph.tensors[index])
    if len(kept) == tensor.shape[1]:
        return kept
    tensor.shape = np.array([1, len(kept)], np.int32)
    tensor.shapeSignature = None
    graph.tensors[index] = tensor
    for gate in _gates(model):
        gate.move(model, kept.index(gate.position))
    pruning.drop_unused(model)
    return kept


def _index(model):
    """Index of the gain's tensor, or None."""
    graph = model.subgraphs[0]
    for index in graph.inputs:
        if graph.tensors[index].name == INPUT.encode():
            return index
    return None


@dataclasses.dataclass(frozen=True)
class _Gate:
    """The operator that takes one factor out of the gain.

    Its second and third input are the corners of what it takes: from
    `(0, position)` on, up to `(1 or anything, position + 1)`.
    """

    operator: schema.OperatorT
    position: int

    def move(self, model, position):
        """Makes it take the factor of another position."""
        _, begin, end, strides = self.operator.inputs
        self.operator.inputs = [
            self.operator.inputs[0],
            _with_column(model, begin, position),
            _with_column(model, end, position + 1),
            strides,
        ]


def _gates(model):
    index = _index(model)
    for operator in model.subgraphs[0].operators:
        if index is None or index not in operator.inputs:
            continue
        name = flatbuffer.operator_name(model, operator)
        if name != "STRIDED_SLICE":
            raise ValueError(
                f"Expected gates to take their places of the gain by "
                f"STRIDED_SLICE, got {name}. Make the master anew."
            )
        yield _Gate(operator, int(_constant(model, operator.inputs[1])[1]))


def _constant(model, tensor):
    data = model.buffers[model.subgraphs[0].tensors[tensor].buffer].data
    if data is None:
        raise ValueError(
            "Expected gates to take constant places of the gain. Make the "
            "master anew."
        )
    return np.asarray(data).view(np.int32)


def _with_column(model, corner, column):
    """Adds a constant like another, whose second number is `column`."""
    row = _constant(model, corner)[0]
    return pruning.add_constant(model, corner, np.array([row, column], "int32"))
