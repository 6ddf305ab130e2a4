"""Fashion-MNIST, all 60,000 images of 28x28 grey pixels.

hlp-train --config fashion_mnist --data fashion_mnist --workdir DIR
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="fashion_mnist", epochs=15, crop_padding=2, erasing=0.25
    )
