"""Draws a taxonomy as an icicle chart: which segments a cutout keeps.

Columns are the levels, trunk first and categories last; a box is as high as
it has categories. What a cutout leaves away stays as an empty outline.
"""

import html

import hlp_keras

_ROW = 26
_COLUMNS = (64, 118)  # width of the trunk and of every further column
_GAP = 3
_FONT = 12
_COLOURS = ("#4c6a92", "#d98c3f", "#5c9a6f", "#a3618f", "#8a7a4d", "#4a9aa5")


def draw(taxonomy: hlp_keras.Taxonomy) -> str:
    """Makes an SVG picture of what a taxonomy keeps of its full tree."""
    boxes = list(_boxes(taxonomy))
    width = _left(taxonomy.full.depth) + _COLUMNS[1]
    height = _ROW * len(taxonomy.full.categories)
    label = f"Tree that keeps {', '.join(taxonomy.categories)}"
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(label)}" font-size="{_FONT}">'
        f"{''.join(boxes)}</svg>"
    )


def _boxes(taxonomy):
    full = taxonomy.full
    rows = {name: row for row, name in enumerate(_in_tree_order(full))}
    kept = {*taxonomy.categories, *taxonomy.nodes}
    yield _box("trunk", 0, 0, len(rows), "#3b3f46", True)
    for name in (*full.nodes, *full.categories):
        below = [rows[leaf] for leaf in full.leaves(name)]
        top = (full.ancestors(name) or (name,))[-1]
        colour = _COLOURS[full.children().index(top) % len(_COLOURS)]
        yield _box(
            name.rstrip("_") if name in full.nodes else name,
            full.level(name),
            min(below),
            len(below),
            colour,
            name in kept,
        )


def _in_tree_order(taxonomy, name=""):
    children = taxonomy.children(name)
    if not children:
        return [name]
    return [leaf for c in children for leaf in _in_tree_order(taxonomy, c)]


def _box(label, level, row, rows, colour, is_kept):
    x, y = _left(level), row * _ROW
    width = _COLUMNS[min(level, 1)] - _GAP
    height = rows * _ROW - _GAP
    fill = colour if is_kept else "none"
    text = "#fff" if is_kept else "#b9bdc4"
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" '
        f'fill="{fill}" stroke="{colour if is_kept else "#dfe2e6"}"/>'
        f'<text x="{x + width / 2}" y="{y + height / 2}" fill="{text}" '
        f'text-anchor="middle" dominant-baseline="central">'
        f"{html.escape(label)}</text>"
    )


def _left(level):
    return 0 if level == 0 else _COLUMNS[0] + (level - 1) * _COLUMNS[1]
