"""Trains a hierarchical network."""

import logging
import math
import os
import sys
import zipfile

import keras

import hlp_keras
from training import averaging, cues, data, distillation, muon, pretrained
from training.config import TrainConfig
from training.sources import Source
from training.workdir import Workdir


def train_and_evaluate(
    config: TrainConfig, source: Source, workdir: str | os.PathLike
) -> hlp_keras.HLPModel:
    """Trains until all epochs are finished, and tests after each.

    ```
    config = load_config("fashion_mnist_mini")
    model = train_and_evaluate(config, load_source("fashion_mnist_mini"), "out")
    ```

    Called again with the same arguments, after a break, it goes on after the
    last finished epoch; when all are finished it does nothing.

    Args:
        config: the settings.
        source: the images.
        workdir: directory for what the run writes; see `Workdir`.

    Returns:
        the network after the last epoch.

    Raises:
        ValueError: settings, images and work directory do not fit together.
        FloatingPointError: the loss is no longer a number.
        OSError: the work directory cannot be written.
    """
    _check_image_size(config, source)
    taxonomy = data.load_taxonomy(config.taxonomy, source)
    keras.utils.set_random_seed(config.seed)
    model = build_model(config, taxonomy, source.image_shape)
    train_model(model, config, source, workdir)
    return model


def train_model(
    model: hlp_keras.HLPModel,
    config: TrainConfig,
    source: Source,
    workdir: str | os.PathLike,
) -> None:
    """Trains a network that is there already; see `train_and_evaluate`.

    ```
    plain = hlp_keras.plain_model(taxonomy.categories, macs=12_500_000)
    train_model(plain, config, source, "plain")
    ```

    After a break, call it with a network of the same form; its weights are
    replaced by those of the last finished epoch.

    Args:
        model: the network, whose categories are the classes of the images.
        config: the recipe and the augmentation.
        source: the images.
        workdir: directory for what the run writes.

    Raises:
        ValueError: network, images and work directory do not fit together.
        FloatingPointError: the loss is no longer a number.
        OSError: the work directory cannot be written.
    """
    _check_image_size(config, source)
    source = data.relabel(source, model.taxonomy)
    data.check_every_category(source, "train")
    steps = data.steps_per_epoch(source.train, config)
    _check_average(config, steps)
    compile_model(model, config, steps)
    workdir = Workdir(workdir)
    # What is wrong with a teacher, or with the weights to start from, is said
    # before anything is written. What is gone does not matter to a run that is
    # finished.
    fitted = None
    if not workdir.last.exists():
        if config.initial_weights is not None:
            pretrained.initialize(model, config.initial_weights)
        fitted = _taught(model, config)
    workdir.claim(config, source)
    finished = restore(model, workdir) // steps
    workdir.update_best(finished)
    if finished >= config.epochs:
        logging.info("All %d epochs are finished: %s.", finished, workdir.last)
        return
    logging.info("%d of %d epochs are finished.", finished, config.epochs)
    if fitted is None:
        fitted = _taught(model, config)
    _fit(fitted, model, config, source, workdir, finished)


def _taught(model, config):
    """What to fit: the network, or what holds it and its teacher."""
    if config.teacher is None:
        return model
    teacher = distillation.load_teacher(config.teacher, model)
    if config.teacher_mirrored:
        teacher = distillation.mirrored(teacher)
    return distillation.distiller(
        model,
        teacher,
        _metrics(model.taxonomy),
        config.teacher_weight,
        config.temperature,
    )


def _check_image_size(config, source):
    height_width = source.image_shape[:2]
    if config.image_size not in (None, height_width):
        raise ValueError(
            f"Expected images of config.image_size = {config.image_size}, but "
            f"those of {source.name} are {height_width}. Load them with this "
            f"size."
        )


def _check_average(config, steps_per_epoch):
    steps = config.epochs * steps_per_epoch
    averaged = round(1 / (1 - config.ema_momentum))
    if config.ema_momentum and averaged > steps:
        raise ValueError(
            f"Expected config.ema_momentum to average over fewer steps than "
            f"the run has, {steps:,}, got {config.ema_momentum}, which is over "
            f"about {averaged:,}: what it begins with would be most of the "
            f"network. Lower it, or train longer."
        )


def _fit(fitted, model, config, source, workdir, finished):
    """Fits what `_taught` gave, and keeps the network alone."""
    steps = data.steps_per_epoch(source.train, config)

    def batches_from(epoch):
        batches = data.training_batches(source.train, config, epoch)
        if model.gate is None:
            return batches
        return cues.with_random(batches, model.taxonomy, config, epoch * steps)

    test = data.test_batches(source.test, config.batch_size)
    if model.gate is not None:
        test = cues.with_neutral(test, model.taxonomy)
    callbacks = [
        StopAtNaN(config, workdir),
        SaveEpoch(workdir, model),
        keras.callbacks.TensorBoard(workdir.tensorboard),
    ]
    if config.ema_momentum:  # Before what tests and keeps the network.
        callbacks.insert(
            0, averaging.AverageWeights(model, batches_from, finished > 0)
        )
    fitted.fit(
        batches_from(finished),
        shuffle=False,  # They are.
        epochs=config.epochs,
        initial_epoch=finished,
        steps_per_epoch=steps,
        validation_data=test,
        callbacks=callbacks,
        # A log file is easier to read without the moving bar.
        verbose=1 if sys.stdout.isatty() else 2,
    )


def build_model(
    config: TrainConfig,
    taxonomy: hlp_keras.Taxonomy,
    image_shape: tuple[int, int, int],
) -> hlp_keras.HLPModel:
    """Makes the network that the settings describe.

    One that is trained on cues has a gain, unless there is nothing to cue.
    """
    model = hlp_keras.HLPModel(
        taxonomy,
        image_shape,
        config.family,
        config.levels,
        config.width_exponent,
    )
    # Few levels may leave a taxonomy none of its nodes.
    if config.cues > 0 and model.taxonomy.nodes:
        return hlp_keras.attend(model, config.cue_gate)
    return model


def compile_model(
    model: hlp_keras.HLPModel, config: TrainConfig, steps_per_epoch: int
) -> None:
    """Gives a network the loss, the metrics and the optimizer."""
    optimizer = make_optimizer(config, config.epochs * steps_per_epoch)
    # Biases and batch normalisation, whose variables are vectors.
    optimizer.exclude_from_weight_decay(
        [v for v in model.trainable_variables if len(v.shape) < 2]
    )
    model.compile(
        optimizer,
        make_loss(config, model.taxonomy),
        metrics=_metrics(model.taxonomy),
    )


def _metrics(taxonomy):
    return [
        keras.metrics.SparseCategoricalAccuracy("accuracy"),
        *hlp_keras.level_accuracies(taxonomy),
    ]


def make_loss(
    config: TrainConfig, taxonomy: hlp_keras.Taxonomy
) -> hlp_keras.HierarchicalCrossentropy:
    """Makes the loss on the logits of a network."""
    return hlp_keras.HierarchicalCrossentropy(
        taxonomy,
        coarse_weight=config.coarse_weight,
        sets_weight=config.sets_weight,
        label_smoothing=config.label_smoothing,
        seed=config.seed,
    )


def make_optimizer(
    config: TrainConfig, steps: int, optimizers=keras.optimizers
):
    """Makes the optimizer and its schedule over all steps of the run.

    Args:
        config: the recipe.
        steps: of the run.
        optimizers: the module to take them from, that of Keras or of tf-keras.
    """
    warmup_steps = min(round(config.warmup * steps), steps - 1)
    schedule = optimizers.schedules.CosineDecay(
        0.0 if warmup_steps else config.learning_rate,
        decay_steps=steps - warmup_steps,
        alpha=1.0 if config.schedule == "constant" else 0.0,
        warmup_target=config.learning_rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )
    common = {
        "learning_rate": schedule,
        "weight_decay": config.weight_decay,
        "use_ema": config.ema_momentum > 0,
        "ema_momentum": config.ema_momentum,
    }
    if config.optimizer == "adamw":
        return optimizers.AdamW(**common)
    sgd = muon.Muon if config.optimizer == "muon" else optimizers.SGD
    return sgd(momentum=config.momentum, nesterov=True, **common)


def restore(model: hlp_keras.HLPModel, workdir: Workdir) -> int:
    """Gives a network and its optimizer the state that was kept last.

    Returns:
        how many steps that state has behind it, 0 when none was kept.

    Raises:
        ValueError: what was kept cannot be read.
    """
    if not workdir.last.exists():
        return 0
    model.optimizer.build(model.trainable_variables)
    try:
        model.load_weights(workdir.last)
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{workdir.last} cannot be read: {error}. Choose another work "
            f"directory, or put {workdir.best.name} in its place."
        ) from error
    return int(model.optimizer.iterations)


class SaveEpoch(keras.callbacks.Callback):
    """Keeps a network in the work directory after every finished epoch."""

    def __init__(self, workdir: Workdir, network: hlp_keras.HLPModel):
        super().__init__()
        self.workdir = workdir
        self.network = network

    def on_epoch_end(self, epoch, logs=None):
        rate = float(self.network.optimizer.learning_rate)
        metrics = {**logs, "learning_rate": rate}
        self.workdir.save_epoch(self.network, epoch + 1, metrics)


class FiniteLoss:
    """Ends a run whose loss is no longer a number, with advice.

    Callbacks of Keras and of tf-keras have it in common.

    Raises:
        FloatingPointError: after the first such batch or test.
    """

    def __init__(self, config: TrainConfig, workdir: Workdir):
        super().__init__()
        self.config = config
        self.workdir = workdir

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        self._check(logs["loss"], "loss")

    def on_epoch_end(self, epoch, logs=None):
        self._check(logs["val_loss"], "loss on the test images")

    def _check(self, loss, name):
        if math.isfinite(loss):
            return
        kept = "No epoch was finished before."
        if self.workdir.last.exists():
            kept = f"The network of the epoch before is in {self.workdir.last}."
        raise FloatingPointError(
            f"The {name} became {loss} in epoch {self.epoch}. Lower "
            f"config.learning_rate (now {self.config.learning_rate}) or "
            f"lengthen config.warmup (now {self.config.warmup}), and train in "
            f"a new work directory. {kept}"
        )


class StopAtNaN(FiniteLoss, keras.callbacks.Callback):
    """`FiniteLoss` for Keras."""
