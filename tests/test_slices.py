import importlib.metadata
import json
import re
import subprocess
import sys

import export_models
import jsonschema
import numpy as np
import pytest

from tflite_export import (
    bundle,
    coral,
    directory,
    flatbuffer,
    making,
    manifest_schema,
    slices,
    slicing,
    tflm,
    verify,
)
from tflite_export.manifest import Manifest
from tflite_export.slices import Settings

SETS = [["vehicle"], ["bird", "cat", "ship"]]
needs_tflm = pytest.mark.skipif(
    bool(tflm.missing_reason()), reason=tflm.missing_reason() or "there"
)


def export(out, settings=None, sets=SETS, **more):
    return slices.export_slices(
        export_models.master_of(), sets, out, settings, **more
    )


def check_integers(out, manifest):
    """Every model gives the master's integers, whatever its border is."""
    images = export_models.images(3, seed=5)
    whole = verify.run_reference(
        export_models.master_of(), (images ^ 128).view(np.int8)
    )
    for model in manifest.models:
        data = (out / model.file).read_bytes()
        inputs = verify.quantise(images / np.float32(255), model.input)
        got = verify.run_reference(data, inputs)
        if model.output.dtype == "uint8":
            got = (got ^ 128).view(np.int8)
        np.testing.assert_array_equal(got, whole[:, list(model.class_indices)])


def test_exports_models_that_give_the_master_s_integers(tmp_path):
    manifest = export(tmp_path / "out")
    assert [model.file for model in manifest.models] == [
        *["vehicle.tflite", "bird-cat-ship.tflite"]
    ]
    assert manifest.models[1].labels == ("ship", "cat", "bird")
    assert manifest.models[0].accuracy is None
    assert manifest.master.bytes == len(export_models.master_of())
    assert manifest.calibration.source == "arrays"
    assert "tensorflow" in manifest.tools
    check_integers(tmp_path / "out", manifest)


def test_tools_are_those_that_converted_and_those_that_slice(
    tmp_path, monkeypatch
):
    converted = making.read(
        slicing.Master(export_models.master_of()).metadata
    ).tools
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "sliced")
    tools = export(tmp_path / "out", sets=SETS[:1]).tools
    assert tools["keras"] == converted["keras"] != "sliced"
    assert tools["tensorflow"] == converted["tensorflow"] != "sliced"
    assert tools["ai-edge-litert"] == "sliced"


def test_what_is_written_is_as_the_manifest_says(tmp_path):
    out = tmp_path / "out"
    manifest = export(out, Settings("android"))
    assert Manifest.load(out) == manifest
    assert directory.problems(out) == []
    jsonschema.validate(
        json.loads((out / "manifest.json").read_text(encoding="utf-8")),
        manifest_schema.make(),
    )


def test_real_images_measure_the_accuracy(tmp_path):
    manifest = export(
        tmp_path / "out",
        images=export_models.images(24, seed=1),
        labels=export_models.labels(24, seed=1),
    )
    chosen = np.isin(export_models.labels(24, seed=1), [0, 4])
    accuracy = manifest.models[0].accuracy
    assert accuracy.images == chosen.sum()
    assert accuracy.int8 >= 0.9
    assert accuracy.float32 is None


def test_android_gets_a_bundle_and_parts(tmp_path):
    out = tmp_path / "out"
    manifest = export(out, Settings("android", io_type="float32"))
    assert manifest.bundle.signatures == ("vehicle", "bird-cat-ship")
    assert {model.input.dtype for model in manifest.models} == {"float32"}
    sizes = sum(model.bytes for model in manifest.models)
    assert manifest.bundle.bytes < sizes
    parents = {part.name: part.parent for part in manifest.parts}
    assert parents["head_animal"] == "branch_animal"
    assert parents["branch_animal"] == "trunk"
    heads = [part for part in manifest.parts if part.labels]
    indices = sorted(i for part in heads for i in part.class_indices)
    assert indices == [0, 1, 2, 4]
    total = sum(part.macs for part in manifest.parts)
    parsed = flatbuffer.parse(
        slicing.slice_master(
            export_models.master_of(), ["vehicle", "bird", "cat"]
        )
    )
    assert total == flatbuffer.count_macs(parsed)


def test_edgetpu_gets_uint8_and_no_gather(tmp_path):
    lines = []
    manifest = export(tmp_path, Settings("edgetpu"), progress=lines.append)
    for model in manifest.models:
        assert model.input.dtype == model.output.dtype == "uint8"
        assert (model.input.zero_point, model.output.shape[0]) == (0, 1)
        names = {operator.name for operator in model.operators}
        assert "GATHER" not in names
        assert model.edgetpu.mapped_operators == model.edgetpu.operators
        assert model.edgetpu.prediction == "predicted, not compiled"
    together = coral.memory_table(tmp_path, manifest)
    for model in manifest.models:
        assert model.file in together
    assert set(manifest.models[1].labels) == {"ship", "cat", "bird"}
    assert "Mapped to Edge TPU" in "\n".join(lines)
    check_integers(tmp_path, manifest)


@needs_tflm
def test_micro_gets_folders_of_sources(tmp_path):
    manifest = export(tmp_path, Settings("micro", split=True), sets=SETS[1:])
    (model,) = manifest.models
    whole, split = model.firmware
    assert (whole.folder, split.folder) == (
        *["bird-cat-ship", "bird-cat-ship.split"],
    )
    assert (whole.parts, split.parts) == (False, True)
    assert whole.flash_bytes == model.bytes
    assert whole.ram_bytes >= model.kernels.arena_bytes
    assert (tmp_path / "bird-cat-ship" / "main.cc").is_file()
    assert directory.problems(tmp_path) == []
    data = (tmp_path / model.file).read_bytes()
    with pytest.raises(ValueError, match="no metadata"):
        flatbuffer.read_metadata(flatbuffer.parse(data))
    check_integers(tmp_path, manifest)


@needs_tflm
def test_parts_of_a_slice_in_the_order_of_the_heads(tmp_path):
    names = ["vehicle", "bird"]
    heads = slicing.slice_master(export_models.master_of(), names, "heads")
    settings = Settings("micro", split=True)
    slices.export_slices(heads, [names], tmp_path / "heads", settings)
    export(tmp_path / "classes", settings, sets=[names])
    images = "vehicle-bird.split/vehicle_bird_split_test_images.cc"
    sources = [(tmp_path / name / images) for name in ("heads", "classes")]
    assert sources[0].read_text() == sources[1].read_text()


@needs_tflm
@pytest.mark.parametrize("kind", ["flash", "ram"])
def test_a_budget_refuses_and_says_what_to_leave_away(tmp_path, kind):
    settings = Settings("micro", **{f"{kind}_budget": 1000})
    with pytest.raises(ValueError, match="more than the budget.*'animal'"):
        export(tmp_path / "out", settings, sets=SETS[1:])
    assert not (tmp_path / "out").exists()


@needs_tflm
def test_a_budget_for_parts_is_that_of_the_parts(tmp_path):
    def parts(name, names, **budgets):
        settings = Settings("micro", split=True, **budgets)
        (model,) = export(tmp_path / name, settings, sets=[names]).models
        return model.firmware[1]

    names = ["bird", "cat", "ship"]
    made = parts("any", names)
    fitting = {"flash_budget": made.flash_bytes, "ram_budget": made.ram_bytes}
    assert parts("fitting", names, **fitting) == made
    with pytest.raises(ValueError, match="bird-cat-ship.split does") as refused:
        parts("small", names, flash_budget=made.flash_bytes - 1)
    advice = r"Leave away '(\w+)', which saves ([\d,]+) bytes of flash"
    name, saved = re.search(advice, str(refused.value)).groups()
    names.remove(name)
    rest = made.flash_bytes - int(saved.replace(",", ""))
    assert parts("rest", names).flash_bytes == rest


def test_micro_needs_tflm(tmp_path, monkeypatch):
    monkeypatch.setattr(tflm, "missing_reason", lambda: "it is not here")
    out, micro = tmp_path / "out", Settings("micro")
    with pytest.raises(RuntimeError, match=r"needs .*tflite-micro.* not here"):
        slices.export_slices(b"not looked at yet", SETS, out, micro)


@pytest.fixture
def refusing_tflm(monkeypatch):
    monkeypatch.setattr(tflm, "missing_reason", lambda: "")
    refused = tflm.Refused("it refused the model: no GELU")
    monkeypatch.setattr(tflm, "run_all", lambda cases: [refused] * len(cases))
    return refused


def test_only_micro_needs_models_that_tflm_runs(tmp_path, refusing_tflm):
    manifest = export(tmp_path / "out", Settings("android"))
    for model in (*manifest.models, *manifest.parts):
        assert model.kernels.tflm_skipped == refusing_tflm.reason
    with pytest.raises(RuntimeError, match=r"^vehicle: .* no GELU. Train"):
        export(tmp_path / "micro", Settings("micro"))
    assert not (tmp_path / "micro").exists()


@pytest.mark.parametrize("settings", [Settings(), Settings("android")])
def test_a_slice_that_differs_is_not_written(tmp_path, settings, monkeypatch):
    def wrong(data, inputs, right=verify.run_reference):
        outputs = right(data, inputs)
        return outputs + (outputs.shape[-1] == 2)

    monkeypatch.setattr(verify, "run_reference", wrong)
    with pytest.raises(verify.VerificationError, match="^vehicle gives other"):
        export(tmp_path / "out", settings)
    assert not (tmp_path / "out").exists()


def test_a_bundle_that_differs_is_not_written(tmp_path, monkeypatch):
    def swapped(models, metadata, right=bundle.join):
        first, second = models
        swapped = {first: models[second], second: models[first]}
        return right(swapped, metadata)

    monkeypatch.setattr(bundle, "join", swapped)
    with pytest.raises(verify.VerificationError, match="'cat' gives other"):
        export(tmp_path, Settings("android"), sets=[["cat"], ["bird"]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": "mirco"}, "one of micro, edgetpu, android, got 'mirco'"),
        ({"target": "micro", "io_type": "float32"}, "int8, not float32"),
        ({"target": "edgetpu", "io_type": "float32"}, "uint8 or int8, not fl"),
        ({"target": "edgetpu", "split": True}, "not split"),
        ({"flash_budget": 1}, "for the target micro"),
    ],
)
def test_refuses_settings_that_do_not_go_together(settings, message):
    with pytest.raises(ValueError, match=message):
        Settings(**settings)


def test_labels_must_match_the_images(tmp_path):
    with pytest.raises(ValueError, match=r"of shape \(3,\), got \(2,\)"):
        export(tmp_path, images=export_models.images(3), labels=[0, 1])


def test_a_whole_run_needs_no_tensorflow(tmp_path):
    path = tmp_path / "master.tflite"
    path.write_bytes(export_models.master_of())
    code = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'tf_keras'):\n"
        "    sys.modules[name] = None\n"
        "from tflite_export import __main__\n"
        "__main__.main()\n"
    )
    for target in ("edgetpu", "android"):
        out = tmp_path / target
        flags = [f"--master={path}", "--categories=cat", f"--output_dir={out}"]
        subprocess.run(
            [sys.executable, "-c", code, *flags, f"--target={target}"],
            check=True,
            capture_output=True,
        )
        assert Manifest.load(out).target == target
