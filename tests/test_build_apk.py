"""The script that builds the Android demo without Android Studio."""

import os
import pathlib
import shutil
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "android_demo" / "build_apk.sh"
PROGRAMS = ("javac", "aapt2", "zipalign", "apksigner", "zip", "unzip")


@pytest.mark.parametrize(
    ("variables", "skips"),
    [({}, False), ({"SKIP_TESTS": "0"}, False), ({"SKIP_TESTS": "1"}, True)],
)
def test_own_models_can_do_without_the_tests(tmp_path, variables, skips):
    shutil.copy(SCRIPT, tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in (*PROGRAMS, "mvn"):
        # Maven is the first to run, and ends it.
        (programs / name).write_text('#!/bin/sh\necho "$@"\nexit 7\n')
        (programs / name).chmod(0o755)
    done = subprocess.run(
        ["bash", tmp_path / SCRIPT.name],
        env={"PATH": f"{programs}{os.pathsep}/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 7, done.stderr
    *_, arguments = done.stdout.splitlines()
    assert ("-DskipTests" in arguments.split()) == skips
