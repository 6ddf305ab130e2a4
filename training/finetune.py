"""Fine-tunes a trained network: quantisation-aware, pruned or clustered.

tensorflow-model-optimization works on Keras 2, to which TensorFlow switches
for a whole process when it is imported with TF_USE_LEGACY_KERAS=1. `hlp-train`
gives it such a process.
"""

import dataclasses
import hashlib
import logging
import os
import sys
import zipfile
from collections.abc import Sequence

import numpy as np
import tf_keras

import hlp_keras
from tflite_export import export, quiet, summary
from tflite_export.manifest import Calibration
from training import (
    compressed,
    data,
    evaluate,
    files,
    quantized,
    tf_keras_bridge,
    train,
)
from training.config import TrainConfig
from training.finetuning import Finetuning
from training.sources import Source
from training.tuned import Tuned
from training.workdir import Workdir


def finetune(
    model: hlp_keras.HLPModel,
    finetunings: Sequence[tuple[Finetuning, TrainConfig]],
    source: Source,
    workdir: str | os.PathLike,
) -> hlp_keras.HLPModel:
    """Fine-tunes a network, in one stage or several.

    Called again with the same arguments, after a break, it goes on after the
    last finished epoch; when all are finished it does nothing.

    Args:
        model: the trained network, which stays as it is.
        finetunings: the stages, one after the other, each with its recipe and
            augmentation.
        source: the images.
        workdir: directory for what the last stage writes; those before it get
            one of their own inside, named after their method.

    Returns:
        the network with the fine-tuned float weights. When the last stage
        quantises, `workdir` has a master with the ranges that it learnt.

    Raises:
        ValueError: a layer that cannot be fine-tuned so, or settings, images
            and work directory that do not fit together.
        FloatingPointError: the loss is no longer a number.
        OSError: the work directory cannot be written.
    """
    source = data.relabel(source, model.taxonomy)
    evaluate.check_image_shape(model, source)
    for stage, config in finetunings[:-1]:
        inner = Workdir(os.path.join(workdir, stage.method))
        model = _run(model, stage, config, source, inner)
    return _run(model, *finetunings[-1], source, Workdir(workdir))


def _run(model, stage, config, source, workdir):
    """One stage, into its work directory."""
    steps = data.steps_per_epoch(source.train, config)
    tuned = _make(model, stage, config.epochs * steps)
    workdir.claim(config, source, dataclasses.asdict(stage), _digest(model))
    _compile(tuned.model, model.taxonomy, config, steps)
    finished = _restore(tuned.model, workdir) // steps
    logging.info("%d of %d epochs are finished.", finished, config.epochs)
    model = _copy(model)
    if finished < config.epochs:
        tuned.model.fit(
            data.training_batches(source.train, config, finished),
            shuffle=False,  # They are.
            epochs=config.epochs,
            initial_epoch=finished,
            steps_per_epoch=steps,
            validation_data=data.test_batches(source.test, config.batch_size),
            callbacks=[
                *tuned.callbacks,
                _StopAtNaN(config, workdir),
                _Keeper(tuned, model, workdir),
            ],
            verbose=1 if sys.stdout.isatty() else 2,
        )
    tf_keras_bridge.give_back(tuned.read(), model)
    if stage.method == "quantize" and not workdir.master.exists():
        _write_master(tuned.model, model, source, workdir)
    return model


def _make(model, stage, steps) -> Tuned:
    if stage.method == "quantize":
        return quantized.quantize(model, stage.preserve)
    if stage.method == "prune":
        return compressed.prune(
            model, stage.sparsity, stage.sparsity_schedule, steps
        )
    return compressed.cluster(model, stage.clusters)


def _compile(flat, taxonomy, config, steps):
    optimizer = train.make_optimizer(
        config, config.epochs * steps, tf_keras.optimizers
    )
    # As in the training before: biases, normalisations, and here centroids.
    optimizer.exclude_from_weight_decay(
        [v for v in flat.trainable_variables if len(v.shape) < 2]
    )
    loss = train.make_loss(config, taxonomy)
    flat.compile(
        optimizer,
        lambda labels, logits: loss(labels, logits),
        metrics=[tf_keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    optimizer.build(flat.trainable_variables)


def _digest(model):
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(np.ascontiguousarray(weight))
    return digest.hexdigest()


def _copy(model):
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy


# --- what is kept of every epoch ---


def _state(flat):
    return [*flat.variables, *flat.optimizer.variables]


def _save_state(flat, path):
    with files.replacing(path) as partial:
        np.savez(partial, *(variable.numpy() for variable in _state(flat)))


def _restore(flat, workdir):
    """Sets the state that was kept last; returns the steps behind it."""
    if not workdir.state.exists():
        return 0
    try:
        with np.load(workdir.state) as kept:
            pairs = zip(_state(flat), kept.values(), strict=True)
            for variable, value in pairs:
                variable.assign(value)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{workdir.state} cannot be read: {error}. Delete it to begin the "
            f"fine-tuning anew."
        ) from error
    return int(flat.optimizer.iterations)


class _StopAtNaN(train.FiniteLoss, tf_keras.callbacks.Callback):
    """`FiniteLoss` for tf-keras."""


class _Keeper(tf_keras.callbacks.Callback):
    """Keeps every finished epoch.

    `state.npz` is written last: it alone says which epochs are finished.
    """

    def __init__(self, tuned, network, workdir):
        super().__init__()
        self.tuned = tuned
        self.network = network
        self.workdir = workdir

    def on_epoch_end(self, epoch, logs=None):
        rate = float(self.model.optimizer.learning_rate)
        tf_keras_bridge.give_back(self.tuned.read(), self.network)
        self.workdir.save_last(
            self.network, epoch + 1, {**logs, "learning_rate": rate}
        )
        _save_state(self.model, self.workdir.state)


# --- the master ---


def _write_master(flat, model, source, workdir):
    with quiet.quiet():
        converted = quantized.to_tflite(flat)
    # The master knows categories by their index in the full network.
    indices = np.array(list(model.taxonomy.class_indices.values()))
    made = export.export_trained_master(
        model,
        converted,
        source.test.images,
        indices[source.test.labels],
        workdir.master,
        calibration=Calibration(
            f"{workdir.data_name()}, by quantisation-aware training",
            len(source.train.images),
        ),
    )
    print(f"{summary.of_master(made)}\n\nWritten to {workdir.master}")
