"""Runs models in TFLM, the interpreter of microcontrollers, on this host."""

import dataclasses
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import numpy as np

_PACKAGES = pathlib.Path(__file__).parent.parent
_TIMEOUT_SECONDS = 600
_ARENA = re.compile(r"Arena allocation total (\d+) bytes")


@dataclasses.dataclass(frozen=True)
class Run:
    """What TFLM gave: outputs by image, and the bytes of its tensor arena."""

    outputs: np.ndarray
    arena_bytes: int


def missing_reason() -> str:
    """Why TFLM cannot run here; empty when it can."""
    if importlib.util.find_spec("tflite_micro") is None:
        return "the package tflite-micro is not installed"
    return ""


def run(data: bytes, inputs: np.ndarray | tuple[np.ndarray, ...]) -> Run:
    """Runs a model on inputs in a process of its own.

    Args:
        data: the flatbuffer.
        inputs: quantised inputs, one after another, without batch dimension;
            a tuple for a model of several inputs.

    Raises:
        RuntimeError: TFLM refused the model or crashed; with its words.
    """
    return run_all([(data, inputs)])[0]


def run_all(cases: Sequence[tuple]) -> list[Run]:
    """Runs several models, each on inputs of its own, in one process."""
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        for number, (data, inputs) in enumerate(cases):
            (directory / f"{number}.tflite").write_bytes(data)
            inputs = inputs if isinstance(inputs, tuple) else (inputs,)
            np.savez(directory / f"{number}.in.npz", *inputs)
        process = subprocess.run(
            [sys.executable, "-m", "tflite_export.tflm_runner"]
            + [str(directory), str(len(cases))],
            cwd=_PACKAGES,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
        )
        arenas = list(map(int, _ARENA.findall(process.stderr)))
        if process.returncode:
            raise RuntimeError(_failure(process, len(arenas), len(cases)))
        if len(arenas) != len(cases):
            raise RuntimeError(
                f"TFLM did not print its arena: {process.stderr[-500:]}"
            )
        return [
            Run(np.load(directory / f"{number}.out.npy"), arena)
            for number, arena in enumerate(arenas)
        ]


def _failure(process, done, number):
    how = (
        f"crashed with signal {-process.returncode}"
        if process.returncode < 0
        else "refused the model"
    )
    which = f" ({done + 1} of {number})" if number > 1 else ""
    return f"TFLM {how}{which}: {process.stderr.strip()[-500:]}"
