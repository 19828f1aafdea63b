"""A year of some hundred injuries, with every invariant at each month's end; ``tests/load/injury_year.py`` lives ten thousand."""

from __future__ import annotations

import pytest

from tests.simulation.workinjury_bridge.year import Town


@pytest.mark.parametrize("seed", range(6))
def test_a_year_of_injuries_ends_with_equal_books(seed: int) -> None:
    done = Town(seed, cases=20).live()
    assert done["conversions settled"] > 0
    assert done["conversions reverted"] + done["conversions failed"] > 0


def test_every_invariant_holds_after_every_step() -> None:
    assert Town(99, cases=6).live(each_step=True)["conversions"] > 0
