"""Names the files of an export after their category sets."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from tflite_export import cpp

_LONGEST_STEM = 60
# Other files and folders of an export.
_RESERVED = ("bundle", "manifest", "parts")


def compiled_stem(stem: str) -> str:
    """How the Edge TPU's compiler names what it makes of a model."""
    return f"{stem}_edgetpu"


def file_stems(
    taxonomy, category_sets: Iterable[Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Names the files of category sets, readably and distinctly.

    ```
    file_stems(taxonomy, [["cat", "dog"], ["vehicle"]])
    # {"cat-dog": ("cat", "dog"), "vehicle": ("vehicle",)}
    ```

    Args:
        taxonomy: that the names are from; its `resolve` refuses others. A
            `slicing.Master` will do.
        category_sets: names of categories and nodes, one sequence per file.

    Returns:
        the names by file name without suffix.

    Raises:
        ValueError: unknown names, an empty set, no set or one given twice.
    """
    stems = {}
    for names in category_sets:
        names = (names,) if isinstance(names, str) else tuple(names)
        taxonomy.resolve(names)
        if any(set(names) == set(others) for others in stems.values()):
            raise ValueError(
                f"The category set {', '.join(names)} was given twice."
            )
        stem = _file_stem(names)
        if stem in _RESERVED or _is_taken(stem, stems):
            stem = f"{stem}-{_digest(names)}"
        stems[stem] = names
    if not stems:
        raise ValueError(
            "There is nothing to export: expected at least one category set."
        )
    return stems


def distinct(names: Iterable[str]) -> list[str]:
    """Names files after single names, such as those of segments."""
    stems = []
    for name in names:
        stem = _file_stem((name,))
        if _is_taken(stem, stems):
            stem = f"{stem}-{_digest((name,))}"
        stems.append(stem)
    return stems


def _is_taken(stem, stems):
    """Whether files, or the names of C++ code after them, would be equal."""
    return cpp.prefix(stem) in map(cpp.prefix, stems)


def _file_stem(names):
    """`("cat", "T-shirt/top")` gives `"cat-t_shirt_top"`."""
    slugs = [re.sub(r"\W+", "_", name.lower()).strip("_") for name in names]
    # Names of signs alone leave nothing.
    slugs = list(filter(None, slugs)) or [_digest(names)]
    stem = "-".join(slugs)
    if _length(stem) <= _LONGEST_STEM:
        return stem
    first = slugs[0][: _LONGEST_STEM // 2]
    while _length(first) > _LONGEST_STEM // 2:
        first = first[:-1]
    return f"{first}-and-{len(names) - 1}-more-{_digest(names)}"


def _length(stem):
    """Of a file's name or of C++ code's, in which some signs take five."""
    return max(len(stem), len(cpp.prefix(stem)))


def _digest(names):
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]
