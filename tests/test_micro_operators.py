import micro_models
import pytest
from ai_edge_litert import schema_py_generated as schema

from tflite_export import flatbuffer, micro_operators


@pytest.mark.parametrize(
    ("operator", "method"),
    [
        ("CONV_2D", "AddConv2D"),
        ("DEPTHWISE_CONV_2D", "AddDepthwiseConv2D"),
        ("L2_POOL_2D", "AddL2Pool2D"),
        ("PADV2", "AddPadV2"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "AddUnidirectionalSequenceLSTM"),
    ],
)
def test_add_method(operator, method):
    assert micro_operators.add_method(operator) == method


@pytest.mark.parametrize("operator", ["GELU", "TILE", "ONE_HOT", "CUSTOM"])
def test_refuses_what_tflm_does_not_have(operator):
    with pytest.raises(ValueError, match=f"has no operator {operator}"):
        micro_operators.add_method(operator)


def test_every_method_adds_a_builtin_operator():
    names = [name for name in dir(schema.BuiltinOperator) if name.isupper()]
    known = set()
    for name in names:
        try:
            known.add(micro_operators.add_method(name))
        except ValueError:
            continue
    assert known == set(micro_operators.METHODS)


def test_operators_of_several_models_are_added_once():
    models = [flatbuffer.parse(part.data) for part in micro_models.parts()]
    assert micro_operators.add_methods(models) == (
        "AddConv2D",
        "AddFullyConnected",
        "AddMean",
    )
