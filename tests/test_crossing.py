"""Errors that cross from one branch to another."""

import numpy as np
import pytest

import hlp_keras
from training import crossing

TAXONOMY = hlp_keras.Taxonomy.from_nested(
    {"pet": ["cat", "dog"], "road": ["car", "bus"], "water": ["ship", "buoy"]}
)
LABELS = np.array([0, 2, 4])
LOGITS = np.array(
    [
        [1, 2, 0, 0, 0, 0],  # cat: taken for a dog
        [9, 0, 1, 0, 0, 0],  # car: for a cat, where there are cats
        [0, 0, 0, 0, 9, 0],  # ship: found
    ]
)


def test_an_error_counts_where_it_leaves_its_branch():
    shares = crossing.shares_across(TAXONOMY, LOGITS, LABELS, 2, seed=0)
    # Of pet and road, pet and water; road and water have no errors.
    assert shares.tolist() == [0.5, 0]
    (of_all,) = crossing.shares_across(TAXONOMY, LOGITS, LABELS, 3, seed=0)
    assert of_all == 0.5


@pytest.mark.parametrize("branches", [2, 3])
def test_without_errors_there_are_no_shares(branches):
    right = np.eye(6)[LABELS]
    shares = crossing.shares_across(TAXONOMY, right, LABELS, branches, seed=0)
    assert shares.size == 0
