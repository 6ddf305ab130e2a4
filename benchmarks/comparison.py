"""A hierarchical network and its cutouts beside plain networks.

`python -m benchmarks.comparison --config cifar10 --data DIR --workdir DIR`

Trains every network of `hlp-compare`, which takes hours; a run that was broken
off goes on. What is finished is kept in `docs/results/comparison_...`, so that
another machine goes on too. `--vary teacher=imagenet100_resnet` and the like
change the recipe of all of them.
"""

import argparse
import dataclasses

from benchmarks import results, varied
from training import compare, comparison_plots, config, sources, tables
from training.comparison import Comparison, SetResult, smallest_equal

# Errors that may cross branches, by the number of branches (Kelm et al.).
MOST_ACROSS = {2: 0.24, 3: 0.37, 4: 0.46, 5: 0.52}
# Of further plain networks; see `compare.compare`.
_WIDTHS = ("plain_widths", "scratch_widths")


def main() -> None:
    """Trains, and writes the result file and the plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--sets_per_size", type=int, default=7)
    parser.add_argument("--only_whole", action="store_true")
    varied.add_flag(parser)
    for flag in _WIDTHS:
        parser.add_argument(f"--{flag}", type=float, nargs="*", default=[])
    options = parser.parse_args()
    overrides = {"epochs": str(options.epochs)} if options.epochs else {}
    settings = config.load_config(
        options.config, {**overrides, **varied.settings(options.vary)}
    )
    source = sources.load_source(options.data, settings.image_size)
    name = f"comparison_{options.config}_{settings.epochs}_epochs"
    if options.vary:
        name += f"_{varied.file_name(options.vary)}"
    comparison = compare.compare(
        settings,
        source,
        options.workdir,
        options.sets_per_size,
        **{flag: getattr(options, flag) for flag in _WIDTHS},
        finished=results.RESULTS_DIR / name,
        only_whole=options.only_whole,
    )
    print(comparison)
    plots = {}
    if comparison.sets:
        plots = comparison_plots.save(comparison, results.RESULTS_DIR / name)
    result = make_result(
        ", ".join([options.config, *options.vary]),
        _command(options, settings.epochs),
        comparison,
    )
    plots = tuple(
        (f"{name}/{path.name}", words) for path, words in plots.items()
    )
    results.write(name, dataclasses.replace(result, plots=plots))


def _command(options, epochs):
    parts = [
        f"python -m benchmarks.comparison --config {options.config} --epochs "
        f"{epochs} --data DIR --workdir DIR",
        "--only_whole"
        if options.only_whole
        else f"--sets_per_size {options.sets_per_size}",
    ]
    for flag in _WIDTHS:
        if widths := getattr(options, flag):
            parts.append(f"--{flag} {' '.join(f'{w:g}' for w in widths)}")
    return " ".join(parts) + varied.flags(options.vary)


def make_result(
    name: str, command: str, comparison: Comparison
) -> results.Result:
    """Puts a comparison into words."""
    settings = comparison.config
    headlines = tuple(_headlines(comparison))
    taught, loss = "", "loss"
    if settings.teacher is not None:
        loss = "loss on labels"
        taught = (
            f"Each is taught by {settings.teacher}, whose own training is not "
            f"counted. "
        )
    scratch = ""
    if comparison.sets:
        scratch = (
            f"*Scratch* is a plain network that was trained on a set's "
            f"categories alone and costs as many multiply-accumulates as the "
            f"cutout, within {100 * comparison.deviation:.1f} %. "
        )
    return results.Result(
        title=f"Cutouts beside plain networks: {name}, {settings.epochs} "
        f"epochs",
        command=command,
        about=(
            f"All networks are trained with the same recipe for "
            f"{settings.epochs} epochs, seed {settings.seed}, 1 run each. "
            f"{taught}{scratch}"
            f"*Plain* is one of all categories that costs as many as the full "
            f"network. "
            f"Plain networks have no nodes: their {loss} is the cross-entropy "
            f"alone, {1 + settings.sets_weight:g} times. Differences are "
            f"paired by image, in points with 95 % intervals; those of means "
            f"over sets are intervals over the sets. The highest logit "
            f"decides, or, *top-down*, what is most probable on each level of "
            f"the tree (`hlp_keras.decide_top_down`)."
        ),
        figures=(*headlines, *_figures(comparison)),
        order=40,
        tables=(_sets(comparison), *_above(comparison)),
        headlines=len(headlines),
    )


def _headlines(comparison):
    summary = comparison.summary
    trained = f"1 run, {comparison.config.epochs} epochs"
    yield _difference(
        "full hierarchical network over the plain one at equal MACs, points",
        comparison.whole.over_scratch,
        f"{trained}, {comparison.images:,} images",
        target="at least 0",
    )
    if comparison.as_deep is not None:
        yield _difference(
            "full hierarchical network over a plain one as deep at equal MACs, "
            "points",
            comparison.as_deep.over_scratch,
            f"{trained}, {comparison.images:,} images",
            target="at least 0",
        )
    whole = "the plain network of all categories"
    for sets, figure, target in (
        ("networks from scratch, nodes", summary.nodes_over_scratch, "above 0"),
        (
            "networks from scratch, random sets",
            summary.random_over_scratch,
            "above 0",
        ),
        (f"{whole}, nodes", summary.nodes_over_plain, ""),
        (f"{whole}, random sets", summary.random_over_plain, ""),
    ):
        if figure is not None:
            yield _difference(
                f"cutouts over {sets}, points",
                figure,
                f"{trained}, {_number_of(figure.number, 'set')}",
                target,
            )
    yield from _saved(summary)
    yield from _left_away(summary, comparison.config.taxonomy)


def _figures(comparison):
    yield plain_as_accurate(comparison.whole, "plain one")
    if comparison.as_deep is not None:
        yield plain_as_accurate(comparison.as_deep, "plain one as deep,")
    for network, figure in (
        ("full network", comparison.top_down),
        ("plain network", comparison.plain_top_down),
    ):
        yield _difference(
            f"{network} decided top-down over the highest logit, points",
            figure,
            f"1 run, {comparison.images:,} images",
            target="",
        )
    deepest = max((across.level for across in comparison.across), default=0)
    for across in comparison.across:
        if across.level == deepest:
            yield from _across(across)


def _across(across):
    most = MOST_ACROSS[across.branches]
    ours, plain = across.hierarchical, across.plain
    of_cutouts = f"cutouts of {across.branches} deepest nodes"
    decided = "decided top-down, " if across.top_down else ""
    of_answers = (
        f"; of all answers {100 * ours.of_answers:.2f}, plain "
        f"{100 * plain.of_answers:.2f}"
    )
    mean = f"errors of {of_cutouts}, mean over these"
    for name, share, of_plain, note in (
        (f"all errors of {of_cutouts}", ours.of_all, plain.of_all, of_answers),
        (mean, ours.mean, plain.mean, ""),
    ):
        yield results.Figure(
            f"errors across branches, {decided}of {name}, %",
            100 * share,
            f"below {100 * most:g}",
            share < most,
            f"{_number_of(ours.cutouts, 'cutout')}; plain network "
            f"{100 * of_plain:.1f}{note}",
        )


def plain_as_accurate(whole: SetResult, kind: str) -> results.Figure:
    """Compares the full network's price with an equally good plain one's.

    Args:
        whole: the set of all categories.
        kind: of the plain networks, which are all of one shape.
    """
    networks = [whole.scratch, *whole.others]
    equal = smallest_equal(whole.cutout.accuracy.value, networks)
    # More than some MACs is at most some ratio, and the other way round.
    bound = {"more than": "below this, ", "at most": "at least this, "}
    ratio = whole.cutout.macs / equal.macs
    is_within = ratio <= 1.5
    is_decided = equal.bound != ("at most" if is_within else "more than")
    return results.Figure(
        f"MACs of the full network over those of the smallest {kind} as "
        f"accurate",
        ratio,
        "at most 1.5",
        is_within if is_decided else None,
        f"{bound.get(equal.bound, '')}"
        f"{_number_of(len(networks), 'plain network')}",
    )


def _number_of(number, name):
    return f"{number} {name}{'s' * (number != 1)}"


def _left_away(summary, taxonomy):
    best = summary.best_node
    if best is None:
        return
    # What Kelm et al. reached; ten categories have too few nodes for it.
    has_target = taxonomy == "imagenet100"
    for kind, share, least in (
        ("parameters", best.params, 0.7348),
        ("MACs", best.macs, 0.8441),
    ):
        yield results.Figure(
            f"{kind} left away by the cutout of {best.node}, %",
            100 * share,
            f"at least {100 * least:g}" if has_target else "",
            share >= least if has_target else None,
            "counted",
        )


def _saved(summary):
    for kind, figure, least in (
        ("parameters", summary.params_saved, 0.4),
        ("MACs", summary.macs_saved, 0.25),
    ):
        if figure is not None:
            yield results.Figure(
                f"{kind} saved over networks from scratch of equal accuracy, %",
                100 * figure.value,
                f"at least {100 * least:g}",
                figure.value >= least,
                _bounds(figure.number, summary.bounds),
            )


def _bounds(nodes, bounds):
    """Says of how many nodes a saving is only known from one side."""
    # That of a larger plain network is larger.
    known = {"more than": "at least this", "at most": "at most this"}
    return "; ".join(
        [
            _number_of(nodes, "node"),
            *(f"{known[side]} in {n}" for side, n in bounds.items() if n),
        ]
    )


def _difference(name, estimate, runs, target):
    reached = {
        "above 0": estimate.value > 0,
        "at least 0": estimate.value >= 0,
        "": None,
    }[target]
    return results.difference(name, estimate, target, reached, runs, decimals=2)


def _sets(comparison):
    rows = [_row(comparison.whole)]
    if comparison.as_deep is not None:
        rows.append(_row(comparison.as_deep, ", scratch as deep"))
    rows += map(_row, comparison.sets)
    return results.Table(
        "Accuracy on the categories of a set, in %; parameters in thousands "
        "and multiply-accumulates in millions, of cutout and scratch:",
        (
            *("set (categories)", "cutout", "scratch", "plain"),
            *("over scratch", "over plain", "parameters", "MACs"),
            "scratch of other widths: accuracy, MACs",
        ),
        tuple(rows),
    )


def _above(comparison):
    """The errors that cross branches of the levels above the deepest."""
    levels = {across.level for across in comparison.across}
    if len(levels) > 1:
        yield results.Table(
            "Errors across branches where these are nodes above the deepest, "
            "in %, of cutouts of several of them; level 1 is below the root:",
            (
                *("level", "decision", "nodes", "cutouts"),
                "of all their errors",
                *("mean over cutouts", "plain, of all", "plain, mean"),
            ),
            tuple(
                (
                    f"{across.level}",
                    "top-down" if across.top_down else "highest logit",
                    f"{across.branches}",
                    f"{across.hierarchical.cutouts}",
                    *(
                        f"{100 * share:.1f}"
                        for each in (across.hierarchical, across.plain)
                        for share in (each.of_all, each.mean)
                    ),
                )
                for across in comparison.across
                if across.level < max(levels)
            ),
        )


def _row(one, note=""):
    networks = one.cutout, one.scratch
    others = sorted(one.others, key=lambda network: network.macs)
    return (
        f"{one.of.name} ({len(one.of.categories)}){note}",
        *(_accuracy(each) for each in (*networks, one.plain)),
        tables.points(one.over_scratch),
        tables.points(one.over_plain),
        ", ".join(f"{each.params / 1e3:.0f}" for each in networks),
        ", ".join(f"{each.macs / 1e6:.1f}" for each in networks),
        "; ".join(f"{_accuracy(o)}, {o.macs / 1e6:.1f}" for o in others),
    )


def _accuracy(network):
    return f"{100 * network.accuracy.value:.1f}"


if __name__ == "__main__":
    main()
