import dataclasses

import micro_models
import pytest

from tflite_export import micro_split


def changed(**parts):
    """The parts of the tiny network, some of them with other fields."""
    return [
        dataclasses.replace(part, **parts.get(part.name, {}))
        for part in micro_models.parts()
    ]


def test_parts_run_after_their_parents():
    planned = micro_split.plan(micro_models.parts()).parts
    assert [p.part.name for p in planned] == [
        "trunk",
        "branch_animal",
        "head_animal",
        "head_vehicle",
    ]


def test_every_part_runs_for_the_heads_below_it():
    planned = micro_split.plan(micro_models.parts()).parts
    assert [p.heads for p in planned] == [0b11, 0b01, 0b01, 0b10]


def test_features_of_one_level_share_a_place():
    planned = micro_split.plan(micro_models.parts())
    offsets = [(p.input_offset, p.output_offset) for p in planned.parts]
    # The trunk leaves 3x3x4 features and the branch 3x3x6.
    assert offsets == [(None, 0), (0, 36), (36, None), (0, None)]
    assert planned.feature_bytes == 36 + 54


def test_long_names_leave_short_files():
    head = micro_models.part("head_animal")
    twins = [
        dataclasses.replace(head, name=f"head_{'.52a0.' * 23}{number}")
        for number in range(2)
    ]
    planned = micro_split.plan([*micro_models.parts(), *twins])
    identifiers = [p.identifier for p in planned.parts]
    assert max(map(len, identifiers)) < 90
    assert len(set(identifiers)) == 6


def test_a_branch_beside_another_takes_no_more_features():
    branch = micro_models.part("branch_animal")
    head = micro_models.part("head_animal")
    parts = [
        *micro_models.parts(),
        dataclasses.replace(branch, name="branch-animal"),
        dataclasses.replace(head, name="other", parent="branch-animal"),
    ]
    planned = micro_split.plan(parts)
    assert planned.feature_bytes == 36 + 54
    assert [p.identifier for p in planned.parts] == [
        "trunk",
        "branch_animal",
        "head_animal",
        "head_vehicle",
        "branch_animal_2",
        "other",
    ]
    assert planned.parts[4].constant == "kBranchAnimal2Mask"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], r"one part without a parent, the trunk, got \[\]"),
        (
            changed(head_vehicle={"parent": None}),
            r"one part without a parent.*\['head_vehicle', 'trunk'\]",
        ),
        (
            changed(head_vehicle={"name": "head_animal"}),
            "several parts named 'head_animal'",
        ),
        (
            changed(head_vehicle={"labels": ()}),
            "either to have labels or .* 'head_vehicle' is neither",
        ),
        (
            changed(branch_animal={"labels": ("a",)}),
            "either to have labels or .* 'branch_animal' is both",
        ),
        (
            changed(head_vehicle={"parent": "lost"}),
            r"nested on the trunk 'trunk'.*\['head_vehicle'\]",
        ),
        (
            changed(head_vehicle={"parent": "branch_animal"}),
            "output of 'branch_animal' does not match the input of "
            "'head_vehicle'",
        ),
        (
            changed(head_vehicle={"labels": ("ship", "car")}),
            "head_vehicle to give a logit for each of 2",
        ),
        (
            changed(trunk={"data": micro_models.part("branch_animal").data}),
            "the input of trunk to be `pixel - 128`",
        ),
    ],
)
def test_refuses_parts_that_are_no_tree(parts, message):
    with pytest.raises(ValueError, match=message):
        micro_split.plan(parts)


def test_refuses_parts_nested_on_each_other():
    loop = changed(branch_animal={"parent": "other"})
    branch = micro_models.part("branch_animal")
    loop.append(
        dataclasses.replace(branch, name="other", parent="branch_animal")
    )
    with pytest.raises(ValueError, match="nested on the trunk.*'other'"):
        micro_split.plan(loop)


def test_refuses_logits_of_another_scale():
    parts = changed(
        head_vehicle={"data": micro_models.part("head_vehicle", 0.5).data}
    )
    with pytest.raises(ValueError, match="cannot be compared: .*0.008.*0.5"):
        micro_split.plan(parts)


def test_refuses_more_heads_than_a_mask_has_bits():
    head = micro_models.part("head_vehicle")
    more = [dataclasses.replace(head, name=f"head_{i}") for i in range(63)]
    with pytest.raises(ValueError, match="At most 64 heads .* got 65"):
        micro_split.plan([*micro_models.parts(), *more])
