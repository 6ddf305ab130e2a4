import dataclasses

from test_manifest import example

from tflite_export import summary


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


def test_says_how_often_tflm_rounded_otherwise():
    text = summary.table(with_kernels(tflm_steps=1, tflm_identical=3))
    assert text.endswith("3/4 identical")


def test_says_why_tflm_was_skipped():
    text = summary.table(with_kernels(tflm_skipped="it is not installed"))
    _, line, reason = text.splitlines()
    assert line.endswith("skipped")
    assert reason == "TFLM was skipped: it is not installed."
