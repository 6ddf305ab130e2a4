"""Real kernels run what is trained here for a few steps."""

import functools

import keras
import networks
import numpy as np
import pytest
import tf_keras

import hlp_keras
from hlp_keras import assembly
from tflite_export import (
    flatbuffer,
    master,
    quiet,
    slicing,
    tflm,
    verify,
)
from tflite_export.manifest import Calibration
from training import quantized

MANY = hlp_keras.Taxonomy.from_nested(
    {f"node{i}": [f"a{i}", f"b{i}"] for i in range(12)}
)
KINDS = {
    "resnet": {},
    "mobilenet": {"family": "mobilenet"},
    "twelve heads": {"taxonomy": MANY},
    "one head": {"taxonomy": hlp_keras.Taxonomy.from_nested(["a", "b"])},
}
BOTH_FAMILIES = [
    "resnet",
    pytest.param("mobilenet", marks=pytest.mark.slow),
]


def by_name(model):
    return {layer.name: layer for layer in assembly.flat_layers(model)}


def simplify(model, preserve):
    """Leaves zeros, or few values, in every kernel."""
    for layer in assembly.flat_layers(model):
        weights = layer.get_weights()
        if not weights or weights[0].ndim < 2:
            continue
        step = abs(weights[0]).max() / 6
        if preserve == "prune":
            weights[0] = weights[0] * (abs(weights[0]) > 2 * step)
        else:
            weights[0] = np.round(weights[0] / step) * step
        layer.set_weights(weights)


def train(tuned, categories, steps=4):
    rng = np.random.default_rng(0)
    tuned.model.compile(
        tf_keras.optimizers.SGD(0.01, momentum=0.9),
        tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    images = networks.images(16 * steps)
    labels = rng.integers(0, categories, len(images))
    tuned.model.fit(images, labels, batch_size=16, verbose=0)


@functools.cache
def trained(kind, preserve=None):
    """The network, the tf-keras model, and the parsed int8 model."""
    model = networks.build(**KINDS[kind])
    if preserve is not None:
        simplify(model, preserve)
    tuned = quantized.quantize(model, preserve)
    train(tuned, len(model.taxonomy.categories))
    with quiet.quiet():
        data = quantized.to_tflite(tuned.model)
    return model, tuned, data


def trained_master(kind):
    model, _, data = trained(kind)
    return master.make_trained_master(model, data, Calibration("here", 64))


@pytest.mark.parametrize("kind", KINDS)
def test_the_master_is_int8_with_the_promised_input(kind):
    whole = slicing.Master(trained_master(kind))
    assert whole.input.scale == pytest.approx(1 / 255, rel=1e-6)
    assert whole.input.zero_point == -128
    assert whole.metadata["made"]["calibration"]["source"] == "here"


@pytest.mark.parametrize("kind", KINDS)
def test_the_int8_model_computes_what_was_trained(kind):
    _, tuned, data = trained(kind)
    images = networks.images(8)
    model = flatbuffer.parse(data)
    (output,) = flatbuffer.outputs(model)
    got = verify.run_reference(data, verify.integers(model, (images,)))
    expected = tuned.model.predict(images, verbose=0)
    # A rounding here and there grows to a few steps.
    difference = verify.dequantise(got, output) - expected
    assert np.sqrt(np.mean(difference**2)) < 3 * output.scale


@pytest.mark.parametrize("kind", ["resnet", "mobilenet", "twelve heads"])
def test_slices_have_the_integers_of_the_master(kind):
    whole = slicing.Master(trained_master(kind))
    images = networks.images(8)
    case = verify.Case.of(whole.data, images)
    labels = whole.metadata["labels"]
    for names in ([labels[0], labels[-1]], labels[1:4], labels[2:3]):
        cut = whole.cut(names)
        positions = [labels.index(name) for name in cut.metadata["labels"]]
        got = verify.run_reference(cut.data, case.inputs)
        np.testing.assert_array_equal(got, case.reference[:, positions])


@pytest.mark.skipif(
    bool(tflm.missing_reason()), reason="tflite-micro is missing"
)
@pytest.mark.parametrize("kind", ["resnet", "mobilenet", "twelve heads"])
def test_tflm_gives_the_same_integers(kind):
    kernels = verify.compare_kernels(trained_master(kind), networks.images(4))
    assert kernels.tflm_steps <= 1


def test_heads_of_several_scales_are_no_master():
    model, _, data = trained("twelve heads")
    parsed = flatbuffer.parse(data)
    # More heads than one concatenation takes are joined in several.
    joined, *_ = (
        operator
        for operator in parsed.subgraphs[0].operators
        if flatbuffer.operator_name(parsed, operator) == "CONCATENATION"
    )
    tensor = parsed.subgraphs[0].tensors[joined.inputs[0]]
    tensor.quantization.scale = tensor.quantization.scale * 2
    with pytest.raises(RuntimeError, match="one scale for all that is joined"):
        master.make_trained_master(
            model, flatbuffer.pack(parsed), Calibration("here", 64)
        )


def kernels_of(data):
    """The int8 kernels, channels first, of convolutions not depthwise."""
    model = flatbuffer.parse(data)
    for operator in model.subgraphs[0].operators:
        if flatbuffer.operator_name(model, operator) == "CONV_2D":
            tensor = model.subgraphs[0].tensors[operator.inputs[1]]
            buffer = model.buffers[tensor.buffer]
            yield np.asarray(buffer.data).view(np.int8).reshape(tensor.shape)


@pytest.mark.parametrize("kind", BOTH_FAMILIES)
def test_zeros_are_preserved(kind):
    model, tuned, data = trained(kind, "prune")
    before = by_name(model)
    for name, weights in tuned.read().items():
        if weights[0].ndim > 1:
            was_zero = before[name].get_weights()[0] == 0
            assert not weights[0][was_zero].any()
    assert all(np.mean(kernel == 0) > 0.3 for kernel in kernels_of(data))


@pytest.mark.parametrize("kind", BOTH_FAMILIES)
def test_equal_weights_stay_equal(kind):
    _, tuned, data = trained(kind, "cluster")
    # -6 to 6, as `simplify` leaves them.
    assert all(len(np.unique(kernel)) <= 13 for kernel in kernels_of(data))
    weights = tuned.read()["trunk_stem_conv"][0]
    assert len(np.unique(weights)) <= 13


@pytest.mark.parametrize(("preserve", "end"), [("prune", 63), ("cluster", 127)])
def test_a_preserved_kernel_has_one_range_for_all_channels(preserve, end):
    _, _, data = trained("resnet", preserve)
    for kernel in kernels_of(data):
        largest = abs(kernel).max(axis=(1, 2, 3))
        assert largest.max() == end
        assert largest.min() < end


def test_a_kernel_that_pruning_left_dense_keeps_its_8_bits():
    model = networks.build()  # Nothing in it is 0.
    tuned = quantized.quantize(model, "prune")
    train(tuned, len(model.taxonomy.categories), steps=1)
    with quiet.quiet():
        data = quantized.to_tflite(tuned.model)
    for kernel in kernels_of(data):
        assert (abs(kernel).max(axis=(1, 2, 3)) == 127).all()


def test_weights_move():
    model, tuned, _ = trained("resnet", "cluster")
    before = by_name(model)["trunk_stem_conv"]
    after = tuned.read()["trunk_stem_conv"]
    assert (after[0] != before.get_weights()[0]).any()


def with_trunk(*layers):
    inputs = keras.Input(networks.SHAPE)
    x = inputs
    for layer in layers:
        x = layer(x)
    return networks.build(trunk=keras.Model(inputs, x))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            [keras.layers.Rescaling(2.0, name="twice")],
            "layer 'twice' is a Rescaling.*Cut the trunk",
        ),
        (
            [
                keras.layers.MaxPooling2D(name="pool"),
                keras.layers.BatchNormalization(name="norm"),
            ],
            "normalisation 'norm' follows 'pool', a MaxPooling2D",
        ),
        (
            [keras.layers.SeparableConv2D(8, 3, name="separable")],
            "layer 'separable' is a SeparableConv2D",
        ),
        (
            [keras.layers.Conv2D(8, 3, activation="gelu", name="smooth")],
            "layer 'smooth' has the activation gelu",
        ),
        (
            [
                keras.layers.Conv2D(8, 3),
                keras.layers.ReLU(threshold=0.5, name="late"),
            ],
            "layer 'late' is a ReLU with .* threshold = 0.5",
        ),
    ],
)
def test_a_layer_that_is_refused_is_named(layers, message):
    with pytest.raises(ValueError, match=message):
        quantized.quantize(with_trunk(*layers))
