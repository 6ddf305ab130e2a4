import dataclasses
import os

import pytest
import test_demo

from tflite_export import directory, report
from tflite_export.manifest import EdgeTpu, File, Firmware, Operator, Tensor


def manifest(**changes):
    made = test_demo.manifest(test_demo.RAN)
    models = tuple(
        dataclasses.replace(
            model, operators=(Operator("CONV_2D", 3, 5),), **changes
        )
        for model in made.models
    )
    target = "micro" if "firmware" in changes else "edgetpu"
    return dataclasses.replace(made, models=models, target=target)


FIRMWARE = Firmware("pet", False, 12_345, 6_789, (File("a.h", "0" * 64, 1),))
EDGETPU = EdgeTpu(17, 16, 0.99, 40_000, 0, "predicted, not compiled", None)


def test_page_is_well_formed_and_self_contained():
    page = report.render(manifest())
    checker = test_demo.TagChecker()
    checker.feed(page)
    assert checker.open == []
    assert 'src="' not in page
    assert "<link" not in page


def test_page_tells_operators_and_what_was_verified():
    page = report.render(manifest())
    assert "CONV_2D, 3" in page
    assert "same integers" in page
    assert "79.00 %" in page


def test_page_tells_what_a_microcontroller_needs():
    page = report.render(manifest(firmware=(FIRMWARE,)))
    assert "12,345" in page
    assert "RAM, bytes" in page


def test_page_tells_what_the_edge_tpu_takes():
    page = report.render(manifest(edgetpu=EDGETPU))
    assert "16 of 17" in page
    assert "not compiled" in page


def test_report_belongs_to_an_export(tmp_path):
    (tmp_path / "manifest.json").write_text(manifest().to_json())
    path = report.write_report(tmp_path)
    assert path.name == "report.html"
    problems = directory.problems(tmp_path)
    assert not any("report.html" in problem for problem in problems)


def test_a_report_that_fails_leaves_the_earlier(tmp_path, monkeypatch):
    def fail(source, target):
        raise OSError("disk full")

    (tmp_path / "manifest.json").write_text(manifest().to_json())
    (tmp_path / "report.html").write_text("earlier")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        report.write_report(tmp_path)
    assert (tmp_path / "report.html").read_text() == "earlier"
    assert len(list(tmp_path.iterdir())) == 2


def test_no_report_without_a_manifest(tmp_path):
    with pytest.raises(FileNotFoundError):
        report.write_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_page_says_whether_there_is_a_gain():
    gain = Tensor("gain", (1, 1), "int8", 1 / 128, -128)
    text = "a second input, the top-down gain"
    assert text in report.render(manifest(gain=gain, gain_nodes=("pet",)))
    assert text not in report.render(manifest())
