import export_models
import keras
import networks
import numpy as np
import pytest

from tflite_export import convert, flatbuffer


def tiny_model(activation=keras.ops.relu):
    image = keras.Input((4, 4, 1))
    x = keras.layers.Conv2D(2, 3, use_bias=False)(image)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.GlobalAveragePooling2D()(activation(x))
    return keras.Model(image, keras.layers.Dense(2)(x))


def grey(number=3):
    return np.full((number, 4, 4, 1), 0.5, np.float32)


def test_images_of_any_range_give_the_scale_of_a_pixel(capfd):
    model, images = tiny_model(), grey()
    capfd.readouterr()
    data = convert.convert(model, images)
    (given,) = flatbuffer.inputs(flatbuffer.parse(data))
    assert np.float32(given.scale) == np.float32(1 / 255)
    assert given.zero_point == -128
    np.testing.assert_array_equal(images, grey())
    assert capfd.readouterr() == ("", "")


def test_checks_the_scale_of_a_pixel(monkeypatch):
    monkeypatch.setattr(convert, "_spanning", lambda images, largest: images)
    with pytest.raises(RuntimeError, match="quantised with scale 0.0039"):
        convert.convert(tiny_model(), grey())


def test_float_input_and_output():
    data = convert.convert(tiny_model(), grey(), io_type="float32")
    model = flatbuffer.parse(data)
    (given,), (got,) = flatbuffer.inputs(model), flatbuffer.outputs(model)
    assert given.dtype == got.dtype == "float32"
    assert flatbuffer.operators(model)[0].name == "QUANTIZE"


def test_checks_that_everything_was_quantised(monkeypatch):
    monkeypatch.setitem(convert._TYPES, "int8", convert.tf.float32)
    with pytest.raises(RuntimeError, match="not quantised: .*image"):
        convert.convert(tiny_model(), grey())


def test_says_which_layers_are_not_quantised():
    with pytest.raises(RuntimeError, match=r"not quantised: .*Selu.*a ReLU"):
        convert.convert(tiny_model(keras.ops.selu), grey())


def test_says_which_operator_cannot_be_translated(capfd):
    model = tiny_model(keras.ops.arctan)
    capfd.readouterr()
    with pytest.raises(RuntimeError, match=r"no operator for Atan\. Train"):
        convert.convert(model, grey())
    assert capfd.readouterr() == ("", "")


def test_gives_the_converter_s_words_when_it_names_no_operator():
    words = convert._untranslated(ValueError("something else" + "." * 1000))
    assert words.startswith("The converter refused the model: something else")
    assert len(words) < 600


@pytest.mark.parametrize(
    "layer", [keras.layers.RandomFlip(), keras.layers.Resizing(4, 4)]
)
def test_layers_that_augment_do_not_train(layer):
    model = keras.Sequential([keras.Input((4, 4, 1)), layer, tiny_model()])
    model = flatbuffer.parse(convert.convert(model, grey()))
    names = {operator.name for operator in flatbuffer.operators(model)}
    assert names - {"RESIZE_BILINEAR"} == {"CONV_2D", "MEAN", "FULLY_CONNECTED"}


def test_batch_is_static():
    model = flatbuffer.parse(export_models.flatbuffer_of())
    shapes = [tensor.shape for tensor in flatbuffer.activations(model)]
    assert {shape[0] for shape in shapes} == {1}


def test_convolutions_are_quantised_per_channel_and_dense_per_tensor():
    model = flatbuffer.parse(export_models.flatbuffer_of())
    graph = model.subgraphs[0]
    scales = {
        flatbuffer.operator_name(model, operator): len(
            graph.tensors[operator.inputs[1]].quantization.scale
        )
        for operator in graph.operators
        if flatbuffer.operator_name(model, operator)
        in ("CONV_2D", "FULLY_CONNECTED")
    }
    assert scales["CONV_2D"] > 1
    assert scales["FULLY_CONNECTED"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": grey(0)}, "at least one calibration image"),
        ({"io_type": "int4"}, "one of int8, float32, got 'int4'"),
    ],
)
def test_refuses_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        convert.convert(tiny_model(), **{"images": grey(), **arguments})


def test_refuses_another_second_input():
    inputs = [keras.Input((16, 16, 3), name=name) for name in ("image", "mask")]
    model = keras.Model(inputs, keras.layers.add(inputs))
    with pytest.raises(ValueError, match="perhaps a gain, got one with mask"):
        convert.convert(model, export_models.images() / np.float32(255))


def test_refuses_layers_of_mixed_precision():
    model = networks.build()
    dense = model.segments["head_pet"].layers[-1]
    dense.dtype_policy = keras.DTypePolicy("mixed_float16")
    message = "in float32, got 'head_pet_logits' with float16. Save the model"
    with pytest.raises(ValueError, match=message):
        convert.convert(model, export_models.images() / np.float32(255))


def test_refuses_another_backend(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="'jax'. Set KERAS_BACKEND="):
        convert.convert(export_models.network(), grey())
