"""The manifest: what was exported, as frozen values and as JSON."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping

from tflite_export import plain

VERSION = 3
FILE_NAME = "manifest.json"
# Made from the manifest and so not listed in it.
REPORT_NAME = "report.html"


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
    """LiteRT int8 on test images of the category set, against Keras float.

    What needs the Keras model is None when there was only a master.

    Attributes:
        images: how many images.
        int8: accuracy of the exported file.
        float32: accuracy of the Keras model.
        agreement: share of images to which both give the same category.
        largest_difference: between a Keras logit and the dequantised one.
        rms_difference: root mean square of those differences.
    """

    images: int
    int8: float
    float32: float | None = None
    agreement: float | None = None
    largest_difference: float | None = None
    rms_difference: float | None = None


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
class File:
    """A file, by its path from the manifest, with `/`."""

    path: str
    sha256: str
    bytes: int


@dataclasses.dataclass(frozen=True)
class EdgeTpu:
    """What is predicted of the Edge TPU compiler.

    Attributes:
        operators: how many the model has.
        mapped_operators: how many of them run on the Edge TPU.
        mapped_mac_share: share of the multiply-accumulates that does.
        on_chip_bytes: of parameters that stay on the chip.
        streamed_bytes: of parameters that are sent there at every run.
        prediction: that this is one, or what the compiler said to it.
        compiled: what the compiler made, when there was one.
    """

    operators: int
    mapped_operators: int
    mapped_mac_share: float
    on_chip_bytes: int
    streamed_bytes: int
    prediction: str
    compiled: File | None = None


@dataclasses.dataclass(frozen=True)
class Firmware:
    """A folder of C++ sources that runs a model under TFLM.

    Attributes:
        folder: its path from the manifest.
        parts: whether trunk and branches are models of their own in it, so
            that branches can be switched on and off at run time.
        flash_bytes: of the models' data; code is not counted.
        ram_bytes: of the tensor arena, and of features kept outside it.
        files: all that is in it.
    """

    folder: str
    parts: bool
    flash_bytes: int
    ram_bytes: int
    files: tuple[File, ...]


@dataclasses.dataclass(frozen=True)
class ExportedModel:
    """One file: the int8 model of a category set.

    The integers of the logits, its own checks and its counts are those of the
    network itself; image and logits may be of another type at its border.

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
        accuracy: on test images; None when there were none.
        kernels: LiteRT's kernels against each other and against TFLM.
        edgetpu: for the target `edgetpu`.
        firmware: for the target `micro`.
        gain: the second input, if there is one: a factor for each of
            `gain_nodes`, 1 when nothing is to be enhanced or inhibited.
        gain_nodes: the nodes of the taxonomy whose factors it has.
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
    accuracy: Accuracy | None
    kernels: Kernels
    edgetpu: EdgeTpu | None = None
    firmware: tuple[Firmware, ...] = ()
    gain: Tensor | None = None
    gain_nodes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Part:
    """One file: the int8 model of a segment, such as the trunk.

    Attributes:
        name: of the segment, such as `"branch_pet"`.
        parent: name of the part whose output it takes; None for the trunk,
            which takes the image.
        labels: category of every logit, for a head; empty for features.
        class_indices: class index of every logit in the full network.
        file: its path from the manifest.
        sha256: of the file.
        bytes: size of the file.
        input: the image, or features.
        output: features, or logits.
        parameters: weights and biases, counted in the file.
        macs: multiply-accumulates, counted in the file.
        kernels: LiteRT's kernels against each other and against TFLM.
        gain: the second input, if there is one.
        gain_nodes: the nodes of the taxonomy whose factors it has.
    """

    name: str
    parent: str | None
    labels: tuple[str, ...]
    class_indices: tuple[int, ...]
    file: str
    sha256: str
    bytes: int
    input: Tensor
    output: Tensor
    parameters: int
    macs: int
    kernels: Kernels
    gain: Tensor | None = None
    gain_nodes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Bundle:
    """One file with the networks of all category sets, sharing weights.

    Attributes:
        file: its path from the manifest.
        sha256: of the file.
        bytes: size of the file.
        signatures: the signature of each model, in the order of these.
    """

    file: str
    sha256: str
    bytes: int
    signatures: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Master:
    """The master that everything was sliced from; it is not in the export.

    Attributes:
        sha256: of its file.
        bytes: size of its file.
        accuracy: when it was converted.
        kernels: when it was converted.
    """

    sha256: str
    bytes: int
    accuracy: Accuracy | None = None
    kernels: Kernels | None = None


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
        calibration: which images calibrated the quantisation; None when the
            master does not tell.
        models: one per category set.
        tools: versions of the packages that made and checked the files.
        target: what the export is for, `"micro"`, `"edgetpu"` or
            `"android"`; None for any.
        master: what everything was sliced from, when that is a file.
        parts: trunk, branches and heads as models of their own.
        bundle: all models in one file.
        version: of this form of manifest.
    """

    taxonomy: Mapping[str, object]
    calibration: Calibration | None
    models: tuple[ExportedModel, ...]
    tools: Mapping[str, str]
    target: str | None = None
    master: Master | None = None
    parts: tuple[Part, ...] = ()
    bundle: Bundle | None = None
    version: int = VERSION

    @property
    def files(self) -> tuple[File, ...]:
        """Every file of the export but the manifest."""
        bundles = (self.bundle,) if self.bundle else ()
        files = [
            File(listed.file, listed.sha256, listed.bytes)
            for listed in (*self.models, *self.parts, *bundles)
        ]
        for model in self.models:
            if model.edgetpu and model.edgetpu.compiled:
                files.append(model.edgetpu.compiled)
            for firmware in model.firmware:
                files += firmware.files
        return tuple(files)

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
        return plain.read(cls, data, "manifest")

    @classmethod
    def load(cls, directory) -> "Manifest":
        """Reads the manifest of an export directory."""
        path = pathlib.Path(directory) / FILE_NAME
        if not path.exists():
            raise FileNotFoundError(
                f"Expected an export, with its {FILE_NAME}, but there is none "
                f"in {directory}. Name the --output_dir of hlp-export."
            )
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
