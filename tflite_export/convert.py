"""Converts a Keras model to a fully quantised LiteRT flatbuffer."""

import tempfile

import keras
import numpy as np
import tensorflow as tf

from tflite_export import flatbuffer, quiet

_TYPES = {"int8": tf.int8, "float32": tf.float32}
# Older TFLM builds, NNAPI and the Edge TPU want one scale for a dense layer.
_DENSE_PER_TENSOR = (
    "_experimental_disable_per_channel_quantization_for_dense_layers"
)
# One step of the int8 input is one step of an 8-bit pixel.
PIXEL_SCALE = np.float32(1 / 255)
PIXEL_ZERO_POINT = -128


def convert(model: keras.Model, images, io_type: str = "int8") -> bytes:
    """Converts a model from images to logits to int8 weights and activations.

    The batch is 1 and static, all operators are built in, convolutions are
    quantised per channel and dense layers per tensor. The integer of an input
    is `pixel - 128`.

    Args:
        model: has one input, an image in [0, 1].
        images: calibration images, float32 in [0, 1], shape `(number, height,
            width, channels)`.
        io_type: `"int8"` for integers in and out, `"float32"` to let the
            file itself quantise its input and dequantise its output.

    Returns:
        the flatbuffer.

    Raises:
        ValueError: arguments that do not fit.
        RuntimeError: another Keras backend than TensorFlow, or the converter
            made something else than is promised here.
    """
    _check_arguments(model, images, io_type)
    images = _spanning_full_range(images)
    with quiet.quiet(), tempfile.TemporaryDirectory() as directory:
        # Keras' own LiteRT export leaves the batch dynamic.
        model.export(
            directory,
            format="tf_saved_model",
            verbose=False,
            input_signature=[
                keras.InputSpec(
                    dtype="float32",
                    shape=(1, *model.input_shape[1:]),
                    name="image",
                )
            ],
        )
        data = _converter(directory, images, io_type).convert()
    _check_result(flatbuffer.parse(data), io_type)
    return data


def _converter(directory, images, io_type):
    converter = tf.lite.TFLiteConverter.from_saved_model(directory)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [images[i : i + 1]] for i in range(len(images))
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = _TYPES[io_type]
    converter.inference_output_type = _TYPES[io_type]
    converter.experimental_enable_resource_variables = False
    setattr(converter, _DENSE_PER_TENSOR, True)
    return converter


def _spanning_full_range(images):
    """Makes one pixel black and one white where the images have none.

    The input's scale follows from the smallest and the largest value that
    calibration meets.
    """
    if images.min() == 0 and images.max() == 1:
        return images
    images = images.copy()
    images[0].flat[0] = 0
    images[0].flat[-1] = 1
    return images


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
    if len(model.inputs) != 1:
        raise ValueError(
            f"Expected a model whose only input is an image, got one with "
            f"{len(model.inputs)} inputs. Export the network without its gain "
            f"input."
        )
    if not len(images):
        raise ValueError("Quantisation needs at least one calibration image.")


def _check_result(model, io_type):
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
        raise RuntimeError(f"These tensors were not quantised: {wrong}.")
    _check_input_scale(tensors, io_type)


def _check_input_scale(tensors, io_type):
    # A float input is followed by the operator that quantises it.
    pixels = tensors[0 if io_type == "int8" else 1]
    scale = np.float32(pixels.scale)
    if (scale, pixels.zero_point) != (PIXEL_SCALE, PIXEL_ZERO_POINT):
        raise RuntimeError(
            f"Expected the input to be quantised with scale {PIXEL_SCALE} "
            f"and zero point {PIXEL_ZERO_POINT}, got {scale} and "
            f"{pixels.zero_point}."
        )
