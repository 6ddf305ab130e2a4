"""The bundled 7,000 images of Fashion-MNIST: the demo.

hlp-train --config fashion_mnist_mini --data fashion_mnist_mini --workdir DIR
"""

from training.config import TrainConfig


def get_config() -> TrainConfig:
    """The settings."""
    return TrainConfig(
        taxonomy="fashion_mnist",
        levels=(((16, 1, 2),), ((24, 1, 1),), ((32, 1, 2),)),
        epochs=14,
        batch_size=64,
        crop_padding=2,
        weight_decay=5e-4,
        sets_weight=0.5,
    )
