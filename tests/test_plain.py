import json

import networks
import numpy as np
import pytest

import hlp_keras

STAGES = [(8, 1, 2), (16, 1, 2)]


def test_it_is_one_trunk_and_one_head():
    model = hlp_keras.plain_model(5, networks.SHAPE, base_stages=STAGES)
    assert list(model.segments) == ["trunk", "head"]
    assert model.output_shape == (None, 5)
    assert model.segments["trunk"].output_shape == (None, 4, 4, 16)


def test_numbers_may_come_from_numpy():
    plain = hlp_keras.plain_model(np.int64(3), np.array([16, 16, 3]))
    assert plain.output_shape == (None, 3)
    assert plain.input_shape == (None, 16, 16, 3)
    assert json.dumps(plain.get_config())


def test_its_categories_may_have_names(taxonomy):
    model = hlp_keras.plain_model(
        taxonomy.categories, networks.SHAPE, base_stages=STAGES
    )
    assert model.taxonomy.class_indices == taxonomy.class_indices


@pytest.mark.parametrize(
    "family, macs",
    [
        ("resnet", 2_000_000),
        pytest.param("mobilenet", 1_000_000, marks=pytest.mark.slow),
    ],
)
def test_its_width_meets_a_budget(family, macs):
    model = hlp_keras.plain_model(5, networks.SHAPE, family, STAGES, macs)
    assert hlp_keras.cost(model).macs == pytest.approx(macs, rel=0.03)


def test_a_budget_that_no_width_meets_is_refused():
    message = "a width can meet, but the nearest to 100 MACs has [0-9,]+"
    with pytest.raises(ValueError, match=message):
        hlp_keras.plain_model(5, networks.SHAPE, base_stages=STAGES, macs=100)
    with pytest.raises(ValueError, match="at least 1 MAC, got 0"):
        hlp_keras.plain_model(5, networks.SHAPE, macs=0)


def test_there_is_at_least_one_category():
    with pytest.raises(ValueError, match="the taxonomy is empty"):
        hlp_keras.plain_model(0)


def test_a_text_is_no_list_of_letters():
    with pytest.raises(ValueError, match="got str 'cat'. Write a single cat"):
        hlp_keras.plain_model("cat")
