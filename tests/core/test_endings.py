"""That stock has arrived is said only where it surely has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.endings import Ending, LastKnownShort, WasShort, how_served


@pytest.mark.parametrize(
    ("line", "taken_out", "ending"),
    [
        pytest.param(WasShort(LastKnownShort(0, 0, 1), 1, 1), 0, Ending.STOCK, id="a unit came"),
        pytest.param(
            WasShort(LastKnownShort(1, 1, 1), 1, 1), 0, Ending.FREED, id="the order before it is gone"
        ),
        pytest.param(
            WasShort(LastKnownShort(3, 2, 2), 2, 2),
            0,
            Ending.FREED,
            id="fewer are there, for others as well",
        ),
        pytest.param(WasShort(LastKnownShort(1, 0, 3), 1, 1), 2, Ending.LEFT, id="it wants less itself"),
        pytest.param(
            WasShort(LastKnownShort(1, 0, 3), 2, 2), 1, Ending.STOCK, id="less, and a unit came"
        ),
        pytest.param(
            WasShort(LastKnownShort(2, 0, 4), 1, 1),
            1,
            Ending.FREED,
            id="one out, the covered two shipped",
        ),
        pytest.param(WasShort(None, 1, 5), 0, Ending.FREED, id="nobody knows how it stood"),
        pytest.param(
            WasShort(LastKnownShort(0, 0, 1), 0, None), 0, Ending.FREED, id="it lies elsewhere now"
        ),
    ],
)
def test_what_served_a_line_follows_from_what_its_pool_can_have_held(
    line: WasShort, taken_out: int, ending: Ending
) -> None:
    assert how_served([line], taken_out=taken_out) is ending


def test_one_of_its_pools_that_got_units_is_enough() -> None:
    lines = [WasShort(LastKnownShort(1, 1, 1), 1, 1), WasShort(LastKnownShort(0, 0, 2), 2, 2)]

    assert how_served(lines, taken_out=0) is Ending.STOCK


@given(
    supply=st.integers(-3, 6),
    older=st.integers(0, 4),
    units=st.integers(1, 4),
    events=st.lists(st.sampled_from(["older leaves", "unit is lost", "unit ships"]), max_size=6),
)
def test_without_an_arrival_none_is_told(supply: int, older: int, units: int, events: list[str]) -> None:
    """Others leave, units are lost, others are shipped with units of theirs."""
    then = LastKnownShort(supply, older, units)
    for event in events:
        if event == "older leaves":
            older = max(0, older - 1)
        elif event == "unit is lost":
            supply -= 1
        elif older and supply > 0:
            older, supply = older - 1, supply - 1

    assert how_served([WasShort(then, units, supply)], taken_out=0) is not Ending.STOCK
