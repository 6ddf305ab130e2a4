import keras
import networks
import numpy as np
import pytest

import hlp_keras
from training import tf_keras_bridge

WIDE = hlp_keras.Taxonomy.from_nested(
    {f"node {i}": [f"a{i}", f"b{i}"] for i in range(12)}
)


def trunk():
    inputs = keras.Input(networks.SHAPE)
    x = keras.layers.SeparableConv2D(8, 3, strides=2, activation="relu")(inputs)
    x = keras.layers.BatchNormalization(name="alone")(x)
    x = keras.layers.Multiply(name="squared")([x, x])
    x = keras.layers.Activation("relu")(x)
    return keras.Model(inputs, keras.layers.ZeroPadding2D()(x))


CASES = {
    "resnet": {},
    "mobilenet": {"family": "mobilenet"},
    "more heads than one concatenation takes": {"taxonomy": WIDE},
    "one head": {"taxonomy": hlp_keras.Taxonomy.from_nested(["a", "b"])},
}


@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_numbers_are_the_same(arguments):
    model = networks.build(**arguments)
    flat = tf_keras_bridge.rebuild(model)
    images = networks.images(4)
    np.testing.assert_array_equal(flat(images), model(images))


def test_a_trunk_of_the_user_has_the_same_numbers():
    model = networks.build(trunk=trunk())
    flat = tf_keras_bridge.rebuild(model)
    images = networks.images(4)
    np.testing.assert_array_equal(flat(images), model(images))


def test_the_preset_has_the_same_numbers():
    model = hlp_keras.HLPModel.from_preset("cifar10_resnet_mcu")
    flat = tf_keras_bridge.rebuild(model)
    images = networks.images(4, (32, 32, 3))
    np.testing.assert_array_equal(flat(images), model(images))


def test_weights_come_back():
    model, other = networks.build(seed=0), networks.build(seed=1)
    images = networks.images()
    expected = networks.build(seed=1)(images)
    flat = tf_keras_bridge.rebuild(other)
    tf_keras_bridge.give_back(tf_keras_bridge.weights_of(flat), model)
    np.testing.assert_array_equal(model(images), expected)
    # A cutout has them too.
    cut = hlp_keras.cutout(model, ["cat", "ship"])
    np.testing.assert_allclose(
        cut(images), np.asarray(expected)[:, :2], atol=1e-5
    )


def test_a_gain_is_refused():
    model = hlp_keras.attend(networks.build())
    with pytest.raises(ValueError, match="images alone.*without_gain"):
        tf_keras_bridge.rebuild(model)


@keras.saving.register_keras_serializable(package="tests")
class Doubled(keras.layers.Layer):
    def call(self, x):
        return 2 * x


def test_a_layer_that_tf_keras_does_not_have_is_named():
    inputs = keras.Input(networks.SHAPE)
    x = keras.layers.Conv2D(8, 3)(inputs)
    model = networks.build(trunk=keras.Model(inputs, Doubled(name="twice")(x)))
    with pytest.raises(ValueError, match="'twice' is a Doubled"):
        tf_keras_bridge.rebuild(model)


def test_a_bare_operation_is_named():
    inputs = keras.Input(networks.SHAPE)
    x = keras.layers.Conv2D(8, 3)(inputs)
    model = networks.build(trunk=keras.Model(inputs, keras.ops.exp(x)))
    with pytest.raises(ValueError, match="bare operation Exp"):
        tf_keras_bridge.rebuild(model)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        # tf-keras calls it alpha.
        (keras.layers.LeakyReLU(0.1), "same logits .* apart: .* another form"),
        (keras.layers.Activation("hard_sigmoid"), "same logits .* apart: "),
        (keras.layers.Activation("hard_silu", name="odd"), "make 'odd', an? A"),
    ],
    ids=["setting", "formula", "unknown"],
)
def test_a_layer_that_tf_keras_computes_in_another_way_is_refused(
    layer, message
):
    inputs = keras.Input(networks.SHAPE)
    x = layer(keras.layers.Conv2D(8, 3)(inputs))
    model = networks.build(trunk=keras.Model(inputs, x))
    with pytest.raises(ValueError, match=message):
        tf_keras_bridge.rebuild(model)
