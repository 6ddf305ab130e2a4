"""A tiny int8 network for tests of firmware sources, whole and split.

```
image -> trunk -+-> branch_animal -> head_animal: dog, cat
                `-------------------> head_vehicle: ship
```

It is written operator by operator, so that no converter's version matters.
A third form has a gain, whose gates are at the inputs of the heads.
`python tests/micro_models.py` writes the sources of all forms into
`tests/golden/micro`.
"""

import pathlib
import shutil

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer, micro

GOLDEN = pathlib.Path(__file__).parent / "golden" / "micro"
CLASS_INDICES = {"cat": 1, "ship": 4, 'a "dög"': 7}
SHAPE = (6, 6, 3)
# What TFLM gives for `images()`; a test compares.
SCORES = np.array([[-4, 2, -3], [-11, -10, -7]], dtype=np.int8)
# The same under `GAINS`, which enhance the vehicle and then the animal.
GAIN_NODES = ("animal", "vehicle")
GAINS = np.array([[64, 192], [255, 0]], dtype=np.uint8)
GAIN_SCORES = np.array([[8, -1, 9], [-43, 10, -33]], dtype=np.int8)
# What it needed on a 64-bit host.
ARENA_BYTES = {
    "whole": 2704,
    "gain": 3984,
    "trunk": 1184,
    "branch_animal": 1168,
    "head_animal": 1312,
    "head_vehicle": 1280,
}
# These weights tell the images apart.
_SEED = 7
_LABELS = {"head_animal": ('a "dög"', "cat"), "head_vehicle": ("ship",)}
# Every segment after its parent.
PARENTS = {
    "trunk": None,
    "branch_animal": "trunk",
    "head_animal": "branch_animal",
    "head_vehicle": "trunk",
}
_CHANNELS = {"trunk": 4, "branch_animal": 6}


def images():
    """A ship and a dog, as far as the network is concerned."""
    coarse = [
        np.random.default_rng(seed).integers(0, 256, (3, 3, 3), dtype=np.uint8)
        for seed in (0, 3)
    ]
    return np.repeat(np.repeat(coarse, 2, axis=1), 2, axis=2)


def int8_images():
    return (images() ^ 128).view(np.int8)


def int8_gains():
    return (GAINS ^ 128).view(np.int8)


def whole(with_gain=False):
    """The network as one model, its logits in class-index order."""
    network = _Network()
    image = network.image()
    trunk = network.convolution("trunk", image)
    animal = network.convolution("branch_animal", trunk)
    inputs = [image]
    if with_gain:
        inputs.append(network.gain())
        animal = network.gate(animal, inputs[1], 0)
        trunk = network.gate(trunk, inputs[1], 1)
    heads = [
        network.dense("head_animal", animal),
        network.dense("head_vehicle", trunk),
    ]
    return network.pack(inputs, network.joined(heads, order=[1, 2, 0]))


def part(name, logit_scale=0.008):
    """One segment as a model of its own."""
    network = _Network(logit_scale)
    parent = PARENTS[name]
    given = network.features(parent) if parent else network.image()
    layer = network.dense if name in _LABELS else network.convolution
    return micro.SplitPart(
        name=name,
        data=network.pack([given], layer(name, given)),
        parent=parent,
        labels=_LABELS.get(name, ()),
        arena_bytes=ARENA_BYTES[name],
    )


def parts():
    """All segments, not in the order in which they run."""
    return [part(name) for name in sorted(PARENTS)]


def examples():
    return [
        micro.Example(image, scores)
        for image, scores in zip(images(), SCORES, strict=True)
    ]


def whole_files():
    return micro.model_files(
        "tiny", whole(), CLASS_INDICES, ARENA_BYTES["whole"], examples()
    )


def gain_files():
    arrays = zip(images(), GAIN_SCORES, GAINS, strict=True)
    return micro.model_files(
        "tiny",
        whole(with_gain=True),
        CLASS_INDICES,
        ARENA_BYTES["gain"],
        [micro.Example(*each) for each in arrays],
        GAIN_NODES,
    )


def split_files():
    return micro.split_files("tiny", parts(), CLASS_INDICES, examples())


class _Network:
    """A model in the making; tensors are numbers."""

    def __init__(self, logit_scale=0.008):
        self._logit_scale = logit_scale
        self._model = schema.ModelT()
        self._model.version = 3
        self._model.description = b"tiny"
        self._model.buffers = [schema.BufferT()]
        self._model.operatorCodes = []
        self._graph = schema.SubGraphT()
        self._graph.tensors = []
        self._graph.operators = []
        self._model.subgraphs = [self._graph]

    def pack(self, given, got):
        self._graph.inputs = given
        self._graph.outputs = [got]
        return flatbuffer.pack(self._model)

    def image(self):
        return self._tensor("image", (1, *SHAPE), 1 / 255, -128)

    def gain(self):
        return self._tensor("gain", (1, len(GAIN_NODES)), 1 / 128, -128)

    def gate(self, features, gain, position):
        corners = [(0, position), (1, position + 1), (1, 1)]
        corners = [
            self._constant("corner", np.array(corner, np.int32))
            for corner in corners
        ]
        options = schema.StridedSliceOptionsT()
        factor = self._operator(
            "STRIDED_SLICE",
            2,
            options,
            [gain, *corners],
            self._tensor("factor", (1, 1), 1 / 128, -128),
        )
        shape = self._constant("shape", np.array([1, 1, 1, 1], np.int32))
        factor = self._operator(
            "RESHAPE",
            1,
            schema.ReshapeOptionsT(),
            [factor, shape],
            self._tensor("factor", (1, 1, 1, 1), 1 / 128, -128),
        )
        return self._operator(
            "MUL",
            2,
            schema.MulOptionsT(),
            [features, factor],
            self._tensor("gated", self._shape(features), 0.02, -128),
        )

    def features(self, name):
        return self._tensor(name, (1, 3, 3, _CHANNELS[name]), 0.01, -128)

    def convolution(self, name, given):
        stride = self._shape(given)[1] // 3
        channels = _CHANNELS[name]
        weights, bias = self._weights(
            name, (channels, 3, 3, self._shape(given)[-1])
        )
        options = schema.Conv2DOptionsT()
        options.padding = schema.Padding.SAME
        options.strideH = options.strideW = stride
        options.fusedActivationFunction = schema.ActivationFunctionType.RELU
        return self._operator(
            "CONV_2D", 3, options, [given, weights, bias], self.features(name)
        )

    def dense(self, name, given):
        channels = self._shape(given)[-1]
        axes = self._constant("axes", np.array([1, 2], np.int32))
        pooled = self._operator(
            "MEAN",
            2,
            schema.ReducerOptionsT(),
            [given, axes],
            self._tensor(f"{name}/mean", (1, channels), 0.01, -128),
        )
        number = len(_LABELS[name])
        return self._operator(
            "FULLY_CONNECTED",
            4,
            schema.FullyConnectedOptionsT(),
            [pooled, *self._weights(name, (number, channels))],
            self._logits(name, number),
        )

    def joined(self, heads, order):
        concatenation = schema.ConcatenationOptionsT()
        concatenation.axis = 1
        joined = self._operator(
            "CONCATENATION",
            2,
            concatenation,
            heads,
            self._logits("joined", len(order)),
        )
        gather = schema.GatherOptionsT()
        gather.axis = 1
        positions = self._constant("order", np.array(order, np.int32))
        return self._operator(
            "GATHER",
            2,
            gather,
            [joined, positions],
            self._logits("logits", len(order)),
        )

    def _logits(self, name, number):
        return self._tensor(name, (1, number), self._logit_scale, 5)

    def _weights(self, name, shape):
        """Indices of random weights and biases, the same for a name."""
        rng = np.random.default_rng([*name.encode(), _SEED])
        weights = rng.integers(-127, 128, shape, dtype=np.int8)
        bias = rng.integers(-2000, 2001, shape[0], dtype=np.int32)
        scale = 2 / 127 / np.sqrt(np.prod(shape[1:]))
        return (
            self._constant(f"{name}/weights", weights, scale),
            self._constant(f"{name}/bias", bias, scale * 0.01),
        )

    def _constant(self, name, values, scale=None):
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._tensor(
            name,
            values.shape,
            scale,
            0,
            {"int8": 9, "int32": 2}[values.dtype.name],
            len(self._model.buffers) - 1,
        )

    def _tensor(self, name, shape, scale, zero_point, kind=9, buffer=0):
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.shape = list(shape)
        tensor.type = kind
        tensor.buffer = buffer
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = [scale]
            tensor.quantization.zeroPoint = [zero_point]
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _shape(self, tensor):
        return self._graph.tensors[tensor].shape

    def _operator(self, name, version, options, inputs, output):
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = code.builtinCode
        code.version = version
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self._model.operatorCodes)
        operator.inputs = inputs
        operator.outputs = [output]
        operator.builtinOptionsType = getattr(
            schema.BuiltinOptions, type(options).__name__[:-1]
        )
        operator.builtinOptions = options
        self._model.operatorCodes.append(code)
        self._graph.operators.append(operator)
        return output


def main():
    """Writes the golden files anew."""
    forms = {
        "whole": whole_files(),
        "gain": gain_files(),
        "split": split_files(),
    }
    for name, files in forms.items():
        directory = GOLDEN / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        for file, text in files.items():
            (directory / file).write_text(text, encoding="utf-8")
    print(f"Written to {GOLDEN}")


if __name__ == "__main__":
    main()
