"""Makes of a model what the target `edgetpu` wants."""

import pathlib
import tempfile
from collections.abc import Callable

from tflite_export import (
    description,
    edgetpu,
    edgetpu_compiler,
    edgetpu_memory,
    naming,
)
from tflite_export.manifest import EdgeTpu, Manifest


def export(
    directory: pathlib.Path,
    stem: str,
    data: bytes,
    progress: Callable[[str], None],
) -> EdgeTpu:
    """Predicts what becomes of a model, and compiles it where that is possible.

    Args:
        directory: for the compiled file.
        stem: name of the model's file, without suffix.
        data: the model.
        progress: is told operator by operator.
    """
    report = edgetpu.check(data)
    progress(f"{stem}\n{report}")
    compiled, prediction = None, edgetpu.PREDICTION
    if edgetpu_compiler.find():
        compilation = _compile(stem, data)
        prediction = str(edgetpu_compiler.compare(compilation, report))
        progress(prediction)
        compiled = description.write(
            directory, f"{naming.compiled_stem(stem)}.tflite", compilation.data
        )
    return EdgeTpu(
        operators=len(report.operators),
        mapped_operators=sum(op.mapped for op in report.operators),
        mapped_mac_share=report.mapped_mac_share,
        on_chip_bytes=report.memory.on_chip_bytes,
        streamed_bytes=report.memory.streamed_bytes,
        prediction=prediction,
        compiled=compiled,
    )


def memory_table(directory: pathlib.Path, manifest: Manifest) -> str:
    """Prints where the parameters go when all models are compiled together.

    Args:
        directory: of the export.
        manifest: of the export; its first model has the first choice.
    """
    sizes = {
        model.file: edgetpu.check_file(
            directory / model.file
        ).mapped_parameter_bytes
        for model in manifest.models
    }
    return f"Compiled together:\n{edgetpu_memory.table(sizes)}"


def _compile(stem, data):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / f"{stem}.tflite"
        path.write_bytes(data)
        return edgetpu_compiler.run(path)
