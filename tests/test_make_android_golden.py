"""What the Android demo ships, and what its tests compare with."""

import importlib.util
import json
import pathlib
import re

import numpy as np

from tflite_export import directory, manifest

ROOT = pathlib.Path(__file__).parents[1]
DEMO = ROOT / "android_demo"
COMMAND = "python tools/make_android_golden.py"


def load_script():
    path = ROOT / "tools" / "make_android_golden.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


def test_the_golden_file_is_what_litert_gives():
    made = json.loads(script.to_json(script.golden()))
    committed = json.loads(script.GOLDEN.read_text(encoding="utf-8"))
    assert made == committed, f"Run `{COMMAND}`."


def test_the_shipped_models_are_as_they_were_exported():
    for models in (script.APP_MODELS, script.TEST_MODELS):
        assert directory.problems(models) == []


def test_the_app_reads_the_manifest_that_is_written():
    kotlin = DEMO / "core/src/main/kotlin/hlp/core/Manifest.kt"
    (version,) = re.findall(r"MANIFEST_VERSION = (\d+)", kotlin.read_text())
    assert int(version) == manifest.VERSION


def test_both_builds_take_the_same_versions():
    catalogue = (DEMO / "gradle" / "libs.versions.toml").read_text()
    gradle = dict(re.findall(r'^(\w+) = "([\d.-]+)"$', catalogue, re.MULTILINE))
    pom = (DEMO / "pom.xml").read_text()
    maven = dict(re.findall(r"<(\w+)\.version>([\d.-]+)<", pom))
    shared = gradle.keys() & maven.keys()
    assert shared == {
        *("bytedeco", "json", "junit", "junit4", "kotlin", "robolectric"),
    }
    assert {k: gradle[k] for k in shared} == {k: maven[k] for k in shared}


def test_a_grey_frame_stays_grey():
    y, colour = np.full((8, 12), 77), np.full((4, 6), 128)
    small = script.scale_frame(y, colour, colour, 90, (3, 2))
    assert (small == np.full((3, 2, 3), 77)).all()


def test_a_frame_is_turned_clockwise():
    y, colour = np.array([[10, 20], [30, 40]]), np.full((1, 1), 128)
    small = script.scale_frame(y, colour, colour, 90, (2, 2))
    assert small[..., 0].tolist() == [[30, 10], [40, 20]]
