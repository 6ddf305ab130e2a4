"""Counts parameters and multiply-accumulates, exactly and per segment."""

import dataclasses
import math
from collections.abc import Iterable

import keras

from hlp_keras import assembly
from hlp_keras.model import HLPModel, check_model

_CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
)
_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)


@dataclasses.dataclass(frozen=True)
class SegmentCost:
    """What one segment costs.

    Attributes:
        name: of the segment.
        params: parameters as deployed: every convolution has one bias per
            filter, and the batch normalisation after it is folded into it.
        macs: multiply-accumulates of convolutions and dense layers, for one
            image.
    """

    name: str
    params: int
    macs: int


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a network costs: prints as a table, sums up its segments."""

    segments: tuple[SegmentCost, ...]

    @property
    def params(self) -> int:
        """Parameters as deployed, of all segments."""
        return sum(segment.params for segment in self.segments)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image, of all segments."""
        return sum(segment.macs for segment in self.segments)

    def __str__(self):
        total = SegmentCost("total", self.params, self.macs)
        rows = [(s.name, s.params, s.macs) for s in (*self.segments, total)]
        return _table(("segment", "parameters", "MACs"), rows)


def cost(model: keras.Model, names: str | Iterable[str] | None = None) -> Cost:
    """Counts what a network, or a cutout of it, costs.

    ```
    print(cost(model))                     # a table, segment by segment
    cost(model, ["cat", "dog"]).macs       # of the cutout, without making it
    ```

    The counts are those of the exported TFLite model, where every batch
    normalisation folds into the convolution or dense layer right before it. One
    elsewhere counts two parameters per channel, although TFLite may fold some.
    The parameters of a layer that is applied several times count once, its
    multiply-accumulates every time. A Keras model that is no `HLPModel` counts
    as one segment.

    Args:
        model: functional or sequential, and built, so that the sizes of its
            feature maps are known.
        names: categories and nodes of a category set, or None for all.

    Raises:
        ValueError: `names` that the taxonomy does not have or for a model that
            is no `HLPModel`, a model whose layers are not known, a layer whose
            multiply-accumulates are not, or feature maps without a size.
    """
    is_other = isinstance(model, keras.Model) and not isinstance(
        model, HLPModel
    )
    if names is None and is_other:
        return Cost((_count(model.name, model),))
    check_model(model)
    taxonomy = model.taxonomy
    kept = taxonomy if names is None else taxonomy.prune(names)
    counts = {
        name: _count(name, model.segments[name])
        for name in assembly.segment_names(kept)
    }
    for node in assembly.head_nodes(kept):
        name = assembly.head_name(node)
        before = len(assembly.head_categories(taxonomy, node))
        after = len(assembly.head_categories(kept, node))
        # All that a head costs belongs to the rows of its categories.
        counts[name] = SegmentCost(
            name,
            counts[name].params * after // before,
            counts[name].macs * after // before,
        )
    return Cost(tuple(counts.values()))


def cost_table(
    model: HLPModel, category_sets: Iterable[str | Iterable[str]]
) -> str:
    """Prints what cutouts cost beside the whole network.

    ```
    category set     parameters        MACs  left away
    all                  77,000  12,000,000   0 %   0 %
    cat dog              31,000   5,000,000  60 %  58 %
    ```
    """
    whole = cost(model)
    rows = [("all", whole.params, whole.macs, "0 %", "0 %")]
    for names in category_sets:
        names = (names,) if isinstance(names, str) else tuple(names)
        part = cost(model, names)
        saved = (
            f"{100 * (1 - part.params / whole.params):.0f} %",
            f"{100 * (1 - part.macs / whole.macs):.0f} %",
        )
        rows.append((" ".join(names), part.params, part.macs, *saved))
    header = ("category set", "parameters", "MACs", "left away", "")
    return _table(header, rows)


def _count(name, segment):
    nodes = list(_nodes(segment))
    inside = set(nodes)
    params, macs = {}, 0
    for node in nodes:
        if isinstance(node.operation, keras.Layer):
            own, used = _count_layer(node, inside)
            params.setdefault(node.operation, own)
            macs += used
    return SegmentCost(name, sum(params.values()), macs)


def _nodes(model):
    """All applications of operations in a network, and in models inside it."""
    if not getattr(model, "inputs", None):
        raise ValueError(
            f"Expected a functional or sequential Keras model that is built, "
            f"got {type(model).__name__} {model.name!r}, whose layers are not "
            f"known. Give it an `Input`."
        )
    for node in assembly.nodes(model):
        if isinstance(node.operation, keras.Model):
            yield from _nodes(node.operation)
        else:
            yield node


def _count_layer(node, nodes):
    """Parameters and MACs of a layer that is applied at a node."""
    layer = node.operation
    if isinstance(layer, _CONVOLUTIONS):
        # TFLite's convolutions always have a bias.
        kernel = math.prod(layer.kernel.shape)
        biases = node.outputs[0].shape[-1]
        return kernel + biases, kernel * _positions(node)
    if isinstance(layer, _SEPARABLE):
        depthwise = math.prod(layer.depthwise_kernel.shape)
        pointwise = math.prod(layer.pointwise_kernel.shape)
        biases = sum(layer.pointwise_kernel.shape[-2:])
        macs = (depthwise + pointwise) * _positions(node)
        return depthwise + pointwise + biases, macs
    if isinstance(layer, keras.layers.Dense):
        kernel = math.prod(layer.kernel.shape)
        has_bias = layer.use_bias or _is_normalised(layer, nodes)
        bias = layer.units if has_bias else 0
        return kernel + bias, kernel * _positions(node)
    if isinstance(layer, keras.layers.BatchNormalization):
        source = node.input_tensors[0]._keras_history.operation
        is_folded = _is_normalised(source, nodes)
        return (0 if is_folded else 2 * node.outputs[0].shape[-1]), 0
    if any(weight.name.endswith("kernel") for weight in layer.weights):
        raise ValueError(
            f"Expected convolutions (also depthwise or separable) and dense "
            f"layers, whose MACs are known, got {type(layer).__name__} "
            f"{layer.name!r}."
        )
    return layer.count_params(), 0


def _positions(node):
    """How often a layer applies its kernel to one image."""
    shape = node.outputs[0].shape
    if None in shape[1:-1]:
        raise ValueError(
            f"Expected a network for images of one size, but the output of "
            f"layer {node.operation.name!r} has shape {shape}. Build the model "
            f"with a full `input_shape`."
        )
    return math.prod(shape[1:-1])


def _is_normalised(layer, nodes):
    """Whether a batch normalisation follows that folds into this layer."""
    if not isinstance(layer, (*_CONVOLUTIONS, *_SEPARABLE, keras.layers.Dense)):
        return False
    if layer.activation is not keras.activations.linear:
        return False
    # Those of another network, to which the layer belongs too, do not count.
    consumers = {n.operation for n in layer._outbound_nodes if n in nodes}
    return len(consumers) == 1 and isinstance(
        consumers.pop(), keras.layers.BatchNormalization
    )


def _table(header, rows):
    texts = [header] + [
        tuple(f"{v:,}" if isinstance(v, int) else v for v in row)
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = []
    for first, *others in texts:
        cells = [first.ljust(widths[0])]
        cells += [
            text.rjust(width)
            for text, width in zip(others, widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
