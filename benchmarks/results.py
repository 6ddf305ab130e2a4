"""Result files: what was measured, by which command, on which machine."""

import dataclasses
import json
import os
import pathlib
import platform

from training import files
from training.statistics import Estimate

RESULTS_DIR = pathlib.Path(__file__).parent.parent / "docs" / "results"


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured, in words, with its unit.
        value: what came out.
        target: what it should be, in words, or "" when there is no target.
        reached: whether it is; None when there is no target, or when what was
            measured does not decide it.
        runs: how many runs or cases stand behind it, in words.
    """

    name: str
    value: float
    target: str = ""
    reached: bool | None = None
    runs: str = "1 run"


def difference(
    name: str,
    estimate: Estimate,
    target: str,
    reached: bool | None,
    runs: str,
    decimals: int = 1,
) -> Figure:
    """Makes a figure of a difference of shares, in points with its interval."""
    low, high = (
        f"{100 * end:+.{decimals}f}" for end in (estimate.low, estimate.high)
    )
    return Figure(
        name,
        100 * estimate.value,
        target,
        reached,
        f"{low} to {high}; {runs}",
    )


@dataclasses.dataclass(frozen=True)
class Table:
    """Numbers that are many; cells are text as the page shows it."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclasses.dataclass(frozen=True)
class Result:
    """What one command measured.

    Attributes:
        title: heading in the page.
        command: that measured it, as typed in the project's directory.
        about: what was done, in a few sentences.
        figures: what came out.
        order: place in the page, small numbers first.
        machine: on which it was measured.
        tables: what else came out.
        plots: picture files, relative to the directory of the results, each
            with words for those who cannot see it.
        headlines: how many of the first figures the README shows.
    """

    title: str
    command: str
    about: str
    figures: tuple[Figure, ...]
    order: int
    machine: str = dataclasses.field(default_factory=lambda: describe_machine())
    tables: tuple[Table, ...] = ()
    plots: tuple[tuple[str, str], ...] = ()
    headlines: int = 1


def write(name: str, result: Result) -> pathlib.Path:
    """Writes a result file and prints what it holds."""
    path = RESULTS_DIR / f"{name}.json"
    text = json.dumps(dataclasses.asdict(result), indent=2, ensure_ascii=False)
    with files.replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")
    for figure in result.figures:
        print(f"{figure.name}: {figure.value:.4g}  {figure.target}")
    return path


def read(path: pathlib.Path) -> Result:
    """Reads a result file."""
    data = json.loads(path.read_text(encoding="utf-8"))
    figures = tuple(Figure(**figure) for figure in data.pop("figures"))
    tables = tuple(
        Table(
            table["title"],
            tuple(table["header"]),
            tuple(map(tuple, table["rows"])),
        )
        for table in data.pop("tables", ())
    )
    plots = tuple(map(tuple, data.pop("plots", ())))
    return Result(**data, figures=figures, tables=tables, plots=plots)


def describe_machine() -> str:
    """The processor, its cores and memory, and Python."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (
        f"{_processor()}, {os.cpu_count()} cores, {pages / 2**30:.0f} GiB, "
        f"Python {platform.python_version()}"
    )


def _processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1] for line in lines if "model name" in line]
    return names[0].strip() if names else platform.machine()
