"""Trained networks that come with the package."""

import numpy as np
import pytest

import hlp_keras
from hlp_keras import presets


@pytest.fixture(scope="module")
def model():
    return hlp_keras.HLPModel(
        hlp_keras.Taxonomy.from_nested({"pet": ["cat", "dog"]}),
        (16, 16, 3),
        levels=[[(8, 1, 2)], [(8, 1, 2)]],
    )


@pytest.fixture
def folder(model, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "FOLDER", tmp_path)
    for name in ("pets_small", "pets_large"):
        (tmp_path / name).mkdir()
        model.save(tmp_path / name / presets.MODEL)
        (tmp_path / name / presets.CARD).write_text("{}")
    (tmp_path / "half_made").mkdir()
    (tmp_path / "notes.txt").write_text("")
    return tmp_path


def test_every_preset_of_the_package_is_small_and_loads():
    for name in hlp_keras.list_presets():
        hlp_keras.HLPModel.from_preset(name)
        with presets.model_file(name) as path:
            assert path.stat().st_size <= 2_000_000


def test_finished_presets_are_listed(folder):
    assert hlp_keras.list_presets() == ["pets_large", "pets_small"]


def test_a_preset_is_the_trained_network(folder, model):
    loaded = hlp_keras.HLPModel.from_preset("pets_small")
    assert loaded.taxonomy == model.taxonomy
    for after, before in zip(
        loaded.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(after, before)


def test_a_card_is_read(folder):
    assert presets.load_card("pets_small") == {}
    with pytest.raises(ValueError, match="Did you mean 'pets_small'"):
        presets.load_card("pets_smal")


def test_an_unknown_preset_lists_the_known_ones(folder):
    with pytest.raises(
        ValueError,
        match="one of pets_large, pets_small, got 'pets_smal'. Did you mean "
        "'pets_small'",
    ):
        hlp_keras.HLPModel.from_preset("pets_smal")


def test_without_presets_the_list_is_empty(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "FOLDER", tmp_path / "none")
    assert hlp_keras.list_presets() == []
    with pytest.raises(ValueError, match="preset, but there is none, got 'a'"):
        hlp_keras.HLPModel.from_preset("a")
