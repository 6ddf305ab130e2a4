r"""Wires segments to a network: the one place where the graph is made.

```
image -> trunk -> branch_animal  -> branch_pet  -> head_pet  --+-> logits
              \               `-> branch_wild -> head_wild --+
               `-> branch_vehicle -> ...                   --+
```
"""

import functools
import re
from collections.abc import Iterator, Mapping

import keras

from hlp_keras import gating
from hlp_keras.parsing import ROOT
from hlp_keras.taxonomy import Taxonomy

TRUNK = "trunk"
# TFLite Micro concatenates at most 10 tensors at once.
_MAX_CONCATENATED = 10


def branch_name(node: str) -> str:
    """Name of the segment that computes a node's features."""
    return f"branch_{_slug(node)}" if node != ROOT else TRUNK


def head_name(node: str) -> str:
    """Name of the segment that gives the logits of a node's categories."""
    return f"head_{_slug(node)}" if node != ROOT else "head"


def gated_head_name(node: str) -> str:
    """Name of the layer that gives a head's logits after their gates."""
    return f"gated_{head_name(node)}"


def _slug(name):
    """Writes what Keras and TensorFlow refuse in names as `.hex.`."""
    return re.sub(
        r"[^\w-]", lambda match: f".{ord(match[0]):x}.", name, flags=re.ASCII
    )


def head_nodes(taxonomy: Taxonomy) -> tuple[str, ...]:
    """The nodes that have a head: the deepest ones, or else the root."""
    return taxonomy.nodes_at(taxonomy.depth - 1) or (ROOT,)


def head_categories(taxonomy: Taxonomy, node: str) -> tuple[str, ...]:
    """The categories of a node's head, in the order of its logits."""
    return taxonomy.categories if node == ROOT else taxonomy.leaves(node)


def segment_names(taxonomy: Taxonomy) -> tuple[str, ...]:
    """Names of all segments of a taxonomy's network, trunk first."""
    branches = map(branch_name, taxonomy.nodes)
    return (TRUNK, *branches, *map(head_name, head_nodes(taxonomy)))


def assemble(
    taxonomy: Taxonomy,
    segments: Mapping[str, keras.Model],
    input_shape: tuple[int, int, int],
    gate: str | None = None,
):
    """Makes the graph of a network from its segments.

    Args:
        taxonomy: levelled; says which segments are used and how they nest.
        segments: models, or other callables, by the names that
            `segment_names` gives; gates at block outputs need models.
        input_shape: `(height, width, channels)` of an image.
        gate: where the gain is applied, one of `gating.GATES`, or None for a
            network without a gain input.

    Returns:
        inputs and outputs for `keras.Model`. The input is an image tensor, or
        with a gate a list of image and gain; the output is the logits, shape
        `(batch, categories)`.
    """
    image = keras.Input(input_shape, name="image")
    gain = None
    if gate is not None:
        gain = keras.Input((len(taxonomy.nodes),), name="gain")

    def gated(x, node, place, dtype=None):
        index = taxonomy.nodes.index(node)
        name = f"gate_{_slug(node)}_{place}"
        return gating.TopDownGate(index, name=name, dtype=dtype)(x, gain)

    def gated_by_all(x, node, dtype=None):
        for above in (node, *taxonomy.ancestors(node)):
            x = gated(x, above, head_name(node), dtype)
        return x

    def gated_above_floor(logits, node):
        # Half precision has too few digits for sums with the floor.
        shift = functools.partial(keras.layers.Rescaling, 1, dtype="float32")
        name = head_name(node)
        x = shift(-gating.FLOOR, name=f"height_{name}")(logits)
        x = gated_by_all(x, node, "float32")
        return shift(gating.FLOOR, name=gated_head_name(node))(x)

    features = {ROOT: segments[TRUNK](image)}
    for node in taxonomy.nodes:
        x = features[taxonomy.parent(node) or ROOT]
        branch = segments[branch_name(node)]
        if gate == "branch_input":
            features[node] = branch(gated(x, node, "input"))
        elif gate == "block_outputs":
            for block in _blocks(branch):
                x = gated(block(x), node, block.name)
            features[node] = x
        else:
            features[node] = branch(x)

    logits = []
    for node in head_nodes(taxonomy):
        x = features[node]
        if gate == "head_input":
            x = gated_by_all(x, node)
        x = segments[head_name(node)](x)
        if gate == "head_output":
            x = gated_above_floor(x, node)
        logits.append(x)

    inputs = image if gain is None else [image, gain]
    return inputs, _in_class_order(_join(logits), taxonomy)


def _blocks(branch):
    if not isinstance(branch, keras.Sequential):
        raise ValueError(
            f"Expected the segment {branch.name!r} to be a keras.Sequential of "
            f"blocks, whose outputs can be gated, got {type(branch).__name__}. "
            f"Take another gate, or make it a sequence."
        )
    return branch.layers


def _join(tensors, name="logits"):
    if len(tensors) == 1:
        return tensors[0]
    if len(tensors) > _MAX_CONCATENATED:
        size = max(_MAX_CONCATENATED, -(-len(tensors) // _MAX_CONCATENATED))
        tensors = [
            _join(tensors[start : start + size], f"{name}_{start}")
            for start in range(0, len(tensors), size)
        ]
    return keras.layers.Concatenate(name=name)(tensors)


def _in_class_order(logits, taxonomy):
    by_head = [
        category
        for node in head_nodes(taxonomy)
        for category in head_categories(taxonomy, node)
    ]
    order = [by_head.index(category) for category in taxonomy.categories]
    if order == sorted(order):
        return logits
    return keras.ops.take(logits, order, axis=-1)


def flat_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Gives the layers at all depths, without the models that hold them."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from flat_layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def nodes(model: keras.Model) -> Iterator:
    """Gives Keras' nodes of a model: what is applied to what, and gives what.

    A layer may belong to other models, too, and there be applied to feature
    maps of other sizes: the node tells what is true here.
    """
    if isinstance(model, keras.Sequential):
        model = model._functional
    for level in model._nodes_by_depth.values():
        yield from level
