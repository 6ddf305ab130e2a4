"""Exports of a trained network for the benchmarks that measure them."""

import pathlib
from collections.abc import Sequence

import hlp_keras
from benchmarks import results
from tflite_export import export, representative
from tflite_export.manifest import ExportedModel

NUM_CALIBRATION_SAMPLES = 500


def choose_images(source, taxonomy) -> representative.Representative:
    """Chooses what calibrates, and takes all test images.

    Args:
        source: a `training.sources.Source`.
        taxonomy: that of the network.
    """
    return representative.choose(source, taxonomy, NUM_CALIBRATION_SAMPLES)


def export_cutouts(
    model: hlp_keras.HLPModel,
    category_sets: Sequence[Sequence[str]],
    images: representative.Representative,
    directory: pathlib.Path,
) -> tuple[ExportedModel, ...]:
    """Exports a model per category set, and prints each."""
    return export.export_cutouts(
        model,
        category_sets,
        images.calibration_images,
        images.test_images,
        images.test_labels,
        directory,
        calibration=images.calibration,
        progress=print,
    ).models


def table(title: str, what: str, models: dict[str, ExportedModel]):
    """What each exported model does and costs.

    Args:
        title: of the table.
        what: the models are named by.
        models: by name.
    """
    return results.Table(
        title,
        (
            *(what, "float32, %", "int8, %", "bytes"),
            *("arena, bytes", "parameters", "MACs"),
        ),
        tuple(
            (
                name,
                f"{100 * model.accuracy.float32:.2f}",
                f"{100 * model.accuracy.int8:.2f}",
                f"{model.bytes:,}",
                _arena(model.kernels),
                f"{model.parameters:,}",
                f"{model.macs:,}",
            )
            for name, model in models.items()
        ),
    )


def _arena(kernels):
    known = kernels.arena_bytes is not None
    return f"{kernels.arena_bytes:,}" if known else ""
