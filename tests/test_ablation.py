"""What a benchmark says of single changes to a recipe."""

import dataclasses

import numpy as np
import pytest
from test_compare import CONFIG, SOURCE

from benchmarks import ablation
from training import train


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("ablation")


@pytest.fixture(scope="module")
def usual(path):
    return ablation.measure("", CONFIG, SOURCE, path / "run", path / "kept")


def test_cutouts_are_the_mean_over_nodes(usual, path):
    logits = np.load(path / "kept" / "logits.npz")["logits"]
    # Categories of the images' folders: pet (cat, dog), vehicle (the others).
    order = ["cat", "dog", "car", "ship", "van"]
    labels = np.array(
        [order.index(SOURCE.class_names[i]) for i in SOURCE.test.labels]
    )
    assert np.array_equal(usual.hits, logits.argmax(axis=1) == labels)
    is_pet = labels < 2
    pets = (logits[is_pet, :2].argmax(axis=1) == labels[is_pet]).mean()
    vehicles = (
        logits[~is_pet, 2:].argmax(axis=1) + 2 == labels[~is_pet]
    ).mean()
    assert usual.cutouts == pytest.approx((pets + vehicles) / 2)
    predicted = logits.argmax(axis=1)
    wrong = predicted != labels
    crosses = (predicted < 2) != (labels < 2)
    assert usual.across.of_all == pytest.approx(crosses[wrong].mean())


def test_what_is_kept_is_not_trained_again(usual, path, monkeypatch):
    def fail(*arguments):
        raise AssertionError("trained again")

    monkeypatch.setattr(train, "train_model", fail)
    again = ablation.measure("", CONFIG, SOURCE, path / "no", path / "kept")
    assert np.array_equal(again.hits, usual.hits)


def test_changes_stand_beside_the_configuration_as_it_is(usual):
    hits = usual.hits.copy()
    hits[np.flatnonzero(~hits)[:3]] = True
    changed = dataclasses.replace(
        usual, name="sets_weight=0", hits=hits, cutouts=usual.cutouts + 0.01
    )
    result = ablation.make_result("it", "python it", CONFIG, [usual, changed])
    (table,) = result.tables
    first, second = table.rows
    assert first[0] == "as it is"
    assert second[0] == "`sets_weight=0`"
    assert second[2].startswith("+10.0 (")
    assert second[4] == "+1.0"


def test_no_change_gets_lost(tmp_path):
    (tmp_path / "as_it_is").mkdir()
    (tmp_path / "coarse_weight=0").mkdir()
    ablation.check_all_named(tmp_path / "new", ["as_it_is"])
    ablation.check_all_named(
        tmp_path, ["as_it_is", "coarse_weight=0", "sets_weight=0"]
    )
    with pytest.raises(ValueError, match="none for coarse_weight=0 in .* too"):
        ablation.check_all_named(tmp_path, ["as_it_is", "sets_weight=0"])
