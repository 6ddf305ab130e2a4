"""Figures with their 95 % intervals."""

import dataclasses

import numpy as np
import scipy.stats

_CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A figure that was measured on a sample.

    Attributes:
        value: what came out.
        low: lower end of its 95 % interval.
        high: upper end.
        number: size of the sample.
    """

    value: float
    low: float
    high: float
    number: int


def share(hits: np.ndarray) -> Estimate:
    """How large a part of a sample is true, with Wilson's interval."""
    hits = np.asarray(hits, bool)
    if not hits.size:
        raise ValueError("Expected a sample of at least one, got none.")
    test = scipy.stats.binomtest(int(hits.sum()), hits.size)
    low, high = test.proportion_ci(_CONFIDENCE, method="wilson")
    return Estimate(float(hits.mean()), float(low), float(high), hits.size)


def mean(values: np.ndarray) -> Estimate:
    """The mean of a sample, with Student's interval."""
    values = np.asarray(values, np.float64)
    if values.size < 2:
        raise ValueError(
            f"Expected a sample of at least two, got {values.size}."
        )
    # Half the width, rather than scipy's interval, which is NaN at width 0.
    quantile = scipy.stats.t.ppf((1 + _CONFIDENCE) / 2, values.size - 1)
    half = float(quantile * values.std(ddof=1) / np.sqrt(values.size))
    value = float(values.mean())
    return Estimate(value, value - half, value + half, values.size)


def mean_of_all(values: np.ndarray) -> Estimate:
    """The mean of all there are, which no other sample could move."""
    value = float(np.mean(values))
    return Estimate(value, value, value, len(values))


def difference(hits: np.ndarray, others: np.ndarray) -> Estimate:
    """How much larger one share is than another on the same sample.

    The interval is Bonett and Price's (2012) for paired shares, which rests on
    the discordant pairs alone, as McNemar's test does; their adjustment keeps
    it from having no width where there are none.
    """
    hits, others = (np.asarray(each, bool) for each in (hits, others))
    number = hits.size
    if not number or hits.shape != others.shape:
        raise ValueError(
            f"Expected two samples of the same images, at least one, got "
            f"{hits.shape} and {others.shape}."
        )
    won, lost = (
        (pairs.sum() + 1) / (number + 2)
        for pairs in (hits & ~others, others & ~hits)
    )
    quantile = scipy.stats.norm.ppf((1 + _CONFIDENCE) / 2)
    variance = (won + lost - (won - lost) ** 2) / (number + 2)
    half = quantile * np.sqrt(variance)
    return Estimate(
        float(hits.mean() - others.mean()),
        float(max(won - lost - half, -1)),
        float(min(won - lost + half, 1)),
        number,
    )
