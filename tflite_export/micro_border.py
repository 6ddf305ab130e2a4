"""What goes into and comes out of a model on a microcontroller."""

import dataclasses
import math

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer, gains
from tflite_export.images import PIXEL_SCALE, PIXEL_ZERO_POINT
from tflite_export.manifest import Tensor


@dataclasses.dataclass(frozen=True)
class Border:
    """The input and the output of a model, and its gain if any, all int8."""

    given: Tensor
    got: Tensor
    gain: Tensor | None = None

    @classmethod
    def of(cls, model: schema.ModelT, name: str) -> "Border":
        """Reads the border of a model.

        Raises:
            ValueError: it has several inputs but for a gain, or several
                outputs, or is not int8; the message calls it `name`.
        """
        given, got = flatbuffer.inputs(model), flatbuffer.outputs(model)
        tensors = (*given, *got)
        gain = [t for t in given[1:] if t.name == gains.INPUT]
        if len(given) != 1 + len(gain) or len(got) != 1:
            raise ValueError(
                f"Expected {name} to have one input, perhaps a gain, and one "
                f"output, got {len(given)} and {len(got)}."
            )
        if any((t.dtype, t.shape[:1]) != ("int8", (1,)) for t in tensors):
            raise ValueError(
                f"Expected the input and output of {name} to be int8 with a "
                f"batch of 1, got "
                f"{' and '.join(f'{t.dtype} {t.shape}' for t in tensors)}."
            )
        return cls(given[0], *got, *gain)

    @property
    def given_bytes(self) -> int:
        """Size of the input."""
        return math.prod(self.given.shape)

    @property
    def got_bytes(self) -> int:
        """Size of the output."""
        return math.prod(self.got.shape)

    def check_image(self, name: str) -> None:
        """Raises ValueError when the input is not made of pixels - 128."""
        given = self.given
        if len(given.shape) != 4:
            raise ValueError(
                f"Expected the input of {name} to be an image, so of shape "
                f"(1, height, width, channels), got {given.shape}."
            )
        if (np.float32(given.scale), given.zero_point) != (
            PIXEL_SCALE,
            PIXEL_ZERO_POINT,
        ):
            raise ValueError(
                f"Expected the input of {name} to be `pixel - 128`, so of "
                f"scale 1/255 and zero point {PIXEL_ZERO_POINT}, got "
                f"{given.scale} and {given.zero_point}."
            )

    def check_logits(self, name: str, number: int) -> None:
        """Raises ValueError when the output is not that many logits."""
        if self.got.shape != (1, number):
            raise ValueError(
                f"Expected {name} to give a logit for each of {number} "
                f"categories, so an output of shape {(1, number)}, got "
                f"{self.got.shape}."
            )

    def check_gain(self, name: str, number: int) -> None:
        """Raises ValueError when the gain has not that many factors."""
        expected = (1, number) if number else None
        got = self.gain and self.gain.shape
        if got != expected:
            raise ValueError(
                f"Expected the gain of {name} to have a factor for each of "
                f"{number} nodes, so the shape {expected}, got {got}."
            )
        if self.gain and (self.gain.scale, self.gain.zero_point) != (
            gains.SCALE,
            gains.ZERO_POINT,
        ):
            raise ValueError(
                f"Expected the gain of {name} to have scale {gains.SCALE} and "
                f"zero point {gains.ZERO_POINT}, got {self.gain.scale} and "
                f"{self.gain.zero_point}."
            )
