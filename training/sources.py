"""Where images come from: a name, a directory of images or an `.npz` file."""

import dataclasses
import difflib
import functools
import gzip
import hashlib
import importlib
import importlib.resources
import pathlib
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from training import image_folder

# Where Debian's package `dataset-fashion-mnist` puts its files.
FASHION_MNIST_FILES = pathlib.Path("/usr/share/datasets/fashion-mnist")
_ARRAYS = ("x_train", "y_train", "x_test", "y_test", "class_names")


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels.

    Attributes:
        images: uint8 array of shape `(number, height, width, channels)`.
        labels: int32 array of shape `(number,)`.
    """

    images: np.ndarray
    labels: np.ndarray

    def float_images(self) -> np.ndarray:
        """The images as networks take them, float32 in [0, 1]."""
        return self.images.astype(np.float32) / 255

    def digest(self) -> str:
        """SHA-256 of images and labels, by which others are told apart."""
        digest = hashlib.sha256()
        for array in (self.images, self.labels.astype(np.int64)):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """Images to train and to test with.

    Attributes:
        name: what `load_source` was given, a path in full.
        train: the images that the network learns from.
        test: the images that it is judged by.
        class_names: what the labels stand for.
        tree: the classes as nested mappings, when they came as nested
            folders or are numbered as in a taxonomy.
    """

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    tree: Mapping | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of every image."""
        return self.train.images.shape[1:]


def load_source(
    source: str, image_size: tuple[int, int] | None = None
) -> Source:
    """Loads the images and labels of a data set.

    ```
    load_source("fashion_mnist_mini")
    load_source("photos")            # photos/train/cat/1.jpg, photos/test/...
    load_source("photos", image_size=(64, 64))
    load_source("arrays.npz")
    ```

    - **A name**: `fashion_mnist_mini` comes with the package; `fashion_mnist`,
      `cifar10` and `cifar100` come from `keras.datasets`, which downloads
      them once. Fashion-MNIST is also found where Debian's package
      `dataset-fashion-mnist` puts it.
    - **A directory** with `train/` and `test/` (or `val/`), and in both a
      folder of images per class. The class folders of `train/` may be nested:
      then they are a taxonomy. See `image_folder`.
    - **An `.npz` file** with the arrays `x_train`, `y_train`, `x_test`,
      `y_test` and `class_names`: uint8 images of shape `(number, height,
      width)` or `(number, height, width, channels)`, and their labels.

    Args:
        source: name or path.
        image_size: `(height, width)` that all images are resized to; by
            default they stay as they are and must be of one size.

    Raises:
        FileNotFoundError: neither a name nor a path that exists.
        ValueError: the data are not as described above.
        OSError: a data set could not be read or downloaded.
    """
    path = pathlib.Path(source)
    if source in _LOADERS:
        name, arrays = source, _LOADERS[source]()
    elif path.is_dir():
        name = str(path.resolve())
        arrays = image_folder.load(path, image_size)
    elif path.is_file():
        name, arrays = str(path.resolve()), _load_npz(path)
    else:
        nearest = difflib.get_close_matches(str(source), _LOADERS, n=1)
        hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise FileNotFoundError(
            f"Expected a source of images: {', '.join(_LOADERS)}, a directory "
            f"or an .npz file, got {str(source)!r}, and there is no such "
            f"file.{hint}"
        )
    return _as_source(name, arrays, image_size)


def _as_source(name, arrays, image_size):
    class_names = _class_names(name, arrays["class_names"])
    splits = {
        split: _as_split(
            f"{name} ({split})",
            arrays[f"x_{split}"],
            arrays[f"y_{split}"],
            len(class_names),
            image_size,
        )
        for split in ("train", "test")
    }
    shapes = {split.images.shape[1:] for split in splits.values()}
    if len(shapes) > 1:
        advice = "Make all grey or all colour."
        if len({shape[2] for shape in shapes}) == 1:
            advice = (
                "Give an image size, such as config.image_size = (64, 64), to "
                "resize them to."
            )
        raise ValueError(
            f"Expected training and test images of one shape in {name}, got "
            f"{' and '.join(map(str, sorted(shapes)))}. {advice}"
        )
    return Source(name, **splits, class_names=class_names, tree=arrays["tree"])


def _class_names(where, names):
    if np.ndim(names) != 1:
        raise ValueError(
            f"Expected class_names of shape (number,) in {where}, got "
            f"{np.shape(names)}."
        )
    try:
        names = [n.decode() if isinstance(n, bytes) else str(n) for n in names]
    except UnicodeDecodeError as error:
        raise ValueError(
            f"Expected class_names in UTF-8 in {where}, but {error}."
        ) from error
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"Expected every class name once in {where}, but {twice!r} comes "
            f"more than once. Give the classes different names."
        )
    return tuple(names)


def _as_split(where, images, labels, num_classes, image_size):
    if images.ndim == 3:
        images = images[..., None]
    if images.dtype != np.uint8 or images.ndim != 4 or not len(images):
        raise ValueError(
            f"Expected uint8 images of shape (number, height, width) or "
            f"(number, height, width, channels) in {where}, got "
            f"{images.dtype} of shape {images.shape}."
        )
    labels = labels.reshape(-1)
    if not np.issubdtype(labels.dtype, np.integer) or len(labels) != len(
        images
    ):
        raise ValueError(
            f"Expected a whole number as label of each of the {len(images)} "
            f"images in {where}, got {len(labels)} labels of type "
            f"{labels.dtype}."
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"Expected labels from 0 to {num_classes - 1} in {where}, as "
            f"there are {num_classes} class names, got {labels.min()} to "
            f"{labels.max()}."
        )
    if image_size is not None:
        images = image_folder.resized(images, image_size)
    return Split(images, labels.astype(np.int32))


def _load_npz(path):
    try:
        with path.open("rb") as file, np.load(file) as content:
            arrays = dict(content)
    except (
        EOFError,
        # Python 3.10 and later ones, of a single array in place of several.
        AttributeError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"Expected an .npz file written by numpy.savez, got {path}: {error}"
        ) from error
    missing = [name for name in _ARRAYS if name not in arrays]
    if missing:
        raise ValueError(
            f"Expected the arrays {', '.join(_ARRAYS)} in {path}, but there "
            f"is no {', '.join(missing)}; there are {', '.join(arrays)}."
        )
    return {**arrays, "tree": None}


def _load_bundled(name):
    folder = importlib.resources.files("training") / "datasets"
    with importlib.resources.as_file(folder / f"{name}.npz") as path:
        return _load_npz(path)


def _load_fashion_mnist():
    if not FASHION_MNIST_FILES.is_dir():
        return _load_from_keras("fashion_mnist")
    arrays = [
        _read_idx(FASHION_MNIST_FILES / f"{split}-{kind}-ubyte.gz")
        for split in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    ]
    return _named_arrays("fashion_mnist", *arrays)


def _read_idx(path):
    """Reads one gzipped IDX file of bytes as an array."""
    content = gzip.decompress(path.read_bytes())
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", count=dimensions, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    return values.reshape(shape)


def _load_from_keras(name):
    dataset = importlib.import_module(f"keras.datasets.{name}")
    try:
        train, test = dataset.load_data()
    except Exception as error:  # That is what a failed download raises.
        raise OSError(
            f"{name} is not on this machine and could not be downloaded: "
            f"{error}. Give a directory of images or an .npz file instead."
        ) from error
    return _named_arrays(name, *train, *test)


def _named_arrays(name, x_train, y_train, x_test, y_test):
    # Imported late: Keras takes seconds, and other sources do without.
    import hlp_keras

    return {
        "x_train": x_train,
        "y_train": y_train,
        "x_test": x_test,
        "y_test": y_test,
        # The shipped taxonomies name the categories in label order.
        "class_names": hlp_keras.Taxonomy.from_name(name).categories,
        "tree": None,
    }


_LOADERS = {
    "fashion_mnist_mini": lambda: _load_bundled("fashion_mnist_mini"),
    "fashion_mnist": _load_fashion_mnist,
    "cifar10": functools.partial(_load_from_keras, "cifar10"),
    "cifar100": functools.partial(_load_from_keras, "cifar100"),
}
