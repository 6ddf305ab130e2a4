"""Errors of cutouts that cross from one branch to another."""

import numpy as np

from hlp_keras import Taxonomy
from training import category_sets, evaluate

# They cost no training; of 200 the mean would still move by half a point.
_SETS = 1000


def shares_across(
    taxonomy: Taxonomy,
    logits: np.ndarray,
    labels: np.ndarray,
    branches: int,
    seed: int,
) -> np.ndarray:
    """For cutouts of some branches, the part of the errors that crosses them.

    A branch is a node of the deepest level; an error crosses where the answer
    lies below another one than the right category.

    ```
    shares_across(taxonomy, logits, labels, branches=2, seed=0).mean()
    ```

    Args:
        taxonomy: of the full network, levelled.
        logits: of the full network, for all images.
        labels: of all images.
        branches: how many a cutout has.
        seed: of the sets that are drawn where there are more than 1,000.

    Returns:
        an entry per set of branches with errors.
    """
    parents = np.array([taxonomy.parent(name) for name in taxonomy.categories])
    shares = []
    for names in category_sets.draw_branches(taxonomy, branches, _SETS, seed):
        predicted, right = evaluate.predict_inside(
            taxonomy, logits, labels, taxonomy.resolve(names)
        )
        is_wrong = predicted != right
        if is_wrong.any():
            crosses = parents[predicted] != parents[right]
            shares.append(crosses[is_wrong].mean())
    return np.array(shares)
