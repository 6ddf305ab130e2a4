"""Images as the network takes them: float32 in [0, 1]."""

import numpy as np

# One step of the int8 input is one step of an 8-bit pixel: its integer is
# `pixel - 128`.
PIXEL_SCALE = np.float32(1 / 255)
PIXEL_ZERO_POINT = -128
# Reference kernels and TFLM are slow, and a kernel that differs does so on
# the first images.
_SOME = 16
_RANDOM_GRID = 8


def some(images, number: int = _SOME) -> np.ndarray:
    """A few images, spread over all; ValueError when there are none."""
    if not len(images):
        raise ValueError("Expected at least one image to run, got none.")
    return images[np.unique(np.linspace(0, len(images) - 1, number, dtype=int))]


def random(input_shape, number: int, seed: int = 0) -> np.ndarray:
    """Blobs of colour as float32 in [0, 1], where there are no real images.

    Unlike noise, of which a network sees only the mean, they differ.
    """
    height, width, channels = input_shape
    rng = np.random.default_rng(seed)
    coarse = rng.integers(
        0, 256, (number, _RANDOM_GRID, _RANDOM_GRID, channels), np.uint8
    )
    rows = np.arange(height) * _RANDOM_GRID // height
    columns = np.arange(width) * _RANDOM_GRID // width
    return coarse[:, rows][:, :, columns] / np.float32(255)


def as_float(images, input_shape) -> np.ndarray:
    """Converts images to float32 in [0, 1] and checks that they fit.

    Args:
        images: array of shape `(number, *input_shape)`; uint8 pixels, or
            floats that are in [0, 1] already.
        input_shape: `(height, width, channels)` that the network takes.

    Raises:
        ValueError: another shape, type or range of values.
    """
    images = np.asarray(images)
    expected, got = tuple(input_shape), images.shape[1:]
    if got != expected:
        advice = "Resize them, or train the network for this size."
        if got[:-1] == expected[:-1]:
            advice = (
                f"Convert them to {expected[-1]} channel(s), or train the "
                f"network on images of {got[-1]}."
            )
        raise ValueError(
            f"The network takes images of shape {expected} (height, width, "
            f"channels), got {got}. {advice}"
        )
    if images.dtype == np.uint8:
        return images.astype(np.float32) / 255
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(
            f"Expected images as uint8 or float, got {images.dtype}."
        )
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"Expected float images in [0, 1], got values from "
            f"{images.min()} to {images.max()}. Divide pixels by 255 and "
            f"subtract nothing: the network learns its own normalisation."
        )
    return images.astype(np.float32)
