"""The shipped YAML files, read as plain data."""

import pathlib

import pytest
import yaml

DIRECTORY = pathlib.Path(__file__).parents[1] / "hlp_keras" / "taxonomies"
NAMES = sorted(path.stem for path in DIRECTORY.glob("*.yaml"))

# The superclass of each CIFAR-100 class as the data set's own files give it,
# both numbered alphabetically.
CIFAR100_SUPERCLASSES = [
    *[4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11],
    *[6, 11, 5, 10, 7, 6, 13, 15, 3, 15, 0, 11, 1, 10, 12, 14, 16, 9, 11, 5],
    *[5, 19, 8, 8, 15, 13, 14, 17, 18, 10, 16, 4, 17, 4, 2, 0, 17, 4, 18, 17],
    *[10, 3, 2, 12, 12, 16, 12, 1, 9, 19, 2, 10, 0, 1, 16, 12, 9, 13, 15, 13],
    *[16, 19, 2, 4, 6, 19, 5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8, 14, 13],
]


def read(name):
    return yaml.safe_load((DIRECTORY / f"{name}.yaml").read_text("utf-8"))


def groups(tree):
    """Yields (name, leaves) of each node that holds the leaves themselves."""
    for name, below in tree.items():
        if isinstance(below, list):
            yield name, below
        else:
            yield from groups(below)


def node_names(tree):
    for name, below in tree.items():
        yield name
        if not isinstance(below, list):
            yield from node_names(below)


def test_four_data_sets_are_shipped():
    assert NAMES == ["cifar10", "cifar100", "fashion_mnist", "imagenet100"]


@pytest.mark.parametrize("name", NAMES)
def test_the_leaves_are_the_categories_and_every_name_is_unique(name):
    content = read(name)
    leaves = [leaf for _, group in groups(content["tree"]) for leaf in group]
    nodes = list(node_names(content["tree"]))
    assert sorted(leaves) == sorted(content["categories"])
    assert len(set(leaves + nodes)) == len(leaves + nodes)


def test_cifar100_has_its_published_superclasses():
    content = read("cifar100")
    assert content["categories"] == sorted(content["categories"])
    superclass_of = {
        leaf: name
        for name, leaves in groups(content["tree"])
        for leaf in leaves
    }
    superclasses = sorted(set(superclass_of.values()))
    assert [
        superclasses.index(superclass_of[name])
        for name in content["categories"]
    ] == CIFAR100_SUPERCLASSES


def test_imagenet100_has_three_levels():
    tree = read("imagenet100")["tree"]
    branches = [name for below in tree.values() for name in below]
    assert (len(tree), len(branches)) == (8, 24)
    assert len(read("imagenet100")["categories"]) == 100
