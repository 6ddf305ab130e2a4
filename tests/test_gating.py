import keras
import networks
import numpy as np
import pytest

from hlp_keras import gating


@pytest.mark.parametrize("shape", [(2, 6), (2, 4, 4, 3)])
def test_features_are_multiplied_by_the_nodes_gain_of_each_sample(shape):
    features = np.random.default_rng(0).normal(size=shape).astype("float32")
    gain = np.array([[1, 0.5, 9], [1, 2, 9]], "float32")
    expected = np.stack([0.5 * features[0], 2 * features[1]])
    found = gating.TopDownGate(index=1)(features, gain)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_it_is_saved_with_its_index():
    gate = gating.TopDownGate(index=2, name="gate_pet")
    copy = gating.TopDownGate.from_config(gate.get_config())
    assert (copy.index, copy.name) == (2, "gate_pet")

    inputs = [keras.Input((4,)), keras.Input((3,))]
    model = keras.Model(inputs, gate(*inputs))
    config = keras.saving.serialize_keras_object(model)
    loaded = keras.saving.deserialize_keras_object(config)
    assert loaded.get_layer("gate_pet").index == 2


@pytest.mark.parametrize("index", [-1, 0.5, None])
def test_an_index_that_is_no_position_is_refused(index):
    with pytest.raises(ValueError, match=f"position, 0 or more, got {index}"):
        gating.TopDownGate(index)


@pytest.mark.parametrize("shape", [(2, 1), (2,), (2, 3, 1)])
def test_a_gain_without_the_nodes_factor_is_refused(shape):
    gate = gating.TopDownGate(index=1, name="gate_pet")
    message = "Expected a gain of shape .* in layer 'gate_pet'"
    with pytest.raises(ValueError, match=message):
        gate(np.ones((2, 4, 4, 8), "float32"), np.ones(shape, "float32"))


def test_a_gain_of_another_length_than_before_is_refused():
    gate = gating.TopDownGate(index=0)
    features = np.ones((2, 4), "float32")
    gate(features, np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match=r"\(batch, 3\), got shape \(2, 4\)"):
        gate(features, np.ones((2, 4), "float32"))


def test_a_gate_at_no_known_place_is_refused():
    with pytest.raises(
        ValueError, match="head_output, or None .* got 'output'"
    ):
        gating.check_gate("output", networks.TAXONOMY)
