"""Random taxonomies and category sets."""

import dataclasses
import itertools

from hypothesis import strategies as st

import hlp_keras


@st.composite
def taxonomies(draw, max_categories=5, max_depth=3):
    """Trees whose leaves hang at any height, in a class order of their own."""
    names = [f"leaf{i}" for i in range(draw(st.integers(1, max_categories)))]
    node_names = (f"node{i}" for i in itertools.count())
    tree = _draw_tree(draw, names, max_depth - 1, node_names)
    order = draw(st.permutations(names))
    return hlp_keras.Taxonomy.from_nested(tree, categories=order)


def _draw_tree(draw, names, num_levels, node_names):
    entries = []
    while names:
        size = draw(st.integers(1, len(names)))
        group, names = names[:size], names[size:]
        if num_levels and draw(st.booleans()):
            node = next(node_names)
            below = _draw_tree(draw, group, num_levels - 1, node_names)
            entries.append({node: below})
        else:
            entries.extend(group)
    return entries


def category_sets(taxonomy):
    """Names of leaves and nodes, in any order."""
    names = st.sampled_from(taxonomy.categories + taxonomy.nodes)
    return st.lists(names, min_size=1, unique=True)


@dataclasses.dataclass(frozen=True)
class Case:
    """A network, and names of a category set of it."""

    taxonomy: hlp_keras.Taxonomy
    family: str
    gate: str
    names: list


@st.composite
def cases(draw):
    taxonomy = draw(taxonomies())
    return Case(
        taxonomy,
        family=draw(st.sampled_from(["resnet", "mobilenet"])),
        gate=draw(st.sampled_from(hlp_keras.GATES)),
        names=draw(category_sets(taxonomy)),
    )
