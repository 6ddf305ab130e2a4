import re

import pytest

import hlp_keras
from tflite_export import cpp
from tflite_export.naming import file_stems


@pytest.mark.parametrize(
    ("names", "stem"),
    [
        (["cat"], "cat"),
        (["T-shirt/top", "Ankle boot"], "t_shirt_top-ankle_boot"),
        ([f"category {i}" for i in range(9)], "category_0-and-8-more-99d4b174"),
    ],
)
def test_file_names_are_readable(names, stem):
    taxonomy = hlp_keras.Taxonomy.from_nested([*names, "another"])
    assert list(file_stems(taxonomy, [names])) == [stem]


def test_file_names_are_distinct():
    taxonomy = hlp_keras.Taxonomy.from_nested(["a b", "a/b", "A b"])
    stems = file_stems(taxonomy, [["a b"], ["a/b"], ["A b"]])
    assert list(stems.values()) == [("a b",), ("a/b",), ("A b",)]


def test_identifiers_are_distinct_too():
    # Those of C++ have an underscore for every sign.
    taxonomy = hlp_keras.Taxonomy.from_nested(
        ["road", "vehicle", "road_vehicle"]
    )
    stems = file_stems(taxonomy, [["road", "vehicle"], ["road_vehicle"]])
    assert len({cpp.identifier(stem) for stem in stems}) == 2


@pytest.mark.parametrize("names", [("a_b", "a__b"), ("3", "n3"), ("é", "É")])
def test_identifiers_of_odd_names_are_distinct(names):
    taxonomy = hlp_keras.Taxonomy.from_nested(list(names))
    stems = file_stems(taxonomy, [[name] for name in names])
    assert len({cpp.prefix(stem) for stem in stems}) == 2


def test_identifiers_are_short_in_any_script():
    names = [f"加加加加加加{i}" for i in range(8)]
    taxonomy = hlp_keras.Taxonomy.from_nested([*names, "another"])
    (stem,) = file_stems(taxonomy, [names])
    assert stem.startswith("加加加加加加-and-7-more-")
    assert len(cpp.prefix(stem)) < 60


def test_names_of_signs_alone_have_files():
    taxonomy = hlp_keras.Taxonomy.from_nested(["+", "-", "cat"])
    stems = file_stems(taxonomy, [["+"], ["+", "-"], ["+", "cat"], ["cat"]])
    assert all(re.fullmatch(r"[a-z0-9]\w*(-\w+)?", stem) for stem in stems)
    assert "cat" in stems


@pytest.mark.parametrize(
    ("category_sets", "message"),
    [
        ([["cat"], ["dgo"]], "Did you mean 'dog'?"),
        ([[]], "category set must not be empty"),
        ([], "nothing to export"),
        ([["cat", "dog"], ["dog", "cat"]], "dog, cat was given twice"),
    ],
)
def test_refuses_bad_category_sets(category_sets, message):
    taxonomy = hlp_keras.Taxonomy.from_nested(["cat", "dog"])
    with pytest.raises(ValueError, match=message):
        file_stems(taxonomy, category_sets)
