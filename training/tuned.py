"""A network in tf-keras, made ready for one kind of fine-tuning."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tf_keras


@dataclasses.dataclass(frozen=True, eq=False)
class Tuned:
    """A tf-keras model, and what belongs to it while it is fine-tuned.

    Attributes:
        model: to be trained.
        read: gives the weights of every layer of the network as they are now,
            by the layer's name.
        callbacks: what the training needs.
    """

    model: tf_keras.Model
    read: Callable[[], dict[str, list[np.ndarray]]]
    callbacks: tuple[tf_keras.callbacks.Callback, ...] = ()
