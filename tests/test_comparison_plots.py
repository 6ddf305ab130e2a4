"""Plots of a comparison."""

import dataclasses

import numpy as np
import pytest

from training import comparison, comparison_plots
from training.category_sets import CategorySet
from training.comparison import Comparison, NetworkResult, SetResult
from training.config import TrainConfig
from training.statistics import Estimate


def estimate(value):
    return Estimate(value, value - 0.01, value + 0.01, 500)


def result(nodes, size, accuracy, gain, is_random=False):
    cutout = NetworkResult(
        estimate(accuracy), 150_000 * size // 5, size * 10**6
    )
    scratch = dataclasses.replace(
        cutout,
        accuracy=estimate(accuracy - gain),
        params=cutout.params * 7 // 10,
    )
    return SetResult(
        CategorySet(nodes, tuple("abcdefghij")[:size], is_random),
        *(cutout, scratch, scratch),
        *(estimate(gain), estimate(gain)),
    )


@pytest.fixture
def found():
    random = np.random.default_rng(0)
    sets = [
        result((f"n{i}",), size, 0.97 - 0.02 * size, random.normal(0.01, 0.01))
        for i, size in enumerate((2, 2, 2, 3, 4, 6))
    ]
    sets += [
        result((f"r{i}", "x"), size, 0.99 - 0.02 * size, 0.01, is_random=True)
        for i, size in enumerate((4, 5, 6, 7, 8))
    ]
    whole = result((), 10, 0.8, 0.02)
    return Comparison(
        data="photos",
        images=500,
        config=TrainConfig(taxonomy="cifar10"),
        sets_seed=0,
        whole=whole,
        sets=tuple(sets),
        across=(),
        top_down=estimate(0.0),
        plain_top_down=estimate(0.0),
        summary=comparison.summarize(whole, sets),
    )


def test_every_network_is_a_point(found):
    figure = comparison_plots.accuracy_over(found, "macs")
    (axes,) = figure.axes
    points = [
        tuple(line.get_xydata()[0])
        for line in axes.lines
        if len(line.get_xdata()) == 1
    ]
    assert len(points) == 2 * (1 + len(found.sets))
    assert (10, 100 * found.whole.cutout.accuracy.value) in points


def test_a_legend_has_what_there_is(found):
    nodes = [one for one in found.sets if not one.of.is_random]
    alone = dataclasses.replace(found, sets=tuple(nodes))
    figure = comparison_plots.accuracy_over(alone, "macs")
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "cutout of a node" in texts
    assert "cutout of random branches" not in texts


def test_both_plots_are_written_and_repeatable(found, tmp_path):
    saved = comparison_plots.save(found, tmp_path / "a")
    comparison_plots.save(found, tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["accuracy_over_macs.svg", "accuracy_over_params.svg"]
    assert [path.name for path in saved] == names
    for name in names:
        first = (tmp_path / "a" / name).read_bytes()
        assert first == (tmp_path / "b" / name).read_bytes()
        assert b"cutout of a node" in first
