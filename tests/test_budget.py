import micro_models
import pytest

from tflite_export import budget, flatbuffer
from tflite_export.budget import Footprint

_NEEDED = Footprint(flash_bytes=90_000, ram_bytes=20_000)
_SAVINGS = {
    "vehicle": Footprint(31_000, 0),
    "ship": Footprint(300, 0),
    "animal": Footprint(40_000, 5_000),
}


@pytest.mark.parametrize(
    ("flash_budget", "ram_budget"),
    [(None, None), (90_000, 20_000), (100_000, None), (None, 30_000)],
)
def test_accepts_what_fits(flash_budget, ram_budget):
    budget.check_budget(_NEEDED, flash_budget, ram_budget)


@pytest.mark.parametrize(
    ("flash_budget", "ram_budget", "message"),
    [
        (
            89_800,
            None,
            "needs 90,000 bytes of flash, which is 200 more than the budget "
            "of 89,800. Leave away 'ship', which saves 300 bytes of flash",
        ),
        (
            60_000,
            None,
            "30,000 more .* Leave away 'vehicle', which saves 31,000 bytes",
        ),
        (
            None,
            16_000,
            "20,000 bytes of RAM, which is 4,000 more .* Leave away 'animal', "
            "which saves 5,000 bytes of RAM",
        ),
        (
            60_000,
            16_000,
            "of flash, .* and 20,000 bytes of RAM, .* Leave away 'animal', "
            "which saves 40,000 bytes of flash and 5,000 bytes of RAM",
        ),
        (
            10_000,
            None,
            "80,000 more .* Leaving away 'animal' saves most, 40,000 bytes of "
            "flash, which is not enough: leave away more",
        ),
    ],
)
def test_says_by_how_much_and_what_to_leave_away(
    flash_budget, ram_budget, message
):
    with pytest.raises(ValueError, match=message):
        budget.check_budget(_NEEDED, flash_budget, ram_budget, _SAVINGS)


def test_says_that_leaving_away_does_not_help():
    savings = {"vehicle": _SAVINGS["vehicle"]}  # of RAM nothing
    with pytest.raises(
        ValueError, match="4,000 more .* one of them saves noth"
    ):
        budget.check_budget(_NEEDED, None, 16_000, savings)


def test_refuses_without_knowing_what_is_saved():
    with pytest.raises(ValueError, match="1,000 more .* Leave categories away"):
        budget.check_budget(_NEEDED, flash_budget=89_000)


def test_does_not_advise_to_leave_away_the_only_category():
    message = r"budget of 89,000\. Use a smaller network\."
    with pytest.raises(ValueError, match=message):
        budget.check_budget(_NEEDED, flash_budget=89_000, drop_savings={})


def test_arena_has_room_for_scratch_memory():
    model = flatbuffer.parse(micro_models.part("branch_animal").data)
    # 3x3x4 weights for each output, and 1 KiB.
    assert budget.arena_size([model], 2_000) == 2_000 + 4 * 36 + 1024
    assert budget.arena_size([model], 2_001) % 16 == 0


def test_arena_of_a_model_without_convolution():
    model = flatbuffer.parse(micro_models.part("head_animal").data)
    assert budget.arena_size([model], 2_048) == 2_048 + 1024
