"""Runs models in TFLM: `python -m tflite_export.tflm_runner DIRECTORY NUMBER`.

The directory has `0.tflite` and its inputs `0.in.npz`, and so on, and gets
`0.out.npy`; inputs and outputs are without the batch dimension. What the arena
was used for goes to standard error. This is a process of its own, because TFLM
ends the process on a model that it does not like; `tflm.run_all` starts it.
"""

import pathlib
import sys

import numpy as np
from tflite_micro.python.tflite_micro import runtime

# Reserved, not used: only the pages that a model needs become real.
_ARENA_BYTES = 256 * 1024 * 1024


def run(data: bytes, inputs: list[np.ndarray]) -> np.ndarray:
    """Runs a model on samples, then prints how it used its arena.

    Args:
        data: the flatbuffer.
        inputs: for every input of the model, its values in all samples.
    """
    interpreter = runtime.Interpreter.from_bytes(data, arena_size=_ARENA_BYTES)
    outputs = []
    for sample in zip(*inputs, strict=True):
        for index, values in enumerate(sample):
            interpreter.set_input(values[np.newaxis], index)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0])
    interpreter.print_allocations()
    return np.stack(outputs)


def main() -> None:
    """Reads and writes the files that `tflm.run_all` names."""
    directory, number = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    for i in range(number):
        data = (directory / f"{i}.tflite").read_bytes()
        with np.load(directory / f"{i}.in.npz") as inputs:
            outputs = run(data, list(inputs.values()))
        np.save(directory / f"{i}.out.npy", outputs)


if __name__ == "__main__":
    main()
