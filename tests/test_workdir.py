"""The files of a run, however it ends."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

import hlp_keras
from training import data
from training.config import TrainConfig
from training.sources import Source, Split
from training.workdir import Workdir

CONFIG = TrainConfig(taxonomy="cifar10", epochs=5)
SPLIT = Split(np.zeros((3, 4, 4, 1), np.uint8), np.zeros(3, np.int32))
SOURCE = Source("photos", SPLIT, SPLIT, ("cat", "dog"))


class FakeModel:
    """Saves its text as a Keras model saves its weights."""

    def __init__(self, text):
        self.text = text

    def save(self, path):
        path.write_text(self.text)


@pytest.fixture
def workdir(tmp_path):
    return Workdir(tmp_path / "run")


def save(workdir, epoch, accuracy=0.5):
    metrics = {"loss": 1.0, "val_accuracy": accuracy}
    workdir.save_epoch(FakeModel(f"epoch {epoch}"), epoch, metrics)


def test_an_epoch_leaves_a_row_and_the_last_network(workdir):
    save(workdir, 1)
    save(workdir, 2)
    assert workdir.log.read_text().split() == [
        "epoch,loss,val_accuracy",
        "1,1.0,0.5",
        "2,1.0,0.5",
    ]
    assert workdir.last.read_text() == "epoch 2"


def test_the_best_network_is_the_first_of_the_most_accurate(workdir):
    for epoch, accuracy in enumerate((0.2, 0.9, 0.9, 0.5), start=1):
        save(workdir, epoch, accuracy)
    assert workdir.best.read_text() == "epoch 2"
    assert workdir.last.read_text() == "epoch 4"


class Killed(BaseException):
    pass


def kill(*args):
    raise Killed


def test_a_kill_before_the_network_is_saved_redoes_the_row(
    workdir, monkeypatch
):
    save(workdir, 1)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(FakeModel, "save", kill)
        save(workdir, 2, accuracy=0.1)
    assert workdir.last.read_text() == "epoch 1"
    assert len(workdir.rows(5)) == 1  # Nor does the log say that it is done.
    save(workdir, 2, accuracy=0.7)
    assert [row["epoch"] for row in workdir.rows(5)] == ["1", "2"]
    assert workdir.rows(5)[1]["val_accuracy"] == "0.7"


def test_a_kill_before_the_best_is_copied_is_made_good(workdir, monkeypatch):
    save(workdir, 1)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(shutil, "copyfile", kill)
        save(workdir, 2, accuracy=0.9)
    assert workdir.best.read_text() == "epoch 1"
    workdir.update_best(2)
    assert workdir.best.read_text() == "epoch 2"


def test_a_row_of_an_unfinished_epoch_does_not_count(workdir, monkeypatch):
    save(workdir, 1)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(FakeModel, "save", kill)
        save(workdir, 2, accuracy=0.9)
    workdir.update_best(1)
    assert workdir.best.read_text() == "epoch 1"
    save(workdir, 2, accuracy=0.6)
    assert workdir.best.read_text() == "epoch 2"


def test_a_full_disk_keeps_the_network_before(workdir, monkeypatch):
    def fill_disk(self, path):
        path.symlink_to("/dev/full")
        path.write_text("half")

    save(workdir, 1)
    monkeypatch.setattr(FakeModel, "save", fill_disk)
    with pytest.raises(
        OSError, match="last.keras cannot be written: .*No space.* is kept"
    ):
        save(workdir, 2)
    assert workdir.last.read_text() == "epoch 1"


def test_an_unwritable_directory_is_named():
    with pytest.raises(OSError, match="/dev/null/config.json cannot be writt"):
        Workdir("/dev/null").claim(CONFIG, SOURCE)


def test_the_same_run_may_come_again(workdir):
    workdir.claim(CONFIG, SOURCE)
    workdir.claim(CONFIG, SOURCE)
    assert workdir.data() == "photos"


def test_a_run_from_before_a_setting_was_there_had_its_default(workdir):
    workdir.claim(CONFIG, SOURCE)
    written = json.loads(workdir.config.read_text())
    del written["config"]["temperature"]
    workdir.config.write_text(json.dumps(written))
    workdir.claim(CONFIG, SOURCE)
    config = dataclasses.replace(CONFIG, temperature=3.0)
    with pytest.raises(ValueError, match="temperature is 2.0 there and 3.0"):
        workdir.claim(config, SOURCE)


@pytest.mark.parametrize("setting", ["teacher", "initial_weights"])
def test_a_network_s_file_that_was_changed_is_noticed(
    workdir, tmp_path, setting
):
    network = tmp_path / "network.keras"
    config = dataclasses.replace(CONFIG, **{setting: str(network)})
    network.write_text("one network")
    workdir.claim(config, SOURCE)
    workdir.claim(config, SOURCE)
    network.write_text("another")
    with pytest.raises(ValueError, match=f"another run: {setting}_file is "):
        workdir.claim(config, SOURCE)
    network.unlink()  # Where it is missing nobody knows.
    workdir.claim(config, SOURCE)


@pytest.mark.parametrize("text", ["[]", "{}", '{"config": {}}'])
def test_a_file_of_others_is_no_run(workdir, text):
    workdir.path.mkdir(parents=True, exist_ok=True)
    workdir.config.write_text(text)
    with pytest.raises(ValueError, match="cannot be read: it is not of a trai"):
        workdir.claim(CONFIG, SOURCE)


def test_another_run_is_told_what_differs(workdir):
    workdir.claim(CONFIG, SOURCE)
    config = dataclasses.replace(CONFIG, epochs=6, image_size=(8, 8))
    source = dataclasses.replace(SOURCE, name="paintings")
    with pytest.raises(
        ValueError,
        match="run belongs to another run: data is 'photos' there and "
        "'paintings' here; epochs is 5 there and 6 here; image_size is None "
        r"there and \[8, 8\] here. Choose another directory",
    ):
        workdir.claim(config, source)


def test_a_taxonomy_file_that_was_changed_is_noticed(workdir):
    taxonomies = [
        hlp_keras.Taxonomy.from_nested({"animal": names})
        for names in (["cat", "dog"], ["dog", "cat"])
    ]
    first, changed = (data.relabel(SOURCE, each) for each in taxonomies)
    workdir.claim(CONFIG, first)
    workdir.claim(CONFIG, first)
    with pytest.raises(
        ValueError,
        match=r"categories is \['cat', 'dog'\] there and \['dog', 'cat'\] here",
    ):
        workdir.claim(CONFIG, changed)
    moved = hlp_keras.Taxonomy.from_nested({"pet": ["cat", "dog"]})
    with pytest.raises(ValueError, match="run: tree is {'animal': .* there"):
        workdir.claim(CONFIG, data.relabel(SOURCE, moved))


def test_a_large_tree_is_not_quoted(workdir):
    workdir.claim(CONFIG, dataclasses.replace(SOURCE, tree={"a" * 99: None}))
    other = dataclasses.replace(SOURCE, tree={"b" * 300: None})
    with pytest.raises(ValueError, match="run: tree is another there. Choose"):
        workdir.claim(CONFIG, other)


def test_corrected_labels_are_noticed(workdir):
    workdir.claim(CONFIG, SOURCE)
    train = dataclasses.replace(SPLIT, labels=np.ones(3, np.int32))
    corrected = dataclasses.replace(SOURCE, train=train)
    with pytest.raises(ValueError, match="another run: train_images is "):
        workdir.claim(CONFIG, corrected)


def test_an_early_run_goes_on(workdir):
    workdir.claim(CONFIG, SOURCE)
    early = json.loads(workdir.config.read_text())
    for later in ("categories", "tree", "train_images", "test_images"):
        del early[later]
    workdir.config.write_text(json.dumps(early))
    workdir.claim(CONFIG, SOURCE)


def test_a_directory_without_a_run_is_named(workdir):
    with pytest.raises(FileNotFoundError, match="no .*run/config.json. Train"):
        workdir.data()


def test_a_spoilt_config_is_named(workdir):
    workdir.path.mkdir()
    workdir.config.write_text("{")
    with pytest.raises(
        ValueError, match="config.json cannot be read: .*Choose"
    ):
        workdir.claim(CONFIG, SOURCE)


def test_a_run_of_another_version_is_named(workdir):
    workdir.claim(CONFIG, SOURCE)
    text = workdir.config.read_text()
    workdir.config.write_text(text.replace('"momentum"', '"inertia"'))
    with pytest.raises(
        ValueError, match="config.json, but .*'inertia'. Use the version"
    ):
        workdir.settings()


def test_a_run_keeps_its_settings(workdir):
    workdir.claim(CONFIG, SOURCE)
    assert workdir.settings() == CONFIG
    assert workdir.data() == "photos"
