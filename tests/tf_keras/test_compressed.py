import networks
import numpy as np
import pytest
import tf_keras

from training import compressed


def train(tuned, steps):
    tuned.model.compile(
        tf_keras.optimizers.SGD(0.01),
        tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    tuned.model.fit(
        networks.images(8 * steps),
        np.arange(8 * steps) % 5,
        batch_size=8,
        callbacks=list(tuned.callbacks),
        verbose=0,
    )
    return tuned.read()


@pytest.mark.parametrize("schedule", ["constant", "polynomial"])
@pytest.mark.parametrize("sparsity", [0.5, 0.9])
def test_every_large_kernel_is_as_sparse_as_was_asked(schedule, sparsity):
    tuned = compressed.prune(networks.build(), sparsity, schedule, steps=6)
    weights = train(tuned, 6)
    kernels = [values for values, *_ in weights.values() if values.ndim > 1]
    for kernel in kernels:
        # Those at the image and at the logits stay dense.
        expected = sparsity if kernel.size >= 500 else 0
        zeros = np.mean(kernel == 0)
        assert zeros == pytest.approx(expected, abs=1 / kernel.size)
    assert {kernel.size >= 500 for kernel in kernels} == {True, False}


def test_the_polynomial_schedule_begins_dense():
    tuned = compressed.prune(networks.build(), 0.9, "polynomial", steps=100)
    weights = train(tuned, 2)
    assert np.mean(weights["trunk_block1_first_conv"][0] == 0) < 0.5


def test_every_kernel_has_so_many_values():
    tuned = compressed.cluster(networks.build(), 8)
    weights = train(tuned, 3)
    for values, *_ in weights.values():
        if values.ndim > 1:
            assert len(np.unique(values)) <= 8


def test_depthwise_kernels_stay_dense():
    model = networks.build(family="mobilenet")
    weights = train(compressed.prune(model, 0.75, "constant", 2), 2)
    depthwise = weights["trunk_block1_depthwise_conv"][0]
    assert np.all(depthwise)
