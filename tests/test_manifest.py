import dataclasses
import json

import pytest

from tflite_export import manifest
from tflite_export.manifest import Manifest


def example(**changes):
    tensor = manifest.Tensor("image", (1, 16, 16, 3), "int8", 1 / 255, -128)
    model = manifest.ExportedModel(
        names=("vehicle",),
        labels=("ship", "car"),
        class_indices=(0, 4),
        file="vehicle.tflite",
        sha256="00",
        bytes=1234,
        input=tensor,
        output=manifest.Tensor("logits", (1, 2), "float32", None, None),
        normalisation=manifest.Normalisation(),
        operators=(manifest.Operator("CONV_2D", 3, 2),),
        parameters=100,
        macs=2000,
        accuracy=manifest.Accuracy(10, 0.9, 1.0, 0.9, 0.5, 0.1),
        kernels=manifest.Kernels(4, 2, 0, 4, "", 2048),
    )
    arguments = {
        "taxonomy": {"tree": {"vehicle": {"ship": None, "car": None}}},
        "calibration": manifest.Calibration("here", 3, 0, (1, 2, 5)),
        "models": (model,),
        "tools": {"keras": "3.0"},
    }
    return Manifest(**{**arguments, **changes})


def test_json_round_trip():
    assert Manifest.from_json(example().to_json()) == example()


def complete():
    """A manifest that has everything."""
    (model,) = example().models
    file = manifest.File("vehicle/main.cc", "11", 5)
    model = dataclasses.replace(
        model,
        edgetpu=manifest.EdgeTpu(
            9, 8, 0.5, 100, 0, "predicted", manifest.File("x.tflite", "22", 6)
        ),
        firmware=(manifest.Firmware("vehicle", False, 1234, 4096, (file,)),),
    )
    part = manifest.Part(
        name="trunk",
        parent=None,
        labels=(),
        class_indices=(),
        file="parts/trunk.tflite",
        sha256="33",
        bytes=7,
        input=model.input,
        output=model.output,
        parameters=3,
        macs=4,
        kernels=model.kernels,
    )
    return example(
        models=(model,),
        target="micro",
        master=manifest.Master("44", 8, model.accuracy, model.kernels),
        parts=(part,),
        bundle=manifest.Bundle("bundle.tflite", "55", 9, ("vehicle",)),
    )


def test_json_round_trip_of_everything():
    assert Manifest.from_json(complete().to_json()) == complete()


def test_lists_every_file():
    assert sorted(file.path for file in complete().files) == [
        *["bundle.tflite", "parts/trunk.tflite", "vehicle.tflite"],
        *["vehicle/main.cc", "x.tflite"],
    ]


def test_whole_numbers_may_stand_for_floats():
    text = example().to_json().replace('"float32": 1.0', '"float32": 1')
    assert Manifest.from_json(text) == example()


def test_loads_from_a_directory(tmp_path):
    (tmp_path / "manifest.json").write_text(example().to_json())
    assert Manifest.load(tmp_path) == example()


@pytest.mark.parametrize("text", ["[]", "{}", '{"version": 99}'])
def test_refuses_another_version(text):
    with pytest.raises(ValueError, match="manifest of version 3, got"):
        Manifest.from_json(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("tools"), r"manifest: expected the fields .*'tools'"),
        (lambda d: d.update(more=1), "manifest: expected the fields"),
        (
            lambda d: d["models"][0].update(bytes="many"),
            r"manifest.models\[0\].bytes: expected .*int.*, got 'many'",
        ),
        (
            lambda d: d["models"][0]["input"].update(scale=True),
            r"input.scale: expected float \| None, got True",
        ),
        (lambda d: d.update(models=None), "manifest.models: expected"),
    ],
)
def test_an_error_names_the_place(change, message):
    data = json.loads(example().to_json())
    change(data)
    with pytest.raises(ValueError, match=message):
        Manifest.from_json(json.dumps(data))


def test_an_error_names_the_file(tmp_path):
    (tmp_path / "manifest.json").write_text("no JSON")
    with pytest.raises(ValueError, match="manifest.json: Expecting value"):
        Manifest.load(tmp_path)
