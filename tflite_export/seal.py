"""Tells a file that is as it was exported from one that is not.

The metadata of a master and of its slices hold a SHA-256 of the whole file,
computed with zeros in its own place. Flatbuffers are read by following offsets
without any check, so a file is parsed only when its seal holds.
"""

import hashlib
import re

KEY = "sha256"
BLANK = "0" * 64
_SEAL = re.compile(rb'"sha256":"([0-9a-f]{64})"')


def seal(data: bytes) -> bytes:
    """Writes the digest into a file whose metadata leave it blank."""
    start, stop = _place(data)
    return data[:start] + _digest(data, start, stop) + data[stop:]


def check(data: bytes) -> None:
    """Raises ValueError when a file is not as `seal` left it."""
    start, stop = _place(data)
    if data[start:stop] != _digest(data, start, stop):
        raise ValueError(
            "The model was damaged or changed after it was exported: its "
            "content does not match the digest in its metadata. Export it "
            "again, or copy it anew."
        )


def _place(data):
    found = list(_SEAL.finditer(data))
    if len(found) != 1:
        raise ValueError(
            "Expected a master or a slice of one, with our metadata, got a "
            "file without. Make one with hlp-export --master."
        )
    return found[0].span(1)


def _digest(data, start, stop):
    blank = data[:start] + BLANK.encode() + data[stop:]
    return hashlib.sha256(blank).hexdigest().encode()
