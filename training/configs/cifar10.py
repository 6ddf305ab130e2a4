"""CIFAR-10, 50,000 images of 32x32 pixels, for a microcontroller.

hlp-train --config cifar10 --data cifar10 --workdir DIR

The whole network stays within 25 million multiply-accumulates; the cutout of
two categories of one node within 12.5 million and 78,000 parameters, those of
ResNet-8 in MLPerf Tiny.

85.3 % accuracy after 22 minutes on two cores, on JPEG copies of the images
(1 run; the preset cifar10_resnet_mcu). With a weight decay of 5e-4, a tenth,
60 epochs gave 85.0 %, and 94 % on the training images (`docs/results/runs` has
the logs of both).

Taught by the network of the configuration cifar10_wide for 55 epochs, in about
80 minutes, it reaches 87.1 % (1 run; the preset cifar10_resnet_taught):

hlp-train --config cifar10 --data cifar10 --workdir DIR --config.epochs=55
--config.teacher=WIDE/last.keras
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="cifar10",
        levels=(((16, 1, 1), (32, 1, 2)), ((40, 1, 2),), ((40, 1, 1),)),
        epochs=30,
        sets_weight=0.5,
    )
