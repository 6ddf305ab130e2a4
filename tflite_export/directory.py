"""Checks an export directory against its manifest."""

import hashlib
import pathlib

from tflite_export import edgetpu_graph, output
from tflite_export.manifest import File, Manifest


def problems(directory) -> list[str]:
    """Finds what is not as it was exported.

    ```
    for line in problems("out"):
        print(line)                     # cat.tflite: has other content
    ```

    Args:
        directory: with a manifest and the files that it names.

    Returns:
        a line for each; none when all is well.

    Raises:
        OSError: there is no manifest, or it cannot be read.
        ValueError: it is no manifest of this version.
    """
    directory = pathlib.Path(directory)
    if not directory.is_dir():
        raise NotADirectoryError(f"There is no directory {directory}.")
    manifest = Manifest.load(directory)
    found = [
        f"{file.path}: {problem}"
        for file in manifest.files
        if (problem := _problem(directory, file))
    ]
    expected = output.expected_files(manifest)
    foreign = output.present_files(directory) - expected
    return found + [
        f"{path}: is not in the manifest" for path in sorted(foreign)
    ]


def _problem(directory, file: File):
    """What is wrong with a file; empty when nothing."""
    path = directory / file.path
    try:
        if not path.resolve().is_relative_to(directory.resolve()):
            return "leads out of the directory"
        if not path.is_file():
            return "is missing"
        data = path.read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        return f"cannot be read ({error})"
    if len(data) != file.bytes:
        return f"has {len(data):,} bytes, not {file.bytes:,}"
    if hashlib.sha256(data).hexdigest() != file.sha256:
        return "has other content"
    if path.suffix == ".tflite":
        try:
            edgetpu_graph.read(data)
        except ValueError as error:
            return str(error)
    return ""
