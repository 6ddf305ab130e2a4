"""100 categories of ImageNet at 32x32 pixels, 50,000 images.

hlp-train --config imagenet100_32 --data DIR --workdir DIR

The images come as a directory with the folders `train/` and `val/`, and in both
a folder per category of `hlp_keras/taxonomies/imagenet100.yaml`.

56.0 million multiply-accumulates, of which the cutout of the cheapest node
leaves away 87 %. 48.9 % accuracy after 16 epochs, in 43 minutes on one of two
cores (1 run; the preset imagenet100_resnet, `docs/results/runs` has the log),
44.5 % after 10, 41.9 % after 8, 50.9 % after 24. Other splits of trunk and
branches: `docs/results.md`, by `benchmarks.ablation`. All 30 epochs have not
been measured yet.
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
