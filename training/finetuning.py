"""What a fine-tuning is told, and the network that it begins with."""

import dataclasses
import importlib.util
import os
from collections.abc import Mapping

from training.config import TrainConfig
from training.workdir import Workdir

METHODS = (
    "quantize",
    "prune",
    "cluster",
    "prune,quantize",
    "cluster,quantize",
)
SCHEDULES = ("constant", "polynomial")
# What every method changes of the recipe of the training before.
RECIPES = {
    "quantize": {"epochs": 1, "learning_rate": 0.003},
    "prune": {"epochs": 10, "learning_rate": 0.05},
    "cluster": {"epochs": 2, "learning_rate": 0.003},
}
# What made the network, or has no part in a fine-tuning.
_FIXED = {
    "taxonomy",
    "family",
    "levels",
    "width_exponent",
    "initial_weights",
    "ema_momentum",
    "teacher",
    "teacher_weight",
    "temperature",
    "teacher_mirrored",
    "cues",
    "cue_gain",
    "cue_reliability",
    "cue_gate",
}
_PACKAGES = {
    "ai_edge_litert": "ai-edge-litert",
    "tensorflow_model_optimization": "tensorflow-model-optimization",
    "tf_keras": "tf-keras",
}


@dataclasses.dataclass(frozen=True)
class Finetuning:
    """One stage.

    Attributes:
        method: `"quantize"`, `"prune"` or `"cluster"`.
        preserve: the method before it whose work a quantisation keeps:
            `"prune"`, `"cluster"` or None.
        sparsity: part of every kernel that pruning sets to 0, but small ones.
        sparsity_schedule: `"constant"` or `"polynomial"`, which rises in the
            first third of the steps.
        clusters: how many values clustering leaves to a kernel.
    """

    method: str
    preserve: str | None = None
    sparsity: float | None = None
    sparsity_schedule: str | None = None
    clusters: int | None = None


def stages(
    methods: str,
    before: str | None = None,
    sparsity: float = 0.75,
    sparsity_schedule: str = "polynomial",
    clusters: int = 16,
) -> list[Finetuning]:
    """The stages that a name in `METHODS` stands for.

    Args:
        methods: one of `METHODS`.
        before: the last method that the network went through, if any.
        sparsity: from 0.5 to 0.9.
        sparsity_schedule: one of `SCHEDULES`.
        clusters: from 8 to 32.

    Raises:
        ValueError: an argument is out of its range.
    """
    _check(methods in METHODS, "finetune", f"one of {METHODS}", methods)
    _check(0.5 <= sparsity <= 0.9, "sparsity", "from 0.5 to 0.9", sparsity)
    _check(
        sparsity_schedule in SCHEDULES,
        "sparsity_schedule",
        f"one of {SCHEDULES}",
        sparsity_schedule,
    )
    _check(8 <= clusters <= 32, "clusters", "from 8 to 32", clusters)
    made = []
    for method in methods.split(","):
        if method == "quantize":
            preserve = before if before in ("prune", "cluster") else None
            made.append(Finetuning(method, preserve))
        elif before is not None:
            raise ValueError(
                f"Expected a network as it was trained for {method}, got one "
                f"after {before}, which it would undo. Begin with the network "
                f"before that."
            )
        elif method == "prune":
            made.append(
                Finetuning(
                    method,
                    sparsity=sparsity,
                    sparsity_schedule=sparsity_schedule,
                )
            )
        else:
            made.append(Finetuning(method, clusters=clusters))
        before = method
    return made


def _check(is_right, name, expected, got):
    if not is_right:
        raise ValueError(f"Expected --{name} to be {expected}, got {got!r}.")


@dataclasses.dataclass(frozen=True, eq=False)
class Start:
    """A trained network to fine-tune.

    Attributes:
        path: the file it is in.
        config: the recipe it was trained with.
        data: the source of images it was trained with.
        method: how it was fine-tuned already, or None.
    """

    path: str | os.PathLike
    config: TrainConfig
    data: str
    method: str | None = None

    def load(self) -> "hlp_keras.HLPModel":  # noqa: F821
        """Loads the network."""
        import hlp_keras  # not above: it loads TensorFlow

        return hlp_keras.load_model(self.path)


def find_start(name: str) -> Start:
    """Finds the network in a work directory, or the preset of a name.

    Raises:
        FileNotFoundError: there is neither.
        ValueError: the run in the work directory is not finished.
    """
    if not os.path.isdir(name):
        from hlp_keras import presets  # not above: it loads TensorFlow

        known = presets.list_presets()
        if name in known:
            return _preset(name)
        raise FileNotFoundError(
            f"Expected the work directory of a training run or a preset, "
            f"{', '.join(known)}, got {name!r}. Train first, with hlp-train, "
            f"or take a preset."
        )
    workdir = Workdir(name)
    config = workdir.check_finished()
    done = workdir.finetuning()
    # A second quantisation preserves what the first did.
    method = done.get("preserve") or done.get("method")
    return Start(workdir.last, config, workdir.data(), method)


def _preset(name):
    from hlp_keras import presets

    card = presets.load_card(name)
    path = presets.FOLDER / name / presets.MODEL
    return Start(path, TrainConfig(**card["recipe"]), card["data"])


def check_changes(changes: Mapping[str, str]) -> None:
    """Raises ValueError when a setting is changed that a stage does not have.

    Args:
        changes: settings and their values, as typed.
    """
    if changes.get("optimizer") == "muon":
        raise ValueError(
            "Expected config.optimizer to be sgd or adamw for a fine-tuning, "
            "got muon, which tf-keras does not have. Leave it away: after a "
            "training with muon it is sgd."
        )
    fixed = sorted(set(changes) & _FIXED)
    if fixed:
        raise ValueError(
            f"Expected changes of the recipe of a fine-tuning, got "
            f"config.{fixed[0]}, which is of the training before. Leave it "
            f"away."
        )


def check_installed() -> None:
    """Raises ValueError unless what fine-tuning needs is installed."""
    missing = [
        package
        for module, package in _PACKAGES.items()
        if importlib.util.find_spec(module) is None
    ]
    if missing:
        raise ValueError(
            f"Fine-tuning needs {' and '.join(missing)}. Install the extra "
            f"`compress`: pip install 'hlp-keras[train,export,compress]'."
        )


def recipe(config: TrainConfig, method: str) -> TrainConfig:
    """The recipe of a stage, which no teacher looks after.

    tf-keras has no Muon, so what was trained with it goes on with SGD. Weights
    are not averaged.

    Args:
        config: the recipe of the training before.
        method: of the stage.
    """
    optimizer = "sgd" if config.optimizer == "muon" else config.optimizer
    # A rate that stays high was for the sake of the average.
    schedule = "cosine" if config.ema_momentum else config.schedule
    return dataclasses.replace(
        config,
        optimizer=optimizer,
        schedule=schedule,
        ema_momentum=0.0,
        warmup=0.0,
        initial_weights=None,
        teacher=None,
        **RECIPES[method],
    )
