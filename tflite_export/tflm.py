"""Runs models in TFLM, the interpreter of microcontrollers, on this host."""

import dataclasses
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

_PACKAGES = pathlib.Path(__file__).parent.parent
_TIMEOUT_SECONDS = 600


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


def run(data: bytes, inputs: np.ndarray) -> Run:
    """Runs a model on inputs in a process of its own.

    Args:
        data: the flatbuffer.
        inputs: quantised inputs, one after another, without batch dimension.

    Raises:
        RuntimeError: TFLM refused the model or crashed; with its words.
    """
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        model, given, got = (
            directory / name for name in ("model.tflite", "in.npy", "out.npy")
        )
        model.write_bytes(data)
        np.save(given, inputs)
        process = subprocess.run(
            [sys.executable, "-m", "tflite_export.tflm_runner"]
            + [str(path) for path in (model, given, got)],
            cwd=_PACKAGES,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
        )
        if process.returncode:
            raise RuntimeError(_failure(process))
        return Run(np.load(got), _arena_bytes(process.stderr))


def _failure(process):
    how = (
        f"crashed with signal {-process.returncode}"
        if process.returncode < 0
        else "refused the model"
    )
    return f"TFLM {how}: {process.stderr.strip()[-500:]}"


def _arena_bytes(log):
    match = re.search(r"Arena allocation total (\d+) bytes", log)
    if match is None:
        raise RuntimeError(f"TFLM did not print its arena: {log[-500:]}")
    return int(match[1])
