"""Reads a directory of images, and keeps the decoded images for next time.

    photos/train/animal/cat/1.jpg       photos/train/vehicle/car/1.jpg
    photos/test/cat/2.jpg               photos/test/car/2.jpg

A folder of images is a class. The class folders of `train/` may lie in further
folders: those are the nodes of a taxonomy. `test/` (or else `val/`) has the
same classes, nested or not.

Images are turned as their EXIF orientation says. Grey images stay grey when
all are, and none has a palette or opacity; otherwise all become RGB. With an
image size, every image is scaled to cover it and what hangs over is cut away
evenly on both sides, so nothing is distorted; without one, all must be of one
size.
Decoded images go to the user's cache directory (`$XDG_CACHE_HOME`, by default
`~/.cache`), one file per directory and size, made again when an image changes.
"""

import concurrent.futures
import dataclasses
import hashlib
import logging
import os
import pathlib
import zipfile
from collections.abc import Mapping

import numpy as np
import PIL.Image
import PIL.ImageOps

from training import files

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".webp")
_LISTED = 5
# To raise when images are decoded in another way: those kept are made anew.
_DECODING = 2


@dataclasses.dataclass(frozen=True)
class _Folder:
    """The images of `train/` or of `test/`.

    Attributes:
        path: of the directory.
        tree: its folders as nested mappings, class folders as None.
        classes: the image files by class name.
    """

    path: pathlib.Path
    tree: Mapping
    classes: Mapping[str, list[os.DirEntry]]

    @property
    def images(self) -> list[os.DirEntry]:
        """The image files, class by class."""
        return [image for each in self.classes.values() for image in each]


def load(
    path: str | os.PathLike, image_size: tuple[int, int] | None = None
) -> dict:
    """Loads all images of a directory.

    Args:
        path: directory with `train/` and `test/` or `val/`.
        image_size: `(height, width)` that all images are resized to.

    Returns:
        the arrays `x_train`, `y_train`, `x_test`, `y_test`, the `class_names`
        and `tree`, the nested folders as mappings, None when not nested.

    Raises:
        FileNotFoundError: `train/` or both of `test/` and `val/` are missing.
        ValueError: no images, unreadable ones, images of several sizes, a
            class in one part only, or a folder that is class and node at once.
    """
    path = pathlib.Path(path).resolve()
    train = _list_folder(_existing(path, "train"))
    test = _list_folder(_existing(path, "test", "val"))
    if set(train.classes) != set(test.classes):
        only = [
            f"only in {one.path}: {sorted(set(one.classes) - set(two.classes))}"
            for one, two in ((train, test), (test, train))
        ]
        raise ValueError(
            f"Expected the same class folders for training and test; "
            f"{'; '.join(only)}."
        )
    class_names = list(train.classes)
    x_train, x_test = _decode_cached(path, train, test, image_size)
    is_nested = any(train.tree.values())
    return {
        "x_train": x_train,
        "y_train": _labels(train, class_names),
        "x_test": x_test,
        "y_test": _labels(test, class_names),
        "class_names": class_names,
        "tree": train.tree if is_nested else None,
    }


def resized(images: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Resizes uint8 images of shape `(number, height, width, channels)`."""
    if images.shape[1:3] == tuple(image_size):
        return images
    return np.stack([_resized(image, image_size) for image in images])


def _resized(image, image_size):
    if image.shape[2] == 3:
        return np.asarray(_fit(PIL.Image.fromarray(image), image_size))
    # Pillow would take a fourth channel for opacity, and does not know more.
    channels = np.moveaxis(image, 2, 0)
    fitted = [_fit(PIL.Image.fromarray(c), image_size) for c in channels]
    return np.stack(fitted, axis=2)


def _existing(path, *names):
    for name in names:
        if (path / name).is_dir():
            return path / name
    raise FileNotFoundError(
        f"Expected the folder {' or '.join(names)} in {path}, with a folder "
        f"of images for every class. Make train/ and test/ there, as in "
        f"train/cat/1.jpg and test/cat/2.jpg."
    )


def _list_folder(path):
    classes = {}
    tree = _walk(path, classes)
    if tree is None:
        raise ValueError(
            f"Expected a folder of images for every class in {path}, but the "
            f"images lie there without one."
        )
    return _Folder(path, tree, classes)


def _walk(folder, classes):
    """Gives the tree below a folder, None for a class, and lists its files."""
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    entries = [entry for entry in entries if not entry.name.startswith(".")]
    subfolders = [entry for entry in entries if entry.is_dir()]
    others = [entry for entry in entries if not entry.is_dir()]
    images = [e for e in others if e.name.lower().endswith(SUFFIXES)]
    if images and subfolders:
        raise ValueError(
            f"Expected either images or folders in {folder}, got both: the "
            f"image {images[0].name} and the folder {subfolders[0].name}."
        )
    if subfolders:
        return {e.name: _walk(e.path, classes) for e in subfolders}
    _add_class(pathlib.Path(folder), images, classes)
    return None


def _add_class(folder, images, classes):
    if not images:
        raise ValueError(
            f"Expected images in {folder}, but there are none. Those that are "
            f"read end in {', '.join(SUFFIXES)}. Add some or remove the folder."
        )
    if folder.name in classes:
        raise ValueError(
            f"Expected every class once, but {folder.name!r} is {folder} and "
            f"{os.path.dirname(classes[folder.name][0])}. Rename one of them."
        )
    classes[folder.name] = images


def _labels(folder, class_names):
    counts = [len(images) for images in folder.classes.values()]
    indices = [class_names.index(name) for name in folder.classes]
    return np.repeat(indices, counts)


# --- decoding ---


def _decode_cached(path, train, test, image_size):
    cache = _cache_file(path, image_size)
    fingerprint = _fingerprint(train.images + test.images)
    try:
        with cache.open("rb") as file, np.load(file) as arrays:
            if arrays["fingerprint"] == fingerprint:
                return arrays["train"], arrays["test"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # There is none, or it was spoilt: make it.
    images = _decode(train.images + test.images, image_size)
    arrays = images[: len(train.images)], images[len(train.images) :]
    try:
        with files.replacing(cache) as partial:
            np.savez(
                partial,
                train=arrays[0],
                test=arrays[1],
                fingerprint=fingerprint,
            )
    except OSError as error:
        logging.warning("Decoded images are not kept for next time: %s", error)
    return arrays


def _cache_file(path, image_size):
    root = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    decoded_as = f"{path} {image_size} {_DECODING}"
    key = hashlib.sha256(decoded_as.encode()).hexdigest()[:16]
    return pathlib.Path(root) / "hlp_keras" / f"{path.name}-{key}.npz"


def _fingerprint(entries):
    """Changes when an image is added, removed or changed."""
    digest = hashlib.sha256()
    for entry in entries:
        stat = entry.stat()
        digest.update(
            f"{entry.path} {stat.st_size} {stat.st_mtime_ns}\n".encode()
        )
    return digest.hexdigest()


def _decode(entries, image_size):
    logging.info("Decoding %d images.", len(entries))
    with concurrent.futures.ThreadPoolExecutor() as executor:
        images = list(
            executor.map(lambda e: _read_image(e.path, image_size), entries)
        )
    pairs = list(zip(entries, images, strict=True))
    bad = [f"{e.path} ({im})" for e, im in pairs if isinstance(im, Exception)]
    if bad:
        more = f" and {len(bad) - _LISTED} more" if len(bad) > _LISTED else ""
        raise ValueError(
            f"Expected readable images, but {len(bad)} of {len(entries)} are "
            f"not: {', '.join(bad[:_LISTED])}{more}. Repair or remove them."
        )
    sizes = {image.shape[:2]: entry for entry, image in pairs}
    if len(sizes) > 1:
        (a, first), (b, second) = list(sizes.items())[:2]
        raise ValueError(
            f"Expected images of one size, got {a[0]}x{a[1]} ({first.path}) "
            f"and {b[0]}x{b[1]} ({second.path}) (height x width). Give an "
            f"image size, such as config.image_size = (64, 64), to resize "
            f"them all."
        )
    channels = max(image.shape[2] for image in images)
    whole = np.empty((len(images), *images[0].shape[:2], channels), np.uint8)
    for row, image in zip(whole, images, strict=True):
        row[:] = image  # A grey image goes to all channels.
    return whole


def _read_image(path, image_size):
    """Gives the image as an array, or the error that it met."""
    try:
        with PIL.Image.open(path) as image:
            if image.mode.startswith(("I", "F")):
                raise ValueError("more than 8 bits per channel")
            # As a viewer shows it: cameras note how they were held.
            image = PIL.ImageOps.exif_transpose(image)
            image = image.convert("L" if image.mode in ("1", "L") else "RGB")
            if image_size is not None:
                image = _fit(image, image_size)
            return np.atleast_3d(np.asarray(image))
    except Exception as error:  # Pillow has nearly every type for broken files.
        return error


def _fit(image, image_size):
    height, width = image_size
    return PIL.ImageOps.fit(
        image, (width, height), PIL.Image.Resampling.BILINEAR
    )
