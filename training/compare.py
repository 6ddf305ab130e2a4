"""Compares a hierarchical network and its cutouts with plain networks."""

import dataclasses
import hashlib
import itertools
import logging
import math
import os
import pathlib
import urllib.parse
from collections.abc import Sequence

import keras
import numpy as np

import hlp_keras
from hlp_keras import stages
from training import (
    category_sets,
    crossing,
    data,
    evaluate,
    statistics,
    train,
)
from training.category_sets import CategorySet
from training.comparison import (
    AcrossResult,
    Comparison,
    NetworkResult,
    SetResult,
    smallest_equal,
    summarize,
)
from training.config import TrainConfig
from training.finished import trained_logits
from training.sources import Source

# How far the plain network may be from the full one's multiply-accumulates.
_TOLERANCE = 0.03
_ACROSS_BRANCHES = (2, 3, 4, 5)
# Of a file, less what is added while it is written.
_LONGEST_NAME = 200


def compare(
    config: TrainConfig,
    source: Source,
    workdir: str | os.PathLike,
    sets_per_size: int = 7,
    sets_seed: int = 0,
    plain_widths: Sequence[float] = (),
    scratch_widths: Sequence[float] = (),
    finished: str | os.PathLike | None = None,
    only_whole: bool = False,
) -> Comparison:
    """Trains all networks of a comparison with one recipe, and measures them.

    ```
    config = load_config("fashion_mnist_mini")
    source = load_source("fashion_mnist_mini")
    print(compare(config, source, "out"))
    ```

    They are the hierarchical network; a plain network of as many
    multiply-accumulates, and a second one as deep as the hierarchical network
    where that is deeper than ResNet-8's three blocks; and for every set of
    `category_sets.every_set` a plain network for its categories alone, of as
    many multiply-accumulates as the cutout.

    Every network has a work directory of its own in `workdir`, and its test
    logits are kept in `finished` once it is trained: called again after a
    break, with the same settings, only what is missing is trained.

    Args:
        config: the hierarchical network, and the recipe of all.
        source: the images.
        workdir: directory for what the runs write.
        sets_per_size: how many random sets of 2, 3 and 5 branches.
        sets_seed: of the random sets.
        plain_widths: for each of them one more plain network of all
            categories, of that multiple of the filters, to find the size that
            is as accurate as the full network.
        scratch_widths: the same for every node and its cutout. Random sets
            have none: they would double the hours of training.
        finished: directory for the logits of finished networks, all that the
            figures need: with them another machine can go on. By default
            `workdir`.
        only_whole: leaves away all but the hierarchical network and the plain
            one of as many multiply-accumulates, with `plain_widths`: enough
            for a longer training.

    Raises:
        ValueError: settings, images and work directory do not fit together,
            the taxonomy has no nodes, or no plain network fits a budget.
        FloatingPointError: a loss is no longer a number.
        OSError: the work directory cannot be written.
    """
    _check_widths((*plain_widths, *scratch_widths))
    if config.initial_weights is not None:
        raise ValueError(
            f"Expected config.initial_weights to be None for a comparison, all "
            f"of whose networks start from random ones, got "
            f"{config.initial_weights!r}. Leave it away."
        )
    if config.ema_momentum and not only_whole:
        raise ValueError(
            f"Expected config.ema_momentum = 0 for a comparison with networks "
            f"from scratch, whose fewer images make fewer steps to average, "
            f"got {config.ema_momentum}. Leave it away, or train the whole "
            f"networks alone, with `only_whole`."
        )
    if only_whole and scratch_widths:
        raise ValueError(
            f"Expected no `scratch_widths` with `only_whole`, which trains no "
            f"networks from scratch, got {tuple(scratch_widths)}. Leave one of "
            f"them away."
        )
    taxonomy = data.load_taxonomy(config.taxonomy, source)
    source = data.relabel(source, taxonomy)
    networks = _Networks(
        config, source, pathlib.Path(workdir), pathlib.Path(finished or workdir)
    )
    every = CategorySet((), taxonomy.categories)
    model = networks.hierarchical(taxonomy)
    sets = ()
    if not only_whole:
        sets = category_sets.every_set(model.taxonomy, sets_per_size, sets_seed)
    solved = networks.solve_all(model, (every, *sets))
    whole_cost = hlp_keras.cost(model)
    _check_budget(hlp_keras.cost(solved[every]), whole_cost)
    way = tuple(stage for level in model.levels for stage in level)
    solved_as_deep = None
    if not only_whole and _blocks(way) > _blocks(stages.plain_stages()):
        solved_as_deep = networks.solve(every, whole_cost.macs, way)
    logits = networks.logits(model, config, source, "hierarchical")
    full = _Whole(model, logits, source.test.labels)
    plain = networks.plain(every, solved[every])
    as_deep = None
    if solved_as_deep is not None:
        as_deep = networks.plain(every, solved_as_deep, folder="plain_as_deep")
    plain = _Whole(plain.model, plain.logits, source.test.labels)
    results = []
    for chosen in solved:
        logging.info("%d of %d: %s.", len(results), len(sets), chosen.name)
        if chosen is every:
            widths = plain_widths
        else:
            widths = () if chosen.is_random else scratch_widths
        scratch = (
            networks.plain(chosen, solved[chosen], width)
            for width in (1, *widths)
        )
        results.append(_compare_on(chosen, full, plain, *scratch))
    whole, *results = results
    return Comparison(
        data=source.name,
        images=len(source.test.images),
        config=config,
        sets_seed=sets_seed,
        whole=whole,
        sets=tuple(results),
        across=_across(full, plain, sets_seed),
        top_down=full.top_down(model.taxonomy),
        plain_top_down=plain.top_down(model.taxonomy),
        summary=summarize(whole, results),
        as_deep=as_deep and _compare_on(every, full, plain, as_deep),
    )


def _compare_on(chosen, full, plain, scratch, *others):
    """Puts together the figures of all networks for one set."""
    cutout = _result(full.hits(chosen), full.cost(chosen))
    results = [_result(each.hits, each.cost) for each in (scratch, *others)]
    equal = smallest_equal(cutout.accuracy.value, results) if others else None
    return SetResult(
        chosen,
        cutout,
        results[0],
        _result(plain.hits(chosen), hlp_keras.cost(plain.model)),
        statistics.difference(full.hits(chosen), scratch.hits),
        statistics.difference(full.hits(chosen), plain.hits(chosen)),
        tuple(results[1:]),
        equal,
    )


def _result(hits, cost):
    return NetworkResult(statistics.share(hits), cost.params, cost.macs)


def _blocks(run):
    return sum(stage.blocks for stage in run)


def _check_widths(widths):
    if not all(0 < width < math.inf and width != 1 for width in widths):
        raise ValueError(
            f"Expected finite widths of plain networks above 0, and not 1, "
            f"which is always trained, got {tuple(widths)}."
        )


def _check_budget(plain, full):
    if abs(plain.macs / full.macs - 1) > _TOLERANCE:
        raise ValueError(
            f"Expected a plain network within {100 * _TOLERANCE:g} % of the "
            f"full one's {full.macs:,} MACs, but the nearest has "
            f"{plain.macs:,}. Make config.levels wider."
        )


@dataclasses.dataclass(frozen=True, eq=False)
class _Whole:
    """A trained network of all categories, with its logits on all images."""

    model: hlp_keras.HLPModel
    logits: np.ndarray
    labels: np.ndarray

    def hits(self, chosen):
        """Which images of a set it gets right, choosing among the set."""
        taxonomy, names = self.model.taxonomy, chosen.categories
        return evaluate.cutout_hits(taxonomy, self.logits, self.labels, names)

    def top_down(self, taxonomy):
        """Its accuracy, decided top-down, over that of the highest logit.

        The taxonomy is given, as a plain network has none of its own.
        """
        hits = (
            evaluate.cutout_hits(
                *(taxonomy, self.logits, self.labels, taxonomy.categories),
                top_down,
            )
            for top_down in (True, False)
        )
        return statistics.difference(*hits)

    def cost(self, chosen):
        """Of the cutout for a set."""
        return hlp_keras.cost(self.model, chosen.categories)


@dataclasses.dataclass(frozen=True, eq=False)
class _Plain:
    """A trained plain network, with its logits on the images of its set."""

    model: hlp_keras.HLPModel
    logits: np.ndarray
    labels: np.ndarray

    @property
    def hits(self):
        """Which images it gets right."""
        return self.logits.argmax(axis=1) == self.labels

    @property
    def cost(self):
        """Of the network."""
        return hlp_keras.cost(self.model)


@dataclasses.dataclass(frozen=True, eq=False)
class _Networks:
    """Trains the networks of a comparison, each in a directory of its own."""

    config: TrainConfig
    source: Source
    workdir: pathlib.Path
    finished: pathlib.Path

    def hierarchical(self, taxonomy):
        """The full network, not trained yet."""
        model = self._build(self.config, taxonomy)
        if not model.taxonomy.nodes:
            raise ValueError(
                f"Expected a network with nodes, whose cutouts can be "
                f"compared, but {self._why_flat(taxonomy)}"
            )
        evaluate.check_images(model, self.source)
        return model

    def _why_flat(self, taxonomy):
        if taxonomy.nodes:
            return (
                "config.levels has stages for the trunk alone. Add some for "
                "the levels of nodes."
            )
        return (
            f"{self.config.taxonomy} is a flat list of categories. Group them."
        )

    def solve_all(self, model, sets):
        """A plain network for each set, at the cost of the cutout.

        What is wrong with one is said now, not after hours of training.
        """
        solved = {}
        for chosen in sets:
            macs = hlp_keras.cost(model, chosen.categories).macs
            split = data.restrict(self.source, chosen.categories).train
            try:
                data.steps_per_epoch(split, self.config)
                solved[chosen] = self.solve(chosen, macs)
            except ValueError as error:
                raise ValueError(
                    f"{chosen.name} cannot have a plain network: {error}"
                ) from error
        return solved

    def solve(self, chosen, macs, way=None):
        """A plain network for a set, of `macs`, not trained.

        Its stages are ResNet-8's, or those on a way through the hierarchical
        network.
        """
        return hlp_keras.plain_model(
            chosen.categories,
            self.source.image_shape,
            self.config.family,
            way,
            macs,
        )

    def plain(self, chosen, solved, width=1, folder=None):
        """What was solved for a set, or a multiple of its width, trained."""
        levels = [stages.scaled(solved.levels[0], width)]
        config = dataclasses.replace(
            self.config, levels=stages.levels_to_lists(levels)
        )
        model = self._build(config, solved.taxonomy)
        source = data.restrict(self.source, chosen.categories)
        folder = folder or _directory(chosen, width)
        logits = self.logits(model, config, source, folder)
        return _Plain(model, logits, source.test.labels)

    def logits(self, model, config, source, folder):
        """Trains a network, unless it was; its logits on the test images."""
        return trained_logits(
            model, config, source, self.workdir / folder, self.finished / folder
        )

    def _build(self, config, taxonomy):
        keras.utils.set_random_seed(config.seed)
        return train.build_model(config, taxonomy, self.source.image_shape)


def _directory(chosen, width):
    """`plain`, `plain_x0.5`, `scratch/pet+craft`, `scratch_x0.5/...`."""
    kind = "scratch" if chosen.nodes else "plain"
    if width != 1:
        kind += f"_x{width:g}"
    # Names of nodes may have signs that those of files may not.
    names = (urllib.parse.quote(node, safe=" ") for node in chosen.nodes)
    name = "+".join(names).replace(".", "%2E")
    if len(name) > _LONGEST_NAME:
        name = hashlib.sha256(name.encode()).hexdigest()
    return pathlib.Path(kind, name)


def _across(full, plain, seed):
    """Measures which part of the errors crosses branches, deepest first."""
    taxonomy = full.model.taxonomy
    levels = reversed(range(1, taxonomy.depth))
    results = []
    for level, top_down, number in itertools.product(
        levels, (False, True), _ACROSS_BRANCHES
    ):
        ours, theirs = (
            crossing.measure_across(
                *(taxonomy, each.logits, each.labels, level, number, seed),
                top_down,
            )
            for each in (full, plain)
        )
        if ours and theirs:
            results.append(AcrossResult(level, number, top_down, ours, theirs))
    return tuple(results)
