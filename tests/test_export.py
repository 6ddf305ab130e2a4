import hashlib

import export_models
import keras
import numpy as np
import pytest

import hlp_keras
from tflite_export import (
    export,
    flatbuffer,
    making,
    master,
    slicing,
    verify,
)
from tflite_export.manifest import Calibration, Manifest

SETS = [["vehicle"], ["bird", "cat"]]


def run(output_dir, category_sets=SETS, **changes):
    arguments = {
        "model": export_models.network(),
        "calibration_images": export_models.images(),
        "test_images": export_models.images(24, seed=1),
        "test_labels": export_models.labels(24, seed=1),
    }
    return export.export_cutouts(
        category_sets=category_sets,
        output_dir=output_dir,
        **{**arguments, **changes},
    )


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    directory = tmp_path_factory.mktemp("export") / "out"
    lines = []
    manifest = run(
        directory,
        calibration=Calibration("blobs", 32, 0, tuple(range(32))),
        progress=lines.append,
    )
    return directory, manifest, lines


def test_writes_a_file_per_category_set_and_the_manifest(exported):
    directory, manifest, _ = exported
    assert sorted(path.name for path in directory.iterdir()) == [
        *["bird-cat.tflite", "manifest.json", "vehicle.tflite"]
    ]
    assert Manifest.load(directory) == manifest


def test_manifest_describes_every_file(exported):
    directory, manifest, _ = exported
    for names, model in zip(SETS, manifest.models, strict=True):
        data = (directory / model.file).read_bytes()
        assert model.names == tuple(names)
        assert model.bytes == len(data)
        assert model.sha256 == hashlib.sha256(data).hexdigest()
        assert model.input.shape == (1, 16, 16, 3)
        assert model.output.shape == (1, 2)
        cost = hlp_keras.cost(export_models.network(), names)
        assert (model.parameters, model.macs) == (cost.params, cost.macs)
        assert model.accuracy.agreement >= 0.9
    vehicle, pair = manifest.models
    assert (vehicle.labels, vehicle.class_indices) == (("ship", "car"), (0, 4))
    assert (pair.labels, pair.class_indices) == (("cat", "bird"), (1, 2))
    assert manifest.calibration.source == "blobs"
    assert "tensorflow" in manifest.tools


def test_manifest_holds_the_full_taxonomy(exported):
    _, manifest, _ = exported
    taxonomy = hlp_keras.Taxonomy.from_dict(manifest.taxonomy)
    assert taxonomy == export_models.network().taxonomy


def test_a_file_explains_itself(exported):
    directory, manifest, _ = exported
    data = (directory / manifest.models[1].file).read_bytes()
    metadata = flatbuffer.read_metadata(flatbuffer.parse(data))
    assert metadata["labels"] == ["cat", "bird"]
    assert metadata["class_indices"] == [1, 2]
    assert metadata["normalisation"] == {"scale": 1 / 255, "mean": 0.0}
    taxonomy = hlp_keras.Taxonomy.from_dict(metadata["taxonomy"])
    assert taxonomy.categories == ("cat", "bird")


def test_reports_its_progress(exported):
    _, _, lines = exported
    first, second = lines
    assert first.startswith("[1/2] vehicle: 2 categories, ")
    assert second.startswith("[2/2] bird, cat: 2 categories, ")


def test_logits_are_those_of_the_full_network(exported):
    directory, manifest, _ = exported
    images = export_models.images(4) / np.float32(255)
    full = export_models.network().predict(images, verbose=0)
    for model in manifest.models:
        data = (directory / model.file).read_bytes()
        integers = verify.run_litert(data, verify.quantise(images, model.input))
        np.testing.assert_allclose(
            verify.dequantise(integers, model.output),
            full[:, list(model.class_indices)],
            atol=0.2,
        )


@pytest.fixture(scope="module")
def written_master(tmp_path_factory):
    path = tmp_path_factory.mktemp("master") / "new" / "master.tflite"
    return path, write_master(path)


def write_master(path, **changes):
    arguments = {
        "model": export_models.network(),
        "calibration_images": export_models.images(),
        "test_images": export_models.images(24, seed=1),
        "test_labels": export_models.labels(24, seed=1),
        "calibration": Calibration("blobs", 32, 0, tuple(range(32))),
    }
    return export.export_master(path=path, **{**arguments, **changes})


def test_a_master_tells_how_it_was_made(written_master):
    path, made = written_master
    metadata = slicing.Master(path.read_bytes()).metadata
    assert making.read(metadata) == made
    assert made.calibration.indices == tuple(range(32))
    assert made.accuracy.float32 == 1.0
    assert made.kernels.images > 0
    assert [path.name for path in path.parent.iterdir()] == ["master.tflite"]


def test_a_master_that_fails_is_not_written(tmp_path, monkeypatch):
    def fail(*arguments):
        raise verify.VerificationError("not what it should be")

    data = export_models.master_of()
    monkeypatch.setattr(master, "make_master", lambda *arguments: data)
    monkeypatch.setattr(verify, "compare_with_keras", fail)
    with pytest.raises(verify.VerificationError):
        write_master(tmp_path / "master.tflite")
    assert not list(tmp_path.iterdir())


def test_a_master_does_not_replace_other_files(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="no master that could be repl"):
        write_master(path)
    assert path.read_text() == "mine"


def test_failing_verification_writes_nothing(tmp_path, monkeypatch):
    def fail(*arguments):
        raise verify.VerificationError("not what it should be")

    data = export_models.master_of()
    monkeypatch.setattr(master, "make_master", lambda *arguments: data)
    monkeypatch.setattr(verify, "compare_with_keras", fail)
    with pytest.raises(verify.VerificationError, match="not what it should"):
        run(tmp_path / "out", [["vehicle"]])
    assert not list(tmp_path.iterdir())


def test_refuses_bad_category_sets(tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'dog'?"):
        run(tmp_path / "out", [["vehicle"], ["dgo"]])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": keras.Sequential()}, "Expected an HLPModel, got Sequential"),
        (
            {"calibration_images": np.zeros((1, 8, 8, 3), np.uint8)},
            r"shape \(16, 16, 3\) .*, got \(8, 8, 3\)",
        ),
        (
            {"test_images": np.zeros((24, 16, 16, 1), np.uint8)},
            r"shape \(16, 16, 3\) .*, got \(16, 16, 1\)",
        ),
        ({"test_labels": [1, 2, 3]}, r"shape \(24,\), got \(3,\)"),
        (
            {"calibration_images": np.zeros((0, 16, 16, 3), np.uint8)},
            "at least one calibration image",
        ),
    ],
)
def test_refuses_what_does_not_fit(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        run(tmp_path / "out", **changes)
    assert not list(tmp_path.iterdir())


def test_refuses_a_set_without_test_images(tmp_path):
    with pytest.raises(ValueError, match="no test images of vehicle"):
        run(tmp_path / "out", [["vehicle"]], test_labels=np.full(24, 1))
    assert not list(tmp_path.iterdir())
