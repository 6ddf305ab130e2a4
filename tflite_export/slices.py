"""Exports slices of a master for a target; needs neither Keras nor TensorFlow.

```
manifest = export_slices(
    master, [["cat", "dog"], ["vehicle"]], "out", Settings("micro")
)
```
"""

import collections
import concurrent.futures
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence

from tflite_export import (
    borders,
    bundle,
    coral,
    description,
    firmware,
    flatbuffer,
    making,
    naming,
    output,
    slicing,
    tflm,
    verify,
)
from tflite_export import images as image_arrays
from tflite_export import split as splitting
from tflite_export.manifest import Bundle, Manifest, Master
from tflite_export.predictions import Predictions
from tflite_export.reference import Reference

# What image and logits may be; the first is the default.
_IO_TYPES = {
    None: ("int8", "uint8", "float32"),
    "micro": ("int8",),
    "edgetpu": ("uint8", "int8"),
    "android": ("int8", "uint8", "float32"),
}
TARGETS = tuple(target for target in _IO_TYPES if target)
_RANDOM_IMAGES = 2
# So many slices are checked in TFLM at a time.
_BATCH = 50


@dataclasses.dataclass(frozen=True)
class Settings:
    """What to make of the slices.

    Attributes:
        target: one of `TARGETS`, or None for models alone.
        io_type: of image and logits, one of `borders.IO_TYPES`; None for what
            is usual for the target.
        split: whether to make trunk, branches and heads models of their own,
            too; Android gets them anyway.
        flash_budget: bytes of flash that there are for each model, or None.
        ram_budget: bytes of RAM that there are for each model, or None.

    Raises:
        ValueError: what does not go together.
    """

    target: str | None = None
    io_type: str | None = None
    split: bool = False
    flash_budget: int | None = None
    ram_budget: int | None = None

    def __post_init__(self):
        if self.target not in _IO_TYPES:
            raise ValueError(
                f"Expected the target to be one of {', '.join(TARGETS)}, got "
                f"{self.target!r}."
            )
        allowed = _IO_TYPES[self.target]
        if self.io_type not in (None, *allowed):
            raise ValueError(
                f"Image and logits of the target {self.target} are "
                f"{' or '.join(allowed)}, not {self.io_type}."
            )
        if self.split and self.target == "edgetpu":
            raise ValueError(
                "Models for the Edge TPU are not split: the device runs one "
                "after another over USB or PCIe. Leave --split away."
            )
        budgets = (self.flash_budget, self.ram_budget)
        if budgets != (None, None) and self.target != "micro":
            raise ValueError(
                "Budgets of flash and RAM are for the target micro."
            )

    @property
    def border(self) -> str:
        """The type of image and logits."""
        return self.io_type or _IO_TYPES[self.target][0]


@dataclasses.dataclass(frozen=True, eq=False)
class _Job:
    """What all slices of an export share."""

    master: slicing.Master
    settings: Settings
    reference: Reference
    predictions: Predictions | None
    progress: Callable[[str], None]


def export_slices(
    data: bytes,
    category_sets: Iterable[Sequence[str]],
    output_dir,
    settings: Settings | None = None,
    images=None,
    labels=None,
    progress: Callable[[str], None] = lambda line: None,
) -> Manifest:
    """Exports one verified model per category set, and a manifest.

    Every file must give the master's integers; for microcontrollers it must
    run in TFLM, too.

    Args:
        data: the master.
        category_sets: names of categories and nodes, one sequence per model.
        output_dir: new, empty, or an earlier export, which is replaced.
        settings: what to make.
        images: real test images, uint8 or float in [0, 1], to check with and
            to measure the accuracy of int8; without, a few random ones.
        labels: class index of every one of `images` in the full network.
        progress: called with lines of text.

    Returns:
        what was written to `output_dir`.

    Raises:
        ValueError: master, names, settings or images do not fit, or a model
            does not fit into its budget.
        verify.VerificationError: a file is not what it should be. Nothing was
            written then.
        RuntimeError: sources for microcontrollers without TFLM, or of a model
            that it does not run.
        OSError: `output_dir` holds other files or cannot be written.
    """
    settings = settings or Settings()
    _check_tflm(settings)
    master = slicing.Master(data)
    _check_gain(master, settings)
    stems = naming.file_stems(master, category_sets)
    shape = master.input.shape[1:]
    if images is None:
        some = image_arrays.random(shape, _RANDOM_IMAGES)
        predictions = None
    else:
        images = image_arrays.as_float(images, shape)
        some = image_arrays.some(images)
        predictions = Predictions.of(master, images, labels)
    reference = Reference.of(master, some)
    job = _Job(master, settings, reference, predictions, progress)
    with output.replacing(output_dir) as directory:
        manifest = _export(job, stems, directory)
        description.write_manifest(directory, manifest)
    return manifest


def _check_tflm(settings):
    reason = tflm.missing_reason()
    if settings.target == "micro" and reason:
        raise RuntimeError(
            f"The target micro needs the package tflite-micro, in which TFLM "
            f"measures the tensor arena, but {reason}. Install hlp-keras"
            f"[tflm], which there is for Linux on x86-64 only, or choose "
            f"another target."
        )


def _check_gain(master, settings):
    if master.gain_nodes and settings.split and settings.target == "micro":
        raise ValueError(
            "The sources of a split network have no gain: switch its branches "
            "on and off instead. Leave --split away, or slice a master that "
            "was made without --gain."
        )


def _export(job, stems, directory):
    models = []
    for model in _models(job, stems, directory):
        models.append(model)
        job.progress(f"[{len(models)}/{len(stems)}] {model.file}")
    parts, bundled = (), None
    if job.settings.split or job.settings.target == "android":
        parts = _parts(job, models, directory)
    if job.settings.target == "android":
        bundled = _bundle(job, dict(zip(stems, models, strict=True)), directory)
    made = making.read(job.master.metadata)
    file = description.describe_file("", job.master.data)
    return Manifest(
        taxonomy=job.master.metadata["taxonomy"],
        calibration=made.calibration,
        models=tuple(models),
        # Those that converted are the master's, whatever is installed here.
        tools={
            **made.tools,
            **description.tool_versions(description.SLICING_TOOLS),
        },
        target=job.settings.target,
        master=Master(file.sha256, file.bytes, made.accuracy, made.kernels),
        parts=parts,
        bundle=bundled,
    )


def _models(job, stems, directory):
    """Slices, checks and writes all category sets.

    TFLM is a process of its own: while it runs some models, the next are
    sliced.
    """
    running = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        for batch in _batches(stems.items()):
            slices, cases = _slice(job, batch)
            runs = thread.submit(verify.run_tflm, cases)
            running.append((batch, slices, cases, runs))
            if len(running) > 1:
                yield from _finish(job, directory, *running.popleft())
        for batch in running:
            yield from _finish(job, directory, *batch)


def _batches(items):
    items = iter(items)
    while batch := list(itertools.islice(items, _BATCH)):
        yield batch


def _slice(job, batch):
    """Slices, and a case for each, which gives the master's integers."""
    order = "heads" if job.settings.target == "edgetpu" else "classes"
    slices = [job.master.cut(names, order) for _, names in batch]
    if job.settings.target == "micro":
        # A microcontroller has no use for what a file tells of itself.
        slices = [_without_metadata(small) for small in slices]
    return slices, [
        job.reference.check(small, stem)
        for small, (stem, _) in zip(slices, batch, strict=True)
    ]


def _finish(job, directory, batch, slices, cases, runs):
    compared = verify.compare_all_kernels(cases, runs.result())
    for (stem, names), small, result in zip(
        batch, slices, compared, strict=True
    ):
        yield _write(job, stem, names, small, result, directory)


def _without_metadata(small):
    data = slicing.without_metadata(small.data)
    return dataclasses.replace(small, data=data, model=flatbuffer.parse(data))


def _write(job, stem, names, small, compared, directory):
    """Writes the model of a category set, and what the target wants of it."""
    labels = small.metadata["labels"]
    if job.settings.border != "int8":
        data = borders.with_io_type(small.data, job.settings.border)
        small = dataclasses.replace(
            small, data=data, model=flatbuffer.parse(data)
        )
        job.reference.check(small, stem)
    more = {}
    if job.settings.target == "edgetpu":
        more["edgetpu"] = coral.export(
            directory, stem, small.data, job.progress
        )
    if job.settings.target == "micro":
        more["firmware"] = firmware.export(
            directory,
            stem,
            firmware.Cut(job.master, job.reference, names, small, compared),
            firmware.Budget(job.settings.flash_budget, job.settings.ram_budget),
            job.settings.split,
        )
    return description.describe_model(
        names,
        small.metadata,
        description.write(directory, f"{stem}.tflite", small.data),
        small.model,
        job.predictions and job.predictions.accuracy(labels),
        compared.kernels,
        **more,
    )


def _parts(job, models, directory):
    """Writes the segments that the models have together."""
    labels = {label for model in models for label in model.labels}
    whole = job.master.slice(
        [name for name in job.master.metadata["labels"] if name in labels]
    )
    parts = splitting.split(whole)
    compared = verify.compare_all_kernels(job.reference.check_parts(parts))
    indices = dict(
        zip(
            job.master.metadata["labels"],
            job.master.metadata["class_indices"],
            strict=True,
        )
    )
    names = naming.distinct(part.name for part in parts)
    return tuple(
        description.describe_part(
            part,
            indices,
            description.write(directory, f"parts/{name}.tflite", part.data),
            result.kernels,
        )
        for part, name, result in zip(parts, names, compared, strict=True)
    )


def _bundle(job, models, directory):
    """Writes all models in one file, whose signatures are the stems."""
    data = bundle.join(
        {
            stem: (directory / model.file).read_bytes()
            for stem, model in models.items()
        },
        job.master.metadata,
    )
    job.reference.check_bundle(data, models)
    file = description.write(directory, "bundle.tflite", data)
    return Bundle(file.path, file.sha256, file.bytes, tuple(models))
