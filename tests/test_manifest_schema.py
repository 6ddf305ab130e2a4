import copy
import json

import jsonschema
import pytest
from test_manifest import complete, example

from tflite_export import manifest_schema


def schema():
    return json.loads(manifest_schema.PATH.read_text(encoding="utf-8"))


def test_the_file_is_made_from_the_dataclasses():
    assert manifest_schema.PATH.read_text(encoding="utf-8") == (
        manifest_schema.text()
    ), "Run: python -m tflite_export.manifest_schema"


def test_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("manifest", [example(), complete()])
def test_manifests_are_valid(manifest):
    jsonschema.validate(json.loads(manifest.to_json()), schema())


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(version=1),
        lambda d: d.pop("tools"),
        lambda d: d.update(more=1),
        lambda d: d["models"][0].update(bytes="many"),
        lambda d: d["models"][0]["firmware"][0].update(parts=1),
        lambda d: d["parts"][0].update(parent=1),
    ],
)
def test_other_things_are_not(change):
    data = copy.deepcopy(json.loads(complete().to_json()))
    change(data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema())
