"""Slicing beside converting: exactness, time, size, memory and latency.

`python -m benchmarks.slicing` makes masters of networks with random weights
for the categories of CIFAR-10 and slices them.
"""

import pathlib
import statistics
import tempfile
import time
import tracemalloc
from unittest import mock

import keras
import numpy as np

import hlp_keras
from benchmarks import results
from benchmarks.exactness import randomise
from tflite_export import (
    convert,
    latency,
    master,
    slices,
    slicing,
    tflm,
    verify,
)
from tflite_export.reference import Reference

SHAPE = (32, 32, 3)
FAMILIES = ("resnet", "mobilenet")
RANDOM_SETS = 200
MANY_SETS = 1000
CALIBRATION_IMAGES = 100
# Wide enough for a master of 1 MB.
WIDE_LEVELS = ([(32, 2, 1)], [(64, 2, 2)], [(64, 2, 2)])
CUTOUTS = (["cat", "dog"], ["vehicle"], ["animal"], ["pet", "road_vehicle"])
_REPEATS = 15
_LATENCY_ROUNDS = 400


def main() -> None:
    """Measures and writes the result file."""
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    taxonomy = hlp_keras.Taxonomy.from_name("cifar10")
    images = rng.random((CALIBRATION_IMAGES, *SHAPE), "float32")
    networks = {
        family: _network(taxonomy, rng, family=family) for family in FAMILIES
    }
    masters = {
        family: master.make_master(network, images)
        for family, network in networks.items()
    }
    with_gain = {
        family: master.make_master(hlp_keras.attend(network), images)
        for family, network in networks.items()
    }
    wide = _network(taxonomy, rng, levels=WIDE_LEVELS)
    wide_master = master.make_master(wide, images)
    conversions = {
        tuple(names): _timed(
            lambda names=names: convert.convert(
                hlp_keras.cutout(wide, names), images
            )
        )
        for names in CUTOUTS
    }
    figures = [
        _exactness("logits", taxonomy, masters, rng),
        _exactness("logits under a gain", taxonomy, with_gain, rng),
        *_times(wide_master, conversions),
        *_many(taxonomy, masters["mobilenet"], rng),
        _size(wide_master, conversions),
        _memory(wide_master),
        *_latencies(wide, wide_master, conversions),
    ]
    results.write(
        "slicing",
        results.Result(
            title="Slicing a master beside converting a cutout",
            command="python -m benchmarks.slicing",
            about=(
                f"Networks for the categories of CIFAR-10 with random weights: "
                f"both families as they are, and a wider one whose master has "
                f"{len(wide_master):,} bytes. A conversion is calibrated with "
                f"{CALIBRATION_IMAGES} images. Slicing includes reading the "
                f"master anew each time, but for the many category sets."
            ),
            figures=tuple(figures),
            order=60,
        ),
    )


def _network(taxonomy, rng, **changes):
    model = hlp_keras.HLPModel(taxonomy, SHAPE, **changes)
    randomise(model, rng)
    return model


def _timed(function):
    start = time.perf_counter()
    value = function()
    return value, time.perf_counter() - start


def _median_seconds(function):
    return statistics.median(_timed(function)[1] for _ in range(_REPEATS))


def _random_sets(taxonomy, number, rng):
    """Distinct sets of categories, of all sizes."""
    sets = set()
    while len(sets) < number:
        size = rng.integers(1, len(taxonomy.categories) + 1)
        names = rng.choice(taxonomy.categories, size, replace=False)
        sets.add(tuple(sorted(names.tolist())))
    return sorted(sets)


def _exactness(what, taxonomy, masters, rng):
    """Integers that differ, over all nodes and random sets."""
    sets = [(node,) for node in taxonomy.nodes]
    sets += _random_sets(taxonomy, RANDOM_SETS, rng)
    images = rng.random((2, *SHAPE), "float32")
    different = 0
    for data in masters.values():
        whole = slicing.Master(data)
        reference = Reference.of(whole, images)
        for names in sets:
            small = whole.cut(names)
            different += _differing(reference, small)
    return results.Figure(
        f"{what} that are not the master's integers",
        different,
        "none",
        different == 0,
        runs=f"{len(sets)} slices of {len(masters)} families, "
        f"{len(images)} images each",
    )


def _differing(reference, small):
    outputs = verify.run_reference(small.data, reference.inputs_of(small))
    expected = reference.logits_of(small.metadata["labels"])
    return int(np.sum(outputs != expected))


def _times(data, conversions):
    sliced = {
        names: _median_seconds(lambda names=names: _slice(data, names))
        for names in conversions
    }
    slowest = 1000 * max(sliced.values())
    ratio = min(conversions[names][1] / sliced[names] for names in sliced)
    runs = f"{len(sliced)} cutouts, medians of {_REPEATS} slices"
    return [
        results.Figure(
            f"slowest slice of a master of {len(data) / 1e6:.2g} MB, ms",
            slowest,
            "under 50",
            slowest < 50,
            runs,
        ),
        results.Figure(
            "times as fast as a conversion of the same cutout, the least",
            ratio,
            "at least 100",
            ratio >= 100,
            runs,
        ),
    ]


def _slice(data, names):
    return slicing.slice_master(data, names)


def _many(taxonomy, data, rng):
    sets = _random_sets(taxonomy, MANY_SETS, rng)
    without = mock.patch.object(tflm, "missing_reason", lambda: "left out")
    with without:
        seconds = _export_seconds(data, sets)
    return [
        results.Figure(
            f"{MANY_SETS:,} category sets sliced, checked against the master "
            f"on two images, written, with manifest, seconds",
            seconds,
            "under 60",
            seconds < 60,
        ),
        results.Figure(
            "the same with each of them run in TFLM too, seconds",
            _export_seconds(data, sets),
        ),
    ]


def _export_seconds(data, sets):
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "out"
        return _timed(lambda: slices.export_slices(data, sets, out))[1]


def _size(data, conversions):
    ratio = max(
        len(_slice(data, names)) / len(direct)
        for names, (direct, _) in conversions.items()
    )
    return results.Figure(
        "bytes of a slice by those of a direct conversion, the most",
        ratio,
        "at most 1.01",
        ratio <= 1.01,
        runs=f"{len(conversions)} cutouts",
    )


def _memory(data):
    tracemalloc.start()
    _slice(data, CUTOUTS[2])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ratio = peak / len(data)
    return results.Figure(
        "peak memory of slicing by the master's bytes",
        ratio,
        "under 10",
        ratio < 10,
    )


def _latencies(model, data, conversions):
    """Time by MACs, and beside direct conversions; each pair side by side."""
    macs = hlp_keras.cost(model).macs
    by_macs, beside = [], []
    for names, (direct, _) in conversions.items():
        small = _slice(data, names)
        share = hlp_keras.cost(model, names).macs / macs
        by_macs.append(_latency_ratio(small, data) / share)
        beside.append(_latency_ratio(small, direct))
    runs = f"{len(conversions)} cutouts, medians of {_LATENCY_ROUNDS} rounds"
    return [
        results.Figure(
            "latency of a slice per MAC, by the master's, furthest from 1",
            _furthest(by_macs),
            "within 15 %",
            abs(_furthest(by_macs) - 1) <= 0.15,
            runs,
        ),
        results.Figure(
            "latency of a slice by that of a direct conversion, furthest "
            "from 1",
            _furthest(beside),
            "within 3 %",
            abs(_furthest(beside) - 1) <= 0.03,
            runs,
        ),
    ]


def _latency_ratio(one, other):
    times = latency.median_latencies(
        {"one": one, "other": other}, _LATENCY_ROUNDS
    )
    return times["one"] / times["other"]


def _furthest(ratios):
    return max(ratios, key=lambda ratio: abs(ratio - 1))


if __name__ == "__main__":
    main()
