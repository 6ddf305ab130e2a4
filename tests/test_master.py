import export_models
import keras
import networks
import numpy as np
import pytest

import hlp_keras
from tflite_export import convert, flatbuffer, master, slicing, split
from tflite_export.reference import Reference


@pytest.fixture(scope="module")
def parsed():
    return flatbuffer.parse(export_models.master_of())


def test_metadata_tell_what_the_logits_mean(parsed):
    metadata = flatbuffer.read_metadata(parsed)
    assert metadata["labels"] == ["ship", "cat", "bird", "dog", "car"]
    assert metadata["class_indices"] == [0, 1, 2, 3, 4]
    assert metadata["normalisation"] == {"scale": 1 / 255, "mean": 0.0}
    taxonomy = hlp_keras.Taxonomy.from_dict(metadata["taxonomy"])
    assert taxonomy == export_models.TAXONOMY


def test_metadata_tell_how_the_segments_nest(parsed):
    segments = flatbuffer.read_metadata(parsed)["segments"]
    assert [(s["name"], s["parent"]) for s in segments] == [
        ("trunk", None),
        ("branch_animal", "trunk"),
        ("branch_vehicle", "trunk"),
        ("head_animal", "branch_animal"),
        ("head_vehicle", "branch_vehicle"),
    ]
    assert segments[3]["labels"] == ["cat", "bird", "dog"]


def test_the_end_of_a_segment_has_its_name(parsed):
    names = {t.name.decode(): t for t in parsed.subgraphs[0].tensors}
    network = export_models.network()
    for name, segment in network.segments.items():
        shape = tuple(names[name].shape[1:])
        assert shape == segment.output_shape[1:], name


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_parts_of_a_network_with_one_head_give_its_logits(order):
    taxonomy = hlp_keras.Taxonomy.from_nested({"n": ["a", "b"]}, list(order))
    model = networks.build(taxonomy)
    images = export_models.images(4) / np.float32(255)
    whole = slicing.Master(master.make_master(model, images))
    parts = split.split(whole.data)
    Reference.of(whole, images).check_parts(parts)
    assert parts[-1].labels == tuple(order)


def test_a_trunk_of_the_user_may_have_a_dense_layer():
    inputs = keras.Input(networks.SHAPE)
    x = keras.layers.Conv2D(8, 3, 2)(inputs)
    squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = keras.layers.Multiply()([x, keras.layers.Dense(8)(squeezed)])
    taxonomy = hlp_keras.Taxonomy.from_nested({"n": ["a", "b"]})
    model = networks.build(taxonomy, trunk=keras.Model(inputs, x))
    images = export_models.images(4) / np.float32(255)
    whole = slicing.Master(master.make_master(model, images))
    Reference.of(whole, images).check_parts(split.split(whole.data))


@pytest.mark.parametrize("name", ["trunk", "branch_vehicle", "my model"])
def test_the_network_may_have_any_name(name):
    model = export_models.network().derive(name=name)
    images = export_models.images() / np.float32(255)
    assert master.make_master(model, images) == export_models.master_of()


def test_names_are_shorter_than_the_converter_s(parsed):
    longest = max(len(t.name) for t in parsed.subgraphs[0].tensors)
    assert longest < 40


def test_says_when_the_converter_names_tensors_in_another_way(monkeypatch):
    nameless = flatbuffer.parse(export_models.flatbuffer_of())
    for tensor in nameless.subgraphs[0].tensors:
        tensor.name = b"tensor"
    data = flatbuffer.pack(nameless)
    monkeypatch.setattr(convert, "convert", lambda *arguments: data)
    with pytest.raises(RuntimeError, match="no tensor .* belongs to trunk"):
        master.make_master(export_models.network(), None)
