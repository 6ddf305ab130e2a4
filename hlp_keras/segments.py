"""Builds the parts of a network: trunk, branches and heads.

Each is a Keras model of its own, so that the same trained parts can be wired
to other networks. Trunk and branches are sequences of one model per block.
"""

from collections.abc import Mapping

import keras

from hlp_keras import assembly, blocks, stages
from hlp_keras.parsing import ROOT
from hlp_keras.suggestions import did_you_mean
from hlp_keras.taxonomy import Taxonomy

_HEAD_LAYERS = (
    keras.layers.InputLayer,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.Dense,
)


def build_segments(
    taxonomy: Taxonomy,
    input_shape: tuple[int, int, int],
    family: str,
    levels: stages.Levels,
    width_exponent: float,
    existing: Mapping[str, keras.Model],
) -> dict[str, keras.Model]:
    """Makes every segment of a taxonomy's network that does not exist yet.

    Args:
        taxonomy: levelled, as deep as there are levels.
        input_shape: `(height, width, channels)` of an image.
        family: name of the family of blocks.
        levels: stages of every level, trunk first.
        width_exponent: see `stages.node_filters`.
        existing: segments to use as they are, by name.

    Returns:
        all segments by name, in the order of `assembly.segment_names`.

    Raises:
        ValueError: an existing segment that neither this network nor the one
            that it is cut out of has, or a head that cannot be cut.
    """
    _check_names(existing, taxonomy)
    family = blocks.get_family(family)
    segments = dict(existing)
    if assembly.TRUNK not in segments:
        segments[assembly.TRUNK] = _trunk(input_shape, family, levels[0])
    for node in taxonomy.nodes:
        name = assembly.branch_name(node)
        if name not in segments:
            parent = assembly.branch_name(taxonomy.parent(node) or ROOT)
            widths = [
                stages.node_filters(taxonomy, node, s.filters, width_exponent)
                for s in levels[taxonomy.level(node)]
            ]
            segments[name] = _chain(
                name,
                segments[parent].output_shape[1:],
                _blocks(name, family, levels[taxonomy.level(node)], widths),
            )
    for node in assembly.head_nodes(taxonomy):
        name = assembly.head_name(node)
        units = len(assembly.head_categories(taxonomy, node))
        if name in segments:
            _check_head(name, segments[name], units)
        else:
            features = segments[assembly.branch_name(node)].output_shape[1:]
            segments[name] = build_head(name, features, units)
    return {name: segments[name] for name in assembly.segment_names(taxonomy)}


def _check_names(existing, taxonomy):
    names = assembly.segment_names(taxonomy.full)
    for name in existing:
        if name not in names:
            raise ValueError(
                f"Expected `shared_segments` to be those of the taxonomy's "
                f"network, got one with the name {name!r}."
                f"{did_you_mean(name, names)}"
            )


def _check_head(name, head, units):
    """Refuses a head that `cutout`, `cost` and a saved file do not know."""
    *_, dense = head.layers
    kinds = tuple(map(type, head.layers))
    if (
        kinds != _HEAD_LAYERS
        or dense.activation is not keras.activations.linear
        or not dense.use_bias
        or head.output_shape != (None, units)
    ):
        raise ValueError(
            f"Expected the shared segment {name!r} to be a model of "
            f"{_listed(_HEAD_LAYERS)}, with a bias and no activation, for "
            f"{units} logits, which can be cut row by row, got "
            f"{_listed(kinds)} with output shape {head.output_shape}. Put "
            f"other layers at the end of the branch."
        )


def _listed(kinds):
    return ", ".join(kind.__name__ for kind in kinds)


def build_head(
    name: str, features_shape, units: int, dtype=None
) -> keras.Model:
    """Makes the layers that turn features into `units` logits.

    Their `dtype` is that of all new layers where none is given.
    """
    features = keras.Input(features_shape)
    pool = keras.layers.GlobalAveragePooling2D(dtype=dtype, name=f"{name}_pool")
    dense = keras.layers.Dense(units, dtype=dtype, name=f"{name}_logits")
    logits = dense(pool(features))
    return keras.Model(features, logits, name=name)


def cut_trunk(model, layer_name, input_shape) -> keras.Model:
    """Makes a trunk of a user's model, up to the output of a layer.

    Args:
        model: functional or sequential Keras model with one image input.
        layer_name: of the layer to end at; None for the model's output.
        input_shape: what the network's images are, `(height, width, channels)`.

    Raises:
        ValueError: no such layer, other images, or no feature map comes out.
    """
    inputs = getattr(model, "inputs", None)
    if not isinstance(model, keras.Model) or not inputs or len(inputs) != 1:
        raise ValueError(
            f"Expected `trunk` to be a functional or sequential Keras model "
            f"that is built and has one input, got {model!r}."
        )
    if inputs[0].shape[1:] != input_shape:
        raise ValueError(
            f"Expected a `trunk` for images of shape {input_shape}, got "
            f"{model.name!r} for {inputs[0].shape[1:]}. Build it with "
            f"`input_shape={input_shape}`, or give HLPModel the other shape."
        )
    features = _features(model, layer_name)
    if len(features.shape) != 4:
        raise ValueError(
            f"Expected a feature map (batch, height, width, channels) from "
            f"the trunk, got shape {features.shape} from "
            f"{layer_name or model.name!r}. Name an earlier layer as "
            f"`trunk_layer`."
        )
    return keras.Model(inputs[0], features, name=assembly.TRUNK)


def _features(model, layer_name):
    outputs = model.outputs
    if layer_name is not None:
        outputs = _outputs_of(layer_name, model)
    if len(outputs) > 1:
        raise ValueError(
            f"Expected a trunk with one output, but "
            f"{layer_name or model.name!r} has {len(outputs)}. Name the layer "
            f"to end at as `trunk_layer`."
        )
    return outputs[0]


def _outputs_of(layer_name, model):
    """What a layer gives in this model, whatever others it belongs to."""
    names = [layer.name for layer in model.layers]
    if layer_name not in names:
        raise ValueError(
            f"Expected `trunk_layer` to be a layer of {model.name!r}, got "
            f"{layer_name!r}. Its layers are {', '.join(names)}."
        )
    layer = model.get_layer(layer_name)
    applied = [
        node.outputs
        for node in assembly.nodes(model)
        if node.operation is layer
    ]
    if len(applied) > 1:
        raise ValueError(
            f"Expected `trunk_layer` to be applied once, but {layer_name!r} "
            f"is applied {len(applied)} times in {model.name!r}. Name one "
            f"before or after it."
        )
    return applied[0]


def _trunk(input_shape, family, trunk_stages):
    name = assembly.TRUNK
    widths = [stage.filters for stage in trunk_stages]

    def stem(x):
        return family.stem(x, widths[0], f"{name}_stem")

    parts = [(f"{name}_stem", stem)]
    parts += _blocks(name, family, trunk_stages, widths)
    return _chain(name, input_shape, parts)


def _blocks(segment, family, segment_stages, widths):
    """Names and functions of all blocks of a segment, in order."""
    parts = []
    for stage, filters in zip(segment_stages, widths, strict=True):
        for repeat in range(stage.blocks):
            name = f"{segment}_block{len(parts) + 1}"
            stride = stage.stride if repeat == 0 else 1

            def block(x, filters=filters, stride=stride, name=name):
                return family.block(x, filters, stride, name)

            parts.append((name, block))
    return parts


def _chain(segment, input_shape, parts):
    """Makes a model of each part and a sequence of these."""
    models = []
    shape = input_shape
    for name, function in parts:
        inputs = keras.Input(shape)
        models.append(keras.Model(inputs, function(inputs), name=name))
        shape = models[-1].output_shape[1:]
    return keras.Sequential([keras.Input(input_shape), *models], name=segment)
