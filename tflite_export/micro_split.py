"""Plans how a network runs whose trunk and branches are separate models.

Every part runs after its parent and before anything beside that, so one
tensor arena serves all of them in turn. The features that children take are
kept outside the arena, in one buffer for each level of the tree: when a part
runs, only the features of the parts above it are still needed.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

from ai_edge_litert import schema_py_generated as schema

from tflite_export import cpp, flatbuffer
from tflite_export.micro_border import Border

# Each head is a bit of an integer.
_MOST_HEADS = 64
# Files are named after it, and after the model's name.
_LONGEST_IDENTIFIER = 80


@dataclasses.dataclass(frozen=True)
class SplitPart:
    """A model that computes one segment of a network.

    Attributes:
        name: of the segment, such as `"branch_animal"`.
        data: the flatbuffer.
        parent: name of the part whose output it takes; None for the trunk.
        labels: categories of its logits, in their order, for a head; empty
            for a part that gives features.
        arena_bytes: tensor arena that TFLM needs for it on this host.
    """

    name: str
    data: bytes
    parent: str | None
    labels: tuple[str, ...]
    arena_bytes: int


@dataclasses.dataclass(frozen=True, eq=False)
class PlannedPart:
    """A part in its place.

    Attributes:
        part: what was planned.
        model: its flatbuffer, parsed.
        border: its input and output.
        identifier: its name for files and arrays.
        heads: a bit for every head that it is or leads to.
        input_offset: where in the features its input is; None for the image.
        output_offset: where in the features its output goes; None for logits.
    """

    part: SplitPart
    model: schema.ModelT
    border: Border
    identifier: str
    heads: int
    input_offset: int | None
    output_offset: int | None

    @property
    def constant(self) -> str:
        """Name of the constant that switches it and all below it."""
        return f"k{cpp.camel_case(self.identifier)}Mask"


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """All parts, in the order in which they run, and their features' size."""

    parts: tuple[PlannedPart, ...]
    feature_bytes: int

    @property
    def heads(self) -> tuple[PlannedPart, ...]:
        """The parts that give logits, in the order of their bits."""
        return tuple(planned for planned in self.parts if planned.part.labels)

    @property
    def border(self) -> Border:
        """From the image to the logits of any head."""
        return Border(self.parts[0].border.given, self.heads[0].border.got)


def plan(parts: Sequence[SplitPart]) -> Plan:
    """Puts parts in order, with a place for the features of each.

    Args:
        parts: the trunk and everything nested on it, in any order.

    Raises:
        ValueError: they are no tree from one image to logits, their borders
            do not match, or there are more than 64 heads.
    """
    _check_tree(parts)
    levels = dict(_below(parts, None, 0))
    parts = sorted(parts, key=lambda part: list(levels).index(part.name))
    models = {part.name: flatbuffer.parse(part.data) for part in parts}
    borders = {name: Border.of(model, name) for name, model in models.items()}
    _check_borders(parts, borders)
    offsets = _feature_offsets(
        (levels[part.name], borders[part.name].got_bytes)
        for part in parts
        if not part.labels
    )
    heads = _heads(parts)
    planned = []
    for part, identifier in zip(parts, _identifiers(parts), strict=True):
        level = levels[part.name]
        planned.append(
            PlannedPart(
                part=part,
                model=models[part.name],
                border=borders[part.name],
                identifier=identifier,
                heads=heads[part.name],
                input_offset=offsets[level - 1] if level else None,
                output_offset=None if part.labels else offsets[level],
            )
        )
    return Plan(tuple(planned), offsets[-1])


def _below(parts, parent, level) -> Iterator[tuple[str, int]]:
    """Names of parts with their levels, each followed by all below it."""
    for part in parts:
        if part.parent == parent:
            yield part.name, level
            yield from _below(parts, part.name, level + 1)


def _feature_offsets(sizes: Iterable[tuple[int, int]]) -> list[int]:
    """Where the buffer of each level starts, and last where all end."""
    largest = {}
    for level, size in sizes:
        largest[level] = max(size, largest.get(level, 0))
    return [0, *itertools.accumulate(largest[i] for i in sorted(largest))]


def _heads(parts):
    """For the name of each part, a bit for every head that it leads to."""
    parents = {part.name: part.parent for part in parts}
    masks = dict.fromkeys(parents, 0)
    for number, head in enumerate(part for part in parts if part.labels):
        name = head.name
        while name is not None:
            masks[name] |= 1 << number
            name = parents[name]
    return masks


def _identifiers(parts):
    """Names for C++, which differ by more than underscores."""
    found = {}
    for part in parts:
        base = cpp.identifier(part.name)[:_LONGEST_IDENTIFIER].rstrip("_")
        numbered = (f"{base}_{number}" for number in itertools.count(2))
        identifier = next(
            candidate
            for candidate in itertools.chain([base], numbered)
            if candidate.replace("_", "") not in found
        )
        found[identifier.replace("_", "")] = identifier
    return list(found.values())


def _check_tree(parts):
    trunks = [part.name for part in parts if part.parent is None]
    if len(trunks) != 1:
        raise ValueError(
            f"Expected one part without a parent, the trunk, got {trunks}."
        )
    names = [part.name for part in parts]
    parents = {part.parent for part in parts}
    for part in parts:
        if names.count(part.name) > 1:
            raise ValueError(f"There are several parts named {part.name!r}.")
        if bool(part.labels) == (part.name in parents):
            raise ValueError(
                f"Expected every part either to have labels or to be the "
                f"parent of others, but {part.name!r} "
                f"{'is both' if part.labels else 'is neither'}."
            )
    reached = dict(_below(parts, None, 0))
    lost = [name for name in names if name not in reached]
    if lost:
        raise ValueError(
            f"Expected all parts to be nested on the trunk {trunks[0]!r}, but "
            f"these are not: {lost}."
        )
    heads = sum(1 for part in parts if part.labels)
    if heads > _MOST_HEADS:
        raise ValueError(
            f"At most {_MOST_HEADS} heads can be switched on and off, got "
            f"{heads}. Cut out fewer categories."
        )


def _check_borders(parts, borders):
    """Raises unless image, features and logits fit where they meet."""
    first_head = next(part.name for part in parts if part.labels)
    for part in parts:
        border = borders[part.name]
        if border.gain is not None:
            raise ValueError(
                f"Expected parts without a gain, whose branches are switched "
                f"on and off instead, but {part.name!r} has one. Split a "
                f"master that was made without --gain."
            )
        if part.parent is None:
            border.check_image(part.name)
        elif not _same(borders[part.parent].got, border.given):
            raise ValueError(
                f"The output of {part.parent!r} does not match the input of "
                f"{part.name!r}: {borders[part.parent].got} against "
                f"{border.given}. Export both from one master."
            )
        if part.labels:
            border.check_logits(part.name, len(part.labels))
            got, first = border.got, borders[first_head].got
            if (got.scale, got.zero_point) != (first.scale, first.zero_point):
                raise ValueError(
                    f"The logits of {first_head!r} and {part.name!r} cannot "
                    f"be compared: {first} against {got}. Export both from "
                    f"one master."
                )


def _same(output, given):
    return dataclasses.replace(output, name="") == dataclasses.replace(
        given, name=""
    )
