"""The hierarchical network as a Keras model."""

import math
import numbers
from collections.abc import Iterable

import keras

from hlp_keras import assembly, gating, presets, segments, stages
from hlp_keras.taxonomy import Taxonomy


@keras.saving.register_keras_serializable(package="hlp_keras")
class HLPModel(keras.Model):
    """Image classifier with a shared trunk and nested branches of a taxonomy.

    ```
    taxonomy = hlp_keras.Taxonomy.from_name("cifar10")
    model = hlp_keras.HLPModel(taxonomy)
    loss = hlp_keras.HierarchicalCrossentropy(taxonomy)
    model.compile("adam", loss, metrics=["accuracy"])
    model.fit(images, labels)
    pets = hlp_keras.cutout(model, ["cat", "dog"])
    ```

    Level 0 is the trunk, level k the branches of the nodes at depth k, and a
    head per deepest node gives the logits of its categories (Kelm et al.,
    arXiv 2308.05128). Input is a float image in [0, 1] of shape
    `(batch, *input_shape)`, output the logits of shape `(batch, categories)`
    in class-index order.

    Args:
        taxonomy: a `Taxonomy`; levelled here, and compacted when it is deeper
            than `levels`. A pruned one gives the network of a cutout.
        input_shape: `(height, width, channels)` of an image.
        family: kind of blocks, `"resnet"` or `"mobilenet"`.
        levels: for each level, trunk first, a list of stages: `Stage` or
            `(filters, blocks, stride)`. The trunk's entry is not used when
            there is a `trunk`. By default ResNet-8's stages, spread.
        width_exponent: how strongly the width of a branch follows the number
            of categories below it; 0 makes all branches of a level equal.
        trunk: a Keras model of yours to use as trunk, for instance one from
            `keras.applications`. It is shared, not copied.
        trunk_layer: name of the layer of `trunk` whose output the branches
            take; by default the model's output.
        gate: where a gain input applies, one of `hlp_keras.GATES`, or None
            for a network without one; see `attend`.
        shared_segments: models by segment name to use rather than to build,
            for networks that share weights. Not part of the saved
            configuration: a loaded network has its own.
        name: of the model.
        **kwargs: those of every Keras model, such as `trainable`.

    Attributes:
        taxonomy: levelled and compacted, the tree that was built.
        segments: trunk, branches and heads, by name.

    Raises:
        ValueError: an argument does not fit; the message says which and why.
    """

    def __init__(
        self,
        taxonomy,
        input_shape=(32, 32, 3),
        family="resnet",
        levels=None,
        width_exponent=0.5,
        trunk=None,
        trunk_layer=None,
        gate=None,
        shared_segments=None,
        name="hlp_model",
        **kwargs,
    ):
        input_shape = _check_input_shape(input_shape)
        _check_width_exponent(width_exponent)
        taxonomy, levels = _fit_levels(taxonomy, levels)
        gating.check_gate(gate, taxonomy)
        parts = dict(shared_segments or {})
        if trunk is not None and assembly.TRUNK not in parts:
            parts[assembly.TRUNK] = segments.cut_trunk(
                trunk, trunk_layer, input_shape
            )
        parts = segments.build_segments(
            taxonomy, input_shape, family, levels, width_exponent, parts
        )
        inputs, outputs = assembly.assemble(taxonomy, parts, input_shape, gate)
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)
        self.taxonomy = taxonomy
        self.family = family
        self.levels = levels
        self.width_exponent = float(width_exponent)
        # The part in use: the layers behind it are none of this network's.
        self.trunk = None if trunk is None else parts[assembly.TRUNK]
        self.trunk_layer = trunk_layer
        self.gate = gate
        self.segments = parts

    def derive(self, **changes) -> "HLPModel":
        """Makes a network of the same arguments but for `changes`.

        It shares this network's segments unless `shared_segments` are given.
        """
        arguments = {
            "taxonomy": self.taxonomy,
            "input_shape": self.inputs[0].shape[1:],
            "family": self.family,
            "levels": self.levels,
            "width_exponent": self.width_exponent,
            "trunk": self.trunk,
            "trunk_layer": self.trunk_layer,
            "gate": self.gate,
            "shared_segments": self.segments,
            "name": self.name,
        }
        return type(self)(**{**arguments, **changes})

    @classmethod
    def from_preset(cls, name: str) -> "HLPModel":
        """Loads a trained network that comes with the package.

        Args:
            name: one of `hlp_keras.list_presets()`.

        Raises:
            ValueError: there is no such preset; the nearest is suggested.
        """
        with presets.model_file(name) as path:
            return keras.saving.load_model(path, compile=False)

    def get_config(self):
        return {
            "taxonomy": self.taxonomy.to_dict(),
            "input_shape": self.inputs[0].shape[1:],
            "family": self.family,
            "levels": stages.levels_to_lists(self.levels),
            "width_exponent": self.width_exponent,
            "trunk": keras.saving.serialize_keras_object(self.trunk),
            "trunk_layer": self.trunk_layer,
            "gate": self.gate,
            "name": self.name,
            "trainable": self.trainable,
            "frozen": [
                position
                for position, part in enumerate(_parts(self))
                if not part.trainable
            ],
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        config["taxonomy"] = Taxonomy.from_dict(config["taxonomy"])
        config["trunk"] = keras.saving.deserialize_keras_object(
            config["trunk"], custom_objects=custom_objects
        )
        frozen = set(config.pop("frozen", ()))
        model = cls(**config)
        for position, part in enumerate(_parts(model)):
            # Older files have names, which models inside models may share.
            if position in frozen or part.name in frozen:
                part.trainable = False
        return model


def _parts(model):
    """What can be frozen: segments, and the layers in them."""
    for segment in model.segments.values():
        yield segment
        yield from assembly.flat_layers(segment)


def check_model(model) -> None:
    """Raises ValueError when `model` is no `HLPModel`."""
    if not isinstance(model, HLPModel):
        raise ValueError(
            f"Expected an HLPModel, got {type(model).__name__}. Only a "
            f"hierarchical network has segments that can be left away."
        )


def _check_input_shape(shape):
    shape = tuple(shape) if isinstance(shape, Iterable) else (shape,)
    if len(shape) != 3 or not all(
        isinstance(n, numbers.Integral) and n > 0 for n in shape
    ):
        raise ValueError(
            f"Expected `input_shape` to be (height, width, channels), all at "
            f"least 1 and known, got {shape}."
        )
    return tuple(map(int, shape))


def _check_width_exponent(exponent):
    if not (
        isinstance(exponent, numbers.Real)
        and math.isfinite(exponent)
        and exponent >= 0
    ):
        raise ValueError(
            f"Expected `width_exponent` to be a number, finite and at least 0, "
            f"got {exponent}. 0 makes all branches of a level equally wide."
        )


def _fit_levels(taxonomy, levels):
    """Makes taxonomy and levels equally deep; default levels where None."""
    if not isinstance(taxonomy, Taxonomy):
        raise ValueError(
            f"Expected `taxonomy` to be a Taxonomy, got "
            f"{type(taxonomy).__name__}. Make one with Taxonomy.from_nested."
        )
    if levels is None:
        taxonomy = taxonomy.levelled()
        return taxonomy, stages.default_levels(taxonomy)
    levels = stages.parse_levels(levels)
    taxonomy = taxonomy.compact(len(levels)).levelled()
    if taxonomy.full.depth < len(levels):
        raise ValueError(
            f"Expected stages for {taxonomy.depth} levels, as deep as the "
            f"taxonomy (trunk and {taxonomy.depth - 1} levels of nodes), got "
            f"{len(levels)}. Put the stages that are too many into the trunk, "
            f"or take the default, None."
        )
    return taxonomy, levels
