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
# For each model.
_TIMEOUT_SECONDS = 600
_ARENA = re.compile(r"Arena allocation total (\d+) bytes")
# What it prints of each model that it ran.
_ALLOCATIONS = re.compile(r"^\[RecordingMicroAllocator\].*$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Run:
    """What TFLM gave: outputs by image, and the bytes of its tensor arena."""

    outputs: np.ndarray
    arena_bytes: int


@dataclasses.dataclass(frozen=True)
class Refused:
    """Why TFLM gave nothing for a model, as in `TFLM was skipped: reason`."""

    reason: str


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
    (result,) = run_all([(data, inputs)])
    if isinstance(result, Refused):
        raise RuntimeError(f"TFLM gave no outputs: {result.reason}")
    return result


def run_all(cases: Sequence[tuple]) -> list[Run | Refused]:
    """Runs several models, each on inputs of its own, in one process.

    A model that TFLM does not like ends the process: those after it run in
    another one.

    Raises:
        RuntimeError: TFLM does not tell what it needs.
    """
    results = []
    while len(results) < len(cases):
        results += _run_to_first_refused(cases[len(results) :])
    return results


def _run_to_first_refused(cases):
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        for number, (data, inputs) in enumerate(cases):
            (directory / f"{number}.tflite").write_bytes(data)
            inputs = inputs if isinstance(inputs, tuple) else (inputs,)
            np.savez(directory / f"{number}.in.npz", *inputs)
        how, words = _run_process(directory, len(cases))
        arenas = list(map(int, _ARENA.findall(words)))
        results = []
        while (path := directory / f"{len(results)}.out.npy").exists():
            if len(results) == len(arenas):
                raise RuntimeError(
                    f"TFLM did not print its arena: {words[-500:]}. Install "
                    f"the version of tflite-micro in constraints.txt."
                )
            results.append(Run(np.load(path), arenas[len(results)]))
        if how:
            results.append(Refused(_failure(how, words)))
        return results


def _run_process(directory, number):
    """Runs the models in a directory.

    Returns:
        what became of the one after the last that gave outputs, "" when all
        did; and all that TFLM printed.
    """
    seconds = number * _TIMEOUT_SECONDS
    # A file keeps the words of a process that is stopped, too.
    with open(directory / "words", "w+b") as words:
        try:
            code = subprocess.run(
                [sys.executable, "-m", "tflite_export.tflm_runner"]
                + [str(directory), str(number)],
                cwd=_PACKAGES,
                stdout=subprocess.DEVNULL,
                stderr=words,
                timeout=seconds,
            ).returncode
        except subprocess.TimeoutExpired:
            how = f"it was not done after {seconds} seconds"
        else:
            how = "it refused the model" if code else ""
            if code < 0:
                how = f"it crashed with signal {-code}"
        words.seek(0)
        return how, words.read().decode(errors="replace")


def _failure(how, words):
    words = _ALLOCATIONS.sub("", words)
    # Python's words are longer, and tell less, than TFLM's before them.
    own = words.partition("Traceback")[0].strip() or words.strip()
    return f"{how}: {' '.join(own[-500:].split())}" if own else how
