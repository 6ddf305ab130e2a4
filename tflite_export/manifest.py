"""The manifest: what was exported, as frozen values and as JSON."""

import dataclasses
import json
import pathlib
import types
import typing
from collections.abc import Mapping

VERSION = 1
FILE_NAME = "manifest.json"


@dataclasses.dataclass(frozen=True)
class Tensor:
    """An input or output of a model.

    A real value is `scale * (integer - zero_point)`; both are None for a
    float tensor.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    zero_point: int | None


@dataclasses.dataclass(frozen=True)
class Operator:
    """A built-in operator, its version, and how often a model uses it."""

    name: str
    version: int
    count: int


@dataclasses.dataclass(frozen=True)
class Normalisation:
    """How a pixel of 0 to 255 becomes the network's input.

    `input = (pixel - mean) * scale`; quantised input has that built in: int8
    is `pixel - 128`.
    """

    scale: float = 1 / 255
    mean: float = 0.0


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """Keras float against LiteRT int8, on test images of the category set.

    Attributes:
        images: how many images.
        float32: accuracy of the Keras model.
        int8: accuracy of the exported file.
        agreement: share of images to which both give the same category.
        largest_difference: between a Keras logit and the dequantised one.
        rms_difference: root mean square of those differences.
    """

    images: int
    float32: float
    int8: float
    agreement: float
    largest_difference: float
    rms_difference: float


@dataclasses.dataclass(frozen=True)
class Kernels:
    """The integers that LiteRT's reference kernels and others give.

    Differences are in integer steps of the logits, the largest of all images.

    Attributes:
        images: how many images.
        default_steps: of LiteRT's optimised kernels.
        tflm_steps: of TFLM; 0 when it gave the same integers throughout, None
            when it was skipped.
        tflm_identical: to how many images TFLM gave the same integers, or
            None.
        tflm_skipped: why TFLM was skipped; empty when it ran.
        arena_bytes: tensor arena that TFLM needs on this host, or None. Leave
            a margin on a device: optimised kernels want scratch memory.
    """

    images: int
    default_steps: int
    tflm_steps: int | None
    tflm_identical: int | None
    tflm_skipped: str
    arena_bytes: int | None


@dataclasses.dataclass(frozen=True)
class ExportedModel:
    """One file: the int8 model of a category set.

    Attributes:
        names: categories and nodes that were asked for.
        labels: category of every logit, in the order of the output.
        class_indices: class index of every logit in the full network.
        file: name of the file, beside the manifest.
        sha256: of the file.
        bytes: size of the file.
        input: the image.
        output: the logits.
        normalisation: from pixel to input.
        operators: those that the model uses.
        parameters: weights and biases, counted in the file.
        macs: multiply-accumulates per image, counted in the file.
        accuracy: Keras float against LiteRT int8.
        kernels: LiteRT's kernels against each other and against TFLM.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    class_indices: tuple[int, ...]
    file: str
    sha256: str
    bytes: int
    input: Tensor
    output: Tensor
    normalisation: Normalisation
    operators: tuple[Operator, ...]
    parameters: int
    macs: int
    accuracy: Accuracy
    kernels: Kernels


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Which images calibrated the quantisation.

    Attributes:
        source: where they are from, in words.
        number: how many.
        seed: that chose them, or None.
        indices: their positions in the source's training images, or empty.
    """

    source: str
    number: int
    seed: int | None = None
    indices: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class Manifest:
    """All that firmware or app need to know of an export.

    Attributes:
        taxonomy: of the full network, as `Taxonomy.from_dict` takes it.
        calibration: which images calibrated the quantisation.
        models: one per category set.
        tools: versions of the packages that made and checked the files.
        version: of this form of manifest.
    """

    taxonomy: Mapping[str, object]
    calibration: Calibration
    models: tuple[ExportedModel, ...]
    tools: Mapping[str, str]
    version: int = VERSION

    def to_json(self) -> str:
        """Writes all of it as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Reads what `to_json` wrote.

        Raises:
            ValueError: no manifest, one of another version, or one whose
                fields are not those of this version.
        """
        data = json.loads(text)
        version = data.get("version") if isinstance(data, dict) else None
        if version != VERSION:
            raise ValueError(
                f"Expected a manifest of version {VERSION}, got {version!r}."
            )
        return _from_plain(cls, data, "manifest")

    @classmethod
    def load(cls, directory) -> "Manifest":
        """Reads the manifest of an export directory."""
        path = pathlib.Path(directory) / FILE_NAME
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def _from_plain(kind, value, where):
    """Rebuilds a typed value from JSON's; `where` is for the message."""
    if dataclasses.is_dataclass(kind):
        return _dataclass_from_plain(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and isinstance(value, list):
        return tuple(
            _from_plain(arguments[0], item, f"{where}[{i}]")
            for i, item in enumerate(value)
        )
    allowed = arguments if origin is types.UnionType else (origin or kind,)
    # JSON has one kind of number: 1.0 may be written as 1.
    if float in allowed and type(value) is int:
        return float(value)
    if type(value) is bool or not isinstance(value, allowed):
        raise ValueError(f"{where}: expected {kind}, got {value!r}.")
    return value


def _dataclass_from_plain(kind, value, where):
    fields = typing.get_type_hints(kind)
    if not isinstance(value, dict) or value.keys() != fields.keys():
        got = sorted(value) if isinstance(value, dict) else repr(value)
        raise ValueError(
            f"{where}: expected the fields {sorted(fields)}, got {got}."
        )
    return kind(
        **{
            name: _from_plain(field, value[name], f"{where}.{name}")
            for name, field in fields.items()
        }
    )
