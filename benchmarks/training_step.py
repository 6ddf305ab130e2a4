"""Time of a training step, beside the plain network's and the input's.

`python -m benchmarks.training_step` trains the CIFAR-10 configuration's network
and a plain one of the same MACs in turn, on random images.
"""

import statistics
import time

import numpy as np

import hlp_keras
from benchmarks import results
from training import config, data, train
from training.sources import Split

_ROUNDS = 30
_STEPS = 4
_INPUT_STEPS = 100


def main() -> None:
    """Measures and writes the result file."""
    settings = config.load_config("cifar10", {"erasing": "0.25"})
    taxonomy = hlp_keras.Taxonomy.from_name("cifar10")
    images = np.random.default_rng(0).integers(
        0, 256, (20_000, 32, 32, 3), np.uint8
    )
    split = Split(images, np.arange(20_000, dtype=np.int32) % 10)
    model = train.build_model(settings, taxonomy, images.shape[1:])
    macs = hlp_keras.cost(model).macs
    plain = hlp_keras.plain_model(
        taxonomy.categories, images.shape[1:], settings.family, macs=macs
    )
    plain_macs = hlp_keras.cost(plain).macs
    batch = next(iter(data.training_batches(split, settings)))
    seconds = _step_seconds([model, plain], settings, batch)
    ratios = [
        (one / macs) / (other / plain_macs)
        for one, other in zip(*seconds, strict=True)
    ]
    ratio = statistics.median(ratios)
    trained = settings.batch_size / statistics.median(seconds[0])
    delivered = _input_rate(split, settings)
    results.write(
        "training_step",
        results.Result(
            title="A training step",
            command="python -m benchmarks.training_step",
            about=(
                f"The network of the CIFAR-10 configuration ({macs:,} MACs) "
                f"and a plain one ({plain_macs:,} MACs) take {_STEPS} steps "
                f"each in turn; the ratio is the median over the rounds. The "
                f"input is measured alone, with all its augmentation."
            ),
            figures=(
                results.Figure(
                    "time per MAC, hierarchical over plain",
                    ratio,
                    "at most 1.15",
                    ratio <= 1.15,
                    runs=f"{_ROUNDS} rounds",
                ),
                results.Figure(
                    "training, images per second",
                    trained,
                    runs=f"{_ROUNDS} rounds",
                ),
                results.Figure(
                    "input alone, images per second",
                    delivered,
                    "at least 10 times as many",
                    delivered >= 10 * trained,
                    runs=f"{_INPUT_STEPS} batches",
                ),
            ),
            order=30,
        ),
    )


def _step_seconds(models, settings, batch):
    """Seconds of a training step: for each model, a list over the rounds."""
    images, labels = batch
    for model in models:
        train.compile_model(model, settings, steps_per_epoch=1000)
        model.train_on_batch(images, labels)  # Traces the graph.
    seconds = [[] for _ in models]
    for _ in range(_ROUNDS):
        for model, times in zip(models, seconds, strict=True):
            start = time.perf_counter()
            for _ in range(_STEPS):
                model.train_on_batch(images, labels)
            times.append((time.perf_counter() - start) / _STEPS)
    return seconds


def _input_rate(split, settings):
    """Images per second that the input gives when nothing else runs."""
    batches = iter(data.training_batches(split, settings))
    for _ in range(10):  # What was fetched ahead does not count.
        next(batches)
    start = time.perf_counter()
    for _ in range(_INPUT_STEPS):
        next(batches)
    seconds = time.perf_counter() - start
    return _INPUT_STEPS * settings.batch_size / seconds


if __name__ == "__main__":
    main()
