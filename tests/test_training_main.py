"""The commands, as they are typed."""

import csv
import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import training.workdir

EVALUATE = "from training.__main__ import evaluate; evaluate()"


def start(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(*arguments):
    process = start(*arguments)
    output, errors = process.communicate(timeout=600)
    return process.returncode, output, errors


def train(*flags):
    return run("-m", "training", *flags)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--config=cifra10",), "got 'cifra10'. Did you mean 'cifar10'?"),
        (("--config.epochs=0",), "Expected config.epochs to be at least 1"),
        (("--config.epoch=3",), "'config.epoch'"),
        (("--data=nowhere",), "directory or an .npz file, got 'nowhere'"),
        (("more",), "Unexpected arguments: ['more']"),
    ],
)
def test_a_mistake_becomes_a_message(flags, message, tmp_path):
    needed = ("--config=cifar10", "--data=photos", f"--workdir={tmp_path}")
    code, _, errors = train(*needed, *flags)
    assert code != 0
    assert message in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--data=photos",), "Expected --config"),
        (("--config=cifar10", "--data=x", "--from=x"), "--from has no meaning"),
        (
            ("--config=cifar10", "--data=x", "--sparsity=0.9"),
            "--sparsity has no meaning without --finetune",
        ),
        (("--finetune=prune",), "--finetune needs --from"),
        (("--finetune=prune", "--from=nowhere"), "Train first, with hlp-train"),
        (
            ("--finetune=prune", "--from=cifar10_resnet_mcu", "--sparsity=1"),
            "Expected --sparsity to be from 0.5 to 0.9, got 1",
        ),
    ],
)
def test_a_mistake_in_a_fine_tuning_becomes_a_message(flags, message, tmp_path):
    code, _, errors = train(f"--workdir={tmp_path}", *flags)
    assert code == 1
    assert message in errors
    assert "Traceback" not in errors


def test_every_setting_is_explained():
    _, output, _ = train("--help")
    assert "--config.batch_size: images per step" in output


def test_a_command_that_is_installed_lists_its_flags():
    # Its script is none of the package's modules.
    _, output, _ = run("-c", EVALUATE, "--help")
    assert "--workdir: Directory of the run" in output
    assert "--alsologtostderr" not in output


def test_evaluating_before_training_says_so(tmp_path):
    code, _, errors = run("-c", EVALUATE, f"--workdir={tmp_path}")
    assert code == 1
    assert "hlp-evaluate: Expected the work directory of a training" in errors


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--checkpoint=best", "last network of the run .* --checkpoint=best"),
        ("--data=/others", "Expected the run's data, photos, .* without --pre"),
    ],
)
def test_a_preset_is_what_its_card_says(flag, message, tmp_path):
    written = '{"data": "/my/photos", "config": {}}'
    (tmp_path / "config.json").write_text(written)
    flags = f"--workdir={tmp_path}", "--preset=pets", flag
    code, _, errors = run("-c", EVALUATE, *flags)
    assert code == 1
    assert re.search(message, errors)


# --- whole runs, killed or not ---


@pytest.fixture
def flags(tmp_path):
    """Flags of a short run on 2,000 random images."""
    random = np.random.default_rng(0)
    arrays = {
        "x_train": random.integers(0, 256, (2000, 16, 16, 3), np.uint8),
        "y_train": np.arange(2000) % 4,
        "x_test": random.integers(0, 256, (40, 16, 16, 3), np.uint8),
        "y_test": np.arange(40) % 4,
        "class_names": np.array(["cat", "dog", "car", "ship"]),
    }
    np.savez(tmp_path / "data.npz", **arrays)
    taxonomy = tmp_path / "taxonomy.yaml"
    taxonomy.write_text("{pet: [cat, dog], vehicle: [car, ship]}")
    return [
        "--config=cifar10",
        f"--data={tmp_path / 'data.npz'}",
        f"--config.taxonomy={taxonomy}",
        "--config.levels=[[[8, 1, 2]], [[8, 1, 2]]]",
        "--config.epochs=6",
        "--config.batch_size=20",
    ]


def read_log(path):
    with (path / "log.csv").open() as file:
        return [
            {key: float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


def kill_when(condition, flags):
    """Starts a run and kills it as soon as the condition holds."""
    process = start("-m", "training", *flags)
    while process.poll() is None and not condition():
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_run_that_is_killed_over_and_over_ends_like_one_that_is_not(
    flags, tmp_path
):
    whole, killed = (
        training.workdir.Workdir(tmp_path / name) for name in ("a", "b")
    )
    code, _, errors = train(*flags, f"--workdir={whole.path}")
    assert code == 0, errors
    flags = [*flags, f"--workdir={killed.path}"]

    def has_rows(number):
        return killed.log.exists() and len(killed.rows(9)) >= number

    def is_saving(path):
        return any(path.parent.glob(f"{path.stem}.*.partial{path.suffix}"))

    kill_when(killed.config.exists, flags)
    kill_when(lambda: has_rows(1), flags)
    kill_when(lambda: has_rows(2) and is_saving(killed.last), flags)
    kill_when(lambda: has_rows(3) and is_saving(killed.log), flags)
    kill_when(lambda: is_saving(killed.best) or has_rows(6), flags)
    code, _, errors = train(*flags)
    assert code == 0, errors

    rows, expected = read_log(killed.path), read_log(whole.path)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    for row, other in zip(rows, expected, strict=True):
        assert row["learning_rate"] == pytest.approx(other["learning_rate"])
        assert row["loss"] == pytest.approx(other["loss"], rel=0.05)

    code, _, errors = train(*flags)
    assert code == 0
    assert "All 6 epochs are finished" in errors

    code, output, errors = run("-c", EVALUATE, f"--workdir={killed.path}")
    assert code == 0, errors
    assert "full network, 40 images" in output
    assert json.loads(killed.evaluation.read_text())["images"] == 40
    best = (f"--workdir={killed.path}", "--checkpoint=best")
    code, output, errors = run("-c", EVALUATE, *best)
    assert code == 0, errors
    assert "best.keras, 6 epochs in log.csv" in output
    assert str(killed.evaluation_best) in output
    assert killed.evaluation_best.exists()

    code, _, errors = run(
        "-c", EVALUATE, f"--workdir={killed.path}", "--preset=no-name"
    )
    assert code == 1
    assert "Expected a name of letters, digits and underscores" in errors


@pytest.mark.slow
def test_networks_are_compared_by_command(flags, tmp_path):
    compare = "from training.__main__ import compare; compare()"
    arguments = [
        *flags,
        "--config.epochs=1",
        "--config.levels=[[[16, 1, 2]], [[16, 1, 2]]]",
        f"--workdir={tmp_path / 'out'}",
        f"--plots={tmp_path / 'plots'}",
    ]
    code, _, errors = run("-c", compare, *arguments, "--plain_widths=half")
    assert code == 1
    assert "hlp-compare: Expected --plain_widths to be numbers" in errors
    code, output, errors = run("-c", compare, *arguments)
    assert code == 0, errors
    assert "all (4)" in output
    assert (tmp_path / "out" / "comparison.json").exists()
    assert (tmp_path / "plots" / "accuracy_over_macs.svg").exists()


@pytest.mark.slow
def test_a_network_is_fine_tuned_and_exported_by_command(flags, tmp_path):
    base, tuned = tmp_path / "base", tmp_path / "tuned"
    code, _, errors = train(*flags, "--config.epochs=1", f"--workdir={base}")
    assert code == 0, errors
    code, output, errors = train(
        "--finetune=cluster,quantize",
        "--clusters=8",
        f"--from={base}",
        f"--workdir={tuned}",
        "--config.epochs=1",
    )
    assert code == 0, errors
    assert "values per kernel" in output
    code, output, errors = run(
        "-m",
        "tflite_export",
        f"--model={tuned}",
        "--categories=cat,ship",
        f"--output_dir={tmp_path / 'out'}",
    )
    assert code == 0, errors
    assert (tmp_path / "out" / "cat-ship.tflite").exists()
