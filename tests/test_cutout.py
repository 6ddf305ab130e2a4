import keras
import networks
import numpy as np
import pytest

import hlp_keras


def test_only_the_branches_on_the_way_to_a_category_stay(model):
    small = hlp_keras.cutout(model, ["dog", "car"])
    assert list(small.segments) == [
        "trunk",
        "branch_animal",
        "branch_vehicle",
        "branch_pet",
        "branch_car_",
        "head_pet",
        "head_car_",
    ]


@pytest.mark.parametrize(
    "names, kept",
    [
        (["car", "dog"], [3, 4]),
        (["dog", "car"], [3, 4]),
        (["vehicle", "bird"], [0, 2, 4]),
        (["animal", "cat"], [1, 2, 3]),
        ("pet", [1, 3]),
        (["bird"], [2]),
        (["animal", "vehicle"], [0, 1, 2, 3, 4]),
    ],
)
def test_logits_are_those_of_the_full_network_in_its_order(model, names, kept):
    small = hlp_keras.cutout(model, names)
    images = networks.images()
    assert list(small.taxonomy.class_indices.values()) == kept
    np.testing.assert_allclose(
        networks.run(small, images),
        networks.run(model, images)[:, kept],
        atol=1e-5,
    )


def test_all_is_shared_but_heads_that_lose_categories(model):
    small = hlp_keras.cutout(model, ["dog", "vehicle"])
    other = {n for n, s in small.segments.items() if s is not model.segments[n]}
    assert other == {"head_pet"}


def test_a_head_that_is_cut_computes_as_before():
    model = networks.build()
    dense = model.segments["head_pet"].layers[-1]
    dense.dtype_policy = keras.DTypePolicy("mixed_float16")
    head = hlp_keras.cutout(model, "dog").segments["head_pet"]
    assert head.layers[-1].compute_dtype == "float16"


def test_training_a_cutout_does_not_reach_back_through_a_head_that_is_cut():
    model = networks.build()
    small = hlp_keras.cutout(model, "dog")
    kernel, bias = model.segments["head_pet"].get_weights()
    small.segments["head_pet"].set_weights([np.ones((8, 1)), np.ones(1)])
    same_kernel, same_bias = model.segments["head_pet"].get_weights()
    np.testing.assert_array_equal(same_kernel, kernel)
    np.testing.assert_array_equal(same_bias, bias)


def test_a_cutout_has_the_arguments_of_its_network(model):
    small = hlp_keras.cutout(model, "dog")
    config, expected = small.get_config(), model.get_config()
    assert config.pop("taxonomy") == model.taxonomy.prune("dog").to_dict()
    del expected["taxonomy"]
    assert config == expected


@pytest.mark.parametrize(
    "names, message",
    [
        ([], "category set must not be empty"),
        (["dgo"], "'dgo'. Did you mean 'dog'?"),
        (["dog", "dog"], "'dog' came more than once"),
    ],
)
def test_names_of_no_category_set_are_refused(model, names, message):
    with pytest.raises(ValueError, match=message):
        hlp_keras.cutout(model, names)


def test_what_was_cut_away_cannot_be_cut_out(model):
    small = hlp_keras.cutout(model, ["dog", "vehicle"])
    with pytest.raises(ValueError, match="'cat' was pruned .* full network"):
        hlp_keras.cutout(small, ["cat"])


@pytest.mark.parametrize("use", [hlp_keras.cutout, hlp_keras.attend])
def test_another_model_is_refused(use, tmp_path):
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    loaded = networks.save_and_load(other, tmp_path)
    with pytest.raises(ValueError, match="an HLPModel, got Sequential"):
        use(loaded, "cat")
