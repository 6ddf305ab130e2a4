"""MLPerf Tiny's image classification: 85 % on CIFAR-10, as int8.

`python -m benchmarks.mlperf_tiny --epochs 100 --data DIR --workdir DIR` trains
ResNet-8 and a hierarchical network within its multiply-accumulates, with one
recipe; a run that was broken off goes on.
"""

import argparse
import dataclasses
import pathlib

import keras

import hlp_keras
from benchmarks import exports, results
from tflite_export.manifest import ExportedModel
from training import config as configs
from training import data, evaluate, sources, statistics, train
from training.workdir import Workdir

_LEVELS = (((16, 1, 1), (24, 1, 2)), ((32, 1, 2),), ((16, 1, 1),))
_TARGET = 0.85


def main() -> None:
    """Trains, exports, and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args()
    recipe = configs.load_config("cifar10", {"epochs": str(options.epochs)})
    source = sources.load_source(options.data)
    taxonomy = data.load_taxonomy(recipe.taxonomy, source)
    source = data.relabel(source, taxonomy)
    images = source.test.float_images()
    exported, hits = {}, {}
    for name, build, levels in (
        ("hierarchical", train.build_model, _LEVELS),
        ("ResNet-8", _build_resnet_8, None),
    ):
        config = dataclasses.replace(recipe, levels=levels)
        keras.utils.set_random_seed(config.seed)
        model = build(config, taxonomy, source.image_shape)
        workdir = Workdir(pathlib.Path(options.workdir, name))
        train.train_model(model, config, source, workdir.path)
        logits = evaluate.neutral_logits(model, images)
        hits[name] = logits.argmax(axis=1) == source.test.labels
        (exported[name],) = exports.export_cutouts(
            model,
            [taxonomy.categories],
            exports.choose_images(source, taxonomy),
            workdir.path / "models",
        )
    gained = statistics.difference(hits["hierarchical"], hits["ResNet-8"])
    results.write("mlperf_tiny", make_result(options.epochs, exported, gained))


def _build_resnet_8(config, taxonomy, image_shape):
    return hlp_keras.plain_model(
        taxonomy.categories, image_shape, config.family
    )


def make_result(
    epochs: int,
    exported: dict[str, ExportedModel],
    gained: statistics.Estimate,
) -> results.Result:
    """Puts the networks into words.

    Args:
        epochs: of both.
        exported: both, by name.
        gained: accuracy of the hierarchical one minus that of ResNet-8.
    """
    runs = f"1 run, {epochs} epochs"
    most = exported["ResNet-8"].macs
    return results.Result(
        title="MLPerf Tiny's image classification",
        command=f"python -m benchmarks.mlperf_tiny --epochs {epochs} "
        "--data DIR --workdir DIR",
        about=(
            f"CIFAR-10, where MLPerf Tiny asks for 85 %. ResNet-8 and a "
            f"hierarchical network within its multiply-accumulates, trained "
            f"with the recipe of the configuration `cifar10` for {epochs} "
            f"epochs, seed 0, 1 run each; int8 as exported, on all test "
            f"images. The difference is paired by image, in points with its "
            f"95 % interval."
        ),
        figures=(
            *(
                results.Figure(
                    f"accuracy of {name}, int8, %",
                    100 * model.accuracy.int8,
                    f"at least {100 * _TARGET:g}",
                    model.accuracy.int8 >= _TARGET and model.macs <= most,
                    runs,
                )
                for name, model in exported.items()
            ),
            results.difference(
                "hierarchical network over ResNet-8, float32, points",
                gained,
                "at least 0",
                gained.value >= 0,
                runs,
            ),
        ),
        order=36,
        tables=(exports.table("Networks:", "network", exported),),
    )


if __name__ == "__main__":
    main()
