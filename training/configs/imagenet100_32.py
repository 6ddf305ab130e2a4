"""100 categories of ImageNet at 32x32 pixels, 50,000 images.

hlp-train --config imagenet100_32 --data DIR --workdir DIR

The images come as a directory with the folders `train/` and `val/`, and in both
a folder per category of `hlp_keras/taxonomies/imagenet100.yaml`.

56.0 million multiply-accumulates, of which the cutout of the cheapest node
leaves away 87 %. 41.9 % accuracy after 8 epochs (1 run). With one block each in
trunk, first and second level, 48.9 million multiply-accumulates, it was 38.1 %
(`docs/results.md`). All 30 epochs have not been measured yet.
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="imagenet100",
        levels=(((16, 1, 2), (32, 1, 1)), ((32, 1, 2),), ((40, 1, 1),)),
        epochs=30,
        sets_weight=0.5,
    )
