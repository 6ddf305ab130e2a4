"""Makes docs/results.md from the result files: `python -m benchmarks.page`."""

import pathlib

from benchmarks import results

PAGE = results.RESULTS_DIR.parent / "results.md"
_HEADER = """\
# Results

Made from the files in `results/` by `python -m benchmarks.page`; do not edit.
Timings are of the machine named; ratios were measured side by side in one run.
"""


def make_page(directory: pathlib.Path = results.RESULTS_DIR) -> str:
    """Writes all result files of a directory as one Markdown text."""
    found = [results.read(path) for path in sorted(directory.glob("*.json"))]
    found.sort(key=lambda result: result.order)
    return "\n".join([_HEADER, *map(_section, found)])


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
            f"`{result.command}` on {result.machine}",
            "",
        ]
    )


def _number(value):
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.4g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1e}"


def _verdict(figure):
    return {None: "", True: "yes", False: "**no**"}[figure.reached]


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(pathlib.Path.cwd())}.")
