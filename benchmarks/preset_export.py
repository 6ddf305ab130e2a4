"""Accuracy of a preset as float and as int8, whole, cut out and with a gain.

`python -m benchmarks.preset_export --preset NAME --data DIR`, where DIR has the
images that the preset's card names.
"""

import argparse
import pathlib
import tempfile

import hlp_keras
from benchmarks import results
from hlp_keras import presets
from tflite_export import export, representative
from training import sources

_NUM_CALIBRATION_SAMPLES = 500


def main() -> None:
    """Exports, measures and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", required=True)
    parser.add_argument("--data", required=True)
    options = parser.parse_args()
    model = hlp_keras.HLPModel.from_preset(options.preset)
    source = sources.load_source(options.data, model.inputs[0].shape[1:3])
    images = representative.choose(
        source, model.taxonomy, _NUM_CALIBRATION_SAMPLES
    )
    with tempfile.TemporaryDirectory() as directory:
        manifest = export.export_cutouts(
            model,
            [model.taxonomy.children(), *([n] for n in model.taxonomy.nodes)],
            images.calibration_images,
            images.test_images,
            images.test_labels,
            pathlib.Path(directory, "models"),
            calibration=images.calibration,
            progress=print,
        )
        path = pathlib.Path(directory, "gain", "master.tflite")
        with_gain = export.export_master(
            hlp_keras.attend(model),
            images.calibration_images,
            images.test_images,
            images.test_labels,
            path,
            calibration=images.calibration,
        )
    results.write(
        f"export_{options.preset}",
        make_result(options.preset, manifest, with_gain.accuracy),
    )


def make_result(preset, manifest, with_gain) -> results.Result:
    """Puts the accuracies into words.

    Args:
        preset: its name.
        manifest: of the whole network first, then the cutout of every node.
        with_gain: accuracy of the master with a gain, under a neutral one.
    """
    whole, *cutouts = manifest.models
    worst = max(cutouts, key=lambda one: _loss(one.accuracy))
    images = f"{whole.accuracy.images:,} images, 1 network"
    figures = [
        results.Figure(
            "accuracy of the full network, int8, %",
            100 * whole.accuracy.int8,
            runs=images,
        ),
        _lost("full network", whole.accuracy, images),
        _lost(
            f"worst cutout ({', '.join(worst.names)})",
            worst.accuracy,
            f"{len(cutouts)} cutouts",
        ),
        _lost("full network with a neutral gain", with_gain, images),
    ]
    card = presets.load_card(preset)
    if card["recipe"]["taxonomy"] == "cifar10":
        accuracy = whole.accuracy.int8
        figures[0] = results.Figure(
            figures[0].name,
            100 * accuracy,
            "at least 90",
            accuracy >= 0.9,
            images,
        )
    return results.Result(
        title=f"Float and int8: {preset}",
        command=f"python -m benchmarks.preset_export --preset {preset} "
        "--data DIR",
        about=(
            f"Trained as its card says: `{card['command']}`. The exported "
            f"files in LiteRT, on all test images of their categories; "
            f"{_NUM_CALIBRATION_SAMPLES} training images calibrate."
        ),
        figures=tuple(figures),
        order=35,
        tables=(_models(manifest.models),),
    )


def _loss(accuracy):
    return accuracy.float32 - accuracy.int8


def _lost(what, accuracy, runs):
    points = 100 * _loss(accuracy)
    return results.Figure(
        f"int8 below float32, {what}, points",
        points,
        "at most 0.3",
        points <= 0.3,
        runs,
    )


def _models(models):
    return results.Table(
        "Every file:",
        (
            "categories",
            "float32, %",
            "int8, %",
            "bytes",
            "arena, bytes",
            "parameters",
            "MACs",
        ),
        tuple(
            (
                ", ".join(one.names),
                f"{100 * one.accuracy.float32:.2f}",
                f"{100 * one.accuracy.int8:.2f}",
                f"{one.bytes:,}",
                ""
                if one.kernels.arena_bytes is None
                else f"{one.kernels.arena_bytes:,}",
                f"{one.parameters:,}",
                f"{one.macs:,}",
            )
            for one in models
        ),
    )


if __name__ == "__main__":
    main()
