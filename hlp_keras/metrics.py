"""Accuracy at the levels of a taxonomy, from leaf logits."""

import keras

from hlp_keras.losses import as_indices, check_logits, membership
from hlp_keras.taxonomy import Taxonomy


@keras.saving.register_keras_serializable(package="hlp_keras")
class LevelAccuracy(keras.metrics.Mean):
    """How often the most probable node of a level is the right one.

    A node's probability is the sum of its categories'.

    Args:
        taxonomy: a `Taxonomy`, or what its `to_dict` gives.
        level: 1 for the nodes right below the root, and so on.
        name: by default `level_<level>_accuracy`.
        **kwargs: those of every Keras metric, such as `dtype`.

    Call arguments:
        y_true: position of the category in `taxonomy.categories`, integers of
            shape `(batch,)` or `(batch, 1)`. Unless the taxonomy is pruned,
            these are the class indices.
        y_pred: logits of shape `(batch, categories)`.
    """

    def __init__(self, taxonomy, level, name=None, **kwargs):
        super().__init__(name=name or f"level_{level}_accuracy", **kwargs)
        if not isinstance(taxonomy, Taxonomy):
            taxonomy = Taxonomy.from_dict(taxonomy)
        self.taxonomy = taxonomy.levelled()
        self.level = level
        self._membership = membership(self.taxonomy, level)
        self._node_of = self._membership.argmax(axis=1)

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels = as_indices(y_true)
        check_logits(y_pred, self.taxonomy)
        p_nodes = keras.ops.softmax(y_pred) @ self._membership
        found = keras.ops.argmax(p_nodes, axis=-1)
        right = keras.ops.take(self._node_of, labels)
        hits = keras.ops.equal(
            keras.ops.cast(found, "int32"), keras.ops.cast(right, "int32")
        )
        super().update_state(hits, sample_weight=sample_weight)

    def get_config(self):
        config = super().get_config()
        return {
            **config,
            "taxonomy": self.taxonomy.to_dict(),
            "level": self.level,
        }


def level_accuracies(taxonomy: Taxonomy) -> list[LevelAccuracy]:
    """A `LevelAccuracy` for every level of nodes, for `model.compile`."""
    depth = taxonomy.levelled().depth
    return [LevelAccuracy(taxonomy, level) for level in range(1, depth)]
