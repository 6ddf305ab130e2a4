"""Describes exported files for the manifest."""

import contextlib
import hashlib
import importlib.metadata
import pathlib
from collections.abc import Mapping, Sequence

from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer, gains
from tflite_export.manifest import (
    FILE_NAME,
    Accuracy,
    ExportedModel,
    File,
    Kernels,
    Manifest,
    Normalisation,
    Part,
)

# What slicing uses, and what converting uses beside it.
SLICING_TOOLS = ("ai-edge-litert", "tflite-micro")
_TOOLS = ("keras", "tensorflow", *SLICING_TOOLS)


def write(directory: pathlib.Path, path: str, data: bytes) -> File:
    """Writes a file of an export."""
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return describe_file(path, data)


def describe_file(path: str, data: bytes) -> File:
    """Describes a file."""
    return File(path, hashlib.sha256(data).hexdigest(), len(data))


def write_manifest(directory: pathlib.Path, manifest: Manifest) -> None:
    """Writes the manifest of an export."""
    path = directory / FILE_NAME
    path.write_text(manifest.to_json(), encoding="utf-8")


def describe_model(
    names: Sequence[str],
    metadata: Mapping,
    file: File,
    model: schema.ModelT,
    accuracy: Accuracy | None,
    kernels: Kernels,
    **more,
) -> ExportedModel:
    """Describes the model of a category set.

    Args:
        names: that were asked for.
        metadata: of the slice.
        file: where it was written.
        model: parsed.
        accuracy: on test images.
        kernels: against each other.
        **more: what only some targets have.
    """
    given, gain = _inputs(model)
    (got,) = flatbuffer.outputs(model)
    return ExportedModel(
        names=tuple(names),
        labels=tuple(metadata["labels"]),
        class_indices=tuple(metadata["class_indices"]),
        file=file.path,
        sha256=file.sha256,
        bytes=file.bytes,
        input=given,
        output=got,
        normalisation=Normalisation(**metadata["normalisation"]),
        operators=flatbuffer.operators(model),
        parameters=flatbuffer.count_parameters(model),
        macs=flatbuffer.count_macs(model),
        accuracy=accuracy,
        kernels=kernels,
        gain=gain,
        gain_nodes=tuple(metadata.get(gains.KEY, ())),
        **more,
    )


def describe_part(
    part, class_indices: Mapping[str, int], file: File, kernels: Kernels
) -> Part:
    """Describes a `split.Part`."""
    model = flatbuffer.parse(part.data)
    given, gain = _inputs(model)
    (got,) = flatbuffer.outputs(model)
    return Part(
        name=part.name,
        parent=part.parent,
        labels=part.labels,
        class_indices=tuple(class_indices[label] for label in part.labels),
        file=file.path,
        sha256=file.sha256,
        bytes=file.bytes,
        input=given,
        output=got,
        parameters=flatbuffer.count_parameters(model),
        macs=flatbuffer.count_macs(model),
        kernels=kernels,
        gain=gain,
        gain_nodes=part.gain_nodes,
    )


def _inputs(model):
    """Image or features, and the gain or None."""
    given, *more = flatbuffer.inputs(model)
    return given, more[0] if more else None


def tool_versions(names: Sequence[str] = _TOOLS) -> dict[str, str]:
    """Versions of the packages that make and check files, if installed."""
    versions = {}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions
