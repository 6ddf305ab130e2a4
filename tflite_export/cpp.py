"""Writes C++ source: values, and templates from `templates/micro`."""

import functools
import re
from collections.abc import Iterator, Sequence

import jinja2
import numpy as np

_VALUES_PER_ROW = 12


def identifier(text: str) -> str:
    """Makes part of a C++ identifier: `"T-shirt/top"` gives `"t_shirt_top"`.

    Letters beyond ASCII become their code: `"café"` gives `"cafu00e9"`. The
    result may start with a digit or be a keyword: use it with a prefix or a
    suffix.

    Raises:
        ValueError: there is no letter and no digit in it.
    """
    ascii_text = re.sub(
        r"[^\W_]",
        lambda m: m[0] if m[0].isascii() else f"u{ord(m[0]):04x}",
        text,
    )
    words = re.findall("[0-9A-Za-z]+", ascii_text)
    if not words:
        raise ValueError(
            f"Expected a name with a letter or a digit, to name C++ code "
            f"after it, got {text!r}."
        )
    return "_".join(words).lower()


def prefix(text: str) -> str:
    """Makes an identifier that does not start with a digit."""
    made = identifier(text)
    return f"n{made}" if made[0].isdigit() else made


def camel_case(identifier: str) -> str:
    """Joins words: `"head_pet"` gives `"HeadPet"`."""
    return "".join(word.capitalize() for word in identifier.split("_"))


def string(text: str) -> str:
    """Makes a string literal, in ASCII, of a text's UTF-8."""
    return '"' + "".join(map(_character, text.encode())) + '"'


def _character(code):
    if chr(code) in '"\\':
        return "\\" + chr(code)
    # Octal, since a hexadecimal escape would swallow digits that follow.
    return chr(code) if 32 <= code < 127 else f"\\{code:03o}"


def number(value: float) -> str:
    """Makes a literal of a float with the same 32 bits."""
    text = str(np.float32(value))
    return text + ("f" if "." in text or "e" in text else ".0f")


def byte_rows(data: bytes) -> Iterator[str]:
    """Lines of hexadecimal values, each with a comma."""
    texts = [f"0x{value:02x}" for value in range(256)]
    return _rows([texts[value] for value in data])


def integer_rows(values: Sequence[int]) -> Iterator[str]:
    """Lines of decimal values, each with a comma."""
    return _rows([str(int(value)) for value in values])


def _rows(texts):
    for start in range(0, len(texts), _VALUES_PER_ROW):
        yield ", ".join(texts[start : start + _VALUES_PER_ROW]) + ","


def render(template: str, **values) -> str:
    """Fills a template in."""
    return _environment().get_template(f"{template}.j2").render(values)


@functools.cache
def _environment():
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tflite_export", "templates/micro"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        string=string,
        number=number,
        byte_rows=byte_rows,
        integer_rows=integer_rows,
    )
    return environment
