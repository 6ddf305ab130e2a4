"""Size and accuracy of a preset that is quantised, pruned or clustered.

`python -m benchmarks.compression --data DIR --runs DIR`, where the first has
the images that the preset's card names, and the second keeps the fine-tuned
networks. The same command again goes on with what was broken off.
"""

import argparse
import dataclasses
import gzip
import pathlib
import subprocess
import sys

import numpy as np
import zstandard

import hlp_keras
from benchmarks import exports, results
from tflite_export import images as image_arrays
from tflite_export import master, reference, slicing, verify
from training import data as training_data
from training import evaluate, sources
from training.workdir import Workdir

_PRESET = "cifar10_resnet_mcu"
# What else hlp-train is told of each run. Kernels that stay dense have 0.4 % of
# the preset's weights, so that 75 % of all is more of the others.
_RUNS = {
    "quantize": (),
    "prune,quantize": ("--sparsity=0.754",),
    "cluster,quantize": ("--clusters=16",),
}


@dataclasses.dataclass(frozen=True)
class File:
    """An int8 model of a category set.

    Attributes:
        names: of the category set.
        size: in bytes.
        gzip: in bytes, compressed as much as it can.
        zstd: in bytes, compressed as much as it can.
        accuracy: on the test images of its categories.
        is_slice_exact: whether it gives the master's integers.
        tflm_identical: part of some images for which TFLM gives the integers
            of LiteRT's reference kernels, or None without TFLM.
    """

    names: tuple[str, ...]
    size: int
    gzip: int
    zstd: int
    accuracy: float
    is_slice_exact: bool
    tflm_identical: float | None


def main() -> None:
    """Trains what is missing, measures, and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--runs", required=True, type=pathlib.Path)
    options = parser.parse_args()
    for methods in _RUNS:
        _train(methods, options)
    network = hlp_keras.HLPModel.from_preset(_PRESET)
    source = sources.load_source(options.data, network.inputs[0].shape[1:3])
    whole = tuple(network.taxonomy.children())
    sets = [whole, *((node,) for node in network.taxonomy.nodes)]
    relabelled = training_data.relabel(source, network.taxonomy)
    files = {}
    for name, data in _masters(network, source, options.runs):
        files[name] = measure(network.taxonomy, data, sets, relabelled.test)
        print(f"{name}: {files[name][0]}", flush=True)
    images = relabelled.test.float_images()
    logits = evaluate.neutral_logits(network, images)
    before = _accuracies(network.taxonomy, logits, sets, relabelled.test.labels)
    results.write("compression", make_result(before, files))


def _train(methods, options):
    subprocess.run(
        [
            *(sys.executable, "-m", "training", *_flags(methods)),
            f"--data={options.data}",
            f"--workdir={options.runs / methods}",
        ],
        check=True,
    )


def _flags(methods):
    return (f"--finetune={methods}", f"--from={_PRESET}", *_RUNS[methods])


def _masters(network, source, runs):
    """The master of every way to make one, by its name."""
    images = exports.choose_images(source, network.taxonomy)

    def calibrated(model):
        return master.make_master(
            model,
            image_arrays.as_float(
                images.calibration_images, model.inputs[0].shape[1:]
            ),
            images.calibration,
        )

    def after(*path):
        return hlp_keras.load_model(Workdir(runs.joinpath(*path)).last)

    def trained(methods):
        return Workdir(runs / methods).master.read_bytes()

    yield "int8", calibrated(network)
    yield "quantize", trained("quantize")
    yield "prune", calibrated(after("prune,quantize", "prune"))
    yield "prune, quantize", trained("prune,quantize")
    yield "cluster", calibrated(after("cluster,quantize", "cluster"))
    yield "cluster, quantize", trained("cluster,quantize")


def measure(taxonomy, data, sets, test) -> list[File]:
    """Slices a master, and measures the files.

    Args:
        taxonomy: of the network.
        data: the master.
        sets: names of the category sets.
        test: test images, whose labels are those of the taxonomy.
    """
    whole = slicing.Master(data)
    images = test.float_images()
    inputs = verify.integers(whole.model, (images,))
    logits = verify.run_litert(data, inputs)
    few = image_arrays.some(images)
    expected = reference.Reference.of(whole, few)
    accuracies = _accuracies(taxonomy, logits, sets, test.labels)
    return [
        _measure(whole.cut(names), tuple(names), accuracy, expected)
        for names, accuracy in zip(sets, accuracies, strict=True)
    ]


def _measure(small, names, accuracy, expected):
    try:
        expected.check(small)
        is_exact = True
    except verify.VerificationError:
        is_exact = False
    kernels = verify.compare_kernels(small.data, expected.images)
    identical = kernels.tflm_identical
    return File(
        names,
        len(small.data),
        len(gzip.compress(small.data, 9, mtime=0)),
        len(zstandard.ZstdCompressor(level=22).compress(small.data)),
        accuracy,
        is_exact,
        None if identical is None else identical / kernels.images,
    )


def _accuracies(taxonomy, logits, sets, labels):
    return [
        float(
            evaluate.cutout_hits(
                taxonomy, logits, labels, taxonomy.resolve(names)
            ).mean()
        )
        for names in sets
    ]


def make_result(before, files) -> results.Result:
    """Puts the figures into words.

    Args:
        before: accuracy of the float network before, for every category set.
        files: the measured files for every way to make them, whole first.
    """
    dense = files["int8"]
    tuned = [one.accuracy for one in files["quantize"]]
    figures = [
        _change("full network", tuned[0] - before[0], "1 run, 10,000 images"),
        _change(
            "mean over the cutouts of all nodes",
            float(np.mean(np.subtract(tuned[1:], before[1:]))),
            f"1 run, {len(before) - 1} cutouts",
        ),
        *_smaller(
            "75 % sparsity", dense[0], files["prune, quantize"][0], 45, 1.0
        ),
        *_smaller(
            "16 clusters", dense[0], files["cluster, quantize"][0], 55, 0.5
        ),
        *_exactness([one for group in files.values() for one in group]),
    ]
    runs = "; ".join(
        f"`hlp-train {' '.join(_flags(methods))}`" for methods in _RUNS
    )
    return results.Result(
        title=f"Fine-tuning and compression: {_PRESET}",
        command="python -m benchmarks.compression --data DIR --runs DIR",
        about=(
            f"The fine-tuning was {runs}. `int8`, `prune` and `cluster`, which "
            f"is what the first stage left, are calibrated with "
            f"{exports.NUM_CALIBRATION_SAMPLES} images after it; those that "
            f"end with `quantize` carry the ranges that they learnt. gzip -9 "
            f"and zstd -22 of the whole .tflite file, with its metadata."
        ),
        figures=tuple(figures),
        order=37,
        tables=(_table(files),),
    )


def _change(what, change, runs):
    points = round(100 * change, 3)
    return results.Figure(
        f"int8 after quantisation-aware fine-tuning, against float before, "
        f"{what}, points",
        points,
        "at least -0.1",
        points >= -0.1,
        runs,
    )


def _smaller(what, dense, small, percent, points):
    size = 100 * small.gzip / dense.gzip
    lost = round(100 * (dense.accuracy - small.accuracy), 3)
    return (
        results.Figure(
            f"gzip size with {what}, % of the dense int8 file's",
            size,
            f"at most {percent}",
            size <= percent,
        ),
        results.Figure(
            f"accuracy lost with {what}, points",
            lost,
            f"at most {points:g}",
            lost <= points,
            "1 run, 10,000 images",
        ),
    )


def _exactness(files):
    exact = sum(one.is_slice_exact for one in files)
    yield results.Figure(
        "files that give the integers of their master",
        exact,
        f"{len(files)}",
        exact == len(files),
        f"{len(files)} files",
    )
    shares = [one.tflm_identical for one in files]
    if None not in shares:
        same = 100 * float(np.mean(shares))
        yield results.Figure(
            "images with the same integers in TFLM and on LiteRT's reference "
            "kernels, %",
            same,
            "100",
            same == 100,
            f"{len(files)} files; a dense layer rounds differently by a step",
        )


def _table(files):
    rows = [
        (
            ", ".join(one.names),
            name,
            f"{one.size:,}",
            f"{one.gzip:,}",
            f"{one.zstd:,}",
            f"{100 * one.accuracy:.2f}",
        )
        for group in zip(*files.values(), strict=True)
        for name, one in zip(files, group, strict=True)
    ]
    return results.Table(
        "Every file:",
        ("categories", "made by", "bytes", "gzip", "zstd", "accuracy, %"),
        tuple(rows),
    )


if __name__ == "__main__":
    main()
