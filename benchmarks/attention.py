"""What top-down cues do to a preset, beside a constant on its logits.

`python -m benchmarks.attention --preset NAME --data DIR`, where DIR has the
test images that the preset's card names.
"""

import argparse

import hlp_keras
from benchmarks import results
from training import attention, sources, tables


def main() -> None:
    """Measures and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model = hlp_keras.HLPModel.from_preset(options.preset)
    image_size = model.inputs[0].shape[1:3]
    source = sources.load_source(options.data, image_size)
    found = attention.study(model, source, options.seed)
    name = f"attention_{options.preset}"
    results.write(name, make_result(options.preset, options.seed, found))


def make_result(
    preset: str, seed: int, found: attention.AttentionStudy
) -> results.Result:
    """Puts a study into words."""
    runs = f"1 network, {found.images:,} images, seed {seed}"
    gated = [e for e in found.effects if e.method.gate != "logits"]
    best = max(gated, key=lambda effect: effect.valid.value)
    default = [
        e for e in gated if e.method.gate == hlp_keras.attention.DEFAULT_GATE
    ]
    best_default = max(default, key=lambda effect: effect.valid.value)
    fair = max(gated, key=lambda effect: effect.over_constant.value)
    objects = {
        kind: max(
            (
                each
                for each in found.objects
                if each.kind == kind and each.method.gate != "logits"
            ),
            key=lambda each: each.gained.value,
        )
        for kind in ("average", "mosaic")
    }
    figures = [
        _figure(
            f"accuracy gained by a valid cue at the default gate, gain "
            f"{best_default.method.strength:g}, points",
            best_default.valid,
            "above 0",
            best_default.valid.low > 0,
            runs,
        ),
        _figure(
            f"the same at the best gate, {_words(best.method)}, points",
            best.valid,
            "",
            None,
            runs,
        ),
        _figure(
            f"a gain over the constant on logits of the same price, the most "
            f"({_words(fair.method)}), points",
            fair.over_constant,
            "above 0",
            fair.over_constant.low > 0,
            runs,
        ),
    ]
    for kind, each in objects.items():
        figures.append(
            _figure(
                f"the meant object reported more often when cued, {kind}, "
                f"{_words(each.method)}, points",
                each.gained,
                "at least 20",
                each.gained.value >= 0.2,
                runs,
            )
        )
    return results.Result(
        title=f"Top-down cues: {preset}",
        command=f"python -m benchmarks.attention --preset {preset} --data DIR",
        about=(
            "A cue names a deepest node. A gain above 1 enhances the nodes on "
            "the way to it, a gain below 1 inhibits all others; a constant is "
            "added to the logits of its categories. Wrong cues name another "
            "deepest node, at random. The network was trained without cues, "
            f"and without a cue {100 * found.accuracy.value:.1f} % are right. "
            "Differences are paired by image, in points with 95 % intervals. "
            "*Over constant*: beside the constant that loses as much by wrong "
            "cues. Images of two objects are averages of two test images, or "
            "mosaics of four at half their size; the meant object is to be "
            "reported."
        ),
        figures=tuple(figures),
        order=50,
        tables=(_effects(found), _objects(found)),
    )


def _figure(name, estimate, target, reached, runs):
    interval = f"{100 * estimate.low:+.1f} to {100 * estimate.high:+.1f}"
    return results.Figure(
        name, 100 * estimate.value, target, reached, f"{interval}; {runs}"
    )


def _words(method):
    what = "constant" if method.gate == "logits" else "gain"
    return f"{method.gate.replace('_', ' ')}, {what} {method.strength:g}"


def _effects(found):
    rates = [f"right {100 * rate:g} %" for rate in attention.RELIABILITIES]
    return results.Table(
        "Accuracy against that without a cue, by how often cues are right:",
        ("cue", "valid", "wrong", *rates, "over constant"),
        tuple(
            (
                _words(effect.method),
                tables.points(effect.valid),
                tables.points(effect.wrong),
                *map(tables.points, effect.reliable),
                _points(effect.over_constant),
            )
            for effect in found.effects
        ),
    )


def _objects(found):
    return results.Table(
        "How often the meant object is reported, in %:",
        ("image, cue", "uncued", "cued", "miscued", "gained", "over constant"),
        tuple(
            (
                f"{each.kind}, {_words(each.method)}",
                *(
                    f"{100 * share.value:.1f}"
                    for share in (each.uncued, each.cued, each.miscued)
                ),
                tables.points(each.gained),
                _points(each.over_constant),
            )
            for each in found.objects
        ),
    )


def _points(estimate):
    return "" if estimate is None else tables.points(estimate)


if __name__ == "__main__":
    main()
