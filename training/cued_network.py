"""Gives a network's logits under many gains, at little cost.

What no gain reaches is computed once: the trunk, and for gates at the heads the
branches, too.
"""

import functools

import keras
import numpy as np

import hlp_keras
from hlp_keras import assembly
from hlp_keras.parsing import ROOT


class CuedNetwork:
    """A trained network, in the parts that gains leave alone and the others.

    ```
    network = CuedNetwork(model)
    features = network.features(images)
    network.logits(features, gains, "head_output")
    ```

    Args:
        model: a network with branches.
    """

    def __init__(self, model: hlp_keras.HLPModel):
        self._trunk = model.segments[assembly.TRUNK]
        self._branches = _branches(model)
        # Every gate's network, made when it is first asked for.
        self._after = functools.cache(
            lambda gate: (
                _heads(model, gate)
                if _is_at_heads(gate)
                else _without_trunk(model, gate)
            )
        )

    def features(self, images) -> tuple[np.ndarray, np.ndarray]:
        """What the trunk and what the branches make of images.

        Args:
            images: float32 in [0, 1].
        """
        of_trunk = _predict(self._trunk, images)
        return of_trunk, _predict(self._branches, of_trunk)

    def logits(self, features, gains=None, gate: str | None = None):
        """The logits of images, each under a gain, or without one.

        Args:
            features: of the images, as `features` gives them.
            gains: array of shape `(images, nodes)`.
            gate: where these apply, one of `hlp_keras.GATES`.

        Returns:
            array of shape `(images, categories)`.
        """
        of_trunk, of_branches = features
        given = of_branches if _is_at_heads(gate) else of_trunk
        inputs = given if gate is None else [given, gains]
        return _predict(self._after(gate), inputs)


def _predict(model, inputs):
    return model.predict(inputs, batch_size=256, verbose=0)


def _is_at_heads(gate):
    return gate in (None, "head_input", "head_output")


def _as_it_is(x):
    return x


def _without_trunk(model, gate):
    """The network that takes the features of the trunk in place of images."""
    segments = {**model.segments, assembly.TRUNK: _as_it_is}
    shape = model.segments[assembly.TRUNK].output_shape[1:]
    return keras.Model(
        *assembly.assemble(model.taxonomy, segments, shape, gate)
    )


def _branches(model):
    """From the features of the trunk to what the dense layers of heads take.

    That is side by side, in the order of the heads.
    """
    taxonomy = model.taxonomy
    trunk = keras.Input(model.segments[assembly.TRUNK].output_shape[1:])
    features = {ROOT: trunk}
    for node in taxonomy.nodes:
        branch = model.segments[assembly.branch_name(node)]
        features[node] = branch(features[taxonomy.parent(node) or ROOT])
    pooled = [
        _pool_and_dense(model, node)[0](features[node])
        for node in assembly.head_nodes(taxonomy)
    ]
    return keras.Model(trunk, keras.ops.concatenate(pooled, axis=-1))


def _heads(model, gate):
    """The network that takes in place of images what `_branches` gives."""
    taxonomy = model.taxonomy
    segments = dict.fromkeys(assembly.segment_names(taxonomy), _as_it_is)
    start = 0
    for node in assembly.head_nodes(taxonomy):
        _, dense = _pool_and_dense(model, node)
        stop = start + dense.kernel.shape[0]
        segments |= {
            assembly.branch_name(node): functools.partial(
                _channels, start=start, stop=stop
            ),
            assembly.head_name(node): dense,
        }
        start = stop
    return keras.Model(*assembly.assemble(taxonomy, segments, (start,), gate))


def _pool_and_dense(model, node):
    """The layers of a head."""
    _, pool, dense = model.segments[assembly.head_name(node)].layers
    return pool, dense


def _channels(x, start, stop):
    return x[..., start:stop]
