"""The demo, step by step."""

import pathlib

import hlp_keras
from demo import report
from tflite_export import export, latency, representative, summary
from training import config, files, sources
from training.evaluate import evaluate
from training.train import train_and_evaluate
from training.workdir import Workdir

NAME = "fashion_mnist_mini"
# A pair of categories, one node, two nodes of different branches, and all.
CATEGORY_SETS = (
    ("Sneaker", "Ankle boot"),
    ("upper_body",),
    ("lower_body", "footwear"),
    ("clothing", "accessories"),
)
_SAMPLE_SET = CATEGORY_SETS[2]
_NUM_CALIBRATION_SAMPLES = 500


def run(output_dir: pathlib.Path, epochs: int | None = None) -> pathlib.Path:
    """Trains, evaluates, exports and reports.

    Args:
        output_dir: for the run, the models and the report. Called again, the
            training goes on where it was.
        epochs: in place of the configuration's.

    Returns:
        path of the report.
    """
    overrides = {} if epochs is None else {"epochs": str(epochs)}
    settings = config.load_config(NAME, overrides)
    source = sources.load_source(NAME)
    workdir = Workdir(output_dir / "training")

    _say(f"Training on {len(source.train.images):,} images")
    model = train_and_evaluate(settings, source, workdir.path)
    print(hlp_keras.cost(model))

    _say("Evaluating the network and its cutouts")
    evaluation = evaluate(model, source)
    evaluation.save(workdir.evaluation)
    print(evaluation)

    _say("Cutting out, converting to int8 and verifying")
    images = representative.choose(
        source, model.taxonomy, _NUM_CALIBRATION_SAMPLES
    )
    models_dir = output_dir / "models"
    manifest = export.export_cutouts(
        model,
        CATEGORY_SETS,
        images.calibration_images,
        images.test_images,
        images.test_labels,
        models_dir,
        calibration=images.calibration,
        progress=print,
    )
    files_by_name = {
        exported.file: (models_dir / exported.file).read_bytes()
        for exported in manifest.models
    }
    latencies = latency.median_latencies(files_by_name)

    page = report.render(
        manifest,
        evaluation,
        latencies,
        _samples(manifest, files_by_name, source),
        _SAMPLE_SET,
        len(source.train.images),
    )
    path = output_dir / "report.html"
    with files.replacing(path) as partial:
        partial.write_text(page, encoding="utf-8")
    print(f"\n{summary.table(manifest)}")
    _say(f"The report is {path}")
    return path


def _samples(manifest, files_by_name, source):
    (model,) = [m for m in manifest.models if m.names == _SAMPLE_SET]
    names = [source.class_names[label] for label in source.test.labels]
    inside = [i for i, name in enumerate(names) if name in model.labels]
    return report.classify_samples(
        files_by_name[model.file],
        model.labels,
        source.test.images[inside],
        [names[i] for i in inside],
    )


def _say(text):
    print(f"\n== {text}", flush=True)
