"""Category sets that networks are compared on."""

import hlp_keras
from training import category_sets

TREE = {
    "animal": {"pet": ["cat", "dog"], "wild": ["deer", "fox"]},
    "vehicle": {"road": ["car", "van"], "water": ["ship"]},
    "rest": {"stone": ["rock", "pebble"]},
}
TAXONOMY = hlp_keras.Taxonomy.from_nested(TREE)


def test_every_node_comes_once():
    sets = category_sets.every_set(TAXONOMY, 0, seed=0)
    # `water` has one category, and `stone` those of `rest`.
    assert [s.name for s in sets] == [
        *["animal", "vehicle", "rest", "pet", "wild", "road"]
    ]
    assert sets[0].categories == ("cat", "dog", "deer", "fox")
    assert not any(s.is_random for s in sets)


def test_random_sets_are_of_branches():
    sets = category_sets.every_set(TAXONOMY, 4, seed=0)
    drawn = [s for s in sets if s.is_random]
    assert {len(s.nodes) for s in drawn} == {2, 3}  # All 5 are no set.
    for one in drawn:
        assert set(one.nodes) <= set(TAXONOMY.nodes_at(2))
        assert one.categories == TAXONOMY.resolve(one.nodes)
    categories = [s.categories for s in sets]
    assert len(set(categories)) == len(categories)


def test_more_sets_go_on_after_fewer():
    few = category_sets.every_set(TAXONOMY, 2, seed=3)
    more = category_sets.every_set(TAXONOMY, 4, seed=3)
    assert set(few) < set(more)


def test_a_set_is_named_by_its_nodes():
    assert category_sets.CategorySet((), ("cat", "dog")).name == "all"
    assert category_sets.CategorySet(("a", "b"), ("c", "d")).name == "a+b"
