import pytest

from benchmarks import results, seeds


@pytest.fixture
def directory(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "RESULTS_DIR", tmp_path)
    return tmp_path


def write_comparison(name, ahead, row):
    table = results.Table(
        "Accuracy:", ("set", "cutout", "scratch", "plain", "over plain"), (row,)
    )
    figures = (
        results.Figure("full over plain", ahead),
        results.Figure("errors across branches", 33.0),
    )
    across = results.Table(
        "Errors:", ("nodes", "across branches"), (("2", "33"),)
    )
    result = results.Result(
        name, "python -m compare", "", figures, 40, tables=(table, across)
    )
    results.write(name, result)


def test_takes_the_mean_over_the_seeds(directory):
    name = "comparison_cifar10_3_epochs"
    write_comparison(f"{name}_seed=10", 3.0, ("all", "83.0", "", "80.0", "+3"))
    write_comparison(name, 1.0, ("all", "82.0", "", "81.0", "+1"))
    write_comparison(f"{name}_seed=2", 2.0, ("all", "82.5", "", "80.5", "+2"))
    # Of another length, and with more changed than the seed.
    write_comparison("comparison_cifar10_30_epochs", 9.0, ())
    write_comparison(f"{name}_seed=3_cues=0", 9.0, ())

    result = seeds.make_result("cifar10", 3)

    (figure,) = result.figures
    assert figure.value == pytest.approx(2.0)
    assert figure.reached
    # Student's quantile for three, 4.30, times the standard error, 0.577.
    assert figure.runs.startswith("-0.48 to +4.48; 3 seeds")
    assert result.tables[0].rows == (
        ("0", "82.0", "81.0", "+1"),
        ("2", "82.5", "80.5", "+2"),
        ("10", "83.0", "80.0", "+3"),
    )


def test_one_seed_is_too_few(directory):
    write_comparison("comparison_cifar10_3_epochs", 1.0, ())
    with pytest.raises(
        ValueError, match="at least two seeds, got 1.*vary seed"
    ):
        seeds.make_result("cifar10", 3)


def test_gives_what_the_page_has():
    made = seeds.make_result("cifar10", 12)
    name = "comparison_cifar10_12_epochs_seeds.json"
    kept = results.read(results.RESULTS_DIR / name)
    assert (made.figures, made.tables) == (kept.figures, kept.tables)
