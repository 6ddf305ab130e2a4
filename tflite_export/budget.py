"""What an export takes of a device's memory, and whether that is there."""

import dataclasses
import math
from collections.abc import Iterable, Mapping

from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer

_ALIGNMENT = 16
# CMSIS-NN unrolls the inputs of two positions to 16 bits.
_SCRATCH_BYTES_PER_WEIGHT = 4
_ARENA_MARGIN_BYTES = 1024
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")


@dataclasses.dataclass(frozen=True)
class Footprint:
    """Memory that is needed for an exported model.

    Code is not counted, neither TFLM's nor the classifier's: how much it is
    depends on compiler and kernels.

    Attributes:
        flash_bytes: of the models' data.
        ram_bytes: of the tensor arena, and of features kept outside it.
    """

    flash_bytes: int
    ram_bytes: int


def arena_size(models: Iterable[schema.ModelT], arena_bytes: int) -> int:
    """Bytes of tensor arena to give to models on a device.

    This is what TFLM needed on this host, scratch memory for the largest
    filter, which optimised kernels ask for and the host's do not, and 1 KiB.

    Args:
        models: those that use the arena, one at a time.
        arena_bytes: the most that any of them needed on this host.
    """
    largest = max(
        (
            math.prod(model.subgraphs[0].tensors[operator.inputs[1]].shape[1:])
            for model in models
            for operator in model.subgraphs[0].operators
            if flatbuffer.operator_name(model, operator) in _CONVOLUTIONS
        ),
        default=0,
    )
    size = (
        arena_bytes
        + _SCRATCH_BYTES_PER_WEIGHT * int(largest)
        + _ARENA_MARGIN_BYTES
    )
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def check_budget(
    footprint: Footprint,
    flash_budget: int | None = None,
    ram_budget: int | None = None,
    drop_savings: Mapping[str, Footprint] | None = None,
) -> None:
    """Refuses what does not fit, and says what to leave away.

    ```
    check_budget(
        Footprint(flash_bytes=90_000, ram_bytes=20_000),
        flash_budget=64_000,
        drop_savings={"ship": Footprint(300, 0), "water": Footprint(31_000, 0)},
    )
    # ValueError: ... Leave away 'water', which saves 31,000 bytes of flash.
    ```

    Args:
        footprint: of what is to be exported.
        flash_budget: bytes of flash that are there, or None.
        ram_budget: bytes of RAM that are there, or None.
        drop_savings: what is saved by leaving a category or node away, for
            each that the advice may name: for none where only one category is
            left. None if it is not known.

    Raises:
        ValueError: it does not fit.
    """
    excess = {
        "flash": _excess(footprint.flash_bytes, flash_budget),
        "RAM": _excess(footprint.ram_bytes, ram_budget),
    }
    if not any(excess.values()):
        return
    needed = {"flash": footprint.flash_bytes, "RAM": footprint.ram_bytes}
    problems = [
        f"{needed[kind]:,} bytes of {kind}, which is {over:,} more than the "
        f"budget of {needed[kind] - over:,}"
        for kind, over in excess.items()
        if over
    ]
    advice = "Leave categories away or use a smaller network."
    if drop_savings is not None:
        savings = {
            name: {"flash": saved.flash_bytes, "RAM": saved.ram_bytes}
            for name, saved in drop_savings.items()
        }
        advice = _advice(excess, savings)
    raise ValueError(f"The export needs {' and '.join(problems)}. {advice}")


def _excess(needed, budget):
    return 0 if budget is None else max(0, needed - budget)


def _advice(excess, savings):
    """What to leave away: the least that is enough, or else the most."""

    def rest(name):
        return sum(max(0, excess[k] - savings[name][k]) for k in excess)

    def saved(name):
        return " and ".join(
            f"{savings[name][kind]:,} bytes of {kind}"
            for kind in excess
            if excess[kind]
        )

    if not savings:
        return "Use a smaller network."
    enough = [name for name in savings if not rest(name)]
    if enough:
        name = min(enough, key=lambda name: tuple(savings[name].values()))
        return f"Leave away {name!r}, which saves {saved(name)}."
    name = min(savings, key=rest)
    if rest(name) == sum(excess.values()):
        return "Leaving away one of them saves nothing: use a smaller network."
    return (
        f"Leaving away {name!r} saves most, {saved(name)}, which is not "
        f"enough: leave away more, or use a smaller network."
    )
