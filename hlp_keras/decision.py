"""From logits to a category, down the tree.

The top-down approach of Silla and Freitas, "A survey of hierarchical
classification across different application domains", 2011, with a node's
probability the sum over its categories.
"""

import numpy as np

from hlp_keras.taxonomy import Taxonomy


def decide_top_down(taxonomy: Taxonomy, logits) -> np.ndarray:
    """Chooses the most probable node of each level, then the category below.

    ```
    small = hlp_keras.cutout(model, ["pet", "road"])
    index = hlp_keras.decide_top_down(small.taxonomy, small.predict(images))
    ```

    Where two categories of one node share what speaks for it, the highest
    logit of all may be that of another node. Errors then leave the right branch
    less often than those of `logits.argmax(axis=1)`.

    Args:
        taxonomy: of the network or cutout that gave the logits.
        logits: of shape `(images, categories)`, not probabilities.

    Returns:
        int array of shape `(images,)`, positions in `taxonomy.categories`.

    Raises:
        ValueError: the logits have another shape.
    """
    logits = np.array(logits, np.float64)  # A copy, which changes below.
    if logits.ndim != 2 or logits.shape[1] != len(taxonomy.categories):
        raise ValueError(
            f"Expected logits of shape (images, {len(taxonomy.categories)}), "
            f"one of each category of the taxonomy, got {logits.shape}. Give "
            f"the taxonomy of the network or cutout that they come from."
        )
    if not taxonomy.is_levelled:  # Then a category may compete with nodes.
        taxonomy = taxonomy.levelled()
    for level in range(1, taxonomy.depth):
        is_below = np.array(
            [
                np.isin(taxonomy.categories, taxonomy.leaves(node))
                for node in taxonomy.nodes_at(level)
            ]
        )
        evidence = [np.logaddexp.reduce(logits[:, b], axis=1) for b in is_below]
        chosen = np.argmax(evidence, axis=0)
        logits[~is_below[chosen]] = -np.inf
    return logits.argmax(axis=1)
