"""Cues while training."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import hlp_keras
from training import compare, cues, data, evaluate, preset, train
from training.config import TrainConfig
from training.sources import Source, Split
from training.workdir import Workdir

TREE = {"pet": ["cat", "dog"], "vehicle": {"road": ["car", "van"], "sea": None}}
TAXONOMY = hlp_keras.Taxonomy.from_nested(TREE).levelled()
LABELS = np.arange(40, dtype=np.int32) % 5
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)
SPLIT = Split(IMAGES, LABELS)
SOURCE = Source("photos", SPLIT, SPLIT, TAXONOMY.categories, TREE)
CONFIG = TrainConfig(
    taxonomy="directory",
    levels=(((24, 1, 2),), ((24, 1, 2),), ((24, 1, 1),)),
    epochs=2,
    batch_size=8,
    cues=0.5,
    cue_gate="branch_input",
)
WAYS = cues.ways_to_categories(TAXONOMY)
SEED = tf.constant([3, 4])
MANY = np.arange(4000, dtype=np.int32) % 5


def draw(**changes):
    config = dataclasses.replace(CONFIG, **changes)
    return cues.draw(tf.constant(WAYS), MANY, config, SEED).numpy()


def test_ways_go_from_below_the_trunk_to_a_category():
    for name, way in zip(TAXONOMY.categories, WAYS, strict=True):
        nodes = np.array(TAXONOMY.nodes)[way.astype(bool)]
        assert set(nodes) == set(TAXONOMY.ancestors(name))
    assert set(WAYS.flat) == {0, 1}


def test_a_valid_cue_raises_the_way_to_the_label_alone():
    gain = draw(cues=1.0, cue_gain=3.0)
    on_way = WAYS[MANY] == 1
    assert (gain[~on_way] == 1).all()
    assert 1 <= gain[on_way].min() < 1.1
    assert 2.9 < gain[on_way].max() <= 3


def test_so_many_images_have_a_cue():
    is_cued = (draw(cues=0.3) > 1).any(axis=1)
    assert is_cued.mean() == pytest.approx(0.3, abs=0.03)


def test_so_many_cues_are_valid():
    gain = draw(cues=1.0, cue_reliability=0.4)
    is_valid = ((gain > 1) == (WAYS[MANY] == 1)).all(axis=1)
    # Any category has the way of some labels: 2 of 5, but for `sea` 1 of 5.
    by_chance = (4 * 2 / 5 + 1 / 5) / 5
    assert is_valid.mean() == pytest.approx(0.4 + 0.6 * by_chance, abs=0.03)


def test_a_run_that_goes_on_sees_the_same_cues():
    def gains(first_epoch):
        batches = data.training_batches(SPLIT, CONFIG, first_epoch)
        steps = first_epoch * data.steps_per_epoch(SPLIT, CONFIG)
        cued = cues.with_random(batches, TAXONOMY, CONFIG, steps)
        return [gain.numpy() for (_, gain), _ in cued]

    np.testing.assert_array_equal(gains(0)[5:], gains(1))


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    path = tmp_path_factory.mktemp("cued")
    train.train_and_evaluate(CONFIG, SOURCE, path)
    return Workdir(path)


def test_a_cued_network_keeps_its_gate(workdir):
    model = hlp_keras.load_model(workdir.last)
    assert model.gate == hlp_keras.attend(model).gate == "branch_input"
    assert hlp_keras.without_gain(model).gate is None


def test_a_cued_network_is_evaluated_without_a_cue(workdir, tmp_path):
    model = hlp_keras.load_model(workdir.last)
    found = evaluate.evaluate(model, SOURCE, sets_per_size=2)
    neutral, *_ = found.cues
    assert neutral.accuracy == found.accuracy
    again = compare.compare(CONFIG, SOURCE, tmp_path, sets_per_size=0)
    assert again.whole.cutout.accuracy == found.accuracy


def test_a_preset_of_it_takes_images_alone(workdir, tmp_path, monkeypatch):
    monkeypatch.setattr(hlp_keras.presets, "FOLDER", tmp_path)
    model = hlp_keras.load_model(workdir.last)
    found = evaluate.evaluate(model, SOURCE, sets_per_size=2)
    preset.make_preset("cued", model, workdir, found)
    assert hlp_keras.HLPModel.from_preset("cued").gate is None


def test_gates_of_a_configuration_are_those_of_a_network():
    for gate in hlp_keras.GATES:
        dataclasses.replace(CONFIG, cue_gate=gate)
    with pytest.raises(ValueError, match=" or ".join(hlp_keras.GATES)):
        dataclasses.replace(CONFIG, cue_gate="everywhere")
