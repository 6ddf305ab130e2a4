import dataclasses
import os

import export_models
import pytest
from test_manifest import example

from tflite_export import description, directory, slicing
from tflite_export.manifest import Manifest


@pytest.fixture
def exported(tmp_path):
    data = slicing.slice_master(export_models.master_of(), ["vehicle"])
    return write(tmp_path / "out", "vehicle.tflite", data)


def write(out, path, data):
    (model,) = example().models
    file = description.write(out, path, data)
    model = dataclasses.replace(
        model, file=file.path, sha256=file.sha256, bytes=file.bytes
    )
    description.write_manifest(out, example(models=(model,)))
    return out


def test_finds_nothing_in_what_was_exported(exported):
    assert directory.problems(exported) == []


@pytest.mark.parametrize("target", ["edgetpu", "android"])
def test_takes_what_the_user_compiled_for_an_edge_tpu(exported, target):
    manifest = Manifest.load(exported)
    description.write_manifest(
        exported, dataclasses.replace(manifest, target=target)
    )
    compiled = ["vehicle_edgetpu.log", "vehicle_edgetpu.tflite"]
    for name in compiled:
        (exported / name).write_bytes(b"compiled")
    refused = [] if target == "edgetpu" else compiled
    assert directory.problems(exported) == [
        f"{name}: is not in the manifest" for name in refused
    ]


def change(out):
    path = out / "vehicle.tflite"
    path.write_bytes(b"x" + path.read_bytes()[1:])


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda out: (out / "vehicle.tflite").unlink(), "e: is missing"),
        (lambda out: (out / "vehicle.tflite").write_bytes(b""), "has 0 bytes"),
        (change, "vehicle.tflite: has other content"),
        (lambda out: (out / "more").touch(), "more: is not in the manifest"),
        (
            lambda out: (out / "link").symlink_to("/"),
            "link: is not in the manifest",
        ),
    ],
)
def test_names_what_differs(exported, harm, problem):
    harm(exported)
    (line,) = directory.problems(exported)
    assert problem in line


def test_refuses_links_out_of_the_directory(exported, tmp_path):
    path = exported / "vehicle.tflite"
    os.replace(path, tmp_path / "vehicle.tflite")
    path.symlink_to(tmp_path / "vehicle.tflite")
    (line,) = directory.problems(exported)
    assert line == "vehicle.tflite: leads out of the directory"


def test_refuses_paths_out_of_the_directory(tmp_path):
    out = write(tmp_path / "out", "../vehicle.tflite", b"secret")
    (line,) = directory.problems(out)
    assert line == "../vehicle.tflite: leads out of the directory"


def test_refuses_files_that_are_no_models(tmp_path):
    out = write(tmp_path / "out", "vehicle.tflite", b"no model at all")
    (line,) = directory.problems(out)
    assert "Expected a LiteRT model" in line


def test_needs_a_directory_with_a_manifest(tmp_path):
    with pytest.raises(NotADirectoryError, match="no directory"):
        directory.problems(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="an export, with its manif"):
        directory.problems(tmp_path)
