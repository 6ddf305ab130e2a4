import pytest

from hlp_keras import parsing


def test_mappings_lists_and_keys_without_value_mix():
    tree = {"animal": {"pet": ["cat", {"dog": ["pug"]}], "bird": None}}
    assert parsing.edges_from_nested([tree, "rock"]) == (
        ("animal", ""),
        ("pet", "animal"),
        ("cat", "pet"),
        ("dog", "pet"),
        ("pug", "dog"),
        ("bird", "animal"),
        ("rock", ""),
    )


@pytest.mark.parametrize(
    "tree, message",
    [
        ([], "the taxonomy is empty. Give it at least one category"),
        ([{}], "the taxonomy is empty"),
        ({"animal": []}, "the taxonomy > animal is empty"),
        ({"animal": {"pet": [{}]}}, "the taxonomy > animal > pet is empty"),
        (None, "must be a mapping or a list of names, got NoneType"),
        ({"animal": "cat"}, "> animal must be .* 'cat'. Write a single cat"),
        ({"answer": [False]}, "got bool False in .* > answer. In YAML, put it"),
        ({"digit": [1, 2]}, "must be text, got int 1 in the taxonomy > digit"),
        ([["cat"]], "must be text, got list"),
        ([" cat"], "begin or end with a space, got ' cat'"),
        ([""], "must not be empty"),
        ({"a": ["cat"], "b": ["cat"]}, "'cat' stands 2 times: below a, b"),
        ({"a": ["a"]}, "'a' stands 2 times: below the root, a. Rename"),
    ],
)
def test_a_tree_that_is_none_is_refused(tree, message):
    with pytest.raises(ValueError, match=message):
        parsing.edges_from_nested(tree)


def test_pairs_come_in_any_order_and_any_number():
    pairs = [("cat", "pet"), ("pet", "animal"), ("bird", "animal")]
    pairs += [("car", "vehicle"), ("cat", "pet")]
    assert parsing.edges_from_pairs(pairs) == (
        ("animal", ""),
        ("pet", "animal"),
        ("cat", "pet"),
        ("bird", "animal"),
        ("vehicle", ""),
        ("car", "vehicle"),
    )


@pytest.mark.parametrize(
    "pairs, message",
    [
        ([], "pairs, got none. Give at least one"),
        ([("cat", "pet"), ("cat", "wild")], "'cat' .* 'pet' and with 'wild'"),
        ([("a", "a")], "in a cycle: a -> a"),
        ([("x", "b"), ("b", "c"), ("c", "b")], "cycle: b -> c -> b. Remove"),
        ([("cat", 3)], "must be text, got int 3 in the pairs"),
        ([(["cat"], "pet")], "must be text, got list .* in the pairs"),
        ([("cat", "pet", "animal")], r"such as \('cat', 'pet'\), got \('cat',"),
        (["ab"], r"Expected \(fine, coarse\) pairs, .* got 'ab'"),
        ([{"cat", "pet"}], r"Expected \(fine, coarse\) pairs, .* got {"),
        ([3], r"Expected \(fine, coarse\) pairs, .* got 3"),
    ],
)
def test_pairs_that_are_no_tree_are_refused(pairs, message):
    with pytest.raises(ValueError, match=message):
        parsing.edges_from_pairs(pairs)


def test_folders_are_a_tree_in_alphabetical_order(tmp_path):
    for folder in ("pet/dog", "pet/cat", "bird", ".cache/rubbish"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "pet" / "notes.txt").touch()
    assert parsing.nested_from_directory(tmp_path) == {
        "bird": None,
        "pet": {"cat": None, "dog": None},
    }


def test_a_folder_without_subfolders_is_refused(tmp_path):
    with pytest.raises(ValueError, match=f"'{tmp_path}' has no subfolders"):
        parsing.nested_from_directory(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder '.*nowhere'"):
        parsing.nested_from_directory(tmp_path / "nowhere")
