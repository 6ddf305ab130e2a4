"""Writes a directory as a whole or not at all."""

import contextlib
import os
import pathlib
import shutil
import tempfile

from tflite_export.manifest import FILE_NAME, Manifest


@contextlib.contextmanager
def replacing(directory):
    """Yields an empty directory that takes the place of `directory` at the end.

    When the block raises, `directory` stays as it was. An earlier export is
    replaced as a whole, so that files of two exports never mix.

    Raises:
        FileExistsError: `directory` holds something else than an export.
        OSError: it cannot be written.
    """
    directory = pathlib.Path(directory).resolve()
    _check_ours(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        staging = pathlib.Path(
            tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent)
        )
    except OSError as error:
        raise type(error)(
            f"Cannot write beside the output directory {directory}: "
            f"{error.strerror}. Choose another one."
        ) from error
    try:
        new = staging / "new"
        new.mkdir()
        yield new
        _check_ours(directory)
        if directory.exists():
            os.replace(directory, staging / "old")
        os.replace(new, directory)
    finally:
        shutil.rmtree(staging)


def _check_ours(directory):
    """Raises when a directory holds files that are not of an export."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise NotADirectoryError(
            f"The output directory {directory} is a file. Choose another one."
        )
    present = {path.name for path in directory.iterdir()}
    foreign = present - _exported_files(directory)
    if foreign:
        raise FileExistsError(
            f"The output directory {directory} holds files that are not of "
            f"an export: {', '.join(sorted(foreign)[:5])}. Choose an empty or "
            f"a new one."
        )


def _exported_files(directory):
    try:
        models = Manifest.load(directory).models
    except (FileNotFoundError, ValueError):
        return set()
    return {FILE_NAME, *(model.file for model in models)}
