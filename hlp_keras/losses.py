"""The training loss of a hierarchical network, on its leaf logits alone."""

import numbers

import keras
import numpy as np

from hlp_keras.taxonomy import Taxonomy

# Stands for log(0): far below any logit, and finite so that gradients are too.
_MASKED = -1e9


@keras.saving.register_keras_serializable(package="hlp_keras")
class HierarchicalCrossentropy(keras.losses.Loss):
    """Cross-entropy over categories, coarse levels and category sets.

    Formula:
    ```
    loss = -log p(category)
         + coarse_weight * mean over levels of -log p(node of the level)
         + sets_weight   * mean over sets of   -log p(category | set)
    ```

    `p(node)` is the sum over its categories. The sets are unions of nodes of
    the deepest level, drawn once; each image counts in those that hold its
    category. They train what a cutout is asked for: to tell apart the
    categories of a set that no other competes with.

    Args:
        taxonomy: a `Taxonomy`, or what its `to_dict` gives.
        coarse_weight: weight of the coarse levels; a sequence gives each level
            its own (level 1 first), in place of the mean.
        sets_weight: weight of the category sets.
        num_sets: how many category sets are drawn.
        label_smoothing: part of the first term that goes evenly to all
            categories, in [0, 1).
        seed: of the draw.
        name: of the loss.
        **kwargs: those of every Keras loss, such as `reduction`.

    Call arguments:
        y_true: position of the category in `taxonomy.categories`, integers of
            shape `(batch,)` or `(batch, 1)`. Unless the taxonomy is pruned,
            these are the class indices.
        y_pred: logits of shape `(batch, categories)`.
    """

    def __init__(
        self,
        taxonomy,
        coarse_weight=0.5,
        sets_weight=0.0,
        num_sets=16,
        label_smoothing=0.0,
        seed=0,
        name="hierarchical_crossentropy",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        if not isinstance(taxonomy, Taxonomy):
            taxonomy = Taxonomy.from_dict(taxonomy)
        self.taxonomy = taxonomy.levelled()
        self.coarse_weight = coarse_weight
        self.sets_weight = sets_weight
        self.num_sets = num_sets
        self.label_smoothing = label_smoothing
        self.seed = seed
        levels = range(1, self.taxonomy.depth)
        self._level_weights = _level_weights(coarse_weight, len(levels))
        _check_weights(sets_weight, label_smoothing, num_sets)
        self._same_node = [same_node(self.taxonomy, k) for k in levels]
        self._sets = draw_sets(self.taxonomy, num_sets, seed)

    def call(self, y_true, y_pred):
        labels = as_indices(y_true)
        check_logits(y_pred, self.taxonomy)
        logits = keras.ops.cast(y_pred, "float32")
        log_p = keras.ops.log_softmax(logits, axis=-1)
        loss = self._fine(labels, log_p)
        pairs = zip(self._level_weights, self._same_node, strict=True)
        for weight, same in pairs:
            if weight:
                siblings = keras.ops.take(same, labels, axis=0)
                loss -= weight * _log_sum(log_p, siblings)
        if self.sets_weight:
            loss += self.sets_weight * self._inside_sets(labels, log_p)
        return loss

    def _fine(self, labels, log_p):
        fine = -_pick(log_p, labels)
        if not self.label_smoothing:
            return fine
        even = -keras.ops.mean(log_p, axis=-1)
        return fine + self.label_smoothing * (even - fine)

    def _inside_sets(self, labels, log_p):
        """Mean of -log p(category | set) over the sets with the category."""
        inside = keras.ops.cast(self._sets, "float32")
        log_set = _log_sum(log_p[:, None, :], inside[None])
        losses = log_set - _pick(log_p, labels)[:, None]
        holds = keras.ops.transpose(keras.ops.take(inside, labels, axis=1))
        return keras.ops.sum(holds * losses, axis=-1) / keras.ops.maximum(
            keras.ops.sum(holds, axis=-1), 1.0
        )

    def get_config(self):
        return {
            **super().get_config(),
            "taxonomy": self.taxonomy.to_dict(),
            "coarse_weight": self.coarse_weight,
            "sets_weight": self.sets_weight,
            "num_sets": self.num_sets,
            "label_smoothing": self.label_smoothing,
            "seed": self.seed,
        }


def same_node(taxonomy: Taxonomy, level: int) -> np.ndarray:
    """Which categories share their node of a level.

    Returns:
        bool array of shape `(categories, categories)`.
    """
    member = membership(taxonomy, level)
    return member @ member.T > 0


def membership(taxonomy: Taxonomy, level: int) -> np.ndarray:
    """Which category lies below which node of a level.

    Returns:
        float32 array of shape `(categories, nodes of the level)`, of 0 and 1.
    """
    if not 1 <= level < taxonomy.depth:
        raise ValueError(
            f"Expected a level of nodes, 1 to {taxonomy.depth - 1}, got "
            f"{level}. The categories themselves are below those."
        )
    nodes = taxonomy.nodes_at(level)
    return np.array(
        [
            [category in taxonomy.leaves(node) for node in nodes]
            for category in taxonomy.categories
        ],
        "float32",
    )


def draw_sets(taxonomy: Taxonomy, num_sets: int, seed: int) -> np.ndarray:
    """Draws category sets: unions of 1 to all nodes of the deepest level.

    Returns:
        bool array of shape `(num_sets, categories)`.
    """
    if taxonomy.depth == 1:
        return np.ones((num_sets, len(taxonomy.categories)), bool)
    member = membership(taxonomy, taxonomy.depth - 1) > 0
    rng = np.random.default_rng(seed)
    num_nodes = member.shape[1]
    chosen = [
        rng.permutation(num_nodes)[: rng.integers(1, num_nodes + 1)]
        for _ in range(num_sets)
    ]
    return np.array([member[:, nodes].any(axis=1) for nodes in chosen])


def _log_sum(log_p, mask):
    """Logarithm of the sum of p where the mask is true."""
    masked = keras.ops.where(keras.ops.cast(mask, "bool"), log_p, _MASKED)
    return keras.ops.logsumexp(masked, axis=-1)


def as_indices(y_true):
    """Labels of shape `(batch,)` or `(batch, 1)` as int32 of `(batch,)`.

    Raises:
        ValueError: they have another shape, such as one-hot ones.
    """
    shape = keras.ops.shape(y_true)
    # Sizes that are not known yet are no integers.
    if any(isinstance(size, int) and size != 1 for size in shape[1:]):
        raise ValueError(
            f"Expected positions of categories as labels, of shape (batch,) or "
            f"(batch, 1), got shape {tuple(shape)}. Of one-hot labels, take "
            f"the argmax."
        )
    return keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))


def check_logits(y_pred, taxonomy: Taxonomy) -> None:
    """Raises ValueError unless there is a logit for every category."""
    width = keras.ops.shape(y_pred)[-1]
    # A size that is not known yet is no integer.
    if isinstance(width, int) and width != len(taxonomy.categories):
        raise ValueError(
            f"Expected logits of the taxonomy's {len(taxonomy.categories)} "
            f"categories, got {width}. Make losses and metrics with the "
            f"taxonomy of the network itself, `model.taxonomy`: that of a "
            f"cutout has only what is kept."
        )


def _pick(values, labels):
    picked = keras.ops.take_along_axis(values, labels[:, None], axis=-1)
    return keras.ops.squeeze(picked, axis=-1)


def _level_weights(coarse_weight, num_levels):
    if isinstance(coarse_weight, numbers.Real):
        weights = [coarse_weight / max(num_levels, 1)] * num_levels
    else:
        weights = list(coarse_weight)
    if len(weights) != num_levels or any(not w >= 0 for w in weights):
        raise ValueError(
            f"Expected `coarse_weight` to be a number of at least 0, or one "
            f"for each of the {num_levels} levels of nodes, got "
            f"{coarse_weight!r}."
        )
    return weights


def _check_weights(sets_weight, label_smoothing, num_sets):
    if not sets_weight >= 0:
        raise ValueError(
            f"Expected `sets_weight` to be at least 0, got {sets_weight}."
        )
    if not 0 <= label_smoothing < 1:
        raise ValueError(
            f"Expected `label_smoothing` in [0, 1), got {label_smoothing}."
        )
    if num_sets < 1:
        raise ValueError(f"Expected `num_sets` of at least 1, got {num_sets}.")
