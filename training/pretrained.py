"""Trained networks that a training begins with or learns from."""

import logging
import os

import hlp_keras
from hlp_keras import assembly


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
    """Gives a network the weights of another one where both are the same.

    Those are the trunk, the branches of the same nodes and the heads of the
    same categories, as far as their weights have the same shapes. The others
    keep the weights they have, and the log names them.

    Args:
        model: the network, whose weights are changed.
        name: of a preset, or the path of a `.keras` file.

    Raises:
        ValueError: no such network, or its trunk has another form.
    """
    trained = load(name, "config.initial_weights")
    taken = {
        segment: trained.segments[segment].get_weights()
        for segment in model.segments
        if _are_alike(segment, model, trained)
    }
    if assembly.TRUNK not in taken:
        raise ValueError(
            f"Expected config.initial_weights to be a network with the same "
            f"trunk, but that of {name} has weights of other shapes. Choose "
            f"another, or train with its config.levels[0] and images."
        )
    for segment, weights in taken.items():
        model.segments[segment].set_weights(weights)
    new = sorted(set(model.segments) - set(taken))
    if new:
        logging.info("Not in %s, so random: %s.", name, ", ".join(new))


def _are_alike(segment, model, trained):
    if segment not in trained.segments:
        return False
    shapes = (
        [weight.shape for weight in one.segments[segment].weights]
        for one in (model, trained)
    )
    return len(set(map(tuple, shapes))) == 1 and _logits_of(
        segment, model
    ) == _logits_of(segment, trained)


def _logits_of(segment, model):
    """The categories of a head, in order; None for other segments."""
    heads = {
        assembly.head_name(node): node
        for node in assembly.head_nodes(model.taxonomy)
    }
    if segment not in heads:
        return None
    return assembly.head_categories(model.taxonomy, heads[segment])
