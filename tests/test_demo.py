import dataclasses
import html.parser

import numpy as np
import pytest

import hlp_keras
from demo import plots, report
from tflite_export import icicle
from tflite_export.manifest import (
    Accuracy,
    Calibration,
    ExportedModel,
    Kernels,
    Manifest,
    Normalisation,
    Tensor,
)
from training.evaluation import (
    CueResult,
    CutoutResult,
    Evaluation,
    LevelResult,
    SizeResult,
)
from training.statistics import Estimate

TAXONOMY = hlp_keras.Taxonomy.from_nested(
    {"pet": ["cat", "dog"], "vehicle": ["car <fast>", "ship", "bus"]}
)


def estimate(value):
    return Estimate(value, 0.9 * value, 1.1 * value, 20)


EVALUATION = Evaluation(
    data="photos",
    images=100,
    seed=0,
    accuracy=estimate(0.8),
    params=5000,
    macs=100_000,
    levels=(LevelResult(1, 2, estimate(0.9)),),
    across=estimate(0.2),
    nodes=(CutoutResult("pet", 2, estimate(0.85), 2000, 60_000),),
    random_sets=(SizeResult(2, False, *map(estimate, (0.9, 3000, 70_000))),),
    cues=(
        CueResult("neutral", 1.0, estimate(0.8)),
        CueResult("valid", 1.5, estimate(0.85)),
    ),
)


def exported(names, share, kernels):
    labels = TAXONOMY.resolve(names)
    tensor = Tensor("image", (1, 16, 16, 3), "int8", 1 / 255, -128)
    return ExportedModel(
        names=names,
        labels=labels,
        class_indices=tuple(TAXONOMY.class_indices[name] for name in labels),
        file=f"{'-'.join(names)}.tflite",
        sha256="0" * 64,
        bytes=int(9000 * share),
        input=tensor,
        output=tensor,
        normalisation=Normalisation(),
        operators=(),
        parameters=int(5000 * share),
        macs=int(100_000 * share),
        accuracy=Accuracy(
            images=50,
            float32=0.8,
            int8=0.79,
            agreement=0.99,
            largest_difference=0.1,
            rms_difference=0.05,
        ),
        kernels=kernels,
    )


def manifest(kernels):
    return Manifest(
        taxonomy=TAXONOMY.to_dict(),
        calibration=Calibration("photos", 10),
        models=(
            exported(("pet",), 0.4, kernels),
            exported(("pet", "vehicle"), 1.0, kernels),
        ),
        tools={"keras": "3"},
    )


RAN = Kernels(16, 1, 0, 16, "", 5000)
SKIPPED = Kernels(16, 1, None, None, "tflite-micro is not installed", None)


def render(kernels=RAN):
    return report.render(
        manifest(kernels),
        EVALUATION,
        {"pet.tflite": 0.02, "pet-vehicle.tflite": 0.05},
        [report.Sample("", "cat", "dog", 0.7)],
        ["pet"],
        1000,
    )


class TagChecker(html.parser.HTMLParser):
    """Fails on end tags that close no open element."""

    VOID = ("meta", "img", "br", "path", "use", "rect", "link")

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_page_is_well_formed_and_self_contained():
    page = render()
    checker = TagChecker()
    checker.feed(page)
    assert checker.open == []
    assert 'src="http' not in page
    assert "<link" not in page


def test_page_says_what_the_smallest_cutout_saves():
    page = render()
    assert "<b>60 %</b>" in page
    assert "fewer parameters for pet" in page


def test_page_says_when_a_check_was_skipped():
    assert "tflite-micro is not installed" in render(SKIPPED)


def test_page_says_by_how_much_runtimes_differ():
    assert "of 255 steps" not in render()
    differ = dataclasses.replace(RAN, tflm_steps=1, tflm_identical=15)
    page = render(differ)
    assert "<b>0 of 2</b>" in page
    assert "16 images, the others within 1 of 255 steps" in page


def test_icicle_fills_what_is_kept_and_outlines_the_rest():
    drawing = icicle.draw(TAXONOMY.prune(["pet"]))
    assert drawing.count("<rect") == 1 + 2 + 5
    assert drawing.count('fill="none"') == 4  # vehicle and its categories
    assert "car &lt;fast&gt;" in drawing


def test_plots_hold_their_figures():
    scatter = plots.accuracy_over_macs(EVALUATION)
    assert scatter.startswith("<svg")
    assert "pet (2)" in scatter
    assert "85.0" in plots.accuracy_under_cues(EVALUATION.cues)


@pytest.mark.parametrize("channels", [1, 3])
def test_samples_are_encoded_as_pictures(channels):
    image = np.full((16, 16, channels), 255, np.uint8)
    assert report._png(image).startswith("iVBORw0KGgo")
