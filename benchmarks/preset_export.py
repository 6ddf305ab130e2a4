"""Accuracy of a preset as float and as int8, whole, cut out and with a gain.

`python -m benchmarks.preset_export --preset NAME --data DIR`, where DIR has the
images that the preset's card names.
"""

import argparse
import pathlib
import tempfile

import numpy as np

import hlp_keras
from benchmarks import exports, results
from hlp_keras import presets
from tflite_export import export, verify
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
        folder = pathlib.Path(directory, "models")
        models = exports.export_cutouts(
            model,
            [model.taxonomy.children(), *([n] for n in model.taxonomy.nodes)],
            images,
            folder,
        )
        twice = measure_twice(
            (folder / models[0].file).read_bytes(),
            images.test_images,
            images.test_labels,
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
        make_result(options.preset, models, with_gain.accuracy, twice),
    )


def measure_twice(data: bytes, images: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy of an int8 model that looks at every image twice.

    The integers of its logits are added to those of the mirror image.

    Args:
        data: the flatbuffer, of all categories.
        images: uint8.
        labels: of the images.
    """
    pixels = (images.astype(np.int16) - 128).astype(np.int8)
    logits = sum(
        verify.run_litert(data, each).astype(int)
        for each in (pixels, pixels[:, :, ::-1])
    )
    return float((logits.argmax(axis=1) == labels).mean())


def make_result(preset, models, with_gain, twice) -> results.Result:
    """Puts the accuracies into words.

    Args:
        preset: its name.
        models: the whole network first, then the cutout of every node.
        with_gain: accuracy of the master with a gain, under a neutral one.
        twice: accuracy of the whole network, see `measure_twice`.
    """
    card = presets.load_card(preset)
    target = 0.9 if card["recipe"]["taxonomy"] == "cifar10" else None
    whole, *cutouts = models
    worst = max(cutouts, key=lambda one: _loss(one.accuracy))
    images = f"{whole.accuracy.images:,} images, 1 network"
    figures = (
        _accuracy("", whole.accuracy.int8, images, target),
        _accuracy(
            ", logits of image and mirror image added",
            twice,
            f"{images}, twice the MACs",
            target,
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
        figures=figures,
        order=35,
        tables=(
            exports.table(
                "Every file:",
                "categories",
                {", ".join(one.names): one for one in models},
            ),
        ),
    )


def _accuracy(how, accuracy, runs, target):
    return results.Figure(
        f"accuracy of the full network, int8{how}, %",
        100 * accuracy,
        f"at least {100 * target:g}" if target else "",
        accuracy >= target if target else None,
        runs,
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
