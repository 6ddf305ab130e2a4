"""Puts the result files into docs/results.md, README.md and other pages.

`python -m benchmarks.page`
"""

import pathlib
import re

from benchmarks import results
from training import files

PAGE = results.RESULTS_DIR.parent / "results.md"
README = PAGE.parent.parent / "README.md"
# Pages with the section of one result, which has the page's name.
SECTIONS = (PAGE.with_name("compression.md"),)
_BEGIN, _END = "<!-- begin of results -->\n", "<!-- end of results -->\n"
_HEADER = """\
# Results

Made from the files in `results/` by `python -m benchmarks.page`; do not edit.
Timings are of the machine named; ratios were measured side by side in one run.
"""


def make_page(directory: pathlib.Path = results.RESULTS_DIR) -> str:
    """Writes all result files of a directory as one Markdown text."""
    return "\n".join([_HEADER, *map(_section, _read_all(directory))])


def update_readme(
    text: str, directory: pathlib.Path = results.RESULTS_DIR
) -> str:
    """Puts the headlines of every result into the README."""
    rows = [
        f"| {'' if index else _link(result)} | {figure.name} "
        f"| {_number(figure.value)} | {figure.target} | {_verdict(figure)} |"
        for result in _read_all(directory)
        for index, figure in enumerate(result.figures[: result.headlines])
    ]
    header = ["| of | figure | measured | target | reached |"]
    return _between_marks(
        text, "\n".join([*header, "|---|---|--:|---|---|", *rows])
    )


def _link(result):
    """The title, which leads to the section of the page of results."""
    # As the usual viewers of Markdown make a heading's anchor.
    anchor = re.sub(r"[^\w\- ]", "", result.title.lower()).replace(" ", "-")
    page = PAGE.relative_to(README.parent).as_posix()
    return f"[{result.title}]({page}#{anchor})"


def update_section(
    text: str, name: str, directory: pathlib.Path = results.RESULTS_DIR
) -> str:
    """Puts all of a result, but its heading, into a page."""
    path = directory / f"{name}.json"
    if not path.exists():
        return text
    _, *lines = _section(results.read(path)).strip().splitlines()
    return _between_marks(text, "\n".join(lines).strip())


def _between_marks(text, new):
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    return "".join([before, _BEGIN, new, "\n", _END, after])


def _read_all(directory):
    paths = sorted(directory.glob("*.json"), key=_numbers_as_such)
    return sorted(map(results.read, paths), key=lambda result: result.order)


def _numbers_as_such(path):
    """Sorts 8 epochs before 16."""
    parts = re.split(r"(\d+)", path.stem)
    return [int(part) if part.isdigit() else part for part in parts]


def _section(result):
    rows = [
        f"| {f.name} | {_number(f.value)} | {f.target} | {_verdict(f)} "
        f"| {f.runs} |"
        for f in result.figures
    ]
    return "\n".join(
        [
            f"## {result.title}",
            "",
            result.about,
            "",
            "| figure | measured | target | reached | runs |",
            "|---|--:|---|---|---|",
            *rows,
            "",
            *(line for plot in result.plots for line in _plot(*plot)),
            *(line for table in result.tables for line in _table(table)),
            f"`{result.command}` on {result.machine}",
            "",
        ]
    )


def _table(table):
    lines = [table.header, ("---",) + ("--:",) * (len(table.header) - 1)]
    lines += table.rows
    rows = (" | ".join(map(_cell, line)) for line in lines)
    return [table.title, "", *(f"| {row} |" for row in rows), ""]


def _cell(text):
    """Lets viewers break the name of a set between branches, not intervals."""
    text = re.sub(r"(?<=[a-z])\+(?=[a-z])", " + ", text)
    return re.sub(
        r"\((\S+) to (\S+)\)",
        "(\\1\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}\\2)",
        text,
    )


def _plot(path, words):
    return [f"![{words}]({results.RESULTS_DIR.name}/{path})", ""]


def _number(value):
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2g}"


def _verdict(figure):
    if not figure.target:
        return ""
    return {None: "not known", True: "yes", False: "**no**"}[figure.reached]


def _write(path, text):
    with files.replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write(PAGE, make_page())
    _write(README, update_readme(README.read_text(encoding="utf-8")))
    for path in SECTIONS:
        section = update_section(path.read_text(encoding="utf-8"), path.stem)
        _write(path, section)
    names = ", ".join(path.name for path in (README, *SECTIONS))
    print(f"Wrote {PAGE.name} and the results in {names}.")
