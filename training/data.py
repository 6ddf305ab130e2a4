"""Input of the training: batches of images and labels from memory."""

import dataclasses
import os
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

import hlp_keras
from training.config import TrainConfig
from training.sources import Source, Split


def load_taxonomy(name: str, source: Source) -> hlp_keras.Taxonomy:
    """Loads the taxonomy that `TrainConfig.taxonomy` asks for.

    Args:
        name: of a shipped taxonomy, the path of a YAML file, or `"directory"`
            for the nested folders that the images came in.
        source: the images.

    Raises:
        ValueError: there is none of that name, or the file holds none.
        FileNotFoundError: there is no such file.
    """
    if name == "directory":
        if source.tree is None:
            raise ValueError(
                f"Expected nested class folders in {source.name} to take the "
                f"taxonomy from, but there are none. Nest the folders of "
                f"train/, or give a YAML file as config.taxonomy."
            )
        return hlp_keras.Taxonomy.from_nested(source.tree)
    if os.path.isfile(name):
        return hlp_keras.Taxonomy.from_yaml(name)
    if name.endswith((".yaml", ".yml", ".json")):
        raise FileNotFoundError(
            f"Expected a taxonomy in {name!r}, as config.taxonomy says, but "
            f"there is no such file."
        )
    try:
        return hlp_keras.Taxonomy.from_name(name)
    except ValueError as error:
        raise ValueError(
            f"{error} Or give config.taxonomy the path of a YAML file, or "
            f"'directory' for nested folders of images."
        ) from error


def relabel(source: Source, taxonomy: hlp_keras.Taxonomy) -> Source:
    """Numbers the classes as the taxonomy does, by their names.

    Raises:
        ValueError: the taxonomy's categories are not the classes of the data.
    """
    categories, classes = taxonomy.categories, source.class_names
    if set(categories) != set(classes):
        raise ValueError(
            f"The categories of the taxonomy must be the classes of "
            f"{source.name}. Only in the taxonomy: "
            f"{sorted(set(categories) - set(classes))}; only in the data: "
            f"{sorted(set(classes) - set(categories))}. Rename them or choose "
            f"another taxonomy."
        )
    new = np.array([categories.index(name) for name in classes], np.int32)
    train, test = (
        dataclasses.replace(split, labels=new[split.labels])
        for split in (source.train, source.test)
    )
    return dataclasses.replace(
        source,
        train=train,
        test=test,
        class_names=categories,
        tree=taxonomy.to_nested(),
    )


def restrict(source: Source, categories: Iterable[str]) -> Source:
    """Keeps the images of some classes, in the order of the classes."""
    names = source.class_names
    kept = np.flatnonzero(np.isin(names, list(categories)))

    def inside(split):
        is_kept = np.isin(split.labels, kept)
        labels = np.searchsorted(kept, split.labels[is_kept])
        return Split(split.images[is_kept], labels.astype(np.int32))

    return dataclasses.replace(
        source,
        train=inside(source.train),
        test=inside(source.test),
        class_names=tuple(names[index] for index in kept),
        tree=None,
    )


def check_every_category(source: Source, split: str) -> None:
    """Raises ValueError when `"train"` or `"test"` lacks a category."""
    missing = np.setdiff1d(
        np.arange(len(source.class_names)), getattr(source, split).labels
    )
    if len(missing):
        names = ", ".join(source.class_names[index] for index in missing)
        raise ValueError(
            f"Expected {split} images of every category in {source.name}, but "
            f"there are none of {names}. Add some, or leave these out of the "
            f"classes and of the taxonomy."
        )


def steps_per_epoch(split: Split, config: TrainConfig) -> int:
    """How many whole batches there are; a rest waits for another epoch."""
    steps = len(split.images) // config.batch_size
    if not steps:
        raise ValueError(
            f"Expected at least config.batch_size = {config.batch_size} "
            f"training images, got {len(split.images)}. Make the batches "
            f"smaller."
        )
    return steps


def training_batches(
    split: Split, config: TrainConfig, first_epoch: int = 0
) -> tf.data.Dataset:
    """Gives the batches of all epochs from `first_epoch` on, one by one.

    Order and augmentation depend on seed, epoch and step alone: a run that
    goes on in epoch 5 sees what it would have seen without the break.

    Returns:
        dataset of float32 images in [0, 1] of shape `(batch, height, width,
        channels)` and int32 labels of shape `(batch,)`;
        `steps_per_epoch` batches are an epoch.
    """
    steps = steps_per_epoch(split, config)
    images, labels = tf.constant(split.images), tf.constant(split.labels)

    def one_epoch(epoch):
        seed = tf.stack([config.seed, tf.cast(epoch, tf.int32)])
        order = tf.random.experimental.stateless_shuffle(
            tf.range(len(split.images)), seed
        )
        batches = tf.data.Dataset.from_tensor_slices(order)
        batches = batches.batch(config.batch_size, drop_remainder=True)
        return batches.enumerate(epoch * steps)

    def load(step, indices):
        seed = tf.random.fold_in(tf.stack([config.seed, 0]), step)
        batch = augment(tf.gather(images, indices), config, seed)
        return batch, tf.gather(labels, indices)

    epochs = tf.data.Dataset.range(first_epoch, config.epochs)
    batches = epochs.flat_map(one_epoch)
    return batches.map(load, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def test_batches(split: Split, batch_size: int) -> tf.data.Dataset:
    """Gives all images once, in their order, as they are."""
    batches = tf.data.Dataset.from_tensor_slices((split.images, split.labels))
    batches = batches.batch(batch_size)
    return batches.map(lambda images, labels: (_to_float(images), labels))


# --- augmentation, of a whole batch at once ---


def augment(images, config: TrainConfig, seed):
    """Changes images at random, and makes them float32 in [0, 1].

    Args:
        images: uint8 tensor of shape `(batch, height, width, channels)`.
        config: says which changes.
        seed: int tensor of shape `(2,)`; the same seed makes the same changes.
    """
    flip_seed, crop_seed, erase_seed = tf.unstack(tf.random.split(seed, 3))
    if config.flip:
        images = _flip(images, flip_seed)
    if config.crop_padding:
        images = _crop(images, config.crop_padding, crop_seed)
    images = _to_float(images)
    if config.erasing:
        images = _erase(images, config.erasing, erase_seed)
    return images


def _to_float(images):
    return tf.cast(images, tf.float32) / 255


def _flip(images, seed):
    chance = tf.random.stateless_uniform(tf.shape(images)[:1], seed)
    is_flipped = (chance < 0.5)[:, None, None, None]
    return tf.where(is_flipped, images[:, :, ::-1], images)


def _crop(images, padding, seed):
    """Moves every image by up to `padding` pixels, black comes in."""
    height, width = images.shape[1:3]
    border = [padding, padding]
    padded = tf.pad(images, [[0, 0], border, border, [0, 0]])
    offsets = tf.random.stateless_uniform(
        [2, tf.shape(images)[0], 1],
        seed,
        maxval=2 * padding + 1,
        dtype=tf.int32,
    )
    rows = offsets[0] + tf.range(height)
    columns = offsets[1] + tf.range(width)
    cropped = tf.gather(padded, rows, axis=1, batch_dims=1)
    return tf.gather(cropped, columns, axis=2, batch_dims=1)


def _erase(images, probability, seed):
    """Covers a rectangle (Zhong et al., Random Erasing, arXiv 1708.04896).

    It has 2 to 40 % of the area, an aspect ratio from 0.3 to 3.3, and one
    random colour.
    """
    batch = tf.shape(images)[0]
    chance, area, aspect, top, left = tf.unstack(
        tf.random.stateless_uniform([5, batch, 1], seed)
    )
    area = 0.02 + 0.38 * area
    aspect = tf.exp((2 * aspect - 1) * tf.math.log(3.3))
    rows = _covered(images.shape[1], tf.sqrt(area * aspect), top)
    columns = _covered(images.shape[2], tf.sqrt(area / aspect), left)
    is_erased = (
        (chance < probability)[:, :, None]
        & rows[:, :, None]
        & columns[:, None, :]
    )
    colour_seed = tf.random.fold_in(seed, 1)
    colour = tf.random.stateless_uniform(
        [batch, 1, 1, images.shape[3]], colour_seed
    )
    return tf.where(is_erased[..., None], colour, images)


def _covered(size, part, place):
    """Which of `size` pixels a strip of this part of them covers."""
    length = size * tf.minimum(part, 1.0)
    start = tf.round(place * (size - length))
    pixels = tf.range(size, dtype=tf.float32)
    return (pixels >= start) & (pixels < start + tf.round(length))
