"""What the pages in docs/ show runs."""

import pathlib
import re

import export_models
import pytest

from tflite_export import tflm

DOCS = pathlib.Path(__file__).parent.parent / "docs"


def python_of(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


def test_sources_for_a_microcontroller():
    if reason := tflm.missing_reason():
        pytest.skip(reason)
    names = {
        "master": export_models.master_of(),
        "images": export_models.images(2),
    }
    exec(python_of("microcontrollers.md"), names)
    assert "animals_classifier.cc" in names["files"]


def test_your_own_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("run").mkdir()
    export_models.network().save("run/last.keras")
    names = {"images": export_models.images()}
    exec("import hlp_keras\n" + python_of("own_images.md"), names)
    assert set(names["answers"]) <= {"cat", "car", "ship"}
