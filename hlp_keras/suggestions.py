"""What a name that is not known may have been meant to be."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """Asks for the nearest name, with a space before; "" if none is near."""
    nearest = difflib.get_close_matches(str(name), names, n=1, cutoff=0.4)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""
