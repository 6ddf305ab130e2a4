"""Top-down cues, and the constant on logits beside them."""

import dataclasses
import json

import networks
import numpy as np
import pytest

import hlp_keras
from benchmarks import attention as benchmark
from training import attention
from training.attention import Method
from training.sources import Source, Split

NUMBER = 40
TAXONOMY = hlp_keras.Taxonomy.from_nested(
    {
        "animal": {"pet": ["cat", "dog"], "wild": ["deer", "fox"]},
        "vehicle": {"road": ["car", "van"], "water": ["ship"]},
    }
)
LABELS = np.arange(NUMBER, dtype=np.int32) % 7
IMAGES = np.random.default_rng(0).integers(
    0, 256, (NUMBER, 16, 16, 3), np.uint8
)
SPLIT = Split(IMAGES, LABELS)
SOURCE = Source("photos", SPLIT, SPLIT, TAXONOMY.categories)
METHODS = (
    Method("head_input", 3.0),
    Method("branch_input", 0.5),
    Method("block_outputs", 1.0),
    Method("logits", 1.5),
    Method("logits", 1e6),
    Method("head_output", hlp_keras.DEFAULT_GAIN),
    Method("head_output", 1.5),
)


@pytest.fixture(scope="module")
def model():
    return networks.build(TAXONOMY)


@pytest.fixture(scope="module")
def found(model):
    return attention.study(model, SOURCE, methods=METHODS)


@pytest.fixture(scope="module")
def cues(model):
    return attention.Cues(model)


def test_right_logits_below_the_floor_are_counted():
    lowered = networks.build(TAXONOMY)
    dense = lowered.segments["head_pet"].layers[-1]
    dense.bias.assign(dense.bias - 100)
    found = attention.study(lowered, SOURCE, methods=METHODS[:1])
    is_pet = np.isin(SOURCE.class_names, ["cat", "dog"])[LABELS]
    assert found.above_floor.value == 1 - is_pet.mean()


def test_valid_cues_are_as_an_attended_network_has_them(model, found):
    attended = hlp_keras.attend(model, "head_input")
    gains = [TAXONOMY.gain({TAXONOMY.parent(n): 3}) for n in SOURCE.class_names]
    images = IMAGES / np.float32(255)
    cued = networks.run(attended, images, np.array(gains)[LABELS])
    plain = networks.run(model, images)
    hits, before = (each.argmax(1) == LABELS for each in (cued, plain))
    effect = found.effects[0]
    assert effect.valid.value == pytest.approx(hits.mean() - before.mean())
    assert found.accuracy.value == before.mean()


def test_a_neutral_gain_does_nothing(found):
    assert found.default_gate == "head_output"
    assert found.neutral.value == 0
    effect = found.effects[2]
    assert effect.valid.value == effect.wrong.value == 0
    assert [each.value for each in effect.reliable] == [0, 0, 0]
    assert effect.over_constant.value == 0


def test_a_large_constant_leaves_the_choice_within_the_cued_node(model, found):
    logits = networks.run(model, IMAGES / np.float32(255))
    node = np.array([TAXONOMY.parent(name) for name in SOURCE.class_names])
    inside = node[None] == node[LABELS][:, None]
    hits = np.where(inside, logits, -np.inf).argmax(1) == LABELS
    effect = found.effects[4]
    gained = hits.mean() - found.accuracy.value
    assert effect.valid.value == pytest.approx(gained)
    assert effect.wrong.value == pytest.approx(-found.accuracy.value)
    assert effect.over_constant is None


def test_a_cue_that_is_often_right_lies_between(found):
    for effect in found.effects:
        for rate, got in zip(
            attention.RELIABILITIES, effect.reliable, strict=True
        ):
            expected = rate * effect.valid.value
            expected += (1 - rate) * effect.wrong.value
            assert got.value == pytest.approx(expected)


def test_inhibiting_goes_to_all_other_nodes(cues):
    gain = dict(zip(TAXONOMY.nodes, cues.gain("pet", 0.5), strict=True))
    assert gain == {
        "animal": 1,
        "pet": 1,
        "wild": 0.5,
        "vehicle": 0.5,
        "road": 0.5,
        "water": 0.5,
    }


def test_others_are_other_nodes(cues):
    others = cues.others(LABELS, np.random.default_rng(0))
    assert (others != cues.node_of[LABELS]).all()
    assert set(others) == {0, 1, 2, 3}


def test_an_average_is_of_two_images_of_different_nodes(cues):
    images = IMAGES.astype(np.float32)
    random = np.random.default_rng(0)
    mixed, others = attention.average(images, LABELS, cues, random)
    partners = 2 * mixed - images
    for partner, node in zip(partners, others, strict=True):
        (index,) = np.flatnonzero((images == partner).all(axis=(1, 2, 3)))
        assert cues.node_of[LABELS[index]] == node


def test_a_mosaic_has_one_image_of_each_of_four_nodes(cues):
    images = IMAGES.astype(np.float32)
    random = np.random.default_rng(0)
    mixed, others = attention.mosaic(images, LABELS, cues, random)
    small = images.reshape(NUMBER, 8, 2, 8, 2, 3).mean(axis=(2, 4))
    for number, one in enumerate(mixed):
        tiles = [one[y : y + 8, x : x + 8] for y in (0, 8) for x in (0, 8)]
        found = [
            int(np.flatnonzero((small == tile).all(axis=(1, 2, 3)))[0])
            for tile in tiles
        ]
        assert number in found
        assert sorted(cues.node_of[LABELS[found]]) == [0, 1, 2, 3]
        assert others[number] != cues.node_of[LABELS[number]]


def test_needs_four_nodes_and_even_images(cues):
    flat = networks.build(hlp_keras.Taxonomy.from_nested({"pet": ["cat"]}))
    with pytest.raises(ValueError, match="four deepest nodes, .* got 1"):
        attention.Cues(flat)
    with pytest.raises(ValueError, match="even height and width, got 15 x 16"):
        attention.mosaic(np.zeros((NUMBER, 15, 16, 3)), LABELS, cues, np.random)


def test_a_result_says_what_was_measured(found):
    result = benchmark.make_result(
        "photos", "python it", "hlp-train it", 0, found
    )
    assert "trained by `hlp-train it`" in result.about
    assert "100.00 % have their right logit above -10" in result.about
    assert json.loads(json.dumps(dataclasses.asdict(result)))["title"]
    assert result.headlines == 4
    valid, over_constant, *strongly, neutral, wrong = result.figures[:6]
    default = found.effects[5]
    assert "by default, head output, gain 1.25" in valid.name
    assert valid.value == 100 * default.valid.value
    assert wrong.value == 100 * default.wrong.value
    assert neutral.reached
    assert over_constant.value == 100 * max(
        e.over_constant.value for e in found.effects if e.over_constant
    )
    by_default = result.figures[-2:]
    for figures, average, mosaic in ((by_default, 5, 12), (strongly, 6, 13)):
        assert [f.value for f in figures] == [
            100 * found.objects[average].gained.value,
            100 * found.objects[mosaic].gained.value,
        ]
    assert "strongly, mosaic (head output, gain 1.5)" in strongly[1].name
    effects, objects = result.tables
    assert [row[0] for row in effects.rows][:2] == [
        "head input, gain 3",
        "branch input, gain 0.5",
    ]
    assert len(objects.rows) == 2 * len(METHODS)
    assert effects.rows[3][-1] == ""


def test_the_default_gate_is_that_of_the_training(model):
    trained = model.derive(gate="branch_input")
    found = attention.study(trained, SOURCE, methods=METHODS[:1])
    assert found.default_gate == "branch_input"
    assert found.neutral.value == 0
