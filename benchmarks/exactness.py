"""Largest difference between cutouts and the full network's logits.

`python -m benchmarks.exactness` cuts 500 random category sets out of networks
of 50 random taxonomies, with random weights and batch-norm statistics.
"""

import keras
import numpy as np

import hlp_keras
from benchmarks import results

NUM_TAXONOMIES = 50
SETS_PER_TAXONOMY = 10
TOLERANCE = 1e-5


def measure(seed: int = 0) -> float:
    """The largest absolute difference over all cases."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    largest = 0.0
    for case in range(NUM_TAXONOMIES):
        taxonomy = random_taxonomy(rng)
        family = ("resnet", "mobilenet")[case % 2]
        model = hlp_keras.HLPModel(taxonomy, (16, 16, 3), family)
        randomise(model, rng)
        images = rng.random((8, 16, 16, 3), "float32")
        logits = keras.ops.convert_to_numpy(model(images))
        for _ in range(SETS_PER_TAXONOMY):
            size = rng.integers(1, len(taxonomy.categories) + 1)
            names = rng.choice(taxonomy.categories, size, replace=False)
            small = hlp_keras.cutout(model, names.tolist())
            kept = list(small.taxonomy.class_indices.values())
            part = keras.ops.convert_to_numpy(small(images))
            largest = max(largest, np.abs(part - logits[:, kept]).max())
    return float(largest)


def random_taxonomy(rng) -> hlp_keras.Taxonomy:
    """A tree of 2 to 12 categories, with a random class order."""
    names = [f"category_{i}" for i in range(rng.integers(2, 13))]
    tree = _random_tree(rng, names, depth=int(rng.integers(0, 4)), path="n")
    order = rng.permutation(names).tolist()
    return hlp_keras.Taxonomy.from_nested(tree, order)


def _random_tree(rng, names, depth, path):
    if depth == 0 or len(names) == 1:
        return list(names)
    num_groups = rng.integers(1, len(names) + 1)
    groups = np.array_split(names, num_groups)
    return {
        f"{path}_{i}": _random_tree(rng, group, depth - 1, f"{path}_{i}")
        for i, group in enumerate(groups)
    }


def randomise(model, rng) -> None:
    """Gives batch normalisations statistics that are not neutral."""
    for weight in model.weights:
        if weight.name in ("gamma", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif weight.name in ("beta", "moving_mean", "bias"):
            weight.assign(rng.normal(0, 0.2, weight.shape))


def main() -> None:
    """Measures and writes the result file."""
    difference = measure()
    cases = NUM_TAXONOMIES * SETS_PER_TAXONOMY
    figure = results.Figure(
        name="largest difference of any logit, float32",
        value=difference,
        target="at most 1e-5",
        reached=difference <= TOLERANCE,
        runs=f"{cases} cases, seed 0",
    )
    results.write(
        "exactness",
        results.Result(
            title="Cutouts give the full network's logits",
            command="python -m benchmarks.exactness",
            about=(
                f"{cases} random category sets cut out of networks of "
                f"{NUM_TAXONOMIES} random taxonomies, both families, random "
                f"weights and batch-normalisation statistics."
            ),
            figures=(figure,),
            order=10,
        ),
    )


if __name__ == "__main__":
    main()
