"""Which units of an order can't be served: what is short of what is over, or owed back by law."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.unservable import Cause, OpenLine, ShortItem, Unservable, unservable

MUG, CUP, MAIN = 1, 2, 5


def test_only_what_will_not_be_restocked_is_proposed() -> None:
    short = [ShortItem(MUG, MAIN, 2, is_over=True), ShortItem(CUP, MAIN, 1, is_over=False)]
    lines = [OpenLine(11, MUG, 5), OpenLine(12, CUP, 1)]

    found = unservable(short, lines, must_refund=False)

    assert found == [Unservable(11, MUG, MAIN, 2, 5, Cause.DISCONTINUED)]


def test_past_the_day_of_the_law_all_that_is_short_is_proposed() -> None:
    short = [ShortItem(CUP, MAIN, 1, is_over=False)]

    found = unservable(short, [OpenLine(12, CUP, 3)], must_refund=True)

    assert found == [Unservable(12, CUP, MAIN, 1, 3, Cause.OVERDUE)]


def test_the_last_line_of_an_item_gives_up_its_units_first() -> None:
    short = [ShortItem(MUG, MAIN, 3, is_over=True)]

    found = unservable(short, [OpenLine(11, MUG, 2), OpenLine(12, MUG, 2)], must_refund=False)

    assert [(one.line_id, one.units) for one in found] == [(11, 1), (12, 2)]


shorts = st.builds(ShortItem, st.integers(1, 3), st.integers(5, 6), st.integers(0, 9), st.booleans())
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
        assert sum(one.units for one in taken) <= item.units
        assert not taken or item.is_over or must_refund
    assert all(one.units > 0 for one in found)
