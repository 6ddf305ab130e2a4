"""The closing table of an export."""

from tflite_export.making import Making
from tflite_export.manifest import Accuracy, ExportedModel, Kernels, Manifest

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
    lines += _skipped(model.kernels for model in manifest.models)
    return "\n".join(lines)


def _row(model: ExportedModel):
    return (
        ", ".join(model.names),
        f"{model.parameters:,}",
        f"{model.macs:,}",
        f"{model.bytes:,}",
        *_accuracy(model.accuracy),
        _tflm(model.kernels),
    )


def _accuracy(accuracy: Accuracy | None):
    if accuracy is None:
        return "-", "-", "-"
    shares = (accuracy.float32, accuracy.int8, accuracy.agreement)
    return ["-" if share is None else f"{share:.2%}" for share in shares]


def of_master(made: Making) -> str:
    """Prints how a master does."""
    return "\n".join(
        [
            f"calibrated with {made.calibration.number} images of "
            f"{made.calibration.source}",
            f"float {made.accuracy.float32:.2%}, int8 "
            f"{made.accuracy.int8:.2%}, agreement "
            f"{made.accuracy.agreement:.2%} on {made.accuracy.images:,} images",
            f"TFLM: {_tflm(made.kernels)}",
            *_skipped([made.kernels]),
        ]
    )


def _skipped(kernels):
    reasons = {each.tflm_skipped for each in kernels} - {""}
    return [f"TFLM was skipped: {reason}." for reason in sorted(reasons)]


def _tflm(kernels: Kernels):
    if kernels.tflm_skipped:
        return "skipped"
    if kernels.tflm_steps == 0:
        return "identical"
    return f"{kernels.tflm_identical}/{kernels.images} identical"
