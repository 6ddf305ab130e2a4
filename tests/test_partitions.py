"""The benchmark over all partitions of the categories into nodes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hlp_keras
from benchmarks import partitions
from training import crossing

TREE = {"pet": ["cat", "dog"], "road": ["car", "bus"], "sea": ["ship", "buoy"]}
TAXONOMY = hlp_keras.Taxonomy.from_nested(TREE)
OWN = (0, 0, 1, 1, 2, 2)


# Stirling numbers of the second kind.
@pytest.mark.parametrize(
    ("categories", "nodes", "number"),
    [(3, 1, 1), (3, 3, 1), (4, 2, 7), (6, 3, 90), (10, 5, 42_525)],
)
def test_every_partition_comes_once(categories, nodes, number):
    ways = list(partitions.partitions(categories, nodes))
    assert len(ways) == len(set(ways)) == number
    for way in ways[:100]:
        # Nodes are numbered in the order in which they come.
        assert list(dict.fromkeys(way)) == list(range(nodes))


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3]))
def test_the_taxonomys_share_is_that_of_comparisons(seed, branches):
    random = np.random.default_rng(seed)
    logits, labels = random.normal(size=(20, 6)), random.integers(6, size=20)
    answers_among = partitions.count_answers(TAXONOMY, logits, labels)
    found = partitions.across(OWN, branches, answers_among)
    compared = crossing.measure_across(
        TAXONOMY, logits, labels, 1, branches, seed=0
    )
    assert found == (compared or crossing.Across(0, 0.0, 0.0, 0.0))


def test_the_best_way_is_found():
    assert partitions.partition_of(TAXONOMY) == OWN
    # Cats and cars are taken for each other, dogs once for buses.
    confused = {0: 2, 2: 0, 1: 3}
    labels = np.arange(6)
    logits = 0.1 * np.eye(6)
    for right, predicted in confused.items():
        logits[right, predicted] = 1
    answers_among = partitions.count_answers(TAXONOMY, logits, labels)
    ways = partitions.partitions(6, 3)
    best = partitions.ranked(ways, answers_among)[0]
    assert partitions.across(best, 2, answers_among).mean == 0
    assert best[0] == best[2]
    assert best[1] == best[3]


def test_a_result_has_a_row_for_every_number_of_nodes():
    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(90, 6)), np.repeat(np.arange(6), 15)
    result = partitions.make_result(TAXONOMY, logits, labels)
    least, place = result.figures
    assert least.runs == "90 ways"
    assert 1 <= place.value <= 15
    (table,) = result.tables
    own, alike, *every, of_all = table.rows
    assert own[-1] == "cat, dog / car, bus / ship, buoy"
    assert alike[1] == "15"
    assert [row[1] for row in every] == ["15", "65", "90"]
    assert every[-1][4:6] == ("", "")
    assert all(of_all[6] <= row[6] for row in every if row[1] == "90")
