import inspect
import json
import os
import subprocess
import sys
import textwrap

import keras
import networks
import numpy as np
import pytest

import hlp_keras
from hlp_keras.taxonomy import Taxonomy


def test_logits_are_raw_and_one_per_category(model):
    logits = networks.run(model, networks.images(number=4))
    assert logits.shape == (4, 5)
    assert logits.min() < 0
    assert not np.allclose(logits.sum(axis=1), 1)


def test_the_taxonomy_is_levelled_in_the_model(model, taxonomy):
    assert model.taxonomy == taxonomy.levelled()


def test_a_single_category_makes_a_network():
    model = networks.build(Taxonomy.from_nested(["cat"]))
    assert list(model.segments) == ["trunk", "head"]
    assert model.output_shape == (None, 1)


def test_by_default_levels_fit_the_taxonomy():
    model = hlp_keras.HLPModel(networks.TAXONOMY, networks.SHAPE)
    assert len(model.levels) == 3
    assert model.segments["trunk"].output_shape == (None, 16, 16, 16)


def test_levels_that_are_too_few_compact_the_taxonomy():
    model = networks.build(levels=networks.levels(2))
    assert model.taxonomy.to_nested() == {
        "animal": {"cat": None, "dog": None, "bird": None},
        "vehicle": {"car": None, "ship": None},
    }
    assert model.taxonomy.categories == networks.TAXONOMY.categories


def test_levels_that_are_too_many_are_refused():
    message = r"for 3 levels, .*trunk and 2 levels of nodes\), got 4\. Put"
    with pytest.raises(ValueError, match=message):
        networks.build(levels=networks.levels(4))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"input_shape": (16, 16)}, r"\(height, width, channels\).*\(16, 16\)"),
        ({"input_shape": 16}, r"\(height, width, channels\).*\(16,\)"),
        ({"input_shape": (None, 16, 3)}, "at least 1 and known"),
        ({"input_shape": (0, 16, 3)}, "at least 1 and known"),
        ({"family": "vgg"}, "one of resnet, mobilenet, got 'vgg'"),
        ({"width_exponent": -1}, "`width_exponent` .* at least 0, got -1"),
        ({"width_exponent": None}, "`width_exponent` to be a number, .* None"),
        ({"width_exponent": float("nan")}, "`width_exponent` .* got nan"),
        ({"gate": "output"}, "`gate` to be one of branch_input, .* 'output'"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.build(**arguments)


def test_a_tree_that_is_no_taxonomy_is_refused():
    with pytest.raises(ValueError, match="got list. Make one with Taxonomy.fr"):
        hlp_keras.HLPModel(["cat", "dog"])


@pytest.mark.parametrize(
    "shape, message",
    [
        (
            (12, 16, 3),
            r"expected shape=\(None, 16, 16, 3\), found shape=\(3, 12",
        ),
        ((16, 16, 1), "axis -1 of input shape to have value 3"),
    ],
)
def test_images_of_another_shape_are_refused(model, shape, message):
    with pytest.raises(ValueError, match=message):
        networks.run(model, networks.images(shape=shape))


# --- training ---


def compiled(**kwargs):
    model = networks.build(**kwargs)
    model.compile(
        keras.optimizers.SGD(0.1),
        hlp_keras.HierarchicalCrossentropy(model.taxonomy, sets_weight=0.5),
        metrics=["accuracy", *hlp_keras.level_accuracies(model.taxonomy)],
    )
    return model


def test_it_trains_and_comes_back_compiled_from_a_file(tmp_path):
    model = compiled()
    images, labels = networks.images(number=8), np.arange(8) % 5
    before = model.get_weights()
    model.fit(images, labels, batch_size=8, verbose=0)
    after = model.get_weights()
    moved = [np.any(a != b) for a, b in zip(before, after, strict=True)]
    assert np.mean(moved) > 0.9

    loaded = networks.save_and_load(model, tmp_path)
    scores = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert set(scores) == {
        *("loss", "accuracy", "level_1_accuracy", "level_2_accuracy")
    }
    again = loaded.evaluate(images, labels, verbose=0, return_dict=True)
    assert again == pytest.approx(scores, abs=1e-5)
    np.testing.assert_allclose(
        loaded.predict(images, verbose=0),
        networks.run(model, images),
        atol=1e-5,
    )


# --- configuration and files ---


def test_the_configuration_is_the_arguments(model):
    arguments = inspect.signature(hlp_keras.HLPModel.__init__).parameters
    expected = set(arguments) - {"self", "shared_segments", "kwargs"}
    assert set(model.get_config()) == expected | {"trainable", "frozen"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"family": "mobilenet", "width_exponent": 0.0},
        {"levels": [[[8, 2, 1], [16, 1, 2]], [[8, 1, 2]]]},
        {"gate": "branch_input"},
        {"taxonomy": networks.TAXONOMY.prune(["pet"]), "name": "pets"},
        {"input_shape": (12, 20, 1), "trainable": False},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_the_configuration_makes_the_same_network(changes):
    model = networks.build(**changes)
    config = model.get_config()
    copy = hlp_keras.HLPModel.from_config(config)
    assert copy.get_config() == config
    for name in set(config) - {"input_shape", "frozen"}:
        assert getattr(copy, name) == getattr(model, name)
    for there, here in zip(copy.weights, model.weights, strict=True):
        assert (there.path, there.shape) == (here.path, here.shape)


def test_numbers_may_come_from_numpy():
    levels = [[tuple(np.array([8, 1, 2]))], [(np.int64(8),)]]
    model = networks.build(levels=levels, width_exponent=np.float32(0.5))
    assert json.dumps(model.get_config())
    assert model.levels == networks.build(levels=[[(8, 1, 2)], [(8,)]]).levels


@pytest.mark.parametrize("gate", [None, *hlp_keras.GATES])
def test_a_file_holds_an_attended_cutout(tmp_path, model, gate):
    small = hlp_keras.cutout(model, ["dog", "vehicle"]).derive(gate=gate)
    loaded = networks.save_and_load(small, tmp_path)
    inputs = [networks.images()]
    if gate is not None:
        inputs.append(np.full((3, len(small.taxonomy.nodes)), 1.5))
    np.testing.assert_allclose(
        networks.run(loaded, *inputs), networks.run(small, *inputs), atol=1e-5
    )
    assert loaded.taxonomy.class_indices == {"ship": 0, "dog": 3, "car": 4}


def test_a_derived_network_shares_all_segments(model):
    derived = model.derive(name="other")
    assert derived.name == "other"
    assert all(derived.segments[n] is s for n, s in model.segments.items())


def head(features, pool="Average", **dense):
    inputs = keras.Input(features)
    pooling = getattr(keras.layers, f"Global{pool}Pooling2D")()
    logits = keras.layers.Dense(**{"units": 2, **dense})(pooling(inputs))
    return keras.Model(inputs, logits)


@pytest.mark.parametrize(
    "changes",
    [
        {"pool": "Max"},
        {"activation": "relu"},
        {"use_bias": False},
        {"units": 3},
    ],
    ids=str,
)
def test_a_head_that_cannot_be_cut_is_refused(model, changes):
    features = model.segments["branch_pet"].output_shape[1:]
    fitting = {**model.segments, "head_pet": head(features)}
    model.derive(shared_segments=fitting)
    other = {**model.segments, "head_pet": head(features, **changes)}
    with pytest.raises(ValueError, match="'head_pet' .* 2 logits, .*Pooling2D"):
        model.derive(shared_segments=other)


def test_a_segment_that_no_network_of_the_taxonomy_has_is_refused(model):
    pet = model.segments["branch_pet"]
    with pytest.raises(ValueError, match="'branch_pett'. Did you mean 'branch"):
        model.derive(shared_segments={"branch_pett": pet})


# --- a Keras model as trunk ---


def own_trunk():
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(8, 3, strides=4, name="features")(inputs)
    classes = keras.layers.Dense(10)(keras.layers.Flatten()(x))
    return keras.Model(inputs, classes), "features"


def mobilenet_trunk():
    model = keras.applications.MobileNet(
        (32, 32, 3), alpha=0.25, include_top=False, weights=None
    )
    return model, "conv_pw_3_relu"


@pytest.mark.parametrize("make_trunk", [own_trunk, mobilenet_trunk])
def test_a_users_trunk_is_cut_costed_and_saved_like_any_other(
    make_trunk, tmp_path
):
    trunk, layer = make_trunk()
    model = networks.build(
        input_shape=(32, 32, 3), trunk=trunk, trunk_layer=layer
    )
    small = hlp_keras.cutout(model, ["dog"])
    loaded = networks.save_and_load(small, tmp_path)

    x = networks.images(shape=(32, 32, 3))
    dog = networks.run(model, x)[:, [3]]
    np.testing.assert_allclose(networks.run(loaded, x), dog, atol=1e-5)
    assert hlp_keras.cost(loaded) == hlp_keras.cost(model, ["dog"])
    assert model.segments["trunk"].get_layer(layer) is trunk.get_layer(layer)


def test_a_users_trunk_ends_where_its_own_graph_has_the_layer():
    features = own_trunk()[0].layers[1]  # Of another model, too.
    trunk = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.MaxPooling2D(), features]
    )
    model = networks.build(
        input_shape=(32, 32, 3), trunk=trunk, trunk_layer="features"
    )
    assert model.segments["trunk"].output_shape == (None, 4, 4, 8)


def test_a_layer_that_a_trunk_applies_twice_is_no_end():
    convolution = keras.layers.Conv2D(3, 3, name="twice")
    inputs = keras.Input((32, 32, 3))
    trunk = keras.Model(inputs, convolution(convolution(inputs)), name="mine")
    with pytest.raises(ValueError, match="'twice' is applied 2 times in 'mine"):
        networks.build(
            input_shape=(32, 32, 3), trunk=trunk, trunk_layer="twice"
        )


def test_only_the_used_part_of_a_users_trunk_is_trained():
    trunk, layer = own_trunk()
    model = networks.build(
        input_shape=(32, 32, 3), trunk=trunk, trunk_layer=layer
    )
    unused = trunk.layers[-1].kernel
    assert all(weight is not unused for weight in model.weights)
    segments = sum(s.count_params() for s in model.segments.values())
    assert model.count_params() == segments


def test_a_segment_that_is_frozen_stays_so(tmp_path):
    model = networks.build()
    model.segments["trunk"].trainable = False
    model.segments["head_pet"].trainable = False
    loaded = networks.save_and_load(model, tmp_path)
    for one in (model, loaded, hlp_keras.cutout(loaded, ["dog", "vehicle"])):
        frozen = [n for n, s in one.segments.items() if not s.trainable_weights]
        assert frozen == ["trunk", "head_pet"]


def test_a_block_that_is_frozen_stays_so(tmp_path):
    model = networks.build()
    model.segments["trunk"].layers[0].trainable = False
    loaded = networks.save_and_load(model, tmp_path)
    for one in (model, loaded):
        stem, block, *_ = one.segments["trunk"].layers
        assert not stem.trainable_weights
        assert block.trainable_weights


def test_a_users_trunk_that_is_frozen_stays_so(tmp_path):
    trunk, layer = own_trunk()
    trunk.trainable = False
    model = networks.build(
        input_shape=(32, 32, 3), trunk=trunk, trunk_layer=layer
    )
    loaded = networks.save_and_load(model, tmp_path)
    for one in (model, loaded, hlp_keras.cutout(loaded, "dog")):
        assert one.segments["trunk"].weights
        assert not one.segments["trunk"].trainable_weights
        assert one.trainable_weights


def test_only_that_one_of_two_namesakes_is_frozen(tmp_path):
    def convolved(shape):
        inputs = keras.Input(shape)
        return inputs, keras.layers.Conv2D(8, 3, name="conv")(inputs)

    inner = keras.Model(*convolved((14, 14, 8)))
    inputs, features = convolved(networks.SHAPE)
    model = networks.build(trunk=keras.Model(inputs, inner(features)))
    inner.get_layer("conv").trainable = False
    loaded = networks.save_and_load(model, tmp_path)
    for one in (model, loaded):
        layers = one.segments["trunk"].layers
        frozen = [not layer.trainable_weights for layer in layers[1:]]
        assert frozen == [False, True]


def test_what_is_frozen_may_have_been_written_by_name(model):
    config = {**model.get_config(), "frozen": ["trunk", "head_pet_logits"]}
    loaded = hlp_keras.HLPModel.from_config(config)
    frozen = [n for n, s in loaded.segments.items() if not s.trainable_weights]
    assert frozen == ["trunk", "head_pet"]


# --- without TensorFlow ---


def test_tensorflow_is_not_needed(tmp_path):
    program = """
        import sys
        sys.modules["tensorflow"] = None  # so that importing it fails

        import keras
        import hlp_keras

        taxonomy = hlp_keras.Taxonomy.from_nested({"pet": ["cat", "dog"]})
        model = hlp_keras.HLPModel(
            taxonomy, (8, 8, 8), levels=[[(8, 1)], [(8, 1)]]
        )
        small = hlp_keras.cutout(model, ["cat"])
        small.save("small.keras")
        print(keras.saving.load_model("small.keras").output_shape)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": _project()},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "(None, 1)", done.stderr


def _project():
    return os.path.dirname(os.path.dirname(hlp_keras.__file__))
