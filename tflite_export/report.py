"""Makes `report.html`: one self-contained page about an export directory."""

import os
import pathlib

import jinja2

import hlp_keras
from tflite_export import icicle, output
from tflite_export.manifest import REPORT_NAME, Manifest

_TEMPLATES = pathlib.Path(__file__).parent / "templates" / "report"
_TARGET_NAMES = {
    "micro": "microcontrollers",
    "edgetpu": "the Coral Edge TPU",
    "android": "Android",
}
_LIMITS_TEXTS = {
    "micro": (
        "Flash is that of the model's data, RAM that of the tensor arena as "
        "measured on this host with a margin; code comes on top."
    ),
    "edgetpu": (
        "Predicted from the documented rules, not compiled. The chip has "
        "about 8 MB for parameters; what does not fit is streamed."
    ),
}


def write_report(directory: str | os.PathLike) -> pathlib.Path:
    """Writes the report of an export into its directory.

    Returns:
        path of the report.

    Raises:
        OSError: there is no manifest, or the directory cannot be written.
        ValueError: it is no manifest of this version.
    """
    directory = pathlib.Path(directory)
    page = render(Manifest.load(directory))
    path = directory / REPORT_NAME
    # An earlier report is made of the same manifest, or of an older one.
    with output.replacing_file(path, lambda path: None) as new:
        new.write_text(page, encoding="utf-8")
    return path


def render(manifest: Manifest) -> str:
    """Makes the page about the models of a manifest."""
    models = manifest.models
    counts = [
        {(op.name, op.version): op.count for op in model.operators}
        for model in models
    ]
    taxonomy = hlp_keras.Taxonomy.from_dict(manifest.taxonomy)
    return (
        environment()
        .get_template("export.html.j2")
        .render(
            manifest=manifest,
            models=models,
            full=max(models, key=lambda model: model.macs),
            icicles=[icicle.draw(taxonomy.prune(m.labels)) for m in models],
            target_name=_TARGET_NAMES.get(manifest.target, ""),
            limits=_limits(models),
            limits_text=_LIMITS_TEXTS.get(manifest.target, ""),
            operators=list(dict.fromkeys(key for c in counts for key in c)),
            operator_counts=counts,
            share_or_dash=_share_or_dash,
            tflm=_tflm,
            tools=", ".join(f"{n} {v}" for n, v in manifest.tools.items()),
        )
    )


def environment(*directories: pathlib.Path) -> jinja2.Environment:
    """The templates of pages about exported models.

    Args:
        *directories: with templates that extend or use those of here.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*directories, _TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    made.globals["percent"] = lambda x: f"{100 * x:.1f} %"
    made.globals["share"] = lambda x, whole: f"{100 * x / whole:.0f} %"
    return made


def _share_or_dash(model, field):
    value = getattr(model.accuracy, field, None)
    return "–" if value is None else f"{100 * value:.2f} %"


def _tflm(kernels):
    if kernels.tflm_skipped:
        return "skipped"
    if kernels.tflm_steps == 0:
        return "same integers"
    plural = "s" * (kernels.tflm_steps > 1)
    return f"within {kernels.tflm_steps} step{plural}"


def _limits(models):
    """What the target limits: a folder or model, and figures by their name."""
    rows = []
    for model in models:
        for firmware in model.firmware:
            row = {
                "flash, bytes": f"{firmware.flash_bytes:,}",
                "RAM, bytes": f"{firmware.ram_bytes:,}",
            }
            rows.append((firmware.folder, row))
        if model.edgetpu is not None:
            tpu = model.edgetpu
            row = {
                "operators on the TPU": (
                    f"{tpu.mapped_operators} of {tpu.operators}"
                ),
                "MACs on the TPU": f"{100 * tpu.mapped_mac_share:.0f} %",
                "on the chip, bytes": f"{tpu.on_chip_bytes:,}",
                "streamed, bytes": f"{tpu.streamed_bytes:,}",
            }
            rows.append((model.file, row))
    return rows
