"""Runs models in TFLM: `python -m tflite_export.tflm_runner DIRECTORY NUMBER`.

The directory has `0.tflite` and its inputs `0.in.npy`, and so on, and gets
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


def run(data: bytes, inputs: np.ndarray) -> np.ndarray:
    """Runs a model on each of `inputs`, then prints how it used its arena."""
    interpreter = runtime.Interpreter.from_bytes(data, arena_size=_ARENA_BYTES)
    outputs = []
    for values in inputs:
        interpreter.set_input(values[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0])
    interpreter.print_allocations()
    return np.stack(outputs)


def main() -> None:
    """Reads and writes the files that `tflm.run_all` names."""
    directory, number = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    for i in range(number):
        data = (directory / f"{i}.tflite").read_bytes()
        inputs = np.load(directory / f"{i}.in.npy")
        np.save(directory / f"{i}.out.npy", run(data, inputs))


if __name__ == "__main__":
    main()
