"""Random cues for the training of a network with a gain."""

import numpy as np
import tensorflow as tf

import hlp_keras
from training.config import TrainConfig


def with_random(
    batches: tf.data.Dataset,
    taxonomy: hlp_keras.Taxonomy,
    config: TrainConfig,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Gives every image a gain, raised on the way to a category for some.

    Cues depend on seed and step alone, as the images do.

    Args:
        batches: of images and labels, from `first_step` on.
        taxonomy: of the network.
        config: how many cues there are, and which.
        first_step: of all steps of the run.

    Returns:
        dataset of `((images, gain), labels)`; gain is float32 of shape
        `(batch, nodes)`.
    """
    ways = tf.constant(ways_to_categories(taxonomy))

    def add(step, batch):
        images, labels = batch
        seed = tf.random.fold_in(tf.stack([config.seed, 1]), step)
        return (images, draw(ways, labels, config, seed)), labels

    return batches.enumerate(first_step).map(add, tf.data.AUTOTUNE)


def with_neutral(
    batches: tf.data.Dataset, taxonomy: hlp_keras.Taxonomy
) -> tf.data.Dataset:
    """Gives every image a gain that changes nothing."""
    nodes = len(taxonomy.nodes)

    def add(images, labels):
        return (images, tf.ones([tf.shape(images)[0], nodes])), labels

    return batches.map(add)


def ways_to_categories(taxonomy: hlp_keras.Taxonomy) -> np.ndarray:
    """Which nodes are on the way to which category.

    Returns:
        float32 array of shape `(categories, nodes)`, of 0 and 1.
    """
    gains = [taxonomy.gain({name: 2.0}) for name in taxonomy.categories]
    return np.array(gains) - 1


def draw(ways, labels, config: TrainConfig, seed):
    """Draws the gain of every image of a batch.

    Args:
        ways: see `ways_to_categories`.
        labels: class index of every image.
        config: see `TrainConfig.cues` and what follows it.
        seed: int tensor of shape `(2,)`.

    Returns:
        float32 tensor of shape `(batch, nodes)`.
    """
    chance_seed, name_seed = tf.unstack(tf.random.split(seed, 2))
    is_cued, is_valid, strength = tf.unstack(
        tf.random.stateless_uniform([3, tf.shape(labels)[0]], chance_seed)
    )
    any_name = tf.random.stateless_uniform(
        tf.shape(labels), name_seed, maxval=ways.shape[0], dtype=tf.int32
    )
    named = tf.where(is_valid < config.cue_reliability, labels, any_name)
    raised = tf.where(is_cued < config.cues, strength, 0.0)
    raised *= config.cue_gain - 1
    return 1 + raised[:, None] * tf.gather(ways, named)
