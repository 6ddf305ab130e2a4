"""Averages of weights, and normalisations that fit them."""

import keras
import numpy as np

from training import averaging


def make_network():
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(5, 3, use_bias=False)(image)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    inner = keras.Model(image, x)
    return keras.Sequential([keras.Input((4, 4, 3)), inner])


def make_batches(number):
    random = np.random.default_rng(0)
    images = random.normal(size=(number, 6, 4, 4, 3)).astype(np.float32)
    return [(batch, np.arange(6) % 5) for batch in images]


def test_statistics_become_the_means_over_the_batches():
    network = make_network()
    inner = network.layers[0]
    norm = inner.layers[2]
    weights = network.get_weights()
    batches = make_batches(3)
    averaging.settle(network, batches)
    features = [inner.layers[1](images).numpy() for images, _ in batches]
    means = [batch.mean(axis=(0, 1, 2)) for batch in features]
    variances = [batch.var(axis=(0, 1, 2)) for batch in features]
    np.testing.assert_allclose(
        norm.moving_mean, np.mean(means, axis=0), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        norm.moving_variance, np.mean(variances, axis=0), rtol=1e-4
    )
    assert norm.momentum == 0.9
    for after, before in zip(network.get_weights()[:3], weights, strict=False):
        np.testing.assert_array_equal(after, before)


def test_no_more_batches_are_looked_at_than_it_says():
    batches = make_batches(70)
    whole, part = make_network(), make_network()
    part.set_weights(whole.get_weights())
    averaging.settle(whole, batches)
    averaging.settle(part, batches[:64])
    for one, other in zip(whole.get_weights(), part.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


class Look(keras.callbacks.Callback):
    """Notes the kernel after every epoch, and the accuracy of the tests."""

    def __init__(self):
        super().__init__()
        self.kernels = []

    def on_epoch_end(self, epoch, logs=None):
        self.kernels.append(self.model.layers[0].get_weights()[0])


def fitted(epochs, *callbacks, use_ema):
    network = make_network()
    keras.utils.set_random_seed(0)
    for weights in network.trainable_variables:
        weights.assign(keras.random.normal(weights.shape, seed=1))
    network.compile(
        keras.optimizers.SGD(0.1, use_ema=use_ema, ema_momentum=0.8),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    batches = make_batches(2)
    images = np.concatenate([images for images, _ in batches])
    labels = np.concatenate([labels for _, labels in batches])
    look = Look()
    network.fit(
        images,
        labels,
        batch_size=6,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        validation_data=(images, labels),
        callbacks=[
            *(callback(network, batches) for callback in callbacks),
            look,
        ],
    )
    return network, look.kernels


def test_after_every_epoch_the_network_is_the_average():
    def average(network, batches):
        return averaging.AverageWeights(network, lambda epoch: batches)

    steps = []

    def note(network, batches):
        class Note(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                steps.append(network.layers[0].get_weights()[0])

        return Note()

    network, kernels = fitted(3, average, note, use_ema=True)
    expected = steps[0]
    for step, kernel in enumerate(steps):
        expected = 0.8 * expected + 0.2 * kernel
        if step % 2:
            np.testing.assert_allclose(
                kernels[step // 2], expected, rtol=1e-4, atol=1e-6
            )
    np.testing.assert_array_equal(network.get_weights()[0], kernels[-1])
    # The training itself does not notice.
    _, last = fitted(3, use_ema=False)
    np.testing.assert_allclose(steps[-1], last[-1], rtol=1e-4, atol=1e-6)
