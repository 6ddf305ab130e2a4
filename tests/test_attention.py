import keras
import networks
import numpy as np
import pytest

import hlp_keras
from hlp_keras import gating

EVERY_GATE = pytest.mark.parametrize("gate", hlp_keras.GATES)


def tiled(gain, images):
    return np.tile(gain, (len(images), 1))


@EVERY_GATE
def test_a_gain_changes_only_what_is_below_its_node(model, gate):
    attended = hlp_keras.attend(model, gate)
    images = networks.images()
    gain = tiled(model.taxonomy.gain({"vehicle": 1.5}), images)
    change = networks.run(attended, images, gain) - networks.run(model, images)
    # In class order: ship, cat, bird, dog, car.
    np.testing.assert_allclose(change[:, [1, 2, 3]], 0, atol=1e-5)
    assert np.abs(change[:, [0, 4]]).min() > 1e-3


@EVERY_GATE
def test_every_sample_has_a_gain_of_its_own(model, gate):
    attended = hlp_keras.attend(model, gate)
    images = networks.images(number=2)
    gains = [model.taxonomy.gain({"dog": 2}), model.taxonomy.gain({"car": 0.5})]
    together = networks.run(attended, images, gains)
    for i in range(2):
        alone = networks.run(attended, images[[i]], [gains[i]])
        np.testing.assert_allclose(together[[i]], alone, atol=1e-5)


def test_at_the_head_input_a_gain_of_0_leaves_the_bias(model):
    attended = hlp_keras.attend(model, "head_input")
    images = networks.images()
    gain = tiled(model.taxonomy.gain({"pet": 0}), images)
    _, bias = model.segments["head_pet"].get_weights()
    logits = networks.run(attended, images, gain)
    np.testing.assert_allclose(logits[:, [1, 3]], tiled(bias, images))


def test_at_the_head_output_a_gain_of_0_leaves_the_floor(model):
    attended = hlp_keras.attend(model, "head_output")
    images = networks.images()
    gain = tiled(model.taxonomy.gain({"pet": 0}), images)
    logits = networks.run(attended, images, gain)
    np.testing.assert_allclose(logits[:, [1, 3]], gating.FLOOR)


@EVERY_GATE
def test_a_neutral_gain_changes_nothing_in_half_precision(gate):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = networks.build()
        attended = hlp_keras.attend(model, gate)
    finally:
        keras.config.set_dtype_policy(policy)
    images = networks.images()
    neutral = tiled(np.ones(len(model.taxonomy.nodes), "float32"), images)
    found, expected = (
        keras.ops.convert_to_numpy(keras.ops.cast(logits, "float32"))
        for logits in (attended([images, neutral]), model(images))
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nodes_may_be_named_like_what_is_made_of_them():
    taxonomy = hlp_keras.Taxonomy.from_nested(
        {"x": ["a", "b"], "x_gated": ["c"], "gated_head_x": ["d"]}
    )
    for gate in hlp_keras.GATES:
        attended = hlp_keras.attend(networks.build(taxonomy), gate)
        assert attended.output_shape == (None, 4)


@EVERY_GATE
def test_a_cutout_is_attended_as_the_full_network_is_cut(model, gate):
    names, images = ["dog", "ship"], networks.images()
    small = hlp_keras.cutout(model, names)
    factors = {"dog": 1.5, "vehicle": 0.5}
    gain = tiled(small.taxonomy.gain(factors), images)
    full_gain = tiled(model.taxonomy.gain(factors), images)

    attended = hlp_keras.attend(small, gate)
    cut = hlp_keras.cutout(hlp_keras.attend(model, gate), names)
    expected = networks.run(hlp_keras.attend(model, gate), images, full_gain)
    for one in (attended, cut):
        np.testing.assert_allclose(
            networks.run(one, images, gain), expected[:, [0, 3]], atol=1e-5
        )


@pytest.mark.parametrize("length", [5, 7])
def test_a_gain_of_the_wrong_length_is_refused(model, length):
    attended = hlp_keras.attend(model)
    inputs = [networks.images(), np.ones((3, length), "float32")]
    with pytest.raises(ValueError, match=rf"6\).* shape.*\(3, {length}\)"):
        attended(inputs)


def test_so_is_one_in_predict():
    # Not the shared network: on JAX, Keras loses the weights when this fails.
    attended = hlp_keras.attend(networks.build())
    inputs = [networks.images(), np.ones((3, 5), "float32")]
    with pytest.raises(ValueError, match=r"6\).* shape.*\(3, 5\)"):
        attended.predict(inputs, verbose=0)


def test_an_unknown_gate_is_refused(model):
    with pytest.raises(ValueError, match="branch_input, .* got 'everywhere'"):
        hlp_keras.attend(model, "everywhere")


def test_a_network_without_branches_is_refused():
    plain = networks.build(hlp_keras.Taxonomy.from_nested(["cat", "dog"]))
    with pytest.raises(ValueError, match="branches .* has no nodes"):
        hlp_keras.attend(plain)
