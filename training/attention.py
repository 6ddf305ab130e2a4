"""Measures what top-down cues do, beside a constant added to logits.

A cue names a deepest node of the taxonomy. Its gain is raised on the way to
that node, or lowered everywhere else; or, as the cheap alternative, a constant
is added to the logits of the node's categories. A cue may be valid (the node
of the image's category) or wrong (another one, drawn at random).
"""

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np

import hlp_keras
from hlp_keras import gating
from training import data, evaluate, statistics
from training.cued_network import CuedNetwork
from training.sources import Source
from training.statistics import Estimate

RELIABILITIES = (0.6, 0.8, 0.95)
ENHANCING = (1.25, 1.5, 2.0)
INHIBITING = (0.0, 0.5)
CONSTANTS = (0.5, 1.0, 2.0, 4.0)
# Constants that are tried to find the one of a given price.
_FINE = np.arange(0, 30.01, 0.05)


@dataclasses.dataclass(frozen=True)
class Method:
    """A way to use a cue.

    Attributes:
        gate: where a gain applies, one of `hlp_keras.GATES`; `"logits"` for a
            constant added to logits.
        strength: the gain, or the constant. A gain above 1 goes to the nodes
            on the way to the cued one, a gain below 1 to all others.
    """

    gate: str
    strength: float


@dataclasses.dataclass(frozen=True)
class CueEffect:
    """What a method does to the accuracy on images of one object.

    All but `method` are differences of shares with intervals, paired by image.

    Attributes:
        method: that was used.
        valid: accuracy with valid cues minus that without any.
        wrong: accuracy with wrong cues minus that without any.
        reliable: the same for cues that are right as often as each of
            `RELIABILITIES`.
        over_constant: valid accuracy minus that of the constant on logits that
            loses as much by wrong cues; None for constants themselves.
    """

    method: Method
    valid: Estimate
    wrong: Estimate
    reliable: tuple[Estimate, ...]
    over_constant: Estimate | None = None


@dataclasses.dataclass(frozen=True)
class TwoObjects:
    """How often the meant one of several objects is reported.

    Attributes:
        kind: `"average"` of two images, or `"mosaic"` of four.
        method: that was used.
        uncued: share without a cue.
        cued: share with a cue for the meant object.
        miscued: share with a cue for another object of the image.
        gained: `cued` minus `uncued`, paired by image.
        over_constant: `cued` minus that of the constant on logits with which
            as many are reported when miscued; None for constants themselves.
    """

    kind: str
    method: Method
    uncued: Estimate
    cued: Estimate
    miscued: Estimate
    gained: Estimate
    over_constant: Estimate | None = None


@dataclasses.dataclass(frozen=True)
class AttentionStudy:
    """All that was measured of one network.

    Attributes:
        images: how many there are.
        accuracy: without a cue, of the network without a gain.
        above_floor: share of images whose right logit is above
            `gating.FLOOR`, so that a gain at the head output raises it.
        default_gate: where `hlp_keras.attend` puts the gain by default.
        neutral: accuracy with a gain of 1 there minus `accuracy`.
        effects: of every method, on images of one object.
        objects: of every method, on images of several.
    """

    images: int
    accuracy: Estimate
    above_floor: Estimate
    default_gate: str
    neutral: Estimate
    effects: tuple[CueEffect, ...]
    objects: tuple[TwoObjects, ...]


def study(
    model: hlp_keras.HLPModel,
    source: Source,
    seed: int = 0,
    methods: Sequence[Method] | None = None,
) -> AttentionStudy:
    """Measures a trained network on the test images of a source.

    Args:
        model: the full network.
        source: has the test images; its classes are the model's categories.
        seed: of the wrong cues and the partners in images of several objects.
        methods: by default every gate and gain, and constants.

    Raises:
        ValueError: the images do not fit the model, or it has fewer than four
            deepest nodes.
    """
    source = data.relabel(source, model.taxonomy)
    evaluate.check_images(model, source)
    methods = tuple(all_methods() if methods is None else methods)
    cues = Cues(model)
    random = np.random.default_rng(seed)
    images = source.test.float_images()
    labels = source.test.labels
    single = _Images(cues, images, labels, cues.others(labels, random))
    # All before the first prediction, as images may not fit a mosaic.
    composed = [
        (kind, *compose(images, labels, cues, random))
        for kind, compose in (("average", average), ("mosaic", mosaic))
    ]
    objects = []
    for kind, mixed, others in composed:
        several = _Images(cues, mixed, labels, others)
        objects += [several.objects(kind, method) for method in methods]
    return AttentionStudy(
        images=len(images),
        accuracy=statistics.share(single.neutral),
        above_floor=statistics.share(single.right_logits > gating.FLOOR),
        default_gate=cues.default_gate,
        neutral=single.with_neutral_gain(cues.default_gate),
        effects=tuple(map(single.effect, methods)),
        objects=tuple(objects),
    )


def all_methods() -> tuple[Method, ...]:
    """Every gate with every gain, and constants on logits.

    At the head output to inhibit the others by half is to enhance by two: all
    heights are halved, which no decision sees. So it is left out there.
    """
    inhibiting = [
        Method(gate, gain)
        for gate in hlp_keras.GATES
        for gain in INHIBITING
        if gate != "head_output"
    ]
    enhancing = [
        Method(gate, gain) for gate in hlp_keras.GATES for gain in ENHANCING
    ]
    constants = [Method("logits", each) for each in CONSTANTS]
    return (*inhibiting, *enhancing, *constants)


class Cues:
    """Gives a network's logits under cues.

    Attributes:
        network: that is cued.
        nodes: the deepest nodes of its taxonomy.
        node_of: position in these of every category's node.
        default_gate: where `hlp_keras.attend` puts the gain by default.
    """

    def __init__(self, model: hlp_keras.HLPModel):
        taxonomy = model.taxonomy
        self.default_gate = hlp_keras.attend(model).gate
        self.network = CuedNetwork(model)
        self.taxonomy = taxonomy
        self.nodes = taxonomy.nodes_at(taxonomy.depth - 1)
        if len(self.nodes) < 4:
            raise ValueError(
                f"Expected a taxonomy of at least four deepest nodes, to cue "
                f"one of four objects, got {len(self.nodes)}."
            )
        self.node_of = np.array(
            [self.nodes.index(taxonomy.parent(c)) for c in taxonomy.categories]
        )

    def others(self, labels, random) -> np.ndarray:
        """Draws for every label a deepest node that is not its own."""
        own = self.node_of[labels]
        step = random.integers(1, len(self.nodes), len(labels))
        return (own + step) % len(self.nodes)

    def logits(self, features, cued, method: Method) -> np.ndarray:
        """The logits of images, each with a cue for a deepest node.

        Args:
            features: of the images, as those of the network.
            cued: position of a deepest node for each image.
            method: what the cue does to features.
        """
        gains = np.array([self.gain(n, method.strength) for n in self.nodes])
        return self.network.logits(features, gains[cued], method.gate)

    def with_constant(self, logits, cued, constant) -> np.ndarray:
        """Adds a constant to the logits of the cued nodes' categories."""
        return logits + constant * (self.node_of[None] == cued[:, None])

    def gain(self, node: str, strength: float) -> np.ndarray:
        """The gain that enhances one node, or inhibits all others."""
        taxonomy = self.taxonomy
        if strength > 1:
            return taxonomy.gain({node: strength})
        way = {node, *taxonomy.ancestors(node)}
        factors = [1 if each in way else strength for each in taxonomy.nodes]
        return np.array(factors, np.float32)


def average(images, labels, cues: Cues, random):
    """Averages every image with one of another deepest node.

    Returns:
        images, and the node of the other object in each.
    """
    others = cues.others(labels, random)
    partner = _draw_of_node(others, labels, cues, random)
    return (images + images[partner]) / 2, others


def mosaic(images, labels, cues: Cues, random):
    """Puts every image with three of other nodes into a mosaic of its size.

    Each is scaled down by averaging 2x2 pixels; the places are random.

    Returns:
        images, and the node of one other object in each.
    """
    number = len(images)
    own = cues.node_of[labels]
    steps = np.argsort(random.random((number, len(cues.nodes) - 1)), axis=1)
    nodes = (own[:, None] + 1 + steps[:, :3]) % len(cues.nodes)
    chosen = [np.arange(number)]
    chosen += [_draw_of_node(n, labels, cues, random) for n in nodes.T]
    place = np.argsort(random.random((number, 4)), axis=1)
    placed = np.take_along_axis(np.stack(chosen, axis=1), place, axis=1)
    small = _halved(images)
    rows = [
        np.concatenate([small[placed[:, i]], small[placed[:, i + 1]]], axis=2)
        for i in (0, 2)
    ]
    return np.concatenate(rows, axis=1), nodes[:, 0]


def _halved(images):
    number, height, width, channels = images.shape
    if height % 2 or width % 2:
        raise ValueError(
            f"Expected images of even height and width, got {height} x {width}."
        )
    blocks = images.reshape(number, height // 2, 2, width // 2, 2, channels)
    return blocks.mean(axis=(2, 4))


def _draw_of_node(nodes, labels, cues, random):
    """Draws for every node an image of it."""
    drawn = np.empty(len(nodes), np.int64)
    for node in np.unique(nodes):
        members = np.flatnonzero(cues.node_of[labels] == node)
        drawn[nodes == node] = random.choice(members, np.sum(nodes == node))
    return drawn


@dataclasses.dataclass(frozen=True, eq=False)
class _Images:
    """Images with the category that is meant, and the node of a wrong cue."""

    cues: Cues
    images: np.ndarray
    labels: np.ndarray
    others: np.ndarray

    def with_neutral_gain(self, gate):
        """How much more accurate a gain of 1 makes."""
        neutral = Method(gate, 1.0)
        logits = self.cues.logits(self._features, self._own, neutral)
        return statistics.difference(self._is_right(logits), self.neutral)

    def effect(self, method):
        valid, wrong = self._hits(method)
        neutral = self.neutral
        return CueEffect(
            method=method,
            valid=statistics.difference(valid, neutral),
            wrong=statistics.difference(wrong, neutral),
            reliable=tuple(
                _mean_difference(right * valid + (1 - right) * wrong, neutral)
                for right in RELIABILITIES
            ),
            over_constant=self._over_constant(method, valid, wrong),
        )

    def objects(self, kind, method):
        cued, miscued = self._hits(method)
        return TwoObjects(
            kind=kind,
            method=method,
            uncued=statistics.share(self.neutral),
            cued=statistics.share(cued),
            miscued=statistics.share(miscued),
            gained=statistics.difference(cued, self.neutral),
            over_constant=self._over_constant(method, cued, miscued),
        )

    @functools.cached_property
    def neutral(self):
        return self._is_right(self._logits)

    @property
    def right_logits(self):
        """Of each image the logit of the meant category, without a cue."""
        return np.take_along_axis(self._logits, self.labels[:, None], axis=1)

    @functools.cached_property
    def _features(self):
        return self.cues.network.features(self.images)

    @functools.cached_property
    def _logits(self):
        return self.cues.network.logits(self._features)

    @functools.cached_property
    def _own(self):
        return self.cues.node_of[self.labels]

    def _hits(self, method):
        """Which images are right with a valid cue, and with a wrong one."""
        if method.gate == "logits":
            return self._hits_with_constant(method.strength)
        return tuple(
            self._is_right(self.cues.logits(self._features, cued, method))
            for cued in (self._own, self.others)
        )

    def _hits_with_constant(self, constant):
        return tuple(
            self._is_right(
                self.cues.with_constant(self._logits, cued, constant)
            )
            for cued in (self._own, self.others)
        )

    @functools.cached_property
    def _constants(self):
        """Hits for all constants that are tried, weak ones first."""
        return [self._hits_with_constant(constant) for constant in _FINE]

    def _over_constant(self, method, valid, wrong):
        if method.gate == "logits":
            return None
        same, _ = min(
            self._constants,
            key=lambda hits: abs(hits[1].mean() - wrong.mean()),
        )
        return statistics.difference(valid, same)

    def _is_right(self, logits):
        return logits.argmax(axis=1) == self.labels


def _mean_difference(values, others):
    return statistics.mean(np.subtract(values, others, dtype=np.float64))
