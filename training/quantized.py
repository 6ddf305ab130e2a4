"""Quantisation-aware training of a rebuilt network, and its conversion.

tensorflow-model-optimization wraps the layers and quantises the kernels. What
it is told here is where activations are quantised: its own scheme would let
the range of the input drift, give every head a scale of its own, and follow
the activations too slowly for a few epochs.
"""

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras

import hlp_keras
from training import tf_keras_bridge
from training.tuned import Tuned

_LAYERS = tf_keras.layers
_WITH_KERNEL = (_LAYERS.Conv2D, _LAYERS.DepthwiseConv2D, _LAYERS.Dense)
# Their int8 operators take the relu after them in.
_WITH_RELU = (*_WITH_KERNEL, _LAYERS.BatchNormalization, _LAYERS.Add)
# Their int8 operators give the scale that they were given.
_SAME_SCALE = (
    _LAYERS.MaxPooling2D,
    _LAYERS.AveragePooling2D,
    _LAYERS.ZeroPadding2D,
    _LAYERS.Flatten,
    _LAYERS.Reshape,
    _LAYERS.Dropout,
    tf_keras_bridge.ClassOrder,
)
_OTHERS = (
    _LAYERS.BatchNormalization,
    _LAYERS.ReLU,
    _LAYERS.Activation,
    _LAYERS.Add,
    _LAYERS.Concatenate,
    _LAYERS.GlobalAveragePooling2D,
)
# Of the moving averages of ranges: they settle within a hundred steps.
_DECAY = 0.99


def quantize(model: hlp_keras.HLPModel, preserve: str | None = None) -> Tuned:
    """Makes a tf-keras model that computes as the int8 model will.

    Its layers have the names of the network's. The ranges of activations are
    known after the first training step.

    Args:
        model: the network.
        preserve: `"prune"` to keep kernels at 0 where they are, `"cluster"` to
            keep those equal that are, or None.

    Raises:
        ValueError: a layer that cannot be quantised; the message names it.
    """
    flat = tf_keras_bridge.rebuild(model, PixelQuantizer(name="pixels"))
    # Wrappers put tensors in place of kernels, which are these variables.
    variables = {x.name: list(x.weights) for x in flat.layers if x.weights}
    consumers, producers = _neighbours(flat)
    scheme = tfmot.quantization.keras.default_8bit.Default8BitQuantizeScheme()
    registry = scheme.get_quantize_registry()

    def wrap(layer):
        if isinstance(layer, PixelQuantizer):
            return layer
        _check(layer, producers[layer.name], consumers)
        users = consumers[layer.name]
        output = None if _is_fused(layer, users) else MovingRange()
        kernel = None
        if isinstance(layer, _WITH_KERNEL):
            kernel = registry.get_quantize_config(layer)
            if _is_changed(layer, preserve):
                kernel.weight_quantizer = _PRESERVING[preserve]()
        if output is None and kernel is None:
            return layer
        return tfmot.quantization.keras.QuantizeWrapperV2(
            layer, _Config(kernel, output), name=layer.name
        )

    def read():
        return {
            name: [variable.numpy() for variable in mine]
            for name, mine in variables.items()
        }

    return Tuned(tf_keras.models.clone_model(flat, clone_function=wrap), read)


def to_tflite(model: tf_keras.Model) -> bytes:
    """Converts a model that `quantize` made, with the ranges that it learnt.

    Returns:
        an int8 flatbuffer of a static batch of 1.
    """
    function = tf.function(lambda image: model(image, training=False))
    shape = (1, *model.inputs[0].shape[1:])
    concrete = function.get_concrete_function(
        tf.TensorSpec(shape, tf.float32, "image")
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [concrete], model
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return converter.convert()


def _neighbours(flat):
    """Layers that take the output of each layer, and that give its inputs."""
    consumers = {layer.name: [] for layer in flat.layers}
    producers = {layer.name: [] for layer in flat.layers}
    for layer in flat.layers:
        for node in layer.inbound_nodes:
            for before in tf.nest.flatten(node.inbound_layers):
                consumers[before.name].append(layer)
                producers[layer.name].append(before)
    return consumers, producers


def _check(layer, producers, consumers):
    known = isinstance(layer, (*_WITH_KERNEL, *_SAME_SCALE, *_OTHERS))
    if not known or isinstance(layer, _LAYERS.SeparableConv2D):
        raise ValueError(
            f"The layer {layer.name!r} is a {type(layer).__name__}, for which "
            f"there is no quantisation-aware training. Cut the trunk before "
            f"it, build it of other layers, or quantise after the training."
        )
    activation = getattr(layer, "activation", None)
    if activation not in (
        None,
        tf_keras.activations.linear,
        tf_keras.activations.relu,
    ):
        raise ValueError(
            f"The layer {layer.name!r} has the activation "
            f"{activation.__name__}, for which there is no quantisation-aware "
            f"training. Use relu, or quantise after the training."
        )
    if isinstance(layer, _LAYERS.ReLU) and (
        layer.negative_slope or layer.threshold
    ):
        raise ValueError(
            f"The layer {layer.name!r} is a ReLU with negative_slope = "
            f"{layer.negative_slope:g} and threshold = {layer.threshold:g}, "
            f"for which there is no quantisation-aware training. Leave both "
            f"at 0, or quantise after the training."
        )
    if isinstance(layer, _LAYERS.BatchNormalization):
        (before,) = producers
        if not (
            isinstance(before, _WITH_KERNEL)
            and len(consumers[before.name]) == 1
        ):
            raise ValueError(
                f"The batch normalisation {layer.name!r} follows "
                f"{before.name!r}, a {type(before).__name__}. Quantisation-"
                f"aware training needs it right after a convolution or dense "
                f"layer, into which it folds. Cut the trunk before it, or "
                f"quantise after the training."
            )


def _is_fused(layer, users):
    """Whether the int8 model has no tensor for what a layer gives."""
    if isinstance(layer, _SAME_SCALE):
        return True
    if len(users) != 1:
        return False
    (user,) = users
    if isinstance(user, _LAYERS.BatchNormalization):
        return True
    # What is joined shares one scale, that of the result.
    if isinstance(user, _LAYERS.Concatenate):
        return True
    return _is_relu(user) and isinstance(layer, _WITH_RELU)


def _is_relu(layer):
    if isinstance(layer, _LAYERS.Activation):
        return layer.activation is tf_keras.activations.relu
    return isinstance(layer, _LAYERS.ReLU)


def _is_changed(layer, preserve):
    """Whether what was done before, if anything, was done to a kernel."""
    if preserve is None or isinstance(layer, _LAYERS.DepthwiseConv2D):
        return False
    # Pruning leaves small kernels dense.
    return preserve == "cluster" or not np.all(layer.get_weights()[0])


class PixelQuantizer(tf_keras.layers.Layer):
    """Quantises an image so that its integer is `pixel - 128`."""

    def call(self, image):
        return tf.quantization.fake_quant_with_min_max_args(image, 0, 1)


class MovingRange(tfmot.quantization.keras.quantizers.Quantizer):
    """Quantises activations in the range that recent batches had."""

    def build(self, tensor_shape, name, layer):
        return _range(name, layer)

    def __call__(self, inputs, training, weights, **kwargs):
        low, high = weights["min"], weights["max"]
        if training:
            # 0 is always in the range, and alone in it before the first step.
            is_first = tf.equal(low, high)
            decay = tf.where(is_first, 0.0, _DECAY)
            low, high = (
                end.assign(decay * end + (1 - decay) * now)
                for end, now in (
                    (low, tf.minimum(tf.reduce_min(inputs), 0.0)),
                    (high, tf.maximum(tf.reduce_max(inputs), 0.0)),
                )
            )
        return tf.quantization.fake_quant_with_min_max_vars(inputs, low, high)

    def get_config(self):
        return {}


def _range(name, layer, shape=()):
    return {
        end: layer.add_weight(
            f"{name}_{end}", shape, initializer="zeros", trainable=False
        )
        for end in ("min", "max")
    }


class _OneRange(tfmot.quantization.keras.quantizers.Quantizer):
    """Quantises a kernel in one range for all of its channels.

    So few different weights become few different integers. A range of its own
    would give every channel integers of its own, as the schemes of
    tensorflow-model-optimization do, and take away what makes the file small.

    Attributes:
        largest: the integer of the largest weight.
    """

    largest = 127

    def build(self, tensor_shape, name, layer):
        values = getattr(layer.layer, name).numpy()
        # Convolutions have a range per channel, dense layers have one.
        shape = values.shape[-1:] if values.ndim > 2 else ()
        return {**_range(name, layer, shape), **self._pattern(values)}

    def __call__(self, inputs, training, weights, **kwargs):
        low, high = weights["min"], weights["max"]
        if training:
            inputs = self._keep(inputs, weights)
            end = tf.reduce_max(tf.abs(inputs)) * (127 / self.largest)
            ends = tf.fill(high.shape, end)
            low, high = low.assign(-ends), high.assign(ends)
        fake_quant = tf.quantization.fake_quant_with_min_max_vars
        if high.shape.rank:
            fake_quant = (
                tf.quantization.fake_quant_with_min_max_vars_per_channel
            )
        return fake_quant(inputs, low, high, narrow_range=True)

    def get_config(self):
        return {}


class SparseWeights(_OneRange):
    """Weights that are 0 stay 0: they get no gradient.

    The others are spread so evenly that with all integers they would hardly
    compress; 7 bits, of which the training knows, do as well.
    """

    largest = 63

    def _pattern(self, values):
        return {"kept": (values != 0).astype(values.dtype)}

    def _keep(self, inputs, weights):
        return inputs * weights["kept"]


class EqualWeights(_OneRange):
    """Equal weights stay equal: the gradient of their mean is equal."""

    def _pattern(self, values):
        distinct, cluster = np.unique(values, return_inverse=True)
        return {
            "cluster": cluster.reshape(-1).astype(np.int32),
            "clusters": len(distinct),
        }

    def _keep(self, inputs, weights):
        means = tf.math.unsorted_segment_mean(
            tf.reshape(inputs, [-1]), weights["cluster"], weights["clusters"]
        )
        equal = tf.gather(means, weights["cluster"])
        return tf.reshape(equal, inputs.shape)


_PRESERVING = {"prune": SparseWeights, "cluster": EqualWeights}


class _Config(tfmot.quantization.keras.QuantizeConfig):
    """What is quantised of a layer: its kernel, its output, or both."""

    def __init__(self, kernel, output):
        self.kernel = kernel
        self.output = output

    def get_weights_and_quantizers(self, layer):
        if self.kernel is None:
            return []
        return self.kernel.get_weights_and_quantizers(layer)

    def set_quantize_weights(self, layer, quantize_weights):
        if self.kernel is not None:
            self.kernel.set_quantize_weights(layer, quantize_weights)

    def get_activations_and_quantizers(self, layer):
        return []

    def set_quantize_activations(self, layer, quantize_activations):
        pass

    def get_output_quantizers(self, layer):
        return [] if self.output is None else [self.output]

    def get_config(self):
        return {"kernel": self.kernel, "output": self.output}
