"""A delivery that is told again is known by its day, and what follows another is not taken for it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.deliveries import Delivery, KnownDelivery, numbered

TODAY = date(2026, 12, 7)
DAYS = st.none() | st.integers(-20, 60).map(lambda days: TODAY + timedelta(days=days))
TOLD = st.dictionaries(DAYS, st.integers(1, 9), min_size=1, max_size=8)
KNOWN = st.lists(st.tuples(DAYS, st.integers(1, 9), st.booleans()), max_size=8)


def on(days: int, quantity: int = 5) -> Delivery:
    """So many days from today."""
    return Delivery(TODAY + timedelta(days=days), quantity)


def known(*deliveries: Delivery, closed: tuple[int, ...] = ()) -> list[KnownDelivery]:
    """Numbered by their order."""
    return [
        KnownDelivery(each.expected_on, each.quantity, part, is_open=part not in closed)
        for part, each in enumerate(deliveries, 1)
    ]


@pytest.mark.parametrize(
    ("before", "told", "numbers"),
    [
        ([], [on(4), on(11)], [1, 2]),
        (known(on(4), on(11)), [on(4), on(11)], [1, 2]),
        # The first column of a table of weeks is gone, and one more has come.
        (known(on(-3), on(4), on(11)), [on(4), on(11), on(18)], [2, 3, 4]),
        (known(on(2), on(9), on(16)), [on(9), on(16), on(23)], [2, 3, 4]),
        (known(on(4), on(11)), [on(11)], [2]),
        # One that is still to come was moved; so was one that is late, with all its units.
        (known(on(4), on(30)), [on(9), on(30)], [1, 2]),
        (known(on(-3, 40), on(30)), [on(9, 40), on(30)], [1, 2]),
        # What was due has come, and another of other units is new.
        (known(on(-3, 40), on(30)), [on(9, 3), on(30)], [3, 2]),
        # None stayed: all were moved.
        (known(on(-3, 40), on(11)), [on(5, 30), on(19)], [1, 2]),
        (known(on(4), Delivery(None, 7)), [on(4), on(20, 7)], [1, 2]),
        # The number of one that is over is not given again, except to its own day.
        (known(on(-9), on(4), closed=(1,)), [on(4), on(11)], [2, 3]),
        (known(on(4), on(11), closed=(2,)), [on(4), on(11)], [1, 2]),
    ],
)
def test_each_delivery_is_the_one_that_it_was(
    before: list[KnownDelivery], told: list[Delivery], numbers: list[int]
) -> None:
    assert numbered(told, before, today=TODAY) == numbers


@given(told=TOLD, before=KNOWN)
def test_no_two_are_one_and_told_again_they_are_the_same(
    told: dict[date | None, int], before: list[tuple[date | None, int, bool]]
) -> None:
    deliveries = [Delivery(day, quantity) for day, quantity in told.items()]
    earlier = [
        KnownDelivery(day, quantity, part, is_open=is_open)
        for part, (day, quantity, is_open) in enumerate(before, 1)
    ]

    numbers = numbered(deliveries, earlier, today=TODAY)

    assert len({*numbers}) == len(numbers)
    now = [
        KnownDelivery(each.expected_on, each.quantity, part)
        for each, part in zip(deliveries, numbers, strict=True)
    ]
    assert numbered(deliveries, now, today=TODAY) == numbers
    assert sorted(numbered(deliveries[::-1], earlier, today=TODAY)) == sorted(numbers)
