"""Accuracy of the Fashion-MNIST network and of its int8 cutouts.

`python -m benchmarks.fashion_mnist` trains on all 60,000 images (about half an
hour on two cores; a run that was broken off goes on) and exports the whole
network and the cutout of every node.
"""

import argparse
import pathlib

from benchmarks import exports, results
from training import config, sources
from training.evaluate import evaluate
from training.train import train_and_evaluate
from training.workdir import Workdir

NAME = "fashion_mnist"


def main() -> None:
    """Trains, exports, and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workdir", default="runs/fashion_mnist")
    workdir = Workdir(pathlib.Path(parser.parse_args().workdir))
    settings = config.load_config(NAME)
    source = sources.load_source(NAME)
    model = train_and_evaluate(settings, source, workdir.path)
    # From the first file of the run to its last; a break counts as well.
    started = workdir.config.stat().st_mtime
    minutes = (workdir.last.stat().st_mtime - started) / 60
    evaluation = evaluate(model, source)
    evaluation.save(workdir.evaluation)
    print(evaluation)
    whole, *cutouts = exports.export_cutouts(
        model,
        [model.taxonomy.children(), *([node] for node in model.taxonomy.nodes)],
        exports.choose_images(source, model.taxonomy),
        workdir.path / "models",
    )
    losses = {m: 100 * (m.accuracy.float32 - m.accuracy.int8) for m in cutouts}
    worst = max(losses, key=losses.get)
    accuracy = 100 * evaluation.accuracy.value
    whole_loss = 100 * (whole.accuracy.float32 - whole.accuracy.int8)
    runs = f"1 run, {settings.epochs} epochs, seed {settings.seed}"
    results.write(
        "fashion_mnist",
        results.Result(
            title="Fashion-MNIST",
            command="python -m benchmarks.fashion_mnist",
            about=(
                f"All 60,000 training images; accuracy on the 10,000 test "
                f"images after the last epoch. The network has "
                f"{evaluation.params:,} parameters and {evaluation.macs:,} "
                f"multiply-accumulates. int8 accuracy is that of the exported "
                f"files in LiteRT, on all test images of their categories."
            ),
            figures=(
                results.Figure(
                    "accuracy of the full network, float32, %",
                    accuracy,
                    "at least 92",
                    accuracy >= 92,
                    runs,
                ),
                results.Figure(
                    "training time, minutes",
                    minutes,
                    "at most 30",
                    minutes <= 30,
                    runs,
                ),
                results.Figure(
                    "int8 below float32, full network, points",
                    whole_loss,
                    "at most 0.5",
                    whole_loss <= 0.5,
                    "10,000 images",
                ),
                results.Figure(
                    f"int8 below float32, worst cutout "
                    f"({', '.join(worst.names)}), points",
                    losses[worst],
                    "at most 0.5",
                    losses[worst] <= 0.5,
                    f"{len(cutouts)} cutouts",
                ),
            ),
            order=30,
        ),
    )


if __name__ == "__main__":
    main()
