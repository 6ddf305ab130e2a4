"""Errors of cutouts that cross from one branch to another."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from hlp_keras import Taxonomy
from hlp_keras.losses import membership
from training import category_sets, evaluate

# They cost no training; of 200 the mean would still move by half a point.
_SETS = 1000


@dataclasses.dataclass(frozen=True)
class Across:
    """Which part of the errors of several cutouts crosses branches.

    Attributes:
        cutouts: how many have errors.
        of_all: the part of the errors of all of them together, in which large
            cutouts with many errors count for more.
        mean: of the parts of each.
        of_answers: the part of all answers, right ones too, of all cutouts
            together that is an error across.
    """

    cutouts: int
    of_all: float
    mean: float
    of_answers: float


def measure_across(
    taxonomy: Taxonomy,
    logits: np.ndarray,
    labels: np.ndarray,
    level: int,
    branches: int,
    seed: int,
    top_down: bool = False,
) -> Across | None:
    """Measures which part of the errors of cutouts crosses their branches.

    An error crosses where the answer lies below another of the cutout's nodes
    than the right category.

    ```
    deepest = taxonomy.depth - 1
    measure_across(taxonomy, logits, labels, deepest, branches=2, seed=0).mean
    ```

    Args:
        taxonomy: of the full network, levelled.
        logits: of the full network, for all images.
        labels: of all images.
        level: of the nodes that are branches here, 1 to `depth - 1`.
        branches: how many a cutout has.
        seed: of the sets that are drawn where there are more than 1,000.
        top_down: how cutouts decide, see `evaluate.predict_inside`.

    Returns:
        what was found, or None where there are no such cutouts or no errors.
    """
    nodes = taxonomy.nodes_at(level)
    node_of = membership(taxonomy, level).argmax(axis=1)
    counts = []
    for names in category_sets.draw_nodes(nodes, branches, _SETS, seed):
        predicted, right = evaluate.predict_inside(
            taxonomy, logits, labels, taxonomy.resolve(names), top_down
        )
        crosses = node_of[predicted] != node_of[right]
        errors = predicted != right
        counts.append((len(errors), errors.sum(), crosses.sum()))
    return put_together(counts)


def put_together(counts: Iterable[tuple[int, int, int]]) -> Across | None:
    """Takes the shares from answers, errors and errors across of each cutout.

    Returns:
        the shares, or None without errors.
    """
    answers, errors, across = np.reshape(list(counts), (-1, 3)).T
    if not errors.any():
        return None
    has_errors = errors > 0
    return Across(
        int(has_errors.sum()),
        float(across.sum() / errors.sum()),
        float((across[has_errors] / errors[has_errors]).mean()),
        float(across.sum() / answers.sum()),
    )
