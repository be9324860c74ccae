"""Which units serve which line."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.model import Allocatable, Arrival, longest_waiting_first
from tests.builders import arrival, line
from tests.core.queues import Case, cases


def test_the_order_that_waited_longest_is_served_first() -> None:
    late, early = line(2, placed=9), line(2, placed=1)

    first, second = allocate([late, early], on_hand=2)

    assert (first.line, first.short) == (early, 0)
    assert (second.line, second.short) == (late, 2)


def test_a_partly_covered_line_keeps_what_it_has() -> None:
    """Pain 4: Monday's order waits for 2 and has 1; Thursday's order for 1 must not take it."""
    monday, thursday = line(2, placed=1), line(1, placed=4)

    first, second = allocate([monday, thursday], on_hand=1)

    assert (first.short, second.short) == (1, 1)


def test_an_order_for_two_is_complete_once_two_have_come_one_by_one() -> None:
    """Pain 3: a two-unit order stuck in backorder however much stock arrives."""
    served = [allocate([line(2)], on_hand=on_hand)[0].short for on_hand in (0, 1, 2)]

    assert served == [2, 1, 0]


def test_every_buyer_is_told_their_own_part_of_the_shortage() -> None:
    """Pain 6: 10 on hand, three orders: the short units are 0, 2 and 20, not 0, 0 and 10."""
    result = allocate([line(8, placed=1), line(4, placed=2), line(20, placed=3)], on_hand=10)

    assert [allocation.short for allocation in result] == [0, 2, 20]


def test_a_higher_priority_goes_before_age() -> None:
    old, urgent = line(1, placed=1), line(1, placed=9, priority=1)

    first, second = allocate([old, urgent], on_hand=1)

    assert (first.line, second.line) == (urgent, old)
    assert (first.short, second.short) == (0, 1)


def test_orders_of_one_second_queue_by_their_id() -> None:
    lines = [line(1, placed=1, order=order) for order in (30, 10, 20)]

    assert [allocation.line.order_id for allocation in allocate(lines, on_hand=0)] == [10, 20, 30]


def test_older_demand_that_we_can_not_see_is_served_first() -> None:
    (allocation,) = allocate([line(2)], on_hand=5, arrivals=[arrival(3)], owed_before=4)

    assert (allocation.short, allocation.owed_before) == (1, 4)
    assert (allocation.shares[0].first, allocation.shares[0].last) == (1, 1)


def test_what_was_shipped_and_was_never_there_is_made_good_by_the_first_arrivals() -> None:
    early, late = arrival(2, on="2026-12-01", number=1), arrival(4, on="2026-12-05", number=2)

    (allocation,) = allocate([line(3)], on_hand=-3, arrivals=[late, early])

    assert [(share.arrival, share.first, share.last) for share in allocation.shares] == [(late, 2, 4)]
    assert (allocation.short, allocation.unserved) == (3, 0)


def test_a_line_may_be_served_from_several_arrivals() -> None:
    early, late = arrival(2, on="2026-12-01", number=1), arrival(4, on="2026-12-05", number=2)

    (allocation,) = allocate([line(5)], on_hand=1, arrivals=[late, early])

    assert [(share.arrival, share.quantity) for share in allocation.shares] == [(early, 2), (late, 2)]
    assert (allocation.short, allocation.unserved) == (4, 0)


def test_arrivals_of_one_day_are_taken_in_the_order_they_were_entered() -> None:
    second, first = arrival(1, number=2), arrival(1, number=1)

    (allocation,) = allocate([line(2)], on_hand=0, arrivals=[second, first])

    assert [share.arrival for share in allocation.shares] == [first, second]


def test_what_no_arrival_covers_comes_after_the_last_of_them() -> None:
    covered, beyond = allocate([line(2, placed=1), line(1, placed=2)], on_hand=0, arrivals=[arrival(2)])

    assert (covered.unserved, covered.not_before) == (0, None)
    assert (beyond.unserved, beyond.not_before) == (1, arrival(2).expected_on)


@pytest.mark.parametrize("lines", [[], [line(1)]])
def test_an_empty_pool_is_no_special_case(lines: list[Allocatable]) -> None:
    result = allocate(lines, on_hand=0)

    assert [(allocation.short, allocation.unserved, allocation.shares) for allocation in result] == [
        (1, 1, ()) for _ in lines
    ]


@given(cases)
def test_no_line_gets_more_than_it_asks_for(case: Case) -> None:
    for allocation in case.allocated():
        on_hand = allocation.line.quantity - allocation.short
        from_arrivals = sum(share.quantity for share in allocation.shares)

        assert min(on_hand, allocation.short, allocation.unserved) >= 0
        assert on_hand + from_arrivals + allocation.unserved == allocation.line.quantity


@given(cases)
def test_no_more_is_given_than_is_there(case: Case) -> None:
    result = case.allocated()

    on_hand = sum(allocation.line.quantity - allocation.short for allocation in result)
    assert on_hand <= max(0, case.on_hand - case.owed_before)
    promised = sum(share.quantity for allocation in result for share in allocation.shares)
    coming = sum(each.quantity for each in case.arrivals)
    assert on_hand + promised <= max(0, case.on_hand + coming - case.owed_before)


@given(cases)
def test_no_unit_of_an_arrival_is_given_twice(case: Case) -> None:
    shares = [share for allocation in case.allocated() for share in allocation.shares]
    taken = Counter(
        (share.arrival.arrival_id, place)
        for share in shares
        for place in range(share.first, share.last + 1)
    )

    assert all(times == 1 for times in taken.values())
    assert all(1 <= share.first <= share.last <= share.arrival.quantity for share in shares)


@given(cases, st.randoms(use_true_random=False))
def test_shuffling_the_input_changes_nothing(case: Case, random: st.DataObject) -> None:
    lines, arrivals = list(case.lines), list(case.arrivals)
    random.shuffle(lines)  # type: ignore[attr-defined]
    random.shuffle(arrivals)  # type: ignore[attr-defined]

    assert replace(case, lines=lines, arrivals=arrivals).allocated() == case.allocated()


@given(cases)
def test_a_later_order_takes_nothing_from_an_earlier_one(case: Case) -> None:
    queue = longest_waiting_first(case.lines)
    whole = case.allocated()

    for count in range(len(queue)):
        assert replace(case, lines=queue[:count]).allocated() == whole[:count]


@given(cases, st.integers(1, 5))
def test_more_stock_makes_nobody_shorter(case: Case, more: int) -> None:
    richer = replace(case, on_hand=case.on_hand + more).allocated()

    for before, after in zip(case.allocated(), richer, strict=True):
        assert after.short <= before.short
        assert after.unserved <= before.unserved


@given(cases, st.integers(1, 5), st.integers(0, 5))
def test_one_more_arrival_makes_nobody_wait_longer(case: Case, quantity: int, at: int) -> None:
    more = Arrival(99, quantity, arrival(1).expected_on.replace(day=1 + at))
    richer = replace(case, arrivals=[*case.arrivals, more]).allocated()

    for before, after in zip(case.allocated(), richer, strict=True):
        assert after.short == before.short
        assert after.unserved <= before.unserved
        if before.shares and not before.unserved:
            assert after.shares[-1].arrival.expected_on <= before.shares[-1].arrival.expected_on


@given(cases)
def test_the_books_add_up(case: Case) -> None:
    """The units short are those asked for beyond what is on hand; on Shopify `max(0, −available)`."""
    short = sum(allocation.short for allocation in case.allocated())
    demand = sum(each.quantity for each in case.lines)

    assert short == min(demand, max(0, case.owed_before + demand - case.on_hand))


@given(cases)
@example(Case([line(2)], -1, [arrival(1), arrival(0, number=2), arrival(2, number=3)], 1))
def test_handing_out_one_unit_after_the_other_gives_the_same(case: Case) -> None:
    for allocation, units in zip(case.allocated(), _unit_by_unit(case), strict=True):
        places = [
            (share.arrival.arrival_id, place)
            for share in allocation.shares
            for place in range(share.first, share.last + 1)
        ]

        assert allocation.line.quantity - allocation.short == units.count("on hand")
        assert places == [unit for unit in units if isinstance(unit, tuple)]
        assert allocation.unserved == units.count("nothing")


def _unit_by_unit(case: Case) -> list[list[str | tuple[int, int]]]:
    """The slow way: a heap of units, the soonest on top, and everybody takes one at a time."""
    heap: list[str | tuple[int, int]] = ["on hand"] * max(0, case.on_hand)
    for each in sorted(case.arrivals, key=lambda each: (each.expected_on, each.arrival_id)):
        heap += [(each.arrival_id, place) for place in range(1, each.quantity + 1)]
    missing = max(0, -case.on_hand)
    heap = heap[missing + case.owed_before :]
    heap.reverse()
    queue = sorted(case.lines, key=lambda line: (-line.priority, line.placed_at, line.order_id))
    return [[heap.pop() if heap else "nothing" for _ in range(line.quantity)] for line in queue]
