"""Rebuilds frozen dataclasses from the plain values of JSON."""

import dataclasses
import types
import typing


def read(kind, value, where: str):
    """Rebuilds a typed value from what `json` read.

    Args:
        kind: its type: a dataclass, a tuple, a simple type, or one or None.
        value: made of dictionaries, lists and simple values.
        where: what the value is, for the message.

    Raises:
        ValueError: the value is of another type or has other fields.
    """
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType and dataclasses.is_dataclass(arguments[0]):
        return None if value is None else read(arguments[0], value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(
            read(arguments[0], item, f"{where}[{i}]")
            for i, item in enumerate(value)
        )
    allowed = arguments if origin is types.UnionType else (origin or kind,)
    # JSON has one kind of number: 1.0 may be written as 1.
    if float in allowed and type(value) is int:
        return float(value)
    # To Python True is a whole number.
    if type(value) is bool and bool not in allowed:
        allowed = ()
    if not isinstance(value, allowed):
        raise ValueError(f"{where}: expected {kind}, got {value!r}.")
    return value


def _read_dataclass(kind, value, where):
    fields = typing.get_type_hints(kind)
    if not isinstance(value, dict) or value.keys() != fields.keys():
        got = sorted(value) if isinstance(value, dict) else repr(value)
        raise ValueError(
            f"{where}: expected the fields {sorted(fields)}, got {got}."
        )
    return kind(
        **{
            name: read(field, value[name], f"{where}.{name}")
            for name, field in fields.items()
        }
    )
