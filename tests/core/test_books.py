"""Do the books balance?"""

import pytest
from hypothesis import given

from app.core.books import Demand, Verdict, compare_books
from app.core.model import Line
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
    committed: dict[int, int], lines: list[Line], unlocated: int, verdict: Verdict
) -> None:
    assert compare_books(committed, Demand(lines, unlocated)) is verdict


@given(lines_of_a_pool, lines_of_a_pool)
def test_with_every_order_located_each_pool_balances_by_itself(
    here: list[Line], there: list[Line]
) -> None:
    demand = Demand([*here, *(each._replace(location_id=THERE) for each in there)])
    committed = {HERE: sum(each.quantity for each in here), THERE: sum(each.quantity for each in there)}

    assert compare_books(committed, demand) is Verdict.BALANCED
    moved = {HERE: committed[HERE] + 1, THERE: committed[THERE] - 1}
    assert compare_books(moved, demand) is not Verdict.BALANCED


def test_the_lines_of_a_pool_are_those_at_its_location() -> None:
    here, there = line(1), line(2, at=THERE)

    assert Demand([here, there]).at(THERE) == [there]
