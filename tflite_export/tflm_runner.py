"""Runs a model in TFLM: `python -m tflite_export.tflm_runner MODEL IN OUT`.

IN and OUT are `.npy` files: inputs without and outputs without the batch
dimension. What the arena was used for goes to standard error. This is a
process of its own, because TFLM ends the process on a model that it does not
like; `tflm.run` starts it.
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
    """Reads and writes the files named on the command line."""
    model_path, inputs_path, outputs_path = sys.argv[1:]
    data = pathlib.Path(model_path).read_bytes()
    np.save(outputs_path, run(data, np.load(inputs_path)))


if __name__ == "__main__":
    main()
