"""Trained networks from files."""

import keras
import numpy as np
import pytest

import hlp_keras


@pytest.fixture(scope="module")
def model():
    return hlp_keras.HLPModel(
        hlp_keras.Taxonomy.from_nested({"pet": ["cat", "dog"]}),
        (16, 16, 3),
        levels=[[(8, 1, 2)], [(8, 1, 2)]],
    )


def test_a_network_comes_back_as_it_was(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = hlp_keras.load_model(tmp_path / "model.keras")
    assert loaded.taxonomy == model.taxonomy
    for after, before in zip(
        loaded.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(after, before)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*no.keras"):
        hlp_keras.load_model(tmp_path / "no.keras")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_file_that_is_no_network_is_named(tmp_path, content):
    path = tmp_path / "spoilt.keras"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="Expected .*spoilt.keras to be a .ke"):
        hlp_keras.load_model(path)


def test_a_damaged_hdf5_file_is_named(tmp_path):
    path = tmp_path / "spoilt.h5"
    path.write_bytes(b"no HDF5")
    with pytest.raises(ValueError, match="Expected .*spoilt.h5 to be a .keras"):
        hlp_keras.load_model(path)


def test_a_model_of_another_class_is_named(tmp_path):
    path = tmp_path / "other.keras"
    layers = [keras.Input((3,)), keras.layers.Dense(2)]
    keras.Sequential(layers).save(path)
    with pytest.raises(
        ValueError, match="other.keras .*Expected an HLPModel, got Sequential"
    ):
        hlp_keras.load_model(path)
