"""The report's plots, as SVG text that a page can hold."""

import io
from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure

from training.evaluation import CueResult, Evaluation

INK = "#2b2f36"
BLUE = "#4c6a92"
ORANGE = "#d98c3f"
GREY = "#b9bdc4"

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "hlp_keras",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
}


def accuracy_over_macs(evaluation: Evaluation) -> str:
    """Plots accuracy of cutouts over their cost."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(8.4, 4.4), layout="constrained")
        axes = figure.subplots()
        for sets in evaluation.random_sets:
            x, y = sets.macs, sets.accuracy
            axes.errorbar(
                x.value / 1e6,
                100 * y.value,
                xerr=[[(x.value - x.low) / 1e6], [(x.high - x.value) / 1e6]],
                yerr=[[100 * (y.value - y.low)], [100 * (y.high - y.value)]],
                fmt="o",
                color=BLUE,
                ecolor=GREY,
                markersize=15,
            )
            axes.annotate(
                str(sets.categories),
                (x.value / 1e6, 100 * y.value),
                color="white",
                ha="center",
                va="center_baseline",
                fontsize=9,
            )
        for node in evaluation.nodes:
            if node.categories == 1:
                continue  # It is always right.
            point = node.macs / 1e6, 100 * node.accuracy.value
            axes.plot(*point, "D", color=ORANGE, markersize=7)
            _label(axes, f"{node.node} ({node.categories})", point, (8, 0))
        point = evaluation.macs / 1e6, 100 * evaluation.accuracy.value
        axes.plot(*point, "*", color=INK, markersize=16)
        _label(axes, "full network", point, (-10, -10), ha="right")
        axes.set_xlabel("million multiply-accumulates per image")
        axes.set_ylabel("accuracy among the set's categories, %")
        axes.set_xlim(0, evaluation.macs / 1e6 * 1.08)
        axes.margins(y=0.12)
        axes.grid(color="#eceef0")
        axes.set_axisbelow(True)
        return _svg(figure)


def _label(axes, text, point, offset, ha="left"):
    axes.annotate(
        text,
        point,
        offset,
        textcoords="offset points",
        ha=ha,
        va="center",
        fontsize=9,
    )


def accuracy_under_cues(cues: Sequence[CueResult]) -> str:
    """Plots accuracy under top-down cues, with their intervals."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 2.2), layout="constrained")
        axes = figure.subplots()
        for row, cue in enumerate(cues):
            y = cue.accuracy
            colour = {"neutral": GREY, "valid": BLUE}.get(cue.cue, ORANGE)
            axes.plot([100 * y.low, 100 * y.high], [row, row], color=colour)
            axes.plot(100 * y.value, row, "o", color=colour, markersize=11)
            axes.annotate(
                f"{100 * y.value:.1f}",
                (100 * y.value, row),
                (0, 8),
                textcoords="offset points",
                ha="center",
            )
        axes.set_yticks(range(len(cues)), [f"{cue.cue} cue" for cue in cues])
        axes.set_ylim(len(cues) - 0.5, -0.7)
        axes.set_xlabel("accuracy of the full network, %")
        axes.grid(axis="x", color="#eceef0")
        axes.set_axisbelow(True)
        axes.tick_params(left=False)
        return _svg(figure)


def _svg(figure):
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", transparent=True, metadata={"Date": None}
    )
    text = buffer.getvalue()
    # A page has no XML declaration and document type inside.
    return text[text.index("<svg") :]
