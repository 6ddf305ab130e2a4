"""Time and memory for a network of 1,000 categories.

`python -m benchmarks.large_taxonomy` builds the network of a taxonomy with
1,000 leaves in 120 nodes on three levels and cuts out of it.
"""

import resource
import time

import hlp_keras
from benchmarks import results


def large_taxonomy() -> hlp_keras.Taxonomy:
    """20 nodes with 5 nodes each with 10 categories each."""
    return hlp_keras.Taxonomy.from_nested(
        {
            f"group_{i}": {
                f"group_{i}_{j}": [f"leaf_{i}_{j}_{k}" for k in range(10)]
                for j in range(5)
            }
            for i in range(20)
        }
    )


def main() -> None:
    """Measures and writes the result file."""
    taxonomy = large_taxonomy()
    build_seconds, model = _timed(
        lambda: hlp_keras.HLPModel(taxonomy, (64, 64, 3))
    )
    cutouts = [taxonomy.categories[::10], taxonomy.categories[:999]]
    cut_seconds = max(
        _timed(lambda names=names: hlp_keras.cutout(model, names))[0]
        for names in cutouts
    )
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    results.write(
        "large_taxonomy",
        results.Result(
            title="A taxonomy of 1,000 categories",
            command="python -m benchmarks.large_taxonomy",
            about=(
                "Building the network for 1,000 leaves in 120 nodes on three "
                "levels, and its slowest cutout (100 categories over all "
                "nodes, and 999). Memory is the whole process with Keras and "
                "its backend."
            ),
            figures=(
                results.Figure(
                    "build, seconds",
                    build_seconds,
                    "under 60",
                    build_seconds < 60,
                ),
                results.Figure(
                    "peak memory, GB", gigabytes, "under 4", gigabytes < 4
                ),
                results.Figure(
                    "slowest cutout, seconds",
                    cut_seconds,
                    "under 2",
                    cut_seconds < 2,
                    runs=f"{len(cutouts)} cutouts",
                ),
            ),
            order=20,
        ),
    )


def _timed(function):
    start = time.perf_counter()
    value = function()
    return time.perf_counter() - start, value


if __name__ == "__main__":
    main()
