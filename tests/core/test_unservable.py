"""Which units of an order can't be served: what is short of what is over, or owed back by law."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.model import Allocation
from app.core.unservable import (
    Cause,
    OpenLine,
    ShortItem,
    Unservable,
    still_short,
    unservable,
)
from tests.builders import line as waiting

MUG, CUP, MAIN = 1, 2, 5


def test_only_what_will_not_be_restocked_is_proposed() -> None:
    short = [ShortItem(MUG, MAIN, 2, lost=2), ShortItem(CUP, MAIN, 1, lost=0)]
    lines = [OpenLine(11, MUG, 5), OpenLine(12, CUP, 1)]

    found = unservable(short, lines, must_refund=False)

    assert found == [Unservable(11, MUG, MAIN, 2, 5, Cause.DISCONTINUED)]


def test_past_the_day_of_the_law_all_that_is_short_is_proposed() -> None:
    short = [ShortItem(CUP, MAIN, 1, lost=0)]

    found = unservable(short, [OpenLine(12, CUP, 3)], must_refund=True)

    assert found == [Unservable(12, CUP, MAIN, 1, 3, Cause.OVERDUE)]


def test_the_last_line_of_an_item_gives_up_its_units_first() -> None:
    short = [ShortItem(MUG, MAIN, 3, lost=3)]

    found = unservable(short, [OpenLine(11, MUG, 2), OpenLine(12, MUG, 2)], must_refund=False)

    assert [(one.line_id, one.units) for one in found] == [(11, 1), (12, 2)]


def test_units_that_will_come_but_not_all_are_owed_by_law() -> None:
    short = [ShortItem(MUG, MAIN, 5, lost=2)]

    found = unservable(short, [OpenLine(11, MUG, 5)], must_refund=True)

    assert [(one.units, one.cause) for one in found] == [(5, Cause.OVERDUE)]


def lost(queue: list[Allocation], order_id: int, *, loose: int) -> int:
    return still_short(queue, ShortItem(MUG, MAIN, 5, lost=5), order_id, loose=loose).lost


def test_what_comes_on_no_known_day_goes_to_whoever_is_first() -> None:
    first, second = waiting(2, placed=1, order=1), waiting(3, placed=2, order=2)
    queue = allocate([first, second], on_hand=0, arrivals=[], owed_before=0)

    assert lost(queue, 1, loose=3) == 0
    assert lost(queue, 2, loose=3) == 2
    assert lost(queue, 9, loose=0) == 0


def test_what_has_come_since_is_not_short_any_more() -> None:
    queue = allocate([waiting(3, placed=1, order=1)], on_hand=2, arrivals=[], owed_before=0)

    now = still_short(queue, ShortItem(MUG, MAIN, 3, lost=0), 1, loose=0)

    assert (now.units, now.lost) == (1, 0)


shorts = st.builds(ShortItem, st.integers(1, 3), st.integers(5, 6), st.integers(0, 9), st.integers(0, 9))
open_lines = st.lists(
    st.builds(OpenLine, st.integers(10, 20), st.integers(1, 3), st.integers(0, 9)),
    max_size=5,
    unique_by=lambda line: line.line_id,
)


@given(st.lists(shorts, max_size=5, unique_by=lambda one: one[:2]), open_lines, st.booleans())
def test_no_more_is_cancelled_than_is_short_or_open(
    short: list[ShortItem], lines: list[OpenLine], must_refund: bool
) -> None:
    found = unservable(short, lines, must_refund=must_refund)

    for line in lines:
        assert sum(one.units for one in found if one.line_id == line.line_id) <= line.outstanding
    for item in short:
        taken = [one for one in found if (one.item_id, one.location_id) == item[:2]]
        assert sum(one.units for one in taken) <= (item.units if must_refund else item.lost)
    assert all(one.units > 0 for one in found)
