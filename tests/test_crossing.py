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
    found = crossing.measure_across(TAXONOMY, LOGITS, LABELS, 1, 2, seed=0)
    # Of pet and road, pet and water; road and water have no errors.
    assert found == crossing.Across(2, 1 / 3, mean=0.25, of_answers=1 / 6)
    of_all = crossing.measure_across(TAXONOMY, LOGITS, LABELS, 1, 3, seed=0)
    assert of_all == crossing.Across(1, 0.5, mean=0.5, of_answers=1 / 3)


def test_errors_decided_top_down_cross_less_often():
    logits = np.log(
        [
            [0.30, 0.35, 0.40, 0.01, 0.01, 0.01],  # A cat, or dog; not a car.
            [0.01, 0.01, 0.30, 0.40, 0.01, 0.45],  # A car, or bus; not a buoy.
            [0.01, 0.01, 0.01, 0.01, 0.50, 0.10],
        ]
    )
    highest, top_down = (
        crossing.measure_across(TAXONOMY, logits, LABELS, 1, 3, 0, top_down)
        for top_down in (False, True)
    )
    assert highest == crossing.Across(1, 1, mean=1, of_answers=2 / 3)
    assert top_down == crossing.Across(1, 0, mean=0, of_answers=0)


def test_branches_may_be_nodes_above_the_deepest():
    tree = {
        "animal": {"pet": ["cat", "dog"]},
        "vehicle": {"road": ["car", "bus"], "water": ["ship", "buoy"]},
    }
    found = crossing.measure_across(
        hlp_keras.Taxonomy.from_nested(tree), LOGITS, LABELS, 1, 2, seed=0
    )
    # The cat for a dog stays among animals; the car for a cat does not.
    assert found == crossing.Across(1, 0.5, mean=0.5, of_answers=1 / 3)


@pytest.mark.parametrize(
    ("branches", "logits"),
    [
        (2, np.eye(6)[LABELS]),
        (3, np.eye(6)[LABELS]),
        (4, LOGITS),  # There are only three.
    ],
)
def test_without_errors_or_cutouts_there_is_nothing(branches, logits):
    found = crossing.measure_across(
        TAXONOMY, logits, LABELS, 1, branches, seed=0
    )
    assert found is None


def test_a_pruned_taxonomy_has_positions_of_its_own():
    taxonomy = TAXONOMY.prune(["car", "bus", "ship"])
    found = crossing.measure_across(
        taxonomy, np.array([[0, 0, 1]]), np.array([1]), 1, 2, seed=0
    )
    assert found == crossing.Across(1, 1, mean=1, of_answers=1)
