"""Takes a network over to tf-keras and back, with the same numbers.

tensorflow-model-optimization knows the layers of Keras 2 only (tf-keras), and
no models inside models. So the network is rebuilt there flat, layer by layer
under the same names, and gets the same weights.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
import tf_keras

import hlp_keras
from hlp_keras import assembly

# Sums in another order are a hundredth of this apart, other formulas a hundred
# times as much.
_TOLERANCE = 1e-3


def rebuild(
    model: hlp_keras.HLPModel, entry: Callable = lambda image: image
) -> tf_keras.Model:
    """Makes the tf-keras model of a network.

    ```
    flat = rebuild(model)
    flat.get_layer("head_pet_logits")
    ```

    Args:
        model: a network of images alone, without a gain.
        entry: what the image goes through first, a tf-keras layer.

    Returns:
        a model without models inside, from images to the same logits.

    Raises:
        ValueError: a layer that tf-keras does not have or computes in another
            way, or a gain.
    """
    if model.gate is not None:
        raise ValueError(
            "Expected a network of images alone, got one with a gain: nothing "
            "would hold it to its cues while it is fine-tuned without them. "
            "Take hlp_keras.without_gain(model), and attend(tuned, model.gate) "
            "afterwards."
        )
    flat = _Flattening().run(model, entry)
    _check_same_numbers(model, flat, entry)
    return flat


def _check_same_numbers(model, flat, entry):
    """Raises ValueError where tf-keras knows another formula or default."""
    random = np.random.default_rng(0)
    images = random.random((2, *model.inputs[0].shape[1:]), np.float32)
    expected = np.asarray(model(np.asarray(entry(images))))
    apart = np.abs(np.asarray(flat(images)) - expected).max()
    if apart > _TOLERANCE * max(1, np.abs(expected).max()):
        raise ValueError(
            f"Expected the same logits from tf-keras, got some that are "
            f"{apart:.2g} apart: it knows a layer or an activation of the "
            f"trunk in another form. Build the network without it to "
            f"fine-tune it; quantisation after the training takes it as it is."
        )


def weights_of(model: tf_keras.Model) -> dict[str, list[np.ndarray]]:
    """The weights of every layer that has some, by its name."""
    return {
        layer.name: layer.get_weights()
        for layer in model.layers
        if layer.weights
    }


def give_back(
    weights: Mapping[str, Sequence[np.ndarray]], model: hlp_keras.HLPModel
) -> None:
    """Sets the weights of the layers of these names in a network."""
    layers = {layer.name: layer for layer in assembly.flat_layers(model)}
    for name, values in weights.items():
        layers[name].set_weights(list(values))


@tf_keras.utils.register_keras_serializable(package="hlp_keras")
class ClassOrder(tf_keras.layers.Layer):
    """Puts logits in the order of the classes.

    Args:
        order: position of every class's logit in the input.
        **kwargs: those of every tf-keras layer.
    """

    def __init__(self, order, **kwargs):
        super().__init__(**kwargs)
        self.order = list(order)

    def call(self, logits):
        return tf.gather(logits, self.order, axis=-1)

    def get_config(self):
        return {**super().get_config(), "order": self.order}


class _Flattening:
    """Calls tf-keras layers as the operations of a network were called."""

    def __init__(self):
        self._layers = {}

    def run(self, model, entry):
        image = tf_keras.Input(model.inputs[0].shape[1:], name="image")
        (logits,) = self._values(model, [entry(image)])
        return tf_keras.Model(image, logits, name="flat")

    def _values(self, model, inputs):
        """What a Keras model makes of tf-keras tensors."""
        values = {id(t): x for t, x in zip(model.inputs, inputs, strict=True)}

        def value(tensor):
            if id(tensor) not in values:
                history = tensor._keras_history
                node = history.operation._inbound_nodes[history.node_index]
                given = [value(each) for each in node.input_tensors]
                made = self._call(history.operation, node, given)
                for each, x in zip(node.output_tensors, made, strict=True):
                    values[id(each)] = x
            return values[id(tensor)]

        return [value(tensor) for tensor in model.outputs]

    def _call(self, operation, node, given):
        if isinstance(operation, keras.Model):
            return self._values(operation, given)
        if isinstance(operation, keras.layers.Layer):
            layer = self._layer(operation, given)
        elif type(operation).__name__ == "Take":
            # The one operation without a layer, see hlp_keras.assembly.
            layer = ClassOrder(node.arguments.args[1], name="class_order")
        else:
            raise ValueError(
                f"Expected a network of layers, but {operation.name!r} is a "
                f"bare operation {type(operation).__name__}. Use a layer for "
                f"it in the trunk."
            )
        return [layer(given if len(given) > 1 else given[0])]

    def _layer(self, layer, given):
        """The tf-keras layer of the same configuration, with its weights."""
        known, new = self._layers.get(layer.name, (None, None))
        if known is layer:
            return new
        if known is not None:
            raise ValueError(
                f"Expected every layer to have a name of its own, but "
                f"{layer.name!r} is the name of two. Rename one in the trunk."
            )
        new = _same_layer(layer)
        new.build(
            given[0].shape if len(given) == 1 else [x.shape for x in given]
        )
        new.set_weights(layer.get_weights())
        self._layers[layer.name] = layer, new
        return new


def _same_layer(layer):
    name = type(layer).__name__
    cls = getattr(tf_keras.layers, name, None)
    if cls is None or not type(layer).__module__.startswith("keras."):
        raise ValueError(
            f"Expected layers that tf-keras has too, but {layer.name!r} is a "
            f"{name}. Build the network without it to fine-tune it; "
            f"quantisation after the training takes it as it is."
        )
    accepted = {"name", "trainable"}
    for base in inspect.getmro(cls):
        accepted.update(inspect.signature(base.__init__).parameters)
    config = {
        key: value
        for key, value in layer.get_config().items()
        # What only begins a training is not needed any more.
        if key in accepted
        and key != "dtype"
        and not key.endswith("_initializer")
    }
    if cls is tf_keras.layers.BatchNormalization:
        # The fused kernel rounds in another way than Keras does.
        config["fused"] = False
    try:
        return cls.from_config(config)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Expected tf-keras to make {layer.name!r}, a {name}, of "
            f"{config}, but it cannot: {error}. Build the network without it "
            f"to fine-tune it."
        ) from error
