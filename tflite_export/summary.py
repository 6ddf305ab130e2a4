"""The closing table of an export."""

from tflite_export.manifest import ExportedModel, Kernels, Manifest

_HEADER = (
    "category set",
    "parameters",
    "MACs",
    "bytes",
    "float",
    "int8",
    "agreement",
    "TFLM",
)


def table(manifest: Manifest) -> str:
    """Prints one line per exported model.

    ```
    category set  parameters       MACs   bytes   float  ...       TFLM
    cat, dog          20,354  4,123,456  41,232  91.20%  ...  identical
    ```
    """
    rows = [_HEADER, *map(_row, manifest.models)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [
                text.rjust(width)
                for text, width in zip(row[1:], widths[1:], strict=True)
            ]
        )
        for row in rows
    ]
    reasons = {model.kernels.tflm_skipped for model in manifest.models} - {""}
    lines += [f"TFLM was skipped: {reason}." for reason in sorted(reasons)]
    return "\n".join(lines)


def _row(model: ExportedModel):
    return (
        ", ".join(model.names),
        f"{model.parameters:,}",
        f"{model.macs:,}",
        f"{model.bytes:,}",
        f"{model.accuracy.float32:.2%}",
        f"{model.accuracy.int8:.2%}",
        f"{model.accuracy.agreement:.2%}",
        _tflm(model.kernels),
    )


def _tflm(kernels: Kernels):
    if kernels.tflm_skipped:
        return "skipped"
    if kernels.tflm_steps == 0:
        return "identical"
    return f"{kernels.tflm_identical}/{kernels.images} identical"
