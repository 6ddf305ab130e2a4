"""100 categories of ImageNet at 32x32 pixels, 50,000 images.

hlp-train --config imagenet100_32 --data DIR --workdir DIR

The images come as a directory with the folders `train/` and `val/`, and in both
a folder per category of `hlp_keras/taxonomies/imagenet100.yaml`.

48.9 million multiply-accumulates, of which the cutout of the cheapest node
leaves away 88 %. Its accuracy has not been measured yet.
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="imagenet100",
        levels=(((24, 1, 2),), ((24, 1, 1),), ((32, 1, 2),)),
        epochs=30,
        sets_weight=0.5,
    )
