"""Blocks, and the segments that are built from them."""

import keras
import networks
import numpy as np
import pytest

from hlp_keras import blocks, segments

FAMILIES = pytest.mark.parametrize("family", ["resnet", "mobilenet"])


def block_model(family, filters, stride, channels=8):
    inputs = keras.Input((8, 8, channels))
    block = blocks.get_family(family).block
    return keras.Model(inputs, block(inputs, filters, stride, "b"))


@FAMILIES
@pytest.mark.parametrize("filters, stride", [(8, 1), (16, 1), (8, 2)])
def test_a_block_sets_width_and_stride(family, filters, stride):
    model = block_model(family, filters, stride)
    assert model.output_shape == (None, 8 // stride, 8 // stride, filters)


@FAMILIES
def test_a_block_of_constant_shape_adds_to_its_input(family):
    model = block_model(family, filters=8, stride=1)
    networks.randomise(model)
    norms = [layer for layer in model.layers if layer.name.endswith("_norm")]
    norms[-1].gamma.assign(np.zeros(8))
    norms[-1].beta.assign(np.zeros(8))
    x = networks.images(shape=(8, 8, 8))
    np.testing.assert_allclose(networks.run(model, x), x, atol=1e-6)


@FAMILIES
def test_every_convolution_is_normalised_and_has_no_bias(family):
    model = block_model(family, filters=16, stride=2)
    convolutions = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
    ]
    for layer in convolutions:
        assert not layer.use_bias
        assert model.get_layer(layer.name.removesuffix("conv") + "norm")
    assert len(convolutions) == 3


def test_a_family_that_is_none_is_refused():
    with pytest.raises(ValueError, match="resnet, mobilenet, got 'vgg'.*trunk"):
        blocks.get_family("vgg")


# --- segments ---


def test_segments_nest_and_take_their_width_from_their_categories():
    model = networks.shared(levels=(((8, 2, 2),), ((32, 1, 1),), ((16, 1, 2),)))
    shapes = {
        name: (segment.input_shape[1:], segment.output_shape[1:])
        for name, segment in model.segments.items()
    }
    assert shapes == {
        "trunk": ((16, 16, 3), (8, 8, 8)),
        "branch_animal": ((8, 8, 8), (8, 8, 32)),  # 32 * sqrt(3 / 2.5) = 35
        "branch_vehicle": ((8, 8, 8), (8, 8, 32)),  # 32 * sqrt(2 / 2.5) = 29
        "branch_pet": ((8, 8, 32), (4, 4, 24)),  # 16 * sqrt(2 / 1.25) = 20
        "branch_bird_": ((8, 8, 32), (4, 4, 16)),
        "branch_car_": ((8, 8, 32), (4, 4, 16)),
        "branch_ship_": ((8, 8, 32), (4, 4, 16)),
        "head_pet": ((4, 4, 24), (2,)),
        "head_bird_": ((4, 4, 16), (1,)),
        "head_car_": ((4, 4, 16), (1,)),
        "head_ship_": ((4, 4, 16), (1,)),
    }


@FAMILIES
def test_every_layer_is_named_after_its_segment(family):
    model = networks.shared(family=family)
    for name, segment in model.segments.items():
        for weight in segment.weights:
            layer, variable = weight.path.rsplit("/", 2)[-2:]
            assert layer.startswith(name)


def test_a_head_averages_and_weights():
    head = segments.build_head("head", (4, 4, 8), 3)
    networks.randomise(head)
    x = networks.images(shape=(4, 4, 8))
    kernel, bias = head.get_weights()
    expected = x.mean(axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(networks.run(head, x), expected, atol=1e-5)


# --- a model of the user's as trunk ---


@pytest.fixture(scope="module")
def user_model():
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Conv2D(8, 3, strides=2, name="early"),
            keras.layers.Conv2D(8, 3, name="late"),
            keras.layers.Flatten(name="flat"),
        ]
    )


def test_a_trunk_is_a_users_model_up_to_a_layer(user_model):
    trunk = segments.cut_trunk(user_model, "early", (16, 16, 3))
    assert trunk.name == "trunk"
    assert trunk.output_shape == (None, 7, 7, 8)
    assert trunk.get_layer("early") is user_model.get_layer("early")


def test_without_a_layer_it_goes_up_to_the_output():
    inputs = keras.Input((16, 16, 3))
    outputs = keras.ops.relu(keras.layers.Conv2D(8, 3)(inputs) - 1)
    model = keras.Model(inputs, outputs)
    networks.randomise(model)
    trunk = segments.cut_trunk(model, None, (16, 16, 3))
    x = networks.images()
    np.testing.assert_array_equal(
        networks.run(trunk, x), networks.run(model, x)
    )


@pytest.mark.parametrize(
    "layer, shape, message",
    [
        ("lake", (16, 16, 3), "got 'lake'. Its layers are early, late, flat"),
        ("late", (16, 16, 1), r"for images of shape \(16, 16, 1\), got .* 3\)"),
        ("flat", (16, 16, 3), r"feature map .* 'flat'. Name an earlier layer"),
        (None, (16, 16, 3), r"feature map .* \(None, 200\) from 'sequential"),
    ],
)
def test_a_trunk_that_does_not_fit_is_refused(
    user_model, layer, shape, message
):
    with pytest.raises(ValueError, match=message):
        segments.cut_trunk(user_model, layer, shape)


def test_a_trunk_of_several_outputs_needs_a_layer_to_end_at():
    inputs = keras.Input((16, 16, 3))
    outputs = [keras.layers.Conv2D(8, 3)(inputs) for _ in range(2)]
    model = keras.Model(inputs, outputs, name="forked")
    whole = keras.Model(inputs, keras.layers.add(model(inputs)))
    with pytest.raises(ValueError, match="one output, but 'forked' has 2"):
        segments.cut_trunk(whole, "forked", (16, 16, 3))
    with pytest.raises(ValueError, match="one output, but 'forked' has 2"):
        segments.cut_trunk(model, None, (16, 16, 3))
    name = outputs[1]._keras_history.operation.name
    assert segments.cut_trunk(model, name, (16, 16, 3)).outputs == outputs[1:]


@pytest.mark.parametrize(
    "trunk",
    [
        "resnet",
        keras.layers.Conv2D(8, 3),
        keras.Sequential([keras.layers.Conv2D(8, 3)]),
    ],
)
def test_a_trunk_that_is_no_built_model_is_refused(trunk):
    with pytest.raises(
        ValueError, match="functional or sequential Keras model"
    ):
        segments.cut_trunk(trunk, None, (16, 16, 3))
