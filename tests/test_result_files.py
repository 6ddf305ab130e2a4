"""What benchmarks say of what they measured."""

import dataclasses
import json

import export_models
import numpy as np
import pytest

from benchmarks import comparison as comparison_benchmark
from benchmarks import compression, mlperf_tiny, preset_export, varied
from hlp_keras import presets
from tflite_export import verify
from tflite_export.manifest import Accuracy
from training.category_sets import CategorySet
from training.comparison import (
    AcrossResult,
    Comparison,
    NetworkResult,
    SetResult,
    summarize,
)
from training.config import TrainConfig
from training.crossing import Across
from training.statistics import Estimate


def network(accuracy, macs):
    estimate = Estimate(accuracy, accuracy - 0.01, accuracy + 0.01, 100)
    return NetworkResult(estimate, macs // 10, macs)


def one_set(name, cutout, scratch, macs):
    gained = cutout - scratch
    difference = Estimate(gained, gained - 0.01, gained + 0.01, 100)
    return SetResult(
        CategorySet((name,) if name else (), ("cat", "dog")),
        *(network(cutout, macs), network(scratch, macs), network(0.7, 1000)),
        over_scratch=difference,
        over_plain=difference,
    )


def across(level, branches, top_down, ours, plain):
    found = (Across(*shares, of_answers=0.1) for shares in (ours, plain))
    return AcrossResult(level, branches, top_down, *found)


@pytest.fixture(scope="module")
def found():
    whole = one_set("", 0.80, 0.82, 1000)
    sets = one_set("pet", 0.9, 0.85, 100), one_set("boat", 0.9, 0.88, 400)
    return Comparison(
        data="photos",
        images=100,
        config=TrainConfig(taxonomy="imagenet100", epochs=3),
        sets_seed=0,
        whole=whole,
        sets=sets,
        across=(
            across(2, 3, False, (20, 0.3, 0.4), (20, 0.4, 0.5)),
            across(2, 4, False, (20, 0.4, 0.5), (20, 0.5, 0.6)),
            across(2, 4, True, (20, 0.4, 0.45), (20, 0.5, 0.5)),
            across(1, 2, False, (10, 0.2, 0.25), (9, 0.1, 0.15)),
            across(1, 2, True, (10, 0.1, 0.15), (9, 0.1, 0.1)),
        ),
        top_down=Estimate(-0.001, -0.003, 0.001, 100),
        plain_top_down=Estimate(-0.002, -0.004, 0.0, 100),
        summary=summarize(whole, sets),
        as_deep=one_set("", 0.80, 0.79, 1000),
    )


@pytest.mark.parametrize("unequal", ["whole", "as_deep", "sets"])
def test_the_largest_deviation_of_costs_is_that_of_all(found, unequal):
    far = dataclasses.replace(found.whole, scratch=network(0.8, 920))
    far = (far,) if unequal == "sets" else far
    found = dataclasses.replace(found, **{unequal: far})
    assert found.deviation == pytest.approx(0.08)
    assert "scratch are within 8.0 % of the cutout's" in str(found)


@pytest.fixture(scope="module")
def result(found):
    return comparison_benchmark.make_result("photos", "python it", found)


def test_a_comparison_says_which_targets_were_reached(result):
    reached = {figure.name: figure.reached for figure in result.figures}
    assert reached == {
        "full hierarchical network over the plain one at equal MACs, "
        "points": False,
        "full hierarchical network over a plain one as deep at equal MACs, "
        "points": True,
        "MACs of the full network over those of the smallest plain one as "
        "accurate": None,
        "MACs of the full network over those of the smallest plain one as "
        "deep, as accurate": True,
        "cutouts over networks from scratch, nodes, points": True,
        "cutouts over the plain network of all categories, nodes, points": None,
        "parameters left away by the cutout of pet, %": True,
        "MACs left away by the cutout of pet, %": True,
        "errors across branches, of all errors of cutouts of 3 deepest nodes, "
        "%": True,
        "errors across branches, of errors of cutouts of 3 deepest nodes, "
        "mean over these, %": False,
        "errors across branches, of all errors of cutouts of 4 deepest nodes, "
        "%": True,
        "errors across branches, of errors of cutouts of 4 deepest nodes, "
        "mean over these, %": False,
        "full network decided top-down over the highest logit, points": None,
        "plain network decided top-down over the highest logit, points": None,
        "errors across branches, decided top-down, of all errors of cutouts "
        "of 4 deepest nodes, %": True,
        "errors across branches, decided top-down, of errors of cutouts of 4 "
        "deepest nodes, mean over these, %": True,
    }


def test_only_one_taxonomy_has_a_target_for_what_is_left_away(found):
    other = TrainConfig(taxonomy="cifar10")
    found = dataclasses.replace(found, config=other)
    result = comparison_benchmark.make_result("photos", "python it", found)
    assert [f.target for f in result.figures if "left away" in f.name] == [
        "",
        "",
    ]


def test_a_comparison_says_what_stands_behind_a_figure(result):
    full, as_deep, nodes, *_ = result.figures
    assert as_deep.value == pytest.approx(1)
    assert full.value == pytest.approx(-2)
    assert full.runs == "-3.00 to -1.00; 1 run, 3 epochs, 100 images"
    assert nodes.runs.endswith("1 run, 3 epochs, 2 sets")
    assert "3 epochs, seed 0, 1 run each" in result.about


@pytest.mark.parametrize(
    ("plain", "ratio", "is_reached", "bound"),
    [
        ([(0.7, 500)], 2, None, "below this, 1 plain network"),
        ([(0.9, 500)], 2, False, "at least this, 1 plain network"),
        ([(0.7, 500), (0.75, 800)], 1.25, True, "below this"),
        ([(0.7, 500), (0.9, 500 * 4)], 1, True, "2 plain networks"),
        ([(0.7, 500), (0.7, 900)], 10 / 9, True, "below this"),
        ([(0.9, 800)], 1.25, None, "at least this, 1 plain network"),
    ],
)
def test_the_price_of_the_full_network(plain, ratio, is_reached, bound):
    scratch, *others = [network(*one) for one in plain]
    whole = dataclasses.replace(
        one_set("", 0.8, 0.7, 1000), scratch=scratch, others=tuple(others)
    )
    figure = comparison_benchmark.plain_as_accurate(whole, "plain one")
    assert figure.value == pytest.approx(ratio)
    assert figure.reached is is_reached
    assert bound in figure.runs


def test_a_comparison_lists_every_set(result):
    table, _ = result.tables
    whole, as_deep, *rows = table.rows
    assert whole[0] == "all (2)"
    assert as_deep[0] == "all (2), scratch as deep"
    assert [row[0] for row in rows] == ["pet (2)", "boat (2)"]
    assert rows[0][1:5] == ("90.0", "85.0", "70.0", "+5.0 (+4.0 to +6.0)")


def test_a_comparison_lists_the_errors_across_higher_nodes(result):
    _, table = result.tables
    assert table.rows == (
        ("1", "highest logit", "2", "10", "20.0", "25.0", "10.0", "15.0"),
        ("1", "top-down", "2", "10", "10.0", "15.0", "10.0", "10.0"),
    )


def test_a_comparison_says_how_unlike_its_networks_are(found):
    pet, boat = found.sets
    unlike = dataclasses.replace(pet, scratch=network(0.85, 104))
    found = dataclasses.replace(found, sets=(unlike, boat))
    about = comparison_benchmark.make_result("photos", "it", found).about
    assert "as the cutout, within 4.0 %" in about
    assert "cross-entropy alone, 1 times" in about


def test_a_comparison_of_taught_networks_names_the_teacher(found):
    config = dataclasses.replace(found.config, teacher="imagenet100_resnet")
    found = dataclasses.replace(found, config=config)
    about = comparison_benchmark.make_result("photos", "it", found).about
    assert "Each is taught by imagenet100_resnet, whose own" in about


def test_several_settings_may_change_together():
    changes = ["levels=((16, 1, 1), (8, 1, 2))  epochs=3", "seed=1"]
    assert varied.settings(changes) == {
        "levels": "((16, 1, 1), (8, 1, 2))",
        "epochs": "3",
        "seed": "1",
    }


def test_changes_of_a_configuration_name_files():
    changes = ["teacher=runs/best.keras", "levels=(((16, 1, 1),),)"]
    assert varied.settings(changes) == {
        "teacher": "runs/best.keras",
        "levels": "(((16, 1, 1),),)",
    }
    assert varied.file_name(changes) == (
        "teacher=runs%2Fbest.keras_levels=(((16, 1, 1),),)"
    )
    assert varied.flags(changes) == (
        " --vary teacher=runs/best.keras --vary 'levels=(((16, 1, 1),),)'"
    )
    with pytest.raises(ValueError, match="SETTING=VALUE, .* got 'teacher'"):
        varied.settings(["teacher"])


@dataclasses.dataclass
class FakeModel:
    """What an export says of a model, as far as it is read."""

    names: tuple
    accuracy: Accuracy
    bytes: int = 1000
    parameters: int = 10
    macs: int = 100

    @property
    def kernels(self):
        return dataclasses.make_dataclass("Kernels", ["arena_bytes"])(None)


def test_an_export_names_the_cutout_that_loses_most(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "FOLDER", tmp_path)
    (tmp_path / "small").mkdir()
    card = {"recipe": {"taxonomy": "cifar10"}, "command": "hlp-train it"}
    (tmp_path / "small" / presets.CARD).write_text(json.dumps(card))
    (tmp_path / "small" / presets.MODEL).write_text("")
    models = (
        FakeModel(("animal", "vehicle"), Accuracy(100, 0.91, 0.90)),
        FakeModel(("pet",), Accuracy(20, 0.80, 0.85)),
        FakeModel(("craft",), Accuracy(20, 0.95, 0.95)),
    )
    result = preset_export.make_result(
        "small", models, Accuracy(100, 0.89, 0.90), twice=0.89
    )
    whole, twice, full, mean, worst, gain = result.figures
    assert (whole.target, whole.reached) == ("at least 90", True)
    assert (twice.value, twice.reached) == (89, False)
    assert twice.runs == "100 images, 1 network, twice the MACs"
    assert (full.value, full.reached) == (pytest.approx(-1), True)
    assert mean.value == pytest.approx(2.5)
    assert "worst cutout (pet)" in worst.name
    assert worst.runs == "2 cutouts; 20 images of this"
    assert (worst.value, worst.reached) == (pytest.approx(5), False)
    assert gain.value == pytest.approx(1)
    assert "`hlp-train it`" in result.about
    assert result.tables[0].rows[1] == (
        *("pet", "85.00", "80.00", "1,000", "", "10", "100"),
    )


def test_an_image_and_its_mirror_image_are_looked_at():
    data = export_models.master_of()
    images = export_models.images()
    pixels = (images.astype(int) - 128).astype(np.int8)
    once, mirrored = (
        verify.run_litert(data, each).astype(int)
        for each in (pixels, pixels[:, :, ::-1])
    )
    answers = (once + mirrored).argmax(axis=1)
    labels = np.where(np.arange(len(images)) < 8, answers, (answers + 1) % 5)
    for seen in (images, images[:, :, ::-1]):
        found = preset_export.measure_twice(data, seen, labels)
        assert found == 8 / len(images)


def test_a_network_within_the_budget_reaches_the_target():
    exported = {
        "hierarchical": FakeModel((), Accuracy(100, 0.86, 0.86), macs=90),
        "too large": FakeModel((), Accuracy(100, 0.9, 0.9), macs=101),
        "ResNet-8": FakeModel((), Accuracy(100, 0.84, 0.86)),
    }
    gained = Estimate(0.02, -0.01, 0.05, 100)
    result = mlperf_tiny.make_result(3, exported, gained)
    *reached, difference = result.figures
    assert [figure.reached for figure in reached] == [True, False, False]
    assert difference.value == 2 and difference.reached
    assert result.tables[0].rows[2][:3] == ("ResNet-8", "86.00", "84.00")


def compressed(gzip, accuracy, tflm_identical=1.0, is_slice_exact=True):
    """The files of a whole network and one cutout."""
    return [
        compression.File(
            (name,), 100, gzip, gzip, accuracy, is_slice_exact, tflm_identical
        )
        for name in ("animal", "pet")
    ]


@pytest.mark.parametrize(
    ("pruned", "clustered", "tuned", "reached"),
    [
        (45, 55, 0.799, True),
        (46, 56, 0.798, False),
    ],
)
def test_compression_says_which_targets_were_reached(
    pruned, clustered, tuned, reached
):
    is_exact = reached
    files = {
        "int8": compressed(100, 0.8),
        "quantize": compressed(100, tuned),
        "prune": compressed(50, 0.8),
        "prune, quantize": compressed(pruned, 0.79 if reached else 0.789),
        "cluster": compressed(80, 0.8),
        "cluster, quantize": compressed(
            clustered, 0.795 if reached else 0.794, 1.0, is_exact
        ),
    }
    if not reached:
        files["cluster"] = compressed(80, 0.8, 0.5)
    result = compression.make_result([0.8, 0.8], files)
    assert [figure.reached for figure in result.figures] == 8 * [reached]
    assert result.tables[0].rows[0][:3] == ("animal", "int8", "100")
    assert len(result.tables[0].rows) == 12
