"""Measures a trained network, its cutouts and its top-down attention."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import scipy.special

import hlp_keras
from hlp_keras.losses import membership
from training import data, statistics
from training.evaluation import (
    CueResult,
    CutoutResult,
    Evaluation,
    LevelResult,
    SizeResult,
)
from training.sources import Source

_MOST_SIZES = 10


def evaluate(
    model: hlp_keras.HLPModel,
    source: Source,
    seed: int = 0,
    cue_gain: float = hlp_keras.DEFAULT_GAIN,
    sets_per_size: int = 20,
) -> Evaluation:
    """Measures a network on the test images of a source.

    ```
    model = hlp_keras.load_model("out/last.keras")
    print(evaluate(model, load_source("fashion_mnist_mini")))
    ```

    The logits of a cutout are columns of the full network's, so one
    prediction serves for all cutouts.

    Args:
        model: the full network.
        source: has the test images; its classes are the model's categories.
        seed: of the random category sets and the wrong cues.
        cue_gain: gain of the cued nodes.
        sets_per_size: how many random sets are drawn for each size, at least
            two, of which there is a mean.

    Raises:
        ValueError: the images or their classes do not fit the model, or there
            are too few sets.
    """
    if sets_per_size < 2:
        raise ValueError(
            f"Expected at least two random sets of each size, got "
            f"sets_per_size = {sets_per_size}."
        )
    taxonomy = model.taxonomy
    source = data.relabel(source, taxonomy)
    check_images(model, source)
    images = source.test.float_images()
    labels = source.test.labels
    logits = neutral_logits(model, images)
    predicted = logits.argmax(axis=1)
    cost = hlp_keras.cost(model)
    return Evaluation(
        data=source.name,
        images=len(images),
        seed=seed,
        accuracy=statistics.share(predicted == labels),
        params=cost.params,
        macs=cost.macs,
        levels=_evaluate_levels(taxonomy, logits, labels),
        across=_share_across_top_nodes(taxonomy, predicted, labels),
        nodes=_evaluate_nodes(model, logits, labels),
        random_sets=_evaluate_sets(model, logits, labels, seed, sets_per_size),
        cues=_evaluate_cues(model, images, labels, seed, cue_gain),
    )


def neutral_logits(model: hlp_keras.HLPModel, images) -> np.ndarray:
    """The logits of float images in [0, 1]; a gain is neutral."""
    network = hlp_keras.without_gain(model)
    return network.predict(images, batch_size=256, verbose=0)


def check_images(model: hlp_keras.HLPModel, source: Source) -> None:
    """Raises ValueError when a network cannot be measured on a source."""
    check_image_shape(model, source)
    data.check_every_category(source, "test")


def check_image_shape(model: hlp_keras.HLPModel, source: Source) -> None:
    """Raises ValueError when a network takes images of another shape."""
    expected = model.inputs[0].shape[1:]
    if source.image_shape != expected:
        raise ValueError(
            f"The network takes images of shape {expected} (height, width, "
            f"channels), but those of {source.name} have {source.image_shape}."
            f" Resize or convert them, or train a network for them."
        )


def _evaluate_levels(taxonomy, logits, labels):
    p = scipy.special.softmax(logits, axis=1)
    results = []
    for level in range(1, taxonomy.depth):
        member = membership(taxonomy, level)
        right = member.argmax(axis=1)[labels]
        found = (p @ member).argmax(axis=1)
        accuracy = statistics.share(found == right)
        results.append(LevelResult(level, member.shape[1], accuracy))
    return tuple(results)


def _share_across_top_nodes(taxonomy, predicted, labels):
    # A category right below the root is its own top.
    tops = np.array(
        [(name, *taxonomy.ancestors(name))[-1] for name in taxonomy.categories]
    )
    is_wrong = predicted != labels
    if not is_wrong.any():
        return None
    return statistics.share(tops[predicted[is_wrong]] != tops[labels[is_wrong]])


# --- cutouts ---


def _evaluate_nodes(model, logits, labels):
    results = []
    for node in model.taxonomy.nodes:
        names = model.taxonomy.leaves(node)
        cost = hlp_keras.cost(model, names)
        hits = cutout_hits(model.taxonomy, logits, labels, names)
        accuracy = statistics.share(hits)
        results.append(
            CutoutResult(node, len(names), accuracy, cost.params, cost.macs)
        )
    return tuple(results)


def cutout_hits(
    taxonomy: hlp_keras.Taxonomy,
    logits: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    top_down: bool = False,
) -> np.ndarray:
    """Says which images of a category set its cutout gets right.

    Args:
        taxonomy: of the full network.
        logits: of the full network, for all images.
        labels: of all images.
        names: the categories of the set.
        top_down: see `predict_inside`.

    Returns:
        bool array with an entry per image of the set.
    """
    predicted, right = predict_inside(taxonomy, logits, labels, names, top_down)
    return predicted == right


def predict_inside(
    taxonomy: hlp_keras.Taxonomy,
    logits: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    top_down: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Gives what the cutout of a category set predicts, as class indices.

    Args:
        taxonomy: of the full network.
        logits: of the full network, for all images.
        labels: of all images.
        names: the categories of the set.
        top_down: decides with `hlp_keras.decide_top_down`; else the highest
            logit does.

    Returns:
        predicted and right labels of the images of the set.
    """
    kept = np.flatnonzero(np.isin(taxonomy.categories, names))
    is_inside = np.isin(labels, kept)
    logits = logits[is_inside][:, kept]
    if top_down:
        predicted = hlp_keras.decide_top_down(taxonomy.prune(names), logits)
    else:
        predicted = logits.argmax(axis=1)
    return kept[predicted], labels[is_inside]


def _evaluate_sets(model, logits, labels, seed, sets_per_size):
    random = np.random.default_rng(seed)
    categories = model.taxonomy.categories
    results = []
    for size in _sizes(len(categories)):
        sets = draw_sets(categories, size, sets_per_size, random)
        is_all = len(sets) == math.comb(len(categories), size)
        mean = statistics.mean_of_all if is_all else statistics.mean
        costs = [hlp_keras.cost(model, names) for names in sets]
        accuracies = [
            cutout_hits(model.taxonomy, logits, labels, names).mean()
            for names in sets
        ]
        results.append(
            SizeResult(
                size,
                is_all,
                mean(accuracies),
                mean([cost.params for cost in costs]),
                mean([cost.macs for cost in costs]),
            )
        )
    return tuple(results)


def _sizes(number):
    """Sizes of category sets: all, or some of them spread over the range."""
    if number - 2 <= _MOST_SIZES:
        return range(2, number)
    spread = np.geomspace(2, number - 1, _MOST_SIZES).round().astype(int)
    return np.unique(spread).tolist()


def draw_sets(
    categories: Sequence[str],
    size: int,
    number: int,
    random: np.random.Generator,
) -> list[tuple[str, ...]]:
    """Draws different category sets of one size, or gives all if they are few.

    ```
    draw_sets(("cat", "dog", "car"), 2, 20, np.random.default_rng(0))
    # [("cat", "dog"), ("cat", "car"), ("dog", "car")]
    ```
    """
    if math.comb(len(categories), size) <= number:
        return list(itertools.combinations(categories, size))
    sets = {}
    while len(sets) < number:
        chosen = random.choice(len(categories), size, replace=False)
        sets[tuple(categories[i] for i in sorted(chosen))] = None
    return list(sets)


# --- cues ---


def _evaluate_cues(model, images, labels, seed, cue_gain):
    taxonomy = model.taxonomy
    if not taxonomy.nodes:
        return ()
    attended = hlp_keras.attend(model)
    gains = np.array(
        [taxonomy.gain({name: cue_gain}) for name in taxonomy.categories]
    )
    kinds = {
        "neutral": (1.0, np.ones_like(gains[labels])),
        "valid": (cue_gain, gains[labels]),
    }
    wrong = _draw_wrong(taxonomy, labels, np.random.default_rng(seed))
    if wrong is not None:
        kinds["wrong"] = (cue_gain, gains[wrong])
    results = []
    for kind, (factor, gain) in kinds.items():
        logits = attended.predict([images, gain], batch_size=256, verbose=0)
        accuracy = statistics.share(logits.argmax(axis=1) == labels)
        results.append(CueResult(kind, factor, accuracy))
    return tuple(results)


def _draw_wrong(taxonomy, labels, random):
    """Draws for every label a category of another deepest node, if any."""
    parents = np.array([taxonomy.parent(n) for n in taxonomy.categories])
    wrong = np.empty_like(labels)
    for label in np.unique(labels):
        others = np.flatnonzero(parents != parents[label])
        if not others.size:
            return None
        has_label = labels == label
        wrong[has_label] = random.choice(others, has_label.sum())
    return wrong
