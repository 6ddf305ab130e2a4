"""Makes what the Android demo ships and what its tests compare with.

    python tools/make_android_golden.py --data DIR    # models and images, too
    python tools/make_android_golden.py               # golden values only

DIR has the CIFAR-10 images, a folder per class. The models are those of the
preset, with the gain for the app and without for its tests; the golden values
are what LiteRT gives for them in Python, and plain NumPy for the rest.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import PIL.Image
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tflite_export import gains
from tflite_export.manifest import Manifest

ROOT = pathlib.Path(__file__).parents[1]
PRESET = ROOT / "hlp_keras" / "presets" / "cifar10_resnet_mcu" / "model.keras"
DEMO = ROOT / "android_demo"
APP_MODELS = DEMO / "app" / "src" / "main" / "assets" / "models"
RESOURCES = DEMO / "core" / "src" / "test" / "resources"
TEST_MODELS = RESOURCES / "without_gain"
IMAGES = RESOURCES / "images"
GOLDEN = RESOURCES / "golden.json"

APP_SETS = ("animal,vehicle", "animal", "vehicle", "pet", "craft")
TEST_SETS = ("animal,vehicle", "pet")
# Sets that have no file of their own, and so run as parts.
SPLIT_SETS = (("cat", "ship"), ("bird", "dog", "frog", "truck"), ("deer",))
GAINS = (
    {},
    {"animal": 1.5, "pet": 0.25, "craft": 1.75, "small_animal": 0.5},
    {"vehicle": 0.0, "hoofed_animal": 2.0},
)
_SEED = 0


def export_models(data):
    """Exports the preset with and without the gain."""
    for sets, flags, directory in (
        (APP_SETS, ["--gain"], APP_MODELS),
        (TEST_SETS, [], TEST_MODELS),
    ):
        with tempfile.TemporaryDirectory() as temporary:
            master = f"{temporary}/master.tflite"
            images = ["--representative_data", str(data)]
            _hlp_export("--model", PRESET, "--master", master, *flags, *images)
            _hlp_export(
                *("--master", master, "--target", "android", *images),
                *("--output_dir", directory),
                *(f"--categories={one}" for one in sets),
            )


def _hlp_export(*arguments):
    command = [sys.executable, "-m", "tflite_export", *map(str, arguments)]
    subprocess.run(command, check=True)


def copy_images(data):
    """Puts the first test image of every class beside the tests."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for folder in sorted((data / "test").iterdir()):
        first = sorted(folder.iterdir())[0]
        PIL.Image.open(first).convert("RGB").save(IMAGES / f"{folder.name}.png")


def load_images():
    """Returns the images by name, uint8 of shape (32, 32, 3)."""
    return {
        path.stem: np.asarray(PIL.Image.open(path))
        for path in sorted(IMAGES.glob("*.png"))
    }


def golden():
    """Returns all golden values as JSON has them."""
    return {
        "with_gain": _cases(APP_MODELS, GAINS),
        "without_gain": _cases(TEST_MODELS, GAINS[:1]),
        "frames": [_frame(*case) for case in _FRAMES],
        "ranking": _ranking(),
        "gain_integers": {
            str(factor): int(gain_integers([factor])[0])
            for factor in (0, 0.25, 0.5, 1, 1.5, 1.75, 1.99, 2)
        },
    }


def _cases(directory, all_factors):
    """Logits of every model, its signature and the parts, for all images."""
    manifest = Manifest.load(directory)
    images = load_images()
    parts = []
    for part in manifest.parts:
        parts.append((part, _interpreter(directory / part.file)))
        parts[-1][1].allocate_tensors()
    cases = []
    for factors in all_factors:
        for model, signature in zip(
            manifest.models, manifest.bundle.signatures, strict=True
        ):
            file, bundle = directory / model.file, manifest.bundle.file
            for way, run in (
                ("FILE", _runner(file, model)),
                ("BUNDLE", _runner(directory / bundle, model, signature)),
            ):
                logits = {
                    name: run(image, factors) for name, image in images.items()
                }
                cases.append(_case(way, model.labels, factors, logits))
        runs = {
            name: _run_parts(parts, image, factors)
            for name, image in images.items()
        }
        for labels in (*(one.labels for one in manifest.models), *SPLIT_SETS):
            logits = {
                name: [run[label] for label in labels]
                for name, run in runs.items()
            }
            cases.append(_case("PARTS", labels, factors, logits))
    return cases


def _case(way, labels, factors, logits):
    return {
        "way": way,
        "labels": list(labels),
        "gain": factors,
        "logits": logits,
    }


def _runner(path, model, signature=None):
    """A function that gives a model's logits for an image and factors."""
    interpreter = _interpreter(path)
    if signature:
        run_signature = interpreter.get_signature_runner(signature)

        def invoke(inputs):
            named = dict(zip(gains.INPUTS, inputs, strict=False))
            return run_signature(**named)["logits"]
    else:
        interpreter.allocate_tensors()

        def invoke(inputs):
            return _invoke(interpreter, inputs)

    def run(image, factors):
        return invoke([image_integers(image), *_gain(model, factors)])[0]

    return lambda image, factors: run(image, factors).tolist()


def _run_parts(parts, image, factors):
    """Runs all parts, with their interpreters; returns logits by label."""
    features, logits = {None: image_integers(image)}, {}
    for part, interpreter in parts:
        inputs = [features[part.parent], *_gain(part, factors)]
        features[part.name] = _invoke(interpreter, inputs)
        values = features[part.name][0].tolist()
        logits |= dict(zip(part.labels, values, strict=False))
    return logits


def _invoke(interpreter, inputs):
    details = interpreter.get_input_details()
    for one, value in zip(details, inputs, strict=True):
        interpreter.set_tensor(one["index"], value)
    interpreter.invoke()
    (got,) = interpreter.get_output_details()
    return interpreter.get_tensor(got["index"])


def _interpreter(path):
    """An interpreter of the kernels that both sides have.

    The default delegate is another version on either side.
    """
    return Interpreter(
        str(path),
        experimental_op_resolver_type=(
            OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        ),
    )


def image_integers(image):
    """The int8 input for pixels."""
    return (image.astype(np.int16) - 128).astype(np.int8)[None]


def gain_integers(factors):
    """The int8 gain for factors."""
    steps = np.rint(128 * np.asarray(factors)) - 128
    return np.clip(steps, -128, 127).astype(np.int8)


def _gain(network, factors):
    """The second input of a network: none, or one."""
    nodes = network.gain_nodes
    values = gain_integers([factors.get(node, 1) for node in nodes])
    return [values[None]] if network.gain else []


# Width and height of a frame, the padding of its rows, the stride of its
# colours, its rotation, and height and width of the small image.
_FRAMES = (
    (48, 36, 0, 1, 0, (8, 8)),
    (48, 36, 16, 2, 90, (8, 8)),
    (36, 48, 4, 2, 180, (8, 6)),
    (48, 36, 0, 2, 270, (6, 8)),
    (6, 6, 2, 1, 0, (8, 8)),
)


def _frame(width, height, padding, stride, rotation, size):
    """A frame of random bytes, and the small image of it."""
    random = np.random.default_rng(_SEED)
    y = random.integers(0, 256, (height, width))
    u, v = random.integers(0, 256, (2, height // 2, width // 2))
    return {
        "width": width,
        "height": height,
        "rotation": rotation,
        "padding": padding,
        "stride": stride,
        "y": y.ravel().tolist(),
        "u": u.ravel().tolist(),
        "v": v.ravel().tolist(),
        "size": list(size),
        "pixels": scale_frame(y, u, v, rotation, size).ravel().tolist(),
    }


def scale_frame(y, u, v, rotation, size):
    """Scales a frame: means of boxes, then colours, then turned upright.

    Args:
        y: brightness, of shape (height, width).
        u: first colour difference, of half that shape.
        v: the second one.
        rotation: clockwise, in degrees.
        size: height and width of the result.

    Returns:
        uint8 array of shape (*size, 3).
    """
    rows, columns = size if rotation % 180 == 0 else size[::-1]
    height, width = y.shape
    cut_width = min(width, height * columns // rows)
    cut_height = min(height, width * rows // columns)
    left, top = (width - cut_width) // 2, (height - cut_height) // 2
    at = [top + row * cut_height // rows for row in range(rows + 1)]
    beside = [left + one * cut_width // columns for one in range(columns + 1)]
    planes = [_means(y, at, beside)] + [
        _means(plane, [i // 2 for i in at], [i // 2 for i in beside])
        for plane in (u, v)
    ]
    return np.rot90(_colours(*planes), -rotation // 90)


def _means(plane, at, beside):
    boxes = [
        [plane[a : max(a + 1, b), c : max(c + 1, d)] for c, d in _pairs(beside)]
        for a, b in _pairs(at)
    ]
    return np.array(
        [
            [(box.sum() + box.size // 2) // box.size for box in row]
            for row in boxes
        ]
    )


def _pairs(values):
    return list(zip(values, values[1:], strict=False))


def _colours(y, u, v):
    """Red, green and blue of JPEG's YUV."""
    u, v = u - 128, v - 128
    colours = (
        y + 1.402 * v,
        y - 0.344136 * u - 0.714136 * v,
        y + 1.772 * u,
    )
    rounded = np.floor(np.stack(colours, axis=-1) + 0.5)
    return np.clip(rounded, 0, 255).astype(np.uint8)


def _ranking():
    """Logits, their softmax, and the positions of the best three."""
    logits = np.array([0.5, -2.0, 3.25, 3.25, 1.0])
    exponentials = np.exp(logits - logits.max())
    return {
        "logits": logits.tolist(),
        "probabilities": (exponentials / exponentials.sum()).tolist(),
        "best": [2, 3, 4],
    }


def to_json(values):
    """The text of the golden file."""
    return json.dumps(values, separators=(",", ":")) + "\n"


def main():
    """Writes what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path)
    options = parser.parse_args()
    if options.data:
        export_models(options.data)
        copy_images(options.data)
    GOLDEN.write_text(to_json(golden()), encoding="utf-8")
    print(f"{GOLDEN}: {GOLDEN.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
