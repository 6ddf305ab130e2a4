import sys

import export_models
import numpy as np
import pytest
from absl.testing import flagsaver

from tflite_export import __main__ as command
from tflite_export import master, verify
from tflite_export.manifest import Manifest


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("inputs")
    export_models.network().save(directory / "model.keras")
    np.savez(
        directory / "images.npz",
        x_train=export_models.images(40),
        y_train=np.arange(40) % 5,
        x_test=export_models.images(24, seed=1),
        # In the order of the source's class names.
        y_test=4 - export_models.labels(24, seed=1),
        class_names=export_models.TAXONOMY.categories[::-1],
    )
    return directory


@pytest.fixture
def hlp_export(files, monkeypatch):
    """Runs the command and returns its exit code."""

    def run(**changes):
        flags = {
            "model": files / "model.keras",
            "categories": "cat, vehicle",
            "output_dir": files / "out",
            "representative_data": files / "images.npz",
            **changes,
        }
        arguments = [f"--{k}={v}" for k, v in flags.items() if v is not None]
        monkeypatch.setattr(sys, "argv", ["hlp-export", *arguments])
        with flagsaver.flagsaver(), pytest.raises(SystemExit) as exit_:
            command.main()
        return exit_.value.code

    return run


def test_exports_and_prints_a_table(hlp_export, files, capfd):
    assert hlp_export(num_calibration_samples=20, calibration_seed=3) == 0
    printed, complaints = capfd.readouterr()
    assert complaints == ""
    first, _, header, line, _, last = printed.splitlines()
    assert first.startswith("[1/1] cat, vehicle: 3 categories")
    assert header.startswith("category set")
    assert line.startswith("cat, vehicle")
    assert last == f"Written to {files / 'out'}"
    manifest = Manifest.load(files / "out")
    assert manifest.models[0].accuracy.float32 == 1.0
    assert manifest.calibration.seed == 3
    assert len(manifest.calibration.indices) == 20
    assert manifest.calibration.source == str(files / "images.npz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"categories": "cat,vehcle"}, "Did you mean 'vehicle'?"),
        ({"categories": ""}, "category set must not be empty"),
        ({"model": "missing.keras"}, "no file missing.keras"),
        ({"representative_data": "mnits"}, "Expected a source of images"),
        ({"num_calibration_samples": 0}, "at least one calibration image"),
    ],
)
def test_bad_input_is_one_line(hlp_export, files, capfd, changes, message):
    assert hlp_export(output_dir=files / "other", **changes) == 1
    printed, complaint = capfd.readouterr()
    assert complaint.startswith("hlp-export: ")
    assert message in complaint
    assert complaint.count("\n") == 1
    assert printed == ""
    assert not (files / "other").exists()


def test_failing_verification_is_an_error(
    hlp_export, files, capfd, monkeypatch
):
    def fail(*arguments):
        raise verify.VerificationError("not what it should be")

    data = export_models.master_of()
    monkeypatch.setattr(master, "make_master", lambda *arguments: data)
    monkeypatch.setattr(verify, "compare_with_keras", fail)
    assert hlp_export(output_dir=files / "other") == 1
    assert "hlp-export: not what it should be" in capfd.readouterr().err
    assert not (files / "other").exists()


def test_flags_are_required(hlp_export, capfd):
    assert hlp_export(model=None) == 1
    assert "--model must have a value" in capfd.readouterr().err
