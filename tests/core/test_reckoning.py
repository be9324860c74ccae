"""What the platform counts, told apart from what is open."""

from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.books import Demand, Verdict
from app.core.doubt import Bounds
from app.core.model import Allocatable
from app.core.reckoning import Claim, Reckoning, drift_since, queue_of, reckon, the_only_set
from tests.builders import LOCATION, line, minute

HERE, THERE = LOCATION, LOCATION + 1


def by_plan(quantity: int, *, order: int, later: int | None = None, at: int = HERE) -> Allocatable:
    """Units bought by a selling plan, all of them on hold or scheduled unless said otherwise."""
    kept = quantity if later is None else later
    return line(quantity, order=order, at=at)._replace(planned=quantity, later=kept)


def draft(quantity: int, at: int | None = None, *, placed: int = 5) -> Claim:
    return Claim("draft order #D1", quantity, minute(placed), at, "draft order")


def test_lines_kept_back_by_a_plan_wait_outside_if_that_balances() -> None:
    ahead, now = by_plan(2, order=1), line(1, order=2)

    found = reckon({HERE: 1}, Demand([ahead, now]))

    assert found.verdict is Verdict.BALANCED
    assert found.waiting == {(1, HERE): 2}
    assert found.counted.located == [now]


def test_lines_of_a_plan_that_the_platform_counts_stay_in_the_queue() -> None:
    found = reckon({HERE: 3}, Demand([by_plan(2, order=1), line(1, order=2)]))

    assert (found.verdict, found.waiting) == (Verdict.BALANCED, {})


def test_those_that_may_ship_wait_too_if_only_that_balances() -> None:
    found = reckon({HERE: 1}, Demand([by_plan(2, order=1, later=0), line(1, order=2)]))

    assert found.waiting == {(1, HERE): 2}


def test_the_one_set_that_makes_up_the_difference_waits() -> None:
    lines = [by_plan(2, order=1), by_plan(3, order=2), line(1, order=3)]

    assert reckon({HERE: 4}, Demand(lines)).waiting == {(1, HERE): 2}
    assert reckon({HERE: 2}, Demand(lines)).verdict is Verdict.COPY_STALE


def test_a_draft_is_counted_where_so_many_units_are_committed_to_nothing_else() -> None:
    lines = [line(2, order=1), line(1, order=2, at=THERE)]

    found = reckon({HERE: 2, THERE: 3}, Demand(lines), [draft(2)])

    assert found.verdict is Verdict.BALANCED
    (claimed,) = [one for one in found.counted.located if one.reserved_by]
    assert (claimed.location_id, claimed.quantity) == (THERE, 2)


def test_what_is_committed_besides_counts_as_long_as_it_is_there() -> None:
    orders = Demand([line(2, order=1)])

    assert reckon({HERE: 2}, orders, [draft(2)]).verdict is Verdict.COPY_STALE
    assert reckon({HERE: 5}, orders, [draft(2)]).verdict is Verdict.ORDERS_MISSING
    assert reckon({HERE: 5}, orders, [draft(2)], unexplained={HERE: 1}).verdict is Verdict.BALANCED


@given(st.lists(st.integers(1, 5), max_size=8), st.integers(1, 20))
def test_a_set_is_chosen_only_if_there_is_no_other(sizes: list[int], total: int) -> None:
    keyed = {(number, HERE): size for number, size in enumerate(sizes)}
    choices = [
        dict(some)
        for count in range(1, len(sizes) + 1)
        for some in combinations(keyed.items(), count)
        if sum(size for _, size in some) == total
    ]

    assert the_only_set(keyed, total) == (choices[0] if len(choices) == 1 else None)


@pytest.mark.parametrize(
    ("known", "before", "units", "came", "kept"),
    [
        ([], 0, 2, 2, [(2, 100)]),
        ([], 3, 5, 2, [(2, 100)]),
        ([], 3, 5, 0, []),
        ([(2, 7)], 2, 3, 1, [(2, 7), (1, 100)]),
        ([(2, 7), (1, 9)], 3, 2, 0, [(2, 7)]),
        ([(2, 7)], 5, 4, 0, [(1, 7)]),
        ([(2, 7)], 5, 2, 0, []),
        ([(2, 7)], 2, -1, 0, []),
    ],
)
def test_of_what_nobody_explains_the_newest_goes_first(
    known: list[tuple[int, int]], before: int, units: int, came: int, kept: list[tuple[int, int]]
) -> None:
    assert drift_since(known, before, units, came=came, now=100) == kept


def test_what_came_later_is_served_after_the_orders_before_it() -> None:
    """Three on hand for an order of three, and two units more committed to nobody knows what."""
    orders = Demand([line(3, placed=1)])
    since = {HERE: [(2, minute(9).timestamp())]}
    found = reckon({HERE: 5}, orders, unexplained={HERE: 2})

    queue = queue_of(found, orders, committed={HERE: 5}, supply={HERE: 3}, drift={HERE: 2}, since=since)

    assert queue.owed_before == {HERE: 0}
    short = allocate(queue.lines.at(HERE), on_hand=3, owed_before=0)
    assert [each.short for each in short] == [0, 2]


def test_what_was_there_first_is_served_before_all_others() -> None:
    orders = Demand([line(3, placed=1)])
    found = reckon({HERE: 5}, orders, unexplained={HERE: 2})

    queue = queue_of(found, orders, committed={HERE: 5}, supply={HERE: 3}, drift={HERE: 2}, since={})

    assert queue.owed_before == {HERE: 2}


def test_a_claim_of_the_second_of_an_order_comes_after_it() -> None:
    at = datetime(2026, 11, 25, 9, tzinfo=UTC)
    order = line(3, order=1)._replace(placed_at=at)
    found = reckon({HERE: 5}, Demand([order]), [Claim("draft order #D1", 2, at)])

    short = allocate(found.counted.at(HERE), on_hand=3)

    assert [(each.line.reserved_by, each.short) for each in short] == [("", 0), ("draft order #D1", 2)]


@pytest.mark.parametrize(
    ("lines", "excess", "waiting"),
    [
        pytest.param([by_plan(4, order=1, later=0), line(2, order=2)], 1, {(1, HERE): 1}, id="a part"),
        pytest.param(
            [by_plan(4, order=1, later=0), by_plan(3, order=3, later=0), line(2, order=2)],
            1,
            {},
            id="of one of two plans",
        ),
        pytest.param([by_plan(1, order=1, later=0), line(3, order=2)], 2, {}, id="more than it has"),
        pytest.param([line(4, order=1), line(2, order=2)], 1, {}, id="without a plan"),
        pytest.param(
            [by_plan(4, order=1, later=0), line(2, order=2)],
            2,
            {(1, HERE): 2},
            id="not those of an order as large, which no plan sold",
        ),
    ],
)
def test_units_that_are_not_committed_are_of_the_only_order_that_a_plan_sold(
    lines: list[Allocatable], excess: int, waiting: dict[tuple[int, int], int]
) -> None:
    """Staff added a unit to it that is on hold."""
    books = Demand(lines)
    committed = {HERE: sum(one.quantity for one in lines) - excess}

    found = queue_of(
        Reckoning(Verdict.BALANCED, books),
        books,
        committed=committed,
        supply={HERE: 3},
        drift={HERE: -excess},
        since={},
    )

    assert found.waiting == waiting
    assert not found.doubtful or not waiting


def test_of_preorders_that_commit_too_little_who_is_short_for_sure_is_known() -> None:
    """Of one that is held nothing is committed, and of 3 units more it can't be said whose they are."""
    first, second, held = by_plan(5, order=1, later=0), by_plan(5, order=2, later=0), by_plan(3, order=3)
    books = Demand([first, second, held])

    found = queue_of(
        Reckoning(Verdict.BALANCED, books),
        books,
        committed={HERE: 7},
        supply={HERE: 1},
        drift={HERE: -6},
        since={},
    )

    assert found.waiting == {(3, HERE): 3}
    assert found.doubtful == {(1, HERE): Bounds(1, 4), (2, HERE): Bounds(2, 5)}
    assert [(one.order_id, one.quantity) for one in found.lines.located] == [(1, 5), (2, 2)]


def test_units_that_may_not_ship_yet_are_not_committed_before_others_of_a_plan() -> None:
    held, released = by_plan(2, order=1), by_plan(2, order=2, later=0)

    found = reckon({HERE: 2}, Demand([held, released]))

    assert found.waiting == {(1, HERE): 2}


def outside(quantity: int, *, order: int) -> Allocatable:
    """Units on hold that were bought by a plan that is known to reserve on fulfilment."""
    return by_plan(quantity, order=order)._replace(outside=quantity)


def test_units_whose_plan_reserves_later_do_not_count_while_orders_may_be_on_their_way() -> None:
    """Of as many units as those on hold, which then look committed."""
    preorder, now = outside(2, order=1), line(1, order=2)

    soon = reckon({HERE: 3}, Demand([preorder, now]), may_wait=False)
    later = reckon({HERE: 3}, Demand([preorder, now]))

    assert (soon.verdict, soon.waiting) == (Verdict.ORDERS_MISSING, {(1, HERE): 2})
    assert (later.verdict, later.waiting) == (Verdict.BALANCED, {})


def test_units_whose_plan_reserves_later_wait_outside_at_the_first_look() -> None:
    preorder, now = outside(2, order=1), line(1, order=2)

    found = reckon({HERE: 1}, Demand([preorder, now]), may_wait=False)

    assert (found.verdict, found.waiting) == (Verdict.BALANCED, {(1, HERE): 2})


def test_the_units_of_a_preorder_that_are_committed_take_their_turn_once() -> None:
    """Of one of 3 units a plan sold 2, which wait outside; staff added the third, which is committed."""
    older, preorder = line(3, order=1), outside(3, order=2)._replace(planned=2, later=2, outside=2)
    books = Demand([older, preorder])
    counted = reckon({HERE: 4}, books, may_wait=False)

    found = queue_of(counted, books, committed={HERE: 4}, supply={HERE: 3}, drift={HERE: 0}, since={})

    assert found.waiting == {(2, HERE): 2}
    assert found.owed_before == {HERE: 0}
    assert [(one.order_id, one.quantity) for one in found.lines.located] == [(1, 3), (2, 1)]
