"""Keeps what figures need of a trained network: its logits on test images."""

import json
import os
import pathlib
import zipfile
from collections.abc import Callable

import numpy as np

import hlp_keras
from training import evaluate, files, train
from training.config import TrainConfig
from training.sources import Source
from training.workdir import check_same, settings_of


def trained_logits(
    model: hlp_keras.HLPModel,
    config: TrainConfig,
    source: Source,
    workdir: str | os.PathLike,
    kept: str | os.PathLike,
    fit: Callable | None = None,
) -> np.ndarray:
    """Gives a network's test logits, and trains it as far as that is not done.

    Args:
        model: the network, with fresh weights.
        config: the recipe and the augmentation.
        source: the images, with the network's categories as classes.
        workdir: directory for what the training writes.
        kept: directory in which the logits are, or will be, with the settings
            that they came from. When they are there, nothing is trained.
        fit: function `(model, config, source, workdir)` that trains in another
            way than `train.train_model`.

    Returns:
        float32 array of shape `(test images, categories)`.

    Raises:
        ValueError: `kept` or `workdir` has a network of other settings, or
            `kept` has logits for other images.
        FloatingPointError: the loss is no longer a number.
        OSError: a directory cannot be written.
    """
    path = pathlib.Path(kept) / "logits.npz"
    settings = settings_of(config, source)
    if not path.exists():
        (fit or train.train_model)(model, config, source, workdir)
        images = source.test.float_images()
        logits = evaluate.neutral_logits(model, images)
        with files.replacing(path) as partial:
            np.savez_compressed(
                partial, logits=logits, settings=json.dumps(settings)
            )
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            theirs, logits = arrays["settings"].item(), arrays["logits"]
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} cannot be read: {error}. Copy it again, or delete it to "
            f"have the network measured, and trained, again."
        ) from error
    check_same(path.parent, json.loads(theirs), settings)
    return logits
