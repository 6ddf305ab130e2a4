"""Steps of convolution kernels that are orthogonal."""

import keras
import numpy as np
import pytest

from training import muon


def singular_values(matrix):
    return np.linalg.svd(np.array(matrix), compute_uv=False)


@pytest.mark.parametrize("shape", [(36, 8), (9, 16), (8, 8)])
def test_singular_values_come_near_one(shape):
    rng = np.random.default_rng(0)
    left, values, right = np.linalg.svd(rng.normal(size=shape), False)
    values = np.geomspace(1, 0.03, len(values))
    matrix = (left * values) @ right
    step = muon.orthogonal(keras.ops.array(matrix, "float32"))
    got = singular_values(step)
    assert got.min() > 0.68
    assert got.max() < 1.21
    nearest = left @ right
    assert np.sum(np.array(step) * nearest) > 0.68 * min(shape)


def test_no_gradient_is_no_step():
    step = muon.orthogonal(keras.ops.zeros((6, 4)))
    np.testing.assert_array_equal(step, np.zeros((6, 4)))


def stepped(shape, optimizer, steps=1):
    """A variable, and what it is after some steps along one gradient."""
    rng = np.random.default_rng(1)
    before = rng.normal(size=shape).astype("float32")
    variable = keras.Variable(before)
    gradient = rng.normal(size=shape).astype("float32")
    for _ in range(steps):
        optimizer.apply([keras.ops.array(gradient)], [variable])
    return before, gradient, np.array(variable)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_size_of_kernel_and_gradient_does_not_matter(scale):
    shape = (3, 3, 4, 8)
    rng = np.random.default_rng(2)
    kernel, gradient = rng.normal(size=(2, *shape)).astype("float32")
    results = []
    for factor in (1, scale):
        variable = keras.Variable(factor * kernel)
        optimizer = muon.Muon(0.1, momentum=0.9)
        optimizer.apply([keras.ops.array(factor * gradient)], [variable])
        results.append(np.array(variable))
    np.testing.assert_allclose(*results, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_kernel_keeps_its_norm_and_goes_against_the_gradient(momentum):
    rate = 0.1
    optimizer = muon.Muon(rate, momentum, kernel_rate=0.5)
    before, gradient, after = stepped((3, 3, 4, 8), optimizer)
    kept = before * (np.sqrt(8) / np.linalg.norm(before))
    step = (kept - after).reshape(-1, 8)
    assert singular_values(step).max() < 1.21 * 0.5 * rate
    assert np.sum(step * gradient.reshape(-1, 8)) > 0


@pytest.mark.parametrize("shape", [(8,), (6, 4), (3, 3, 4, 1)])
def test_all_else_goes_by_sgd(shape):
    arguments = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}
    _, _, got = stepped(shape, muon.Muon(0.1, **arguments), 3)
    sgd = keras.optimizers.SGD(0.1, **arguments)
    _, _, expected = stepped(shape, sgd, 3)
    np.testing.assert_array_equal(got, expected)


def test_the_configuration_makes_the_same_optimizer():
    made = muon.Muon(0.1, momentum=0.9, kernel_rate=0.5, kernel_momentum=0.7)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(made))
    assert isinstance(again, muon.Muon)
    assert again.get_config() == made.get_config()
