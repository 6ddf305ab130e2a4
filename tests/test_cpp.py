import numpy as np
import pytest

from tflite_export import cpp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat-dog", "cat_dog"),
        ("T-shirt/top", "t_shirt_top"),
        ("__init__", "init"),
        ("branch_a.20.b", "branch_a_20_b"),
        ("café", "cafu00e9"),
    ],
)
def test_identifier(text, expected):
    assert cpp.identifier(text) == expected


@pytest.mark.parametrize("text", ["", "_", "-/-"])
def test_identifier_refuses_what_has_no_letter(text):
    with pytest.raises(ValueError, match="a letter or a digit.*got"):
        cpp.identifier(text)


def test_prefix_begins_with_a_letter():
    assert cpp.prefix("3-cats") == "n3_cats"
    assert cpp.prefix("cats") == "cats"


def test_camel_case():
    assert cpp.camel_case("head_pet_2") == "HeadPet2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat", '"cat"'),
        ('a "b" \\', r'"a \"b\" \\"'),
        ("ö1\n", r'"\303\2661\012"'),
    ],
)
def test_string(text, expected):
    assert cpp.string(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1 / 255, "0.003921569f"),
        (np.float32(1), "1.0f"),
        (1e-10, "1e-10f"),
    ],
)
def test_number(value, expected):
    assert cpp.number(value) == expected
    assert np.float32(expected.rstrip("f")) == np.float32(value)


def test_rows_hold_twelve_values():
    assert list(cpp.byte_rows(bytes(range(13)))) == [
        "0x00, 0x01, 0x02, 0x03, 0x04, 0x05, "
        "0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,",
        "0x0c,",
    ]
    assert list(cpp.integer_rows(np.array([-128, 5], np.int8))) == ["-128, 5,"]
