"""The script that picks the Python of the virtual environments."""

import os
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "tools" / "find_python.sh"


@pytest.fixture
def install(tmp_path):
    """Puts an executable of a few lines of shell on the PATH."""

    def write(name, body, directory="bin"):
        path = tmp_path / directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.fixture
def find(tmp_path):
    def run(*names):
        directories = [tmp_path / "shims", tmp_path / "bin", "/usr/bin", "/bin"]
        return subprocess.run(
            ["bash", str(SCRIPT), *names],
            env={"PATH": os.pathsep.join(map(str, directories))},
            capture_output=True,
            text=True,
        )

    return run


def test_the_python_that_runs_these_tests_will_do(find):
    assert find(sys.executable).stdout.strip() == sys.executable


def test_a_shim_that_only_fails_hides_no_python_behind_it(find, install):
    install("python3.11", "echo 'not installed' >&2; exit 127", "shims")
    real = install("python3.11", f'exec "{sys.executable}" "$@"')
    assert find().stdout.strip() == real


def python_with(change):
    """Shell that runs `python -c CODE` with a change of `sys` before CODE."""
    return f'exec "{sys.executable}" -c "import sys; {change}\n$2"'


def test_each_python_that_will_not_do_is_named_with_the_reason(find, install):
    shim = install("python-shim", "echo 'not installed' >&2; exit 127")
    old = install("python-old", python_with("sys.version_info = (3, 9, 1)"))
    bare = install(
        "python-bare", python_with("sys.modules['ensurepip'] = None")
    )
    result = find("python-shim", "python-old", "python-bare", "python-none")
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"{shim}: not installed\n" in result.stderr
    assert f"{old}: is Python 3.9\n" in result.stderr
    assert f"{bare}: import of ensurepip halted" in result.stderr
    assert "apt-get install python3." in result.stderr
    assert "python-none: not found\n" in result.stderr
    assert "make PYTHON=/path/to/python3.11" in result.stderr
