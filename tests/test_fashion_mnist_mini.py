"""The bundled images and the script that makes them."""

import gzip
import importlib.util
import pathlib

import numpy as np
import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[1]
BUNDLED = ROOT / "training" / "datasets" / "fashion_mnist_mini.npz"


def load_script():
    path = ROOT / "tools" / "make_fashion_mnist_mini.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


@pytest.fixture(scope="module")
def bundled():
    with np.load(BUNDLED) as file:
        return dict(file)


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim])
    shape = np.array(array.shape, ">i4").tobytes()
    path.write_bytes(gzip.compress(header + shape + array.tobytes()))


@pytest.fixture
def source(tmp_path):
    """IDX files of 3 train and 2 test images of each class."""
    for prefix, per_class in (("train", 3), ("t10k", 2)):
        labels = np.repeat(np.arange(10, dtype=np.uint8), per_class)
        images = np.arange(labels.size, dtype=np.uint8)[:, None, None]
        images = np.broadcast_to(images, (labels.size, 28, 28))
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte.gz", labels)
    return tmp_path


@pytest.mark.parametrize(
    ("split", "per_class"), [("train", 700), ("test", 200)]
)
def test_the_bundled_images_are_balanced(bundled, split, per_class):
    images, labels = bundled[f"x_{split}"], bundled[f"y_{split}"]
    assert images.shape == (10 * per_class, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [per_class] * 10


def test_no_bundled_image_is_in_both_splits(bundled):
    train, test = (
        {image.tobytes() for image in bundled[name]}
        for name in ("x_train", "x_test")
    )
    assert not train & test


def test_the_class_names_are_the_taxonomys_categories(bundled):
    path = ROOT / "hlp_keras" / "taxonomies" / "fashion_mnist.yaml"
    categories = yaml.safe_load(path.read_text("utf-8"))["categories"]
    assert bundled["class_names"].tolist() == categories


def test_the_bundled_file_is_small_and_carries_its_licence():
    assert BUNDLED.stat().st_size <= 4_000_000
    licence = BUNDLED.with_suffix(".LICENSE.txt").read_text("utf-8")
    assert "MIT License" in licence
    assert "Zalando SE" in licence


@pytest.mark.skipif(
    not script.SOURCE.exists(), reason="dataset-fashion-mnist not installed"
)
def test_the_bundled_file_is_what_the_script_makes(bundled):
    made = script.select()
    assert bundled.keys() == made.keys()
    for name, array in made.items():
        np.testing.assert_array_equal(
            bundled[name],
            array,
            err_msg="Update it: python tools/make_fashion_mnist_mini.py",
        )


def test_every_image_keeps_its_label(source):
    made = script.select(source, train_per_class=2, test_per_class=1)
    np.testing.assert_array_equal(
        made["x_train"][:, 0, 0] // 3, made["y_train"]
    )
    np.testing.assert_array_equal(made["x_test"][:, 0, 0] // 2, made["y_test"])


def test_the_same_seed_writes_the_same_bytes(source, tmp_path):
    contents = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        path = tmp_path / f"{name}.npz"
        made = script.select(
            source, train_per_class=2, test_per_class=1, seed=seed
        )
        script.write(path, made)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_too_few_images_of_a_class_are_refused(source):
    with pytest.raises(
        ValueError, match="at least 4 .* got 3 of 'T-shirt/top'"
    ):
        script.select(source, train_per_class=4)
