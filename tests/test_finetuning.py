import importlib.util

import numpy as np
import pytest

import hlp_keras
from training import finetuning, sources
from training.config import TrainConfig
from training.workdir import Workdir


def test_methods_become_stages():
    first, second = finetuning.stages("prune,quantize", sparsity=0.5)
    assert (first.method, first.sparsity) == ("prune", 0.5)
    assert first.sparsity_schedule == "polynomial"
    assert (second.method, second.preserve) == ("quantize", "prune")
    (only,) = finetuning.stages("quantize")
    assert only.preserve is None


def test_a_quantisation_keeps_what_an_earlier_run_did():
    (only,) = finetuning.stages("quantize", before="cluster")
    assert only.preserve == "cluster"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": "shrink"}, "--finetune to be one of .*got 'shrink'"),
        ({"sparsity": 0.4}, "--sparsity to be from 0.5 to 0.9, got 0.4"),
        ({"sparsity": float("nan")}, "--sparsity to be from 0.5 to 0.9"),
        ({"sparsity_schedule": "fast"}, "constant.*got 'fast'"),
        ({"clusters": 7}, "--clusters to be from 8 to 32, got 7"),
        ({"clusters": 33}, "--clusters to be from 8 to 32, got 33"),
        ({"before": "cluster"}, "after cluster, which it would undo"),
    ],
)
def test_mistakes_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        finetuning.stages(**{"methods": "prune", **changes})


def test_a_preset_is_a_start():
    start = finetuning.find_start("cifar10_resnet_mcu")
    assert start.data == "cifar10"
    assert (
        start.config.levels
        == hlp_keras.HLPModel.from_preset("cifar10_resnet_mcu").get_config()[
            "levels"
        ]
        or start.config.taxonomy == "cifar10"
    )
    assert start.load().taxonomy.categories[0] == "airplane"
    assert start.method is None


@pytest.fixture
def workdir(tmp_path):
    """Claims a directory of two epochs, as if some were finished."""
    split = sources.Split(np.zeros((8, 4, 4, 1), np.uint8), np.zeros(8, int))
    source = sources.Source("photos", split, split, ("cat",))

    def claim(finished, finetuned=None):
        made = Workdir(tmp_path)
        made.claim(TrainConfig(taxonomy="t", epochs=2), source, finetuned)
        if finished:
            made.last.touch()
            rows = "".join(f"{i + 1},0.5\n" for i in range(finished))
            made.log.write_text(f"epoch,val_accuracy\n{rows}")
        return str(tmp_path)

    return claim


@pytest.mark.parametrize("finished", [0, 1])
def test_an_unfinished_training_is_no_start(finished, workdir):
    path = workdir(finished)
    message = f"Expected a finished run.* has {finished} of 2 epochs"
    with pytest.raises(ValueError, match=message):
        finetuning.find_start(path)


def test_a_finished_training_is_a_start(workdir):
    start = finetuning.find_start(workdir(2))
    assert (start.data, start.method) == ("photos", None)


@pytest.mark.parametrize(
    ("finetuned", "method"),
    [
        ({"method": "prune", "preserve": None}, "prune"),
        ({"method": "quantize", "preserve": "prune"}, "prune"),
        ({"method": "quantize", "preserve": None}, "quantize"),
    ],
)
def test_a_start_says_what_was_done_to_it(finetuned, method, workdir):
    assert finetuning.find_start(workdir(2, finetuned)).method == method


def test_a_start_that_is_not_there_is_refused(tmp_path):
    presets = ", ".join(hlp_keras.list_presets())
    with pytest.raises(
        FileNotFoundError, match=f"run or a preset, {presets}, got .*nowhere"
    ):
        finetuning.find_start(str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="Train first"):
        finetuning.find_start(str(tmp_path))


def test_a_missing_package_is_named(monkeypatch):
    find_spec = importlib.util.find_spec

    def none_of_tf_keras(name):
        return None if name == "tf_keras" else find_spec(name)

    monkeypatch.setattr(importlib.util, "find_spec", none_of_tf_keras)
    with pytest.raises(ValueError, match="needs tf-keras. .*extra `compress`"):
        finetuning.check_installed()


@pytest.mark.parametrize("method", ["quantize", "prune", "cluster"])
def test_the_recipe_is_that_of_the_training_but_short(method):
    config = TrainConfig(taxonomy="t", epochs=30, coarse_weight=0.25)
    recipe = finetuning.recipe(config, method)
    assert recipe.epochs <= 10
    assert (recipe.warmup, recipe.coarse_weight) == (0, 0.25)


@pytest.mark.parametrize("setting", ["teacher", "initial_weights"])
def test_a_fine_tuning_has_no_other_network(setting):
    config = TrainConfig(taxonomy="t", **{setting: "cifar10_resnet_mcu"})
    assert getattr(finetuning.recipe(config, "prune"), setting) is None


def test_settings_that_a_fine_tuning_does_not_have_are_refused():
    finetuning.check_changes({"epochs": "3", "erasing": "0.5"})
    with pytest.raises(ValueError, match="got config.levels, which is of the"):
        finetuning.check_changes({"epochs": "3", "levels": "None"})
    with pytest.raises(ValueError, match="sgd or adamw .* got muon, which tf"):
        finetuning.check_changes({"optimizer": "muon"})


def test_a_fine_tuning_has_no_average_and_no_rate_for_one():
    config = TrainConfig(taxonomy="t", schedule="constant", ema_momentum=0.9)
    recipe = finetuning.recipe(config, "prune")
    assert (recipe.schedule, recipe.ema_momentum) == ("cosine", 0)
    with pytest.raises(ValueError, match="got config.ema_momentum, which is"):
        finetuning.check_changes({"ema_momentum": "0.9"})


def test_after_muon_comes_sgd():
    config = TrainConfig(taxonomy="cifar10", optimizer="muon")
    assert finetuning.recipe(config, "quantize").optimizer == "sgd"
