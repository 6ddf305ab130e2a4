"""Training, from the first start to the last after breaks."""

import dataclasses
import logging
import shutil

import keras
import numpy as np
import pytest

import hlp_keras
from training import data, train
from training.config import TrainConfig
from training.sources import Source, Split
from training.workdir import Workdir

TREE = {"pet": ["cat", "dog"], "vehicle": ["car", "ship", "van"]}
CONFIG = TrainConfig(
    taxonomy="directory",
    levels=(((8, 1, 2),), ((8, 1, 2),)),
    epochs=3,
    batch_size=8,
    crop_padding=1,
)


def make_split(number, seed):
    """Images as bright as their label is high."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 5, number).astype(np.int32)
    noise = random.integers(0, 40, (number, 16, 16, 3))
    images = noise + 50 * labels[:, None, None, None]
    return Split(images.astype(np.uint8), labels)


SOURCE = Source(
    "photos",
    make_split(36, seed=0),
    make_split(20, seed=1),
    ("van", "cat", "car", "dog", "ship"),
    TREE,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run without a break: its network and its directory."""
    path = tmp_path_factory.mktemp("whole")
    return train.train_and_evaluate(CONFIG, SOURCE, path), Workdir(path)


def test_a_run_leaves_its_files(whole):
    model, workdir = whole
    rows = workdir.rows(9)
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert {"loss", "val_accuracy", "val_level_1_accuracy"} <= set(rows[0])
    assert float(rows[-1]["learning_rate"]) == 0
    assert any(workdir.tensorboard.rglob("events*"))
    images = SOURCE.test.images / np.float32(255)
    loaded = hlp_keras.load_model(workdir.last)
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), model.predict(images, verbose=0)
    )
    assert hlp_keras.load_model(workdir.best).taxonomy == model.taxonomy


def test_the_checkpoint_has_the_state_of_the_optimizer(whole):
    _, workdir = whole
    loaded = keras.saving.load_model(workdir.last)
    assert int(loaded.optimizer.iterations) == 3 * (36 // 8)


def train_until_a_break(config, path):
    """Begins a run that stops in its second epoch."""

    def stop_in_second_epoch(self, batch, logs=None):
        if self.epoch == 2 and batch == 1:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            train.StopAtNaN, "on_train_batch_end", stop_in_second_epoch
        )
        with pytest.raises(KeyboardInterrupt):
            train.train_and_evaluate(config, SOURCE, path)


def test_a_broken_run_goes_on_as_if_nothing_had_been(whole, tmp_path):
    train_until_a_break(CONFIG, tmp_path)
    assert len(Workdir(tmp_path).rows(9)) == 1
    model = train.train_and_evaluate(CONFIG, SOURCE, tmp_path)
    unbroken, workdir = whole
    for after, before in zip(
        model.get_weights(), unbroken.get_weights(), strict=True
    ):
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-5)
    for after, before in zip(
        Workdir(tmp_path).rows(9), workdir.rows(9), strict=True
    ):
        assert after.keys() == before.keys()
        np.testing.assert_allclose(
            [float(after[key]) for key in after],
            [float(before[key]) for key in after],
            rtol=1e-3,
        )


@pytest.mark.parametrize(
    "changes", [{"optimizer": "muon"}, {"ema_momentum": 0.5}]
)
def test_a_broken_run_of_another_recipe_goes_on(changes, tmp_path):
    config = dataclasses.replace(CONFIG, **changes)
    train_until_a_break(config, tmp_path / "broken")
    model, unbroken = (
        train.train_and_evaluate(config, SOURCE, tmp_path / name)
        for name in ("broken", "unbroken")
    )
    for after, before in zip(
        model.get_weights(), unbroken.get_weights(), strict=True
    ):
        np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("changes", [{}, {"cues": 0.5}, {"teacher": "last"}])
def test_what_was_tested_and_kept_is_the_average(changes, whole, tmp_path):
    if "teacher" in changes:
        changes = {"teacher": str(whole[1].last)}
    models = [
        train.train_and_evaluate(
            dataclasses.replace(CONFIG, ema_momentum=momentum, **changes),
            SOURCE,
            tmp_path / str(momentum),
        )
        for momentum in (0.0, 0.5)
    ]
    without, model = map(hlp_keras.without_gain, models)
    assert not np.allclose(without.get_weights()[0], model.get_weights()[0])
    workdir = Workdir(tmp_path / "0.5")
    images = SOURCE.test.images / np.float32(255)
    kept = hlp_keras.without_gain(hlp_keras.load_model(workdir.last))
    kept = kept.predict(images, verbose=0)
    np.testing.assert_allclose(
        kept, model.predict(images, verbose=0), rtol=1e-4, atol=1e-4
    )
    labels = data.relabel(SOURCE, model.taxonomy).test.labels
    hits = float((kept.argmax(axis=1) == labels).mean())
    assert float(workdir.rows(9)[-1]["val_accuracy"]) == pytest.approx(hits)


def test_an_average_over_more_steps_than_there_are_is_refused(tmp_path):
    config = dataclasses.replace(CONFIG, ema_momentum=0.99)
    with pytest.raises(ValueError, match="has, 12, got 0.99, .* about 100: "):
        train.train_and_evaluate(config, SOURCE, tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_finished_run_says_so_and_does_nothing(whole, caplog):
    model, workdir = whole
    before = {p: p.stat().st_mtime_ns for p in workdir.path.rglob("*")}
    with caplog.at_level(logging.INFO):
        again = train.train_and_evaluate(CONFIG, SOURCE, workdir.path)
    assert "All 3 epochs are finished" in caplog.text
    assert before == {p: p.stat().st_mtime_ns for p in workdir.path.rglob("*")}
    np.testing.assert_array_equal(
        again.get_weights()[0], model.get_weights()[0]
    )


def test_a_network_of_ones_own_is_trained_and_gone_on_with(tmp_path):
    def plain():
        return hlp_keras.plain_model(
            SOURCE.class_names, (16, 16, 3), base_stages=[(8, 1, 4)]
        )

    model, again = plain(), plain()
    before = model.get_weights()[0]
    train.train_model(model, CONFIG, SOURCE, tmp_path)
    assert (model.get_weights()[0] != before).any()
    assert len(Workdir(tmp_path).rows(9)) == 3
    train.train_model(again, CONFIG, SOURCE, tmp_path)
    np.testing.assert_array_equal(
        again.get_weights()[0], model.get_weights()[0]
    )


def test_a_best_network_that_was_not_copied_is_copied_later(whole, tmp_path):
    _, workdir = whole
    path = tmp_path / "copy"
    shutil.copytree(workdir.path, path)
    copy = Workdir(path)
    copy.best.unlink()
    copy.log.write_text("epoch,val_accuracy\n1,0.1\n2,0.2\n3,0.3\n")
    train.train_and_evaluate(CONFIG, SOURCE, path)
    assert copy.best.read_bytes() == copy.last.read_bytes()


def test_a_spoilt_checkpoint_is_named(whole, tmp_path):
    _, workdir = whole
    path = tmp_path / "copy"
    shutil.copytree(workdir.path, path)
    (path / "last.keras").write_bytes(workdir.last.read_bytes()[:5000])
    with pytest.raises(
        ValueError, match="last.keras cannot be read: .* put best.keras in its"
    ):
        train.train_and_evaluate(CONFIG, SOURCE, path)


def test_images_of_another_size_than_configured_are_refused(tmp_path):
    config = dataclasses.replace(CONFIG, image_size=(8, 8))
    with pytest.raises(
        ValueError, match=r"\(8, 8\), but those of photos are \(16, 16\)"
    ):
        train.train_and_evaluate(config, SOURCE, tmp_path)


def test_a_category_without_training_images_is_named(tmp_path):
    few = SOURCE.train.labels < 3
    split = Split(SOURCE.train.images[few], SOURCE.train.labels[few])
    source = dataclasses.replace(SOURCE, train=split)
    with pytest.raises(
        ValueError, match="every category in photos, .* none of dog, ship. Add"
    ):
        train.train_and_evaluate(CONFIG, source, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_directory_of_other_settings_is_refused(whole):
    _, workdir = whole
    config = dataclasses.replace(CONFIG, learning_rate=0.05)
    with pytest.raises(
        ValueError, match="another run: learning_rate is 0.1 there and 0.05 h"
    ):
        train.train_and_evaluate(config, SOURCE, workdir.path)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    config = dataclasses.replace(CONFIG, learning_rate=1e30, warmup=0.0)
    with pytest.raises(
        FloatingPointError,
        match=r"The loss became (nan|inf) in epoch 1. Lower "
        r"config.learning_rate \(now 1e\+30\) .* No epoch was finished",
    ):
        train.train_and_evaluate(config, SOURCE, tmp_path)
    assert not Workdir(tmp_path).last.exists()


@pytest.mark.parametrize(
    "report",
    [
        lambda stop: stop.on_train_batch_end(3, {"loss": float("nan")}),
        lambda stop: stop.on_epoch_end(1, {"val_loss": float("inf")}),
    ],
)
def test_the_network_before_a_bad_loss_is_named(whole, report):
    _, workdir = whole
    stop = train.StopAtNaN(CONFIG, workdir)
    stop.on_epoch_begin(1)
    with pytest.raises(
        FloatingPointError, match="in epoch 2. .* epoch before is in .*last.ker"
    ):
        report(stop)


def rates(steps=100, **changes):
    config = dataclasses.replace(CONFIG, learning_rate=0.5, **changes)
    schedule = train.make_optimizer(config, steps)._learning_rate
    return [float(schedule(step)) for step in range(steps + 1)]


def test_the_learning_rate_rises_and_falls():
    rate = rates(warmup=0.2)
    assert rate[0] == 0
    assert rate[10] == pytest.approx(0.25)
    assert rate[20] == pytest.approx(0.5)
    assert rate[60] == pytest.approx(0.25)
    assert rate[100] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_without_warmup_the_learning_rate_begins_high(schedule):
    rate = rates(warmup=0.0, schedule=schedule)
    assert rate[0] == pytest.approx(0.5)
    end = 0.5 if schedule == "constant" else 0
    assert rate[100] == pytest.approx(end, abs=1e-6)


def test_a_network_without_nodes_has_nothing_to_cue():
    config = dataclasses.replace(CONFIG, cues=0.5, levels=(((8, 1, 1),),))
    taxonomy = hlp_keras.Taxonomy.from_nested(TREE)
    assert train.build_model(config, taxonomy, (16, 16, 3)).gate is None


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_only_kernels_decay(optimizer):
    config = dataclasses.replace(
        CONFIG, optimizer=optimizer, weight_decay=0.1, warmup=0.0
    )
    taxonomy = hlp_keras.Taxonomy.from_nested(TREE)
    model = train.build_model(config, taxonomy, (16, 16, 3))
    train.compile_model(model, config, steps_per_epoch=4)
    for variable in model.trainable_variables:
        variable.assign(keras.ops.ones(variable.shape))
    zeros = [keras.ops.zeros(v.shape) for v in model.trainable_variables]
    model.optimizer.apply(zeros, model.trainable_variables)
    for variable in model.trainable_variables:
        is_kernel = len(variable.shape) > 1
        assert (np.array(variable) < 1).all() == is_kernel, variable.path
