"""A finished run that becomes a preset."""

import dataclasses
import json
import shlex

import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies

import hlp_keras
from hlp_keras import presets
from training import config as configs
from training import preset, train
from training.evaluate import evaluate
from training.sources import Source, Split
from training.workdir import Workdir

TREE = {"pet": ["cat", "dog"], "vehicle": ["car", "ship", "van"]}
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)
SPLIT = Split(IMAGES, np.arange(40, dtype=np.int32) % 5)
SOURCE = Source(
    "/some/where/photos",
    *(SPLIT, SPLIT),
    ("cat", "dog", "car", "ship", "van"),
    TREE,
)
CONFIG = dataclasses.replace(
    configs.load_config("cifar10"),
    taxonomy="directory",
    levels=(((8, 1, 2),), ((8, 1, 2),)),
    epochs=1,
    batch_size=8,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run: its network, directory and evaluation."""
    path = tmp_path_factory.mktemp("run")
    model = train.train_and_evaluate(CONFIG, SOURCE, path)
    return model, Workdir(path), evaluate(model, SOURCE, sets_per_size=2)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "FOLDER", tmp_path)
    return tmp_path


def test_a_preset_has_the_network_and_a_card(run, folder):
    model, _, evaluation = run
    assert preset.make_preset("pets", *run) == folder / "pets"
    loaded = hlp_keras.HLPModel.from_preset("pets")
    np.testing.assert_array_equal(
        loaded.get_weights()[0], model.get_weights()[0]
    )
    card = json.loads((folder / "pets" / "card.json").read_text())
    assert card["data"] == "photos"
    assert card["command"].startswith("hlp-train --config=cifar10 --data=DIR ")
    assert configs.TrainConfig(**card["recipe"]) == CONFIG
    assert card["accuracy"]["value"] == evaluation.accuracy.value
    assert card["macs"] == hlp_keras.cost(model).macs


def test_a_preset_has_no_state_of_an_optimizer(run, folder):
    model, workdir, _ = run
    preset.make_preset("pets", *run)
    kept = folder / "pets" / "model.keras"
    assert not keras.saving.load_model(kept).compiled
    assert kept.stat().st_size < workdir.last.stat().st_size
    assert model.optimizer is not None


def test_a_preset_is_compressed(run, folder, tmp_path):
    preset.make_preset("pets", *run)
    run[0].derive().save(tmp_path / "as_keras_saves.keras")
    kept = (folder / "pets" / "model.keras").stat().st_size
    assert kept < 0.8 * (tmp_path / "as_keras_saves.keras").stat().st_size


@hypothesis.given(
    strategies.lists(
        strategies.floats(
            -(2.0**100), 2.0**100, width=32, allow_subnormal=False
        ),
        min_size=1,
    )
)
def test_rounded_weights_are_near_and_end_in_zeros(numbers):
    weights = np.float32(numbers)
    (rounded,) = preset.round_weights([weights])
    assert rounded.dtype == np.float32
    assert np.all(np.abs(rounded - weights) <= 2.0**-9 * np.abs(weights))
    assert not np.any(rounded.view(np.uint32) & (2**15 - 1))


def test_a_preset_of_rounded_weights_is_smaller(run, folder):
    model, *others = run
    sizes = []
    for change in (list, preset.round_weights):
        changed = model.derive(gate=None, shared_segments={})
        changed.set_weights(change(model.get_weights()))
        preset.make_preset("pets", changed, *others)
        sizes.append((folder / "pets" / "model.keras").stat().st_size)
    assert sizes[1] < 0.9 * sizes[0]


def test_a_command_repeats_the_settings():
    words = shlex.split(preset.command(CONFIG, "photos"))
    assert words[:3] == ["hlp-train", "--config=cifar10", "--data=photos"]
    overrides = {}
    for word in words[3:-1]:
        field, value = word.removeprefix("--config.").split("=", 1)
        overrides[field] = value
    assert set(overrides) == {"taxonomy", "levels", "epochs", "batch_size"}
    assert configs.load_config("cifar10", overrides) == CONFIG


def test_a_command_does_not_say_where_images_are():
    words = shlex.split(preset.command(CONFIG, "/home/me/photos"))
    assert "--data=DIR" in words


def test_a_preset_never_has_the_card_of_an_older_one(run, folder, monkeypatch):
    preset.make_preset("pets", *run)
    card = folder / "pets" / "card.json"
    before = card.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(preset, "_MOST_BYTES", 10)
        with pytest.raises(ValueError, match="at most 10 bytes"):
            preset.make_preset("pets", *run)
    assert card.read_bytes() == before  # That of the network still there.
    with monkeypatch.context() as patch:
        patch.setattr(preset, "command", None)  # As if killed in between.
        with pytest.raises(TypeError):
            preset.make_preset("pets", *run)
    assert hlp_keras.list_presets() == []


@pytest.mark.parametrize("setting", ["teacher", "initial_weights"])
def test_a_card_does_not_say_where_a_network_is(
    run, folder, monkeypatch, setting
):
    changed = dataclasses.replace(CONFIG, **{setting: "/home/me/good.keras"})
    monkeypatch.setattr(Workdir, "check_finished", lambda self: changed)
    preset.make_preset("pets", *run)
    text = (folder / "pets" / "card.json").read_text()
    assert json.loads(text)["recipe"][setting] == "good.keras"
    assert "/home" not in text


def test_a_run_that_is_not_finished_is_refused(run, folder, tmp_path):
    model, _, evaluation = run
    workdir = Workdir(tmp_path / "run")
    workdir.claim(CONFIG, SOURCE)
    with pytest.raises(ValueError, match="finished run, .* has 0 of 1 epochs"):
        preset.make_preset("pets", model, workdir, evaluation)


def test_a_fine_tuned_network_is_refused(run, folder, monkeypatch):
    monkeypatch.setattr(Workdir, "finetuning", lambda self: {"method": "prune"})
    with pytest.raises(ValueError, match="has a fine-tuned one"):
        preset.make_preset("pets", *run)


def test_a_name_that_is_no_identifier_is_refused(run):
    with pytest.raises(ValueError, match="letters, digits .* got 'my-pets'"):
        preset.make_preset("my-pets", *run)


def test_a_large_network_is_refused(run, monkeypatch):
    monkeypatch.setattr(preset, "_MOST_BYTES", 10)
    with pytest.raises(ValueError, match="at most 10 bytes .* fewer filters"):
        preset.make_preset("pets", *run)
    assert hlp_keras.list_presets() == []
