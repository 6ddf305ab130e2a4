"""Files that are written whole or not at all."""

import pytest

from training import files


def test_the_file_is_there_at_the_end(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with files.replacing(path) as partial:
        partial.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), files.replacing(path) as partial:
        partial.write_text("ne")
        raise KeyError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_name_has_the_same_suffix(tmp_path):
    with files.replacing(tmp_path / "a.keras") as partial:
        assert partial.suffix == ".keras"
        partial.touch()


def test_two_may_write_at_once(tmp_path):
    path = tmp_path / "a.txt"
    with files.replacing(path) as first, files.replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_named():
    with (
        pytest.raises(OSError, match="/dev/null/a.txt cannot be written: .*"),
        files.replacing("/dev/null/a.txt") as partial,
    ):
        partial.write_text("")


def test_a_full_disk_is_named(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with (
        pytest.raises(
            OSError, match="a.txt cannot be written: .*No space left"
        ),
        files.replacing(path) as partial,
    ):
        partial.symlink_to("/dev/full")
        partial.write_text("new")
    assert path.read_text() == "old"
