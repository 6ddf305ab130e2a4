"""Plots of a comparison: accuracy over what a network costs."""

import os
import pathlib

import matplotlib
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from training import files
from training.comparison import Comparison

_INK = "#2b2f36"
_GREY = "#b9bdc4"
_NODES = "#d98c3f"
_RANDOM = "#4c6a92"
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "hlp_keras",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _GREY,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
}
_COSTS = {
    "macs": ("million multiply-accumulates per image", 1e6),
    "params": ("thousand parameters", 1e3),
}


def save(
    comparison: Comparison, folder: str | os.PathLike
) -> dict[pathlib.Path, str]:
    """Writes `accuracy_over_macs.svg` and `accuracy_over_params.svg`.

    Returns:
        the files, each with words for those who cannot see it.
    """
    saved = {}
    for quantity, (label, _) in _COSTS.items():
        path = pathlib.Path(folder) / f"accuracy_over_{quantity}.svg"
        with (
            matplotlib.rc_context(_STYLE),
            files.replacing(path) as partial,
        ):
            figure = accuracy_over(comparison, quantity)
            figure.savefig(partial, metadata={"Date": None})
        saved[path] = f"Accuracy of cutouts and plain networks over {label}"
    return saved


def accuracy_over(comparison: Comparison, quantity: str) -> Figure:
    """Plots every cutout, joined with its network from scratch.

    Args:
        comparison: the figures.
        quantity: `"macs"` or `"params"`.
    """
    label, unit = _COSTS[quantity]
    figure = Figure(figsize=(8.4, 5), layout="constrained")
    axes = figure.subplots()

    def draw(result, marker, colour, size):
        pair = result.cutout, result.scratch
        x = [getattr(network, quantity) / unit for network in pair]
        y = [100 * network.accuracy.value for network in pair]
        axes.plot(x, y, color=_GREY, linewidth=1, zorder=1)
        style = {"markersize": size, "markeredgecolor": colour}
        axes.plot(x[1], y[1], marker, markerfacecolor="white", **style)
        axes.plot(x[0], y[0], marker, markerfacecolor=colour, **style)

    for result in comparison.sets:
        if result.of.is_random:
            draw(result, "o", _RANDOM, 6)
        else:
            draw(result, "D", _NODES, 6)
    draw(comparison.whole, "*", _INK, 14)
    axes.set_xlabel(label)
    axes.set_ylabel("accuracy among the set's categories, %")
    # The cutouts, which are many, cost a tenth of the full network.
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(color="#eceef0")
    axes.set_axisbelow(True)
    figure.legend(
        handles=_legend(comparison),
        loc="outside upper left",
        ncols=2,
        frameon=False,
    )
    return figure


def _legend(comparison):
    kinds = [
        ("*", _INK, _INK, "full network"),
        ("*", _INK, "white", "plain network"),
        ("D", _NODES, _NODES, "cutout of a node"),
        ("D", _NODES, "white", "plain, from scratch for the node"),
        ("o", _RANDOM, _RANDOM, "cutout of random branches"),
        ("o", _RANDOM, "white", "plain, from scratch for the branches"),
    ]
    if not any(result.of.is_random for result in comparison.sets):
        kinds = [kind for kind in kinds if kind[0] != "o"]
    # Matplotlib fills the columns one after the other.
    return [
        Line2D(
            *([], []),
            linestyle="none",
            marker=marker,
            markersize=8,
            markeredgecolor=edge,
            markerfacecolor=face,
            label=label,
        )
        for marker, edge, face, label in kinds[::2] + kinds[1::2]
    ]
