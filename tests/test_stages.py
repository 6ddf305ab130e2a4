import pytest

from hlp_keras import stages
from hlp_keras.stages import Stage
from hlp_keras.taxonomy import Taxonomy


@pytest.mark.parametrize(
    "filters, rounded", [(1, 8), (11.9, 8), (12.1, 16), (24, 24), (99, 96)]
)
def test_widths_are_multiples_of_8(filters, rounded):
    assert stages.round_to_8(filters) == rounded


@pytest.mark.parametrize(
    "exponent, large, small",
    [
        (0, 32, 32),
        (0.5, 40, 24),  # 32 * sqrt(6/4) = 39.2 and 32 * sqrt(2/4) = 22.6
        (1, 48, 16),  # 32 * 6/4 and 32 * 2/4
    ],
)
def test_the_width_follows_the_number_of_categories(exponent, large, small):
    taxonomy = Taxonomy.from_nested(
        {"large": list("abcdef"), "small": ["g", "h"]}
    )
    for some in (taxonomy, taxonomy.prune(["a", "g"])):
        widths = [
            stages.node_filters(some, node, 32, exponent)
            for node in ("large", "small")
        ]
        assert widths == [large, small]


@pytest.mark.parametrize(
    "tree, levels",
    [
        (["a", "b"], [[[16, 1, 1], [32, 1, 2], [64, 1, 2]]]),
        (
            {"n": ["a"], "m": ["b"]},
            [[[16, 1, 1], [32, 1, 2]], [[48, 1, 2]]],  # 64 / sqrt(2) = 45.3
        ),
        (
            {"n": {"m": {"o": ["a", "b"]}}},
            [[[16, 1, 1]], [[32, 1, 2]], [[64, 1, 2]], [[64, 1, 1]]],
        ),
    ],
)
def test_the_plain_stages_are_spread_over_the_levels(tree, levels):
    taxonomy = Taxonomy.from_nested(tree)
    found = stages.default_levels(taxonomy)
    assert stages.levels_to_lists(found) == levels
    assert stages.parse_levels(levels) == found


def test_scaling_rounds_to_whole_filters():
    scaled = stages.scaled([Stage(16, 2), Stage(1, 1, 2)], 0.1)
    assert scaled == (Stage(2, 2), Stage(1, 1, 2))


@pytest.mark.parametrize(
    "stage, message",
    [
        ((0,), r"`filters` .* at least 1, got 0 in Stage\(filters=0"),
        ((8, 1.5), "`blocks` .* whole number of at least 1, got 1.5"),
        ((8, 1, -2), "`stride` .* got -2"),
        (("8",), "`filters` .* got '8'"),
    ],
)
def test_a_stage_of_other_numbers_is_refused(stage, message):
    with pytest.raises(ValueError, match=message):
        Stage(*stage)


@pytest.mark.parametrize(
    "levels, message",
    [
        ([], r"at least one stage for every level, trunk first, got \(\)"),
        ([[(8,)], []], "at least one stage for every level"),
        ([(16, 1, 1)], "got 16. Every level is a list of stages"),
        # What Python makes of ((16, 1, 1)).
        ((16, 1, 1), r"list of stages for every level.* \(16, 1, 1\).*comma"),
        (3, "list of stages for every level, trunk first, got 3"),
        ([[(8, 1, 1, 1)]], r"\(filters, blocks, stride\), got \(8, 1, 1, 1\)"),
    ],
)
def test_levels_that_are_not_lists_of_stages_are_refused(levels, message):
    with pytest.raises(ValueError, match=message):
        stages.parse_levels(levels)
