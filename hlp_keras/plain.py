"""The baseline: a sequential network of the same family, all in one run."""

import functools
import numbers
from collections.abc import Iterable, Sequence

from hlp_keras import stages
from hlp_keras.cost import cost
from hlp_keras.model import HLPModel
from hlp_keras.taxonomy import Taxonomy


def plain_model(
    categories: int | Iterable[str],
    input_shape: tuple[int, int, int] = (32, 32, 3),
    family: str = "resnet",
    base_stages: Sequence | None = None,
    macs: int | None = None,
    name: str = "plain_model",
) -> HLPModel:
    """Makes a plain network, of a width that meets a budget.

    It is the network of a taxonomy without nodes: one trunk and one head. So
    whatever takes a hierarchical network takes a plain one as well.

    ```
    plain = plain_model(taxonomy.categories, macs=cost(model).macs)
    ```

    Args:
        categories: their names, or how many there are.
        input_shape: `(height, width, channels)` of an image.
        family: kind of blocks, `"resnet"` or `"mobilenet"`.
        base_stages: stages as in `HLPModel`, by default ResNet-8's.
        macs: multiply-accumulates that the network should have; the widths of
            all stages are scaled to come as near as whole filters allow. None
            leaves the widths as they are.
        name: of the model.

    Raises:
        ValueError: no width comes within 10 % of `macs`.
    """
    if macs is not None and macs < 1:
        raise ValueError(f"Expected a budget of at least 1 MAC, got {macs}.")
    if isinstance(categories, numbers.Integral):
        categories = [f"category_{i}" for i in range(categories)]
    elif not isinstance(categories, str):  # which is refused like other trees
        categories = list(categories)
    taxonomy = Taxonomy.from_nested(categories)
    base = stages.parse_levels([base_stages or stages.plain_stages()])[0]

    @functools.cache
    def build(level):
        return HLPModel(
            taxonomy, input_shape, family, levels=[level], name=name
        )

    if macs is None:
        return build(base)
    return _solve(lambda width: build(stages.scaled(base, width)), macs)


def _solve(build, macs):
    """Searches the width, with about the square of which the MACs grow."""
    low, width, high = 1 / 64, 1.0, 64.0
    found = {}
    for _ in range(24):
        model = build(width)
        ratio = cost(model).macs / macs
        found[abs(ratio - 1)] = model
        if abs(ratio - 1) < 0.002:
            break
        low, high = (low, width) if ratio > 1 else (width, high)
        width /= ratio**0.5
        if not low < width < high:
            width = (low * high) ** 0.5
    best = min(found)
    if best > 0.1:
        raise ValueError(
            f"Expected a budget that a width can meet, but the nearest to "
            f"{macs:,} MACs has {cost(found[best]).macs:,}. Change the number "
            f"of stages or blocks."
        )
    return found[best]
