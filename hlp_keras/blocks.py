"""Families of blocks: what the segments of a network are built from.

Every convolution is followed by its batch normalisation, which folds into it
on export, and downsampling is a stride of the first block of a stage.
"""

import dataclasses
from collections.abc import Callable

import keras


def _conv_norm(x, filters, kernel_size, strides, name, activation=None):
    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return _norm(x, name, activation)


def _depthwise_norm(x, strides, name, activation):
    x = keras.layers.DepthwiseConv2D(
        3,
        strides,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return _norm(x, name, activation)


def _norm(x, name, activation):
    # A momentum of 0.9 follows the short trainings that small networks get;
    # Keras' 0.99 would still hold statistics of the first steps.
    x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    if activation is None:
        return x
    max_value = {"relu": None, "relu6": 6.0}[activation]
    return keras.layers.ReLU(max_value, name=f"{name}_{activation}")(x)


def resnet_block(x, filters, stride, name):
    """Basic residual block: two 3x3 convolutions around a shortcut.

    He et al., arXiv 1512.03385. The shortcut is a 1x1 convolution where the
    shape changes.
    """
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = _conv_norm(x, filters, 1, stride, f"{name}_shortcut")
    x = _conv_norm(x, filters, 3, stride, f"{name}_first", "relu")
    x = _conv_norm(x, filters, 3, 1, f"{name}_second")
    x = keras.layers.Add(name=f"{name}_add")([x, shortcut])
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def mobilenet_block(x, filters, stride, name):
    """Inverted residual block with a linear bottleneck, expanded 4 times.

    Sandler et al., arXiv 1801.04381, who expand 6 times; 4 suits the narrow
    inputs of branches.
    """
    inputs = x
    x = _conv_norm(x, 4 * x.shape[-1], 1, 1, f"{name}_expand", "relu6")
    x = _depthwise_norm(x, stride, f"{name}_depthwise", "relu6")
    x = _conv_norm(x, filters, 1, 1, f"{name}_project")
    if x.shape != inputs.shape:
        return x
    return keras.layers.Add(name=f"{name}_add")([x, inputs])


@dataclasses.dataclass(frozen=True)
class Family:
    """How networks of one kind begin and go on.

    Attributes:
        block: function `(x, filters, stride, name) -> x`.
        activation: of the 3x3 convolution that the trunk begins with.
    """

    block: Callable
    activation: str

    def stem(self, x, filters, name):
        """The first convolution of a trunk, without a stride."""
        return _conv_norm(x, filters, 3, 1, name, self.activation)


FAMILIES = {
    "resnet": Family(resnet_block, "relu"),
    "mobilenet": Family(mobilenet_block, "relu6"),
}


def get_family(name: str) -> Family:
    """Looks a family up by its name."""
    if name not in FAMILIES:
        raise ValueError(
            f"Expected `family` to be one of {', '.join(FAMILIES)}, got "
            f"{name!r}. Give a Keras model as `trunk` to use features of "
            f"another kind."
        )
    return FAMILIES[name]
