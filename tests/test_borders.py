import export_models
import numpy as np
import pytest

from tflite_export import borders, convert, flatbuffer, slicing, verify


@pytest.fixture(scope="module")
def small():
    return slicing.slice_master(export_models.master_of(), ["cat", "vehicle"])


def int8_logits(data):
    inputs = (export_models.images(4) ^ 128).view(np.int8)
    return verify.run_reference(data, inputs)


def test_uint8_is_the_pixel(small):
    data = borders.with_io_type(small, "uint8")
    got = verify.run_reference(data, export_models.images(4))
    assert got.dtype == np.uint8
    np.testing.assert_array_equal((got ^ 128).view(np.int8), int8_logits(small))
    parsed = flatbuffer.parse(data)
    (given,), (logits,) = flatbuffer.inputs(parsed), flatbuffer.outputs(parsed)
    assert (given.name, given.dtype, given.zero_point) == ("image", "uint8", 0)
    assert given.scale == pytest.approx(1 / 255)
    (before,) = flatbuffer.outputs(flatbuffer.parse(small))
    assert logits.zero_point == before.zero_point + 128


def test_float32_is_the_pixel_by_255(small):
    data = borders.with_io_type(small, "float32")
    images = export_models.images(4) / np.float32(255)
    got = verify.run_reference(data, images)
    (output,) = flatbuffer.outputs(flatbuffer.parse(small))
    expected = verify.dequantise(int8_logits(small), output)
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_is_what_the_converter_does(small):
    direct = convert.convert(
        export_models.cutout(),
        export_models.images() / np.float32(255),
        io_type="float32",
    )
    first, *_, last = flatbuffer.operators(flatbuffer.parse(direct))
    data = borders.with_io_type(small, "float32")
    got = flatbuffer.operators(flatbuffer.parse(data))
    assert (got[0], got[-1]) == (first, last)


def test_the_slice_stays_one(small):
    for io_type in ("uint8", "float32"):
        data = borders.with_io_type(small, io_type)
        assert slicing.Master(data).metadata["labels"] == ["ship", "cat", "car"]


def test_int8_stays_as_it_is(small):
    assert borders.with_io_type(small, "int8") == small


def test_refuses_unknown_types_and_other_models(small):
    with pytest.raises(ValueError, match="one of int8, uint8, float32, got"):
        borders.with_io_type(small, "int16")
    with pytest.raises(ValueError, match="int8 image and logits, got uint8"):
        borders.with_io_type(borders.with_io_type(small, "uint8"), "float32")
