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
from training import crossing, data, evaluate, sources

_NETWORK = "comparison_cifar10_12_epochs/plain/logits.npz"
_NODES = (5, 4, 3)
_BRANCHES = tuple(comparison.MOST_ACROSS)

# The node of every category, numbered in the order in which they come.
Partition = tuple[int, ...]
# Counts of answers, right by predicted, among some categories only.
AnswersAmong = Callable[[tuple[int, ...]], np.ndarray]


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
    answers_among = count_answers(taxonomy, logits, labels)
    own = partition_of(taxonomy)
    every = {
        number: ranked(partitions(len(own), number), answers_among)
        for number in _NODES
    }
    as_many = every[len(set(own))]
    alike = [
        partition for partition in as_many if sizes(partition) == sizes(own)
    ]
    place = 1 + alike.index(own)
    least_of_two = across(as_many[0], 2, answers_among).mean
    least_of_all = min(
        as_many, key=lambda way: across(way, 2, answers_among).of_all
    )
    most_of_two = comparison.MOST_ACROSS[2]

    def row(name, ways, partition):
        found = [
            across(partition, branches, answers_among)
            for branches in _BRANCHES
            if branches <= len(set(partition))
        ]
        shares = [f"{100 * each.mean:.1f}" for each in found]
        shares += [""] * (len(_BRANCHES) - len(shares))
        shares.append(f"{100 * found[0].of_all:.1f}")
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
            "many, and for two the share of all their errors together. The "
            "answers are those of the plain network of 12 epochs "
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
                f"{len(as_many):,} ways",
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
                (
                    *("deepest nodes", "ways", *map(str, _BRANCHES)),
                    *("2, of all errors", "which"),
                ),
                (
                    row("as the taxonomy has them", 1, own),
                    row("as large, the best way", len(alike), alike[0]),
                    *(
                        row(f"{number}, the best way", len(ways), ways[0])
                        for number, ways in every.items()
                    ),
                    row(
                        f"{len(set(own))}, the least of all errors",
                        len(as_many),
                        least_of_all,
                    ),
                ),
            ),
        ),
    )


def count_answers(
    taxonomy: hlp_keras.Taxonomy, logits: np.ndarray, labels: np.ndarray
) -> AnswersAmong:
    """Makes a function that counts answers, for each set of categories once."""
    number = len(taxonomy.categories)

    @functools.cache
    def answers_among(chosen):
        names = [taxonomy.categories[index] for index in chosen]
        predicted, right = evaluate.predict_inside(
            taxonomy, logits, labels, names
        )
        counts = np.zeros((number, number), int)
        np.add.at(counts, (right, predicted), 1)
        return counts

    return answers_among


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
    ways: Iterable[Partition], answers_among: AnswersAmong
) -> list[Partition]:
    """Sorts them by the errors across cutouts of two nodes."""
    return sorted(ways, key=lambda way: across(way, 2, answers_among).mean)


def across(
    partition: Partition, branches: int, answers_among: AnswersAmong
) -> crossing.Across:
    """Which part of the errors crosses branches, over all cutouts.

    Args:
        partition: the deepest nodes.
        branches: how many of them a cutout has.
        answers_among: counts answers.
    """
    crosses = np.not_equal.outer(partition, partition)
    counts = []
    for nodes in itertools.combinations(range(max(partition) + 1), branches):
        chosen = (i for i, node in enumerate(partition) if node in nodes)
        answers = answers_among(tuple(chosen))
        errors = answers.sum() - answers.trace()
        counts.append((answers.sum(), errors, answers[crosses].sum()))
    return crossing.put_together(counts) or crossing.Across(0, 0.0, 0.0, 0.0)


if __name__ == "__main__":
    main()
