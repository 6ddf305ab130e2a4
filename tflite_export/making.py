"""How a master was made, as its metadata tell; slices do not repeat it."""

import dataclasses
from collections.abc import Mapping

from tflite_export import plain
from tflite_export.manifest import Accuracy, Calibration, Kernels

KEY = "made"


@dataclasses.dataclass(frozen=True)
class Making:
    """How a master was made.

    Attributes:
        calibration: which images calibrated the quantisation.
        tools: versions of the packages that made it.
        accuracy: Keras float against LiteRT int8, when that was checked.
        kernels: LiteRT's kernels against others, when that was checked.
    """

    calibration: Calibration | None = None
    tools: Mapping[str, str] = dataclasses.field(default_factory=dict)
    accuracy: Accuracy | None = None
    kernels: Kernels | None = None


def read(metadata: Mapping) -> Making:
    """Reads it from the metadata of a file; a slice has nothing to tell."""
    if KEY not in metadata:
        return Making()
    return plain.read(Making, metadata[KEY], f"metadata.{KEY}")


def drop(metadata: Mapping) -> dict:
    """The metadata without it."""
    return {key: value for key, value in metadata.items() if key != KEY}
