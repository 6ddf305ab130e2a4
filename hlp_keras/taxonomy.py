"""The tree of categories that gives a hierarchical network its shape."""

import collections
import dataclasses
import functools
import importlib.resources
import json
import math
import numbers
import pathlib
from collections.abc import Iterable, Mapping

import numpy as np
import yaml

from hlp_keras import parsing
from hlp_keras.parsing import ROOT
from hlp_keras.suggestions import did_you_mean


@dataclasses.dataclass(frozen=True)
class Taxonomy:
    """A tree of names: its leaves are categories, all others are nodes.

    ```
    taxonomy = Taxonomy.from_nested(
        {"animal": {"pet": ["cat", "dog"], "wild": ["deer"]},
         "vehicle": ["car", "ship"]}
    )
    taxonomy.categories           # ("cat", "dog", "deer", "car", "ship")
    taxonomy.nodes                # ("animal", "vehicle", "pet", "wild")
    taxonomy.prune(["car", "pet"]).class_indices
    # {"cat": 0, "dog": 1, "car": 3}
    ```

    The **class index** of a category is its position in the logits of the full
    network. A pruned taxonomy shows only what it keeps, but remembers the full
    tree: class indices and branch widths stay those of the full network.

    Use the `from_...` constructors; the fields are the parsed form.

    Attributes:
        edges: `(name, parent)` of the full tree, parents first; the topmost
            names have the parent `""`.
        class_names: all categories of the full tree by class index.
        kept: the categories shown, by class index.
    """

    edges: parsing.Edges
    class_names: tuple[str, ...]
    kept: tuple[str, ...]

    # --- constructors ---

    @classmethod
    def from_nested(cls, tree, categories=None) -> "Taxonomy":
        """Makes a taxonomy from nested mappings and lists.

        Args:
            tree: a mapping from a name to its subtree, or a list of names and
                mappings. A list entry or a key without a value is a category.
            categories: all categories in the order of their class indices;
                by default the order in which they stand in the tree.

        Raises:
            ValueError: an empty node, a name that is no text or stands twice,
                or `categories` that are not those of the tree.
        """
        return cls._from_edges(parsing.edges_from_nested(tree), categories)

    @classmethod
    def from_pairs(cls, pairs) -> "Taxonomy":
        """Makes a taxonomy from a mapping or pairs `fine -> coarse`.

        The class index of a category is the position of its pair among those
        of the categories: give CIFAR-100's pairs in label order.
        """
        if isinstance(pairs, Mapping):
            pairs = pairs.items()
        pairs = list(pairs)
        edges = parsing.edges_from_pairs(pairs)
        coarse = {parent for _, parent in edges}
        order = dict.fromkeys(fine for fine, _ in pairs if fine not in coarse)
        return cls._from_edges(edges, tuple(order))

    @classmethod
    def from_directory(cls, path) -> "Taxonomy":
        """Makes a taxonomy from nested folders with a leaf per category."""
        return cls.from_nested(parsing.nested_from_directory(path))

    @classmethod
    def from_yaml(cls, path) -> "Taxonomy":
        """Reads a YAML or `.json` file that holds what `to_dict` gives.

        A file may also hold the nested tree alone.
        """
        path = pathlib.Path(path)
        is_json = path.suffix.lower() == ".json"
        load = parsing.load_json if is_json else parsing.load_yaml
        try:
            return cls.from_dict(load(path.read_text(encoding="utf-8-sig")))
        except (yaml.YAMLError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def from_name(cls, name: str) -> "Taxonomy":
        """Reads a taxonomy of this package, such as `"cifar10"`."""
        folder = importlib.resources.files("hlp_keras") / "taxonomies"
        names = sorted(file.name[:-5] for file in folder.iterdir())
        if name not in names:
            raise ValueError(
                f"Expected the name of a shipped taxonomy, one of "
                f"{', '.join(names)}, got {name!r}.{did_you_mean(name, names)}"
            )
        with importlib.resources.as_file(folder / f"{name}.yaml") as path:
            return cls.from_yaml(path)

    @classmethod
    def from_json(cls, text: str) -> "Taxonomy":
        """Reads what `to_json` wrote."""
        return cls.from_dict(parsing.load_json(text))

    @classmethod
    def from_dict(cls, data) -> "Taxonomy":
        """Reads what `to_dict` gave, or the nested tree alone."""
        if not (
            isinstance(data, Mapping) and {"tree", "categories"} <= set(data)
        ):
            return cls.from_nested(data)
        unknown = sorted(set(data) - {"tree", "categories", "kept"})
        if unknown:
            raise ValueError(
                f"Beside 'tree' a taxonomy may have 'categories' and 'kept', "
                f"got {', '.join(map(repr, unknown))}."
            )
        full = cls.from_nested(data["tree"], data["categories"])
        return full if data.get("kept") is None else full.prune(data["kept"])

    @classmethod
    def _from_edges(cls, edges, categories=None):
        parents = {parent for _, parent in edges}
        leaves = tuple(name for name, _ in edges if name not in parents)
        if isinstance(categories, str):
            categories = (categories,)
        categories = leaves if categories is None else tuple(categories)
        for name in categories:
            parsing.check_name(name, "the categories")
        if sorted(categories) != sorted(leaves):
            missing = sorted(set(leaves) - set(categories))
            extra = sorted(set(categories) - set(leaves))
            raise ValueError(
                f"The categories must be the leaves of the tree, each once. "
                f"Missing: {missing}; not a leaf: {extra}; given "
                f"{len(categories)} for {len(leaves)} leaves."
            )
        return cls(tuple(edges), categories, categories)

    # --- looking up ---

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories shown, in the order of the logits."""
        return self.kept

    @property
    def class_indices(self) -> dict[str, int]:
        """Position of each category in the logits of the full network."""
        index = {name: i for i, name in enumerate(self.class_names)}
        return {name: index[name] for name in self.kept}

    @functools.cached_property
    def nodes(self) -> tuple[str, ...]:
        """The inner nodes below the root, level by level."""
        shown = [name for name, _ in self.edges if name in self._leaves]
        nodes = [name for name in shown if self._leaves[name] != (name,)]
        return tuple(sorted(nodes, key=self.level))

    @functools.cached_property
    def depth(self) -> int:
        """Number of levels of a network: the trunk and the node levels."""
        return 1 + max(map(self.level, self.nodes), default=0)

    @property
    def is_levelled(self) -> bool:
        """Whether all categories hang equally deep."""
        return all(self.level(name) == self.depth for name in self.kept)

    @functools.cached_property
    def full(self) -> "Taxonomy":
        """The taxonomy that this one was pruned from, or itself."""
        if self.kept == self.class_names:
            return self
        return dataclasses.replace(self, kept=self.class_names)

    @functools.cached_property
    def _parents(self):
        return dict(self.edges)

    @functools.cached_property
    def _ancestors(self):
        """Nodes above every name of the full tree, nearest first."""
        ancestors = {ROOT: ()}
        for name, parent in self.edges:
            above = (parent,) if parent else ()
            ancestors[name] = above + ancestors[parent]
        return ancestors

    @functools.cached_property
    def _leaves(self):
        """Categories shown below every name that has any, by class index."""
        leaves = {}
        for category in self.kept:
            for name in (category, *self._ancestors[category]):
                leaves.setdefault(name, []).append(category)
        return {name: tuple(below) for name, below in leaves.items()}

    def leaves(self, name: str) -> tuple[str, ...]:
        """The categories below a node; a category is its own leaf."""
        return self._leaves[self._check(name)]

    def children(self, name: str = ROOT) -> tuple[str, ...]:
        """The names right below a node, or below the root."""
        if name != ROOT:
            self._check(name)
        return tuple(
            child
            for child, parent in self.edges
            if parent == name and child in self._leaves
        )

    def parent(self, name: str) -> str | None:
        """The node right above a name, or None below the root."""
        return self._parents[self._check(name)] or None

    def ancestors(self, name: str) -> tuple[str, ...]:
        """The nodes above a name, nearest first, without the root."""
        return self._ancestors[self._check(name)]

    def level(self, name: str) -> int:
        """How many steps a name is below the root, which has level 0."""
        return len(self.ancestors(name)) + 1

    def nodes_at(self, level: int) -> tuple[str, ...]:
        """The nodes of one level; those right below the root have level 1."""
        return tuple(node for node in self.nodes if self.level(node) == level)

    def resolve(self, names: str | Iterable[str]) -> tuple[str, ...]:
        """The categories that names of leaves and nodes stand for.

        Returns:
            the categories in the order of the logits, each once.

        Raises:
            ValueError: no name, an unknown name, or one given twice.
        """
        if isinstance(names, str):
            names = (names,)
        if not isinstance(names, Iterable):
            raise ValueError(
                f"Expected names of categories or nodes, such as "
                f"['cat', 'dog'], got {names!r}."
            )
        names = tuple(names)
        if not names:
            raise ValueError(
                "A category set must not be empty. Name at least one category "
                "or node of the taxonomy."
            )
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(
                f"Every name of a category set must be given once, but "
                f"{', '.join(map(repr, repeated))} came more than once."
            )
        wanted = {leaf for name in names for leaf in self.leaves(name)}
        return tuple(name for name in self.kept if name in wanted)

    def _check(self, name):
        is_text = isinstance(name, str)  # A list is in no dictionary.
        if is_text and name in self._leaves:
            return name
        if is_text and name in self._parents:
            raise ValueError(
                f"{name!r} was pruned from this taxonomy, which keeps "
                f"{', '.join(self.kept)}. Cut out from the full network."
            )
        raise ValueError(
            f"The taxonomy has no category or node {name!r}."
            f"{did_you_mean(name, self._leaves)}"
        )

    # --- deriving ---

    def prune(self, names: str | Iterable[str]) -> "Taxonomy":
        """Keeps the categories that names of leaves and nodes stand for."""
        return dataclasses.replace(self, kept=self.resolve(names))

    def gain(self, factors: Mapping[str, float]) -> np.ndarray:
        """Makes the gain vector for `attend`: one factor per node.

        ```
        taxonomy.gain({"dog": 1.5, "vehicle": 0.5})
        ```

        A name's factor goes to every node on its way below the trunk; all
        other nodes get 1. Where names share a node the largest factor counts,
        so that inhibiting one of them leaves the way open for the others.

        Args:
            factors: a finite factor of at least 0 by category or node name.

        Returns:
            float32 array of shape `(len(nodes),)`, in the order of `nodes`.
        """
        if not isinstance(factors, Mapping):
            raise ValueError(
                f"Expected factors by name, such as {{'dog': 1.5}}, got "
                f"{factors!r}."
            )
        gains = {}
        for name, factor in factors.items():
            self._check(name)
            if not (
                isinstance(factor, numbers.Real)
                and math.isfinite(factor)
                and factor >= 0
            ):
                raise ValueError(
                    f"A gain must be a number, finite and at least 0, got "
                    f"{factor} for {name!r}. 1 is neutral, below 1 inhibits."
                )
            for node in (name, *self.ancestors(name)):
                gains[node] = max(factor, gains.get(node, 0.0))
        return np.array([gains.get(n, 1.0) for n in self.nodes], "float32")

    def levelled(self) -> "Taxonomy":
        """Hangs all categories equally deep, by pass-through nodes.

        ```
        animal: {pet: [cat, dog], bird}
        animal: {pet: [cat, dog], bird_: [bird]}
        ```
        """
        full = self.full
        taken = set(full._parents)
        edges = []
        for name, parent in self.edges:
            missing = 0
            if full._leaves[name] == (name,):
                missing = full.depth - full.level(name)
            for _ in range(missing):
                passing = _unused(name, taken)
                taken.add(passing)
                edges.append((passing, parent))
                parent = passing
            edges.append((name, parent))
        return dataclasses.replace(self, edges=tuple(edges))

    def compact(self, depth: int) -> "Taxonomy":
        """Folds nodes until the taxonomy has at most `depth` levels.

        Of the nodes on the deepest ways those with a single child fold first;
        then the one that separates least: the one with the largest part of its
        parent's categories. Children of a folded node move up.
        """
        if depth < 1:
            raise ValueError(f"A network has at least 1 level, got {depth}.")
        full = self.full
        while full.depth > depth:
            deepest = {
                node
                for name in full.class_names
                if full.level(name) == full.depth
                for node in full.ancestors(name)
            }
            nodes = [node for node in full.nodes if node in deepest]
            full = full._folded(min(nodes, key=full._separation))
        return dataclasses.replace(self, edges=full.edges)

    @functools.cached_property
    def _num_children(self):
        return collections.Counter(parent for _, parent in self.edges)

    def _separation(self, node):
        """How much is lost when a node folds, for comparisons."""
        parent = self.parent(node)
        among = self._leaves[parent] if parent else self.kept
        part = len(self._leaves[node]) / len(among)
        return self._num_children[node] > 1, -part

    def _folded(self, node):
        above = self._parents[node]
        edges = [
            (name, above if parent == node else parent)
            for name, parent in self.edges
            if name != node
        ]
        return dataclasses.replace(self, edges=tuple(edges))

    # --- writing ---

    def to_nested(self) -> dict:
        """The tree that is shown, as `from_nested` takes it."""

        def below(name):
            return {c: below(c) for c in self.children(name)} or None

        return below(ROOT)

    def to_dict(self) -> dict:
        """All of the taxonomy in plain types, as `from_dict` takes it."""
        return {
            "tree": self.full.to_nested(),
            "categories": list(self.class_names),
            "kept": list(self.kept),
        }

    def to_json(self) -> str:
        """All of the taxonomy as JSON, as `from_json` takes it."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def __str__(self):
        return "\n".join(self._lines(ROOT, "", self.class_indices))

    def _lines(self, name, indent, indices):
        children = self.children(name)
        for child in children:
            last = child == children[-1]
            label = f"{child} [{indices[child]}]" if child in indices else child
            yield f"{indent}{'└── ' if last else '├── '}{label}"
            below = indent + ("    " if last else "│   ")
            yield from self._lines(child, below, indices)


def _unused(name, taken):
    while name in taken:
        name += "_"
    return name
