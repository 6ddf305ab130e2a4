"""Images as the network takes them: float32 in [0, 1]."""

import numpy as np


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
    if images.shape[1:] != tuple(input_shape):
        raise ValueError(
            f"The network takes images of shape {tuple(input_shape)} (height, "
            f"width, channels), got {images.shape[1:]}. Resize them, or "
            f"train the network for this size."
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
