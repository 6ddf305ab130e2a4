"""Names of the numbers that LiteRT flatbuffers hold."""

from collections.abc import Mapping

from ai_edge_litert import schema_py_generated as schema

# Bytes 4 to 8 of every file.
IDENTIFIER = b"TFL3"


def _names(enum):
    return {value: name for name, value in vars(enum).items() if name.isupper()}


# Such as "CONV_2D".
OPERATORS: Mapping[int, str] = _names(schema.BuiltinOperator)
# Such as "int8".
TYPES: Mapping[int, str] = {
    value: name.lower() for value, name in _names(schema.TensorType).items()
}


def operator_number(code: schema.OperatorCodeT) -> int:
    """The number that `OPERATORS` names, of an operator code."""
    # Files from before the 128th operator have only the deprecated field.
    return max(code.builtinCode, code.deprecatedBuiltinCode)
