"""A comparison with plain networks, on tiny images."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest

import hlp_keras
from training import compare, train
from training.category_sets import CategorySet
from training.config import TrainConfig
from training.crossing import Across
from training.sources import Source, Split

TREE = {"pet": ["cat", "dog"], "vehicle": ["car", "ship", "van"]}
NAMES = ("van", "cat", "car", "dog", "ship")
CONFIG = TrainConfig(
    taxonomy="directory",
    # As many blocks as to ask for a plain network as deep.
    levels=(((16, 2, 2),), ((16, 2, 2),)),
    epochs=1,
    batch_size=8,
    crop_padding=1,
)
WIDTHS = {"plain_widths": (0.5,), "scratch_widths": (0.75,)}


def make_split(number, seed):
    """Images as bright as their label is high."""
    random = np.random.default_rng(seed)
    labels = np.arange(number, dtype=np.int32) % 5
    noise = random.integers(0, 40, (number, 16, 16, 3))
    images = noise + 50 * labels[:, None, None, None]
    return Split(images.astype(np.uint8), labels)


SOURCE = Source("photos", make_split(40, 0), make_split(30, 1), NAMES, TREE)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("comparison")


@pytest.fixture(scope="module")
def result(path):
    return compare.compare(CONFIG, SOURCE, path, **WIDTHS)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (("pet", "a/b.c"), r"scratch/pet\+a%2Fb%2Ec"),
        (("..",), "scratch/%2E%2E"),
        (tuple("加" * 30), "scratch/[0-9a-f]{64}"),
    ],
)
def test_directories_have_names_that_files_may_have(nodes, expected):
    made = compare._directory(CategorySet(nodes, ("cat",)), 1)
    assert re.fullmatch(expected, str(made))


def test_every_network_has_a_directory(result, path):
    found = {str(p.parent.relative_to(path)) for p in path.rglob("last.keras")}
    assert found == {
        *("hierarchical", "plain", "plain_x0.5", "plain_as_deep"),
        *("scratch/pet", "scratch_x0.75/pet"),
        *("scratch/vehicle", "scratch_x0.75/vehicle"),
    }


def test_networks_cost_what_they_are_compared_at(result, path):
    model = hlp_keras.load_model(path / "hierarchical" / "last.keras")
    cost = hlp_keras.cost(model)
    deep = result.as_deep
    assert deep.scratch.macs == pytest.approx(cost.macs, rel=0.05)
    whole = result.whole
    assert (whole.cutout.params, whole.cutout.macs) == (cost.params, cost.macs)
    assert whole.scratch.macs == pytest.approx(cost.macs, rel=0.03)
    for one in result.sets:
        assert one.cutout.macs == hlp_keras.cost(model, one.of.nodes).macs
        assert one.scratch.macs == pytest.approx(one.cutout.macs, rel=0.05)
        assert one.others[0].macs < one.scratch.macs * 0.75
    assert whole.others[0].macs < whole.scratch.macs / 2


def test_a_plain_network_is_as_deep(result, path):
    deep = hlp_keras.load_model(path / "plain_as_deep" / "last.keras")
    (level,) = deep.levels
    assert [(stage.blocks, stage.stride) for stage in level] == [(2, 2), (2, 2)]
    assert result.as_deep.cutout == result.whole.cutout
    assert "full network over a plain one as deep" in str(result)
    row = str(result).splitlines()[2]
    assert row.startswith("all (5), scratch as deep")
    assert row.endswith(f" {result.as_deep.scratch.macs:,}")


def test_figures_are_those_of_the_networks(result, path):
    model = hlp_keras.load_model(path / "hierarchical" / "last.keras")
    plain = hlp_keras.load_model(path / "plain" / "last.keras")
    pets = result.sets[0]
    assert pets.of.categories == ("cat", "dog")
    labels = np.array(NAMES)[SOURCE.test.labels]
    inside = np.isin(labels, pets.of.categories)
    images = SOURCE.test.images[inside] / np.float32(255)

    def accuracy(network):
        small = hlp_keras.cutout(network, pets.of.categories)
        found = small.predict(images, verbose=0).argmax(axis=1)
        return np.mean(
            np.array(small.taxonomy.categories)[found] == labels[inside]
        )

    scratch = hlp_keras.load_model(path / "scratch" / "pet" / "last.keras")
    assert pets.cutout.accuracy.value == accuracy(model)
    assert pets.plain.accuracy.value == accuracy(plain)
    assert pets.scratch.accuracy.value == accuracy(scratch)
    assert pets.over_scratch.value == accuracy(model) - accuracy(scratch)
    assert pets.over_plain.value == accuracy(model) - accuracy(plain)
    assert pets.cutout.accuracy.number == pets.over_plain.number == 12


def test_a_comparison_goes_on_where_it_was(result, path, monkeypatch):
    def fail(*arguments):
        raise AssertionError("There is nothing left to train.")

    before = {p: p.stat().st_mtime_ns for p in path.rglob("*.npz")}
    lost = path / "scratch" / "pet" / "logits.npz"
    lost.unlink()
    monkeypatch.setattr(train, "_fit", fail)
    again = compare.compare(CONFIG, SOURCE, path, **WIDTHS)
    assert again == result
    assert {p for p in before if p.stat().st_mtime_ns != before[p]} == {lost}


def test_the_full_networks_can_be_compared_alone(result, path, monkeypatch):
    monkeypatch.setattr(train, "_fit", None)  # Nothing is left to train.
    alone = compare.compare(
        CONFIG, SOURCE, path, plain_widths=(0.5,), only_whole=True
    )
    assert alone.whole == result.whole
    assert alone.across == result.across
    assert alone.as_deep is None
    assert alone.sets == ()


def test_finished_networks_are_all_that_another_machine_needs(
    result, path, tmp_path
):
    finished = tmp_path / "finished"
    for kept in path.rglob("logits.npz"):
        copy = finished / kept.relative_to(path)
        copy.parent.mkdir(parents=True)
        shutil.copy(kept, copy)
    arguments = CONFIG, SOURCE, tmp_path / "new"
    again = compare.compare(*arguments, **WIDTHS, finished=finished)
    assert again == result
    assert not (tmp_path / "new").exists()
    config = dataclasses.replace(CONFIG, seed=1)
    with pytest.raises(ValueError, match="another run: seed is 0 there"):
        compare.compare(config, *arguments[1:], finished=finished)


def test_a_set_with_too_few_images_is_named_before_any_training(tmp_path):
    config = dataclasses.replace(CONFIG, batch_size=20)
    with pytest.raises(
        ValueError,
        match="pet cannot have a plain network: .* 20 training images, got "
        "16. Make the batches smaller",
    ):
        compare.compare(config, SOURCE, tmp_path)
    assert not list(tmp_path.iterdir())


def test_logits_that_cannot_be_read_are_named(result, path, tmp_path):
    kept = tmp_path / "hierarchical" / "logits.npz"
    kept.parent.mkdir()
    whole = (path / "hierarchical" / "logits.npz").read_bytes()
    kept.write_bytes(whole[:99])
    with pytest.raises(ValueError, match="logits.npz cannot be read: .* Copy"):
        compare.compare(CONFIG, SOURCE, tmp_path, **WIDTHS)


def test_other_images_need_another_directory(result, path):
    test = dataclasses.replace(SOURCE.test, images=255 - SOURCE.test.images)
    source = dataclasses.replace(SOURCE, test=test)
    with pytest.raises(ValueError, match="another run: test_images is "):
        compare.compare(CONFIG, source, path)


def test_other_settings_need_another_directory(result, path):
    config = dataclasses.replace(CONFIG, seed=1)
    with pytest.raises(ValueError, match="another run: seed is 0 there"):
        compare.compare(config, SOURCE, path)


def test_a_comparison_is_json_and_a_table(result, tmp_path):
    result.save(tmp_path / "comparison.json")
    read = json.loads((tmp_path / "comparison.json").read_text())
    assert read["sets"][1]["of"]["nodes"] == ["vehicle"]
    assert read["whole"]["cutout"]["macs"] == result.whole.cutout.macs
    lines = str(result).splitlines()
    assert lines[1].startswith("all (5)")
    assert any(line.startswith("left away by ") for line in lines)


def test_errors_across_branches_change_the_branch(result, path):
    is_pet = np.array([True, True, False, False, False])
    # As the taxonomy numbers them.
    names = ("cat", "dog", "car", "ship", "van")
    labels = np.array([names.index(NAMES[i]) for i in SOURCE.test.labels])

    def predict(network, top_down):
        with np.load(path / network / "logits.npz") as arrays:
            logits = arrays["logits"]
        if top_down:
            taxonomy = hlp_keras.Taxonomy.from_nested(TREE)
            return hlp_keras.decide_top_down(taxonomy, logits)
        return logits.argmax(axis=1)

    def across(predicted):
        wrong = predicted != labels
        crosses = is_pet[predicted] != is_pet[labels]
        share = crosses[wrong].mean()
        return Across(1, share, share, of_answers=crosses.mean())

    assert [each.top_down for each in result.across] == [False, True]
    for two in result.across:
        assert (two.level, two.branches) == (1, 2)
        for found, network in (
            (two.hierarchical, "hierarchical"),
            (two.plain, "plain"),
        ):
            assert found == across(predict(network, two.top_down))
    for found, network in (
        (result.top_down, "hierarchical"),
        (result.plain_top_down, "plain"),
    ):
        top_down, highest = (
            (predict(network, decision) == labels).mean()
            for decision in (True, False)
        )
        assert found.value == pytest.approx(top_down - highest)


def test_a_plain_network_decides_top_down_by_the_tree_it_is_given():
    taxonomy = hlp_keras.Taxonomy.from_nested(TREE)
    flat = hlp_keras.plain_model(taxonomy.categories, macs=300_000)
    # A car, and more of it a pet; a dog.
    logits = np.log([[0.3, 0.3, 0.38, 0.01, 0.01], [0.1, 0.6, 0.1, 0.1, 0.1]])
    for label, gained in ((0, 0.5), (2, -0.5)):
        whole = compare._Whole(flat, logits, np.array([label, 1]))
        assert whole.top_down(taxonomy).value == gained


def test_a_flat_taxonomy_has_no_cutouts(tmp_path):
    (tmp_path / "flat.yaml").write_text("[van, cat, car, dog, ship]")
    config = dataclasses.replace(
        CONFIG, taxonomy=str(tmp_path / "flat.yaml"), levels=None
    )
    with pytest.raises(ValueError, match="network with nodes, .* Group them"):
        compare.compare(config, SOURCE, tmp_path)


def test_a_network_without_levels_of_nodes_has_no_cutouts(tmp_path):
    config = dataclasses.replace(CONFIG, levels=(((8, 1, 2),),))
    with pytest.raises(ValueError, match="config.levels .* the trunk alone"):
        compare.compare(config, SOURCE, tmp_path)


@pytest.mark.parametrize("width", [1, 0, -2])
def test_widths_that_make_no_sense_are_refused(width, tmp_path):
    with pytest.raises(ValueError, match="plain networks above 0, and not 1"):
        compare.compare(CONFIG, SOURCE, tmp_path, scratch_widths=(width,))


def test_widths_without_effect_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no `scratch_widths` .* got \\(0.5,"):
        compare.compare(
            CONFIG, SOURCE, tmp_path, scratch_widths=(0.5,), only_whole=True
        )


def test_averages_over_other_numbers_of_steps_are_not_compared(tmp_path):
    config = dataclasses.replace(CONFIG, ema_momentum=0.5)
    with pytest.raises(ValueError, match="= 0 for .* fewer steps .* got 0.5"):
        compare.compare(config, SOURCE, tmp_path)


def test_a_budget_that_is_missed_is_named():
    full = hlp_keras.Cost((hlp_keras.SegmentCost("trunk", 9, 1000),))
    near = hlp_keras.Cost((hlp_keras.SegmentCost("trunk", 9, 1029),))
    far = hlp_keras.Cost((hlp_keras.SegmentCost("trunk", 9, 1031),))
    compare._check_budget(near, full)
    with pytest.raises(ValueError, match="within 3 % .* 1,000 MACs, .* 1,031"):
        compare._check_budget(far, full)


def test_a_budget_is_missed_before_anything_is_trained(tmp_path):
    narrow = ((1, 1, 2),), ((8, 1, 2),)
    config = dataclasses.replace(CONFIG, levels=narrow)
    with pytest.raises(ValueError, match="within 3 % .* config.levels wider"):
        compare.compare(config, SOURCE, tmp_path)
    assert not list(tmp_path.iterdir())
