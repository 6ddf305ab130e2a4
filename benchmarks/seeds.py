"""The hierarchical network beside the plain one, over several seeds.

`python -m benchmarks.seeds --config cifar10 --epochs 12`

Trains nothing: it puts together what `benchmarks.comparison` wrote as it is and
with `--vary seed=1` and other seeds, at least one.
"""

import argparse
import re

import numpy as np

from benchmarks import results
from training import config as configs
from training import statistics

# How many points the full network is ahead is a comparison's first figure.
_AHEAD = 0
_COLUMNS = ("cutout", "plain", "over plain")


def main() -> None:
    """Writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    options = parser.parse_args()
    name = f"comparison_{options.config}_{options.epochs}_epochs"
    results.write(f"{name}_seeds", make_result(options.config, options.epochs))


def make_result(config: str, epochs: int) -> results.Result:
    """Puts the comparisons of a configuration that differ by seed together.

    Raises:
        ValueError: there are fewer than two.
    """
    own_seed = configs.load_config(config).seed
    by_seed = _read(f"comparison_{config}_{epochs}_epochs", own_seed)
    if len(by_seed) < 2:
        raise ValueError(
            f"Expected comparisons of {config} for {epochs} epochs with at "
            f"least two seeds, got {len(by_seed)}. Make one by "
            f"`python -m benchmarks.comparison --vary seed=1`."
        )
    ahead = np.array([one.figures[_AHEAD].value for one in by_seed.values()])
    mean = statistics.mean(ahead / 100)
    return results.Result(
        title=f"Over several seeds: {config}, {epochs} epochs",
        command=f"python -m benchmarks.seeds --config {config} --epochs "
        f"{epochs}",
        about=(
            "The full hierarchical network and the plain one of as many "
            "multiply-accumulates, trained once with each seed, which is that "
            "of the weights, the order of the images and the augmentation. The "
            "interval (95 %) of the mean is over the seeds; each is a "
            "comparison of its own on this page, with its interval over "
            "images. The machine is that which took the mean."
        ),
        figures=(
            results.difference(
                "full hierarchical network over the plain one at equal MACs, "
                "mean over seeds, points",
                mean,
                "at least 0",
                mean.value >= 0,
                f"{mean.number} seeds, 1 run each",
                decimals=2,
            ),
        ),
        order=41,
        tables=(
            results.Table(
                "Accuracy on all categories in %, difference in points:",
                ("seed", "hierarchical", "plain", "difference"),
                tuple(
                    (str(seed), *_cells(one)) for seed, one in by_seed.items()
                ),
            ),
        ),
    )


def _read(name, own_seed):
    """The comparisons by seed, in the order of the seeds."""
    paths = {own_seed: results.RESULTS_DIR / f"{name}.json"}
    for path in results.RESULTS_DIR.glob(f"{name}_seed=*.json"):
        # Not those with more changed than the seed.
        if found := re.fullmatch(rf"{name}_seed=(\d+)", path.stem):
            paths[int(found[1])] = path
    return {
        seed: results.read(path)
        for seed, path in sorted(paths.items())
        if path.exists()
    }


def _cells(comparison):
    """Accuracies and difference of the full networks, as the page has them."""
    table = comparison.tables[0]  # That of accuracies.
    whole = dict(zip(table.header, table.rows[0], strict=True))
    return tuple(whole[column] for column in _COLUMNS)


if __name__ == "__main__":
    main()
