"""Makes the bundled `fashion_mnist_mini.npz` from Fashion-MNIST's IDX files.

    python tools/make_fashion_mnist_mini.py --source DIR

DIR holds the four `*-ubyte.gz` files; Debian's package
`dataset-fashion-mnist` puts them where `--source` looks by default. The same
files and seed give the same images in the same order.
"""

import argparse
import gzip
import os
import pathlib

import numpy as np

SOURCE = pathlib.Path("/usr/share/datasets/fashion-mnist")
ROOT = pathlib.Path(__file__).parents[1]
OUTPUT = ROOT / "training" / "datasets" / "fashion_mnist_mini.npz"
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
# As many as fit into 4 MB.
TRAIN_PER_CLASS = 700
TEST_PER_CLASS = 200
SEED = 0


def read_idx(path):
    """Reads one gzipped IDX file of bytes as an array."""
    content = gzip.decompress(path.read_bytes())
    dimensions = content[3]
    shape = np.frombuffer(content, ">i4", count=dimensions, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    return values.reshape(shape)


def balanced_indices(labels, per_class, random):
    """Picks `per_class` indices of each class, in random order."""
    counts = np.bincount(labels, minlength=len(CLASS_NAMES))
    if counts.min() < per_class:
        raise ValueError(
            f"Expected at least {per_class} images of every class, got "
            f"{counts.min()} of {CLASS_NAMES[counts.argmin()]!r}. Use the "
            "whole files of Fashion-MNIST."
        )
    picked = [
        random.permutation(np.flatnonzero(labels == index))[:per_class]
        for index in range(len(CLASS_NAMES))
    ]
    return random.permutation(np.concatenate(picked))


def select(
    source=SOURCE,
    train_per_class=TRAIN_PER_CLASS,
    test_per_class=TEST_PER_CLASS,
    seed=SEED,
):
    """Returns the arrays of the bundled file by name."""
    # RandomState, because its stream stays the same in every NumPy.
    random = np.random.RandomState(seed)
    arrays = {}
    for split, prefix, per_class in (
        ("train", "train", train_per_class),
        ("test", "t10k", test_per_class),
    ):
        images = read_idx(source / f"{prefix}-images-idx3-ubyte.gz")
        labels = read_idx(source / f"{prefix}-labels-idx1-ubyte.gz")
        indices = balanced_indices(labels, per_class, random)
        arrays[f"x_{split}"] = images[indices]
        arrays[f"y_{split}"] = labels[indices]
    return arrays | {"class_names": np.array(CLASS_NAMES)}


def write(path, arrays):
    """Writes the arrays as a compressed .npz, whole or not at all."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(temporary, path)


def main():
    """Writes the file and prints what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=pathlib.Path, default=SOURCE)
    parser.add_argument("--output", type=pathlib.Path, default=OUTPUT)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()

    arrays = select(options.source, seed=options.seed)
    write(options.output, arrays)
    for name, array in arrays.items():
        print(f"{name:<12}{array.dtype!s:<6}{array.shape}")
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
