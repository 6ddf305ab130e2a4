"""Makes the sources that run an exported model in firmware, under TFLM.

```
files = micro.model_files(
    "cat_dog",
    data,
    class_indices={"cat": 3, "dog": 5},
    arena_bytes=run.arena_bytes,
    examples=[micro.Example(image, scores)],
)
for name, text in files.items():
    (folder / name).write_text(text)
```

`split_files` does the same for a network whose trunk and branches are models
of their own: the trunk runs once for an image, and then only the branches
that are switched on at run time.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tflite_export import budget, cpp, flatbuffer, micro_operators, micro_split
from tflite_export.micro_border import Border
from tflite_export.micro_split import SplitPart


@dataclasses.dataclass(frozen=True, eq=False)
class Example:
    """An image for the firmware's `main`, and what TFLM makes of it.

    Attributes:
        image: uint8, shape `(height, width, channels)`.
        scores: the int8 logit of every category, in class-index order.
        gain: uint8, for a model with a gain: 128 times the factor of every
            node.
    """

    image: np.ndarray
    scores: np.ndarray
    gain: np.ndarray | None = None


def model_files(
    name: str,
    data: bytes,
    class_indices: Mapping[str, int],
    arena_bytes: int,
    examples: Sequence[Example],
    gain_nodes: Sequence[str] = (),
) -> dict[str, str]:
    """Makes the folder of one model.

    Args:
        name: what files, arrays and namespace are called after.
        data: the int8 model, from an image to logits.
        class_indices: category of every logit, in the order of the output,
            and its class index in the full network.
        arena_bytes: tensor arena that TFLM needs for it on this host.
        examples: at least one.
        gain_nodes: the nodes that the gain has factors for, if there is one.

    Returns:
        text by file name.

    Raises:
        ValueError: the model is of another kind or uses an operator that TFLM
            does not have, or the other arguments do not fit it.
    """
    model = flatbuffer.parse(data)
    border = Border.of(model, "the model")
    border.check_image("the model")
    border.check_logits("the model", len(class_indices))
    border.check_gain("the model", len(gain_nodes))
    _check_class_indices(class_indices)
    if model.metadata:
        _check_labels(class_indices, flatbuffer.read_metadata(model))
    prefix = cpp.prefix(name)
    return _render(
        "model",
        prefix,
        models={f"{prefix}_model_data": data},
        methods=micro_operators.add_methods([model]),
        border=border,
        class_indices=class_indices,
        gain_nodes=gain_nodes,
        examples=_checked(examples, border, len(class_indices)),
        arena_bytes=arena_bytes,
        arena_size=budget.arena_size([model], arena_bytes),
        footprint=footprint(data, arena_bytes),
    )


def split_files(
    name: str,
    parts: Sequence[SplitPart],
    class_indices: Mapping[str, int],
    examples: Sequence[Example],
) -> dict[str, str]:
    """Makes the folder of a network that is split into models.

    Args:
        name: what files, arrays and namespace are called after.
        parts: the trunk and everything nested on it, in any order.
        class_indices: class index, in the full network, of every category.
        examples: at least one, with the scores of all categories.

    Returns:
        text by file name.

    Raises:
        ValueError: the parts do not fit each other or use an operator that
            TFLM does not have, or the other arguments do not fit them.
    """
    plan = micro_split.plan(parts)
    _check_class_indices(class_indices)
    class_indices = _in_class_order(plan, class_indices)
    models = [planned.model for planned in plan.parts]
    prefix = cpp.prefix(name)
    return _render(
        "split",
        prefix,
        models={
            f"{prefix}_{planned.identifier}_model_data": planned.part.data
            for planned in plan.parts
        },
        methods=micro_operators.add_methods(models),
        border=plan.border,
        class_indices=class_indices,
        examples=_checked(examples, plan.border, len(class_indices)),
        arena_bytes=max(part.arena_bytes for part in parts),
        arena_size=_split_arena_size(plan),
        footprint=_split_footprint(plan),
        plan=plan,
        positions=[
            list(class_indices).index(label)
            for head in plan.heads
            for label in head.part.labels
        ],
    )


def footprint(data: bytes, arena_bytes: int) -> budget.Footprint:
    """What a model takes of a device's memory."""
    arena_size = budget.arena_size([flatbuffer.parse(data)], arena_bytes)
    return budget.Footprint(flash_bytes=len(data), ram_bytes=arena_size)


def split_footprint(parts: Sequence[SplitPart]) -> budget.Footprint:
    """What a split network takes of a device's memory."""
    return _split_footprint(micro_split.plan(parts))


def _split_footprint(plan):
    parts = [planned.part for planned in plan.parts]
    return budget.Footprint(
        flash_bytes=sum(len(part.data) for part in parts),
        ram_bytes=_split_arena_size(plan) + plan.feature_bytes,
    )


def _split_arena_size(plan):
    return budget.arena_size(
        [planned.model for planned in plan.parts],
        max(planned.part.arena_bytes for planned in plan.parts),
    )


def _check_class_indices(class_indices):
    indices = list(class_indices.values())
    if min(indices) < 0 or len(set(indices)) < len(indices):
        raise ValueError(
            f"Expected a class index of its own for every category, 0 or "
            f"more, got {dict(class_indices)}."
        )


def _check_labels(class_indices, metadata):
    """A mistake in their order would show on no device."""
    expected = dict(
        zip(metadata["labels"], metadata["class_indices"], strict=True)
    )
    if list(class_indices.items()) != list(expected.items()):
        raise ValueError(
            f"Expected the class indices of the model's logits in their "
            f"order, {expected}, got {dict(class_indices)}."
        )


def _in_class_order(plan, class_indices):
    labels = [label for head in plan.heads for label in head.part.labels]
    if sorted(labels) != sorted(class_indices):
        raise ValueError(
            f"Expected a class index for every label of the parts, "
            f"{sorted(labels)}, got them for {sorted(class_indices)}."
        )
    return dict(sorted(class_indices.items(), key=lambda item: item[1]))


def _checked(examples, border, number):
    if not examples:
        raise ValueError(
            "Expected at least one example image for the firmware's main."
        )
    for example in examples:
        image, scores = np.asarray(example.image), np.asarray(example.scores)
        if (image.dtype, image.shape) != (np.uint8, border.given.shape[1:]):
            raise ValueError(
                f"Expected example images of uint8 and shape "
                f"{border.given.shape[1:]}, got {image.dtype} "
                f"{image.shape}."
            )
        if (scores.dtype, scores.shape) != (np.int8, (number,)):
            raise ValueError(
                f"Expected the scores of an example to be int8 and {number}, "
                f"one for each category, got {scores.dtype} {scores.shape}."
            )
        _check_gain(example.gain, border.gain)
    return examples


def _check_gain(gain, tensor):
    expected = None if tensor is None else (np.dtype("uint8"), tensor.shape[1:])
    got = None if gain is None else (gain.dtype, gain.shape)
    if got != expected:
        raise ValueError(
            f"Expected the gain of an example to be {expected}, got {got}."
        )


def _render(kind, prefix, models, **values):
    """Fills all templates in; those of `kind` and those of every kind."""
    values = {**values, "prefix": prefix, "models": models}
    files = {}
    for name, data in models.items():
        for suffix in ("h", "cc"):
            files[f"{name}.{suffix}"] = cpp.render(
                f"model_data.{suffix}", name=name, data=data
            )
    for name in ("op_resolver.h", "test_images.h", "test_images.cc"):
        files[f"{prefix}_{name}"] = cpp.render(name, **values)
    for name in ("settings.h", "classifier.h", "classifier.cc"):
        files[f"{prefix}_{name}"] = cpp.render(f"{kind}_{name}", **values)
    for name in ("main.cc", "README.md"):
        files[name] = cpp.render(f"{kind}_{name}", **values)
    return files
