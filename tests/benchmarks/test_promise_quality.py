"""How often the first promised date is kept, and how cautious it has to be for that: 240 simulated
suppliers, whose true habits are known, against what others promise. Measured, never passed or failed.

pytest -m benchmark -n0 -s tests/benchmarks/test_promise_quality.py

BACKLINE_SHOPS names other shops, such as 0:30; those below 2000 have been looked at while tuning.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from random import Random

import pytest

from app.core.allocate import allocate
from app.core.decide import PoolState, decide
from app.core.foresee import foresee
from app.core.lead_times import Delivery, Experience
from app.core.model import Allocatable, Arrival
from tests.suppliers import DAYS, FIRST_DAY, KINDS, MEASURED_FROM, Supplier, on, poisson, suppliers_of

pytestmark = pytest.mark.benchmark

FIRST, END = map(int, os.environ.get("BACKLINE_SHOPS", "2000:2030").split(":"))
SUPPLIERS = 8
SHARE = 0.9
PLACE = 1


@dataclass
class Item:
    """One supplier's item: what waits, what is on hand, what is coming (with the day it really comes),
    and what was promised first, by method."""

    supplier: Supplier
    random: Random
    backlog: list[Allocatable] = field(default_factory=list)
    on_hand: int = 0
    coming: list[tuple[Arrival, int, int]] = field(default_factory=list)
    promised: dict[int, dict[str, date]] = field(default_factory=dict)
    kept: list[tuple[dict[str, date], date]] = field(default_factory=list)


def test_promise_quality(capsys: pytest.CaptureFixture[str]) -> None:
    served: dict[str, list[tuple[dict[str, date], date]]] = defaultdict(list)
    for shop in range(FIRST, END):
        for item in _simulated(shop):
            served[item.supplier.kind] += item.kept

    with capsys.disabled():
        print(f"\n{_table(served)}")  # noqa: T201 -- its purpose
    assert all(served[kind] for kind in KINDS)


def _simulated(seed: int) -> list[Item]:
    """Two years of one shop; the second is measured."""
    items = [Item(each, Random(f"{seed}-{each.number}")) for each in suppliers_of(seed, SUPPLIERS)]  # noqa: S311
    delivered: list[Delivery] = []
    numbers = iter(range(1, 10**9))
    known = Experience([], today=FIRST_DAY)
    for day in range(DAYS):
        came = [delivery for item in items for delivery in _receive(item, day)]
        delivered += came
        if day % 7 == 0 and day >= MEASURED_FROM - 7:
            known = Experience(delivered, today=on(day))
        for item in items:
            if day >= item.supplier.opens_on:
                _sell(item, day, known, numbers)
                _reorder(item, day, numbers)
    return items


def _receive(item: Item, day: int) -> list[Delivery]:
    """What comes in the morning serves those who waited longest."""
    here = [each for each in item.coming if each[2] == day]
    if not here:
        return []
    item.coming = [each for each in item.coming if each[2] != day]
    item.on_hand += sum(arrival.quantity for arrival, _, _ in here)
    served = [each.line for each in allocate(item.backlog, on_hand=item.on_hand) if each.short == 0]
    item.on_hand -= sum(line.quantity for line in served)
    gone = {line.order_id for line in served}
    item.backlog = [line for line in item.backlog if line.order_id not in gone]
    item.kept += [(item.promised.pop(order), on(day)) for order in sorted(gone & item.promised.keys())]
    number = item.supplier.number
    return [
        Delivery(number, f"S{number}", on(ordered), arrival.expected_on, on(day))
        for arrival, ordered, _ in here
    ]


def _sell(item: Item, day: int, known: Experience, numbers: Iterable[int]) -> None:
    placed_at = datetime.combine(on(day), time(12), tzinfo=UTC)
    count = poisson(item.random, item.supplier.orders_a_day)
    new = [
        Allocatable(order, item.supplier.number, PLACE, item.random.randint(1, 3), placed_at)
        for order, _ in zip(numbers, range(count), strict=False)
    ]
    lines = [*item.backlog, *new]
    allocations = allocate(lines, on_hand=item.on_hand)
    short = {each.line.order_id for each in allocations if each.short}
    if day >= MEASURED_FROM and any(line.order_id in short for line in new):
        pool = PoolState(lines, item.on_hand)
        for method, promises in METHODS.items():
            for order, said in promises(item, pool, day, known).items():
                if order in short and any(line.order_id == order for line in new):
                    item.promised.setdefault(order, {})[method] = said
    # Whoever has all units on hand is served at once.
    item.on_hand -= sum(line.quantity for line in lines if line.order_id not in short)
    item.backlog = [line for line in lines if line.order_id in short]


def _reorder(item: Item, day: int, numbers: Iterable[int]) -> None:
    """In the evening a batch is ordered once less is there and coming than the lead time sells."""
    supplier = item.supplier
    waiting = sum(line.quantity for line in item.backlog)
    position = item.on_hand + sum(arrival.quantity for arrival, _, _ in item.coming) - waiting
    a_day = 2 * supplier.orders_a_day
    if position >= 0.6 * a_day * supplier.quoted_days:
        return
    quantity = max(1, round(a_day * supplier.batch_days))
    expected = day + supplier.quoted_days
    comes = expected + supplier.lateness(item.random, day)
    arrival = Arrival(next(iter(numbers)), quantity, on(expected), supplier=f"S{supplier.number}")
    item.coming.append((arrival, day, comes))


def _said(pool: PoolState, arrivals: Sequence[Arrival], today: date, lead_time: int) -> dict[int, date]:
    """What the product says of each short line, given these arrivals and this lead time."""
    state = PoolState(pool.lines, pool.supply, arrivals=arrivals)
    queue = decide({PLACE: state}, today=today, lead_time_days=lead_time)[PLACE]
    return {
        each.promise.line.order_id: each.promise.expected_on
        for each in queue
        if each.promise.expected_on
    }


def _announced(item: Item) -> list[Arrival]:
    return [arrival for arrival, _, _ in item.coming]


def _learned(item: Item, pool: PoolState, day: int, known: Experience) -> dict[int, date]:
    """The product."""
    number, today = item.supplier.number, on(day)
    arrivals = foresee(
        _announced(item), lambda supplier: known.lateness(number, supplier), share=SHARE, today=today
    )
    habit = known.lead_time(number, f"S{number}")
    lead_time = habit.within(SHARE) if habit else item.supplier.quoted_days
    return _said(pool, arrivals, today, lead_time)


def _true(item: Item, pool: PoolState, day: int, known: Experience) -> dict[int, date]:
    """The product, had it known how the supplier really delivers."""
    supplier, arrivals = item.supplier, []
    for arrival, ordered, _ in item.coming:
        expected = ordered + supplier.quoted_days
        late = supplier.true_within(SHARE, ordered, passed=day + 1 - expected)
        arrivals.append(Arrival(arrival.arrival_id, arrival.quantity, on(max(day, expected + late))))
    return _said(pool, arrivals, on(day), supplier.quoted_days + supplier.true_within(SHARE, day))


def _unlearned(item: Item, pool: PoolState, day: int, known: Experience) -> dict[int, date]:
    return _said(pool, _announced(item), on(day), item.supplier.quoted_days)


def _next_order(item: Item, pool: PoolState, day: int, known: Experience) -> dict[int, date]:
    days = [arrival.expected_on for arrival in _announced(item) if arrival.expected_on >= on(day)]
    said = min(days, default=on(day + item.supplier.quoted_days))
    return {line.order_id: said for line in pool.lines}


def _fixed(item: Item, pool: PoolState, day: int, known: Experience) -> dict[int, date]:
    return {line.order_id: on(day + item.supplier.quoted_days) for line in pool.lines}


METHODS: Mapping[str, Callable[[Item, PoolState, int, Experience], dict[int, date]]] = {
    "Backline (P90, learned)": _learned,
    "the true P90": _true,
    "queue-aware, not learned": _unlearned,
    "next purchase order's date": _next_order,
    "fixed lead time": _fixed,
}


def _table(served: Mapping[str, Sequence[tuple[dict[str, date], date]]]) -> str:
    rows = [
        "| suppliers | lines | promise | kept | days early | days late |",
        "|---|---|---|---|---|---|",
    ]
    everything = {**served, "all": [line for lines in served.values() for line in lines]}
    for kind, lines in everything.items():
        for method in METHODS:
            gaps = [(said[method] - came).days for said, came in lines]
            kept = sum(gap >= 0 for gap in gaps) / len(gaps)
            early = sum(max(0, gap) for gap in gaps) / len(gaps)
            late = sum(max(0, -gap) for gap in gaps) / len(gaps)
            rows.append(
                f"| {kind} | {len(lines):,} | {method} | {kept:.1%} | {early:.2f} | {late:.2f} |"
            )
    return "\n".join(rows)
