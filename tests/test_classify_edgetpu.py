import dataclasses
import importlib.util
import json
import pathlib

import numpy as np
import pytest
import tiny_models
from PIL import ExifTags, Image

from tflite_export import manifest
from training import sources

_PATH = pathlib.Path(__file__).parent.parent / "examples/classify_edgetpu.py"
_SPEC = importlib.util.spec_from_file_location("classify_edgetpu", _PATH)
example = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(example)


def model(file="red-blue.tflite", **changes):
    """Of the manifest: one logit is the red channel, the other the blue."""
    image = manifest.Tensor("image", (1, 1, 1, 3), "int8", 1 / 255, -128)
    image = dataclasses.replace(image, **changes)
    logits = manifest.Tensor("logits", (1, 2), "int8", 0.5, 3)
    return {
        "file": file,
        "labels": ["red", "blue"],
        "input": dataclasses.asdict(image),
        "output": dataclasses.asdict(logits),
        "normalisation": dataclasses.asdict(manifest.Normalisation()),
        "gain": None,
        "gain_nodes": [],
    }


def flatbuffer():
    graph = tiny_models.Graph()
    image = graph.tensor((1, 1, 1, 3), scale=1 / 255, zero_point=-128)
    weights = graph.constant(
        [[127, 0, 0], [0, 0, 127]], "int8", zero_point=0, scale=1 / 127
    )
    logits = graph.tensor((1, 2), scale=0.5, zero_point=3)
    graph.operator("FULLY_CONNECTED", [image, weights, -1], [logits], version=4)
    return graph.pack([image], [logits])


@pytest.fixture
def exported(tmp_path):
    """An export directory, and a blue image beside it."""
    (tmp_path / "manifest.json").write_text(json.dumps({"models": [model()]}))
    (tmp_path / "red-blue.tflite").write_bytes(flatbuffer())
    Image.new("RGB", (8, 8), (0, 128, 255)).save(tmp_path / "sky.png")
    return tmp_path


def test_classifies_on_the_cpu(exported, capsys):
    example.main([str(exported), str(exported / "sky.png")])
    assert capsys.readouterr().out.splitlines() == [
        "red-blue.tflite on the CPU",
        "   1.000  blue",
        "   0.000  red",
    ]


def test_falls_back_to_the_cpu_without_the_edge_tpu_runtime(exported):
    (exported / "red-blue_edgetpu.tflite").write_bytes(b"for the Edge TPU")
    interpreter, where = example.load_interpreter(
        exported / "red-blue.tflite", delegate="no-such-library.so"
    )
    assert where == "CPU"
    interpreter.allocate_tensors()


def test_runs_the_compiled_model_with_the_delegate(exported, monkeypatch):
    compiled = exported / "red-blue_edgetpu.tflite"
    compiled.write_bytes(b"for the Edge TPU")
    monkeypatch.setattr(example.ctypes, "CDLL", lambda name: name)
    monkeypatch.setattr(example.litert, "load_delegate", lambda name: name)
    monkeypatch.setattr(example.litert, "Interpreter", lambda **given: given)
    interpreter, where = example.load_interpreter(exported / "red-blue.tflite")
    assert where == "Edge TPU"
    assert interpreter == {
        "model_path": str(compiled),
        "experimental_delegates": ["libedgetpu.so.1"],
    }


def test_an_unsigned_input_is_the_pixel_itself(exported):
    unsigned = model(dtype="uint8", zero_point=0)
    image = example.read_image(exported / "sky.png", unsigned)
    assert image.dtype == np.uint8
    assert image.tolist() == [[[[0, 128, 255]]]]


def test_reads_a_photo_as_the_training_does(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    noise = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for split in ("train", "test"):
        (tmp_path / split / "red").mkdir(parents=True)
        photo = tmp_path / split / "red" / "1.png"
        Image.fromarray(noise).save(photo, exif=exif)
    source = sources.load_source(str(tmp_path), image_size=(4, 5))
    unsigned = model(shape=(1, 4, 5, 3), dtype="uint8", zero_point=0)
    image = example.read_image(photo, unsigned)
    np.testing.assert_array_equal(image, source.test.images)


def test_a_gain_is_neutral_but_for_the_nodes_named():
    gain = manifest.Tensor("gain", (1, 3), "uint8", 1 / 128, 0)
    gated = {
        "gain": dataclasses.asdict(gain),
        "gain_nodes": ["animal", "pet", "wild"],
    }
    (integers,) = example.read_gain(["pet=1.5", "wild=0"], gated)
    assert integers.tolist() == [[128, 192, 0]]
    (integers,) = example.read_gain([], gated)
    assert integers.tolist() == [[128, 128, 128]]
    with pytest.raises(SystemExit, match="no node car. Nodes: animal, pet"):
        example.read_gain(["car=2"], gated)
    for text in ("pet=5", "pet=-1", "pet=nan"):
        with pytest.raises(SystemExit, match=f"0 to 1.99, got {text}"):
            example.read_gain([text], gated)
    with pytest.raises(SystemExit, match="Expected NODE=FACTOR, got pet"):
        example.read_gain(["pet"], gated)


def test_a_model_without_a_gain_takes_none(exported):
    assert example.read_gain([], model()) == []
    arguments = [str(exported), str(exported / "sky.png"), "--gain=pet=2"]
    with pytest.raises(SystemExit, match="the model has no gain"):
        example.main(arguments)


def test_asks_which_of_several_models(exported):
    models = [model(), model("cat.tflite")]
    (exported / "manifest.json").write_text(json.dumps({"models": models}))
    with pytest.raises(SystemExit, match="red-blue.tflite, cat.tflite"):
        example.choose_model(exported, None)
    chosen = example.choose_model(exported, "cat.tflite")
    assert chosen["file"] == "cat.tflite"
