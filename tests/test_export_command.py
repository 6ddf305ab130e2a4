import json
import sys

import export_models
import numpy as np
import pytest
from absl.testing import flagsaver

from tflite_export import __main__ as command
from tflite_export import master, slicing, verify
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

    def run(also=None, **changes):
        flags = {
            "model": files / "model.keras",
            "categories": "cat, vehicle",
            "output_dir": files / "out",
            "representative_data": files / "images.npz",
            **changes,
        }
        pairs = [*flags.items(), *(also or {}).items()]
        arguments = [f"--{k}={v}" for k, v in pairs if v is not None]
        monkeypatch.setattr(sys, "argv", ["hlp-export", *arguments])
        with flagsaver.flagsaver(), pytest.raises(SystemExit) as exit_:
            command.main()
        return exit_.value.code

    return run


def test_a_name_with_a_comma_comes_in_quotes(hlp_export, capsys):
    assert hlp_export(categories='"tench, Tinca tinca",cat') == 1
    assert "node 'tench, Tinca tinca'" in capsys.readouterr().err


@pytest.mark.parametrize("value", ['"tench, Tinca tinca', '"cat" or "dog"'])
def test_a_quote_that_is_not_closed_is_one_line(
    hlp_export, master_file, capsys, value
):
    flags = {"model": None, "master": master_file, "categories": value}
    # Another one after it, which it must not swallow.
    assert hlp_export(**flags, also={"categories": "dog"}) == 1
    complaint = capsys.readouterr().err
    assert f"got {value!r}: " in complaint
    assert "Close every quote" in complaint


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
    assert manifest.calibration.source == "images.npz"


def test_takes_the_network_of_a_work_directory(hlp_export, files, capfd):
    workdir = files / "workdir"
    workdir.mkdir()
    (workdir / "last.keras").write_bytes((files / "model.keras").read_bytes())
    assert hlp_export(model=workdir, output_dir=files / "from_workdir") == 0
    assert "float" in capfd.readouterr().out


def test_slices_the_master_of_a_fine_tuned_work_directory(
    hlp_export, files, master_file
):
    workdir = files / "tuned"
    workdir.mkdir()
    (workdir / "master.tflite").write_bytes(master_file.read_bytes())
    out = files / "from_tuned"
    flags = {"model": workdir, "output_dir": out}
    assert hlp_export(representative_data=None, **flags) == 0
    small = slicing.slice_master(master_file.read_bytes(), ["cat", "vehicle"])
    assert (out / "cat-vehicle.tflite").read_bytes() == small


def test_a_fine_tuned_work_directory_needs_no_other_master(
    hlp_export, files, master_file, capfd
):
    workdir = files / "tuned twice"
    workdir.mkdir()
    (workdir / "master.tflite").write_bytes(master_file.read_bytes())
    assert hlp_export(model=workdir, master=files / "new.tflite") == 1
    assert "has a master already" in capfd.readouterr().err
    assert hlp_export(model=workdir, gain=True) == 1
    message = capfd.readouterr().err
    assert "--gain has no meaning with --model." in message
    assert "--master" not in message
    assert f"give --model {workdir / 'last.keras'}." in message
    assert hlp_export(model=workdir, output_dir=None) == 1
    assert "--model needs --output_dir too." in capfd.readouterr().err
    assert hlp_export(model=workdir, verify=files) == 1
    assert "--model, --categories" in capfd.readouterr().err


@pytest.mark.parametrize("model", ["", "last.keras"])
def test_a_master_is_not_named_like_that_of_a_fine_tuning(
    hlp_export, files, capfd, model
):
    workdir = files / "not tuned"
    workdir.mkdir(exist_ok=True)
    (workdir / "last.keras").write_bytes((files / "model.keras").read_bytes())
    path = workdir / ".." / workdir.name / "master.tflite"
    flags = {"categories": None, "output_dir": None, "master": path}
    assert hlp_export(model=workdir / model, **flags) == 1
    assert "one that a fine-tuning writes, got" in capfd.readouterr().err
    assert [file.name for file in workdir.iterdir()] == ["last.keras"]


@pytest.fixture(scope="module")
def master_file(files):
    path = files / "master.tflite"
    path.write_bytes(export_models.master_of())
    return path


def test_makes_a_master(hlp_export, files, capfd):
    path = files / "made" / "master.tflite"
    flags = {"categories": None, "output_dir": None, "master": path}
    assert hlp_export(num_calibration_samples=20, **flags) == 0
    printed, complaints = capfd.readouterr()
    assert complaints == ""
    assert "calibrated with 20 images" in printed
    assert printed.splitlines()[-1] == f"Written to {path}"


def test_makes_a_master_with_a_gain(hlp_export, files):
    path = files / "gain" / "master.tflite"
    flags = {"master": path, "gain": True, "categories": None}
    # The logits of an untrained network are small beside their heights.
    flags["max_accuracy_drop"] = 1
    assert hlp_export(**flags, output_dir=None) == 0
    assert slicing.Master(path.read_bytes()).gain_nodes == (
        *("animal", "vehicle"),
    )


def test_slices_a_master(hlp_export, files, master_file, capfd):
    out = files / "slices"
    assert hlp_export(model=None, master=master_file, output_dir=out) == 0
    printed, complaints = capfd.readouterr()
    assert complaints == ""
    assert printed.splitlines()[-1] == f"Written to {out}"
    (model,) = Manifest.load(out).models
    assert model.labels == ("ship", "cat", "car")
    assert model.accuracy.int8 >= 0.9
    nothing = dict.fromkeys(("model", "categories", "representative_data"))
    assert hlp_export(**nothing, output_dir=None, verify=out) == 0
    assert "is as it was exported" in capfd.readouterr().out
    (out / model.file).unlink()
    assert hlp_export(**nothing, output_dir=None, verify=out) == 1
    assert capfd.readouterr().out == "cat-vehicle.tflite: is missing\n"


def test_checks_a_model_for_the_edge_tpu(hlp_export, master_file, capfd):
    flags = {"check_edgetpu": master_file, "json": True}
    nothing = dict.fromkeys(("model", "categories", "representative_data"))
    assert hlp_export(**nothing, output_dir=None, **flags) == 0
    operators = json.loads(capfd.readouterr().out)["operators"]
    assert operators[0].keys() == {
        *("index", "name", "mapped", "status", "why")
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "micro"}, "--target has no meaning with --model."),
        ({"master": "m"}, "--categories, --output_dir has no meaning with"),
        ({"model": None}, "Expected --model, --master, --check_edgetpu"),
        (
            {"model": None, "master": "m", "output_dir": None},
            "--master needs --output_dir too.",
        ),
        (
            {"model": None, "master": "m", "calibration_seed": 1},
            "--calibration_seed has no meaning with --master.",
        ),
        ({"json": True}, "--json has no meaning with --model."),
        ({"verify": "out"}, "has no meaning with --verify."),
        ({"model": None, "master": "m"}, "a master, but there is no file m."),
        (
            {"model": None, "master": "m", "ram_budget": 1},
            "Budgets of flash and RAM are for the target micro",
        ),
    ],
)
def test_flags_that_do_not_go_together_are_one_line(
    hlp_export, capfd, changes, message
):
    assert hlp_export(**changes) == 1
    complaint = capfd.readouterr().err
    assert complaint.startswith("hlp-export: ")
    assert message in complaint
    assert complaint.count("\n") == 1


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
