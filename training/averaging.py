"""Averages of the weights over the steps of a training.

After Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
Generalization", arXiv 1803.05407, with the exponential average that Keras'
optimizers keep.
"""

import itertools
from collections.abc import Callable, Iterable

import keras

from hlp_keras import assembly

# Batches that the statistics of a normalisation are the mean of.
_BATCHES = 64


class AverageWeights(keras.callbacks.SwapEMAWeights):
    """Has a network hold the averages after every epoch, not the weights.

    ```
    network.compile(keras.optimizers.SGD(use_ema=True), ...)
    network.fit(..., callbacks=[AverageWeights(network, batches), SaveEpoch()])
    ```

    Tests, and callbacks after this one, find them there, with statistics of
    the normalisations that were taken anew. The optimizer keeps the weights
    meanwhile, and the next epoch goes on with those.

    Args:
        network: what is trained, or the part of it that is.
        batches: gives, for an epoch counted from 0, batches of inputs and
            labels as the training sees them.
        goes_on: the network is one that was kept after an epoch, and holds
            averages already.
    """

    def __init__(
        self,
        network: keras.Model,
        batches: Callable[[int], Iterable],
        goes_on: bool = False,
    ):
        super().__init__(swap_on_epoch=True)
        self.network = network
        self.batches = batches
        self.goes_on = goes_on

    def on_train_begin(self, logs=None):
        if self.goes_on:
            # To swap once more brings the weights back. This callback itself
            # would take them for averages from here on.
            swap = keras.callbacks.SwapEMAWeights()
            swap.set_model(self.model)
            swap.on_test_begin()

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        self.epoch = epoch

    def on_test_begin(self, logs=None):
        super().on_test_begin(logs)
        settle(self.network, self.batches(self.epoch))


def settle(network: keras.Model, batches: Iterable) -> None:
    """Takes the statistics of batch normalisations anew, and nothing else.

    They become the means over the first 64 batches. Weights that were averaged
    need it: statistics of others tell nothing of their features.

    Args:
        network: changed in place.
        batches: of inputs and labels.
    """
    norms = [
        layer
        for layer in assembly.flat_layers(network)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [norm.momentum for norm in norms]
    try:
        for before, (inputs, *_) in enumerate(
            itertools.islice(batches, _BATCHES)
        ):
            for norm in norms:
                norm.momentum = before / (before + 1)  # Makes it the mean.
            network(inputs, training=True)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
