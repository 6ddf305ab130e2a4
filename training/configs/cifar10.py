"""CIFAR-10, 50,000 images of 32x32 pixels, for a microcontroller.

hlp-train --config cifar10 --data cifar10 --workdir DIR

The whole network stays within 25 million multiply-accumulates; the cutout of
two categories of one node within 12.5 million and 78,000 parameters, those of
ResNet-8 in MLPerf Tiny. Its accuracy has not been measured yet.
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="cifar10",
        levels=(((16, 1, 1), (32, 1, 2)), ((40, 1, 2),), ((40, 1, 1),)),
        epochs=60,
        sets_weight=0.5,
    )
