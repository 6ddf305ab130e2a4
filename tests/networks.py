"""Small networks that look trained, for the tests of `hlp_keras`."""

import functools

import keras
import numpy as np

import hlp_keras

SHAPE = (16, 16, 3)
# Leaves at two heights, and a class order that is not that of the tree.
TAXONOMY = hlp_keras.Taxonomy.from_nested(
    {
        "animal": {"pet": ["cat", "dog"], "bird": None},
        "vehicle": ["car", "ship"],
    },
    categories=["ship", "cat", "bird", "dog", "car"],
)


def levels(depth):
    """The cheapest stages that a network of some depth can have."""
    return [[(8, 1, 2)]] + [[(8, 1, 1)]] * (depth - 1)


def build(taxonomy=TAXONOMY, input_shape=SHAPE, seed=0, **kwargs):
    """Makes a network that a test may change."""
    kwargs.setdefault("levels", levels(taxonomy.depth))
    model = hlp_keras.HLPModel(taxonomy, input_shape, **kwargs)
    randomise(model, seed)
    return model


# Building takes a third of a second: tests that only look on share networks.
shared = functools.cache(build)


def randomise(model, seed=0):
    """Leaves no weight at its neutral start, which hides errors.

    The scales keep features of size 1 through all layers.
    """
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        shape = weight.shape
        if weight.name.endswith("kernel"):
            fan_in = shape[:2] if shape[-1] == 1 else shape[:-1]
            value = rng.normal(0, np.prod(fan_in) ** -0.5, shape)
        elif weight.name in ("gamma", "moving_variance"):
            value = rng.uniform(0.5, 1.5, shape)
        else:
            value = rng.normal(0, 0.3, shape)
        weight.assign(value)


def images(number=3, shape=SHAPE, seed=0):
    return np.random.default_rng(seed).random((number, *shape), "float32")


def run(model, *inputs):
    """The logits as an array."""
    inputs = [np.asarray(x, "float32") for x in inputs]
    outputs = model(inputs if len(inputs) > 1 else inputs[0])
    return keras.ops.convert_to_numpy(outputs)


def save_and_load(model, folder):
    """What `model` is after a way over a file, in safe mode."""
    model.save(folder / "model.keras")
    return keras.saving.load_model(folder / "model.keras", safe_mode=True)
