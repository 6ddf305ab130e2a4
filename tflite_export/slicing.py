"""Slices the model of a category set out of a master, without TensorFlow.

```
small = slice_master(master, ["cat", "vehicle"])
```

The wanted logits are followed back to the heads that give them; rows of heads
that nobody wants are cut off, and whatever leads to no wanted logit is left
away. Weights and quantisation of what stays are untouched, and all heads share
one output scale, so the integers are those of the master.
"""

import dataclasses
import difflib
from collections.abc import Iterable, Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer, gains, making, pruning, seal
from tflite_export.manifest import Tensor

ORDERS = ("classes", "heads")
# That the converter writes for int8.
_GATHER_VERSION = 2


def slice_master(
    data: bytes, names: str | Iterable[str], order: str = "classes"
) -> bytes:
    """Makes the model of a category set from a master's bytes.

    Args:
        data: a master, or a slice of one.
        names: categories and nodes, in any order.
        order: of the logits: `"classes"` for that of the class indices, or
            `"heads"` for that in which the heads are joined, which needs no
            operator. The metadata name the label of every logit.

    Returns:
        a flatbuffer whose logits are those of the category set, with the
        master's integers.

    Raises:
        ValueError: no master of ours, or one that was changed; no name, an
            unknown one, or one given twice.
    """
    return Master(data).slice(names, order)


@dataclasses.dataclass(frozen=True, eq=False)
class Slice:
    """The model of a category set.

    Attributes:
        metadata: what it says of itself.
        model: parsed.
        data: the flatbuffer.
    """

    metadata: dict
    model: schema.ModelT
    data: bytes


class Master:
    """A master that is parsed once, to make many slices of it.

    ```
    master = Master(data)
    slices = [master.slice(names) for names in category_sets]
    ```

    Attributes:
        data: the bytes that were given.
        metadata: what they say of themselves.
    """

    def __init__(self, data: bytes):
        if not isinstance(data, (bytes, bytearray)):
            raise ValueError(
                f"Expected the bytes of a master, got {type(data).__name__}. "
                f"Read the file first."
            )
        seal.check(data)
        self.data = data
        self._model = flatbuffer.parse(data)
        self.metadata = flatbuffer.read_metadata(self._model)

    @property
    def model(self) -> schema.ModelT:
        """A copy of the parsed master, which may be changed."""
        return pruning.changeable(self._model)

    @property
    def input(self) -> Tensor:
        """The image."""
        return flatbuffer.inputs(self._model)[0]

    @property
    def gain_nodes(self) -> tuple[str, ...]:
        """The nodes that the gain has factors for; none without a gain."""
        return tuple(self.metadata.get(gains.KEY, ()))

    @property
    def output(self) -> Tensor:
        """The logits."""
        (got,) = flatbuffer.outputs(self._model)
        return got

    def resolve(self, names: str | Iterable[str]) -> list[str]:
        """The labels that names stand for, in the order of the logits."""
        return resolve(self.metadata, names)

    def extract(self, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
        """Makes a model of a part of it, see the function `extract`."""
        return _extract(self.model, inputs, outputs)[0]

    def part(
        self, inputs: Sequence[str], outputs: Sequence[str]
    ) -> tuple[bytes, tuple[str, ...]]:
        """Does the same, and tells the nodes that its gain has factors for."""
        self._check_border()
        data, kept = _extract(self.model, inputs, outputs)
        return data, tuple(self.gain_nodes[position] for position in kept)

    def slice(
        self, names: str | Iterable[str], order: str = "classes"
    ) -> bytes:
        """Makes the model of a category set, see `slice_master`."""
        return self.cut(names, order).data

    def cut(self, names: str | Iterable[str], order: str = "classes") -> Slice:
        """Does the same, and tells what is in the flatbuffer."""
        if order not in ORDERS:
            raise ValueError(
                f"Expected `order` to be one of {', '.join(ORDERS)}, got "
                f"{order!r}."
            )
        self._check_border()
        labels = self.resolve(names)
        positions = [self.metadata["labels"].index(label) for label in labels]
        # A slice in the order of its heads is not in that of the classes.
        positions.sort(key=self.metadata["class_indices"].__getitem__)
        model = self.model
        slicer = _Slicer(model)
        graph = model.subgraphs[0]
        (logits,) = graph.outputs
        if order == "heads":
            positions = slicer.in_joined_order(logits, positions)
        graph.outputs = [slicer.select(logits, positions)]
        pruning.drop_unused(model)
        labels = [self.metadata["labels"][i] for i in positions]
        metadata = _pruned(self.metadata, labels)
        if self.gain_nodes:
            metadata[gains.KEY] = [
                self.gain_nodes[i] for i in gains.narrow(model)
            ]
        flatbuffer.set_metadata(model, metadata)
        return Slice(metadata, model, seal.seal(flatbuffer.pack(model)))

    def _check_border(self):
        tensors = (
            *flatbuffer.inputs(self._model),
            *flatbuffer.outputs(self._model),
        )
        types = {tensor.dtype for tensor in tensors} - {"int8"}
        if types:
            raise ValueError(
                f"Expected a master or a slice of int8, got one with "
                f"{', '.join(sorted(types))} at its border. Slice the master "
                f"that it is from."
            )


def extract(
    data: bytes, inputs: Sequence[str], outputs: Sequence[str]
) -> bytes:
    """Makes a model of the part of another between named tensors.

    Args:
        data: a LiteRT model of one subgraph.
        inputs: names of the tensors that the part is given. A `"gain"` keeps
            the factors that the part uses; a part without gates has none.
            Without it a part with gates is refused.
        outputs: names of the tensors that it computes.

    Returns:
        a flatbuffer without metadata.

    Raises:
        ValueError: no such tensor.
    """
    return _extract(flatbuffer.parse(data), inputs, outputs)[0]


def without_metadata(data: bytes) -> bytes:
    """Makes a smaller file of a slice, for where nobody reads what it is."""
    model = flatbuffer.parse(data)
    model.metadata = None
    pruning.drop_unused(model)
    return flatbuffer.pack(model)


def _extract(model, inputs, outputs):
    graph = model.subgraphs[0]
    by_name = {t.name.decode(): i for i, t in enumerate(graph.tensors)}
    for name in (*inputs, *outputs):
        if name not in by_name:
            raise ValueError(
                f"The model has no tensor {name!r}.{_nearest(name, by_name)}"
            )
    graph.inputs = [by_name[name] for name in inputs]
    graph.outputs = [by_name[name] for name in outputs]
    # They tell of the logits of the whole.
    model.metadata = None
    pruning.drop_unused(model)
    _check_sources(model)
    kept = gains.narrow(model)
    return flatbuffer.pack(model), kept


def _check_sources(model):
    """Raises ValueError when an operator takes what nothing gives."""
    graph = model.subgraphs[0]
    known = {-1, *graph.inputs}
    for operator in graph.operators:
        for index in operator.inputs:
            tensor = graph.tensors[index]
            is_constant = model.buffers[tensor.buffer].data is not None
            if not (index in known or is_constant or tensor.isVariable):
                raise ValueError(
                    f"The part takes {tensor.name.decode()!r} too. Name it "
                    f"among the inputs."
                )
        known.update(operator.outputs)


def resolve(metadata: dict, names: str | Iterable[str]) -> list[str]:
    """The labels that names of categories and nodes stand for.

    Args:
        metadata: of a master, see `flatbuffer.read_metadata`.
        names: categories and nodes, in any order.

    Returns:
        labels in the order of the master's logits.
    """
    names = [names] if isinstance(names, str) else list(names)
    if not names:
        raise ValueError(
            "A category set must not be empty. Name at least one category or "
            "node of the taxonomy."
        )
    below = labels_by_name(metadata)
    wanted = set()
    for name in names:
        if name not in below:
            raise ValueError(
                f"The master has no category or node {name!r}."
                f"{_nearest(name, below)}"
            )
        if names.count(name) > 1:
            raise ValueError(
                f"Every name of a category set must be given once, but "
                f"{name!r} came more than once."
            )
        wanted.update(below[name])
    return [label for label in metadata["labels"] if label in wanted]


def labels_by_name(metadata: dict) -> dict[str, list[str]]:
    """The labels that each category and node of a master stands for."""
    labels = set(metadata["labels"])
    below = {
        name: [leaf for leaf in leaves if leaf in labels]
        for name, leaves in _leaves(metadata["taxonomy"]["tree"])
    }
    return {name: leaves for name, leaves in below.items() if leaves}


def _leaves(tree):
    """Pairs of each name in a nested tree and the leaves below it."""
    for name, subtree in tree.items():
        if subtree is None:
            yield name, [name]
            continue
        below = list(_leaves(subtree))
        yield name, [leaf for other, (leaf, *_) in below if other == leaf]
        yield from below


def _nearest(name, names):
    nearest = difflib.get_close_matches(str(name), list(names), n=1)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""


def _pruned(metadata, labels):
    """Metadata of the part of a master that gives some of its logits."""
    indices = dict(
        zip(metadata["labels"], metadata["class_indices"], strict=True)
    )
    segments = []
    needed = set()
    # A segment stands after its parent, so from the end all users are known.
    for segment in reversed(metadata["segments"]):
        kept = [label for label in segment["labels"] if label in labels]
        if kept or segment["name"] in needed:
            needed.add(segment["parent"])
            segments.insert(0, {**segment, "labels": kept})
    return {
        **making.drop(metadata),
        seal.KEY: seal.BLANK,
        "taxonomy": {**metadata["taxonomy"], "kept": labels},
        "labels": labels,
        "class_indices": [indices[label] for label in labels],
        "segments": segments,
    }


@dataclasses.dataclass(frozen=True)
class _Slicer:
    """Narrows tensors to some of their last axis, from the logits back."""

    model: schema.ModelT

    def select(self, tensor: int, positions: list[int]) -> int:
        """Makes a tensor of the given positions of another, in that order.

        Returns:
            index of the new tensor, or of the same when all is wanted.
        """
        size = int(self._graph.tensors[tensor].shape[-1])
        if positions == list(range(size)):
            return tensor
        operator = self._producer(tensor)
        name = flatbuffer.operator_name(self.model, operator)
        if name != "GATHER" and positions != sorted(positions):
            return self._put_in_order(tensor, positions)
        select = {
            "GATHER": self._select_gathered,
            "CONCATENATION": self._select_joined,
            "FULLY_CONNECTED": self._select_rows,
            # Gates of a head's logits.
            "MUL": self._select_elements,
            "ADD": self._select_elements,
        }.get(name)
        if select is None:
            raise ValueError(
                f"Logits can be cut out of heads that are dense layers, gated, "
                f"joined and ordered, but tensor "
                f"{self._graph.tensors[tensor].name.decode()!r} comes from "
                f"{name}."
            )
        return select(operator, positions)

    def in_joined_order(self, tensor: int, positions: list[int]) -> list[int]:
        """Puts positions in an order that needs no operator to make it."""
        operator = self._producer(tensor)
        if flatbuffer.operator_name(self.model, operator) != "GATHER":
            return sorted(positions)
        order = self._constant(operator.inputs[1]).view(np.int32)
        return sorted(positions, key=lambda position: order[position])

    @property
    def _graph(self):
        return self.model.subgraphs[0]

    def _producer(self, tensor):
        for operator in self._graph.operators:
            if tensor in operator.outputs:
                return operator
        raise ValueError(
            f"Tensor {tensor} of the model is computed by no operator."
        )

    def _select_gathered(self, operator, positions):
        joined, indices = operator.inputs
        order = self._constant(indices).view(np.int32)[positions]
        ascending = sorted(order)
        narrowed = self.select(joined, [int(i) for i in ascending])
        new_order = np.searchsorted(ascending, order).astype(np.int32)
        if (np.diff(new_order) > 0).all():
            return narrowed
        operator.inputs = [
            narrowed,
            pruning.add_constant(self.model, indices, new_order),
        ]
        return self._narrow_output(operator, len(positions))

    def _put_in_order(self, tensor, positions):
        """Selects in the tensor's own order and adds an operator that sorts."""
        ascending = sorted(positions)
        given = self.select(tensor, ascending)
        got = pruning.copy_table(self._graph.tensors[given])
        got.name = b"logits"
        order = pruning.copy_table(got)
        order.name, order.type = b"order", schema.TensorType.INT32
        order.shape, order.shapeSignature = np.array([0], np.int32), None
        order.quantization = None
        indices = pruning.add_constant(
            self.model,
            pruning.add_tensor(self.model, order),
            np.searchsorted(ascending, positions).astype(np.int32),
        )
        operator = schema.OperatorT()
        operator.opcodeIndex = flatbuffer.add_code(
            self.model, schema.BuiltinOperator.GATHER, _GATHER_VERSION
        )
        operator.inputs = [given, indices]
        operator.outputs = [pruning.add_tensor(self.model, got)]
        operator.builtinOptionsType = schema.BuiltinOptions.GatherOptions
        operator.builtinOptions = schema.GatherOptionsT()
        operator.builtinOptions.axis = -1
        self._graph.operators.append(operator)
        return operator.outputs[0]

    def _select_joined(self, operator, positions):
        kept = []
        start = 0
        for tensor in operator.inputs:
            stop = start + int(self._graph.tensors[tensor].shape[-1])
            inside = [p - start for p in positions if start <= p < stop]
            if inside:
                kept.append(self.select(int(tensor), inside))
            start = stop
        if len(kept) == 1:
            return kept[0]
        operator.inputs = kept
        return self._narrow_output(operator, len(positions))

    def _select_rows(self, operator, positions):
        features, weights, bias = operator.inputs
        new_weights = self._slice_rows(weights, positions)
        if bias >= 0:
            bias = self._slice_rows(bias, positions)
        operator.inputs = [features, new_weights, bias]
        return self._narrow_output(operator, len(positions))

    def _select_elements(self, operator, positions):
        """Narrows operands of an element per logit; one for all stays."""
        (output,) = operator.outputs
        size = self._width(output)
        operator.inputs = [
            self.select(i, positions) if self._width(i) == size else i
            for i in map(int, operator.inputs)
        ]
        return self._narrow_output(operator, len(positions))

    def _width(self, tensor):
        shape = self._graph.tensors[tensor].shape
        return int(shape[-1]) if shape is not None and len(shape) else 1

    def _slice_rows(self, tensor, rows):
        values = self._constant(tensor)
        num_rows = int(self._graph.tensors[tensor].shape[0])
        sliced = values.reshape(num_rows, -1)[rows]
        return pruning.add_constant(self.model, tensor, sliced)

    def _constant(self, tensor):
        data = self.model.buffers[self._graph.tensors[tensor].buffer].data
        if data is None:
            raise ValueError(
                f"Tensor {self._graph.tensors[tensor].name.decode()!r} is not "
                f"constant, so that it cannot be sliced."
            )
        return np.asarray(data)

    def _narrow_output(self, operator, size):
        (output,) = operator.outputs
        tensor = self._graph.tensors[output]
        tensor.shape = np.array([*tensor.shape[:-1], size], dtype=np.int32)
        tensor.shapeSignature = None
        return int(output)
