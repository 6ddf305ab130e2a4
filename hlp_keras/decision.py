"""From logits to a category, down the tree.

The top-down approach of Silla and Freitas, "A survey of hierarchical
classification across different application domains", 2011, with a node's
probability the sum over its categories.
"""

import numpy as np

from hlp_keras.losses import membership
from hlp_keras.taxonomy import Taxonomy


def decide_top_down(taxonomy: Taxonomy, logits) -> np.ndarray:
    """Chooses the most probable node of each level, then the category below.

    ```
    small = hlp_keras.cutout(model, ["pet", "road"])
    index = hlp_keras.decide_top_down(small.taxonomy, small.predict(images))
    ```

    Where categories of one node share what speaks for it, the highest logit of
    all may be that of another node. Fewer of the errors leave the right branch
    than with `logits.argmax(axis=1)`, and there may be a few more errors.

    Args:
        taxonomy: of the network or cutout that gave the logits.
        logits: float, of shape `(images, categories)`, not probabilities. The
            integers of an exported model are to be made real numbers before.

    Returns:
        int array of shape `(images,)`, positions in `taxonomy.categories`.

    Raises:
        ValueError: the logits have another shape, or are integers.
    """
    logits = np.asarray(logits)
    if np.issubdtype(logits.dtype, np.integer):
        raise ValueError(
            f"Expected float logits, whose differences are ratios of "
            f"probabilities, got {logits.dtype}. Those of an exported model "
            f"are (integer - zero_point) * scale of its output."
        )
    if logits.ndim != 2 or logits.shape[1] != len(taxonomy.categories):
        raise ValueError(
            f"Expected logits of shape (images, {len(taxonomy.categories)}), "
            f"one of each category of the taxonomy, got {logits.shape}. Give "
            f"the taxonomy of the network or cutout that they come from."
        )
    logits = logits.astype(np.float64)  # A copy, which changes below.
    if not taxonomy.is_levelled:  # Then a category may compete with nodes.
        taxonomy = taxonomy.levelled()
    for level in range(1, taxonomy.depth):
        is_below = membership(taxonomy, level).T > 0
        evidence = [np.logaddexp.reduce(logits[:, b], axis=1) for b in is_below]
        chosen = np.argmax(evidence, axis=0)
        logits[~is_below[chosen]] = -np.inf
    return logits.argmax(axis=1)
