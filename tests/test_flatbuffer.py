import export_models
import keras
import numpy as np
import pytest

import hlp_keras
from tflite_export import convert, flatbuffer, verify
from tflite_export.manifest import Operator


@pytest.fixture
def model():
    return flatbuffer.parse(export_models.flatbuffer_of())


def test_lists_the_operators_that_are_used(model):
    assert flatbuffer.operators(model) == (
        Operator("CONV_2D", version=3, count=8),
        Operator("ADD", version=2, count=3),
        Operator("MEAN", version=2, count=2),
        Operator("FULLY_CONNECTED", version=4, count=2),
        Operator("CONCATENATION", version=2, count=1),
        Operator("GATHER", version=2, count=1),
    )


def test_describes_input_and_output(model):
    (given,), (got,) = flatbuffer.inputs(model), flatbuffer.outputs(model)
    assert (given.shape, given.dtype) == ((1, 16, 16, 3), "int8")
    assert (given.scale, given.zero_point) == (np.float32(1 / 255), -128)
    assert (got.shape, got.dtype) == ((1, 3), "int8")
    assert got.scale > 0


@pytest.mark.parametrize("family", ["resnet", "mobilenet"])
def test_counts_what_the_network_says_it_costs(family):
    parsed = flatbuffer.parse(export_models.flatbuffer_of(family))
    cost = hlp_keras.cost(export_models.cutout(family))
    assert flatbuffer.count_parameters(parsed) == cost.params
    assert flatbuffer.count_macs(parsed) == cost.macs


def converted(*parts):
    model = keras.Sequential([keras.Input((4, 4, 3)), *parts])
    images = np.random.default_rng(0).random((4, 4, 4, 3), np.float32)
    return model, flatbuffer.parse(convert.convert(model, images))


def test_a_layer_that_is_applied_twice_has_its_weights_once():
    shared = keras.layers.Conv2D(3, 3, padding="same", bias_initializer="ones")
    model, parsed = converted(shared, keras.layers.ReLU(), shared)
    cost = hlp_keras.cost(model)
    assert flatbuffer.count_parameters(parsed) == cost.params == 81 + 3
    assert flatbuffer.count_macs(parsed) == cost.macs == 2 * 81 * 16


def test_counts_a_transposed_convolution():
    transposed = keras.layers.Conv2DTranspose(
        5, 3, strides=2, bias_initializer="ones"
    )
    _, parsed = converted(transposed)
    assert flatbuffer.count_parameters(parsed) == 3 * 3 * 3 * 5 + 5
    assert flatbuffer.count_macs(parsed) == 3 * 3 * 3 * 5 * 16


@pytest.mark.slow
@pytest.mark.parametrize("family", ["resnet", "mobilenet"])
@pytest.mark.parametrize(
    "names", [("cat",), ("animal",), ("dog", "car"), ("animal", "vehicle")]
)
def test_counts_what_every_cutout_says_it_costs(family, names):
    cutout = export_models.cutout(family, names)
    pixels = export_models.images() / np.float32(255)
    parsed = flatbuffer.parse(convert.convert(cutout, pixels))
    cost = hlp_keras.cost(cutout)
    assert flatbuffer.count_parameters(parsed) == cost.params
    assert flatbuffer.count_macs(parsed) == cost.macs


def test_packing_changes_no_result():
    data = export_models.flatbuffer_of()
    packed = flatbuffer.pack(flatbuffer.parse(data))
    inputs = export_models.images(4).astype(np.int8)
    np.testing.assert_array_equal(
        verify.run_litert(packed, inputs), verify.run_litert(data, inputs)
    )


def test_packing_aligns_the_weights():
    model = flatbuffer.parse(export_models.flatbuffer_of())
    packed = flatbuffer.pack(model)
    contents = [bytes(b.data) for b in model.buffers if b.data is not None]
    weights = [content for content in contents if len(content) > 64]
    assert weights
    for content in weights:
        assert packed.index(content) % 16 == 0


def test_metadata_round_trip(model):
    value = {"labels": ["Käse", "T-shirt/top"], "scale": 1 / 255}
    flatbuffer.set_metadata(model, value)
    again = flatbuffer.parse(flatbuffer.pack(model))
    assert flatbuffer.read_metadata(again) == value


def test_says_that_there_is_no_metadata(model):
    with pytest.raises(ValueError, match="no metadata 'hlp_keras'"):
        flatbuffer.read_metadata(model)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Expected a LiteRT model"),
        (b"PK\x03\x04 a zip file", "bytes 4 to 8 are b'TFL3', got b' a z'"),
        (b"\xff\xff\x00\x00TFL3", "The LiteRT model is damaged"),
    ],
)
def test_refuses_other_files(data, message):
    with pytest.raises(ValueError, match=message):
        flatbuffer.parse(data)


def test_refuses_weights_outside_the_flatbuffer(model):
    model.buffers[3].offset = 4096
    model.buffers[3].size = 16
    with pytest.raises(ValueError, match=r"Buffers \[3\] .* outside"):
        flatbuffer.parse(flatbuffer.pack(model))


def test_refuses_several_subgraphs(model):
    model.subgraphs *= 2
    with pytest.raises(ValueError, match="one subgraph, got 2"):
        flatbuffer.parse(flatbuffer.pack(model))
