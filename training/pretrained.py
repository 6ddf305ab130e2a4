"""Trained networks that a training begins with or learns from."""

import dataclasses
import logging
import os

import hlp_keras
from hlp_keras import assembly
from hlp_keras.parsing import ROOT


def load(name: str | os.PathLike, setting: str) -> hlp_keras.HLPModel:
    """Loads a network that a setting names.

    Args:
        name: of a preset, or the path of a `.keras` file.
        setting: what names it, for the message.

    Raises:
        ValueError: no such network.
    """
    if name in hlp_keras.list_presets():
        return hlp_keras.HLPModel.from_preset(name)
    try:
        return hlp_keras.load_model(name)
    except FileNotFoundError as error:
        presets = ", ".join(hlp_keras.list_presets())
        raise ValueError(
            f"Expected {setting} to be one of the presets {presets} or the "
            f"path of a .keras file, such as last.keras of a work directory, "
            f"got {name!r}."
        ) from error


def initialize(model: hlp_keras.HLPModel, name: str | os.PathLike) -> None:
    """Gives a network the weights of another one where both are alike.

    Those are the trunk, then the branches of the same nodes and the heads of
    the same categories in the same order, as far as their weights have the same
    shapes and what feeds them is taken, too. The others keep the weights they
    have. The log names both. Strides and sizes of images may differ.

    Args:
        model: the network, whose weights are changed.
        name: of a preset, or the path of a `.keras` file.

    Raises:
        ValueError: no such network, or its trunk has another form.
    """
    trained = load(name, "config.initial_weights")
    mine, theirs = _forms(model), _forms(trained)
    taken = []
    for segment, form in mine.items():  # What feeds one comes before it.
        is_fed = form.fed_by is None or form.fed_by in taken
        if is_fed and theirs.get(segment) == form:
            taken.append(segment)
    if assembly.TRUNK not in taken:
        raise ValueError(
            f"Expected config.initial_weights to be a network with the same "
            f"trunk, but that of {name} has weights of other shapes. Choose "
            f"another, or train with its config.family and config.levels[0], "
            f"and on images of as many channels."
        )
    for segment in taken:
        weights = trained.segments[segment].get_weights()
        model.segments[segment].set_weights(weights)
    others = [segment for segment in mine if segment not in taken]
    logging.info(
        "Weights of %s: %s. Not of it: %s.",
        *(name, ", ".join(taken), ", ".join(others) or "none"),
    )


@dataclasses.dataclass(frozen=True)
class _Form:
    """What two segments have in common whose weights mean the same.

    Attributes:
        fed_by: the segment before it, None for the trunk.
        logits: the categories of a head, in order; of others none.
        shapes: of the weights.
    """

    fed_by: str | None
    logits: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]


def _forms(model):
    taxonomy = model.taxonomy
    fed_by = {assembly.TRUNK: None}
    for node in taxonomy.nodes:
        parent = taxonomy.parent(node) or ROOT
        fed_by[assembly.branch_name(node)] = assembly.branch_name(parent)
    logits = {}
    for node in assembly.head_nodes(taxonomy):
        head = assembly.head_name(node)
        fed_by[head] = assembly.branch_name(node)
        logits[head] = assembly.head_categories(taxonomy, node)
    return {
        segment: _Form(
            before,
            logits.get(segment, ()),
            tuple(w.shape for w in model.segments[segment].weights),
        )
        for segment, before in fed_by.items()
    }
