"""Decisions down the tree."""

import hypothesis
import numpy as np
import pytest
import strategies
from hypothesis import strategies as st

from hlp_keras import Taxonomy, decide_top_down
from hlp_keras.losses import membership

TAXONOMY = Taxonomy.from_nested(
    {
        "animal": {"pet": ["cat", "dog"], "wild": ["deer", "fox"]},
        "vehicle": {"road": ["car", "van"]},
    }
)


def test_what_speaks_for_a_node_is_of_all_its_categories():
    logits = np.log([[0.3, 0.29, 0.01, 0.01, 0.39, 0.0001]])
    assert logits.argmax() == 4  # A car, and yet more of it is a pet.
    assert decide_top_down(TAXONOMY, logits) == [0]
    # Among the wild ones, which are fewer, and the vehicles it is the car.
    few = TAXONOMY.prune(["wild", "road"])
    assert decide_top_down(few, logits[:, 2:]) == [2]


def test_nodes_above_come_first():
    # One category says car, a pair road, but all four animals are more.
    logits = np.log([[0.14, 0.14, 0.13, 0.13, 0.26, 0.2]])
    pairs = logits.reshape(3, 2)
    assert np.logaddexp(*pairs.T).argmax() == 2
    assert decide_top_down(TAXONOMY, logits) == [0]


def test_a_category_beside_nodes_competes_with_them():
    taxonomy = Taxonomy.from_nested([{"pet": ["cat", "dog"]}, "ship"])
    assert decide_top_down(taxonomy, np.log([[0.3, 0.3, 0.4]])) == [0]
    assert decide_top_down(taxonomy, np.log([[0.24, 0.24, 0.52]])) == [2]


@hypothesis.given(
    st.data(), st.integers(0, 2**16), st.sampled_from([0.1, 3, 300])
)
def test_each_level_is_as_probable_as_it_can_be(data, seed, scale):
    taxonomy = data.draw(strategies.taxonomies(max_categories=8))
    taxonomy = taxonomy.prune(data.draw(strategies.category_sets(taxonomy)))
    random = np.random.default_rng(seed)
    logits = random.normal(0, scale, (20, len(taxonomy.categories)))
    before = logits.copy()
    decided = decide_top_down(taxonomy, logits)
    np.testing.assert_array_equal(logits, before)
    taxonomy = taxonomy.levelled()
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    rows = np.arange(len(p))
    possible = np.ones_like(p)
    for level in range(1, taxonomy.depth):
        below = membership(taxonomy, level)
        sums = (p * possible) @ below
        own = below[decided]
        found = (sums * own).sum(axis=1)
        np.testing.assert_allclose(found, sums.max(axis=1), rtol=1e-9)
        possible = possible * (own @ below.T)
    assert (p[rows, decided] == (p * possible).max(axis=1)).all()


def test_without_nodes_the_highest_logit_decides():
    flat = Taxonomy.from_nested(["cat", "car", "ship"])
    logits = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_array_equal(
        decide_top_down(flat, logits), logits.argmax(axis=1)
    )


def test_integers_are_refused():
    with pytest.raises(ValueError, match=r"got int8\. .* \* scale of its out"):
        decide_top_down(TAXONOMY, np.zeros((2, 6), np.int8))


@pytest.mark.parametrize("shape", [(6,), (4, 5), (2, 2, 6)])
def test_logits_of_other_categories_are_refused(shape):
    with pytest.raises(
        ValueError, match=r"of shape \(images, 6\), .* taxonomy of the network"
    ):
        decide_top_down(TAXONOMY, np.zeros(shape))
