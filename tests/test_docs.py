"""What the pages in docs/ show runs."""

import json
import pathlib
import re

import export_models
import numpy as np
import pytest

import hlp_keras
from tflite_export import slices, tflm, verify

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


@pytest.mark.parametrize("target", [None, "edgetpu"])
def test_decisions_of_an_exported_model(tmp_path, target):
    data, names = export_models.master_of(), ["vehicle", "dog", "cat"]
    settings = slices.Settings(target=target)
    slices.export_slices(data, [names], tmp_path, settings)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (model,) = manifest["models"]
    pixels = export_models.images()
    image = pixels if target else (pixels.astype(int) - 128).astype(np.int8)
    integers = verify.run_litert((tmp_path / model["file"]).read_bytes(), image)
    named = {"manifest": manifest, "integers": integers}
    exec("import hlp_keras\n" + python_of("export.md"), named)
    small = export_models.cutout(names=tuple(names))
    logits = small.predict(pixels / np.float32(255), verbose=0)
    found = named["logits"][:, named["order"]]
    assert abs(found - logits).mean() < 0.1 * logits.std()
    expected = hlp_keras.decide_top_down(small.taxonomy, logits)
    assert (named["indices"] == expected).mean() > 0.9


def test_your_own_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("run").mkdir()
    export_models.network().save("run/last.keras")
    names = {"images": export_models.images()}
    exec("import hlp_keras\n" + python_of("own_images.md"), names)
    assert set(names["answers"]) <= {"cat", "car", "ship"}
