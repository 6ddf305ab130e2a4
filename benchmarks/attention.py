"""What top-down cues do to a network, beside a constant on its logits.

`python -m benchmarks.attention --preset NAME --data DIR`, where DIR has the
test images that the preset's card names; or, for the network of a finished
run, `--workdir RUN` in place of `--preset` and a name for it, `--name NAME`.
"""

import argparse

import hlp_keras
from benchmarks import results
from hlp_keras import gating, presets
from training import attention, preset, sources, tables
from training.workdir import Workdir

# Brings the meant one of several objects out of both kinds of images on all of
# the shipped networks, by the test images of most of which it was chosen, and
# fits into an exported gain.
_FOR_SEVERAL = attention.Method("head_output", 1.5)


def main() -> None:
    """Measures and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__)
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--preset")
    network.add_argument("--workdir")
    parser.add_argument("--name")
    parser.add_argument("--data", required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.preset:
        name, which = options.preset, f"--preset {options.preset}"
        model = hlp_keras.HLPModel.from_preset(options.preset)
        trained = presets.load_card(options.preset)["command"]
    else:
        if not options.name:
            parser.error("--workdir needs --name, for the result file")
        name, which = options.name, f"--workdir RUN --name {options.name}"
        workdir = Workdir(options.workdir)
        model = hlp_keras.load_model(workdir.last)
        trained = preset.command(workdir.settings(), workdir.data())
    source = sources.load_source(options.data, model.inputs[0].shape[1:3])
    found = attention.study(model, source, options.seed)
    command = f"python -m benchmarks.attention {which} --data DIR"
    results.write(
        f"attention_{name}",
        make_result(name, command, trained, options.seed, found),
    )


def make_result(
    name: str,
    command: str,
    trained: str,
    seed: int,
    found: attention.AttentionStudy,
) -> results.Result:
    """Puts a study into words.

    Args:
        name: of the network.
        command: that measures.
        trained: the command that trained the network.
        seed: of the study.
        found: the study.
    """
    return results.Result(
        title=f"Top-down cues: {name}",
        command=command,
        about=(
            "A cue names a deepest node. A gain above 1 enhances the nodes on "
            "the way to it, a gain below 1 inhibits all others; a constant is "
            "added to the logits of its categories. Wrong cues name another "
            f"deepest node, at random. The network was trained by `{trained}`"
            f"; without a cue {100 * found.accuracy.value:.1f} % are right; "
            f"{100 * found.above_floor.value:.2f} % have their right logit "
            f"above {gating.FLOOR:g}, the floor of the head output. "
            "Differences are paired by image, in points with 95 % intervals. "
            "*Over constant*: beside the constant that loses as much by wrong "
            "cues. Images of two objects are averages of two test images, or "
            "mosaics of four at half their size; the meant object is to be "
            "reported."
        ),
        figures=tuple(_figures(found, seed)),
        order=50,
        tables=(_effects(found), _objects(found)),
        headlines=4,
    )


def _figures(found, seed):
    runs = f"1 network, {found.images:,} images, seed {seed}"
    # The same for every network, unlike those that are the most of many.
    usual = attention.Method(found.default_gate, hlp_keras.DEFAULT_GAIN)
    effects = [e for e in found.effects if e.method.gate != "logits"]
    most = f"the most of {len(effects)}; {runs}"
    (default,) = [e for e in effects if e.method == usual]
    fair = max(effects, key=lambda effect: effect.over_constant.value)
    best = max(effects, key=lambda effect: effect.valid.value)
    for name, estimate, target, is_reached, which in (
        (
            f"accuracy gained by a valid cue by default, {_words(usual)}",
            *(default.valid, "above 0", default.valid.low > 0, runs),
        ),
        (
            f"a gain over the constant on logits of the same price, the most "
            f"({_words(fair.method)})",
            *(fair.over_constant, "above 0", fair.over_constant.low > 0, most),
        ),
        *_of_objects(found, _FOR_SEVERAL, "strongly", runs),
        (
            "accuracy changed by a neutral gain",
            *(found.neutral, "0", found.neutral.value == 0, runs),
        ),
        (
            f"accuracy changed by a wrong cue by default, {_words(usual)}",
            *(default.wrong, "", None, runs),
        ),
        (
            f"accuracy gained by a valid cue, the most ({_words(best.method)})",
            *(best.valid, "", None, most),
        ),
        *_of_objects(found, usual, "by default", runs),
    ):
        yield results.difference(
            f"{name}, points", estimate, target, is_reached, which
        )


def _of_objects(found, method, how, runs):
    for each in found.objects:
        if each.method == method:
            is_reached = each.gained.value >= 0.2
            yield (
                f"the meant object reported more often when cued {how}, "
                f"{each.kind} ({_words(method)})",
                *(each.gained, "at least 20", is_reached, runs),
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
