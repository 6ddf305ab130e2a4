"""Networks whose weights a training starts from."""

import dataclasses
import logging

import keras
import numpy as np
import pytest
import test_train

import hlp_keras
from training import compare, pretrained, train

SOURCE = test_train.SOURCE
TAXONOMY = hlp_keras.Taxonomy.from_nested(test_train.TREE)


def build(taxonomy=TAXONOMY, size=16, **changes):
    config = dataclasses.replace(test_train.CONFIG, **changes)
    keras.utils.set_random_seed(1)
    return train.build_model(config, taxonomy, (size, size, 3))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A network and its file."""
    path = tmp_path_factory.mktemp("trained") / "trained.keras"
    model = build()
    random = np.random.default_rng(0)
    for segment in model.segments.values():
        segment.set_weights(
            [random.uniform(1, 2, w.shape) for w in segment.get_weights()]
        )
    model.save(path)
    return model, str(path)


def are_taken(model, trained):
    """Of every segment: whether all its weights are those of `trained`."""
    return {
        name: name in trained.segments
        and all(
            np.array_equal(one, other)
            for one, other in zip(
                segment.get_weights(),
                trained.segments[name].get_weights(),
                strict=True,
            )
        )
        for name, segment in model.segments.items()
    }


@pytest.mark.parametrize("size", [16, 24])
def test_a_network_of_the_same_form_gets_all_weights(trained, caplog, size):
    trained, path = trained
    model = build(size=size)
    assert not any(are_taken(model, trained).values())
    with caplog.at_level(logging.INFO):
        pretrained.initialize(model, path)
    assert all(are_taken(model, trained).values())
    (message,) = caplog.messages
    assert message.endswith("Not of it: none.")


@pytest.mark.parametrize("gate", [None, "head_input", "block_outputs"])
def test_a_gain_changes_nothing(trained, tmp_path, gate):
    trained, path = trained
    gated = hlp_keras.attend(trained, gate) if gate else trained
    gated.save(tmp_path / "gated.keras")
    for source, cues in ((path, 0.5), (tmp_path / "gated.keras", 0.0)):
        model = build(cues=cues)
        pretrained.initialize(model, source)
        assert all(are_taken(model, trained).values())


def test_of_other_categories_the_parts_in_common_are_taken(trained, caplog):
    trained, path = trained
    tree = {
        "pet": ["cat", "cow"],  # As many logits, of others.
        "vehicle": ["car", "ship", "van"],
        "food": ["egg", "pie"],
    }
    model = build(hlp_keras.Taxonomy.from_nested(tree))
    before = weights_of(model)
    with caplog.at_level(logging.INFO):
        pretrained.initialize(model, path)
    others = {"head_pet", "branch_food", "head_food"}
    assert_taken(model, trained, before, others)
    (message,) = caplog.messages
    assert message == (
        f"Weights of {path}: trunk, branch_pet, branch_vehicle, head_vehicle. "
        f"Not of it: branch_food, head_pet, head_food."
    )


def test_what_a_random_branch_feeds_stays_random(tmp_path):
    """Its weights were trained for other features."""
    levels = ((8, 1, 2),), ((8, 1, 1),), ((8, 1, 1),)
    below = {"pet": ["cat", "dog"], "wild": ["deer", "fox"]}
    road = {"road": ["car", "van"]}
    trees = (
        {"animal": below, "vehicle": road},
        {"creature": below, "vehicle": road},
        {"animal": {**below, **road}, "vehicle": {"water": ["ship", "buoy"]}},
    )
    first, renamed, moved = (
        build(
            hlp_keras.Taxonomy.from_nested(tree),
            levels=levels,
            width_exponent=0,
        )
        for tree in trees
    )
    for weight in first.weights:
        weight.assign(weight + 1.0)
    first.save(tmp_path / "first.keras")
    before = weights_of(renamed)
    pretrained.initialize(renamed, tmp_path / "first.keras")
    others = {"branch_creature", *names_of("pet"), *names_of("wild")}
    assert_taken(renamed, first, before, others)
    before = weights_of(moved)
    pretrained.initialize(moved, tmp_path / "first.keras")
    # Roads are of vehicles there.
    others = {*names_of("road"), *names_of("water")}
    assert set(names_of("pet")).isdisjoint(others)
    assert_taken(moved, first, before, others)


def names_of(node):
    return f"branch_{node}", f"head_{node}"


def weights_of(model):
    return {n: s.get_weights() for n, s in model.segments.items()}


def assert_taken(model, trained, before, others):
    """All but some segments are those of `trained`, and these as before."""
    for name, segment in model.segments.items():
        expected = before[name]
        if name not in others:
            expected = trained.segments[name].get_weights()
        for one, other in zip(segment.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_head_of_a_cutout_has_other_categories(trained, tmp_path):
    trained, _ = trained
    names = ["cat", "vehicle"]
    hlp_keras.cutout(trained, names).save(tmp_path / "cut.keras")
    model = build()
    pretrained.initialize(model, tmp_path / "cut.keras")
    taken = are_taken(model, trained)
    assert {name for name in taken if not taken[name]} == {"head_pet"}


def test_branches_of_other_widths_stay_random(trained):
    trained, path = trained
    model = build(levels=(((8, 1, 2),), ((24, 1, 2),)))
    pretrained.initialize(model, path)
    taken = are_taken(model, trained)
    assert taken == {name: name == "trunk" for name in taken}


def test_another_trunk_is_refused(trained):
    _, path = trained
    with pytest.raises(
        ValueError,
        match=r"same trunk, but that of .*trained.keras has .* with its "
        r"config\.family and config\.levels\[0\]",
    ):
        pretrained.initialize(build(levels=(((12, 1, 2),),)), path)


def test_a_training_starts_from_the_weights(trained, tmp_path):
    trained, path = trained
    config = dataclasses.replace(
        test_train.CONFIG, initial_weights=path, learning_rate=1e-9, epochs=1
    )
    model = train.train_and_evaluate(config, SOURCE, tmp_path)
    for one, other in zip(
        model.trainable_variables, trained.trainable_variables, strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_run_goes_on_from_its_own_weights(trained, tmp_path):
    """Even where those it began with are gone."""
    trained, path = trained
    config = dataclasses.replace(test_train.CONFIG, initial_weights=path)
    whole = train.train_and_evaluate(config, SOURCE, tmp_path / "whole")
    test_train.train_until_a_break(config, tmp_path / "broken")
    again = train.train_and_evaluate(config, SOURCE, tmp_path / "broken")
    copy = tmp_path / "copy.keras"
    trained.save(copy)
    config = dataclasses.replace(config, initial_weights=str(copy))
    test_train.train_until_a_break(config, tmp_path / "gone")
    copy.unlink()
    gone = train.train_and_evaluate(config, SOURCE, tmp_path / "gone")
    runs = (run.get_weights() for run in (whole, again, gone))
    for weights in zip(*runs, strict=True):
        for other in weights[1:]:
            np.testing.assert_array_equal(weights[0], other)


def test_weights_that_are_not_there_are_refused_before_anything_is_written(
    tmp_path,
):
    config = dataclasses.replace(test_train.CONFIG, initial_weights="nets/a")
    with pytest.raises(
        ValueError,
        match=r"Expected config\.initial_weights to be one of .* got 'nets/a'",
    ):
        train.train_and_evaluate(config, SOURCE, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_comparison_starts_from_random_weights(tmp_path):
    config = dataclasses.replace(
        test_train.CONFIG, initial_weights="cifar10_resnet_mcu"
    )
    with pytest.raises(ValueError, match="None for a comparison.*resnet_mcu"):
        compare.compare(config, SOURCE, tmp_path)
