"""The files of a run, and what keeps them in step."""

import csv
import dataclasses
import filecmp
import hashlib
import json
import os
import pathlib
import shutil
from collections.abc import Mapping

from training import files
from training.config import NETWORKS, TrainConfig
from training.sources import Source

# What the file of every run has had.
_KEYS = {"data", "config"}
# What early runs did not note, and others know only where a file is there.
_OPTIONAL = {
    "categories",
    "tree",
    "weights",
    *(f"{setting}_file" for setting in NETWORKS),
    "train_images",
    "test_images",
}
# What an error does not quote, such as a tree of many categories.
_LONG = 200
_DEFAULTS = {
    field.name: field.default
    for field in dataclasses.fields(TrainConfig)
    if field.default is not dataclasses.MISSING
}


class Workdir:
    """Directory of a training run.

    | file | what |
    |---|---|
    | `config.json` | the settings and the data, written first |
    | `log.csv` | a row per finished epoch |
    | `last.keras` | the network after the last finished epoch |
    | `best.keras` | the one with the best accuracy on the test images |
    | `tensorboard/` | for `tensorboard --logdir` |
    | `evaluation.json` | what `hlp-evaluate` found of `last.keras` |
    | `evaluation_best.json` | and of `best.keras` |
    | `state.npz` | in place of `best.keras`, where a fine-tuning goes on |
    | `master.tflite` | the int8 model with the ranges of a fine-tuning |

    A run may be killed at any moment. So `last.keras` alone, with its
    optimizer's count of steps, says which epochs are finished: the log is
    written before it, and rows of epochs that it does not know are written
    anew; `best.keras` is a copy of it, made after it or at the next start.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = pathlib.Path(path)
        self.config = self.path / "config.json"
        self.log = self.path / "log.csv"
        self.last = self.path / "last.keras"
        self.best = self.path / "best.keras"
        self.tensorboard = self.path / "tensorboard"
        self.evaluation = self.path / "evaluation.json"
        self.evaluation_best = self.path / "evaluation_best.json"
        self.state = self.path / "state.npz"
        self.master = self.path / "master.tflite"

    def claim(
        self,
        config: TrainConfig,
        source: Source,
        finetuning: Mapping | None = None,
        weights: str | None = None,
    ) -> None:
        """Makes this the directory of a run, or checks that it is already.

        Args:
            config: the settings.
            source: the images.
            finetuning: what else a fine-tuning is told.
            weights: digest of those that a fine-tuning begins with.

        Raises:
            ValueError: it belongs to a run with other settings or data.
            OSError: it cannot be written.
        """
        mine = {"data": source.name, **settings_of(config, source)}
        if finetuning is not None:
            mine["finetuning"] = dict(finetuning)
            mine["weights"] = weights
        text = json.dumps(mine, indent=2, ensure_ascii=False) + "\n"
        if self.config.exists():
            check_same(self.path, self._read_config(), mine)
        else:
            with files.replacing(self.config) as partial:
                partial.write_text(text, encoding="utf-8")

    def data(self) -> str:
        """The source of images that the run was given.

        Raises:
            FileNotFoundError: there was no run in this directory.
        """
        return self._read_config()["data"]

    def data_name(self) -> str:
        """Its name without the path: where it was helps nobody elsewhere."""
        return pathlib.PurePath(self.data()).name

    def settings(self) -> TrainConfig:
        """The settings that the run was given.

        Raises:
            FileNotFoundError: there was no run in this directory.
            ValueError: the run is of another version, with other settings.
        """
        try:
            return TrainConfig(**self._read_config()["config"])
        except TypeError as error:
            raise ValueError(
                f"Expected the settings of this version in {self.config}, but "
                f"{error}. Use the version of the package that trained it."
            ) from error

    def finetuning(self) -> dict:
        """What a fine-tuning was told beside the settings; else nothing."""
        return self._read_config().get("finetuning", {})

    def check_finished(self) -> TrainConfig:
        """The settings of a run all of whose epochs are finished.

        Raises:
            FileNotFoundError: there was no run in this directory.
            ValueError: epochs are missing.
        """
        config = self.settings()
        finished = len(self.rows(config.epochs)) if self.last.exists() else 0
        if finished < config.epochs:
            raise ValueError(
                f"Expected a finished run, but {self.path} has {finished} of "
                f"{config.epochs} epochs in {self.log.name}. Go on with "
                f"hlp-train."
            )
        return config

    def _read_config(self):
        try:
            written = json.loads(self.config.read_text(encoding="utf-8"))
            if not isinstance(written, dict) or not written.keys() >= _KEYS:
                raise ValueError("it is not of a training run")
            return written
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"Expected the work directory of a training run, but there "
                f"is no {self.config}. Train first, with hlp-train."
            ) from error
        except ValueError as error:
            raise ValueError(
                f"{self.config} cannot be read: {error}. Choose another work "
                f"directory."
            ) from error

    def save_epoch(
        self, model, epoch: int, metrics: Mapping[str, float]
    ) -> None:
        """Keeps the Keras model and metrics of an epoch, counted from 1."""
        self.save_last(model, epoch, metrics)
        self.update_best(epoch)

    def save_last(
        self, model, epoch: int, metrics: Mapping[str, float]
    ) -> None:
        """Keeps them without asking whether the network is the best."""
        rows = [*self.rows(epoch - 1), {"epoch": epoch, **metrics}]
        with files.replacing(self.last) as partial:
            # It takes long; what is left after the log is to rename it.
            model.save(partial)
            self._write_log(rows)

    def _write_log(self, rows):
        with (
            files.replacing(self.log) as partial,
            partial.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.DictWriter(file, rows[-1])
            writer.writeheader()
            writer.writerows(rows)

    def rows(self, finished_epochs: float) -> list[dict[str, str]]:
        """The log's rows of the epochs that are finished."""
        if not self.log.exists():
            return []
        with self.log.open(encoding="utf-8", newline="") as file:
            return [
                row
                for row in csv.DictReader(file)
                if int(row["epoch"]) <= finished_epochs
            ]

    def update_best(self, finished_epochs: int) -> None:
        """Copies the last network when none was better before."""
        rows = self.rows(finished_epochs)
        is_best = rows and rows[-1] is max(rows, key=_test_accuracy)
        if is_best and not self._is_copied():
            with files.replacing(self.best) as partial:
                shutil.copyfile(self.last, partial)

    def _is_copied(self):
        return self.best.exists() and filecmp.cmp(
            self.last, self.best, shallow=False
        )


def settings_of(config: TrainConfig, source: Source) -> dict:
    """What a run is told, as JSON gives it back."""
    settings = {
        "images": len(source.train.images),
        # Corrected labels, or other images in the same place.
        "train_images": source.train.digest(),
        "test_images": source.test.digest(),
        # The file that the settings name may have changed meanwhile.
        "categories": source.class_names,
        "tree": source.tree,
        "config": dataclasses.asdict(config),
    }
    for setting in NETWORKS:
        network = getattr(config, setting)
        if network is not None and os.path.isfile(network):
            # As of the taxonomy: the name alone does not tell what is in it.
            content = pathlib.Path(network).read_bytes()
            settings[f"{setting}_file"] = hashlib.sha256(content).hexdigest()
    return json.loads(json.dumps(settings))


def check_same(path: os.PathLike, theirs: Mapping, mine: Mapping) -> None:
    """Raises ValueError unless what is at `path` is of the same run."""
    # A run from before there was a setting had what is its default now.
    theirs, mine = (
        {**_DEFAULTS, **run, **run["config"]} for run in (theirs, mine)
    )
    names = (theirs.keys() | mine.keys()) - {"config"}
    names -= _OPTIONAL - (theirs.keys() & mine.keys())
    differences = [
        _difference(name, theirs.get(name), mine.get(name))
        for name in sorted(names)
        if theirs.get(name) != mine.get(name)
    ]
    if differences:
        raise ValueError(
            f"The work directory {path} belongs to another run: "
            f"{'; '.join(differences)}. Choose another directory, or the "
            f"same settings to go on with that run."
        )


def _difference(name, theirs, mine):
    if max(len(repr(theirs)), len(repr(mine))) > _LONG:
        return f"{name} is another there"
    return f"{name} is {theirs!r} there and {mine!r} here"


def _test_accuracy(row):
    return float(row["val_accuracy"])
