"""What the Android demo's core costs, and whether its integers are Python's.

`python -m benchmarks.android` builds and tests the demo as `make android` does
and reads what the tests measured. All is downloaded anew, as on a first run.
`--beside "two trainings"` says in the result what else the machine did.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree

from benchmarks import results

DEMO = pathlib.Path(__file__).parents[1] / "android_demo"
_CORE, _APP = DEMO / "core" / "target", DEMO / "app" / "target"
_MEGABYTE = 1e6


def main() -> None:
    """Builds, measures and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", help="what else the machine did")
    options = parser.parse_args()
    for target in (_CORE, _APP):
        shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as repository:
        maven = {"MAVEN_OPTS": f"-Dmaven.repo.local={repository}"}
        start = time.monotonic()
        subprocess.run(
            ["bash", DEMO / "build_apk.sh"],
            check=True,
            env=os.environ | maven,
        )
        seconds = time.monotonic() - start
    overhead = json.loads((_CORE / "overhead.json").read_text("utf-8"))
    report = _CORE / "surefire-reports" / "TEST-hlp.core.EndToEndTest.xml"
    suite = xml.etree.ElementTree.parse(report).getroot()
    results.write(
        "android",
        make_result(
            overhead,
            cases=int(suite.get("tests")),
            failures=int(suite.get("failures")) + int(suite.get("errors")),
            seconds=seconds,
            megabytes=(_APP / "hlp-demo-debug.apk").stat().st_size / _MEGABYTE,
            beside=options.beside,
        ),
    )


def make_result(
    overhead: dict,
    cases: int,
    failures: int,
    seconds: float,
    megabytes: float,
    beside: str | None = None,
) -> results.Result:
    """Puts the numbers into words.

    Args:
        overhead: by what is run: frames, median_ms, bytes_per_frame.
        cases: category sets, each in one way and with one gain.
        failures: those of them in which an integer differs.
        seconds: that building, testing and checking took.
        megabytes: size of the debug APK.
        beside: what else the machine did; None is nothing.
    """
    figures = [
        results.Figure(
            "cases in which a logit is not Python's integer",
            failures,
            "none",
            failures == 0,
            f"{cases} cases of 10 images",
        )
    ]
    for name, values in overhead.items():
        runs = f"median of {values['frames']:,} frames"
        median, allocated = values["median_ms"], values["bytes_per_frame"]
        figures += [
            results.Figure(
                f"overhead a frame, {name}, ms",
                median,
                "under 2",
                median < 2,
                runs,
            ),
            results.Figure(
                f"bytes allocated a frame, {name}",
                allocated,
                "0",
                allocated == 0,
                runs,
            ),
        ]
    figures += [
        results.Figure(
            "build, tests and checks, seconds",
            seconds,
            "under 600",
            seconds < 600,
            "1 run, with an empty Maven repository",
        ),
        results.Figure("debug APK, three processors, MB", megabytes),
    ]
    return results.Result(
        title="Android demo",
        command="python -m benchmarks.android",
        about=(
            "A case is a category set of the demo in one way to run it (file, "
            "bundle, parts) with one setting of the gain, or of the models "
            "without a gain; TFLite 2.19 on the desktop JVM against LiteRT in "
            "Python, both without the default delegate. The overhead is all "
            "that is done for a frame of 640x480 but the models themselves, "
            "on the desktop JVM."
            + (f" Beside it ran: {beside}." if beside else "")
        ),
        figures=tuple(figures),
        order=38,
    )


if __name__ == "__main__":
    main()
