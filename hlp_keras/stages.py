"""How wide and deep each level of a hierarchical network is."""

import dataclasses
import numbers
from collections.abc import Iterable, Sequence

from hlp_keras.taxonomy import Taxonomy

# The plain network that defaults derive from: ResNet-8's widths and strides.
_PLAIN_STAGES = ((16, 1, 1), (32, 1, 2), (64, 1, 2))


@dataclasses.dataclass(frozen=True)
class Stage:
    """A run of blocks of equal width.

    Attributes:
        filters: width of a node with the mean number of categories; those of
            branches are rounded to multiples of 8, and at least 8.
        blocks: number of blocks, at least 1.
        stride: of the first block; 2 halves the image's height and width.
    """

    filters: int
    blocks: int = 1
    stride: int = 1

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, numbers.Integral) or value < 1:
                raise ValueError(
                    f"Expected `{field.name}` of a stage to be a whole number "
                    f"of at least 1, got {value!r} in {self}."
                )
            # NumPy's integers cannot be written as JSON.
            object.__setattr__(self, field.name, int(value))


Levels = tuple[tuple[Stage, ...], ...]


def parse_levels(levels: Sequence) -> Levels:
    """Reads stages per level, each a `Stage` or `(filters, blocks, stride)`."""
    if not _are_lists(levels):
        raise ValueError(
            f"Expected a list of stages for every level, trunk first, got "
            f"{levels!r}. A stage is (filters, blocks, stride); one alone is "
            f"written ((filters, blocks, stride),), with a comma."
        )
    parsed = tuple(tuple(map(_stage, stages)) for stages in levels)
    if not parsed or not all(parsed):
        raise ValueError(
            f"Expected at least one stage for every level, trunk first, got "
            f"{parsed}. A stage is (filters, blocks, stride)."
        )
    return parsed


def _are_lists(levels):
    return isinstance(levels, Sequence) and all(
        isinstance(stages, Sequence) for stages in levels
    )


def _stage(stage):
    if isinstance(stage, Stage):
        return stage
    if not isinstance(stage, Sequence) or not 1 <= len(stage) <= 3:
        raise ValueError(
            f"Expected a stage to be (filters, blocks, stride), got {stage!r}. "
            f"Every level is a list of stages, also where it has only one."
        )
    return Stage(*stage)


def plain_stages() -> tuple[Stage, ...]:
    """The stages of the default plain network, ResNet-8."""
    return tuple(map(_stage, _PLAIN_STAGES))


def scaled(stages: Iterable[Stage], width: float) -> tuple[Stage, ...]:
    """Multiplies the filters of all stages, rounded to whole ones."""
    return tuple(
        dataclasses.replace(stage, filters=max(1, round(width * stage.filters)))
        for stage in stages
    )


def default_levels(taxonomy: Taxonomy) -> Levels:
    """Spreads the plain network's stages over the levels of a taxonomy.

    The deepest levels get a stage each and the trunk what is left; further
    levels go on at the last stage's width without a stride. The nodes of a
    level share its width so that together they cost about what the plain stage
    does: `filters = plain / sqrt(nodes)`.
    """
    stages = list(plain_stages())
    while len(stages) < taxonomy.depth:
        stages.append(dataclasses.replace(stages[-1], stride=1))
    branches = len(stages) - taxonomy.depth + 1
    levels = [tuple(stages[:branches])]
    for level, stage in enumerate(stages[branches:], start=1):
        nodes = len(taxonomy.full.nodes_at(level))
        filters = round_to_8(stage.filters / nodes**0.5)
        levels.append((dataclasses.replace(stage, filters=filters),))
    return tuple(levels)


def node_filters(
    taxonomy: Taxonomy, node: str, filters: int, width_exponent: float
) -> int:
    """Width of a node's branch, by the number of categories below it.

    ```
    round_to_8(filters * (leaves(node) / mean_leaves(level)) ** exponent)
    ```

    Counted in the full taxonomy, so that a cutout's branches stay as they are.
    """
    full = taxonomy.full
    nodes = full.nodes_at(full.level(node))
    mean_leaves = len(full.categories) / len(nodes)
    share = len(full.leaves(node)) / mean_leaves
    return round_to_8(filters * share**width_exponent)


def round_to_8(filters: float) -> int:
    """The nearest multiple of 8, at least 8: what kernels run fastest on."""
    return max(8, 8 * round(filters / 8))


def levels_to_lists(levels: Levels) -> list[list[list[int]]]:
    """Writes levels in plain types, as `parse_levels` reads them."""
    return [
        [[stage.filters, stage.blocks, stage.stride] for stage in level]
        for level in levels
    ]
