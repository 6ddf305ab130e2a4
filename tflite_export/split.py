"""Splits a master into its segments, each a model of its own.

A device runs the trunk once and then only the branches and heads that are
switched on. What one part gives is what the next part takes, in integers of
one scale, so that the logits are the master's.
"""

import dataclasses

from tflite_export import gains, slicing


@dataclasses.dataclass(frozen=True)
class Part:
    """A model that computes one segment of a network.

    Attributes:
        name: of the segment, such as `"branch_pet"`.
        parent: name of the part whose output it takes; None for the trunk,
            which takes the image.
        labels: categories of its logits, for a head; empty for features.
        data: the flatbuffer.
        gain_nodes: the nodes that its second input, the gain, has factors
            for; empty for a part that has none.
    """

    name: str
    parent: str | None
    labels: tuple[str, ...]
    data: bytes
    gain_nodes: tuple[str, ...] = ()


def split(data: bytes) -> tuple[Part, ...]:
    """Makes a model of every segment of a master, or of a slice.

    Returns:
        the parts, each after the one whose output it takes.

    Raises:
        ValueError: no master of ours, or one that was changed.
    """
    master = slicing.Master(data)
    gain = [gains.INPUT] if master.gain_nodes else []
    parts = []
    for segment in master.metadata["segments"]:
        given = segment["parent"] or master.input.name
        data, nodes = master.part([given, *gain], [segment["name"]])
        labels = tuple(segment["labels"])
        parts.append(
            Part(segment["name"], segment["parent"], labels, data, nodes)
        )
    return tuple(parts)
