"""The JSON schema of manifests: `python -m tflite_export.manifest_schema`.

It is made from the dataclasses of `manifest` and kept in
`manifest.schema.json`, for those who read manifests without Python.
"""

import dataclasses
import json
import pathlib
import types
import typing

from tflite_export import manifest

PATH = pathlib.Path(__file__).with_name("manifest.schema.json")
_SIMPLE = {bool: "boolean", int: "integer", float: "number", str: "string"}


def make() -> dict:
    """Makes the schema of the present version."""
    definitions = {}
    _define(manifest.Manifest, definitions)
    definitions["Manifest"]["properties"]["version"] = {
        "const": manifest.VERSION
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{manifest.FILE_NAME} of hlp-export",
        "$ref": "#/$defs/Manifest",
        "$defs": dict(sorted(definitions.items())),
    }


def text() -> str:
    """The schema as the file has it."""
    return json.dumps(make(), indent=1) + "\n"


def _define(kind, definitions):
    fields = typing.get_type_hints(kind)
    definitions[kind.__name__] = {
        "description": kind.__doc__.split("\n\n")[0],
        "type": "object",
        "properties": {
            name: _schema(field, definitions) for name, field in fields.items()
        },
        "required": list(fields),
        "additionalProperties": False,
    }


def _schema(kind, definitions):
    if dataclasses.is_dataclass(kind):
        if kind.__name__ not in definitions:
            _define(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin is types.UnionType:
        (some,) = (kind for kind in arguments if kind is not types.NoneType)
        return {"anyOf": [_schema(some, definitions), {"type": "null"}]}
    return {"type": _SIMPLE.get(kind, "object")}


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    print(f"Wrote {PATH}.")
