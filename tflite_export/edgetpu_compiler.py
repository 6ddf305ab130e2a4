"""Runs the Edge TPU compiler and compares what it did with the prediction.

```
if edgetpu_compiler.find():
    print(edgetpu_compiler.compare(edgetpu_compiler.run("cat.tflite"), report))
```
"""

import collections
import dataclasses
import pathlib
import re
import shutil
import subprocess
import tempfile

from tflite_export import edgetpu, edgetpu_graph, naming

_COMMAND = "edgetpu_compiler"
_TIMEOUT_SECONDS = 600
# A line such as "CONV_2D     2     Mapped to Edge TPU".
_LINE = re.compile(r"^([A-Z][A-Z0-9_]*)\s+(\d+)\s+(\S.*?)\s*$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class LogEntry:
    """How many operators of a name got a status."""

    name: str
    count: int
    status: str


@dataclasses.dataclass(frozen=True)
class Compilation:
    """What the compiler made of a model.

    Attributes:
        log: its table of operators.
        mapped: per operator of the model whether it is on the Edge TPU, read
            from the compiled file.
        data: the compiled file.
    """

    log: tuple[LogEntry, ...]
    mapped: tuple[bool, ...]
    data: bytes = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Where the compiler and the prediction differ; `str` is a report.

    Attributes:
        operators: those that are predicted to be elsewhere than they are.
        statuses: entries of the log that are not as predicted, with the
            predicted count.
    """

    operators: tuple[edgetpu.Operator, ...]
    statuses: tuple[tuple[LogEntry, int], ...]

    def __str__(self) -> str:
        lines = [
            f"{op.index:4}  {op.name}  predicted: {op.status}; the compiler "
            f"{'left it to the CPU' if op.mapped else 'mapped it'}"
            for op in self.operators
        ]
        lines += [
            f"{entry.name}  {entry.status}: {predicted} predicted, "
            f"{entry.count} in the log"
            for entry, predicted in self.statuses
        ]
        return "\n".join(lines or ["The compiler did what was predicted."])


def find() -> str | None:
    """The path of the compiler, or None when there is none."""
    return shutil.which(_COMMAND)


def run(path) -> Compilation:
    """Compiles a .tflite file.

    Raises:
        FileNotFoundError: the compiler is not on the PATH.
        RuntimeError: it refused the model; with its words.
    """
    compiler = find()
    if compiler is None:
        raise FileNotFoundError(
            f"There is no {_COMMAND} on the PATH. Install it, or do with the "
            f"prediction."
        )
    path = pathlib.Path(path).absolute()
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.run(
            [compiler, "--show_operations", "--out_dir", directory, path],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
        )
        name = f"{naming.compiled_stem(path.stem)}.tflite"
        compiled = pathlib.Path(directory) / name
        if process.returncode or not compiled.exists():
            words = (process.stdout + process.stderr).strip()
            raise RuntimeError(
                f"{_COMMAND} refused {path.name}: {words[-500:]}"
            )
        data = compiled.read_bytes()
    return Compilation(
        parse_log(process.stdout), mapped(path.read_bytes(), data), data
    )


def parse_log(text: str) -> tuple[LogEntry, ...]:
    """Reads the table of operators that the compiler prints.

    Raises:
        ValueError: there is none.
    """
    _, header, table = text.partition("Operator ")
    entries = tuple(
        LogEntry(name, int(count), status)
        for name, count, status in _LINE.findall(table)
    )
    if not header or not entries:
        raise ValueError(
            f"Expected the compiler's table with the columns Operator, Count "
            f"and Status, got: {text.strip()[-300:]}"
        )
    return entries


def mapped(source: bytes, compiled: bytes) -> tuple[bool, ...]:
    """Tells from a compiled file which operators are on the Edge TPU.

    Those that stay on the CPU are still in it, with the names of what they
    put out.

    Raises:
        ValueError: the one file was not compiled from the other.
    """
    stayed = collections.Counter(
        _identity(operator)
        for operator in _operators(compiled)
        if operator.custom_name != edgetpu.COMPILED_OPERATOR
    )
    found = []
    for operator in _operators(source):
        identity = _identity(operator)
        found.append(not stayed[identity])
        stayed[identity] -= stayed[identity] > 0
    if stayed.total():
        names = ", ".join(sorted({name for name, _ in stayed.elements()}))
        raise ValueError(
            f"The compiled model has operators that its source has not: "
            f"{names}. Give the file that it was compiled from."
        )
    return tuple(found)


def _operators(data):
    return [op for graph in edgetpu_graph.read(data) for op in graph.operators]


def _identity(operator):
    return operator.name, tuple(tensor.name for tensor in operator.outputs)


def compare(compilation: Compilation, report: edgetpu.Report) -> Comparison:
    """Compares operator by operator, and the log status by status."""
    predicted = collections.Counter(
        (op.name, op.status) for op in report.operators
    )
    logged = collections.Counter()
    for entry in compilation.log:
        logged[entry.name, entry.status] += entry.count
    return Comparison(
        operators=tuple(
            operator
            for operator, mapped_ in zip(
                report.operators, compilation.mapped, strict=True
            )
            if operator.mapped != mapped_
        ),
        statuses=tuple(
            (
                LogEntry(name, logged[name, status], status),
                predicted[name, status],
            )
            for name, status in sorted(predicted | logged)
            if logged[name, status] != predicted[name, status]
        ),
    )
