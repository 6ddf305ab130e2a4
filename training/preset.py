"""Makes a preset of the package out of a finished run."""

import dataclasses
import json
import pathlib
import shlex
import zipfile

import numpy as np

import hlp_keras
from hlp_keras import presets
from training import config as configs
from training import files
from training.evaluation import Evaluation
from training.workdir import Workdir

# The package is to stay small.
_MOST_BYTES = 2_000_000
# Of a weight: one more than int8 keeps. The zeros after them cost no space.
_SIGNIFICANT_BITS = 9


def round_weights(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Rounds weights, so that the compressed file has 6 tenths of the size.

    Args:
        weights: of a network, of any shape.

    Returns:
        the nearest numbers of 9 significant bits, as float32, whose range the
        variances of batch normalisations need.
    """
    rounded = []
    for weight in weights:
        mantissas, exponents = np.frexp(weight.astype(np.float32))
        scale = np.float32(2**_SIGNIFICANT_BITS)
        rounded.append(np.ldexp(np.round(mantissas * scale) / scale, exponents))
    return rounded


def make_preset(
    name: str,
    model: hlp_keras.HLPModel,
    workdir: Workdir,
    evaluation: Evaluation,
) -> pathlib.Path:
    """Puts a network and its card into `hlp_keras/presets/<name>`.

    Args:
        name: of the preset.
        model: the network, which is saved without the state of an optimizer;
            `round_weights` makes its file smaller.
        workdir: of the run that trained it.
        evaluation: what it does on the test images.

    Returns:
        the folder of the preset.

    Raises:
        ValueError: the name does not fit, the run is not finished, or the
            network is too large.
        OSError: the folder cannot be written.
    """
    config = check(name, workdir)
    # Where a file was helps nobody elsewhere; names of what ships stay.
    shown = {
        setting: pathlib.PurePath(getattr(config, setting)).name
        for setting in ("taxonomy", *configs.NETWORKS)
        if getattr(config, setting) is not None
    }
    config = dataclasses.replace(config, **shown)
    folder = pathlib.Path(str(presets.FOLDER)) / name
    with files.replacing(folder / presets.MODEL) as partial:
        # A derived model has the same weights, but was never compiled.
        # It takes images alone; `attend` is for the user to choose.
        model.derive(gate=None).save(partial)
        _compress(partial)
        _check_size(partial.stat().st_size)
        # Without a card there is no preset, and none has an older one's.
        (folder / presets.CARD).unlink(missing_ok=True)
    card = {
        "data": workdir.data_name(),
        "command": command(config, workdir.data()),
        "recipe": dataclasses.asdict(config),
        "accuracy": dataclasses.asdict(evaluation.accuracy),
        "params": evaluation.params,
        "macs": evaluation.macs,
    }
    with files.replacing(folder / presets.CARD) as partial:
        text = json.dumps(card, indent=2, ensure_ascii=False)
        partial.write_text(text + "\n", encoding="utf-8")
    return folder


def check(name: str, workdir: Workdir) -> configs.TrainConfig:
    """Raises ValueError unless a run can become a preset of that name.

    Returns:
        the settings of the run.
    """
    if not name.isidentifier():
        raise ValueError(
            f"Expected a name of letters, digits and underscores for a preset, "
            f"as in cifar10_resnet, got {name!r}."
        )
    config = workdir.check_finished()
    if workdir.finetuning():
        raise ValueError(
            f"Expected a network as it was trained, but {workdir.path} has a "
            f"fine-tuned one, whose card would not tell how to make it."
        )
    return config


def _compress(path):
    """Makes the archive smaller, which Keras stores as it is.

    The many layers of branches leave much air in its HDF5 file.
    """
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def _check_size(size):
    if size > _MOST_BYTES:
        raise ValueError(
            f"Expected a network of at most {_MOST_BYTES:,} bytes as a preset, "
            f"got {size:,}. Train one with fewer filters."
        )


def command(config: configs.TrainConfig, data: str) -> str:
    """Writes a run as a command, from the most similar configuration.

    ```
    command(config, "cifar10")
    # "hlp-train --config=cifar10 --data=cifar10 --config.epochs=40 ..."
    ```

    Args:
        config: the settings of the run.
        data: the source of its images; for an absolute path the command says
            `DIR`, since others have them elsewhere.
    """
    if pathlib.PurePath(data).is_absolute():
        data = "DIR"
    names = configs.list_configs()
    changes = {name: _changes(name, config) for name in names}
    nearest = min(names, key=lambda name: len(changes[name]))
    arguments = [
        "hlp-train",
        f"--config={nearest}",
        f"--data={data}",
        *changes[nearest],
        "--workdir=DIR",
    ]
    return shlex.join(arguments)


def _changes(name, config):
    """The flags that make a configuration from the one of this name."""
    before = dataclasses.asdict(configs.load_config(name))
    return [
        f"--config.{field}={value}"
        for field, value in dataclasses.asdict(config).items()
        if value != before[field]
    ]
