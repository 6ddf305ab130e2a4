"""CIFAR-100, 50,000 images of 32x32 pixels.

hlp-train --config cifar100 --data cifar100 --workdir DIR

Its accuracy has not been measured here.
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="cifar100",
        levels=(((24, 1, 2),), ((24, 1, 1),), ((32, 1, 2),)),
        epochs=30,
        sets_weight=0.5,
    )
