"""Converts a Keras model to a fully quantised LiteRT flatbuffer."""

import re
import tempfile

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError

from hlp_keras import assembly
from tflite_export import flatbuffer, gains, quiet
from tflite_export.images import PIXEL_SCALE, PIXEL_ZERO_POINT

_TYPES = {"int8": tf.int8, "float32": tf.float32}
# Older TFLM builds, NNAPI and the Edge TPU want one scale for a dense layer.
_DENSE_PER_TENSOR = (
    "_experimental_disable_per_channel_quantization_for_dense_layers"
)


def convert(model: keras.Model, images, io_type: str = "int8") -> bytes:
    """Converts a model from images to logits to int8 weights and activations.

    The batch is 1 and static, all operators are built in, convolutions are
    quantised per channel and dense layers per tensor. The integer of an input
    is `pixel - 128`, that of a factor of the gain `128 * factor - 128`.

    Args:
        model: has one input, an image in [0, 1], or a gain as second one.
        images: calibration images, float32 in [0, 1], shape `(number, height,
            width, channels)`.
        io_type: `"int8"` for integers in and out, `"float32"` to let the
            file itself quantise its input and dequantise its output.

    Returns:
        the flatbuffer.

    Raises:
        ValueError: arguments that do not fit.
        RuntimeError: another Keras backend than TensorFlow, the converter
            does not know an operator, or it made something else than is
            promised here.
    """
    _check_arguments(model, images, io_type)
    inputs = [_spanning(images, 1)]
    if len(model.inputs) > 1:
        factors = gains.random(len(images), model.inputs[1].shape[1])
        inputs.append(_spanning(factors, gains.LARGEST))
    with quiet.quiet(), tempfile.TemporaryDirectory() as directory:
        _save(model, directory)
        try:
            data = _converter(directory, inputs, io_type).convert()
        except ConverterError as error:
            raise RuntimeError(_untranslated(error)) from error
    check_result(flatbuffer.parse(data), io_type)
    return data


def _save(model, directory):
    """Saves the graph for a batch of 1, which Keras' own export leaves open.

    Nor does that say `training=False`, without which an augmenting layer in
    the network trains and takes all after it along.
    """

    def infer(*inputs):
        given = inputs[0] if len(inputs) == 1 else list(inputs)
        return model(given, training=False)

    signature = [
        keras.InputSpec(
            dtype="float32", shape=(1, *tensor.shape[1:]), name=name
        )
        for tensor, name in zip(model.inputs, gains.INPUTS, strict=False)
    ]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", infer, signature)
    archive.write_out(directory, verbose=False)


def _converter(directory, inputs, io_type):
    converter = tf.lite.TFLiteConverter.from_saved_model(directory)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        dict(zip(gains.INPUTS, sample, strict=False))
        for sample in zip(*(x[:, np.newaxis] for x in inputs), strict=True)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = _TYPES[io_type]
    converter.inference_output_type = _TYPES[io_type]
    converter.experimental_enable_resource_variables = False
    setattr(converter, _DENSE_PER_TENSOR, True)
    return converter


def _untranslated(error):
    """What a model has that LiteRT has not, out of pages of the converter's."""
    names = dict.fromkeys(re.findall(r"'tf\.(\w+)' op is neither", str(error)))
    if not names:
        return f"The converter refused the model: {str(error)[:500]}"
    return (
        f"LiteRT has no operator for {', '.join(names)}. Train a network "
        f"without it, for instance with a ReLU in its place."
    )


def _spanning(values, largest):
    """Makes one value 0 and one the largest where there are none.

    The scale of an input follows from the smallest and the largest value that
    calibration meets.
    """
    if values.min() == 0 and values.max() == largest:
        return values
    values = values.copy()
    values.flat[0] = 0
    values.flat[-1] = largest
    return values


def _check_arguments(model, images, io_type):
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"Only the TensorFlow backend exports, and this is Keras on "
            f"{keras.backend.backend()!r}. Set KERAS_BACKEND=tensorflow."
        )
    if io_type not in _TYPES:
        raise ValueError(
            f"Expected `io_type` to be one of {', '.join(_TYPES)}, got "
            f"{io_type!r}."
        )
    names = tuple(tensor.name for tensor in model.inputs[1:])
    if names not in ((), (gains.INPUT,)):
        raise ValueError(
            f"Expected a model whose inputs are an image and perhaps a gain, "
            f"got one with {', '.join(names)} beside the first."
        )
    for layer in assembly.flat_layers(model):
        if layer.compute_dtype != "float32":
            raise ValueError(
                f"Expected layers that compute in float32, got {layer.name!r} "
                f"with {layer.compute_dtype}. Save the model and load it under "
                f"keras.config.set_dtype_policy('float32')."
            )
    if not len(images):
        raise ValueError("Quantisation needs at least one calibration image.")


def check_result(model, io_type: str) -> None:
    """Raises RuntimeError unless a parsed model is quantised as promised."""
    names = [operator.name for operator in flatbuffer.operators(model)]
    if "CUSTOM" in names:
        raise RuntimeError(f"Not all operators are built in: {names}.")
    tensors = flatbuffer.activations(model)
    dynamic = [t.name for t in tensors if -1 in t.shape]
    if dynamic:
        raise RuntimeError(f"These tensors have no static shape: {dynamic}.")
    borders = {*flatbuffer.inputs(model), *flatbuffer.outputs(model)}
    inner = set(tensors) - borders
    wrong = [t.name for t in inner if t.dtype != "int8"]
    wrong += [t.name for t in borders if t.dtype != io_type]
    if wrong:
        raise RuntimeError(
            f"These tensors were not quantised: {wrong}. The converter makes "
            f"no int8 of the layers that they are named after: train a "
            f"network without these, for instance with a ReLU in their place."
        )
    _check_input_scales(model, io_type)


def _check_input_scales(model, io_type):
    expected = (
        (PIXEL_SCALE, PIXEL_ZERO_POINT),
        (np.float32(gains.SCALE), gains.ZERO_POINT),
    )
    inputs = flatbuffer.inputs(model)
    if io_type != "int8":
        # A float input is followed by the operator that quantises it.
        computed = flatbuffer.activations(model)[len(inputs) :]
        inputs = computed[: len(inputs)]
    for tensor, (scale, zero_point) in zip(inputs, expected, strict=False):
        got = np.float32(tensor.scale), tensor.zero_point
        if got != (scale, zero_point):
            raise RuntimeError(
                f"Expected the input {tensor.name} to be quantised with scale "
                f"{scale} and zero point {zero_point}, got {got[0]} and "
                f"{got[1]}."
            )
