"""Which part of the errors crosses branches, over all trees of CIFAR-10.

`python -m benchmarks.partitions --data DIR`

Trains nothing: it takes the answers of the plain network that
`benchmarks.comparison --config cifar10 --epochs 12` trained, which knows no
tree, and parts the categories into deepest nodes in every way there is.
"""

import argparse
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator

import numpy as np

import hlp_keras
from benchmarks import comparison, results
from training import data, evaluate, sources

_NETWORK = "comparison_cifar10_12_epochs/plain/logits.npz"
_NODES = (5, 4, 3)
_BRANCHES = tuple(comparison.MOST_ACROSS)

# The node of every category, numbered in the order in which they come.
Partition = tuple[int, ...]
# Counts of errors, right by predicted, among some categories only.
ErrorsAmong = Callable[[tuple[int, ...]], np.ndarray]


def main() -> None:
    """Writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    options = parser.parse_args()
    taxonomy = hlp_keras.Taxonomy.from_name("cifar10")
    source = data.relabel(sources.load_source(options.data), taxonomy)
    with np.load(results.RESULTS_DIR / _NETWORK) as arrays:
        logits = arrays["logits"]
    results.write(
        "partitions_cifar10",
        make_result(taxonomy, logits, source.test.labels),
    )


def make_result(
    taxonomy: hlp_keras.Taxonomy, logits: np.ndarray, labels: np.ndarray
) -> results.Result:
    """Looks through the partitions into three, four and five nodes.

    Args:
        taxonomy: the tree in use; its deepest nodes are one of the partitions.
        logits: of all categories, for all images.
        labels: of all images.
    """
    errors_among = count_errors(taxonomy, logits, labels)
    own = partition_of(taxonomy)
    every = {
        number: ranked(partitions(len(own), number), errors_among)
        for number in _NODES
    }
    alike = [
        partition
        for partition in every[len(set(own))]
        if sizes(partition) == sizes(own)
    ]
    place = 1 + alike.index(own)
    (least, *_) = every[len(set(own))]
    least_of_two = share_across(least, 2, errors_among)
    most_of_two = comparison.MOST_ACROSS[2]

    def row(name, ways, partition):
        shares = [
            f"{100 * share_across(partition, branches, errors_among):.1f}"
            if branches <= len(set(partition))
            else ""
            for branches in _BRANCHES
        ]
        nodes = " / ".join(
            ", ".join(itertools.compress(taxonomy.categories, is_inside))
            for is_inside in np.equal.outer(
                range(max(partition) + 1), partition
            )
        )
        return name, f"{ways:,}", *shares, nodes

    return results.Result(
        title="Errors across branches, over all trees of CIFAR-10",
        command="python -m benchmarks.partitions --data DIR",
        about=(
            "The deepest nodes part the categories; here they do so in every "
            "way there is. For each, the share of the errors that cross "
            "branches, of cutouts of some nodes: the mean over all sets of so "
            "many. The answers are those of the plain network of 12 epochs "
            "that the comparison trained, which knows no tree. The best way is "
            "that of the least share for two nodes. Few, large nodes are "
            "crossed less often, but there is less to cut out of them."
        ),
        figures=(
            results.Figure(
                f"errors across branches, cutouts of 2 of {len(set(own))} "
                f"nodes, the best way, %",
                100 * least_of_two,
                f"below {100 * most_of_two:g}",
                least_of_two < most_of_two,
                f"{len(every[len(set(own))]):,} ways",
            ),
            results.Figure(
                "place of the taxonomy among the ways with nodes as large",
                place,
                runs=f"{len(alike):,} ways",
            ),
        ),
        order=42,
        headlines=0,
        tables=(
            results.Table(
                "Errors across branches in %, cutouts of 2 to 5 nodes:",
                ("deepest nodes", "ways", *map(str, _BRANCHES), "which"),
                (
                    row("as the taxonomy has them", 1, own),
                    row("as large, the best way", len(alike), alike[0]),
                    *(
                        row(f"{number}, the best way", len(ways), ways[0])
                        for number, ways in every.items()
                    ),
                ),
            ),
        ),
    )


def count_errors(
    taxonomy: hlp_keras.Taxonomy, logits: np.ndarray, labels: np.ndarray
) -> ErrorsAmong:
    """Makes a function that counts errors, for each set of categories once."""
    number = len(taxonomy.categories)

    @functools.cache
    def errors_among(chosen):
        names = [taxonomy.categories[index] for index in chosen]
        predicted, right = evaluate.predict_inside(
            taxonomy, logits, labels, names
        )
        counts = np.zeros((number, number), int)
        np.add.at(counts, (right, predicted), 1)
        np.fill_diagonal(counts, 0)
        return counts

    return errors_among


def partition_of(taxonomy: hlp_keras.Taxonomy) -> Partition:
    """The deepest nodes of a taxonomy."""
    parents = [taxonomy.parent(name) for name in taxonomy.categories]
    found = list(dict.fromkeys(parents))
    return tuple(map(found.index, parents))


def partitions(categories: int, nodes: int) -> Iterator[Partition]:
    """Gives every way to part some categories into so many nodes, once.

    ```
    list(partitions(3, 2))  # [(0, 0, 1), (0, 1, 0), (0, 1, 1)]
    ```
    """
    if nodes == 1 or categories == nodes:
        yield tuple(range(nodes)) if nodes > 1 else (0,) * categories
        return
    # The last category is in a node of the others, or in one of its own.
    for others in partitions(categories - 1, nodes):
        yield from ((*others, node) for node in range(nodes))
    for others in partitions(categories - 1, nodes - 1):
        yield (*others, nodes - 1)


def sizes(partition: Partition) -> list[int]:
    """How many categories the nodes have, small ones first."""
    return sorted(np.bincount(partition).tolist())


def ranked(
    ways: Iterable[Partition], errors_among: ErrorsAmong
) -> list[Partition]:
    """Sorts them by the errors across cutouts of two nodes."""
    return sorted(ways, key=lambda way: share_across(way, 2, errors_among))


def share_across(
    partition: Partition, branches: int, errors_among: ErrorsAmong
) -> float:
    """The part of errors that crosses branches, mean over all cutouts.

    Args:
        partition: the deepest nodes.
        branches: how many of them a cutout has.
        errors_among: counts errors.

    Returns:
        0 where no cutout has errors.
    """
    crosses = np.not_equal.outer(partition, partition)
    shares = []
    for nodes in itertools.combinations(range(max(partition) + 1), branches):
        chosen = (i for i, node in enumerate(partition) if node in nodes)
        errors = errors_among(tuple(chosen))
        if total := errors.sum():
            shares.append(errors[crosses].sum() / total)
    return float(np.mean(shares)) if shares else 0.0


if __name__ == "__main__":
    main()
