"""Loads trained networks from files."""

import os
import pathlib
import zipfile

import keras

from hlp_keras.model import HLPModel, check_model

# What Keras raises for other files; OSError is of a damaged HDF5 file.
_UNREADABLE = (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile)


def load_model(path: str | os.PathLike) -> HLPModel:
    """Loads a trained network from a `.keras` file, to use it as it is.

    It is `keras.saving.load_model` without the training state, and with
    errors that name the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no `.keras` file, or one of another class.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected a trained network, a .keras file, but there is no file "
            f"{path}."
        )
    try:
        model = keras.saving.load_model(path, compile=False)
        check_model(model)
    except _UNREADABLE as error:
        raise ValueError(
            f"Expected {path} to be a .keras file of an HLPModel: {error}"
        ) from error
    return model
