"""Reads trees of names from the forms in which people have them.

Every function gives the tree as *edges*: `(name, parent)` pairs in tree order,
parents before their children, with `ROOT` as the parent of the topmost names.
A name without children is a category, any other is a node.
"""

import collections
import json
import pathlib
from collections.abc import Iterable, Mapping, Set

import yaml

ROOT = ""
Edges = tuple[tuple[str, str], ...]


def edges_from_nested(tree) -> Edges:
    """Reads nested mappings and lists.

    ```
    {"animal": {"pet": ["cat", "dog"], "bird": None}, "vehicle": ["car"]}
    ```

    A category is a list entry or a key without a value; a list may also hold
    mappings, so that both mix with nodes.

    Raises:
        ValueError: a node is empty, or a name is no text or stands twice.
    """
    edges = tuple(_walk(tree, ROOT, path="the taxonomy"))
    check_unique(edges)
    return edges


def load_yaml(text: str):
    """Reads YAML, in which a name that stands twice is an error.

    PyYAML would forget the first one, with all that is below it.

    Raises:
        yaml.YAMLError: it is no YAML.
        ValueError: a mapping has a key twice.
    """
    return yaml.load(text, _UniqueKeys)


class _UniqueKeys(yaml.SafeLoader):
    """Refuses mappings with a key that stands twice."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        lines = [key.start_mark.line + 1 for key, _ in node.value]
        _check_keys(keys, lines)
        return super().construct_mapping(node, deep)


def load_json(text: str):
    """Reads JSON in the same way.

    YAML does not read all of it: it takes neither tabs as indent nor the pairs
    of escapes that stand for emoji.

    Raises:
        ValueError: it is no JSON, or an object has a key twice.
    """
    return json.loads(text, object_pairs_hook=_unique_keys)


def _unique_keys(pairs):
    _check_keys([key for key, _ in pairs])
    return dict(pairs)


def _check_keys(keys, lines=()):
    """Refuses a key that stands twice, and says in which line if it can."""
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        where = f", first in line {lines[keys.index(twice)]}" if lines else ""
        raise ValueError(
            f"Names must be unique in the whole taxonomy, but {twice!r} stands "
            f"{keys.count(twice)} times{where}. Rename or remove all but one."
        )


def _walk(tree, parent, path):
    if not isinstance(tree, (Mapping, list, tuple)):
        raise ValueError(
            f"{path} must be a mapping or a list of names, got "
            f"{type(tree).__name__} {tree!r}. Write a single category as a "
            f"list with one entry."
        )
    entries = list(
        tree.items() if isinstance(tree, Mapping) else _entries(tree)
    )
    if not entries:
        raise ValueError(
            f"{path} is empty. Give it at least one category or remove it."
        )
    for name, subtree in entries:
        check_name(name, path)
        yield name, parent
        if subtree is not None:
            yield from _walk(subtree, name, f"{path} > {name}")


def _entries(items):
    for item in items:
        if isinstance(item, Mapping):
            yield from item.items()
        else:
            yield item, None


def check_name(name, path: str) -> None:
    """Raises ValueError when `name` is no text or has spaces around it."""
    if not isinstance(name, str):
        raise ValueError(
            f"Names must be text, got {type(name).__name__} {name!r} in "
            f"{path}. In YAML, put it in quotes."
        )
    if not name.strip() or name != name.strip():
        raise ValueError(
            f"Names must not be empty or begin or end with a space, got "
            f"{name!r} in {path}."
        )


def check_unique(edges: Edges) -> None:
    """Raises ValueError when a name stands at two places in the tree."""
    places = collections.defaultdict(list)
    for name, parent in edges:
        places[name].append(parent or "the root")
    for name, parents in places.items():
        if len(parents) > 1:
            raise ValueError(
                f"Names must be unique in the whole taxonomy, but {name!r} "
                f"stands {len(parents)} times: below {', '.join(parents)}. "
                f"Rename or remove all but one."
            )


def edges_from_pairs(pairs: Iterable[tuple[str, str]]) -> Edges:
    """Reads `(fine, coarse)` pairs; a coarse name may have a parent as well.

    Raises:
        ValueError: there are no pairs, a name has two parents, or the pairs
            run in a cycle.
    """
    parents = {}
    for fine, coarse in map(_check_pair, pairs):
        if parents.setdefault(fine, coarse) != coarse:
            raise ValueError(
                f"Every name must have one parent, but {fine!r} is paired "
                f"with {parents[fine]!r} and with {coarse!r}. Remove one of "
                f"the pairs."
            )
    if not parents:
        raise ValueError(
            "Expected (fine, coarse) pairs, got none. Give at least one."
        )
    _check_acyclic(parents)
    children = collections.defaultdict(list)
    for fine, coarse in parents.items():
        children[coarse].append(fine)
    tops = [name for name in children if name not in parents]
    return tuple(_descend(tops, ROOT, children))


def _check_pair(pair):
    # Two letters are no pair, and a set does not say which name is coarse.
    is_other = isinstance(pair, (str, Set, Mapping))
    is_pair = isinstance(pair, Iterable) and not is_other
    names = tuple(pair) if is_pair else ()
    if len(names) != 2:
        raise ValueError(
            f"Expected (fine, coarse) pairs, such as ('cat', 'pet'), got "
            f"{pair!r}."
        )
    for name in names:
        check_name(name, "the pairs")
    return names


def _descend(names, parent, children):
    for name in names:
        yield name, parent
        yield from _descend(children.get(name, ()), name, children)


def _check_acyclic(parents):
    cleared = set()
    for start in parents:
        path = []
        name = start
        while name in parents and name not in cleared:
            if name in path:
                cycle = " -> ".join([*path[path.index(name) :], name])
                raise ValueError(
                    f"The (fine, coarse) pairs must form a tree, but they run "
                    f"in a cycle: {cycle}. Remove one of these pairs."
                )
            path.append(name)
            name = parents[name]
        cleared.update(path)


def nested_from_directory(path) -> dict:
    """Reads a tree of folders: a folder without subfolders is a category.

    Hidden folders are passed over. Siblings come in alphabetical order, as in
    `keras.utils.image_dataset_from_directory`.
    """
    path = pathlib.Path(path)
    if not path.is_dir():
        raise FileNotFoundError(
            f"Expected a folder with one subfolder per category, but there is "
            f"no folder {str(path)!r}."
        )
    tree = _subfolders(path)
    if not tree:
        raise ValueError(
            f"Expected a folder with one subfolder per category, but "
            f"{str(path)!r} has no subfolders."
        )
    return tree


def _subfolders(path):
    folders = sorted(
        entry
        for entry in path.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )
    return {folder.name: _subfolders(folder) or None for folder in folders}
