import dataclasses

from test_manifest import example

from tflite_export import summary
from tflite_export.making import Making


def with_kernels(**changes):
    (model,) = example().models
    kernels = dataclasses.replace(model.kernels, **changes)
    return example(models=(dataclasses.replace(model, kernels=kernels),))


def test_prints_a_line_per_model():
    header, line = summary.table(example()).splitlines()
    assert header.split() == [
        *["category", "set", "parameters", "MACs", "bytes", "float", "int8"],
        *["agreement", "TFLM"],
    ]
    assert line.split() == [
        *["vehicle", "100", "2,000", "1,234", "100.00%", "90.00%", "90.00%"],
        "identical",
    ]
    assert len(header) == len(line)


def test_leaves_out_what_was_not_measured():
    (model,) = example().models
    without = dataclasses.replace(model, accuracy=None)
    _, line = summary.table(example(models=(without,))).splitlines()
    assert line.split()[-4:] == ["-", "-", "-", "identical"]


def test_says_how_a_master_does():
    (model,) = example().models
    made = Making(example().calibration, {}, model.accuracy, model.kernels)
    text = summary.of_master(made)
    assert "3 images of here" in text
    assert "float 100.00%, int8 90.00%" in text
    assert text.endswith("TFLM: identical")


def test_says_how_often_tflm_rounded_otherwise():
    text = summary.table(with_kernels(tflm_steps=1, tflm_identical=3))
    assert text.endswith("3/4 identical")


def test_says_why_tflm_was_skipped():
    text = summary.table(with_kernels(tflm_skipped="it is not installed"))
    _, line, reason = text.splitlines()
    assert line.endswith("skipped")
    assert reason == "TFLM was skipped: it is not installed."
