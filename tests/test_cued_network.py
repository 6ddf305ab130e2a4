"""Logits under many gains, of which parts are computed once."""

import networks
import numpy as np
import pytest

import hlp_keras
from training.cued_network import CuedNetwork


@pytest.mark.parametrize("gate", [None, *hlp_keras.GATES])
def test_gives_what_the_whole_network_gives(gate):
    model = networks.shared()
    images = networks.images()
    random = np.random.default_rng(0)
    shape = (len(images), len(model.taxonomy.nodes))
    gains = random.uniform(0, 2, shape).astype(np.float32)
    network = CuedNetwork(model)
    features = network.features(images)
    if gate is None:
        found, expected = network.logits(features), networks.run(model, images)
    else:
        found = network.logits(features, gains, gate)
        attended = hlp_keras.attend(model, gate)
        expected = networks.run(attended, images, gains)
    np.testing.assert_allclose(found, expected, atol=1e-5)
