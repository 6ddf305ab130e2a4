"""Measures how long models take on this host, side by side."""

import statistics
import time
from collections.abc import Mapping

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from tflite_export import quiet

_WARM_UP_ROUNDS = 20


def median_latencies(
    models: Mapping[str, bytes], rounds: int = 300
) -> dict[str, float]:
    """Median time of one inference in LiteRT, on one thread.

    The models take turns, so that whatever else the machine does in the
    meantime meets all of them alike.

    Args:
        models: flatbuffers by name.
        rounds: how often each model runs.

    Returns:
        milliseconds by name.
    """
    with quiet.quiet():
        runs = {name: _prepare(data) for name, data in models.items()}
        times = {name: [] for name in models}
        for round_number in range(_WARM_UP_ROUNDS + rounds):
            for name, interpreter in runs.items():
                start = time.perf_counter()
                interpreter.invoke()
                elapsed = time.perf_counter() - start
                if round_number >= _WARM_UP_ROUNDS:
                    times[name].append(1000 * elapsed)
    return {name: statistics.median(t) for name, t in times.items()}


def _prepare(data):
    interpreter = Interpreter(model_content=data, num_threads=1)
    interpreter.allocate_tensors()
    for details in interpreter.get_input_details():
        zeros = np.zeros(details["shape"], details["dtype"])
        interpreter.set_tensor(details["index"], zeros)
    return interpreter
