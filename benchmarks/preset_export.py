"""Accuracy of a preset as float and as int8, whole, cut out and with a gain.

`python -m benchmarks.preset_export --preset NAME --data DIR`, where DIR has the
images that the preset's card names.
"""

import argparse
import pathlib
import tempfile

import hlp_keras
from benchmarks import exports, results
from hlp_keras import presets
from tflite_export import export
from training import sources


def main() -> None:
    """Exports, measures and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", required=True)
    parser.add_argument("--data", required=True)
    options = parser.parse_args()
    model = hlp_keras.HLPModel.from_preset(options.preset)
    source = sources.load_source(options.data, model.inputs[0].shape[1:3])
    images = exports.choose_images(source, model.taxonomy)
    with tempfile.TemporaryDirectory() as directory:
        models = exports.export_cutouts(
            model,
            [model.taxonomy.children(), *([n] for n in model.taxonomy.nodes)],
            images,
            pathlib.Path(directory, "models"),
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
        make_result(options.preset, models, with_gain.accuracy),
    )


def make_result(preset, models, with_gain) -> results.Result:
    """Puts the accuracies into words.

    Args:
        preset: its name.
        models: the whole network first, then the cutout of every node.
        with_gain: accuracy of the master with a gain, under a neutral one.
    """
    whole, *cutouts = models
    worst = max(cutouts, key=lambda one: _loss(one.accuracy))
    images = f"{whole.accuracy.images:,} images, 1 network"
    figures = [
        results.Figure(
            "accuracy of the full network, int8, %",
            100 * whole.accuracy.int8,
            runs=images,
        ),
        _lost("full network", _loss(whole.accuracy), images),
        _lost(
            "mean over the cutouts of all nodes",
            sum(_loss(one.accuracy) for one in cutouts) / len(cutouts),
            f"{len(cutouts)} cutouts",
        ),
        _lost(
            f"worst cutout ({', '.join(worst.names)})",
            _loss(worst.accuracy),
            f"{len(cutouts)} cutouts; {worst.accuracy.images:,} images of this",
        ),
        _lost("full network with a neutral gain", _loss(with_gain), images),
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
            f"{exports.NUM_CALIBRATION_SAMPLES} training images calibrate."
        ),
        figures=tuple(figures),
        order=35,
        tables=(
            exports.table(
                "Every file:",
                "categories",
                {", ".join(one.names): one for one in models},
            ),
        ),
    )


def _loss(accuracy):
    return accuracy.float32 - accuracy.int8


def _lost(what, loss, runs):
    points = 100 * loss
    return results.Figure(
        f"int8 below float32, {what}, points",
        points,
        "at most 0.3",
        points <= 0.3,
        runs,
    )


if __name__ == "__main__":
    main()
