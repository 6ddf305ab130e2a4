"""Where images come from."""

import gzip
import pathlib

import keras
import numpy as np
import pytest

from training import sources

RANDOM = np.random.default_rng(0)


def make_arrays(shape=(4, 4, 3), **changes):
    arrays = {
        "x_train": RANDOM.integers(0, 256, (6, *shape), np.uint8),
        "y_train": np.array([0, 1, 0, 1, 0, 1]),
        "x_test": RANDOM.integers(0, 256, (2, *shape), np.uint8),
        "y_test": np.array([0, 1]),
        "class_names": np.array(["cat", "dog"]),
    }
    return arrays | changes


@pytest.fixture
def save(tmp_path):
    def save_npz(**changes):
        path = tmp_path / "arrays.npz"
        arrays = make_arrays(**changes)
        np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
        return str(path)

    return save_npz


def test_an_npz_file_gives_what_it_holds(save):
    path = save(y_test=np.array([[1], [0]], np.uint8))
    source = sources.load_source(path)
    with np.load(path) as arrays:
        np.testing.assert_array_equal(source.train.images, arrays["x_train"])
        np.testing.assert_array_equal(source.test.images, arrays["x_test"])
    assert source.test.labels.tolist() == [1, 0]
    assert source.train.labels.dtype == np.int32
    assert source.class_names == ("cat", "dog")
    assert source.image_shape == (4, 4, 3)
    assert source.name == path
    assert source.tree is None


def test_grey_images_get_a_channel(save):
    assert sources.load_source(save(shape=(4, 5))).image_shape == (4, 5, 1)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3), (4, 4, 5)])
def test_images_are_resized(save, shape):
    path = save(shape=shape, x_test=np.full((2, *shape), 7, np.uint8))
    source = sources.load_source(path, image_size=(6, 8))
    channels = shape[2] if len(shape) == 3 else 1
    assert source.train.images.shape == (6, 6, 8, channels)
    assert source.test.images.dtype == np.uint8
    assert (source.test.images == 7).all()


def test_a_fourth_channel_is_no_opacity(save):
    pixels = np.full((2, 4, 4, 4), 200, np.uint8)
    pixels[..., 3] = 0
    path = save(shape=(4, 4, 4), x_test=pixels)
    resized = sources.load_source(path, image_size=(6, 8)).test.images
    assert resized[0, 0, 0].tolist() == [200, 200, 200, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "there is no y_test; there are x_train"),
        (
            {"x_train": np.zeros((6, 4, 4, 3), np.float32)},
            r"Expected uint8 images .* \(train\), got float32",
        ),
        (
            {"x_test": np.zeros((0, 4, 4, 3), np.uint8)},
            r"Expected uint8 images .* \(test\), got uint8 of shape \(0, ",
        ),
        (
            {"y_train": np.arange(5)},
            "label of each of the 6 images .* got 5 labels",
        ),
        ({"y_test": np.array([0, 2])}, "labels from 0 to 1 .* got 0 to 2"),
        (
            {"x_test": np.zeros((2, 5, 4, 3), np.uint8)},
            r"images of one shape .* \(4, 4, 3\) and \(5, 4, 3\).*image size",
        ),
        (
            {"x_test": np.zeros((2, 4, 4, 1), np.uint8)},
            r"images of one shape .*\(4, 4, 3\). Make all grey or all colour",
        ),
        ({"class_names": np.array("cat")}, r"shape \(number,\) in .* \(\)"),
        ({"class_names": [["cat"], ["dog"]]}, r"shape .*, got \(2, 1\)"),
        ({"class_names": [b"\xff", b"dog"]}, "in UTF-8 in .*, but 'utf-8'"),
        ({"class_names": ["cat", "cat"]}, "once in .* 'cat' comes more than"),
    ],
)
def test_an_npz_file_that_does_not_fit_is_refused(save, changes, message):
    with pytest.raises(ValueError, match=message):
        sources.load_source(save(**changes))


def test_class_names_may_be_bytes(save):
    source = sources.load_source(save(class_names=np.array([b"cat", b"dog"])))
    assert source.class_names == ("cat", "dog")


def test_a_file_that_is_no_npz_is_refused(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("nothing")
    cut = tmp_path / "cut.npz"
    cut.write_bytes(b"PK\x03\x04")
    single = tmp_path / "single.npy"
    np.save(single, np.zeros(3))
    for path in (text, cut, single):
        with pytest.raises(ValueError, match=f"savez, got .*{path.name}"):
            sources.load_source(str(path))


def test_an_unknown_source_lists_the_names():
    with pytest.raises(
        FileNotFoundError,
        match="cifar100, a directory .* got 'cifar1'.* Did you mean 'cifar10'",
    ):
        sources.load_source("cifar1")
    with pytest.raises(FileNotFoundError, match="got 'nowhere'"):
        sources.load_source(pathlib.Path("nowhere"))


def test_the_bundled_images_load():
    source = sources.load_source("fashion_mnist_mini")
    assert source.train.images.shape == (7000, 28, 28, 1)
    assert source.test.images.shape == (2000, 28, 28, 1)
    assert source.class_names[9] == "Ankle boot"


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim])
    shape = np.array(array.shape, ">i4").tobytes()
    path.write_bytes(gzip.compress(header + shape + array.tobytes()))


def test_fashion_mnist_is_found_on_the_machine(tmp_path, monkeypatch):
    arrays = make_arrays(shape=(28, 28))
    for split, name in (("train", "train"), ("t10k", "test")):
        images = arrays[f"x_{name}"]
        labels = arrays[f"y_{name}"].astype(np.uint8)
        write_idx(tmp_path / f"{split}-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / f"{split}-labels-idx1-ubyte.gz", labels)
    monkeypatch.setattr(sources, "FASHION_MNIST_FILES", tmp_path)
    source = sources.load_source("fashion_mnist")
    np.testing.assert_array_equal(
        source.train.images[..., 0], arrays["x_train"]
    )
    assert source.test.labels.tolist() == [0, 1]
    assert source.class_names[9] == "Ankle boot"


def test_keras_gives_the_other_data_sets(monkeypatch):
    arrays = make_arrays()
    monkeypatch.setattr(
        keras.datasets.cifar10,
        "load_data",
        lambda: (
            (arrays["x_train"], arrays["y_train"][:, None]),
            (arrays["x_test"], arrays["y_test"][:, None]),
        ),
    )
    source = sources.load_source("cifar10")
    assert source.train.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert source.class_names[:2] == ("airplane", "automobile")


def test_a_failed_download_says_what_to_do(monkeypatch):
    def fail():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.datasets.cifar100, "load_data", fail)
    with pytest.raises(
        OSError, match="cifar100 .* URL fetch failure. Give a directory"
    ):
        sources.load_source("cifar100")
