"""When a line's place in the queue is served, and why we think so."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.model import Allocation, Basis
from app.core.promise import explain, promise, promise_queue, still_expected
from tests.builders import TODAY, arrival, day, days, line
from tests.core.queues import Case, cases

waiting_since = st.dictionaries(st.integers(1, 8), st.integers(-40, 0).map(days))


def allocated(quantity: int = 1, **supply: object) -> Allocation:
    """One line and what serves it."""
    (allocation,) = allocate([line(quantity)], **{"on_hand": 0, **supply})  # type: ignore[arg-type]
    return allocation


def test_a_covered_line_is_promised_nothing() -> None:
    made = promise(allocated(2, on_hand=2), today=TODAY, lead_time_days=14)

    assert (made.short, made.expected_on, made.basis) == (0, None, Basis.ON_HAND)


def test_the_day_of_the_last_unit_counts() -> None:
    early, late = arrival(2, on="2026-12-01", number=1), arrival(2, on="2026-12-05", number=2)

    made = promise(allocated(3, arrivals=[late, early]), today=TODAY)

    assert (made.short, made.expected_on, made.basis) == (3, day("2026-12-05"), Basis.ARRIVAL)


def test_an_arrival_taken_by_older_orders_is_no_promise() -> None:
    made = promise(allocated(1, arrivals=[arrival(5)], owed_before=5), today=TODAY)

    assert (made.expected_on, made.basis) == (None, Basis.UNKNOWN)


def test_what_nothing_dated_covers_takes_the_lead_time() -> None:
    made = promise(allocated(), today=TODAY, lead_time_days=14)

    assert (made.expected_on, made.basis) == (days(14), Basis.LEAD_TIME)


def test_without_a_lead_time_nobody_knows() -> None:
    made = promise(allocated(), today=TODAY)

    assert (made.short, made.expected_on, made.basis) == (1, None, Basis.UNKNOWN)


def test_the_lead_time_is_never_sooner_than_the_units_that_are_already_coming() -> None:
    """3 short, 2 of them dated in a hundred days: the third makes nothing ready in a week."""
    far = arrival(2, on=days(100))

    made = promise(allocated(3, arrivals=[far]), today=TODAY, lead_time_days=7)

    assert (made.expected_on, made.basis) == (days(100), Basis.LEAD_TIME)


@pytest.mark.parametrize(
    ("waited", "expected"),
    [(0, 14), (1, 13), (13, 1), (14, 0), (15, 13), (28, 0), (29, 13), (-3, 17)],
)
def test_the_lead_time_counts_from_the_day_the_line_was_first_short(waited: int, expected: int) -> None:
    made = promise(allocated(), today=TODAY, lead_time_days=14, short_since=days(-waited))

    assert made.expected_on == days(expected)


@given(st.integers(1, 60), st.integers(0, 400))
def test_a_date_from_the_lead_time_stands_until_it_has_passed(lead_time: int, waited: int) -> None:
    since = days(-waited)
    said = promise(allocated(), today=TODAY, lead_time_days=lead_time, short_since=since).expected_on
    assert said is not None
    assert TODAY <= said <= days(lead_time)

    on_that_day = promise(allocated(), today=said, lead_time_days=lead_time, short_since=since)
    day_after = promise(
        allocated(), today=said + timedelta(days=1), lead_time_days=lead_time, short_since=since
    )
    assert on_that_day.expected_on == said
    assert day_after.expected_on == said + timedelta(days=lead_time)


@pytest.mark.parametrize("waited", [0, 1, 30])
def test_a_lead_time_of_no_days_means_today(waited: int) -> None:
    made = promise(allocated(), today=TODAY, lead_time_days=0, short_since=days(-waited))

    assert made.expected_on == TODAY


def test_an_overdue_arrival_is_not_expected_any_more() -> None:
    yesterday, today, tomorrow = (arrival(1, on=days(number)) for number in (-1, 0, 1))

    assert still_expected([yesterday, today, tomorrow], today=TODAY) == [today, tomorrow]


@given(cases, st.none() | st.integers(0, 30), waiting_since)
def test_no_promise_lies_in_the_past(case: Case, lead_time: int | None, since: dict[int, date]) -> None:
    made = promise_queue(case.allocated(), today=TODAY, lead_time_days=lead_time, short_since=since)

    assert all(said.expected_on is None or said.expected_on >= TODAY for said in made)


@given(cases, st.none() | st.integers(0, 30), waiting_since)
@example(Case([line(1, placed=1), line(1, placed=2)], 0, [], 0), 14, {1: days(-15), 2: days(-10)})
@example(Case([line(1, placed=1), line(1, placed=2)], 0, [arrival(1, on=days(100))], 0), 14, {})
def test_nobody_is_promised_an_earlier_day_than_those_ahead(
    case: Case, lead_time: int | None, since: dict[int, date]
) -> None:
    made = promise_queue(case.allocated(), today=TODAY, lead_time_days=lead_time, short_since=since)

    ranks = [_rank(said.basis, said.expected_on) for said in made]
    assert ranks == sorted(ranks)


def _rank(basis: Basis, expected_on: date | None) -> tuple[int, date]:
    """On hand, then dated, then unknown."""
    sooner = {Basis.ON_HAND: 0, Basis.UNKNOWN: 2}.get(basis, 1)
    return (sooner, expected_on or date.min)


@given(cases)
def test_a_line_is_served_once_supply_reaches_all_demand_up_to_it(case: Case) -> None:
    """ETA of place k: the first day on which on-hand + arrivals ≥ the demand of orders up to k."""
    demand = case.owed_before
    for allocation in case.allocated():
        demand += allocation.line.quantity
        enough = [
            each.expected_on for each in case.arrivals if case.units_by(each.expected_on) >= demand
        ]

        made = promise(allocation, today=TODAY)

        if case.on_hand >= demand:
            assert made[1:4] == (0, None, Basis.ON_HAND)
        elif enough:
            assert made[2:4] == (min(enough), Basis.ARRIVAL)
        else:
            assert made[2:4] == (None, Basis.UNKNOWN)


@given(cases, st.integers(0, 30), waiting_since)
def test_the_queue_changes_a_promise_only_to_a_later_day(
    case: Case, lead_time: int, since: dict[int, date]
) -> None:
    allocations = case.allocated()

    together = promise_queue(allocations, today=TODAY, lead_time_days=lead_time, short_since=since)

    for allocation, said in zip(allocations, together, strict=True):
        order = allocation.line.order_id
        alone = promise(allocation, today=TODAY, lead_time_days=lead_time, short_since=since.get(order))
        assert (said.line, said.short, said.basis) == (alone.line, alone.short, alone.basis)
        assert (said.expected_on or date.min) >= (alone.expected_on or date.min)


@pytest.mark.parametrize(
    ("allocation", "lead_time", "words"),
    [
        (allocated(2, on_hand=2), None, "In stock."),
        (
            allocated(2, on_hand=1, arrivals=[arrival(12)]),
            None,
            "1 in stock; this order needs 2. 12 arrive Dec 5; this order gets the 1st.",
        ),
        (
            allocated(2, arrivals=[arrival(12)], owed_before=5),
            None,
            "None in stock, and 5 units are owed to earlier orders. "
            "12 arrive Dec 5; this order gets the 6th and 7th.",
        ),
        (
            allocated(2),
            14,
            "None in stock. No delivery is scheduled for it, so the date uses the usual lead time: "
            "backordered since Nov 25; plus 14 days: Dec 9.",
        ),
        (
            allocated(2),
            None,
            "None in stock. No delivery is scheduled for it, and no lead time is set.",
        ),
    ],
)
def test_a_promise_can_be_explained_aloud(
    allocation: Allocation, lead_time: int | None, words: str
) -> None:
    made = promise(allocation, today=TODAY, lead_time_days=lead_time)

    on_hand = allocation.line.quantity - allocation.short
    assert explain(allocation, made, on_hand=on_hand) == words


@pytest.mark.parametrize(
    ("place", "word"),
    [
        (1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (10, "10th"), (11, "11th"), (12, "12th"),
        (13, "13th"), (20, "20th"), (21, "21st"), (22, "22nd"), (23, "23rd"), (101, "101st"),
        (111, "111th"), (112, "112th"), (1011, "1011th"), (1021, "1021st"),
    ],
)  # fmt: skip
def test_a_place_is_spoken_as_an_ordinal(place: int, word: str) -> None:
    allocation = allocated(1, arrivals=[arrival(2000)], owed_before=place - 1)

    words = explain(allocation, promise(allocation, today=TODAY), on_hand=0)

    assert words.endswith(f"this order gets the {word}.")
