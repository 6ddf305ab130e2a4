"""Generates firmware sources, compiles and runs them.

TFLM itself is not there to link with. The headers in `tflm_stand_in` declare
the part of its API that is used, and its interpreter answers with what the
real TFLM, run through Python, gave for the same model and input.
"""

import functools
import pathlib
import shutil
import subprocess
import types

import micro_models
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tflite_export import cpp, flatbuffer, micro, tflm
from tflite_export.budget import Footprint

_STAND_IN = pathlib.Path(__file__).parent / "tflm_stand_in"
_FLAGS = [
    "-std=c++17",
    "-O1",
    "-fno-exceptions",
    "-fno-rtti",
    *("-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wold-style-cast"),
    *("-pedantic", "-Werror"),
]
_COMPILERS = {
    "g++": [],
    "arm-none-eabi-g++": ["-mcpu=cortex-m4", "-mthumb"],
}
_FORMS = {
    "whole": micro_models.whole_files,
    "gain": micro_models.gain_files,
    "split": micro_models.split_files,
}


def needs(program):
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} is not installed"
    )


needs_tflm = pytest.mark.skipif(
    bool(tflm.missing_reason()), reason=tflm.missing_reason()
)


@pytest.mark.parametrize("form", _FORMS)
def test_files_are_those_in_the_repository(form):
    golden = {
        path.name: path.read_text(encoding="utf-8")
        for path in (micro_models.GOLDEN / form).iterdir()
    }
    assert _FORMS[form]() == golden, (
        "The firmware sources are other ones than in the repository. If they "
        "should be, run: python tests/micro_models.py"
    )


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize(
    "compiler", [pytest.param(name, marks=needs(name)) for name in _COMPILERS]
)
def test_sources_compile_without_a_warning(form, compiler, tmp_path):
    write(tmp_path, _FORMS[form]())
    compile_all(compiler, tmp_path.glob("*.cc"), tmp_path)


@needs("g++")
@needs("nm")
@pytest.mark.parametrize("form", _FORMS)
def test_classifier_uses_no_heap(form, tmp_path):
    write(tmp_path, _FORMS[form]())
    compile_all("g++", tmp_path.glob("*_classifier.cc"), tmp_path)
    listing = subprocess.check_output(
        ["nm", "-u", tmp_path / "tiny_classifier.o"], text=True
    )
    assert "MicroInterpreter" in listing
    # `new` and `delete` begin like this in the names that compilers give.
    assert not any(name in listing for name in ("malloc", "_Zn", "_Zd"))


@needs_tflm
def test_expected_scores_are_those_of_tflm():
    _, scores = recorded_whole()
    np.testing.assert_array_equal(scores, micro_models.SCORES)


@needs("g++")
@needs_tflm
def test_main_classifies_like_tflm(tmp_path):
    recordings = {"tiny_model_data": recorded_whole()}
    assert run_main(micro_models.whole_files(), recordings, tmp_path) == [
        "image 0: ship, score 2, as on the host",
        'image 1: a "dög", score -7, as on the host',
        "tensor arena: 111 of 3872 bytes used",
        "~~~ALL TESTS PASSED~~~",
    ]


@needs_tflm
def test_expected_scores_under_a_gain_are_those_of_tflm():
    _, _, run = recorded_gain()
    np.testing.assert_array_equal(run.outputs, micro_models.GAIN_SCORES)
    assert run.arena_bytes == micro_models.ARENA_BYTES["gain"]
    assert (run.outputs != micro_models.SCORES).any(axis=1).all()


@needs("g++")
@needs_tflm
def test_main_gives_the_gain_to_tflm(tmp_path):
    images, factors, run = recorded_gain()
    recordings = {"tiny_model_data": (images, factors, run.outputs)}
    lines = run_main(micro_models.gain_files(), recordings, tmp_path)
    assert lines[-1] == "~~~ALL TESTS PASSED~~~"
    other = {"tiny_model_data": (images, factors[::-1], run.outputs)}
    lines = run_main(micro_models.gain_files(), other, tmp_path, status=1)
    assert lines[0] == "no recording has this input"


@needs("g++")
@needs_tflm
def test_main_fails_when_the_device_gives_other_scores(tmp_path):
    images, scores = recorded_whole()
    other = scores.copy()
    other[1, 0] = 9
    lines = run_main(
        micro_models.whole_files(),
        {"tiny_model_data": (images, other)},
        tmp_path,
        status=1,
    )
    assert lines[1] == "image 1: cat, score 9, NOT AS ON THE HOST"
    assert lines[-1] == "1 of 2 images differ"


@needs("g++")
@needs_tflm
def test_split_gives_the_scores_of_the_heads_that_are_on(tmp_path):
    files = micro_models.split_files()
    assert run_main(files, recorded_parts(), tmp_path) == [
        "image 0, heads 2: ship, score 2, as on the host",
        'image 0, head 0: a "dög", score -3, as on the host',
        "image 0, head 1: ship, score 2, as on the host",
        'image 1, heads 2: a "dög", score -7, as on the host',
        'image 1, head 0: a "dög", score -7, as on the host',
        "image 1, head 1: ship, score -10, as on the host",
        "tensor arena: 144 of 2480 bytes used",
        "~~~ALL TESTS PASSED~~~",
    ]


@needs("g++")
@needs_tflm
def test_split_does_not_run_what_is_off(tmp_path):
    # Running a part without a recording fails.
    recordings = {
        name: recording
        for name, recording in recorded_parts().items()
        if "animal" not in name
    }
    lines = run_main(micro_models.split_files(), recordings, tmp_path, status=1)
    assert "image 0, head 1: ship, score 2, as on the host" in lines
    assert lines.count("image 0 could not be classified") == 2


@needs("g++")
@needs_tflm
def test_split_refuses_a_part_with_another_border(tmp_path):
    recordings = dict(recorded_parts())
    given, got = recordings["tiny_head_vehicle_model_data"]
    recordings["tiny_head_vehicle_model_data"] = (given[:, 1:], got)
    lines = run_main(micro_models.split_files(), recordings, tmp_path, status=1)
    assert "tiny: a part is not the one that was exported" in lines


def whole_files(**changes):
    arguments = {
        "name": "tiny",
        "data": micro_models.whole(),
        "class_indices": micro_models.CLASS_INDICES,
        "arena_bytes": 2000,
        "examples": micro_models.examples(),
    }
    return micro.model_files(**{**arguments, **changes})


def test_nothing_that_is_named_by_users_needs_to_be_valid_in_cpp():
    files = whole_files(name="10 T-shirts/tops")
    assert "n10_t_shirts_tops_classifier.h" in files
    assert all("n10_t_shirts_tops" in text for text in files.values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "?!"}, "a letter or a digit.*got '\\?!'"),
        (
            {"class_indices": {"cat": 0}},
            r"a logit for each of 1 categories.*\(1, 1\), got \(1, 3\)",
        ),
        (
            {"class_indices": {"a": 4, "b": 0, "c": 4}},
            r"index of its own .* got \{'a': 4, 'b': 0, 'c': 4\}",
        ),
        ({"class_indices": {"a": 1, "b": 0, "c": -1}}, "own .*, 0 or more"),
        ({"examples": []}, "at least one example image"),
        (
            {"examples": [micro.Example(np.zeros((6, 6, 3)), None)]},
            r"uint8 and shape \(6, 6, 3\), got float64 \(6, 6, 3\)",
        ),
        (
            {
                "examples": [
                    micro.Example(micro_models.images()[0], np.zeros(3))
                ]
            },
            r"int8 and 3, one for each category, got float64 \(3,\)",
        ),
        (
            {"data": micro_models.part("branch_animal").data},
            "`pixel - 128`.*got 0.0099",
        ),
        ({"data": micro_models.part("trunk").data}, "a logit for each of 3"),
        (
            {"data": micro_models.whole(with_gain=True)},
            r"a factor for each of 0 nodes, .* None, got \(1, 2\)",
        ),
        (
            {
                "data": micro_models.whole(with_gain=True),
                "gain_nodes": micro_models.GAIN_NODES,
            },
            r"gain of an example to be .*\(2,\)\), got None",
        ),
    ],
)
def test_refuses_what_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        whole_files(**changes)


def test_labels_in_another_order_than_the_model_s_are_refused():
    model = flatbuffer.parse(micro_models.whole())
    indices = micro_models.CLASS_INDICES
    flatbuffer.set_metadata(
        model,
        {"labels": list(indices), "class_indices": list(indices.values())},
    )
    data = flatbuffer.pack(model)
    assert whole_files(data=data)
    turned = dict(reversed(indices.items()))
    with pytest.raises(ValueError, match="logits in their order, .*, got"):
        whole_files(data=data, class_indices=turned)


def test_refuses_an_operator_that_tflm_does_not_have():
    model = flatbuffer.parse(micro_models.whole())
    model.operatorCodes[0].builtinCode = schema.BuiltinOperator.GELU
    with pytest.raises(ValueError, match="no operator GELU"):
        whole_files(data=flatbuffer.pack(model))


def test_split_refuses_other_categories():
    with pytest.raises(ValueError, match=r"class index for every label.*'cat'"):
        micro.split_files(
            "tiny", micro_models.parts(), {"cat": 0}, micro_models.examples()
        )


def test_footprint_is_data_and_arena():
    data = micro_models.whole()
    found = micro.footprint(data, arena_bytes=2000)
    # The largest filter has 36 weights: 2000 + 4 * 36 + 1024, aligned.
    assert found == Footprint(flash_bytes=len(data), ram_bytes=3168)


def test_footprint_of_a_split_network_shares_the_arena():
    parts = micro_models.parts()
    found = micro.split_footprint(parts)
    flash_bytes = sum(len(part.data) for part in parts)
    # Of the largest part, and features of 3x3x4 and 3x3x6.
    assert found == Footprint(flash_bytes, ram_bytes=2480 + 36 + 54)


@functools.cache
def recorded_whole():
    images = micro_models.int8_images()
    return images, tflm.run(micro_models.whole(), images).outputs


@functools.cache
def recorded_gain():
    inputs = micro_models.int8_images(), micro_models.int8_gains()
    return *inputs, tflm.run(micro_models.whole(with_gain=True), inputs)


@functools.cache
def recorded_parts():
    """What goes into and comes out of each part, by the name of its array."""
    outputs = {}
    recordings = {}
    for name in micro_models.PARENTS:
        part = micro_models.part(name)
        given = outputs.get(part.parent, micro_models.int8_images())
        outputs[name] = tflm.run(part.data, given).outputs
        recordings[f"tiny_{name}_model_data"] = given, outputs[name]
    return types.MappingProxyType(recordings)


def write(directory, files):
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")


def compile_all(compiler, sources, directory):
    """Compiles sources one by one, and shows what the compiler says."""
    for source in sources:
        process = subprocess.run(
            [compiler, *_FLAGS, *_COMPILERS[compiler], "-c", source]
            + ["-I", directory, "-I", _STAND_IN]
            + ["-o", directory / f"{source.stem}.o"],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.returncode == 0, process.stderr


def run_main(files, recordings, directory, status=0):
    """Runs `main` with the stand-in; gives the lines that it prints."""
    write(directory, files)
    (directory / "recordings.cc").write_text(recordings_source(recordings))
    sources = [*directory.glob("*.cc"), _STAND_IN / "stand_in.cc"]
    compile_all("g++", sources, directory)
    program = directory / "main"
    subprocess.run(["g++", *directory.glob("*.o"), "-o", program], check=True)
    process = subprocess.run(
        [program], stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert process.returncode == status, process.stdout
    return process.stdout.splitlines()


def recordings_source(recordings):
    lines = ['#include "recordings.h"']
    rows = []
    for model, arrays in recordings.items():
        lines.append(f'#include "{model}.h"')
        for number, (given, *gain, got) in enumerate(zip(*arrays, strict=True)):
            kinds = {"given": given, "gain": gain[0] if gain else None}
            values = []
            for kind, array in {**kinds, "got": got}.items():
                if array is None:
                    values.append("0, nullptr")
                    continue
                name = f"{kind}_{number}_{model}"
                text = " ".join(cpp.integer_rows(array.flatten()))
                lines.append(f"static const int8_t {name}[] = {{{text}}};")
                values.append(f"sizeof {name}, {name}")
            rows.append(f"{{g_{model}, {', '.join(values)}}},")
    return "\n".join(
        [*lines, "const Recording kRecordings[] = {", *rows, "};"]
        + [f"const size_t kRecordingCount = {len(rows)};", ""]
    )
