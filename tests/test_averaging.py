"""Averages of weights, and normalisations that fit them."""

import keras
import numpy as np

from training import averaging


def make_network():
    """Its normalisation is in a model within."""
    keras.utils.set_random_seed(0)
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(5, 3, use_bias=False)(image)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Sequential([image, keras.Model(image, x)])


def make_batches(number):
    random = np.random.default_rng(0)
    images = random.normal(size=(number, 6, 4, 4, 3)).astype(np.float32)
    return [(batch, np.arange(6) % 5) for batch in images]


def test_statistics_become_the_means_over_the_batches():
    network = make_network()
    convolution, norm = network.layers[0].layers[1:3]
    before = network.get_weights()
    batches = make_batches(3)
    averaging.settle(network, batches)
    features = [convolution(images).numpy() for images, _ in batches]
    means = [batch.mean(axis=(0, 1, 2)) for batch in features]
    variances = [batch.var(axis=(0, 1, 2)) for batch in features]
    np.testing.assert_allclose(
        norm.moving_mean, np.mean(means, axis=0), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        norm.moving_variance, np.mean(variances, axis=0), rtol=1e-4
    )
    assert norm.momentum == 0.9
    kernel, scale, offset, *_ = network.get_weights()
    for after, untouched in zip((kernel, scale, offset), before, strict=False):
        np.testing.assert_array_equal(after, untouched)


def test_no_more_batches_are_looked_at_than_it_says():
    batches = make_batches(70)
    networks = [make_network(), make_network()]
    for network, some in zip(networks, (batches, batches[:64]), strict=True):
        averaging.settle(network, some)
    for one, other in zip(*(n.get_weights() for n in networks), strict=True):
        np.testing.assert_array_equal(one, other)


class Note(keras.callbacks.Callback):
    """Notes the kernel after every step and after every epoch."""

    def __init__(self):
        super().__init__()
        self.steps, self.epochs = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.model.get_weights()[0])

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(self.model.get_weights()[0])


def fit(network, batches, callbacks, **ema):
    network.compile(
        keras.optimizers.SGD(0.1, **ema),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    images, labels = map(np.concatenate, zip(*batches, strict=True))
    network.fit(
        images,
        labels,
        batch_size=6,
        epochs=3,
        shuffle=False,
        verbose=0,
        validation_data=(images, labels),
        callbacks=callbacks,
    )


def test_after_every_epoch_the_network_is_the_average():
    network, batches, note = make_network(), make_batches(2), Note()
    average = averaging.AverageWeights(network, lambda epoch: batches)
    fit(network, batches, [average, note], use_ema=True, ema_momentum=0.8)
    expected, epochs = note.steps[0], []
    for step in note.steps:
        expected = 0.8 * expected + 0.2 * step
        epochs.append(expected)
    for kernel, mean in zip(note.epochs, epochs[1::2], strict=True):
        np.testing.assert_allclose(kernel, mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(network.get_weights()[0], note.epochs[-1])


def test_the_training_goes_on_as_without_averages():
    network, batches, with_averages = make_network(), make_batches(2), Note()
    average = averaging.AverageWeights(network, lambda epoch: batches)
    fit(network, batches, [average, with_averages], use_ema=True)
    without = Note()
    fit(make_network(), batches, [without])
    np.testing.assert_allclose(
        with_averages.steps[-1], without.steps[-1], rtol=1e-4, atol=1e-6
    )
