"""How sparse and how clustered the weights of a network are, per segment."""

import dataclasses
import math

import keras
import numpy as np

import hlp_keras
from hlp_keras import assembly
from training import tables

_KERNELS = (keras.layers.Conv2D, keras.layers.Dense)


@dataclasses.dataclass(frozen=True)
class SegmentWeights:
    """The kernels of convolutions and dense layers of one segment.

    Attributes:
        name: of the segment.
        weights: how many there are.
        zeros: how many of them are 0.
        values: how many different ones the kernel with the most has.
        depthwise: further weights, in depthwise kernels, which stay dense.
    """

    name: str
    weights: int
    zeros: int
    values: int
    depthwise: int

    @property
    def sparsity(self) -> float:
        """Part of the weights that is 0; NaN where there are none."""
        return self.zeros / self.weights if self.weights else math.nan


@dataclasses.dataclass(frozen=True)
class CompressionReport:
    """All segments of a network: prints as a table."""

    segments: tuple[SegmentWeights, ...]

    @property
    def sparsity(self) -> float:
        """Part of all weights that is 0."""
        weights = sum(segment.weights for segment in self.segments)
        return sum(segment.zeros for segment in self.segments) / weights

    def __str__(self):
        header = ("segment", "weights", "zeros", "values per kernel")
        rows = [
            (s.name, f"{s.weights:,}", f"{s.sparsity:.1%}", f"{s.values:,}")
            for s in self.segments
        ]
        rows.append(("all", "", f"{self.sparsity:.1%}", ""))
        return "\n".join(tables.align([header, *rows]))


def measure(model: hlp_keras.HLPModel) -> CompressionReport:
    """Counts zeros and different values of every segment's kernels."""
    return CompressionReport(
        tuple(_measure(*item) for item in model.segments.items())
    )


def _measure(name, segment):
    layers = list(assembly.flat_layers(segment))
    kernels = [
        layer.get_weights()[0]
        for layer in layers
        if isinstance(layer, _KERNELS)
    ]
    return SegmentWeights(
        name,
        sum(kernel.size for kernel in kernels),
        sum(int(np.sum(kernel == 0)) for kernel in kernels),
        max((len(np.unique(kernel)) for kernel in kernels), default=0),
        sum(
            layer.get_weights()[0].size
            for layer in layers
            if isinstance(layer, keras.layers.DepthwiseConv2D)
        ),
    )
