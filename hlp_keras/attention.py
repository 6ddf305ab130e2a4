"""Top-down attention: a gain per branch, chosen at run time."""

from hlp_keras.model import HLPModel, check_model

# At the gain below it gains most by a valid cue, of all gates that lose about
# as much by a wrong one (docs/results.md). Earlier gates upset the
# normalisations after them, the head input scales logits around 0, see
# `gating.FLOOR`.
DEFAULT_GATE = "head_output"
# Of a cue: it gains less than stronger ones, and pays at the default gate of
# the shipped networks where three of five cues are right.
DEFAULT_GAIN = 1.25


def attend(model: HLPModel, gate: str | None = None) -> HLPModel:
    """Gives a network a second input: the gain of every branch.

    ```
    attended = attend(model)
    gain = model.taxonomy.gain({"dog": 1.5})        # shape (nodes,)
    logits = attended([images, np.tile(gain, (len(images), 1))])
    ```

    A gain above 1 enhances a branch, below 1 inhibits it; with all ones the
    logits are those of `model`, whose weights are shared and which stays as it
    is. At the head output, the default, it scales the heights of logits above
    `gating.FLOOR`, which a gain of 0 leaves; elsewhere it scales features.

    Args:
        model: a network or a cutout.
        gate: where the gain applies: `"branch_input"`, `"block_outputs"`,
            `"head_input"` or `"head_output"`. By default where the network was
            trained with one, or else at `"head_output"`.

    Returns:
        a network with the inputs `[image, gain]`; gain has the shape
        `(batch, nodes)` in the order of `model.taxonomy.nodes`.

    Raises:
        ValueError: an unknown gate, or a network without branches.
    """
    check_model(model)
    return model.derive(gate=gate or model.gate or DEFAULT_GATE)


def without_gain(model: HLPModel) -> HLPModel:
    """Gives the network that takes images alone, as with a neutral gain.

    It shares the weights of `model`, which stays as it is.
    """
    check_model(model)
    return model if model.gate is None else model.derive(gate=None)
