"""The report: one self-contained page about a network and its cutouts."""

import base64
import dataclasses
import io
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
import PIL.Image
import scipy.special

import hlp_keras
from demo import plots
from tflite_export import flatbuffer, icicle, verify
from tflite_export import report as export_report
from tflite_export.manifest import Manifest
from training.evaluation import Evaluation

_NUM_SAMPLES = 12


@dataclasses.dataclass(frozen=True)
class Sample:
    """A test image and what a cutout says of it.

    Attributes:
        png: the image, encoded as base64 text.
        label: the right category.
        found: the category that the cutout gives.
        confidence: its probability.
    """

    png: str
    label: str
    found: str
    confidence: float

    @property
    def right(self) -> bool:
        """Whether the cutout is right."""
        return self.found == self.label


def render(
    manifest: Manifest,
    evaluation: Evaluation,
    latencies: Mapping[str, float],
    samples: Sequence[Sample],
    sample_set: Sequence[str],
    num_train: int,
) -> str:
    """Makes the page.

    Args:
        manifest: of the exported models; one of them has all categories.
        evaluation: of the full network.
        latencies: milliseconds by file name.
        samples: images with predictions.
        sample_set: names of the category set that the samples are of.
        num_train: how many images the network was trained on.
    """
    models = manifest.models
    full = max(models, key=lambda model: len(model.labels))
    smallest = min(models, key=lambda model: model.macs)
    taxonomy = hlp_keras.Taxonomy.from_dict(manifest.taxonomy)
    verified, verified_text = _verified(models)

    def title(model):
        return ", ".join(model.names) if model != full else "all categories"

    environment = export_report.environment(pathlib.Path(__file__).parent)
    return environment.get_template("report.html.j2").render(
        models=models,
        title=title,
        full=full,
        left_away=_left_away(smallest, full),
        verified=verified,
        verified_text=verified_text,
        icicles=[icicle.draw(taxonomy.prune(m.labels)) for m in models],
        latencies={file: 1000 * ms for file, ms in latencies.items()},
        scatter=plots.accuracy_over_macs(evaluation),
        cues=plots.accuracy_under_cues(evaluation.cues),
        cue_factor=max(cue.gain for cue in evaluation.cues),
        samples=samples,
        sample_set=sample_set,
        num_train=num_train,
        tools=", ".join(f"{n} {v}" for n, v in manifest.tools.items()),
    )


def _left_away(model, full):
    return {
        "name": ", ".join(model.names),
        "parameters": f"{100 * (1 - model.parameters / full.parameters):.0f} %",
        "macs": f"{100 * (1 - model.macs / full.macs):.0f} %",
    }


def _verified(models):
    """What the third tile says of the checks on TFLM."""
    skipped = [m.kernels.tflm_skipped for m in models if m.kernels.tflm_skipped]
    if skipped:
        return "skipped", f"the check on TFLite Micro: {skipped[0]}"
    steps = [model.kernels.tflm_steps for model in models]
    text = (
        f"models give the same integers in TFLite Micro and LiteRT on "
        f"{models[0].kernels.images} images"
    )
    if any(steps):
        text += f", the others within {max(steps)} of 255 steps"
    return f"{steps.count(0)} of {len(models)}", text


def classify_samples(
    data: bytes, labels: Sequence[str], images, right_labels, seed: int = 0
) -> list[Sample]:
    """Lets an exported model classify some images of its categories.

    Args:
        data: the int8 flatbuffer.
        labels: its categories, in the order of its logits.
        images: uint8 test images of these categories.
        right_labels: the category of each image.
        seed: of the choice of images.
    """
    number = min(_NUM_SAMPLES, len(images))
    chosen = np.random.default_rng(seed).choice(
        len(images), number, replace=False
    )
    parsed = flatbuffer.parse(data)
    (given,) = flatbuffer.inputs(parsed)
    (got,) = flatbuffer.outputs(parsed)
    pixels = images[chosen].astype(np.float32) / 255
    logits = verify.dequantise(
        verify.run_litert(data, verify.quantise(pixels, given)), got
    )
    p = scipy.special.softmax(logits, axis=1)
    return [
        Sample(
            png=_png(images[i]),
            label=right_labels[i],
            found=labels[row.argmax()],
            confidence=float(row.max()),
        )
        for i, row in zip(chosen, p, strict=True)
    ]


def _png(image):
    buffer = io.BytesIO()
    PIL.Image.fromarray(np.squeeze(image)).save(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode()
