import dataclasses
import re

import pytest

from benchmarks import page, results

UPDATE = "Update it with `python -m benchmarks.page`."


def test_the_committed_page_is_what_the_command_makes():
    assert page.PAGE.read_text(encoding="utf-8") == page.make_page(), UPDATE


def test_the_readme_s_table_is_what_the_command_makes():
    text = page.README.read_text(encoding="utf-8")
    assert text == page.update_readme(text), UPDATE


@pytest.mark.parametrize("path", page.SECTIONS, ids=lambda path: path.name)
def test_the_sections_of_pages_are_what_the_command_makes(path):
    text = path.read_text(encoding="utf-8")
    assert text == page.update_section(text, path.stem), UPDATE


@pytest.fixture
def directory(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "RESULTS_DIR", tmp_path)
    figures = (
        results.Figure("speed, ms", 1234.5, "under 2", False, "3 runs"),
        results.Figure("size, kB", 0.5),
    )
    table = results.Table("Both:", ("what", "how much"), (("size", "1 kB"),))
    result = results.Result(
        *("Speed", "python -m speed", "About it.", figures, 1),
        tables=(table,),
        plots=(("speed/bars.svg", "Bars of speed"),),
    )
    results.write("speed", result)
    return tmp_path


def test_a_result_reads_as_it_was_written(directory):
    result = results.read(directory / "speed.json")
    assert result.figures[0].value == 1234.5
    assert "cores" in result.machine
    assert result.tables[0].rows == (("size", "1 kB"),)
    assert result.plots == (("speed/bars.svg", "Bars of speed"),)


def test_a_page_says_what_falls_short(directory):
    text = page.make_page(directory)
    assert "| speed, ms | 1,234 | under 2 | **no** | 3 runs |" in text
    assert "| size, kB | 0.5 |  |  | 1 run |" in text
    assert f"![Bars of speed]({directory.name}/speed/bars.svg)\n\n" in text
    table = "| what | how much |\n| --- | --: |\n| size | 1 kB |\n"
    assert f"Both:\n\n{table}\n`python -m speed`" in text


def test_names_of_sets_break_between_branches_and_intervals_do_not(directory):
    row = ("cars+other_vehicles (7)", "+1.2 (-0.1 to +2.5)")
    table = results.Table("All:", ("set", "over scratch"), (row,))
    result = results.Result("Sets", "make", "All sets.", (), 2, tables=(table,))
    results.write("sets", result)
    expected = "| cars + other_vehicles (7) | +1.2 (-0.1\xa0to\xa0+2.5) |"
    assert expected in page.make_page(directory)


def test_the_pictures_of_the_committed_page_are_there():
    found = re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.make_page())
    assert [
        name for name in found if not (page.PAGE.parent / name).exists()
    ] == []


def test_a_readme_gets_the_headlines_of_a_result(directory):
    result = results.read(directory / "speed.json")
    changed = dataclasses.replace(
        result,
        title="Speed, by size: a_b-c",
        figures=(*result.figures, results.Figure("kept for the page", 1)),
        headlines=2,
    )
    results.write("speed", changed)
    before = "# Title\n<!-- begin of results -->\n<!-- end of results -->\nEnd"
    text = page.update_readme(before, directory)
    link = "[Speed, by size: a_b-c](docs/results.md#speed-by-size-a_b-c)"
    assert f"| {link} | speed, ms | 1,234 | under 2 | **no** |" in text
    assert "|  | size, kB | 0.5 |  |  |" in text
    assert "kept for the page" not in text
    assert page.update_readme(text, directory) == text


def test_a_target_may_be_undecided(directory):
    result = results.read(directory / "speed.json")
    figure = dataclasses.replace(result.figures[0], reached=None)
    results.write("speed", dataclasses.replace(result, figures=(figure,)))
    text = page.make_page(directory)
    assert "| speed, ms | 1,234 | under 2 | not known | 3 runs |" in text


def test_results_are_in_the_order_of_their_numbers(directory):
    result = results.read(directory / "speed.json")
    for epochs in (16, 8):
        name = f"speed_{epochs}_epochs"
        results.write(name, dataclasses.replace(result, title=name))
    text = page.make_page(directory)
    assert text.index("speed_8_epochs") < text.index("speed_16_epochs")


def test_a_page_gets_all_of_one_result(directory):
    before = "# Title\n<!-- begin of results -->\n<!-- end of results -->\nEnd"
    text = page.update_section(before, "speed", directory)
    assert "## Speed" not in text
    assert "| size, kB | 0.5 |" in text
    assert page.update_section(text, "speed", directory) == text
    assert page.update_section(before, "missing", directory) == before
