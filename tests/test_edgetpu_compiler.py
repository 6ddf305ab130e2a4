import stat
import sys

import numpy as np
import pytest
import tiny_models

from tflite_export import edgetpu, edgetpu_compiler
from tflite_export.edgetpu_compiler import LogEntry

# As compiler 16.0 prints it.
LOG = """\
Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 96 ms.

Input model: cat.tflite
Input size: 1.30KiB
Output model: cat_edgetpu.tflite
Output size: 56.59KiB
On-chip memory used for caching model parameters: 256.00B
On-chip memory remaining for caching model parameters: 7.88MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 3
Operation log: cat_edgetpu.log

Model successfully compiled but not all operations are supported by the Edge \
TPU. A percentage of the model will instead run on the CPU, which is slower.
Number of operations that will run on Edge TPU: 1
Number of operations that will run on CPU: 2

Operator                       Count      Status

FULLY_CONNECTED                1          Mapped to Edge TPU
FULLY_CONNECTED                1          More than one subgraph is not \
supported
ELU                            1          Operation not supported
Compilation child process completed within timeout period.
Compilation succeeded!
"""
ENTRIES = (
    LogEntry("FULLY_CONNECTED", 1, "Mapped to Edge TPU"),
    LogEntry("FULLY_CONNECTED", 1, "More than one subgraph is not supported"),
    LogEntry("ELU", 1, "Operation not supported"),
)


def source():
    graph = tiny_models.Graph()
    weights = graph.constant(np.ones((4, 4)), "int8", zero_point=0)
    rows = [graph.tensor((1, 4)) for _ in range(4)]
    graph.operator("FULLY_CONNECTED", [rows[0], weights], [rows[1]])
    graph.operator("ELU", [rows[1]], [rows[2]])
    graph.operator("FULLY_CONNECTED", [rows[2], weights], [rows[3]])
    return graph.pack([rows[0]], [rows[3]])


def compiled(first_on_cpu=1):
    """As the compiler leaves `source`, from an operator on."""
    graph = tiny_models.Graph()
    weights = graph.constant(np.ones((4, 4)), "int8", zero_point=0)
    rows = [graph.tensor((1, 4)) for _ in range(4)]
    graph.operator("edgetpu-custom-op", [rows[0]], [rows[first_on_cpu]])
    if first_on_cpu <= 1:
        graph.operator("ELU", [rows[1]], [rows[2]])
    graph.operator("FULLY_CONNECTED", [rows[2], weights], [rows[3]])
    return graph.pack([rows[0]], [rows[3]])


@pytest.fixture
def fake_compiler(tmp_path, monkeypatch):
    """Puts a stand-in on the PATH; it takes what it prints and its file."""

    def install(log=LOG, output=None, status=0):
        directory = tmp_path / "bin"
        directory.mkdir()
        (directory / "log").write_text(log)
        (directory / "output").write_bytes(output or compiled())
        script = directory / "edgetpu_compiler"
        script.write_text(
            f"#!{sys.executable}\n"
            "import pathlib, shutil, sys\n"
            "here = pathlib.Path(__file__).parent\n"
            "options, model = sys.argv[1:-1], pathlib.Path(sys.argv[-1])\n"
            "assert options[:2] == ['--show_operations', '--out_dir']\n"
            "assert model.is_absolute()\n"
            "out = pathlib.Path(options[2], model.stem + '_edgetpu.tflite')\n"
            f"if {status} == 0: shutil.copy(here / 'output', out)\n"
            "print((here / 'log').read_text())\n"
            f"sys.exit({status})\n"
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(directory))
        model = tmp_path / "cat.tflite"
        model.write_bytes(source())
        return model

    return install


def test_parses_a_log():
    assert edgetpu_compiler.parse_log(LOG) == ENTRIES


@pytest.mark.parametrize("text", ["", "Invalid model: cat.tflite\n"])
def test_refuses_other_text(text):
    with pytest.raises(ValueError, match="columns Operator, Count and Status"):
        edgetpu_compiler.parse_log(text)


def test_tells_what_is_mapped_from_a_compiled_file():
    assert edgetpu_compiler.mapped(source(), compiled()) == (True, False, False)
    assert edgetpu_compiler.mapped(source(), source()) == (False,) * 3


def test_refuses_a_compiled_file_of_another_model():
    graph = tiny_models.Graph()
    row = graph.tensor((1, 4))
    graph.operator("TANH", [row], [row])
    with pytest.raises(ValueError, match="source has not: TANH"):
        edgetpu_compiler.mapped(source(), graph.pack())


def test_runs_the_compiler_and_agrees(fake_compiler):
    model = fake_compiler()
    compilation = edgetpu_compiler.run(model)
    assert compilation.log == ENTRIES
    assert compilation.data == compiled()
    report = edgetpu.check_file(model)
    comparison = edgetpu_compiler.compare(compilation, report)
    assert comparison == edgetpu_compiler.Comparison((), ())
    assert str(comparison) == "The compiler did what was predicted."


def test_says_where_the_compiler_differs(fake_compiler):
    log = LOG.replace("Operation not supported", "Mapped to Edge TPU")
    model = fake_compiler(log, compiled(first_on_cpu=2))
    report = edgetpu.check_file(model)
    comparison = edgetpu_compiler.compare(edgetpu_compiler.run(model), report)
    assert [op.index for op in comparison.operators] == [1]
    assert str(comparison).splitlines() == [
        "   1  ELU  predicted: Operation not supported; the compiler mapped it",
        "ELU  Mapped to Edge TPU: 0 predicted, 1 in the log",
        "ELU  Operation not supported: 1 predicted, 0 in the log",
    ]


def test_passes_on_why_the_compiler_refused(fake_compiler):
    model = fake_compiler("Internal compiler error. Aborting!", status=1)
    with pytest.raises(RuntimeError, match="cat.tflite: Internal compiler er"):
        edgetpu_compiler.run(model)


def test_says_that_there_is_no_compiler(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert edgetpu_compiler.find() is None
    with pytest.raises(FileNotFoundError, match="no edgetpu_compiler on"):
        edgetpu_compiler.run(tmp_path / "cat.tflite")
