"""Trains (hlp-train) and evaluates (hlp-evaluate) a hierarchical network.

    hlp-train --config cifar10 --data cifar10 --workdir out --config.epochs=40
    hlp-evaluate --workdir out

`python -m training` is hlp-train.
"""

import dataclasses
import os
import sys

from absl import app, flags, logging

from training import config as configs
from training import sources
from training.workdir import Workdir

_OVERRIDE = "config."


def train() -> None:
    """Runs `hlp-train`."""
    flags.DEFINE_string(
        "config",
        None,
        f"Settings of the run: {', '.join(configs.list_configs())}, or the "
        f"path of a Python file with get_config(). --config.FIELD=value "
        f"replaces one of them.",
        required=True,
    )
    flags.DEFINE_string(
        "data",
        None,
        "Source of the images: fashion_mnist_mini, fashion_mnist, cifar10, "
        "cifar100, a directory or an .npz file.",
        required=True,
    )
    flags.DEFINE_string(
        "workdir",
        None,
        "Directory of the run. The same command again goes on with a run that "
        "was broken off.",
        required=True,
    )
    for field in dataclasses.fields(configs.TrainConfig):
        flags.DEFINE_string(
            f"{_OVERRIDE}{field.name}", None, field.metadata["doc"]
        )
    app.run(lambda arguments: _run("hlp-train", _train, arguments))


def evaluate() -> None:
    """Runs `hlp-evaluate`."""
    flags.DEFINE_string(
        "workdir",
        None,
        "Directory of the run; evaluation.json is written there.",
        required=True,
    )
    flags.DEFINE_enum(
        "checkpoint",
        "last",
        ["last", "best"],
        "Network to evaluate. The best one was chosen by its accuracy on the "
        "same test images, so its figures flatter it a little.",
    )
    flags.DEFINE_string(
        "data", None, "Source of the test images, by default the run's."
    )
    flags.DEFINE_integer("seed", 0, "Of the random category sets and cues.")
    flags.DEFINE_float("cue_gain", 1.5, "Gain of the nodes that are cued.")
    app.run(lambda arguments: _run("hlp-evaluate", _evaluate, arguments))


def _run(name, command, arguments):
    """Runs a command; an error that the user can mend becomes one line."""
    if len(arguments) > 1:
        raise app.UsageError(f"Unexpected arguments: {arguments[1:]}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        command(flags.FLAGS)
    except (ValueError, OSError, FloatingPointError) as error:
        logging.debug("Where it happened:", exc_info=True)
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0


def _train(options):
    overrides = {
        name.removeprefix(_OVERRIDE): value
        for name, value in options.flag_values_dict().items()
        if name.startswith(_OVERRIDE) and value is not None
    }
    config = configs.load_config(options.config, overrides)
    source = sources.load_source(options.data, config.image_size)
    # Imported late: TensorFlow takes seconds, and a wrong flag none.
    from training import train

    train.train_and_evaluate(config, source, options.workdir)


def _evaluate(options):
    workdir = Workdir(options.workdir)
    data = options.data or workdir.data()
    import hlp_keras
    from training import evaluate

    checkpoint = {"last": workdir.last, "best": workdir.best}
    model = hlp_keras.load_model(checkpoint[options.checkpoint])
    source = sources.load_source(data, image_size=model.inputs[0].shape[1:3])
    evaluation = evaluate.evaluate(
        model, source, options.seed, options.cue_gain
    )
    evaluation.save(workdir.evaluation)
    print(f"\n{evaluation}\n\nWritten to {workdir.evaluation}")


if __name__ == "__main__":
    train()
