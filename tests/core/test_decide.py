"""What is decided about one item, from its pools alone."""

from app.core.decide import PoolState, decide, with_units
from app.core.model import Basis
from tests.builders import LOCATION, TODAY, arrival, day, days, line


def short_of(pools: dict[int, PoolState], *, lead_time_days: int | None = None) -> dict[int, list[int]]:
    """Units that each line lacks, by location, in the order of the queue."""
    decided = decide(pools, today=TODAY, lead_time_days=lead_time_days)
    return {place: [one.promise.short for one in lines] for place, lines in decided.items()}


def test_each_pool_is_a_queue_of_its_own() -> None:
    near = PoolState([line(2, order=1)], supply=0)
    far = PoolState([line(2, order=2, at=LOCATION + 1)], supply=2)

    assert short_of({LOCATION: near, LOCATION + 1: far}) == {LOCATION: [2], LOCATION + 1: [0]}


def test_who_waits_is_promised_the_arrival_that_their_place_falls_into() -> None:
    lines = [line(3, placed=1), line(2, placed=2)]
    pool = PoolState(lines, supply=1, arrivals=[arrival(2, on="2026-12-05")])

    first, second = decide({LOCATION: pool}, today=TODAY, lead_time_days=None)[LOCATION]

    assert (first.promise.short, first.promise.expected_on) == (2, day("2026-12-05"))
    assert first.promise.basis is Basis.ARRIVAL
    assert (second.promise.short, second.promise.expected_on) == (2, None)


def test_what_no_arrival_covers_comes_after_the_lead_time() -> None:
    pool = PoolState([line(1, order=7)], supply=0, short_since={7: TODAY})

    (only,) = decide({LOCATION: pool}, today=TODAY, lead_time_days=14)[LOCATION]

    assert (only.promise.expected_on, only.promise.basis) == (days(14), Basis.LEAD_TIME)


def test_an_arrival_whose_day_has_passed_is_promised_to_nobody() -> None:
    pool = PoolState([line(1)], supply=0, arrivals=[arrival(5, on=days(-1))])

    (only,) = decide({LOCATION: pool}, today=TODAY, lead_time_days=None)[LOCATION]

    assert only.promise.expected_on is None


def test_demand_that_can_not_be_seen_is_served_before_all_lines() -> None:
    pool = PoolState([line(2)], supply=3, owed_before=2)

    assert short_of({LOCATION: pool}) == {LOCATION: [1]}


def test_units_on_the_shelf_serve_now_and_units_expected_serve_after_all_others_of_their_day() -> None:
    pool = PoolState([line(2)], supply=0, arrivals=[arrival(1, on="2026-12-05")])

    shelved = with_units(pool, 2, on=None)
    coming = with_units(pool, 1, on=day("2026-12-05"))

    assert short_of({LOCATION: shelved}) == {LOCATION: [0]}
    assert short_of({LOCATION: coming}) == {LOCATION: [2]}
    (only,) = decide({LOCATION: coming}, today=TODAY, lead_time_days=None)[LOCATION]
    assert only.promise.expected_on == day("2026-12-05")
    assert [share.arrival.quantity for share in only.allocation.shares] == [1, 1]
