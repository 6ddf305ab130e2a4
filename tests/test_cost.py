import keras
import networks
import pytest
from keras import layers

import hlp_keras


def counted(*parts, shape=(8, 8, 3)):
    """Parameters and MACs of a sequence of layers."""
    costs = hlp_keras.cost(keras.Sequential([keras.Input(shape), *parts]))
    return costs.params, costs.macs


@pytest.mark.parametrize(
    "layer, params, macs",
    [
        # 3x3 kernels from 3 to 4 channels with a bias, at 8x8 positions.
        (layers.Conv2D(4, 3, padding="same"), 108 + 4, 108 * 64),
        (layers.Conv2D(4, 3, 2, padding="same"), 108 + 4, 108 * 16),
        (layers.Conv2D(4, 3, padding="valid"), 108 + 4, 108 * 36),
        # Each of the 3 groups goes from 1 to 2 channels.
        (layers.Conv2D(6, 3, padding="same", groups=3), 54 + 6, 54 * 64),
        (layers.Conv2D(4, 3, padding="same", use_bias=False), 112, 108 * 64),
        (layers.DepthwiseConv2D(3, 2, padding="same"), 27 + 3, 27 * 16),
        (layers.SeparableConv2D(4, 3, 2), 27 + 3 + 12 + 4, (27 + 12) * 9),
        (layers.Dense(5), 15 + 5, 15 * 64),
        (layers.Dense(5, use_bias=False), 15, 15 * 64),
        (layers.MaxPooling2D(), 0, 0),
        (layers.BatchNormalization(), 6, 0),
        (layers.PReLU(shared_axes=(1, 2)), 3, 0),
    ],
    ids=lambda value: value.name if isinstance(value, layers.Layer) else None,
)
def test_a_layer_costs_what_a_hand_counts(layer, params, macs):
    assert counted(layer) == (params, macs)


def test_a_sequence_costs_the_sum():
    parts = [layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)]
    assert counted(*parts) == (112 + 288 + 2, 108 * 36 + 288)


@pytest.mark.parametrize(
    "parts, params",
    [
        # Folded: the convolution's bias is all that stays.
        (
            [layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization()],
            112,
        ),
        ([layers.Conv2D(4, 3), layers.BatchNormalization()], 112),
        ([layers.Dense(4, use_bias=False), layers.BatchNormalization()], 16),
        # After an activation it cannot fold: a factor and a summand each.
        (
            [
                layers.Conv2D(4, 3, activation="relu"),
                layers.BatchNormalization(),
            ],
            112 + 8,
        ),
        (
            [layers.Conv2D(4, 3), layers.ReLU(), layers.BatchNormalization()],
            112 + 8,
        ),
    ],
)
def test_a_batch_normalisation_folds_where_it_can(parts, params):
    assert counted(*parts)[0] == params


def test_a_convolution_that_others_use_too_does_not_fold():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(inputs)
    outputs = layers.Add()([x, layers.BatchNormalization()(x)])
    assert hlp_keras.cost(keras.Model(inputs, outputs)).params == 112 + 8
    # Without the branch it does, though both belong to the same layers.
    folded = keras.Model(inputs, outputs._keras_history.operation.input[1])
    assert hlp_keras.cost(folded).params == 112


def test_layers_of_another_network_count_with_the_sizes_they_have_here():
    inputs = keras.Input((8, 8, 3))
    large = keras.Input((16, 16, 3))
    convolution = layers.Conv2D(4, 3, padding="same")
    normalisation = layers.BatchNormalization()
    normalisation(layers.Conv2D(4, 1)(convolution(large)))
    small = keras.Model(inputs, normalisation(convolution(inputs)))
    counted = hlp_keras.cost(small)
    assert (counted.params, counted.macs) == (112, 108 * 64)


@pytest.mark.parametrize("nested", [False, True])
def test_a_layer_that_is_applied_twice_has_its_parameters_once(nested):
    part = layers.Conv2D(3, 3, padding="same")
    if nested:
        part = keras.Sequential([keras.Input((8, 8, 3)), part])
    inputs = keras.Input((8, 8, 3))
    counted = hlp_keras.cost(keras.Model(inputs, part(part(inputs))))
    assert (counted.params, counted.macs) == (84, 2 * 81 * 64)


def test_a_sequential_that_grew_layer_by_layer_costs_the_same():
    model = keras.Sequential([keras.Input((8, 8, 3))])
    model.add(layers.Conv2D(4, 3, use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    assert hlp_keras.cost(model).params == 112


def test_an_inverted_residual_costs_what_a_hand_counts():
    model = networks.shared(family="mobilenet")
    pet = hlp_keras.cost(model, "pet").segments[2]
    expand, depthwise, project = 8 * 32, 9 * 32, 32 * 8
    assert pet.name == "branch_pet"
    assert pet.macs == (expand + depthwise + project) * 64
    assert pet.params == expand + 32 + depthwise + 32 + project + 8


@pytest.mark.parametrize(
    "names", [["dog"], ["vehicle", "cat"], ["animal", "vehicle"]]
)
def test_a_category_set_costs_what_its_cutout_costs(model, names):
    small = hlp_keras.cutout(model, names)
    assert hlp_keras.cost(model, names) == hlp_keras.cost(small)


def test_gates_cost_nothing(model):
    assert hlp_keras.cost(hlp_keras.attend(model)) == hlp_keras.cost(model)


def test_it_prints_as_a_table(model):
    small = hlp_keras.cutout(model, "pet")
    assert str(hlp_keras.cost(small)).splitlines() == [
        "segment        parameters     MACs",
        "trunk               1,464  133,120",
        "branch_animal       1,168   73,728",
        "branch_pet          1,168   73,728",
        "head_pet               18       16",
        "total               3,818  280,592",
    ]


def test_category_sets_print_beside_the_whole(model):
    table = hlp_keras.cost_table(model, ["pet", ["dog", "car"]])
    assert table.splitlines() == [
        "category set  parameters     MACs  left away",
        "all                8,517  575,528        0 %   0 %",
        "pet                3,818  280,592       55 %  51 %",
        "dog car            6,154  428,048       28 %  26 %",
    ]


@pytest.mark.parametrize(
    "layer",
    [layers.Conv2DTranspose(4, 3, name="up"), layers.Conv3D(4, 3, name="up")],
)
def test_a_layer_of_unknown_macs_is_refused(layer):
    shape = (8, 8, 3) if isinstance(layer, layers.Conv2DTranspose) else (8,) * 4
    with pytest.raises(ValueError, match=f"got {type(layer).__name__} 'up'"):
        counted(layer, shape=shape)


def test_feature_maps_of_unknown_size_are_refused():
    message = r"layer 'wide' has shape \(None, None, None, 4\). Build the model"
    with pytest.raises(ValueError, match=message):
        counted(layers.Conv2D(4, 3, name="wide"), shape=(None, None, 3))


class Written(keras.Model):
    """Its layers are known when it is called, not before."""


@pytest.mark.parametrize(
    "model",
    [
        Written(name="photos"),
        keras.Sequential(name="photos"),
        keras.Sequential([layers.Conv2D(4, 3)], name="photos"),
    ],
    ids=["subclass", "empty", "unbuilt"],
)
def test_a_model_of_unknown_layers_is_refused(model):
    with pytest.raises(ValueError, match="is built, got .* 'photos', .*Input"):
        hlp_keras.cost(model)


def test_a_category_set_of_another_model_is_refused():
    other = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="an HLPModel, got Sequential"):
        hlp_keras.cost(other, ["cat"])
    with pytest.raises(ValueError, match="an HLPModel, got str"):
        hlp_keras.cost("cat")
