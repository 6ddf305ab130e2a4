"""Exports cutouts: convert once, slice, verify, write, list in a manifest."""

import contextlib
import hashlib
import importlib.metadata
from collections.abc import Callable, Iterable, Sequence

import numpy as np

import hlp_keras
from tflite_export import flatbuffer, master, naming, output, slicing, verify
from tflite_export import images as image_arrays
from tflite_export.manifest import (
    FILE_NAME,
    Calibration,
    ExportedModel,
    Manifest,
    Normalisation,
)

# Reference kernels and TFLM are slow, and a kernel that differs does so on
# the first images.
_KERNEL_TEST_IMAGES = 16
_TOOLS = ("keras", "tensorflow", "ai-edge-litert", "tflite-micro")


def export_cutouts(
    model: hlp_keras.HLPModel,
    category_sets: Iterable[Sequence[str]],
    calibration_images,
    test_images,
    test_labels,
    output_dir,
    *,
    calibration: Calibration | None = None,
    limits: verify.Limits | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Manifest:
    """Exports one verified int8 model per category set, and a manifest.

    ```
    manifest = export_cutouts(
        model, [["cat", "dog"], ["vehicle"]], images[:500],
        test_images, test_labels, "out",
    )
    manifest.models[0].file              # "cat-dog.tflite"
    manifest.models[0].accuracy.int8     # 0.93
    ```

    Args:
        model: the trained full network, or a cutout; without gain input.
        category_sets: names of categories and nodes, one sequence per model.
        calibration_images: some hundred training images of all categories,
            uint8 or float in [0, 1].
        test_images: real images that check every model, of the same kind.
        test_labels: class index of every test image in the full network.
        output_dir: new, empty, or an earlier export, which is replaced.
        calibration: what the manifest says of the calibration images.
        limits: how far int8 may be from float.
        progress: called with a line of text for each category set.

    Returns:
        what was written to `output_dir`.

    Raises:
        ValueError: names, images or model do not fit.
        verify.VerificationError: a model is not what it should be. Nothing
            was written then.
        OSError: `output_dir` holds other files or cannot be written.
    """
    hlp_keras.model.check_model(model)
    shape = model.inputs[0].shape[1:]
    calibration_images = image_arrays.as_float(calibration_images, shape)
    test_images = image_arrays.as_float(test_images, shape)
    stems = naming.file_stems(model.taxonomy, category_sets)
    test_labels = _check_labels(
        model.taxonomy, stems.values(), test_labels, len(test_images)
    )
    with output.replacing(output_dir) as directory:
        whole = master.make_master(model, calibration_images)
        models = []
        for stem, names in stems.items():
            cut = hlp_keras.cutout(model, names)
            progress(_progress_line(len(models), len(stems), names, cut))
            data = slicing.slice_master(whole, names)
            verify.compare_with_master(whole, data, _some(test_images))
            accuracy, kernels = _verify(
                cut, data, test_images, test_labels, limits or verify.Limits()
            )
            path = directory / f"{stem}.tflite"
            path.write_bytes(data)
            models.append(
                _describe(names, cut, path.name, data, accuracy, kernels)
            )
        manifest = Manifest(
            taxonomy=model.taxonomy.to_dict(),
            calibration=calibration
            or Calibration("arrays", len(calibration_images)),
            models=tuple(models),
            tools=_tool_versions(),
        )
        text = manifest.to_json()
        (directory / FILE_NAME).write_text(text, encoding="utf-8")
    return manifest


def _verify(cut, data, images, labels, limits):
    """Checks a cutout's file on the test images of its categories."""
    indices = _class_indices(cut.taxonomy)
    chosen = np.isin(labels, indices)
    images = images[chosen]
    labels = np.searchsorted(indices, labels[chosen])
    accuracy = verify.compare_with_keras(cut, data, images, labels, limits)
    return accuracy, verify.compare_kernels(data, _some(images))


def _some(images):
    """A few images, spread over all."""
    some = np.linspace(0, len(images) - 1, _KERNEL_TEST_IMAGES, dtype=int)
    return images[np.unique(some)]


def _describe(names, cut, file, data, accuracy, kernels):
    parsed = flatbuffer.parse(data)
    (given,) = flatbuffer.inputs(parsed)
    (got,) = flatbuffer.outputs(parsed)
    return ExportedModel(
        names=tuple(names),
        labels=cut.taxonomy.categories,
        class_indices=tuple(_class_indices(cut.taxonomy)),
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        input=given,
        output=got,
        normalisation=Normalisation(),
        operators=flatbuffer.operators(parsed),
        parameters=flatbuffer.count_parameters(parsed),
        macs=flatbuffer.count_macs(parsed),
        accuracy=accuracy,
        kernels=kernels,
    )


def _check_labels(taxonomy, category_sets, labels, number):
    labels = np.asarray(labels)
    if labels.shape != (number,):
        raise ValueError(
            f"Expected one class index per test image, so an array of shape "
            f"{(number,)}, got {labels.shape}."
        )
    for names in category_sets:
        if not np.isin(labels, _class_indices(taxonomy.prune(names))).any():
            raise ValueError(
                f"There are no test images of {', '.join(names)}, so that "
                f"the exported model cannot be checked. Give some of every "
                f"category."
            )
    return labels


def _class_indices(taxonomy):
    return list(taxonomy.class_indices.values())


def _progress_line(done, number, names, cut):
    cost = hlp_keras.cost(cut)
    return (
        f"[{done + 1}/{number}] {', '.join(names)}: "
        f"{len(cut.taxonomy.categories)} categories, "
        f"{cost.params:,} parameters, {cost.macs:,} MACs"
    )


def _tool_versions():
    versions = {}
    for name in _TOOLS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions
