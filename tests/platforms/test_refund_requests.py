"""What a refund is about, and what the units of an order say of one that nobody answered."""

from hypothesis import given
from hypothesis import strategies as st

from app.platforms.base.refunds import Made, RefundLine, RefundQuote, RefundRequest, units_of
from app.platforms.bigcommerce.refunds import request_body
from tests.builders import NOW

ROBE, CAP = 11, 12


def request(*lines: RefundLine, ordered: tuple[int, ...]) -> RefundRequest:
    return RefundRequest(1, lines, RefundQuote("20.00", "EUR", ordered=ordered), "k-1", "note", NOW)


BOTH = (RefundLine(ROBE, 5, 2, 3), RefundLine(ROBE, 6, 1, 3), RefundLine(CAP, 5, 1, 1))


def test_a_line_that_is_short_at_two_locations_is_refunded_once() -> None:
    body = request_body(request(*BOTH, ordered=(3, 3, 1)))

    assert units_of(BOTH) == {ROBE: 3, CAP: 1}
    assert [(one["item_id"], one["quantity"]) for one in body["items"]] == [(ROBE, 3), (CAP, 1)]


def test_units_that_are_all_there_were_not_refunded() -> None:
    asked = request(*BOTH, ordered=(3, 3, 1))

    assert asked.made_by({ROBE: 3, CAP: 1}, is_listed=True) is Made.NO


def test_what_was_asked_before_units_were_kept_is_not_judged_by_them() -> None:
    asked = request(*BOTH, ordered=())

    assert asked.made_by({ROBE: 3, CAP: 1}, is_listed=True) is Made.UNCLEAR


@given(st.integers(0, 5), st.integers(0, 5), st.booleans())
def test_only_exactly_the_units_that_were_asked_for_count_as_refunded(
    robes: int, caps: int, is_listed: bool
) -> None:
    asked = request(*BOTH, ordered=(5, 5, 4))

    made = asked.made_by({ROBE: robes, CAP: caps}, is_listed=is_listed)

    is_whole, is_less = (robes, caps) == (5, 4), (robes, caps) == (2, 3)
    assert (made is Made.NO) == is_whole
    assert (made is Made.YES) == (is_less and is_listed)
