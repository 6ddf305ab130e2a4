"""What a comparison with plain networks found: figures, JSON and a table."""

import dataclasses
import json
import os
from collections.abc import Iterable, Sequence

from training import files, statistics, tables
from training.category_sets import CategorySet
from training.config import TrainConfig
from training.crossing import Across
from training.statistics import Estimate


@dataclasses.dataclass(frozen=True)
class NetworkResult:
    """What one network does on a category set, and costs.

    Attributes:
        accuracy: share of the set's test images that it gets right.
        params: parameters as deployed.
        macs: multiply-accumulates for one image.
    """

    accuracy: Estimate
    params: int
    macs: int


@dataclasses.dataclass(frozen=True)
class EqualNetwork:
    """The smallest plain network as accurate as a cutout.

    Attributes:
        params: its parameters.
        macs: its multiply-accumulates.
        bound: `None` where both were interpolated between two networks;
            `"at most"` where already the smallest network that was trained is
            as accurate; `"more than"` where not even the largest is.
    """

    params: float
    macs: float
    bound: str | None = None


@dataclasses.dataclass(frozen=True)
class SetResult:
    """The networks for one category set.

    For the set of all categories the cutout is the full network, and the plain
    network is the one from scratch.

    Attributes:
        of: the set.
        cutout: of the hierarchical network.
        scratch: a plain network that was trained on the set's categories alone
            and costs as many multiply-accumulates as the cutout.
        plain: the plain network of all categories, choosing among the set's.
        over_scratch: accuracy of the cutout minus that of `scratch`, paired by
            image.
        over_plain: the same with `plain`.
        others: networks from scratch as `scratch`, of other widths.
        equal: the smallest network from scratch that is as accurate as the
            cutout, or None when no other widths were trained.
    """

    of: CategorySet
    cutout: NetworkResult
    scratch: NetworkResult
    plain: NetworkResult
    over_scratch: Estimate
    over_plain: Estimate
    others: tuple[NetworkResult, ...] = ()
    equal: EqualNetwork | None = None


@dataclasses.dataclass(frozen=True)
class AcrossResult:
    """How many errors of cutouts of several branches cross these.

    Attributes:
        level: of the nodes that are branches here.
        branches: how many of them a cutout has.
        top_down: whether `hlp_keras.decide_top_down` decides, or the highest
            logit.
        hierarchical: what was found.
        plain: the same of the plain network, choosing among the same sets.
    """

    level: int
    branches: int
    top_down: bool
    hierarchical: Across
    plain: Across


@dataclasses.dataclass(frozen=True)
class LeftAway:
    """What the cutout of a node leaves away of the full network.

    Attributes:
        node: its name.
        params: part of the parameters.
        macs: part of the multiply-accumulates.
    """

    node: str
    params: float
    macs: float


@dataclasses.dataclass(frozen=True)
class Summary:
    """Means over category sets, each None where there are too few sets.

    Attributes:
        nodes_over_scratch: `SetResult.over_scratch`, mean over the nodes.
        random_over_scratch: the same over the random sets.
        nodes_over_plain: `SetResult.over_plain`, mean over the nodes.
        random_over_plain: the same over the random sets.
        best_node: the node whose cutout leaves most multiply-accumulates away.
        params_saved: part of the parameters of the plain network of equal
            accuracy that a cutout saves, mean over the nodes.
        macs_saved: the same for multiply-accumulates.
        bounds: for how many of those nodes the plain network is only known to
            be of at most, or of more than, a size.
    """

    nodes_over_scratch: Estimate | None
    random_over_scratch: Estimate | None
    nodes_over_plain: Estimate | None
    random_over_plain: Estimate | None
    best_node: LeftAway | None
    params_saved: Estimate | None
    macs_saved: Estimate | None
    bounds: dict[str, int]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """All that was measured; `str()` is a table.

    Attributes:
        data: name of the source of the images.
        images: how many test images there are.
        config: of the hierarchical network; the others have its recipe.
        sets_seed: of the random sets.
        whole: the set of all categories.
        sets: nodes, then random sets.
        across: errors that cross branches.
        top_down: accuracy of the full network where
            `hlp_keras.decide_top_down` decides minus that of the highest logit.
        plain_top_down: the same of the plain network.
        summary: means over the sets.
        as_deep: the set of all categories again, where `scratch` is a plain
            network with as many blocks in a row as the hierarchical one; None
            where the plain network has as many already.
    """

    data: str
    images: int
    config: TrainConfig
    sets_seed: int
    whole: SetResult
    sets: tuple[SetResult, ...]
    across: tuple[AcrossResult, ...]
    top_down: Estimate
    plain_top_down: Estimate
    summary: Summary
    as_deep: SetResult | None = None

    @property
    def deviation(self) -> float:
        """How far networks from scratch are from a cutout's cost, at most.

        Of the cutout's multiply-accumulates; small networks have few widths.
        """
        return max(
            abs(one.scratch.macs / one.cutout.macs - 1)
            for one in (self.whole, self.as_deep, *self.sets)
            if one is not None
        )

    def save(self, path: str | os.PathLike) -> None:
        """Writes all figures as JSON."""
        text = json.dumps(
            dataclasses.asdict(self), indent=2, ensure_ascii=False
        )
        with files.replacing(path) as partial:
            partial.write_text(text + "\n", encoding="utf-8")

    def __str__(self):
        rows = [_HEADER, _row(self.whole)]
        if self.as_deep is not None:
            rows.append(_row(self.as_deep, ", scratch as deep"))
        rows += map(_row, self.sets)
        note = (
            f"Accuracy in %, differences in points with 95 % intervals; "
            f"{self.config.epochs} epochs, seed {self.config.seed}. MACs of "
            f"scratch are within {100 * self.deviation:.1f} % of the cutout's."
        )
        summary = tables.align(_summary_rows(self))
        return "\n".join([*tables.align(rows), note, "", *summary])


# --- what follows from the figures ---


def smallest_equal(
    accuracy: float, networks: Iterable[NetworkResult]
) -> EqualNetwork:
    """Looks for the smallest size at which networks reach an accuracy.

    Between the first network that does, by multiply-accumulates, and the one
    before it, the sizes are interpolated on a logarithmic scale.
    """
    networks = sorted(networks, key=lambda network: network.macs)
    before = None
    for network in networks:
        if network.accuracy.value >= accuracy:
            return _between(accuracy, before, network)
        before = network
    return EqualNetwork(before.params, before.macs, "more than")


def _between(accuracy, below, above):
    if below is None:
        return EqualNetwork(above.params, above.macs, "at most")
    rise = above.accuracy.value - below.accuracy.value
    part = (accuracy - below.accuracy.value) / rise
    return EqualNetwork(
        below.params * (above.params / below.params) ** part,
        below.macs * (above.macs / below.macs) ** part,
    )


def summarize(whole: SetResult, sets: Sequence[SetResult]) -> Summary:
    """Takes the means over the sets."""
    nodes = [one for one in sets if not one.of.is_random]
    drawn = [one for one in sets if one.of.is_random]
    equal = [one for one in sets if one.equal is not None]
    bounds = [one.equal.bound for one in equal]
    return Summary(
        _mean(one.over_scratch.value for one in nodes),
        _mean(one.over_scratch.value for one in drawn),
        _mean(one.over_plain.value for one in nodes),
        _mean(one.over_plain.value for one in drawn),
        _best_node(whole, nodes),
        _mean(1 - one.cutout.params / one.equal.params for one in equal),
        _mean(1 - one.cutout.macs / one.equal.macs for one in equal),
        {bound: bounds.count(bound) for bound in ("at most", "more than")},
    )


def _mean(values):
    values = list(values)
    return statistics.mean(values) if len(values) > 1 else None


def _best_node(whole, nodes):
    if not nodes:
        return None
    best = min(nodes, key=lambda one: one.cutout.macs)
    return LeftAway(
        best.of.name,
        1 - best.cutout.params / whole.cutout.params,
        1 - best.cutout.macs / whole.cutout.macs,
    )


# --- the table ---

_HEADER = (
    *("category set", "cutout", "scratch", "plain"),
    *("over scratch", "over plain", "parameters", "MACs", "MACs of scratch"),
)


def _row(result, note=""):
    accuracies = (
        f"{100 * network.accuracy.value:.1f}"
        for network in (result.cutout, result.scratch, result.plain)
    )
    return (
        f"{result.of.name} ({len(result.of.categories)}){note}",
        *accuracies,
        tables.points(result.over_scratch),
        tables.points(result.over_plain),
        f"{result.cutout.params:,}",
        f"{result.cutout.macs:,}",
        f"{result.scratch.macs:,}",
    )


def _summary_rows(comparison):
    summary = comparison.summary
    if comparison.as_deep is not None:
        gained = tables.points(comparison.as_deep.over_scratch)
        yield "full network over a plain one as deep", f"{gained} points"
    for name, figure in (
        ("cutouts over scratch, nodes", summary.nodes_over_scratch),
        ("cutouts over scratch, random sets", summary.random_over_scratch),
        ("cutouts over plain, nodes", summary.nodes_over_plain),
        ("cutouts over plain, random sets", summary.random_over_plain),
    ):
        if figure is not None:
            yield name, f"{tables.points(figure)} points"
    if summary.best_node is not None:
        best = summary.best_node
        yield (
            f"left away by {best.node}",
            f"{100 * best.params:.1f} % of parameters, "
            f"{100 * best.macs:.1f} % of MACs",
        )
    for name, figure in (
        ("full network", comparison.top_down),
        ("plain network", comparison.plain_top_down),
    ):
        yield (
            f"{name}, top-down over highest logit",
            f"{tables.points(figure)} points",
        )
    for across in comparison.across:
        decided = ", top-down" if across.top_down else ""
        yield (
            f"errors across branches, cutouts of {across.branches} of level "
            f"{across.level}{decided}",
            f"{100 * across.hierarchical.of_all:.1f} % of all "
            f"{across.hierarchical.cutouts} together, plain network "
            f"{100 * across.plain.of_all:.1f} %",
        )
    equal = comparison.whole.equal
    if equal is not None:
        yield (
            "plain network as accurate as the full one",
            f"{equal.bound or 'about'} {equal.params:,.0f} parameters, "
            f"{equal.macs:,.0f} MACs",
        )
    for name, figure in (
        ("parameters", summary.params_saved),
        ("MACs", summary.macs_saved),
    ):
        if figure is not None:
            yield (
                f"{name} saved over plain ones of equal accuracy",
                tables.percent(figure),
            )
    for bound, number in summary.bounds.items():
        if number:
            yield f"of those nodes with a size that is {bound}", f"{number}"
