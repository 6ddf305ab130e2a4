"""Trained networks that come with the package."""

import contextlib
import importlib.resources
import json
import pathlib
from collections.abc import Iterator

from hlp_keras.suggestions import did_you_mean

# A folder per preset, with these two files.
FOLDER = importlib.resources.files("hlp_keras") / "presets"
MODEL = "model.keras"
CARD = "card.json"


def list_presets() -> list[str]:
    """The names of the trained networks for `HLPModel.from_preset`.

    Beside the network, `hlp_keras/presets/<name>/card.json` says on what and
    how it was trained, how accurate it is and what it costs.
    """
    if not FOLDER.is_dir():
        return []
    return sorted(
        folder.name
        for folder in FOLDER.iterdir()
        if folder.is_dir() and (folder / CARD).is_file()
    )


def load_card(name: str) -> dict:
    """What a preset's card says of it.

    Raises:
        ValueError: there is no such preset; the nearest is suggested.
    """
    _check_name(name)
    return json.loads((FOLDER / name / CARD).read_text(encoding="utf-8"))


@contextlib.contextmanager
def model_file(name: str) -> Iterator[pathlib.Path]:
    """Gives the path of a preset's network, as long as the context lasts.

    Raises:
        ValueError: there is no such preset; the nearest is suggested.
    """
    _check_name(name)
    with importlib.resources.as_file(FOLDER / name / MODEL) as path:
        yield path


def _check_name(name):
    names = list_presets()
    if name not in names:
        hint = did_you_mean(name, names)
        known = f"one of {', '.join(names)}" if names else "but there is none"
        raise ValueError(
            f"Expected the name of a preset, {known}, got {name!r}.{hint}"
        )
