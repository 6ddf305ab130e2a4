"""Makes the golden files of the Edge TPU checker from compiled models.

```
python tests/edgetpu_golden.py DIRECTORY
```

The directory holds pairs such as `a.tflite` and `a_edgetpu.tflite`, as
google-coral/test_data does. Kept are the graph of the source, with zeros for
weights, and from the compiled file what stayed on the CPU and how many bytes
of parameters it holds.
"""

import dataclasses
import gzip
import json
import pathlib
import struct
import sys

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers.table import Table

from tflite_export import edgetpu_compiler, flatbuffer

DIRECTORY = pathlib.Path(__file__).parent / "golden" / "edgetpu"
_SUFFIX = "_edgetpu.tflite"
# Axes, shapes and the like are smaller, and looked at.
_LOOKED_AT_BYTES = 64
# Fields of the compiler's executables, by their position in executable.fbs of
# google-coral/libedgetpu.
_MULTI_EXECUTABLE, _PARAMETERS = 1, 6


@dataclasses.dataclass(frozen=True)
class Truth:
    """What the compiler did.

    Attributes:
        on_cpu: positions of the source's operators that stayed on the CPU.
        parameter_bytes: of the compiled operators, as padded by the compiler.
    """

    on_cpu: list[int]
    parameter_bytes: int


def names(directory) -> list[str]:
    return sorted(
        path.name.removesuffix(_SUFFIX)
        for path in pathlib.Path(directory).glob(f"*{_SUFFIX}")
    )


def committed() -> list[str]:
    return sorted(path.stem for path in DIRECTORY.glob("*.json"))


def make(directory, name) -> tuple[bytes, Truth]:
    """The graph of a source, and what the compiler made of it."""
    directory = pathlib.Path(directory)
    source = (directory / f"{name}.tflite").read_bytes()
    compiled = (directory / f"{name}{_SUFFIX}").read_bytes()
    mapped = edgetpu_compiler.mapped(source, compiled)
    return _without_weights(source), Truth(
        on_cpu=[i for i, on_chip in enumerate(mapped) if not on_chip],
        parameter_bytes=_parameter_bytes(compiled),
    )


def load(name) -> tuple[bytes, Truth]:
    """Reads what `main` wrote."""
    text = (DIRECTORY / f"{name}.json").read_text(encoding="utf-8")
    packed = (DIRECTORY / f"{name}.tflite.gz").read_bytes()
    return gzip.decompress(packed), Truth(**json.loads(text))


def _without_weights(source):
    model = flatbuffer.parse(source)
    model.metadata = None
    used = {tensor.buffer for tensor in model.subgraphs[0].tensors}
    for index, buffer in enumerate(model.buffers):
        if index not in used:
            buffer.data = None
        elif buffer.data is not None and len(buffer.data) > _LOOKED_AT_BYTES:
            buffer.data = np.zeros_like(buffer.data)
    return flatbuffer.pack(model)


def _parameter_bytes(compiled):
    model = schema.ModelT.InitFromPackedBuf(compiled, 0)
    package = bytes(model.subgraphs[0].operators[0].customOptions)
    package = package[package.index(b"DWN1") - 4 :]
    executables = _table(_bytes(_table(package), _MULTI_EXECUTABLE))
    field = executables.Offset(4)
    first = executables.Vector(field)
    return sum(
        len(_bytes(_table(executables.String(first + 4 * i)), _PARAMETERS))
        for i in range(executables.VectorLen(field))
    )


def _table(data):
    (offset,) = struct.unpack_from("<I", data)
    return Table(bytearray(data), offset)


def _bytes(table, position):
    field = table.Offset(4 + 2 * position)
    if not field:
        return b""
    start = table.Vector(field)
    return bytes(table.Bytes[start : start + table.VectorLen(field)])


def main(directory):
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name in names(directory):
        graph, truth = make(directory, name)
        (DIRECTORY / f"{name}.tflite.gz").write_bytes(
            gzip.compress(graph, mtime=0)
        )
        (DIRECTORY / f"{name}.json").write_text(
            json.dumps(dataclasses.asdict(truth)) + "\n", encoding="utf-8"
        )
        print(name, truth)


if __name__ == "__main__":
    main(*sys.argv[1:])
