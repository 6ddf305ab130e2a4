"""What each part of a recipe is worth: one setting changed at a time.

`python -m benchmarks.ablation --config cifar10 --epochs 8 --data DIR
--workdir DIR --vary coarse_weight=0 --vary sets_weight=0`

Trains the configuration as it is, and once for every `--vary` with that
setting changed; a run that was broken off goes on. What is finished is kept in
`docs/results/ablation_...`, so that another machine goes on too; its changes
are to be named again.
"""

import argparse
import dataclasses
import pathlib
from collections.abc import Iterable

import keras
import numpy as np

import hlp_keras
from benchmarks import results, varied
from training import config as configs
from training import (
    crossing,
    data,
    evaluate,
    finished,
    sources,
    statistics,
    tables,
    train,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Variant:
    """One network of an ablation.

    Attributes:
        name: the setting that is changed, as typed; "" for none.
        hits: which test images the full network gets right.
        cutouts: mean over the nodes of their cutouts' accuracy.
        across: which errors of cutouts of two deepest nodes cross from one to
            the other; None where there are none.
        cost: of the full network.
    """

    name: str
    hits: np.ndarray
    cutouts: float
    across: crossing.Across | None
    cost: hlp_keras.Cost


def main() -> None:
    """Trains, and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    varied.add_flag(parser)
    options = parser.parse_args()
    recipes = {
        vary: configs.load_config(
            options.config,
            {
                "epochs": str(options.epochs),
                **varied.settings([vary] if vary else []),
            },
        )
        for vary in ("", *options.vary)
    }
    settings = recipes[""]
    source = sources.load_source(options.data, settings.image_size)
    name = f"ablation_{options.config}_{options.epochs}_epochs"
    folders = {vary: varied.file_name([vary]) or "as_it_is" for vary in recipes}
    check_all_named(results.RESULTS_DIR / name, folders.values())
    variants = [
        measure(
            vary,
            config,
            source,
            pathlib.Path(options.workdir, folders[vary]),
            results.RESULTS_DIR / name / folders[vary],
        )
        for vary, config in recipes.items()
    ]
    command = (
        f"python -m benchmarks.ablation --config {options.config} --epochs "
        f"{options.epochs} --data DIR --workdir DIR{varied.flags(options.vary)}"
    )
    results.write(
        name, make_result(options.config, command, settings, variants)
    )


def check_all_named(kept: pathlib.Path, folders: Iterable[str]) -> None:
    """Raises ValueError where a result would lose a variant it has."""
    there = {path.name for path in kept.iterdir()} if kept.exists() else set()
    if missing := sorted(there.difference(folders)):
        raise ValueError(
            f"Expected a --vary for each change that was measured before, but "
            f"there is none for {', '.join(missing)} in {kept}. Name it too, "
            f"or delete its directory."
        )


def measure(
    name: str,
    config: configs.TrainConfig,
    source: sources.Source,
    workdir: pathlib.Path,
    kept: pathlib.Path,
) -> Variant:
    """Trains one network, unless its logits are kept already.

    Args:
        name: what is changed.
        config: with the change.
        source: the images.
        workdir: directory for what the training writes.
        kept: directory for the logits.
    """
    taxonomy = data.load_taxonomy(config.taxonomy, source)
    source = data.relabel(source, taxonomy)
    keras.utils.set_random_seed(config.seed)
    model = train.build_model(config, taxonomy, source.image_shape)
    logits = finished.trained_logits(model, config, source, workdir, kept)
    labels, taxonomy = source.test.labels, model.taxonomy
    cutouts = [
        evaluate.cutout_hits(
            taxonomy, logits, labels, taxonomy.leaves(node)
        ).mean()
        for node in taxonomy.nodes
    ]
    return Variant(
        name,
        logits.argmax(axis=1) == labels,
        float(np.mean(cutouts)),
        crossing.measure_across(
            taxonomy,
            logits,
            labels,
            taxonomy.depth - 1,
            branches=2,
            seed=0,
        ),
        hlp_keras.cost(model),
    )


def make_result(
    name: str,
    command: str,
    settings: configs.TrainConfig,
    variants: list[Variant],
) -> results.Result:
    """Puts an ablation into words; the first variant is the one unchanged."""
    usual, *others = variants

    def row(variant):
        gained = variant.cutouts - usual.cutouts
        return (
            f"`{variant.name}`" if variant.name else "as it is",
            f"{100 * variant.hits.mean():.1f}",
            tables.points(statistics.difference(variant.hits, usual.hits)),
            f"{100 * variant.cutouts:.1f}",
            f"{100 * gained:+.1f}",
            f"{100 * variant.across.of_all:.1f}" if variant.across else "",
            f"{variant.cost.macs / 1e6:.1f} M",
            f"{variant.cost.params / 1e3:.0f} k",
        )

    return results.Result(
        title=f"What parts of the recipe are worth: {name}",
        command=command,
        about=(
            f"The configuration `{name}` with one setting changed at a time. "
            f"{settings.epochs} epochs, seed {settings.seed}, 1 run each: "
            f"the intervals (95 %, paired by image) do not hold what another "
            f"seed would change. "
            f"Short runs say little of what acts against overfitting. "
            f"*Cutouts* is the mean accuracy of the cutouts of all nodes; "
            f"*across* the share of all errors of cutouts of two deepest nodes "
            f"that cross from one to the other."
        ),
        figures=(
            results.Figure(
                "accuracy of the configuration as it is, %",
                100 * float(usual.hits.mean()),
                runs=f"1 run, {settings.epochs} epochs",
            ),
        ),
        order=45,
        headlines=0,
        tables=(
            results.Table(
                "Accuracy in %, differences in points:",
                (
                    *("changed", "all categories", "difference", "cutouts"),
                    *("difference", "across", "MACs", "parameters"),
                ),
                tuple(map(row, (usual, *others))),
            ),
        ),
    )


if __name__ == "__main__":
    main()
