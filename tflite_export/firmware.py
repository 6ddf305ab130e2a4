"""Makes of a slice what the target `micro` wants: folders of C++ sources."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from tflite_export import (
    budget,
    description,
    gains,
    micro,
    slicing,
    tflm,
    verify,
)
from tflite_export import split as splitting
from tflite_export.manifest import Firmware
from tflite_export.reference import Reference

_EXAMPLES = 2


@dataclasses.dataclass(frozen=True, eq=False)
class Cut:
    """A slice and what is known of it.

    Attributes:
        master: that it is from.
        reference: what the master gives for some images.
        names: categories and nodes that were asked for.
        small: the slice, without metadata in its file.
        compared: how TFLM runs it on these images.
    """

    master: slicing.Master
    reference: Reference
    names: Sequence[str]
    small: slicing.Slice
    compared: verify.Compared

    @property
    def labels(self) -> list[str]:
        """Category of every logit."""
        return self.small.metadata["labels"]

    @property
    def class_indices(self) -> dict[str, int]:
        """Class index of every category, in the order of the logits."""
        indices = self.small.metadata["class_indices"]
        return dict(zip(self.labels, indices, strict=True))

    @property
    def examples(self) -> list[micro.Example]:
        """Images for the firmware's `main`, with a gain if there is one."""
        pixels = np.rint(self.reference.images[:_EXAMPLES] * 255)
        factors = [self.reference.gain[node] for node in self.gain_nodes]
        steps = np.rint(np.transpose(factors) / gains.SCALE).astype(np.uint8)
        return [
            micro.Example(
                image,
                self.compared.tflm[i],
                steps[i] if self.gain_nodes else None,
            )
            for i, image in enumerate(pixels.astype(np.uint8))
        ]

    @property
    def gain_nodes(self) -> tuple[str, ...]:
        """The nodes that its gain has factors for."""
        return tuple(self.small.metadata.get(gains.KEY, ()))


@dataclasses.dataclass(frozen=True)
class Budget:
    """Bytes of a device that there are for a model; None for any number."""

    flash: int | None = None
    ram: int | None = None


def export(
    directory: pathlib.Path, stem: str, cut: Cut, limit: Budget, split: bool
) -> tuple[Firmware, ...]:
    """Writes a folder for a slice, and one for its parts when asked to.

    Args:
        directory: of the export.
        stem: name of the folder.
        cut: the slice.
        limit: what it may take of a device; with `split` the parts, not the
            whole, which is made for comparison.
        split: whether to make the folder of parts.

    Raises:
        ValueError: it does not fit into its budget; says what to leave away.
        RuntimeError: TFLM is not there to measure the tensor arena, or does
            not run the model.
    """
    _check_measured(cut.compared, stem)
    made = [_whole(directory, stem, cut, Budget() if split else limit)]
    if split:
        made.append(_in_parts(directory, f"{stem}.split", cut, limit))
    return tuple(made)


def _check_measured(compared, name):
    """Raises RuntimeError unless TFLM told how large an arena it needs."""
    if compared.tflm is not None:
        return
    raise RuntimeError(
        f"{name}: TFLM must measure the tensor arena of a model for "
        f"microcontrollers, but {compared.kernels.tflm_skipped}. Train a "
        f"network without what it names, or choose another target."
    )


def _whole(directory, folder, cut, limit):
    arena_bytes = cut.compared.kernels.arena_bytes
    footprint = micro.footprint(cut.small.data, arena_bytes)
    _check(folder, footprint, limit, lambda: _rests(cut))
    files = micro.model_files(
        folder,
        cut.small.data,
        cut.class_indices,
        arena_bytes,
        cut.examples,
        cut.gain_nodes,
    )
    return _write(directory, folder, files, footprint, parts=False)


def _in_parts(directory, folder, cut, limit):
    parts = splitting.split(cut.master.slice(cut.labels))
    cases = cut.reference.check_parts(parts, folder)
    compared = verify.compare_all_kernels(cases)
    for case, result in zip(cases, compared, strict=True):
        _check_measured(result, case.name)
    _check_scores(folder, parts, compared, cut)
    arenas = {
        part.name: result.kernels.arena_bytes
        for part, result in zip(parts, compared, strict=True)
    }
    parts = _measured(parts, arenas)
    footprint = micro.split_footprint(parts)
    _check(folder, footprint, limit, lambda: _rests_in_parts(cut, arenas))
    files = micro.split_files(folder, parts, cut.class_indices, cut.examples)
    return _write(directory, folder, files, footprint, parts=True)


def _check_scores(folder, parts, compared, cut):
    """Raises unless TFLM gives the same for the parts as for the whole."""
    for part, result in zip(parts, compared, strict=True):
        if part.labels:
            columns = [cut.labels.index(label) for label in part.labels]
            if not np.array_equal(result.tflm, cut.compared.tflm[:, columns]):
                raise verify.VerificationError(
                    f"{folder}/{part.name}: In TFLM it gives other integers "
                    f"by itself than in the whole model. Please report it."
                )


def _write(directory, folder, files, footprint, parts):
    return Firmware(
        folder=folder,
        parts=parts,
        flash_bytes=footprint.flash_bytes,
        ram_bytes=footprint.ram_bytes,
        files=tuple(
            description.write(directory, f"{folder}/{name}", text.encode())
            for name, text in files.items()
        ),
    )


def _measured(parts, arenas):
    """Parts of a network with the tensor arena that each needs, by name."""
    return [
        micro.SplitPart(
            part.name,
            part.data,
            part.parent,
            part.labels,
            arena_bytes=arenas[part.name],
        )
        for part in parts
    ]


def _check(folder, footprint, limit, rests):
    """Refuses what is too large; `rests` gives what leaving away would leave.

    That is worth finding out only when something is.
    """
    try:
        budget.check_budget(footprint, limit.flash, limit.ram)
        return
    except ValueError:
        savings = {
            name: budget.Footprint(
                footprint.flash_bytes - rest.flash_bytes,
                max(0, footprint.ram_bytes - rest.ram_bytes),
            )
            for name, rest in rests().items()
        }
    try:
        budget.check_budget(footprint, limit.flash, limit.ram, savings)
    except ValueError as error:
        raise ValueError(f"{folder} does not fit: {error}") from None


def _rests(cut):
    """Footprint without each of the categories and nodes."""
    slices = {
        name: slicing.without_metadata(cut.master.slice(rest))
        for name, rest in _labels_without_each(cut)
    }
    image = cut.reference.images[:1]
    cases = [verify.Case.of(data, image) for data in slices.values()]
    runs = tflm.run_all([(case.data, case.inputs) for case in cases])
    return {
        name: micro.footprint(data, run.arena_bytes)
        for (name, data), run in zip(slices.items(), runs, strict=True)
        if isinstance(run, tflm.Run)
    }


def _rests_in_parts(cut, arenas):
    """The same of the parts, whose arenas are at most as large as before."""
    return {
        name: micro.split_footprint(
            _measured(splitting.split(cut.master.slice(rest)), arenas)
        )
        for name, rest in _labels_without_each(cut)
    }


def _labels_without_each(cut):
    """Pairs of each category and node, and the labels that are left."""
    for name, below in slicing.labels_by_name(cut.small.metadata).items():
        if rest := [label for label in cut.labels if label not in below]:
            yield name, rest
