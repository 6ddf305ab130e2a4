"""The hierarchical network beside a pool of experts that one network taught.

`python -m benchmarks.pool_of_experts --config cifar10 --epochs 8
--oracle cifar10_resnet_mcu --data DIR --workdir DIR`

`benchmarks.experts` tells what that is. What is finished is kept in
`docs/results`.
"""

import argparse
import dataclasses
import pathlib

import keras
import numpy as np

import hlp_keras
from benchmarks import experts, results
from training import (
    category_sets,
    data,
    evaluate,
    sources,
    statistics,
    tables,
    train,
)
from training import config as configs
from training.finished import trained_logits

_SETS_PER_SIZE = 10


def main() -> None:
    """Trains what is missing, and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--oracle", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--workdir", required=True)
    options = parser.parse_args()
    config = configs.load_config(
        options.config,
        {"epochs": str(options.epochs), "teacher": options.oracle},
    )
    of_run = f"{options.config}_{options.epochs}_epochs"
    kept = results.RESULTS_DIR / f"pool_of_experts_{of_run}"
    source = sources.load_source(options.data, config.image_size)
    ours, pool, source = measure(config, source, options.workdir, kept)
    command = (
        f"python -m benchmarks.pool_of_experts --config {options.config} "
        f"--epochs {options.epochs} --oracle {options.oracle} --data DIR "
        f"--workdir DIR"
    )
    results.write(
        f"pool_of_experts_{of_run}",
        make_result(
            f"{options.config}, {options.epochs} epochs",
            command,
            config,
            source.test.labels,
            ours,
            pool,
        ),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Network:
    """A trained network and its logits on the test images."""

    model: hlp_keras.HLPModel
    logits: np.ndarray


def measure(
    config: configs.TrainConfig,
    source: sources.Source,
    workdir: str,
    kept: pathlib.Path,
) -> tuple[Network, Network, sources.Source]:
    """Trains the hierarchical network and the pool, unless they are kept.

    Args:
        config: of the hierarchical network; its teacher is the oracle.
        source: the images.
        workdir: directory for what the trainings write.
        kept: directory for the logits of both.

    Returns:
        both, and the images with the categories' numbers.
    """
    taxonomy = data.load_taxonomy(config.taxonomy, source)
    source = data.relabel(source, taxonomy)
    keras.utils.set_random_seed(config.seed)
    whole = train.build_model(config, taxonomy, source.image_shape)
    pool, of_pool = experts.build_experts(whole, config)
    found = [
        Network(
            model,
            trained_logits(
                model,
                settings,
                source,
                pathlib.Path(workdir, name),
                kept / name,
                fit,
            ),
        )
        for name, model, settings, fit in (
            ("hierarchical", whole, config, experts.fit_whole),
            ("experts", pool, of_pool, experts.fit_pool),
        )
    ]
    return (*found, source)


def make_result(
    name: str,
    command: str,
    config: configs.TrainConfig,
    labels: np.ndarray,
    ours: Network,
    pool: Network,
) -> results.Result:
    """Puts the comparison into words."""
    taxonomy = ours.model.taxonomy
    sets = category_sets.every_set(taxonomy, _SETS_PER_SIZE, seed=config.seed)
    every = category_sets.CategorySet((), taxonomy.categories)
    compared = {
        chosen: [
            evaluate.cutout_hits(
                taxonomy, network.logits, labels, chosen.categories
            )
            for network in (ours, pool)
        ]
        for chosen in (every, *sets)
    }
    return results.Result(
        title=f"Beside a pool of experts: {name}",
        command=command,
        about=_about(config),
        figures=tuple(
            _figures(
                compared,
                f"1 run, {config.epochs} epochs, the pool twice as many",
            )
        ),
        order=43,
        headlines=3,
        tables=(
            results.Table(
                "Accuracy in %, difference in points, cost of both:",
                (
                    *("set", "cutout", "experts", "difference"),
                    *("MACs", "of experts", "parameters", "of experts"),
                ),
                tuple(
                    _row(chosen, *both, ours.model, pool.model)
                    for chosen, both in compared.items()
                ),
            ),
        ),
    )


def _about(config):
    return (
        f"A pool of experts (Kim and Choi, SIGMOD 2021, arXiv 2107.01354) of "
        f"the same blocks: a library with the stages of the trunk, and an "
        f"expert per deepest node. Its library is taught for {config.epochs} "
        f"epochs in a plain network, then its experts for as many, without "
        f"labels, at temperature {experts.TEMPERATURE:g} and with "
        f"{experts.SCALE_WEIGHT:g} times the difference of logits, as the "
        f"authors did; rates, schedule and augmentation are those of the "
        f"configuration. The hierarchical network is taught by the same "
        f"network, {config.teacher}, in the way of the library, for "
        f"{config.epochs} epochs. Seed {config.seed}, 1 run each; the authors "
        f"train 100 to 200 epochs. Differences are paired by image, in points "
        f"with 95 % intervals; those of means over sets are intervals over the "
        f"sets."
    )


def _figures(compared, trained):
    ahead = {
        chosen: statistics.difference(*both)
        for chosen, both in compared.items()
    }
    every, *sets = ahead
    yield results.difference(
        "full hierarchical network over all experts together, points",
        ahead[every],
        "above 0",
        ahead[every].value > 0,
        trained,
    )
    for which, is_random in (("nodes", False), ("random sets", True)):
        of_sets = [ahead[s].value for s in sets if s.is_random == is_random]
        if len(of_sets) > 1:
            mean = statistics.mean(of_sets)
            yield results.difference(
                f"cutouts over networks of experts, {which}, points",
                mean,
                "above 0",
                mean.value > 0,
                f"{mean.number} sets, {trained}",
            )


def _row(chosen, of_ours, of_pool, *models):
    costs = [hlp_keras.cost(model, chosen.categories) for model in models]
    return (
        chosen.name,
        f"{100 * of_ours.mean():.1f}",
        f"{100 * of_pool.mean():.1f}",
        tables.points(statistics.difference(of_ours, of_pool)),
        *(f"{cost.macs / 1e6:.1f} M" for cost in costs),
        *(f"{cost.params / 1e3:.0f} k" for cost in costs),
    )


if __name__ == "__main__":
    main()
