"""Pruning and weight clustering of a rebuilt network.

Both change convolutions and dense layers; tensorflow-model-optimization leaves
depthwise kernels, which are small, as they are.
"""

import tensorflow_model_optimization as tfmot
import tf_keras

import hlp_keras
from training import tf_keras_bridge
from training.tuned import Tuned

_KERNELS = (tf_keras.layers.Conv2D, tf_keras.layers.Dense)
# Kernels with fewer weights stay dense: those at the image and at the logits,
# whose zeros would cost accuracy and hardly make the file smaller.
_SMALLEST_PRUNED = 500


def prune(
    model: hlp_keras.HLPModel, sparsity: float, schedule: str, steps: int
) -> Tuned:
    """Makes a tf-keras model that sets its smallest weights to 0.

    Args:
        model: the network.
        sparsity: part of every kernel of 500 weights or more that becomes 0.
        schedule: `"constant"` from the first step on, or `"polynomial"`: it
            rises in the first third of the steps.
        steps: of the whole training.
    """
    wanted = _schedule(sparsity, schedule, steps)
    flat = tf_keras_bridge.rebuild(model)

    def wrap(layer):
        if not isinstance(layer, _KERNELS):
            return layer
        if layer.kernel.shape.num_elements() < _SMALLEST_PRUNED:
            return layer
        return tfmot.sparsity.keras.prune_low_magnitude(
            layer, pruning_schedule=wanted
        )

    pruned = tf_keras.models.clone_model(flat, clone_function=wrap)
    strip = tfmot.sparsity.keras.strip_pruning
    return Tuned(
        pruned,
        lambda: tf_keras_bridge.weights_of(strip(pruned)),
        (tfmot.sparsity.keras.UpdatePruningStep(),),
    )


def _schedule(sparsity, schedule, steps):
    if schedule == "constant":
        return tfmot.sparsity.keras.ConstantSparsity(
            sparsity, begin_step=0, frequency=max(1, steps // 100)
        )
    # It ends where the frequency meets the end, at the full sparsity.
    frequency = max(1, steps // 100)
    return tfmot.sparsity.keras.PolynomialDecay(
        initial_sparsity=0.0,
        final_sparsity=sparsity,
        begin_step=0,
        end_step=max(1, steps // 3 // frequency) * frequency,
        frequency=frequency,
    )


def cluster(model: hlp_keras.HLPModel, clusters: int) -> Tuned:
    """Makes a tf-keras model whose kernels have few different weights.

    Args:
        model: the network.
        clusters: how many values a kernel has; one with no more weights than
            that stays as it is.
    """
    flat = tf_keras_bridge.rebuild(model)

    def wrap(layer):
        is_kernel = isinstance(layer, _KERNELS)
        if not is_kernel or layer.kernel.shape.num_elements() <= clusters:
            return layer
        # Evenly spaced centroids have unequal shares of the weights, most of
        # them near 0, which compresses; and a centroid follows the mean of its
        # weights' gradients, at learning rates that suit the other weights.
        return tfmot.clustering.keras.cluster_weights(
            layer,
            number_of_clusters=clusters,
            cluster_centroids_init="CentroidInitialization.LINEAR",
            cluster_gradient_aggregation="GradientAggregation.AVG",
        )

    clustered = tf_keras.models.clone_model(flat, clone_function=wrap)
    strip = tfmot.clustering.keras.strip_clustering
    return Tuned(
        clustered, lambda: tf_keras_bridge.weights_of(strip(clustered))
    )
