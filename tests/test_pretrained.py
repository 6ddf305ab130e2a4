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
    assert not caplog.messages


def test_of_other_categories_the_parts_in_common_are_taken(trained, caplog):
    trained, path = trained
    tree = {
        "pet": ["cat", "cow"],  # As many logits, of others.
        "vehicle": ["car", "ship", "van"],
        "food": ["egg", "pie"],
    }
    model = build(hlp_keras.Taxonomy.from_nested(tree))
    before = {n: s.get_weights() for n, s in model.segments.items()}
    with caplog.at_level(logging.INFO):
        pretrained.initialize(model, path)
    random = {"head_pet", "branch_food", "head_food"}
    for name, segment in model.segments.items():
        expected = before[name]
        if name not in random:
            expected = trained.segments[name].get_weights()
        for one, other in zip(segment.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(one, other)
    (message,) = caplog.messages
    assert message.endswith("random: branch_food, head_food, head_pet.")


def test_branches_of_other_widths_stay_random(trained):
    trained, path = trained
    model = build(levels=(((8, 1, 2),), ((24, 1, 2),)))
    pretrained.initialize(model, path)
    taken = are_taken(model, trained)
    assert taken == {name: name == "trunk" for name in taken}


def test_another_trunk_is_refused(trained):
    _, path = trained
    with pytest.raises(
        ValueError, match=r"same trunk, but that of .*trained.keras has .* Cho"
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
    """Whether or not those it began with are still there."""
    trained, path = trained
    copy = tmp_path / "copy.keras"
    trained.save(copy)
    config = dataclasses.replace(test_train.CONFIG, initial_weights=str(copy))
    arguments = config, SOURCE, tmp_path / "run"
    first = train.train_and_evaluate(*arguments).get_weights()
    copy.unlink()
    again = train.train_and_evaluate(*arguments).get_weights()
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


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
