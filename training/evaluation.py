"""What an evaluation found: the figures, as JSON and as a table."""

import dataclasses
import json
import os

from training import files, tables
from training.statistics import Estimate


@dataclasses.dataclass(frozen=True)
class LevelResult:
    """How well the nodes of one level are told apart.

    Attributes:
        level: 1 for the nodes right below the root, and so on.
        nodes: how many there are.
        accuracy: share of the test images whose most probable node is the
            right one; a node's probability is the sum of its categories'.
    """

    level: int
    nodes: int
    accuracy: Estimate


@dataclasses.dataclass(frozen=True)
class CutoutResult:
    """What the cutout of one node does and costs.

    Attributes:
        node: its name.
        categories: how many it has.
        accuracy: share of the test images of its categories that it gets
            right.
        params: parameters as deployed.
        macs: multiply-accumulates for one image.
    """

    node: str
    categories: int
    accuracy: Estimate
    params: int
    macs: int


@dataclasses.dataclass(frozen=True)
class SizeResult:
    """Cutouts of random category sets of one size, or of all of that size.

    Every figure is a mean over the sets, and its interval is that of the mean
    over all sets of this size; the network and the test images stay the same.

    Attributes:
        categories: how many a set has.
        is_all: whether there are no other sets of this size.
        accuracy: of a set, as in `CutoutResult`.
        params: parameters as deployed.
        macs: multiply-accumulates for one image.
    """

    categories: int
    is_all: bool
    accuracy: Estimate
    params: Estimate
    macs: Estimate


@dataclasses.dataclass(frozen=True)
class CueResult:
    """The accuracy of the full network under one kind of top-down cue.

    A cue names a category, and the gain of every node on its way is raised.

    Attributes:
        cue: `"neutral"` (all gains are 1), `"valid"` (the right category) or
            `"wrong"` (a random category of another deepest node).
        gain: of the nodes on the way.
        accuracy: share of the test images that are classified right.
    """

    cue: str
    gain: float
    accuracy: Estimate


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """All that was measured; `str()` is a table.

    Attributes:
        data: name of the source of the test images.
        images: how many there are.
        seed: of the random category sets and the wrong cues.
        accuracy: share of the test images that are classified right.
        params: parameters of the full network, as deployed.
        macs: multiply-accumulates of the full network for one image.
        levels: accuracy at each level of nodes.
        across: share of the errors whose predicted and right category lie
            below different top nodes. None when there are no errors.
        nodes: the cutout of every node.
        random_sets: cutouts of random category sets, by size.
        cues: accuracy under top-down cues.
    """

    data: str
    images: int
    seed: int
    accuracy: Estimate
    params: int
    macs: int
    levels: tuple[LevelResult, ...]
    across: Estimate | None
    nodes: tuple[CutoutResult, ...]
    random_sets: tuple[SizeResult, ...]
    cues: tuple[CueResult, ...]

    def save(self, path: str | os.PathLike) -> None:
        """Writes all figures as JSON."""
        text = json.dumps(dataclasses.asdict(self), indent=2)
        with files.replacing(path) as partial:
            partial.write_text(text + "\n", encoding="utf-8")

    def __str__(self):
        summary = tables.align([_HEADER[:2], *_summary(self)])
        cutouts = tables.align([_HEADER, *_cutouts(self)])
        note = "Random sets: means over the sets, with their 95 % intervals."
        return "\n".join([*summary, "", *cutouts, note])


_HEADER = ("", "accuracy (95 % interval)", "parameters", "MACs")


def _summary(result):
    yield (
        f"full network, {result.images:,} images",
        tables.percent(result.accuracy),
    )
    for level in result.levels:
        yield (
            f"level {level.level}, {level.nodes} nodes",
            tables.percent(level.accuracy),
        )
    if result.across is not None:
        yield "errors across top nodes", tables.percent(result.across)
    for cue in result.cues:
        yield f"{cue.cue} cue, gain {cue.gain:g}", tables.percent(cue.accuracy)


def _cutouts(result):
    yield (
        "all categories",
        tables.percent(result.accuracy),
        f"{result.params:,}",
        f"{result.macs:,}",
    )
    for node in result.nodes:
        yield (
            f"{node.node} ({node.categories})",
            tables.percent(node.accuracy),
            f"{node.params:,}",
            f"{node.macs:,}",
        )
    for sets in result.random_sets:
        number = sets.accuracy.number
        which = f"all {number}" if sets.is_all else f"{number} random"
        yield (
            f"{which} sets of {sets.categories}",
            tables.percent(sets.accuracy),
            _count(sets.params),
            _count(sets.macs),
        )


def _count(figure):
    half = (figure.high - figure.low) / 2
    return f"{figure.value:,.0f} ± {half:,.0f}"
