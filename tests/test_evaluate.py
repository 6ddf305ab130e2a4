"""Figures of a trained network."""

import dataclasses
import itertools
import json

import networks
import numpy as np
import pytest

import hlp_keras
from training import evaluate
from training.sources import Source, Split

TREE = {
    "pet": ["cat", "dog"],
    "vehicle": {"car": None, "boat": ["ship", "raft"]},
}
TAXONOMY = hlp_keras.Taxonomy.from_nested(TREE)
RANDOM = np.random.default_rng(0)
LABELS = np.arange(60, dtype=np.int32) % 5
IMAGES = RANDOM.integers(0, 256, (60, 16, 16, 3), np.uint8)
SOURCE = Source(
    "photos",
    Split(IMAGES[:1], LABELS[:1]),
    Split(IMAGES, LABELS),
    TAXONOMY.categories,
)


@pytest.fixture(scope="module")
def model():
    levels = [[(8, 1, 2)], [(8, 1, 2)], [(8, 1, 1)]]
    return hlp_keras.HLPModel(TAXONOMY, (16, 16, 3), levels=levels)


@pytest.fixture(scope="module")
def result(model):
    return evaluate.evaluate(model, SOURCE, cue_gain=3.0, sets_per_size=4)


@pytest.fixture(scope="module")
def predicted(model):
    images = IMAGES / np.float32(255)
    return model.predict(images, verbose=0).argmax(axis=1)


def test_the_full_network_is_as_accurate_as_its_predictions(
    model, result, predicted
):
    assert result.accuracy.value == np.mean(predicted == LABELS)
    assert result.accuracy.number == result.images == 60
    cost = hlp_keras.cost(model)
    assert (result.params, result.macs) == (cost.params, cost.macs)


def test_levels_are_as_keras_metrics_find_them(model, result):
    logits = model.predict(IMAGES / np.float32(255), verbose=0)
    metrics = hlp_keras.level_accuracies(model.taxonomy)
    assert len(metrics) == len(result.levels) == 2
    for metric, level in zip(metrics, result.levels, strict=True):
        metric.update_state(LABELS, logits)
        assert level.accuracy.value == pytest.approx(float(metric.result()))
    # The pets and the car hang one level higher, on nodes of their own.
    assert [level.nodes for level in result.levels] == [2, 4]


def test_errors_across_top_nodes_leave_them(result, predicted):
    is_pet = np.isin(np.arange(5), [0, 1])
    wrong = predicted != LABELS
    crossing = is_pet[predicted[wrong]] != is_pet[LABELS[wrong]]
    assert result.across.value == crossing.mean()
    assert result.across.number == wrong.sum()


def test_a_network_without_errors_has_no_share_of_them():
    assert evaluate._share_across_top_nodes(TAXONOMY, LABELS, LABELS) is None


def test_every_node_is_measured_as_its_cutout(model, result):
    assert [n.node for n in result.nodes] == list(model.taxonomy.nodes)
    for node in result.nodes:
        small = hlp_keras.cutout(model, [node.node])
        kept = list(small.taxonomy.class_indices.values())
        inside = np.isin(LABELS, kept)
        images = IMAGES[inside] / np.float32(255)
        found = small.predict(images, verbose=0).argmax(axis=1)
        right = np.array(kept)[found] == LABELS[inside]
        assert node.accuracy.value == right.mean()
        assert node.accuracy.number == inside.sum()
        cost = hlp_keras.cost(small)
        assert (node.params, node.macs) == (cost.params, cost.macs)
        assert node.categories == len(kept)


def test_random_sets_come_in_all_sizes(model, result):
    assert [s.categories for s in result.random_sets] == [2, 3, 4]
    for sets in result.random_sets:
        assert sets.accuracy.number == 4
        assert sets.accuracy.low <= sets.accuracy.value <= sets.accuracy.high
        assert sets.macs.value <= result.macs


def test_a_mean_needs_two_sets(model):
    with pytest.raises(
        ValueError, match="two random sets .* sets_per_size = 1"
    ):
        evaluate.evaluate(model, SOURCE, sets_per_size=1)


def test_all_sets_of_a_size_give_its_mean(model, result, predicted):
    every = evaluate.evaluate(model, SOURCE, sets_per_size=5)
    largest = every.random_sets[-1]
    assert [sets.is_all for sets in every.random_sets] == [False, False, True]
    assert largest.accuracy.low == largest.accuracy.high
    assert "all 5 sets of 4" in str(every)
    costs = [
        hlp_keras.cost(model, names)
        for names in itertools.combinations(TAXONOMY.categories, 4)
    ]
    assert largest.accuracy.number == 5
    assert largest.params.value == np.mean([c.params for c in costs])
    assert largest.macs.value == np.mean([c.macs for c in costs])


def test_sizes_are_spread_when_there_are_many():
    assert list(evaluate._sizes(10)) == list(range(2, 10))
    sizes = evaluate._sizes(100)
    assert (len(sizes), sizes[0], sizes[-1]) == (10, 2, 99)


def test_drawn_sets_differ_and_follow_the_seed():
    names = tuple("abcdefgh")
    sets, again = (
        evaluate.draw_sets(names, 3, 20, np.random.default_rng(5))
        for _ in range(2)
    )
    assert sets == again
    assert len(set(sets)) == 20
    assert all(len(set(chosen)) == 3 for chosen in sets)


def test_a_few_sets_are_all_given():
    pairs = evaluate.draw_sets(("a", "b", "c"), 2, 20, np.random.default_rng(0))
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]


def test_cues_raise_the_gain_of_a_categorys_way(model, result):
    assert [c.cue for c in result.cues] == ["neutral", "valid", "wrong"]
    neutral, valid, _ = result.cues
    assert neutral.accuracy.value == pytest.approx(
        result.accuracy.value, abs=1 / 60
    )
    taxonomy = model.taxonomy
    gains = [taxonomy.gain({taxonomy.categories[i]: 3.0}) for i in LABELS]
    images = IMAGES / np.float32(255)
    attended = hlp_keras.attend(model)
    logits = attended.predict([images, np.array(gains)], verbose=0)
    assert valid.accuracy.value == np.mean(logits.argmax(axis=1) == LABELS)
    assert (neutral.gain, valid.gain) == (1, 3)


def test_wrong_cues_name_another_deepest_node():
    wrong = evaluate._draw_wrong(TAXONOMY, LABELS, np.random.default_rng(0))
    names = np.array(TAXONOMY.categories)
    for right, other in zip(names[LABELS], names[wrong], strict=True):
        assert TAXONOMY.parent(right) != TAXONOMY.parent(other)
    assert set(names[wrong]) == set(names)


def test_without_nodes_there_are_no_cues():
    flat = hlp_keras.plain_model(
        TAXONOMY.categories, (16, 16, 3), base_stages=[(8, 1, 4)]
    )
    result = evaluate.evaluate(flat, SOURCE, sets_per_size=2)
    assert result.cues == result.nodes == result.levels == ()


def test_an_evaluation_is_json_and_a_table(result, tmp_path):
    path = tmp_path / "evaluation.json"
    result.save(path)
    read = json.loads(path.read_text())
    assert read["accuracy"]["value"] == result.accuracy.value
    assert read["nodes"][0]["node"] == "pet"
    assert read["random_sets"][0]["macs"]["low"] > 0
    lines = str(result).splitlines()
    assert lines[1].startswith("full network, 60 images  ")
    assert any(line.startswith("boat (2)") for line in lines)
    assert any(line.startswith("4 random sets of 3") for line in lines)


def test_the_same_seed_gives_the_same_figures(model, result):
    again = evaluate.evaluate(model, SOURCE, cue_gain=3.0, sets_per_size=4)
    assert again == result


def test_images_of_another_shape_are_refused(model):
    split = Split(IMAGES[..., :1], LABELS)
    grey = dataclasses.replace(SOURCE, train=split, test=split)
    with pytest.raises(
        ValueError,
        match=r"shape \(16, 16, 3\) .* photos have \(16, 16, 1\). Resize",
    ):
        evaluate.evaluate(model, grey)


def test_other_classes_are_refused(model):
    names = ("cat", "dog", "car", "ship", "canoe")
    other = dataclasses.replace(SOURCE, class_names=names)
    with pytest.raises(ValueError, match=r"Only in the taxonomy: \['raft'\]"):
        evaluate.evaluate(model, other)


def test_categories_without_test_images_are_named(model):
    some = Split(IMAGES[LABELS < 3], LABELS[LABELS < 3])
    with pytest.raises(
        ValueError, match="photos, .* there are none of ship, r"
    ):
        evaluate.evaluate(model, dataclasses.replace(SOURCE, test=some))


def test_a_cutout_decides_top_down_as_is_said_of_it():
    model = networks.shared(TAXONOMY, family="resnet")
    taxonomy = model.taxonomy
    names = taxonomy.resolve(["dog", "vehicle"])
    small = hlp_keras.cutout(model, names)

    def predict(network):
        """Logits about 0, so that each category is the answer at times."""
        logits = network.predict(IMAGES / np.float32(255), verbose=0)
        return (logits - logits.mean(axis=0)) / logits.std(axis=0)

    logits = predict(model)
    decided = hlp_keras.decide_top_down(small.taxonomy, predict(small))
    labels = np.full(60, taxonomy.categories.index("raft"))
    found, _ = evaluate.predict_inside(
        taxonomy, logits, labels, names, top_down=True
    )
    of_cutout = np.array(small.taxonomy.categories)[decided]
    np.testing.assert_array_equal(
        np.array(taxonomy.categories)[found], of_cutout
    )
    assert set(of_cutout) == set(names)
