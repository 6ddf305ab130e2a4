"""Estimates where the parameters of models for the Edge TPU are kept."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

# Models that are compiled together share it. The instructions take some of
# it, and the compiler pads parameters: hence an estimate.
ON_CHIP_BYTES = 8 * 2**20
NOTE = (
    f"an estimate: of {ON_CHIP_BYTES / 2**20:.0f} MiB the instructions take "
    f"some, and the compiler pads parameters"
)


@dataclasses.dataclass(frozen=True)
class Memory:
    """Where the parameters of a model are kept.

    Attributes:
        on_chip_bytes: on the Edge TPU, loaded once.
        streamed_bytes: on the host, sent to the Edge TPU at every run.
    """

    on_chip_bytes: int
    streamed_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.on_chip_bytes / 1024:,.1f} KiB on the chip, "
            f"{self.streamed_bytes / 1024:,.1f} KiB streamed"
        )


def share(models: Iterable[Sequence[int]]) -> tuple[Memory, ...]:
    """Shares the memory among models that are compiled together, in order.

    The first model has the first choice. The parameters of an operator are in
    one place, and streamed when they do not fit any more.

    Args:
        models: per model the parameter bytes of each mapped operator.
    """
    free = ON_CHIP_BYTES
    shares = []
    for sizes in models:
        on_chip = 0
        for size in sizes:
            if on_chip + size <= free:
                on_chip += size
        free -= on_chip
        shares.append(Memory(on_chip, sum(sizes) - on_chip))
    return tuple(shares)


def table(models: Mapping[str, Sequence[int]]) -> str:
    """Prints a line per model, by name, and one for all of them."""
    shares = dict(zip(models, share(models.values()), strict=True))
    shares["all"] = Memory(
        sum(memory.on_chip_bytes for memory in shares.values()),
        sum(memory.streamed_bytes for memory in shares.values()),
    )
    width = max(map(len, shares))
    lines = [f"{name:{width}}  {memory}" for name, memory in shares.items()]
    return "\n".join([*lines, f"({NOTE})"])
