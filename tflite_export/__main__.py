"""The command `hlp-export`: flags, and what becomes of errors.

This is the only module here that knows `training`, whose `command` runs it and
from whose `sources` the images come; all others take arrays. Each use of the
command imports what it needs: TensorFlow takes seconds, and slicing a master
does without.
"""

import csv
import dataclasses
import os
import pathlib
from collections.abc import Callable

from absl import flags

from training import command

_MODEL = flags.DEFINE_string(
    "model",
    None,
    "A trained network: a .keras file of an HLPModel, or the work directory of "
    "its training. One that was fine-tuned with quantisation has a master with "
    "the trained ranges, which is sliced.",
)
_MASTER = flags.DEFINE_string(
    "master",
    None,
    "With --model, the master to write: a .tflite file of the whole network, "
    "to slice any category set from. Without, the master to slice.",
)
_CATEGORIES = flags.DEFINE_multi_string(
    "categories",
    None,
    "A category set: names of categories and nodes, separated by commas; a "
    "name with a comma in quotes, '\"tench, Tinca tinca\",dog'. Repeat the "
    "flag to export several models.",
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
    "the test images: 0.02 are two in a hundred.",
    lower_bound=0,
    upper_bound=1,
)
_GAIN = flags.DEFINE_bool(
    "gain",
    False,
    "Give the models a second input: the top-down gain, a factor for every "
    "node.",
)
_TARGET = flags.DEFINE_enum(
    "target",
    None,
    ["micro", "edgetpu", "android"],
    "What to make of the slices of a master: C++ sources for TFLM, models to "
    "compile for the Edge TPU, or a bundle and parts for Android.",
)
_IO_TYPE = flags.DEFINE_enum(
    "io_type",
    None,
    ["int8", "uint8", "float32"],
    "Type of image and logits; by default uint8 for edgetpu, else int8. micro "
    "takes int8 only, edgetpu no float32.",
)
_SPLIT = flags.DEFINE_bool(
    "split",
    False,
    "Make trunk and branches models of their own, too; with --target micro "
    "as sources that switch branches on and off. android has them anyway, "
    "edgetpu refuses it.",
)
_FLASH_BUDGET = flags.DEFINE_integer(
    "flash_budget", None, "Bytes of flash for a model on a microcontroller."
)
_RAM_BUDGET = flags.DEFINE_integer(
    "ram_budget", None, "Bytes of RAM for a model on a microcontroller."
)
_CHECK_EDGETPU = flags.DEFINE_string(
    "check_edgetpu",
    None,
    "A .tflite file: predict which operators the Edge TPU will run.",
)
_JSON = flags.DEFINE_bool(
    "json", False, "Print the prediction of --check_edgetpu as JSON."
)
_VERIFY = flags.DEFINE_string(
    "verify", None, "An output directory: check its files by its manifest."
)
_REPORT = flags.DEFINE_string(
    "report", None, "An output directory: write a page about it, report.html."
)


@dataclasses.dataclass(frozen=True)
class _Use:
    """One way to use the command: its flags, and what it does.

    It is chosen when all of `chosen_by` are given.
    """

    chosen_by: tuple[flags.FlagHolder, ...]
    needs: tuple[flags.FlagHolder, ...]
    takes: tuple[flags.FlagHolder, ...]
    run: Callable[[], int | None]


def main() -> None:
    """Runs the command."""
    command.run("hlp-export", __name__, lambda: _chosen_use().run())


def _chosen_use():
    """The use that the flags ask for.

    Raises:
        ValueError: they ask for none, or do not go together.
    """
    opened = _open_workdir()
    for use in _USES:
        if all(flag.present for flag in use.chosen_by):
            break
    else:
        raise ValueError(
            "Expected --model, --master, --check_edgetpu, --verify or "
            "--report. See --help."
        )
    # What stands for the work directory in --model is no flag that was typed.
    typed = {_MASTER.name: _MODEL.name} if opened else {}
    asked = _listed(use.chosen_by, typed)
    missing = [flag for flag in use.needs if not flag.present]
    if missing:
        raise ValueError(f"{asked} needs {_listed(missing, typed)} too.")
    known = {f.name for f in (*use.chosen_by, *use.needs, *use.takes)}
    extra = [f for f in _FLAGS if f.present and f.name not in known]
    if extra:
        advice = opened or (
            "To make a master, give --model and --master; to slice it, "
            "--master alone."
        )
        raise ValueError(
            f"{_listed(extra, typed)} has no meaning with {asked}. {advice}"
        )
    return use


def _open_workdir():
    """Takes the file that is meant by the work directory in --model.

    Returns:
        where that is a master, what to do for another one; "" elsewhere.
    """
    if not _MODEL.present or not os.path.isdir(_MODEL.value):
        return ""
    from training.workdir import Workdir

    workdir = Workdir(_MODEL.value)
    if not workdir.master.exists():
        flags.FLAGS["model"].value = str(workdir.last)
        return ""
    advice = (
        f"{workdir.path} has a master already, with trained ranges, which is "
        f"sliced with --categories and --output_dir. To calibrate another one, "
        f"also one with a gain, give --model {workdir.last}."
    )
    if _MASTER.present:
        raise ValueError(advice)
    flags.FLAGS["model"].unparse()
    flags.FLAGS["master"].parse(str(workdir.master))
    return advice


def _listed(holders, typed):
    """Names of flags, some of them as the user typed them."""
    names = (typed.get(flag.name, flag.name) for flag in holders)
    return ", ".join(f"--{name}" for name in names)


def _verify_directory():
    from tflite_export import directory

    problems = directory.problems(_VERIFY.value)
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{_VERIFY.value} is as it was exported.")
    return int(bool(problems))


def _write_report():
    from tflite_export import quiet

    with quiet.quiet():
        from tflite_export import report
    print(f"Written to {report.write_report(_REPORT.value)}")


def _check_edgetpu():
    from tflite_export import edgetpu

    report = edgetpu.check_file(_CHECK_EDGETPU.value)
    print(report.to_json() if _JSON.value else report)


def _make_master():
    from tflite_export import export, summary

    _check_master_name()
    model, images = _load_model_and_images()
    made = export.export_master(
        model,
        images.calibration_images,
        images.test_images,
        images.test_labels,
        _MASTER.value,
        calibration=images.calibration,
        limits=_limits(),
    )
    print(f"{summary.of_master(made)}\n\nWritten to {_MASTER.value}")


def _check_master_name():
    """Refuses a master that would be taken for one with trained ranges."""
    from training.workdir import Workdir

    network, path = pathlib.Path(_MODEL.value), pathlib.Path(_MASTER.value)
    workdir = Workdir(network.parent)
    if network == workdir.last and path.resolve() == workdir.master.resolve():
        raise ValueError(
            f"Expected --master to be another file than the one that a "
            f"fine-tuning writes, got {path}: by that name its ranges would "
            f"count as trained. Choose another name."
        )


def _export_model():
    from tflite_export import export

    model, images = _load_model_and_images()
    manifest = export.export_cutouts(
        model,
        _category_sets(),
        images.calibration_images,
        images.test_images,
        images.test_labels,
        _OUTPUT_DIR.value,
        calibration=images.calibration,
        limits=_limits(),
        progress=_progress,
    )
    _print_summary(manifest)


def _slice_master():
    from tflite_export import slices

    settings = slices.Settings(
        _TARGET.value,
        _IO_TYPE.value,
        _SPLIT.value,
        _FLASH_BUDGET.value,
        _RAM_BUDGET.value,
    )
    if not os.path.isfile(_MASTER.value):
        raise FileNotFoundError(
            f"Expected a master, but there is no file {_MASTER.value}. Make it "
            f"with --model and --master."
        )
    data = pathlib.Path(_MASTER.value).read_bytes()
    manifest = slices.export_slices(
        data,
        _category_sets(),
        _OUTPUT_DIR.value,
        settings,
        *_test_images(data),
        progress=_progress,
    )
    _print_summary(manifest)
    if settings.target == "edgetpu":
        from tflite_export import coral

        directory = pathlib.Path(_OUTPUT_DIR.value)
        print(f"\n{coral.memory_table(directory, manifest)}")


def _load_model_and_images():
    from tflite_export import quiet

    with quiet.quiet():
        import hlp_keras
        from tflite_export import representative

        model = hlp_keras.load_model(_MODEL.value)
        change = hlp_keras.attend if _GAIN.value else hlp_keras.without_gain
        model = change(model)
    source = _load_source(model.inputs[0].shape[1:3])
    return model, representative.choose(
        source,
        model.taxonomy,
        _NUM_CALIBRATION_SAMPLES.value,
        _CALIBRATION_SEED.value,
    )


def _test_images(data):
    """Real images and their class indices, or neither."""
    from tflite_export import representative, slicing

    if not _REPRESENTATIVE_DATA.present:
        return None, None
    master = slicing.Master(data)
    source = _load_source(master.input.shape[1:3])
    categories = master.metadata["taxonomy"]["categories"]
    labels = representative.test_labels(source, categories)
    return source.test.images, labels


def _load_source(image_size):
    from training import sources

    return sources.load_source(_REPRESENTATIVE_DATA.value, image_size)


def _limits():
    from tflite_export import verify

    return verify.Limits(accuracy_drop=_MAX_ACCURACY_DROP.value)


def _category_sets():
    return [_names(value) for value in _CATEGORIES.value]


def _names(value):
    """The names in one --categories."""
    # By itself: a quote that is not closed goes on in the next line.
    try:
        rows = list(csv.reader([value], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise ValueError(
            f"Expected --categories to be names separated by commas, each in "
            f"quotes or without, got {value!r}: {error}. Close every quote, "
            f"and put a comma after it."
        ) from error
    return [name.strip() for row in rows for name in row if name.strip()]


def _progress(line):
    print(line, flush=True)


def _print_summary(manifest):
    from tflite_export import summary

    print(f"\n{summary.table(manifest)}\n\nWritten to {_OUTPUT_DIR.value}")


_CALIBRATING = (
    *(_NUM_CALIBRATION_SAMPLES, _CALIBRATION_SEED, _MAX_ACCURACY_DROP, _GAIN),
)
_SHAPING = (_TARGET, _IO_TYPE, _SPLIT, _FLASH_BUDGET, _RAM_BUDGET)
_FLAGS = (
    *(_MODEL, _MASTER, _CATEGORIES, _OUTPUT_DIR, _REPRESENTATIVE_DATA),
    *(*_CALIBRATING, *_SHAPING, _CHECK_EDGETPU, _JSON, _VERIFY, _REPORT),
)
_USES = (
    _Use((_VERIFY,), (), (), _verify_directory),
    _Use((_REPORT,), (), (), _write_report),
    _Use((_CHECK_EDGETPU,), (), (_JSON,), _check_edgetpu),
    _Use(
        (_MODEL, _MASTER), (_REPRESENTATIVE_DATA,), _CALIBRATING, _make_master
    ),
    _Use(
        (_MODEL,),
        (_CATEGORIES, _OUTPUT_DIR, _REPRESENTATIVE_DATA),
        _CALIBRATING,
        _export_model,
    ),
    _Use(
        (_MASTER,),
        (_CATEGORIES, _OUTPUT_DIR),
        (*_SHAPING, _REPRESENTATIVE_DATA),
        _slice_master,
    ),
)


if __name__ == "__main__":
    main()
