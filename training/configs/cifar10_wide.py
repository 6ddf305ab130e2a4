"""CIFAR-10 at five times the cost: a teacher for the configuration cifar10.

hlp-train --config cifar10_wide --data cifar10 --workdir DIR

100.5 million multiply-accumulates, 1.7 million parameters. 88.1 % accuracy
after about 50 minutes on two cores, on JPEG copies of the images (1 run,
`docs/results/runs` has the log). Its DIR/last.keras is what `config.teacher`
takes.
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="cifar10",
        levels=(((32, 1, 1), (96, 1, 2)), ((128, 1, 2),), ((96, 1, 2),)),
        epochs=20,
        sets_weight=0.5,
    )
