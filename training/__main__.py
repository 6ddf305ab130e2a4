"""Trains, evaluates and compares a hierarchical network, by command.

    hlp-train --config cifar10 --data cifar10 --workdir out --config.epochs=40
    hlp-train --finetune quantize --from out --workdir out_int8
    hlp-evaluate --workdir out
    hlp-compare --config cifar10 --data cifar10 --workdir comparison

`python -m training` is hlp-train.
"""

import dataclasses
import math
import os
import pathlib
import sys

from absl import flags

from training import command, finetuning, sources
from training import config as configs
from training.workdir import Workdir

_OVERRIDE = "config."
# tf-keras in place of Keras, which tensorflow-model-optimization needs.
_LEGACY = "TF_USE_LEGACY_KERAS"
# Flags that say nothing to a training from scratch.
_OF_FINETUNING = ("from", "sparsity", "sparsity_schedule", "clusters")


def train() -> None:
    """Runs `hlp-train`."""
    _define_run(is_required=False)
    flags.DEFINE_string(
        "workdir",
        None,
        "Directory of the run. The same command again goes on with a run that "
        "was broken off.",
        required=True,
    )
    _define_finetuning()
    command.run("hlp-train", __name__, lambda: _train(flags.FLAGS))


def evaluate() -> None:
    """Runs `hlp-evaluate`."""
    flags.DEFINE_string(
        "workdir",
        None,
        "Directory of the run; evaluation.json is written there, or "
        "evaluation_best.json.",
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
    flags.DEFINE_integer(
        "seed", 0, "Of the random category sets and cues.", lower_bound=0
    )
    flags.DEFINE_float(
        "cue_gain",
        None,
        "Gain of the nodes that are cued, by default hlp_keras.DEFAULT_GAIN.",
    )
    flags.DEFINE_string(
        "preset",
        None,
        "Name under which the network becomes a preset in hlp_keras/presets, "
        "with a card of its data, recipe, accuracy and cost.",
    )
    command.run("hlp-evaluate", __name__, lambda: _evaluate(flags.FLAGS))


def compare() -> None:
    """Runs `hlp-compare`."""
    _define_run()
    flags.DEFINE_string(
        "workdir",
        None,
        "Directory of all runs; comparison.json is written there. The same "
        "command again trains what is missing.",
        required=True,
    )
    flags.DEFINE_integer(
        "sets_per_size",
        7,
        "How many random sets of 2, 3 and 5 branches.",
        lower_bound=0,
    )
    flags.DEFINE_integer("sets_seed", 0, "Of the random sets.", lower_bound=0)
    flags.DEFINE_bool(
        "only_whole",
        False,
        "Compare the hierarchical network with the plain one alone, without "
        "category sets.",
    )
    for name, of, equal in (
        ("plain_widths", "of all categories", "full network"),
        ("scratch_widths", "for every node", "cutout"),
    ):
        flags.DEFINE_list(
            name,
            [],
            f"Multiples of the filters of further plain networks {of}, as in "
            f"0.5,0.7, to find the size that is as accurate as the {equal}.",
        )
    flags.DEFINE_string(
        "finished",
        None,
        "Directory for the test logits of finished networks, by default "
        "--workdir. With a copy of it another machine can go on.",
    )
    flags.DEFINE_string("plots", None, "Directory for plots, if any.")
    command.run("hlp-compare", __name__, lambda: _compare(flags.FLAGS))


def _define_finetuning():
    """Defines the flags of a fine-tuning."""
    recipes = "; ".join(
        f"{method}: {' and '.join(f'{k}={v}' for k, v in changes.items())}"
        for method, changes in finetuning.RECIPES.items()
    )
    flags.DEFINE_enum(
        "finetune",
        None,
        finetuning.METHODS,
        f"Go on with a trained network for a few epochs: quantisation-aware, "
        f"pruned or with clustered weights. --config and --data are by default "
        f"those of its training, but without warm-up and with other epochs and "
        f"learning rates ({recipes}).",
    )
    flags.DEFINE_string(
        "from",
        None,
        "With --finetune, the network to begin with: a work directory, or the "
        "name of a preset.",
    )
    flags.DEFINE_float(
        "sparsity",
        0.75,
        "Part of every kernel to prune, but for those of less than 500 "
        "weights, which stay dense.",
    )
    flags.DEFINE_enum(
        "sparsity_schedule",
        "polynomial",
        finetuning.SCHEDULES,
        "Prune at once, or more and more in the first third of the steps.",
    )
    flags.DEFINE_integer("clusters", 16, "Different weights that a kernel has.")


def _define_run(is_required=True):
    """Defines the flags that say what is trained on what."""
    flags.DEFINE_string(
        "config",
        None,
        f"Settings of the run: {', '.join(configs.list_configs())}, or the "
        f"path of a Python file with get_config(). --config.FIELD=value "
        f"replaces one of them.",
        required=is_required,
    )
    flags.DEFINE_string(
        "data",
        None,
        "Source of the images: fashion_mnist_mini, fashion_mnist, cifar10, "
        "cifar100, a directory or an .npz file.",
        required=is_required,
    )
    for field in dataclasses.fields(configs.TrainConfig):
        flags.DEFINE_string(
            f"{_OVERRIDE}{field.name}", None, field.metadata["doc"]
        )


def _load_run(options):
    config = configs.load_config(options.config, _overrides(options))
    return config, sources.load_source(options.data, config.image_size)


def _overrides(options):
    return {
        name.removeprefix(_OVERRIDE): value
        for name, value in options.flag_values_dict().items()
        if name.startswith(_OVERRIDE) and value is not None
    }


def _train(options):
    if options.finetune is not None:
        return _finetune(options)
    for name in _OF_FINETUNING:
        if options[name].present:
            raise ValueError(f"--{name} has no meaning without --finetune.")
    for name in ("config", "data"):
        if options[name].value is None:
            raise ValueError(f"Expected --{name}; see --help.")
    config, source = _load_run(options)
    # Imported late: TensorFlow takes seconds, and a wrong flag none.
    from training import train

    train.train_and_evaluate(config, source, options.workdir)


def _finetune(options):
    if options["from"].value is None:
        raise ValueError(
            "--finetune needs --from, a work directory or the name of a preset."
        )
    start = finetuning.find_start(options["from"].value)
    stages = finetuning.stages(
        options.finetune,
        start.method,
        options.sparsity,
        options.sparsity_schedule,
        options.clusters,
    )
    config = start.config
    if options.config is not None:
        config = configs.load_config(options.config)
    changes = _overrides(options)
    finetuning.check_changes(changes)
    recipes = [
        configs.override(finetuning.recipe(config, stage.method), changes)
        for stage in stages
    ]
    source = sources.load_source(
        options.data or start.data, recipes[0].image_size
    )
    finetuning.check_installed()
    if os.environ.get(_LEGACY) != "1":
        _restart({_LEGACY: "1", "KERAS_BACKEND": "tensorflow"})
    from training import compression_report, finetune

    model = finetune.finetune(
        start.load(),
        list(zip(stages, recipes, strict=True)),
        source,
        options.workdir,
    )
    print(f"\n{compression_report.measure(model)}")


def _restart(environment):
    """Runs the same command in place of this process, which ends here."""
    sys.stdout.flush()
    # Not `-m training`, which would take the user's own training.py.
    root = str(pathlib.Path(__file__).parent.parent)
    code = (
        f"import sys; sys.path = [{root!r}, *filter(None, sys.path)]; "
        f"sys.argv[0] = {sys.argv[0]!r}; "
        f"from training.__main__ import train; train()"
    )
    os.execve(
        sys.executable,
        [sys.executable, "-c", code, *sys.argv[1:]],
        {**os.environ, **environment},
    )


def _evaluate(options):
    workdir = Workdir(options.workdir)
    data = options.data or workdir.data()
    if options.preset is not None:
        _check_as_trained(options.checkpoint, data, workdir)
    import hlp_keras
    from training import evaluate, preset

    if options.preset is not None:
        preset.check(options.preset, workdir)  # Before minutes of evaluation.
    checkpoint, path = {
        "last": (workdir.last, workdir.evaluation),
        "best": (workdir.best, workdir.evaluation_best),
    }[options.checkpoint]
    model = hlp_keras.load_model(checkpoint)
    source = sources.load_source(data, image_size=model.inputs[0].shape[1:3])
    if options.preset is not None:
        # What the card says is measured on the weights that are shipped.
        model.set_weights(preset.round_weights(model.get_weights()))
    cue_gain = options.cue_gain
    if cue_gain is None:
        cue_gain = hlp_keras.DEFAULT_GAIN
    evaluation = evaluate.evaluate(model, source, options.seed, cue_gain)
    evaluation.save(path)
    logged = len(workdir.rows(math.inf))
    print(f"\n{checkpoint}, {logged} epochs in {workdir.log.name}\n")
    print(f"{evaluation}\n\nWritten to {path}")
    if options.preset is not None:
        made = preset.make_preset(options.preset, model, workdir, evaluation)
        print(f"Preset in {made}")


def _check_as_trained(checkpoint, data, workdir):
    """A preset's card says which command made the network, on which data."""
    if checkpoint != "last":
        raise ValueError(
            f"Expected the last network of the run for a preset, which its "
            f"command gives again, got --checkpoint={checkpoint}. "
            f"Leave the flag away."
        )
    if pathlib.PurePath(data).name != workdir.data_name():
        raise ValueError(
            f"Expected the run's data, {workdir.data_name()}, for the accuracy "
            f"on a preset's card, got --data={data}. Evaluate on other "
            f"images without --preset."
        )


def _compare(options):
    plain_widths = _numbers(options, "plain_widths")
    scratch_widths = _numbers(options, "scratch_widths")
    config, source = _load_run(options)
    from training import compare

    if options.plots is not None:
        # Not after hours of training: Matplotlib is in the extra `report`.
        from training import comparison_plots

    comparison = compare.compare(
        config,
        source,
        options.workdir,
        options.sets_per_size,
        options.sets_seed,
        plain_widths,
        scratch_widths,
        options.finished,
        options.only_whole,
    )
    path = pathlib.Path(options.workdir) / "comparison.json"
    comparison.save(path)
    print(f"\n{comparison}\n\nWritten to {path}")
    if options.plots is not None:
        comparison_plots.save(comparison, options.plots)


def _numbers(options, name):
    try:
        return tuple(map(float, options[name].value))
    except ValueError as error:
        raise ValueError(
            f"Expected --{name} to be numbers with commas, as in 0.5,0.7: "
            f"{error}."
        ) from error


if __name__ == "__main__":
    train()
