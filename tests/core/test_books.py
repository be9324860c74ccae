"""Do the books balance?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.books import Demand, StockPosition, Verdict, compare_books, stock_position
from app.core.model import Allocatable
from tests.builders import LOCATION, line
from tests.core.queues import lines_of_a_pool

HERE, THERE = LOCATION, LOCATION + 1


@pytest.mark.parametrize(
    ("committed", "lines", "unlocated", "verdict"),
    [
        pytest.param({}, [], 0, Verdict.BALANCED, id="nothing, and nothing known"),
        pytest.param({HERE: 3}, [line(1), line(2)], 0, Verdict.BALANCED, id="equal"),
        pytest.param({HERE: 4}, [line(3)], 0, Verdict.ORDERS_MISSING, id="an order is on its way"),
        pytest.param({HERE: 2}, [line(3)], 0, Verdict.COPY_STALE, id="an order has shrunk"),
        pytest.param({}, [line(1)], 0, Verdict.COPY_STALE, id="a pool that is gone"),
        pytest.param(
            {HERE: 1, THERE: 3}, [line(2), line(2, at=THERE)], 0, Verdict.COPY_STALE, id="a line moved"
        ),
        pytest.param({HERE: 3, THERE: 2}, [line(3)], 2, Verdict.BALANCED, id="old orders not located"),
        pytest.param(
            {HERE: 3, THERE: 2}, [line(3)], 1, Verdict.ORDERS_MISSING, id="and one more unknown"
        ),
        pytest.param(
            {HERE: 3, THERE: 2}, [line(3)], 3, Verdict.COPY_STALE, id="and one shipped meanwhile"
        ),
        pytest.param(
            {HERE: 2, THERE: 9}, [line(3)], 8, Verdict.COPY_STALE, id="one pool below its lines"
        ),
        pytest.param({HERE: 0}, [], 0, Verdict.BALANCED, id="an empty pool"),
    ],
)
def test_what_is_committed_must_equal_the_open_lines_we_know(
    committed: dict[int, int], lines: list[Allocatable], unlocated: int, verdict: Verdict
) -> None:
    assert compare_books(committed, Demand(lines, unlocated)) is verdict


@given(lines_of_a_pool, lines_of_a_pool)
def test_with_every_order_located_each_pool_balances_by_itself(
    here: list[Allocatable], there: list[Allocatable]
) -> None:
    demand = Demand([*here, *(each._replace(location_id=THERE) for each in there)])
    committed = {HERE: sum(each.quantity for each in here), THERE: sum(each.quantity for each in there)}

    assert compare_books(committed, demand) is Verdict.BALANCED
    moved = {HERE: committed[HERE] + 1, THERE: committed[THERE] - 1}
    assert compare_books(moved, demand) is not Verdict.BALANCED


def test_the_lines_of_a_pool_are_those_at_its_location() -> None:
    here, there = line(1), line(2, at=THERE)

    assert Demand([here, there]).at(THERE) == [there]


def taken(quantity: int, *, placed: int = 1, short: int = 0) -> Allocatable:
    """A line of which so many units were short at placement."""
    return line(quantity, placed=placed)._replace(backordered=short)


def test_where_all_units_are_counted_supply_is_what_is_available_and_those() -> None:
    position = stock_position([line(1)], available=-2, committed=5)

    assert position == StockPosition(supply=3, committed=5)
    assert position.free == -2


def test_units_that_left_on_hand_at_placement_are_put_back() -> None:
    """3 on hand, an order of 4: one is short, and the other three still serve it."""
    position = stock_position([taken(4, short=1)], available=0 - 1, backordered=1)

    assert (position.supply, position.committed, position.free) == (3, 4, -1)


def test_a_restock_that_the_counter_was_lowered_for_serves_its_lines() -> None:
    """One unit came for the line that was short; on hand it can not be seen."""
    position = stock_position([taken(1), taken(1, placed=2, short=1)], available=0, backordered=0)

    assert position == StockPosition(supply=2, committed=2)


def test_a_restock_that_the_counter_was_not_lowered_for_serves_the_same_lines() -> None:
    position = stock_position([taken(1), taken(1, placed=2, short=1)], available=1 - 1, backordered=1)

    assert (position.supply, position.committed, position.free) == (2, 2, 0)


def test_more_short_than_we_know_of_is_put_back_for_nobody() -> None:
    position = stock_position([taken(1)], available=-1, backordered=1)

    assert position == StockPosition(supply=1, committed=1)


def test_orders_that_have_not_lowered_the_figures_take_what_is_available() -> None:
    lines = [line(2)._replace(taken=0), line(2)._replace(taken=0)]

    position = stock_position(lines, available=3, backordered=0)

    assert (position.supply, position.committed, position.free) == (3, 4, -1)


@given(
    on_hand=st.integers(0, 12),
    quantities=st.lists(st.integers(1, 4), min_size=1, max_size=8),
    restock=st.integers(0, 12),
    is_lowered=st.booleans(),
)
def test_both_ways_of_counting_make_the_same_lines_short(
    *, on_hand: int, quantities: list[int], restock: int, is_lowered: bool
) -> None:
    """A store sells all it has, then more, then goods come in: whether the platform counts all units
    or those short at placement, and whether a restock lowers its counter or not."""
    left, lines = on_hand, []
    for minute_placed, quantity in enumerate(quantities):
        short = max(0, quantity - left)
        left -= quantity - short
        lines.append(taken(quantity, placed=minute_placed, short=short))
    short = sum(each.backordered for each in lines)
    consumed = min(short, restock) if is_lowered else 0
    counted, shelf = short - consumed, left + restock - consumed

    of_shortages = stock_position(lines, available=shelf - counted, backordered=counted)
    ordered = sum(quantities)
    of_all = stock_position(lines, available=on_hand + restock - ordered, committed=ordered)

    assert of_shortages.supply == of_all.supply
    assert [one.short for one in allocate(lines, on_hand=of_shortages.supply)] == [
        one.short for one in allocate(lines, on_hand=of_all.supply)
    ]
