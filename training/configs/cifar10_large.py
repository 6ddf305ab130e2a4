"""CIFAR-10 at four times the cost of the configuration cifar10.

hlp-train --config cifar10_large --data cifar10 --workdir DIR

82.1 million multiply-accumulates, two thirds of them in the trunk, 742,506
parameters. 89.0 % accuracy after about 75 minutes on two cores, on JPEG copies
of the images (1 run; the preset cifar10_resnet_large, `docs/results/runs` has
the log). Its optimizer is Muon, with steps of convolution kernels that are
orthogonal.

Taught by that network for as many epochs, in about 105 minutes, it reaches
89.8 % (1 run; the preset cifar10_resnet_large_taught):

hlp-train --config cifar10_large --data cifar10 --workdir DIR
--config.teacher=cifar10_resnet_large --config.temperature=4

From there, eight epochs more at a constant rate, in about 80 minutes, give
90.1 % as an average of the weights (1 run; the preset
cifar10_resnet_large_averaged):

hlp-train --config cifar10_large --data cifar10 --workdir DIR
--config.epochs=8 --config.learning_rate=0.05 --config.schedule=constant
--config.ema_momentum=0.9995
--config.initial_weights=cifar10_resnet_large_taught
--config.teacher=cifar10_resnet_large_taught --config.temperature=4
--config.teacher_mirrored=True
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="cifar10",
        levels=(
            ((24, 1, 1), (64, 2, 2), (96, 1, 2)),
            ((64, 1, 1),),
            ((48, 1, 1),),
        ),
        epochs=24,
        optimizer="muon",
        learning_rate=0.2,
        sets_weight=0.5,
    )
