"""The command `hlp-export`: flags, and what becomes of errors.

This is the only module here that knows `training`, from whose `sources` the
images come; all others take arrays.
"""

import os
import sys

from absl import app, flags

from tflite_export import quiet, summary

_MODEL = flags.DEFINE_string(
    "model", None, "A trained network: a .keras file of an HLPModel."
)
_CATEGORIES = flags.DEFINE_multi_string(
    "categories",
    None,
    "A category set: names of categories and nodes, separated by commas. "
    "Repeat the flag to export several models.",
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir",
    None,
    "Directory for the models and manifest.json: new, empty, or an earlier "
    "export, which is replaced.",
)
_REPRESENTATIVE_DATA = flags.DEFINE_string(
    "representative_data",
    None,
    "Real images: fashion_mnist_mini or another name, a directory or an .npz "
    "file. Training images calibrate the quantisation, test images check it.",
)
_NUM_CALIBRATION_SAMPLES = flags.DEFINE_integer(
    "num_calibration_samples",
    500,
    "How many training images calibrate the quantisation.",
)
_CALIBRATION_SEED = flags.DEFINE_integer(
    "calibration_seed", 0, "Chooses the calibration images."
)
_MAX_ACCURACY_DROP = flags.DEFINE_float(
    "max_accuracy_drop",
    0.02,
    "How much accuracy int8 may lose before the export fails, as a share of "
    "the test images.",
)
_REQUIRED = ("model", "categories", "output_dir", "representative_data")


def main() -> None:
    """Runs the command."""
    flags.mark_flags_as_required(_REQUIRED)
    app.run(_run)


def _run(arguments):
    if len(arguments) > 1:
        raise app.UsageError(f"Unexpected arguments: {arguments[1:]}")
    try:
        _export()
    except (ValueError, OSError, RuntimeError) as error:
        print(f"hlp-export: {error}", file=sys.stderr)
        return 1
    return 0


def _export():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Imported late: TensorFlow takes seconds, and a wrong flag none.
    with quiet.quiet():
        import hlp_keras
        from tflite_export import export, representative, verify
        from training import sources

        model = hlp_keras.load_model(_MODEL.value)
    source = sources.load_source(
        _REPRESENTATIVE_DATA.value, image_size=model.inputs[0].shape[1:3]
    )
    images = representative.choose(
        source,
        model.taxonomy,
        _NUM_CALIBRATION_SAMPLES.value,
        _CALIBRATION_SEED.value,
    )
    manifest = export.export_cutouts(
        model,
        [_names(text) for text in _CATEGORIES.value],
        images.calibration_images,
        images.test_images,
        images.test_labels,
        _OUTPUT_DIR.value,
        calibration=images.calibration,
        limits=verify.Limits(accuracy_drop=_MAX_ACCURACY_DROP.value),
        progress=lambda line: print(line, flush=True),
    )
    print(f"\n{summary.table(manifest)}\n\nWritten to {_OUTPUT_DIR.value}")


def _names(text):
    return [name.strip() for name in text.split(",") if name.strip()]


if __name__ == "__main__":
    main()
