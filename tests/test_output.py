import os

import pytest
from test_manifest import example

from tflite_export.output import replacing, replacing_file


def files(directory):
    return sorted(path.name for path in directory.iterdir())


def write_export(directory):
    (directory / "manifest.json").write_text(example().to_json())
    (directory / "vehicle.tflite").write_bytes(b"old")


def test_an_interruption_between_two_exports_keeps_the_earlier(
    tmp_path, monkeypatch
):
    out = tmp_path / "out"
    out.mkdir()
    write_export(out)
    replace = os.replace

    def interrupted(source, target):
        if source.name == "new":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt), replacing(out) as new:
        (new / "car.tflite").touch()
    assert files(out) == ["manifest.json", "vehicle.tflite"]
    assert files(tmp_path) == ["out"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_new_or_empty_directory_is_filled(tmp_path, exists):
    out = tmp_path / "a" / "out"
    if exists:
        out.mkdir(parents=True)
    with replacing(out) as new:
        (new / "file").touch()
        assert not out.exists() or not files(out)
    assert files(out) == ["file"]
    assert files(out.parent) == ["out"]


def test_an_earlier_export_is_replaced_as_a_whole(tmp_path):
    write_export(tmp_path)
    with replacing(tmp_path) as new:
        (new / "car.tflite").touch()
    assert files(tmp_path) == ["car.tflite"]


def test_what_the_user_compiled_is_replaced_with_its_export(tmp_path):
    text = example(target="edgetpu").to_json()
    (tmp_path / "manifest.json").write_text(text)
    (tmp_path / "vehicle_edgetpu.tflite").touch()
    with replacing(tmp_path) as new:
        (new / "car.tflite").touch()
    assert files(tmp_path) == ["car.tflite"]


def test_an_error_leaves_everything_as_it_was(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write_export(out)
    with pytest.raises(ZeroDivisionError), replacing(out) as new:
        (new / "vehicle.tflite").write_bytes(b"new")
        raise ZeroDivisionError
    assert (out / "vehicle.tflite").read_bytes() == b"old"
    assert files(tmp_path) == ["out"]


def test_refuses_a_directory_with_other_files(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with (
        pytest.raises(FileExistsError, match="not of an export: notes.txt"),
        replacing(tmp_path),
    ):
        raise AssertionError
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [("mine", "Expecting value"), ('{"version": 1}', "version 3, got 1")],
)
def test_refuses_a_manifest_it_cannot_read(tmp_path, text, message):
    (tmp_path / "manifest.json").write_text(text)
    with (
        pytest.raises(FileExistsError, match=message),
        replacing(tmp_path),
    ):
        raise AssertionError
    assert (tmp_path / "manifest.json").read_text() == text


def test_refuses_files_beside_an_export(tmp_path):
    write_export(tmp_path)
    (tmp_path / "notes.txt").touch()
    with (
        pytest.raises(FileExistsError, match="not of an export: notes.txt"),
        replacing(tmp_path),
    ):
        raise AssertionError


def test_refuses_links_in_folders(tmp_path):
    write_export(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to("/")
    with (
        pytest.raises(FileExistsError, match="not of an export: folder/link"),
        replacing(tmp_path),
    ):
        raise AssertionError


def test_a_file_is_replaced_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "file"
    for text in ("one", "two"):
        with replacing_file(path, lambda path: None) as new:
            new.write_text(text)
        assert path.read_text() == text
    with (
        pytest.raises(ZeroDivisionError),
        replacing_file(path, lambda path: None) as new,
    ):
        new.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "two"
    assert files(path.parent) == ["file"]


def test_a_file_is_checked_before_it_is_replaced(tmp_path):
    def refuse(path):
        raise FileExistsError(f"mine: {path.name}")

    (tmp_path / "file").touch()
    with (
        pytest.raises(FileExistsError, match="mine: file"),
        replacing_file(tmp_path / "file", refuse),
    ):
        raise AssertionError


def test_refuses_a_directory_for_a_file(tmp_path):
    with (
        pytest.raises(IsADirectoryError, match="Name a file in it"),
        replacing_file(tmp_path, lambda path: None),
    ):
        raise AssertionError


@pytest.mark.parametrize("name", [".", "..", "../../a/"])
def test_refuses_the_directory_that_one_works_in(tmp_path, monkeypatch, name):
    here = tmp_path / "a" / "b"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    with (
        pytest.raises(OSError, match="current directory.*inside it"),
        replacing(name),
    ):
        raise AssertionError
    with replacing("../c") as new:
        (new / "file").touch()
    assert files(here.parent) == ["b", "c"]


def test_refuses_a_mount_point(tmp_path, monkeypatch):
    monkeypatch.setattr(os.path, "ismount", lambda path: path == tmp_path)
    with (
        pytest.raises(OSError, match="is a mount point.*inside it"),
        replacing(tmp_path),
    ):
        raise AssertionError


def test_refuses_a_file(tmp_path):
    out = tmp_path / "out"
    out.touch()
    with (
        pytest.raises(NotADirectoryError, match="out is a file"),
        replacing(out),
    ):
        raise AssertionError


def test_refuses_what_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(OSError, match="Cannot write beside .* Choose another"),
        replacing(tmp_path / "file" / "out"),
    ):
        raise AssertionError
