"""Exports cutouts: convert once, slice, verify, write, list in a manifest."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

import hlp_keras
from tflite_export import (
    description,
    flatbuffer,
    gains,
    making,
    master,
    naming,
    output,
    slicing,
    verify,
)
from tflite_export import images as image_arrays
from tflite_export.images import some
from tflite_export.manifest import Calibration, Manifest
from tflite_export.reference import Reference


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
        model: the trained full network, or a cutout, with or without gain.
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
        whole = slicing.Master(
            master.make_master(model, calibration_images, calibration)
        )
        reference = Reference.of(whole, some(test_images))
        models = []
        for stem, names in stems.items():
            cut = hlp_keras.cutout(model, names)
            small = whole.cut(names)
            progress(_progress_line(len(models), len(stems), names, small))
            reference.check(small, stem)
            accuracy, kernels = _verify(
                cut, small.data, test_images, test_labels, limits, stem
            )
            file = description.write(directory, f"{stem}.tflite", small.data)
            models.append(
                description.describe_model(
                    names, small.metadata, file, small.model, accuracy, kernels
                )
            )
        made = making.read(whole.metadata)
        manifest = Manifest(
            taxonomy=model.taxonomy.to_dict(),
            calibration=made.calibration,
            models=tuple(models),
            tools=made.tools,
        )
        description.write_manifest(directory, manifest)
    return manifest


def export_master(
    model: hlp_keras.HLPModel,
    calibration_images,
    test_images,
    test_labels,
    path,
    *,
    calibration: Calibration | None = None,
    limits: verify.Limits | None = None,
) -> making.Making:
    """Converts a network to a verified master, which says how it did.

    Args:
        model: the trained network, or a cutout, with or without gain.
        calibration_images: as for `export_cutouts`, as are all others.
        test_images: real images that check the master.
        test_labels: class index of every test image in the full network.
        path: file to write: new, or an earlier master, which is replaced.
        calibration: which the calibration images are.
        limits: how far int8 may be from float.

    Returns:
        what the master's metadata tell of how it was made.

    Raises:
        ValueError: images or model do not fit.
        verify.VerificationError: the master is not what it should be. Nothing
            was written then.
        OSError: `path` is another file or cannot be written.
    """
    hlp_keras.model.check_model(model)

    def make():
        shape = model.inputs[0].shape[1:]
        images = image_arrays.as_float(calibration_images, shape)
        return master.make_master(model, images, calibration)

    return _write_master(model, make, test_images, test_labels, path, limits)


def export_trained_master(
    model: hlp_keras.HLPModel,
    data: bytes,
    test_images,
    test_labels,
    path,
    *,
    calibration: Calibration,
    limits: verify.Limits | None = None,
) -> making.Making:
    """Makes a verified master of a flatbuffer whose ranges were trained.

    Args:
        model: the network with the trained float weights.
        data: see `master.make_trained_master`.
        test_images: as for `export_master`, as are all others.
        test_labels: class index of every test image.
        path: file to write.
        calibration: which images the ranges are from.
        limits: how far int8 may be from float.
    """

    def make():
        return master.make_trained_master(model, data, calibration)

    return _write_master(model, make, test_images, test_labels, path, limits)


def _write_master(model, make, test_images, test_labels, path, limits):
    with output.replacing_file(path, _check_master) as new:
        shape = model.inputs[0].shape[1:]
        test_images = image_arrays.as_float(test_images, shape)
        names = model.taxonomy.categories
        test_labels = _check_labels(
            model.taxonomy, [names], test_labels, len(test_images)
        )
        data = make()
        checks = _verify(
            model, data, test_images, test_labels, limits, "The master"
        )
        data = master.with_checks(data, *checks)
        new.write_bytes(data)
    return making.read(slicing.Master(data).metadata)


def _check_master(path):
    """Raises FileExistsError unless a file is a master or a slice."""
    try:
        slicing.Master(path.read_bytes())
    except ValueError as error:
        raise FileExistsError(
            f"The file {path} is there and no master that could be replaced. "
            f"Choose another one."
        ) from error


def _verify(cut, data, images, labels, limits, name):
    """Checks a cutout's file on the test images of its categories."""
    indices = _class_indices(cut.taxonomy)
    chosen = np.isin(labels, indices)
    images = images[chosen]
    labels = np.searchsorted(indices, labels[chosen])
    limits = limits or verify.Limits()
    accuracy = verify.compare_with_keras(
        cut, data, images, labels, limits, name
    )
    few, factors = some(images), None
    if cut.gate is not None:
        factors = gains.random(len(few), len(cut.taxonomy.nodes))
        verify.check_gain(cut, data, few, factors, limits, name)
    return accuracy, verify.compare_kernels(data, few, factors, name)


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


def _progress_line(done, number, names, small):
    return (
        f"[{done + 1}/{number}] {', '.join(names)}: "
        f"{len(small.metadata['labels'])} categories, "
        f"{flatbuffer.count_parameters(small.model):,} parameters, "
        f"{flatbuffer.count_macs(small.model):,} MACs"
    )
