"""Small networks and their converted form, made once for all test files."""

import functools

import networks
import numpy as np

import hlp_keras
from tflite_export import convert, master

# The class order is not that of the tree, so that the logits are sorted.
TAXONOMY = hlp_keras.Taxonomy.from_nested(
    {"animal": ["cat", "dog", "bird"], "vehicle": ["car", "ship"]},
    categories=["ship", "cat", "bird", "dog", "car"],
)


def network(family="resnet"):
    return networks.shared(TAXONOMY, family=family)


def images(number=32, seed=0):
    """Blobs of colour as uint8, so that images differ as a whole."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (number, 4, 4, 3), dtype=np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


@functools.cache
def cutout(family="resnet", names=("vehicle", "cat")):
    return hlp_keras.cutout(network(family), names)


@functools.cache
def flatbuffer_of(family="resnet"):
    """The converted cutout."""
    return convert.convert(cutout(family), images() / np.float32(255))


@functools.cache
def master_of(family="resnet"):
    """The master of the whole network."""
    return master.make_master(network(family), images() / np.float32(255))


def labels(number=32, seed=0):
    """What the float network says, so that its accuracy is 1."""
    pixels = images(number, seed) / np.float32(255)
    return network().predict(pixels, verbose=0).argmax(-1)


@functools.cache
def attended(gate=None, family="resnet"):
    """A network of three levels, with a gain."""
    return hlp_keras.attend(networks.shared(family=family), gate)


@functools.cache
def gain_master_of(gate=None, family="resnet"):
    """A master of three levels with the gain as second input."""
    model = attended(gate, family)
    return master.make_master(model, images() / np.float32(255))
