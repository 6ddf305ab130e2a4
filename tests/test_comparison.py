"""What follows from the figures of a comparison."""

import pytest

from training import comparison
from training.category_sets import CategorySet
from training.comparison import EqualNetwork, NetworkResult, SetResult
from training.statistics import Estimate


def network(accuracy, params, macs):
    estimate = Estimate(accuracy, accuracy - 0.1, accuracy + 0.1, 50)
    return NetworkResult(estimate, params, macs)


SIZES = [network(0.9, 400, 800), network(0.8, 100, 100), network(0.7, 50, 10)]


def test_the_size_of_equal_accuracy_is_interpolated():
    # Half of the way from 100 to 400 and from 100 to 800, of the logarithms.
    equal = comparison.smallest_equal(0.85, SIZES)
    assert equal.params == pytest.approx(200)
    assert equal.macs == pytest.approx(100 * 8**0.5)
    assert equal.bound is None


def test_the_first_network_that_is_as_accurate_counts():
    # A larger one may be worse, by chance.
    sizes = [network(0.85, 60, 50), *SIZES]
    assert comparison.smallest_equal(0.8, sizes).macs < 50


def test_sizes_beyond_those_trained_are_bounds():
    assert comparison.smallest_equal(0.6, SIZES) == EqualNetwork(
        50, 10, "at most"
    )
    assert comparison.smallest_equal(0.95, SIZES) == EqualNetwork(
        400, 800, "more than"
    )


def result(name, macs, gain, is_random=False, equal=None):
    cutout = network(0.8, macs // 10, macs)
    return SetResult(
        CategorySet((name,), ("cat", "dog"), is_random),
        cutout,
        *(cutout, cutout),
        over_scratch=Estimate(gain, gain - 0.1, gain + 0.1, 50),
        over_plain=Estimate(-gain, -gain - 0.1, -gain + 0.1, 50),
        equal=equal,
    )


def test_a_summary_has_the_means_over_the_sets():
    whole = result("all", 1000, 0.0)
    summary = comparison.summarize(
        whole,
        [
            result("pet", 200, 0.02, equal=EqualNetwork(40, 250)),
            result("boat", 600, 0.04, equal=EqualNetwork(80, 800, "more than")),
            result("a+b", 700, 0.5, is_random=True),
        ],
    )
    assert summary.nodes_over_scratch.value == pytest.approx(0.03)
    assert summary.nodes_over_plain.value == pytest.approx(-0.03)
    assert summary.random_over_scratch is None  # One is no sample.
    assert summary.best_node == comparison.LeftAway("pet", 0.8, 0.8)
    assert summary.params_saved.value == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert summary.macs_saved.value == pytest.approx((1 / 5 + 1 / 4) / 2)
    assert summary.bounds == {"at most": 0, "more than": 1}
