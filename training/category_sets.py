"""Category sets to compare networks on."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from hlp_keras import Taxonomy
from training.evaluate import draw_sets

_SIZES = (2, 3, 5)


@dataclasses.dataclass(frozen=True)
class CategorySet:
    """The categories of some nodes.

    Attributes:
        nodes: their names; none for the set of all categories.
        categories: all that are below them, in the order of the logits.
        is_random: whether the nodes were drawn.
    """

    nodes: tuple[str, ...]
    categories: tuple[str, ...]
    is_random: bool = False

    @property
    def name(self) -> str:
        """The names of the nodes, joined, or `"all"`."""
        return "+".join(self.nodes) or "all"


def every_set(
    taxonomy: Taxonomy, sets_per_size: int, seed: int
) -> tuple[CategorySet, ...]:
    """Gives the set of every node, and random sets of 2, 3 and 5 branches.

    A branch is a node of the deepest level. Sets of one category are left out,
    as there is nothing to tell apart, and so are those of the same categories
    as another set, or of all. More sets per size go on after those that fewer
    give.

    ```
    [s.name for s in every_set(Taxonomy.from_name("cifar10"), 1, seed=0)]
    # ["animal", "vehicle", "pet", ..., "craft", "pet+road_vehicle", ...]
    ```

    Args:
        taxonomy: of the network, levelled.
        sets_per_size: how many random sets of each size.
        seed: of the random sets.
    """
    nodes = [((node,), False) for node in taxonomy.nodes]
    drawn = [
        (branches, True)
        for size in _SIZES
        for branches in draw_nodes(
            taxonomy.nodes_at(taxonomy.depth - 1), size, sets_per_size, seed
        )
    ]
    found = {}
    for names, is_random in nodes + drawn:
        categories = taxonomy.resolve(names)
        if 1 < len(categories) < len(taxonomy.categories):
            chosen = CategorySet(names, categories, is_random)
            found.setdefault(categories, chosen)
    return tuple(found.values())


def draw_nodes(
    nodes: Sequence[str], size: int, number: int, seed: int
) -> list[tuple[str, ...]]:
    """Draws different sets of some nodes, or gives all."""
    random = np.random.default_rng([seed, size])
    return draw_sets(nodes, size, number, random)
