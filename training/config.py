"""What a training run is told: the network, the recipe, the augmentation."""

import ast
import dataclasses
import difflib
import importlib.resources
import math
import operator
import os
import pathlib
import runpy
import types
import typing
from collections.abc import Mapping

_LIMITS = {
    "at_least": operator.ge,
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
}

# Settings that name a trained network, a preset or a file.
NETWORKS = ("initial_weights", "teacher")


def _setting(doc, default=dataclasses.MISSING, choices=(), **limits):
    """A field with its documentation and the values that it may have."""
    metadata = {"doc": doc, "choices": choices, "limits": limits}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All settings of a training run; `hlp-train --help` explains each.

    ```
    config = TrainConfig(taxonomy="cifar10", epochs=20)
    longer = dataclasses.replace(config, epochs=40)
    ```

    Raises:
        ValueError: a value has another type or is out of its range.
    """

    taxonomy: str = _setting(
        "name of a shipped taxonomy, path of a YAML file, or 'directory' for "
        "the nested folders of the images"
    )

    # The network, as the arguments of HLPModel.
    family: str = _setting("kind of blocks: resnet or mobilenet", "resnet")
    levels: tuple | None = _setting(
        "stages (filters, blocks, stride) per level, trunk first; None: "
        "ResNet-8's stages, spread over the levels",
        None,
    )
    width_exponent: float = _setting(
        "how strongly a branch's width follows its number of categories",
        0.5,
        at_least=0,
    )
    image_size: tuple | None = _setting(
        "(height, width) that images are resized to; None: as they are", None
    )

    initial_weights: str | None = _setting(
        "name of a preset, or path of a .keras file, of a network with the "
        "same trunk, whose weights the training starts from: those of the "
        "trunk, and of branches and heads as far as they are the same there. "
        "None: random ones",
        None,
    )

    # The recipe.
    epochs: int = _setting("passes over the images", 20, at_least=1)
    batch_size: int = _setting("images per step", 128, at_least=1)
    optimizer: str = _setting(
        "sgd (with Nesterov momentum), muon (sgd with orthogonal steps of the "
        "convolution kernels) or adamw",
        "sgd",
        choices=("sgd", "muon", "adamw"),
    )
    learning_rate: float = _setting("highest of the schedule", 0.1, above=0)
    momentum: float = _setting("of sgd and muon", 0.9, at_least=0, below=1)
    # Keras takes it off the weights by itself, so that momentum does not
    # multiply it: ten times what papers say of SGD with a momentum of 0.9.
    weight_decay: float = _setting(
        "on kernels, times the learning rate at every step; biases and batch "
        "normalisation have none",
        5e-3,
        at_least=0,
    )
    ema_momentum: float = _setting(
        "the network becomes an exponential average of its weights over the "
        "steps, of this momentum (0.999: about the last thousand; a part of "
        "momentum ** steps stays with the first weights), for a learning rate "
        "that is high to the end. 0: the last weights",
        0.0,
        at_least=0,
        below=1,
    )
    schedule: str = _setting(
        "after the warm-up: cosine (down to 0) or constant",
        "cosine",
        choices=("cosine", "constant"),
    )
    warmup: float = _setting(
        "part of all steps in which the learning rate rises from 0",
        0.1,
        at_least=0,
        below=1,
    )
    label_smoothing: float = _setting(
        "part of the target that goes evenly to all categories",
        0.0,
        at_least=0,
        below=1,
    )
    coarse_weight: float = _setting(
        "weight of the loss on the nodes of the levels", 0.5, at_least=0
    )
    sets_weight: float = _setting(
        "weight of the loss inside random category sets", 0.0, at_least=0
    )
    teacher: str | None = _setting(
        "name of a preset, or path of a .keras file, whose answers are a "
        "second target of the training, not of a fine-tuning; it knows at "
        "least the categories of the network. None: the labels alone",
        None,
    )
    teacher_weight: float = _setting(
        "part of the loss that is the divergence from the teacher's answers; "
        "the rest is that on the labels",
        0.5,
        above=0,
        at_most=1,
    )
    temperature: float = _setting(
        "divides the logits of teacher and network, so that the categories "
        "that come next count, too",
        2.0,
        above=0,
    )
    teacher_mirrored: bool = _setting(
        "take the mean of the teacher's logits of every image and of its "
        "mirror image, in twice the teacher's time",
        False,
    )

    # Top-down cues.
    cues: float = _setting(
        "part of the images that come with a random cue, which raises the gain "
        "on the way to a category; 0 trains without a gain",
        0.0,
        at_least=0,
        at_most=1,
    )
    cue_gain: float = _setting(
        "highest gain of a cue; each has one between 1 and this", 2.0, above=1
    )
    cue_reliability: float = _setting(
        "part of the cues that name the image's category; the others any",
        1.0,
        at_least=0,
        at_most=1,
    )
    cue_gate: str = _setting(
        "where the gain applies: branch_input, block_outputs, head_input or "
        "head_output",
        "head_input",
        choices=("branch_input", "block_outputs", "head_input", "head_output"),
    )

    # The augmentation.
    flip: bool = _setting("mirror every second image, at random", True)
    crop_padding: int = _setting(
        "pixels of black border for a random crop of the old size",
        4,
        at_least=0,
    )
    erasing: float = _setting(
        "part of the images that get a rectangle of random colour",
        0.0,
        at_least=0,
        at_most=1,
    )

    seed: int = _setting(
        "of the weights, the order of the images and the augmentation",
        0,
        at_least=0,
        below=2**31,
    )

    def __post_init__(self):
        types_of = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            # A configuration that comes from JSON has lists.
            value = _as_tuples(getattr(self, field.name))
            object.__setattr__(self, field.name, value)
            _check(field, value, types_of[field.name])
        _check_image_size(self.image_size)
        if self.teacher is not None and self.cues:
            raise ValueError(
                f"Expected config.cues = 0 with a teacher, which sees no cues, "
                f"got {self.cues}. Leave one of them away."
            )


def _as_tuples(value):
    if isinstance(value, (list, tuple)):
        return tuple(map(_as_tuples, value))
    return value


def _check(field, value, expected):
    if not _has_type(value, expected):
        name = getattr(expected, "__name__", str(expected))
        raise ValueError(
            f"Expected config.{field.name} to be of type {name}, got {value!r} "
            f"({field.metadata['doc']})."
        )
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise ValueError(
            f"Expected config.{field.name} to be {' or '.join(choices)}, got "
            f"{value!r}.{_nearest(value, choices)}"
        )
    for limit, bound in field.metadata["limits"].items():
        if not _LIMITS[limit](value, bound):
            raise ValueError(
                f"Expected config.{field.name} to be "
                f"{limit.replace('_', ' ')} {bound}, got {value} "
                f"({field.metadata['doc']})."
            )


def _has_type(value, expected):
    if isinstance(expected, types.UnionType):
        return any(_has_type(value, one) for one in typing.get_args(expected))
    if isinstance(value, bool):
        return expected is bool
    if expected is float:
        return isinstance(value, (int, float)) and math.isfinite(value)
    return isinstance(value, expected)


def _check_image_size(size):
    if size is not None and not (
        len(size) == 2 and all(isinstance(n, int) and n > 0 for n in size)
    ):
        raise ValueError(
            f"Expected config.image_size to be (height, width) or None, got "
            f"{size}."
        )


def load_config(
    name: str, overrides: Mapping[str, str] | None = None
) -> TrainConfig:
    """Loads a configuration by name, or from a Python file of the user's.

    ```
    load_config("cifar10", {"epochs": "40", "image_size": "(24, 24)"})
    ```

    Args:
        name: of a file in `training/configs`, or the path of a file with a
            function `get_config()` that gives a `TrainConfig`.
        overrides: field names and their values, written as in Python; text
            may go without quotes.

    Raises:
        ValueError: no such configuration, one that gives no `TrainConfig`, or
            an override that is no field or does not fit.
    """
    folder = importlib.resources.files("training") / "configs"
    known = list_configs()
    if name in known:
        path = str(folder / f"{name}.py")
    elif name.endswith(".py") and os.path.isfile(name):
        path = name
    else:
        raise ValueError(
            f"Expected a configuration, {', '.join(known)} or the path of a "
            f"Python file, got {name!r}.{_nearest(name, known)}"
        )
    config = _run(path)
    if not isinstance(config, TrainConfig):
        raise ValueError(
            f"Expected a function get_config() in {path} that gives a "
            f"TrainConfig, got {config!r}."
        )
    return override(config, overrides or {})


def _run(path):
    try:
        get_config = runpy.run_path(path).get("get_config")
        return get_config() if callable(get_config) else None
    except Exception as error:  # Whatever the user's own code may raise.
        raise ValueError(
            f"{path} gives no configuration: {type(error).__name__}: {error}."
        ) from error


def override(config: TrainConfig, overrides: Mapping[str, str]) -> TrainConfig:
    """Changes fields to values that are written as in Python."""
    changes = {field: _parse(field, text) for field, text in overrides.items()}
    return dataclasses.replace(config, **changes)


def list_configs() -> list[str]:
    """The names of the configurations that come with the package."""
    folder = importlib.resources.files("training") / "configs"
    names = (pathlib.PurePath(file.name) for file in folder.iterdir())
    return sorted(
        name.stem
        for name in names
        if name.suffix == ".py" and name.stem != "__init__"
    )


def _parse(field, text):
    fields = {f.name: f for f in dataclasses.fields(TrainConfig)}
    if field not in fields:
        raise ValueError(
            f"A configuration has no field {field!r}."
            f"{_nearest(field, fields)} There are {', '.join(fields)}."
        )
    if fields[field].type is str:
        return text
    if str in typing.get_args(fields[field].type):
        return None if text == "None" else text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise ValueError(
            f"Expected a value written as in Python for config.{field} "
            f"({fields[field].metadata['doc']}), got {text!r}."
        ) from error


def _nearest(name, names):
    nearest = difflib.get_close_matches(str(name), names, n=1)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""
