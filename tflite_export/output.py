"""Writes a directory or a file as a whole or not at all."""

import contextlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable

from tflite_export import naming
from tflite_export.manifest import FILE_NAME, REPORT_NAME, Manifest


@contextlib.contextmanager
def replacing(directory):
    """Yields an empty directory that takes the place of `directory` at the end.

    When the block raises, `directory` stays as it was. An earlier export is
    replaced as a whole, so that files of two exports never mix.

    Raises:
        FileExistsError: `directory` holds something else than an export.
        OSError: it cannot be written, or not replaced.
    """
    directory = pathlib.Path(directory).resolve()
    _check_replaceable(directory)
    _check_ours(directory)
    staging = _make_staging(directory)
    try:
        new = staging / "new"
        new.mkdir()
        yield new
        _check_ours(directory)
        _replace(directory, new, staging / "old")
    finally:
        shutil.rmtree(staging)


def _replace(directory, new, old):
    """Puts `new` in the place of a directory, or leaves that as it was."""
    if directory.exists():
        os.replace(directory, old)
    try:
        os.replace(new, directory)
    except BaseException:
        if old.exists():
            os.replace(old, directory)
        raise


def _check_replaceable(directory):
    """Raises OSError when another directory must not take its place.

    Whoever works in it would be left in one that is deleted, and find nothing
    by relative paths; a mount point cannot be renamed.
    """
    if pathlib.Path.cwd().is_relative_to(directory):
        what = "is the current directory, or holds it"
    elif os.path.ismount(directory):
        what = "is a mount point"
    else:
        return
    raise OSError(
        f"The output directory {directory} {what}, so that it cannot be "
        f"replaced by a new one. Name a directory inside it."
    )


def _check_ours(directory):
    """Raises when a directory holds files that are not of an export."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise NotADirectoryError(
            f"The output directory {directory} is a file. Choose another one."
        )
    foreign = present_files(directory) - _exported_files(directory)
    if foreign:
        raise FileExistsError(
            f"The output directory {directory} holds files that are not of "
            f"an export: {', '.join(sorted(foreign)[:5])}. Choose an empty or "
            f"a new one."
        )


def present_files(directory: pathlib.Path) -> set[str]:
    """Paths of all files in a directory and in those below it, with `/`.

    Symbolic links count as files, and are not followed.
    """
    found = set()
    for folder, folders, files in os.walk(directory):
        folder = pathlib.Path(folder)
        links = [name for name in folders if (folder / name).is_symlink()]
        found.update(
            (folder / name).relative_to(directory).as_posix()
            for name in (*files, *links)
        )
    return found


def expected_files(manifest: Manifest) -> set[str]:
    """Paths of the files that an export has, or that its user makes of it.

    Those are what the Edge TPU's compiler writes beside a model.
    """
    paths = {FILE_NAME, REPORT_NAME, *(file.path for file in manifest.files)}
    if manifest.target == "edgetpu":
        for model in manifest.models:
            stem = naming.compiled_stem(model.file.removesuffix(".tflite"))
            paths |= {f"{stem}.tflite", f"{stem}.log"}
    return paths


def _exported_files(directory):
    try:
        return expected_files(Manifest.load(directory))
    except FileNotFoundError:
        return set()
    except ValueError as error:
        raise FileExistsError(
            f"The output directory {directory} holds a manifest that does not "
            f"tell which files are of the export ({error}). Choose an empty or "
            f"a new one."
        ) from error


@contextlib.contextmanager
def replacing_file(path, check: Callable[[pathlib.Path], None]):
    """Yields a path beside `path` that takes its place at the end.

    When the block raises, `path` stays as it was.

    Args:
        path: file to write.
        check: raises when a file that is there must not be replaced.

    Raises:
        OSError: it cannot be written.
    """
    path = pathlib.Path(path).resolve()
    if path.is_dir():
        raise IsADirectoryError(
            f"Expected a file to write, got the directory {path}. Name a "
            f"file in it."
        )
    if path.exists():
        check(path)
    staging = _make_staging(path)
    try:
        yield staging / path.name
        os.replace(staging / path.name, path)
    finally:
        shutil.rmtree(staging)


def _make_staging(path):
    """Makes a directory beside `path`, so that moving is renaming."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise type(error)(
            f"Cannot write beside {path}: {error.strerror}. Choose another "
            f"output."
        ) from error
    return pathlib.Path(staging)
