"""Chooses the real images that calibrate and check an export."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from tflite_export.manifest import Calibration


@dataclasses.dataclass(frozen=True, eq=False)
class Representative:
    """Real images, as `export_cutouts` takes them.

    Attributes:
        calibration_images: of the training images.
        calibration: which those are.
        test_images: all test images.
        test_labels: their class indices in the network.
    """

    calibration_images: np.ndarray
    calibration: Calibration
    test_images: np.ndarray
    test_labels: np.ndarray


def choose(source, taxonomy, number: int, seed: int = 0) -> Representative:
    """Chooses calibration and test images of a source.

    A cutout calibrates on images of its own categories: it never sees others.

    ```
    source = training.sources.load_source("fashion_mnist_mini")
    images = choose(source, model.taxonomy, 500)
    ```

    Args:
        source: has a `name`, `class_names`, and `images` and `labels` in
            `train` and in `test`, like a `training.sources.Source`.
        taxonomy: an `hlp_keras.Taxonomy`, that of the network or cutout.
        number: how many calibration images.
        seed: that chooses them.

    Returns:
        a `Representative`.

    Raises:
        ValueError: classes that the network does not know, or no images.
    """
    labels = test_labels(source, taxonomy.full.categories)
    is_kept = np.isin(source.class_names, taxonomy.categories)
    kept = np.flatnonzero(is_kept[source.train.labels])
    chosen = kept[choose_balanced(source.train.labels[kept], number, seed)]
    return Representative(
        calibration_images=source.train.images[chosen],
        calibration=Calibration(
            # Without the path: where it was helps nobody elsewhere.
            pathlib.PurePath(source.name).name,
            len(chosen),
            seed,
            tuple(chosen.tolist()),
        ),
        test_images=source.test.images,
        test_labels=labels,
    )


def test_labels(source, categories: Sequence[str]) -> np.ndarray:
    """The class index of every test image of a source.

    Args:
        source: as for `choose`.
        categories: of the full network, in class order.

    Raises:
        ValueError: classes that the network does not know.
    """
    known = {name: index for index, name in enumerate(categories)}
    unknown = [name for name in source.class_names if name not in known]
    if unknown:
        raise ValueError(
            f"Expected images of the network's categories, "
            f"{', '.join(known)}, got some of {', '.join(unknown)} too in "
            f"{source.name}."
        )
    class_indices = np.array([known[name] for name in source.class_names])
    return class_indices[source.test.labels]


def choose_balanced(labels, number: int, seed: int = 0) -> np.ndarray:
    """Chooses images at random, balanced over the classes.

    Args:
        labels: the class of every image that there is.
        number: how many to choose; all, when there are fewer.
        seed: the same seed chooses the same images.

    Returns:
        indices into `labels`, sorted.

    Raises:
        ValueError: no images, or `number` below 1.
    """
    labels = np.asarray(labels)
    if number < 1 or not labels.size:
        raise ValueError(
            f"Quantisation needs at least one calibration image, got "
            f"{number} out of {labels.size}."
        )
    order = np.random.default_rng(seed).permutation(labels.size)
    # An image's turn is its place among those of its class, so that sorting
    # by turn takes one image of every class, then a second of every class.
    turn = np.empty(labels.size, dtype=np.int64)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        turn[members] = np.arange(members.size)
    by_turn = order[np.argsort(turn[order], kind="stable")]
    return np.sort(by_turn[:number])
