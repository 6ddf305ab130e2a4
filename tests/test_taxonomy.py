import json
import pickle

import hypothesis
import numpy as np
import pytest
import strategies
from hypothesis import strategies as st

from hlp_keras.taxonomy import Taxonomy


def test_it_prints_as_a_tree_with_class_indices(taxonomy):
    assert str(taxonomy).splitlines() == [
        "├── animal",
        "│   ├── pet",
        "│   │   ├── cat [1]",
        "│   │   └── dog [3]",
        "│   └── bird [2]",
        "└── vehicle",
        "    ├── car [4]",
        "    └── ship [0]",
    ]


def test_names_are_looked_up_from_above_and_below(taxonomy):
    assert taxonomy.categories == ("ship", "cat", "bird", "dog", "car")
    assert taxonomy.nodes == ("animal", "vehicle", "pet")
    assert taxonomy.depth == 3
    assert taxonomy.leaves("animal") == ("cat", "bird", "dog")
    assert taxonomy.leaves("dog") == ("dog",)
    assert taxonomy.children("animal") == ("pet", "bird")
    assert taxonomy.children() == ("animal", "vehicle")
    assert taxonomy.parent("dog") == "pet"
    assert taxonomy.parent("vehicle") is None
    assert taxonomy.ancestors("dog") == ("pet", "animal")
    assert taxonomy.level("dog") == 3
    assert taxonomy.nodes_at(1) == ("animal", "vehicle")


def test_a_set_is_leaves_and_nodes_in_any_order(taxonomy):
    assert taxonomy.resolve(["vehicle", "dog"]) == ("ship", "dog", "car")
    assert taxonomy.resolve(["pet", "dog"]) == ("cat", "dog")
    assert taxonomy.resolve("bird") == ("bird",)


def test_a_pruned_taxonomy_keeps_the_class_indices_of_the_full_one(taxonomy):
    pruned = taxonomy.prune(["car", "pet"])
    assert pruned.class_indices == {"cat": 1, "dog": 3, "car": 4}
    assert pruned.prune("pet").class_indices == {"cat": 1, "dog": 3}
    assert pruned.nodes == ("animal", "vehicle", "pet")
    assert pruned.prune("car").nodes == ("vehicle",)
    assert pruned.full == taxonomy


@pytest.mark.parametrize(
    "names, message",
    [
        ([], "must not be empty. Name at least one category or node"),
        (["cat", "cat"], "must be given once, but 'cat' came more than once"),
        (["kat"], "no category or node 'kat'. Did you mean 'cat'?"),
        (["vehicles"], "Did you mean 'vehicle'?"),
        (["zzz"], "no category or node 'zzz'.$"),
        ([1], "no category or node 1"),
        ([["cat"]], r"no category or node \['cat'\]"),
        (None, r"Expected names .* such as \['cat', 'dog'\], got None"),
    ],
)
def test_a_set_of_other_names_is_refused(taxonomy, names, message):
    with pytest.raises(ValueError, match=message):
        taxonomy.prune(names)


@pytest.mark.parametrize("name", ["dog", "pet"])
def test_what_was_pruned_is_told_from_what_never_was(taxonomy, name):
    pruned = taxonomy.prune(["car", "bird"])
    with pytest.raises(ValueError, match=f"'{name}' was pruned .* bird, car"):
        pruned.leaves(name)


# --- gain ---


@pytest.mark.parametrize(
    "factors, animal, vehicle, pet",
    [
        ({}, 1, 1, 1),
        ({"dog": 1.5, "vehicle": 0.5}, 1.5, 0.5, 1.5),
        ({"dog": 0, "cat": 2}, 2, 1, 2),
        ({"animal": 0}, 0, 1, 1),
        ({"bird": 3, "pet": 0.5}, 3, 1, 0.5),
    ],
)
def test_a_gain_goes_to_every_node_on_the_way(
    taxonomy, factors, animal, vehicle, pet
):
    gain = taxonomy.gain(factors)
    assert gain.dtype == np.float32
    np.testing.assert_array_equal(gain, [animal, vehicle, pet])


@pytest.mark.parametrize("factor", [-0.1, float("nan"), float("inf"), None])
def test_a_gain_below_0_or_not_finite_is_refused(taxonomy, factor):
    message = f"finite and at least 0, got {factor} for 'dog'. 1 is neutral"
    with pytest.raises(ValueError, match=message):
        taxonomy.gain({"dog": factor})


def test_a_gain_needs_factors(taxonomy):
    message = r"by name, such as \{'dog': 1.5\}, got \['cat'\]"
    with pytest.raises(ValueError, match=message):
        taxonomy.gain(["cat"])


def test_a_gain_for_an_unknown_name_is_refused(taxonomy):
    with pytest.raises(ValueError, match="'dogg'. Did you mean 'dog'?"):
        taxonomy.gain({"dogg": 1})


# --- levels ---


def test_levelling_adds_nodes_above_high_leaves():
    tree = {"animal": {"pet": ["cat", "dog"], "bird": None}}
    assert Taxonomy.from_nested(tree).levelled().to_nested() == {
        "animal": {
            "pet": {"cat": None, "dog": None},
            "bird_": {"bird": None},
        }
    }


def test_nodes_that_are_added_get_names_of_their_own():
    tree = {"bird_": {"pet": ["cat"]}, "bird": None}
    levelled = Taxonomy.from_nested(tree).levelled()
    assert levelled.ancestors("bird") == ("bird___", "bird__")


@hypothesis.given(strategies.taxonomies(max_categories=8, max_depth=5))
def test_levelling_hangs_all_equally_deep_and_changes_nothing_else(taxonomy):
    levelled = taxonomy.levelled()
    assert levelled.is_levelled
    assert levelled.levelled() == levelled
    assert levelled.categories == taxonomy.categories
    assert levelled.depth == taxonomy.depth
    for node in taxonomy.nodes:
        assert levelled.leaves(node) == taxonomy.leaves(node)


def test_chains_of_single_children_fold_first():
    tree = {"thing": {"animal": {"pet": ["cat", "dog"]}}, "rock": None}
    compact = Taxonomy.from_nested(tree).compact(3)
    assert compact.to_nested() == {
        "thing": {"pet": {"cat": None, "dog": None}},
        "rock": None,
    }


def test_so_do_nodes_with_one_leaf():
    tree = {"animal": {"bird": ["owl"], "fish": ["eel"]}, "thing": ["car"]}
    compact = Taxonomy.from_nested(tree).compact(2)
    assert compact.nodes == ("animal", "thing")


def test_then_the_node_folds_that_separates_least():
    tree = {
        "animal": {"pet": ["cat", "dog"], "bird": ["owl", "hen", "emu"]},
        "vehicle": ["car", "ship", "van", "bike", "tram", "bus"],
    }
    # A bird is 3 of 5 animals, an animal 5 of 11 categories, a pet 2 of 5.
    compact = Taxonomy.from_nested(tree).compact(2)
    assert compact.nodes == ("pet", "vehicle")


@hypothesis.given(
    strategies.taxonomies(max_categories=8, max_depth=5), st.integers(1, 5)
)
def test_compacting_meets_the_depth_and_keeps_every_category(taxonomy, depth):
    compact = taxonomy.compact(depth)
    assert compact.depth == min(depth, taxonomy.depth)
    assert compact.class_indices == taxonomy.class_indices
    assert set(compact.nodes) <= set(taxonomy.nodes)


def test_a_depth_below_1_is_refused(taxonomy):
    with pytest.raises(ValueError, match="at least 1 level, got 0"):
        taxonomy.compact(0)


# --- reading and writing ---


def test_pairs_give_classes_in_their_order():
    pairs = {"car": "vehicle", "cat": "pet", "pet": "animal", "dog": "pet"}
    taxonomy = Taxonomy.from_pairs(pairs)
    assert taxonomy.class_indices == {"car": 0, "cat": 1, "dog": 2}
    assert taxonomy.nodes == ("vehicle", "animal", "pet")


def test_folders_give_classes_in_alphabetical_order(tmp_path):
    for folder in ("pet/dog", "pet/cat", "bird"):
        (tmp_path / folder).mkdir(parents=True)
    taxonomy = Taxonomy.from_directory(tmp_path)
    assert taxonomy.categories == ("bird", "cat", "dog")


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "fashion_mnist"])
def test_shipped_taxonomies_have_a_name(name):
    taxonomy = Taxonomy.from_name(name)
    assert len(taxonomy.categories) == (100 if name == "cifar100" else 10)
    assert taxonomy.depth == 3


def test_a_taxonomy_that_is_not_shipped_is_refused():
    with pytest.raises(ValueError, match="cifar10, .*Did you mean 'cifar100'?"):
        Taxonomy.from_name("cifar1000")


@hypothesis.given(strategies.taxonomies(), st.data())
def test_json_holds_all_of_it(taxonomy, data):
    pruned = taxonomy.prune(data.draw(strategies.category_sets(taxonomy)))
    for one in (taxonomy, pruned, pruned.levelled()):
        assert Taxonomy.from_json(one.to_json()) == one


def test_a_nested_tree_can_be_read_back(taxonomy):
    assert Taxonomy.from_nested(taxonomy.to_nested()).edges == taxonomy.edges


def test_it_can_be_pickled_and_be_a_key(taxonomy):
    str(taxonomy)  # fills the caches
    copy = pickle.loads(pickle.dumps(taxonomy))
    assert {taxonomy: "found"}[copy] == "found"


@pytest.mark.parametrize(
    "text",
    [
        "pet: [cat, dog]\nbird:\n",
        "tree: {pet: [cat, dog], bird: }\ncategories: [cat, dog, bird]",
        '{"pet": ["cat", "dog"], "bird": null}',
    ],
)
def test_a_yaml_file_is_a_tree_or_also_has_the_class_order(tmp_path, text):
    path = tmp_path / "tree.yaml"
    path.write_text(text)
    taxonomy = Taxonomy.from_yaml(path)
    assert taxonomy.categories == ("cat", "dog", "bird")
    assert taxonomy.nodes == ("pet",)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_json_file_may_have_tabs_and_escapes(tmp_path, mark):
    path = tmp_path / "tree.json"
    tree = {"pet": ["cat", "\U0001f600"], "bird": None}
    path.write_text(mark + json.dumps(tree, indent="\t"), encoding="utf-8")
    assert Taxonomy.from_yaml(path) == Taxonomy.from_nested(tree)


@pytest.mark.parametrize(
    "text, message",
    [
        ('{"pet": ["cat"]', "Expecting ',' delimiter: line 1"),
        ('[{"a": ["b"], "c": {"a": 1, "a": 2}}]', "unique .* 'a' stands 2 tim"),
    ],
)
def test_a_bad_json_file_is_refused_by_its_name(tmp_path, text, message):
    path = tmp_path / "tree.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"tree.json: .*{message}"):
        Taxonomy.from_yaml(path)


@pytest.mark.parametrize(
    "text, message",
    [
        ("pet: [cat, dog", "while parsing a flow sequence"),
        ("", "must be a mapping or a list of names, got NoneType"),
        ("answer: [yes, no]", "must be text, got bool True .* > answer. In Y"),
        ("tree: [a, b]\ncategories: [a, no]", "bool False in the categories"),
        ("tree: [a, b]\ncategories: [a, c]", r"Missing: \['b'\].* \['c'\]"),
        ("tree: [a, b]\ncategories: [a, b, a]", "each once.* 3 for 2 leaves"),
        ("tree: [b, c]\ncategories: bc", r"not a leaf: \['bc'\]"),
        ("tree: [a]\ncategories: [a]\nnodes: [b]", "'kept', got 'nodes'"),
        ("tree: [a]\ncategories: [a]\nkept: []", "set must not be empty"),
        ("a: [b]\nc: [d]\na: [e]", "unique .* 'a' stands 2 times.* line 1"),
        ("x:\n  a: [b]\n  c: [d]\n  c: [e]", "'c' stands 2 times.* line 3"),
        ("x:\n  - y\nc: [d]\nc: [e]", "'c' stands 2 times.* line 3"),
    ],
)
def test_a_bad_yaml_file_is_refused_by_its_name(tmp_path, text, message):
    path = tmp_path / "tree.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"(?s)tree.yaml: .*{message}"):
        Taxonomy.from_yaml(path)
