"""CIFAR-10, 50,000 images of 32x32 pixels.

hlp-train --config cifar10 --data cifar10 --workdir DIR

Its accuracy has not been measured yet.
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(taxonomy="cifar10", epochs=30)
