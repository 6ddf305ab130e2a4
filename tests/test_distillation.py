"""A network that learns from another one's answers."""

import dataclasses
import shutil

import keras
import numpy as np
import pytest
import test_train

import hlp_keras
from training import data, distillation, train
from training.workdir import Workdir

SOURCE = test_train.SOURCE
TAXONOMY = hlp_keras.Taxonomy.from_nested(test_train.TREE)


def build(taxonomy=TAXONOMY, shape=(16, 16, 3)):
    return train.build_model(test_train.CONFIG, taxonomy, shape)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """A network and its file."""
    keras.utils.set_random_seed(7)
    model = build()
    path = tmp_path_factory.mktemp("teacher") / "teacher.keras"
    model.save(path)
    return model, str(path)


def config(path):
    return dataclasses.replace(test_train.CONFIG, teacher=path)


@pytest.mark.parametrize(("weight", "temperature"), [(0.5, 2), (1, 4)])
def test_the_loss_is_of_the_labels_and_of_the_teacher(
    teacher, weight, temperature
):
    teacher, _ = teacher
    student = build()
    train.compile_model(student, test_train.CONFIG, steps_per_epoch=4)
    made = distillation.distiller(student, teacher, [], weight, temperature)
    images = SOURCE.test.images / np.float32(255)
    labels = data.relabel(SOURCE, TAXONOMY).test.labels
    mine, theirs = (
        m.predict(images, verbose=0).astype(np.float64)
        for m in (student, teacher)
    )

    def log_softmax(logits):
        logits = logits / temperature
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    p = np.exp(log_softmax(theirs))
    divergence = (p * (log_softmax(theirs) - log_softmax(mine))).sum(axis=1)
    of_labels = float(student.loss(labels, mine.astype(np.float32)))
    expected = (1 - weight) * of_labels
    expected += weight * temperature**2 * divergence.mean()
    found = made.evaluate(images, labels, verbose=0, return_dict=True)["loss"]
    assert found == pytest.approx(expected, rel=1e-3)


def test_the_student_alone_is_trained_and_kept(teacher, tmp_path):
    teacher, path = teacher
    before = teacher.get_weights()
    model = train.train_and_evaluate(config(path), SOURCE, tmp_path)
    workdir = Workdir(tmp_path)
    loaded = keras.saving.load_model(workdir.last)
    assert isinstance(loaded, hlp_keras.HLPModel)
    assert int(loaded.optimizer.iterations) == 3 * (36 // 8)
    assert float(workdir.rows(9)[-1]["learning_rate"]) == 0
    assert "val_accuracy" in workdir.rows(9)[0]
    for kept, weights in (
        (model.get_weights(), loaded.get_weights()),
        (hlp_keras.load_model(path).get_weights(), before),
    ):
        for one, other in zip(kept, weights, strict=True):
            np.testing.assert_array_equal(one, other)
    untaught = train.train_and_evaluate(
        test_train.CONFIG, SOURCE, tmp_path / "untaught"
    )
    assert (untaught.get_weights()[0] != model.get_weights()[0]).any()


def test_a_teacher_may_teach_alone(teacher, tmp_path):
    """Then the labels change nothing."""
    _, path = teacher
    alone = dataclasses.replace(config(path), teacher_weight=1, temperature=4)
    labels = np.roll(SOURCE.train.labels, 1)
    wrong = dataclasses.replace(
        SOURCE, train=dataclasses.replace(SOURCE.train, labels=labels)
    )
    trained = [
        train.train_and_evaluate(settings, source, tmp_path / name)
        for name, settings, source in (
            ("alone", alone, SOURCE),
            ("wrong_labels", alone, wrong),
            ("half", config(path), SOURCE),
        )
    ]
    kernels = [model.get_weights()[0] for model in trained]
    np.testing.assert_allclose(kernels[1], kernels[0], rtol=1e-4, atol=1e-6)
    assert abs(kernels[2] - kernels[0]).max() > 1e-3


def test_a_broken_run_goes_on(teacher, tmp_path):
    """After a break between epochs the end is the same."""
    _, path = teacher
    whole = train.train_and_evaluate(config(path), SOURCE, tmp_path / "whole")
    test_train.train_until_a_break(config(path), tmp_path / "broken")
    again = train.train_and_evaluate(config(path), SOURCE, tmp_path / "broken")
    for one, other in zip(
        again.get_weights(), whole.get_weights(), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_finished_run_needs_no_teacher(teacher, tmp_path):
    copy = tmp_path / "teacher.keras"
    shutil.copy(teacher[1], copy)
    arguments = config(str(copy)), SOURCE, tmp_path / "run"
    taught = train.train_and_evaluate(*arguments)
    copy.unlink()
    again = train.train_and_evaluate(*arguments)
    for one, other in zip(
        again.get_weights(), taught.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_a_teacher_of_more_categories_is_cut(teacher):
    teacher, path = teacher
    student = build(TAXONOMY.prune(["pet"]))
    cut = distillation.load_teacher(path, student)
    images = SOURCE.test.images / np.float32(255)
    np.testing.assert_allclose(
        cut.predict(images, verbose=0),
        teacher.predict(images, verbose=0)[:, :2],
        atol=1e-5,
    )


def test_a_teacher_may_see_every_image_mirrored_too(teacher, tmp_path):
    teacher, path = teacher
    images = SOURCE.test.images / np.float32(255)
    found = distillation.mirrored(teacher).predict(images, verbose=0)
    both = [
        teacher.predict(views, verbose=0)
        for views in (images, images[:, :, ::-1])
    ]
    np.testing.assert_allclose(found, np.mean(both, axis=0), atol=1e-5)
    assert abs(found - both[0]).max() > 1e-2
    trained = [
        train.train_and_evaluate(
            dataclasses.replace(config(path), teacher_mirrored=mirrored),
            SOURCE,
            tmp_path / str(mirrored),
        )
        for mirrored in (False, True)
    ]
    once, twice = (model.get_weights()[0] for model in trained)
    assert abs(once - twice).max() > 1e-3


def test_the_gain_of_a_teacher_is_neutral(tmp_path):
    cued = dataclasses.replace(test_train.CONFIG, cues=0.5)
    train.build_model(cued, TAXONOMY, (16, 16, 3)).save(tmp_path / "a.keras")
    found = distillation.load_teacher(str(tmp_path / "a.keras"), build())
    assert found.gate is None


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (
            lambda: build(shape=(32, 32, 3)),
            r"images of shape \(32, 32, 3\), but .* takes \(16, 16, 3\)",
        ),
        (
            lambda: build(
                hlp_keras.Taxonomy.from_nested(
                    {"pet": ["cat", "cow"], "vehicle": ["car", "bus"]}
                )
            ),
            "does not know bus, cow. Choose",
        ),
        (
            lambda: build(
                hlp_keras.Taxonomy.from_nested(
                    {"vehicle": ["car", "van"], "pet": ["cat", "dog"]}
                )
            ),
            "order car, van, cat, dog, but .* has another",
        ),
    ],
)
def test_a_teacher_that_does_not_fit_is_refused(teacher, student, message):
    _, path = teacher
    with pytest.raises(ValueError, match=message):
        distillation.load_teacher(path, student())


def test_a_teacher_that_is_not_there_is_refused_before_anything_is_written(
    tmp_path,
):
    presets = ", ".join(hlp_keras.list_presets())
    with pytest.raises(
        ValueError, match=f"one of the presets {presets} or .* got 'cifar_mcu'"
    ):
        train.train_and_evaluate(config("cifar_mcu"), SOURCE, tmp_path / "new")
    assert not (tmp_path / "new").exists()
