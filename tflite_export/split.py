"""Splits a master into its segments, each a model of its own.

A device runs the trunk once and then only the branches and heads that are
switched on. What one part gives is what the next part takes, in integers of
one scale, so that the logits are the master's.
"""

import dataclasses

from tflite_export import flatbuffer, slicing


@dataclasses.dataclass(frozen=True)
class Part:
    """A model that computes one segment of a network.

    Attributes:
        name: of the segment, such as `"branch_pet"`.
        parent: name of the part whose output it takes; None for the trunk,
            which takes the image.
        labels: categories of its logits, for a head; empty for features.
        data: the flatbuffer.
    """

    name: str
    parent: str | None
    labels: tuple[str, ...]
    data: bytes


def split(data: bytes) -> tuple[Part, ...]:
    """Makes a model of every segment of a master, or of a slice.

    Returns:
        the parts, each after the one whose output it takes.

    Raises:
        ValueError: no master of ours, or one that was changed.
    """
    master = slicing.Master(data)
    (image,) = flatbuffer.inputs(master.model)
    return tuple(
        Part(
            name=segment["name"],
            parent=segment["parent"],
            labels=tuple(segment["labels"]),
            data=master.extract(
                [segment["parent"] or image.name], [segment["name"]]
            ),
        )
        for segment in master.metadata["segments"]
    )
