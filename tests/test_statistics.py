"""Figures with their intervals."""

import numpy as np
import pytest

from training import statistics


def test_a_share_has_wilsons_interval():
    # By hand: (p + z²/2n ± z sqrt(p q / n + z²/4n²)) / (1 + z²/n)
    p, n, z = 0.9, 50, 1.959964
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    estimate = statistics.share(np.arange(50) >= 5)
    assert estimate.value == p
    assert estimate.low == pytest.approx(centre - half)
    assert estimate.high == pytest.approx(centre + half)
    assert estimate.number == 50


def test_a_share_stays_between_0_and_1():
    estimate = statistics.share([True, True])
    assert (estimate.value, estimate.high) == (1, 1)
    assert 0 < estimate.low < 1


def test_a_mean_has_students_interval():
    # t(0.975, 3 degrees of freedom) = 3.182446
    half = 3.182446 * np.std([1, 2, 3, 6], ddof=1) / 2
    estimate = statistics.mean([1, 2, 3, 6])
    assert estimate.value == 3
    assert estimate.low == pytest.approx(3 - half)
    assert estimate.high == pytest.approx(3 + half)


def test_equal_values_have_no_width():
    assert statistics.mean([2, 2, 2]) == statistics.Estimate(2, 2, 2, 3)


def test_too_small_samples_are_refused():
    with pytest.raises(ValueError, match="at least one, got none"):
        statistics.share([])
    with pytest.raises(ValueError, match="at least two, got 1"):
        statistics.mean([0.5])


def test_a_paired_difference_has_bonett_and_prices_interval():
    # 6 images only the first gets right, 2 only the second, of 48.
    hits = np.arange(48) < 30
    others = (np.arange(48) >= 6) & (np.arange(48) < 32)
    z, won, lost = 1.959964, 7 / 50, 3 / 50
    half = z * np.sqrt((won + lost - (won - lost) ** 2) / 50)
    estimate = statistics.difference(hits, others)
    assert estimate.value == pytest.approx(4 / 48)
    assert estimate.low == pytest.approx(won - lost - half)
    assert estimate.high == pytest.approx(won - lost + half)
    assert estimate.number == 48


def test_equal_samples_differ_by_nothing_but_not_surely():
    estimate = statistics.difference([True] * 50, [True] * 50)
    assert estimate.value == 0
    assert estimate.low < 0 < estimate.high


def test_a_difference_needs_the_same_images():
    with pytest.raises(ValueError, match=r"same images, .* \(2,\) and \(1,\)"):
        statistics.difference([True, False], [True])
