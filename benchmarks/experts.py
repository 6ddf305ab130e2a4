"""A pool of experts (Kim and Choi, SIGMOD 2021, arXiv 2107.01354).

An oracle that knows all categories teaches a small plain network, of which the
lower part, the library, is kept as it is; on top of it the oracle teaches an
expert for every group of categories, by its logits of these alone. Networks for
several groups are put together without training. Here the groups are the
deepest nodes of a taxonomy, the library has the stages of the hierarchical
network's trunk, and experts are so wide that all together cost as much as its
branches.
"""

import dataclasses
import pathlib
from collections.abc import Sequence

import keras

import hlp_keras
from hlp_keras import stages
from training import config as configs
from training import data, distillation, sources, train

# Those of the authors' code.
TEMPERATURE = 4.0
SCALE_WEIGHT = 0.3


def build_experts(
    whole: hlp_keras.HLPModel, config: configs.TrainConfig
) -> tuple[hlp_keras.HLPModel, configs.TrainConfig]:
    """Makes a network of a library and an expert per deepest node.

    An expert has the stages that lie behind the trunk, of one width, with which
    all cost as near as can be to the hierarchical network.

    Args:
        whole: the hierarchical network.
        config: its settings.

    Returns:
        the network, and the settings that describe it.
    """
    taxonomy = whole.taxonomy
    nodes = taxonomy.nodes_at(taxonomy.depth - 1)
    flat = hlp_keras.Taxonomy.from_nested(
        {node: list(taxonomy.leaves(node)) for node in nodes},
        categories=taxonomy.categories,
    )
    library, *branches = whole.levels
    behind = [stage for level in branches for stage in level]
    budget = hlp_keras.cost(whole).macs

    def build(filters):
        expert = [dataclasses.replace(s, filters=filters) for s in behind]
        return whole.derive(
            taxonomy=flat,
            levels=[library, expert],
            shared_segments=None,
            name="pool_of_experts",
        )

    widest = max(stage.filters for stage in behind)
    made = [build(filters) for filters in range(8, 2 * widest + 8, 8)]
    model = min(made, key=lambda m: abs(hlp_keras.cost(m).macs - budget))
    levels = stages.levels_to_lists(model.levels)
    return model, dataclasses.replace(config, levels=levels)


def fit_pool(
    experts: hlp_keras.HLPModel,
    config: configs.TrainConfig,
    source: sources.Source,
    workdir: pathlib.Path,
) -> None:
    """Trains the library, then the experts on top of it.

    All experts learn at once: as the library stays as it is, that is as if
    each did alone.
    """
    oracle = distillation.load_teacher(config.teacher, experts)
    plain = plain_above(experts)
    fit_whole(plain, config, source, workdir / "library")
    take_library(experts, plain)
    groups = [
        [source.class_names.index(name) for name in names]
        for names in map(experts.taxonomy.leaves, experts.taxonomy.nodes)
    ]
    loss = Conditional(groups, SCALE_WEIGHT)
    teach(experts, oracle, config, source, loss)


def fit_whole(
    whole: hlp_keras.HLPModel,
    config: configs.TrainConfig,
    source: sources.Source,
    workdir: pathlib.Path,
) -> None:
    """Trains a network by all answers of the oracle, without labels.

    So the library is trained, and the hierarchical network beside the pool.
    """
    alone = dataclasses.replace(
        config, teacher_weight=1.0, temperature=TEMPERATURE
    )
    train.train_model(whole, alone, source, workdir)


def plain_above(experts: hlp_keras.HLPModel) -> hlp_keras.HLPModel:
    """Makes the plain network whose lower part becomes the library.

    Above the library it has ResNet-8's last stage.
    """
    return hlp_keras.plain_model(
        experts.taxonomy.categories,
        experts.inputs[0].shape[1:],
        experts.family,
        [*experts.levels[0], stages.plain_stages()[-1]],
    )


def take_library(
    experts: hlp_keras.HLPModel, plain: hlp_keras.HLPModel
) -> None:
    """Gives the experts the lower part of a plain network, and freezes it."""
    library = experts.segments["trunk"]
    for layer in library.layers:
        below = plain.segments["trunk"].get_layer(layer.name)
        layer.set_weights(below.get_weights())
    library.trainable = False


def teach(
    student: hlp_keras.HLPModel,
    oracle: hlp_keras.HLPModel,
    config: configs.TrainConfig,
    source: sources.Source,
    loss: keras.distillation.DistillationLoss,
) -> None:
    """Trains experts by what the oracle answers, without labels."""
    steps = data.steps_per_epoch(source.train, config)
    train.compile_model(student, config, steps)
    taught = keras.distillation.Distiller(
        oracle, student, loss, student_loss_weight=0.0
    )
    taught.compile(student.optimizer, student.loss)
    taught.fit(
        data.training_batches(source.train, config),
        shuffle=False,  # They are.
        epochs=config.epochs,
        steps_per_epoch=steps,
        verbose=2,
    )


class Conditional(keras.distillation.DistillationLoss):
    """The conditional distillation of Kim and Choi, summed over groups.

    For each group of categories `T**2 * KL(oracle / T, student / T)` of the
    softmax among them, and `scale_weight` times the mean absolute difference
    of their logits.

    Args:
        groups: of each, the indices of its categories.
        scale_weight: of the second part.
    """

    def __init__(self, groups: Sequence[Sequence[int]], scale_weight: float):
        self.groups = groups
        self.scale_weight = scale_weight

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """Gives the mean over the images."""
        loss = 0.0
        for group in self.groups:
            oracle, student = (
                keras.ops.take(logits, group, axis=1)
                for logits in (teacher_outputs, student_outputs)
            )
            soft = keras.losses.kl_divergence(
                keras.ops.softmax(oracle / TEMPERATURE),
                keras.ops.softmax(student / TEMPERATURE),
            )
            loss += TEMPERATURE**2 * keras.ops.mean(soft)
            scale = keras.ops.mean(keras.ops.abs(oracle - student))
            loss += self.scale_weight * scale
        return loss
