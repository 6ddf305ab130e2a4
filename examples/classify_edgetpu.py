"""Classifies an image on a Coral Edge TPU, or on the CPU when there is none.

```
edgetpu_compiler --out_dir exported exported/cat-vehicle.tflite
python classify_edgetpu.py exported photo.jpg --model cat-vehicle.tflite
```

Needs numpy, Pillow, and ai-edge-litert or tflite-runtime: copy this file and
the export directory to the device. The categories, the size of the image, its
scale and its zero point come from manifest.json.
"""

import argparse
import ctypes
import json
import pathlib

import numpy as np
from PIL import Image, ImageOps

try:
    from ai_edge_litert import interpreter as litert
except ImportError:
    from tflite_runtime import interpreter as litert


# What a gain of 8 bits holds.
_LARGEST_FACTOR = 1.99


def load_interpreter(path, delegate="libedgetpu.so.1"):
    """Loads a model and says where it runs.

    The compiled model beside it is taken when there is one and an Edge TPU.
    """
    compiled = path.with_name(f"{path.stem}_edgetpu.tflite")
    if compiled.exists():
        try:
            # By itself, load_delegate prints an error at exit without it.
            ctypes.CDLL(delegate)
            return litert.Interpreter(
                model_path=str(compiled),
                experimental_delegates=[litert.load_delegate(delegate)],
            ), "Edge TPU"
        except (OSError, ValueError):  # No runtime library, or no device.
            pass
    return litert.Interpreter(model_path=str(path)), "CPU"


def read_image(path, model):
    """Reads an image as the model's integers."""
    _, height, width, channels = model["input"]["shape"]
    # Upright and cut to size, as hlp-train reads its images.
    image = ImageOps.exif_transpose(Image.open(path))
    image = image.convert("L" if channels == 1 else "RGB")
    image = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.float32)
    pixels = pixels.reshape(1, height, width, channels)
    normalisation = model["normalisation"]
    values = (pixels - normalisation["mean"]) * normalisation["scale"]
    return quantize(values, model["input"])


def quantize(values, tensor):
    """`value = scale * (integer - zero_point)`, solved for the integer."""
    if tensor["scale"] is None:
        return values.astype(tensor["dtype"])
    integers = np.round(values / tensor["scale"]) + tensor["zero_point"]
    limits = np.iinfo(tensor["dtype"])
    return integers.clip(limits.min, limits.max).astype(tensor["dtype"])


def dequantize(integers, tensor):
    """`value = scale * (integer - zero_point)`."""
    if tensor["scale"] is None:
        return integers
    return tensor["scale"] * (integers.astype(float) - tensor["zero_point"])


def read_gain(texts, model):
    """Reads `NODE=FACTOR` as the model's integers; others are neutral."""
    factors = dict.fromkeys(model["gain_nodes"], 1.0)
    for text in texts:
        node, _, factor = text.partition("=")
        if node not in factors:
            known = ", ".join(factors) or "none: the model has no gain"
            raise SystemExit(f"There is no node {node}. Nodes: {known}")
        try:
            factors[node] = float(factor)
        except ValueError:
            raise SystemExit(f"Expected NODE=FACTOR, got {text}") from None
        if not 0 <= factors[node] <= _LARGEST_FACTOR:
            raise SystemExit(f"Expected 0 to {_LARGEST_FACTOR}, got {text}")
    values = np.array([list(factors.values())], np.float32)
    return [quantize(values, model["gain"])] if factors else []


def classify(interpreter, inputs, model):
    """Gives the categories with their logits, the best one first."""
    interpreter.allocate_tensors()
    for details, values in zip(
        interpreter.get_input_details(), inputs, strict=True
    ):
        interpreter.set_tensor(details["index"], values)
    interpreter.invoke()
    output = interpreter.get_output_details()[0]["index"]
    logits = dequantize(interpreter.get_tensor(output)[0], model["output"])
    return sorted(
        zip(model["labels"], map(float, logits), strict=True),
        key=lambda category: -category[1],
    )


def choose_model(directory, file):
    """Reads the manifest's entry of a file, or its only one."""
    manifest = json.loads((directory / "manifest.json").read_text("utf-8"))
    models = {model["file"]: model for model in manifest["models"]}
    if file is None and len(models) == 1:
        (file,) = models
    if file not in models:
        raise SystemExit(f"Choose --model from: {', '.join(models)}")
    return models[file]


def main(arguments=None):
    """Prints where the model runs, and a line per category."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path, help="of the export")
    parser.add_argument("image")
    parser.add_argument("--model", help="file name, if there are several")
    parser.add_argument(
        "--gain",
        action="append",
        default=[],
        metavar="NODE=FACTOR",
        help="above 1 enhances what belongs to a node, below 1 inhibits it",
    )
    parsed = parser.parse_args(arguments)
    model = choose_model(parsed.directory, parsed.model)
    interpreter, where = load_interpreter(parsed.directory / model["file"])
    print(f"{model['file']} on the {where}")
    inputs = [read_image(parsed.image, model), *read_gain(parsed.gain, model)]
    for label, logit in classify(interpreter, inputs, model):
        print(f"{logit:8.3f}  {label}")


if __name__ == "__main__":
    main()
