"""Tables of figures as text."""

from collections.abc import Iterable, Iterator, Sequence

from training.statistics import Estimate


def percent(figure: Estimate) -> str:
    """Writes a share and its interval: `92.6 % (92.1 to 93.2)`."""
    return (
        f"{100 * figure.value:5.1f} % "
        f"({100 * figure.low:.1f} to {100 * figure.high:.1f})"
    )


def points(figure: Estimate) -> str:
    """Writes a difference of shares: `+0.6 (-0.2 to +1.3)`."""
    return (
        f"{100 * figure.value:+.1f} "
        f"({100 * figure.low:+.1f} to {100 * figure.high:+.1f})"
    )


def align(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines up columns, the first to the left and the others to the right."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        line = name.ljust(widths[0])
        for cell, width in zip(cells, widths[1:], strict=True):
            line += "  " + cell.rjust(width)
        yield line.rstrip()
