import numpy as np
import pytest

from tflite_export.images import as_float, some

SHAPE = (2, 2, 3)


def test_pixels_become_floats_from_0_to_1():
    pixels = np.array([0, 255] * 6, np.uint8).reshape(1, *SHAPE)
    floats = as_float(pixels, SHAPE)
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(floats, pixels == 255)


def test_floats_stay():
    floats = np.full((3, *SHAPE), 0.25)
    np.testing.assert_array_equal(as_float(floats, SHAPE), floats)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            np.zeros((1, 4, 4, 3), np.uint8),
            r"shape \(2, 2, 3\).*\(4, 4, 3\). Res",
        ),
        (
            np.zeros((1, 2, 2, 1), np.uint8),
            r"\(2, 2, 1\). Convert .* 3 channel.*train the network.* 1\.",
        ),
        (np.zeros(SHAPE, np.uint8), r"got \(2, 3\)"),
        (np.zeros((1, *SHAPE), np.int32), "uint8 or float, got int32"),
        (np.full((1, *SHAPE), 255.0), "from 255.0 to 255.0. Divide"),
        (np.full((1, *SHAPE), -1.0), "from -1.0 to"),
        (np.full((1, *SHAPE), np.nan), "from nan"),
    ],
)
def test_refuses_what_does_not_fit(images, message):
    with pytest.raises(ValueError, match=message):
        as_float(images, SHAPE)


def test_some_of_no_images_are_refused():
    with pytest.raises(ValueError, match="at least one image to run, got none"):
        some(np.zeros((0, *SHAPE)))
