import csv
import dataclasses

import networks
import numpy as np
import pytest

import hlp_keras
from tflite_export import making, slicing
from training import data, finetune, finetuning, sources
from training.config import TrainConfig
from training.workdir import Workdir

CONFIG = TrainConfig(
    taxonomy="pets", epochs=2, batch_size=20, learning_rate=0.01, warmup=0.0
)
_LABELS = np.arange(100, dtype=np.int32) % 5
_SPLIT = sources.Split(
    np.random.default_rng(0).integers(0, 256, (100, 16, 16, 3), np.uint8),
    _LABELS,
)
SOURCE = sources.Source(
    "photos", _SPLIT, _SPLIT, networks.TAXONOMY.categories, None
)


def run(methods, directory, model=None, config=CONFIG, **options):
    return finetune.finetune(
        model or networks.build(),
        [(stage, config) for stage in finetuning.stages(methods, **options)],
        SOURCE,
        directory,
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of two stages that nobody killed, and its network."""
    path = tmp_path_factory.mktemp("whole")
    return Workdir(path), run("prune,quantize", path)


def test_a_run_leaves_a_work_directory(whole):
    workdir, model = whole
    assert workdir.check_finished() == CONFIG
    assert workdir.data() == "photos"
    kept = hlp_keras.load_model(workdir.last)
    images = networks.images()
    np.testing.assert_array_equal(kept(images), model(images))


def test_sparsity_outlives_the_quantisation(whole):
    _, model = whole
    kernel = model.segments["branch_pet"].get_weights()[0]
    assert np.mean(kernel == 0) == pytest.approx(0.75, abs=0.1)


def test_the_master_is_of_the_trained_network(whole):
    workdir, _ = whole
    master = slicing.Master(workdir.master.read_bytes())
    made = master.metadata["made"]
    assert made["accuracy"]["images"] == 100
    assert "quantisation-aware training" in made["calibration"]["source"]
    assert slicing.Master(master.slice(["cat", "ship"])).metadata["labels"] == [
        "ship",
        "cat",
    ]


def test_the_network_that_was_given_stays(tmp_path):
    model = networks.build()
    before = model.get_weights()
    run("prune", tmp_path, model)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


class Killed(BaseException):
    """Stands for a signal that nobody catches."""


@pytest.mark.parametrize(
    "last_written",
    [
        "state",
        pytest.param("last", marks=pytest.mark.slow),
        pytest.param("master", marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_ends_like_one_that_was_not(
    last_written, whole, tmp_path, monkeypatch
):
    replacing = finetune.files.replacing
    written = []

    def kill(path):
        written.append(getattr(path, "stem", path))
        if written.count(last_written) == 1 and written[-1] != last_written:
            raise Killed
        return replacing(path)

    monkeypatch.setattr(finetune.files, "replacing", kill)
    with pytest.raises(Killed):
        run("prune,quantize", tmp_path)
        raise Killed  # The master is the last that is written.
    monkeypatch.undo()
    workdir, expected = whole
    model = run("prune,quantize", tmp_path)
    images = networks.images()
    np.testing.assert_allclose(model(images), expected(images), atol=1e-4)
    with Workdir(tmp_path).log.open() as log:
        assert [row["epoch"] for row in csv.DictReader(log)] == ["1", "2"]


def test_a_directory_of_another_run_is_refused(whole):
    workdir, _ = whole
    with pytest.raises(ValueError, match="belongs to another run.*sparsity"):
        run("prune,quantize", workdir.path, sparsity=0.5)


def test_a_directory_of_another_network_is_refused(whole):
    workdir, _ = whole
    other = networks.build()
    other.set_weights([weight + 1 for weight in other.get_weights()])
    with pytest.raises(ValueError, match="belongs to another run: weights is"):
        run("prune,quantize", workdir.path, other)


def test_images_of_another_size_are_refused_before_anything_is_written(
    tmp_path,
):
    small = networks.build(input_shape=(8, 8, 3))
    with pytest.raises(ValueError, match=r"images of shape \(8, 8, 3\)"):
        run("prune", tmp_path / "new", small)
    assert not (tmp_path / "new").exists()


def test_the_master_of_a_cutout_is_checked_on_its_images(tmp_path):
    small = hlp_keras.cutout(networks.build(), ["dog", "car"])
    indices = list(small.taxonomy.class_indices.values())
    assert indices != [0, 1]
    few = data.restrict(SOURCE, small.taxonomy.categories)
    config = dataclasses.replace(CONFIG, epochs=1)
    stages = [(stage, config) for stage in finetuning.stages("quantize")]
    finetune.finetune(small, stages, few, tmp_path)
    made = slicing.Master(Workdir(tmp_path).master.read_bytes())
    accuracy = making.read(made.metadata).accuracy
    assert accuracy.images == len(few.test.images)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    config = TrainConfig(
        taxonomy="pets", epochs=1, batch_size=20, learning_rate=1e30
    )
    with pytest.raises(FloatingPointError, match="Lower config.learning_rate"):
        run("prune", tmp_path, config=config)


def test_a_damaged_state_is_named(tmp_path):
    run("prune", tmp_path)
    Workdir(tmp_path).state.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="state.npz cannot be read"):
        run("prune", tmp_path)
