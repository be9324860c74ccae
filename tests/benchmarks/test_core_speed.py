"""How long the core takes for a very large pool, in a process set up like a worker. Measured, never
timed as pass or fail.

pytest -m benchmark -n0 -s tests/benchmarks/test_core_speed.py
"""

import gc
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar

import pytest

from app.core.allocate import allocate
from app.core.model import Allocatable, Allocation, Arrival, Basis, Promise
from app.core.promise import promise_queue
from app.services import collect_garbage_seldom

pytestmark = pytest.mark.benchmark

TODAY = date(2026, 11, 25)
SIZES = (25_000, 50_000, 100_000, 200_000)
Result = TypeVar("Result")


def test_a_hundred_thousand_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Time to allocate and promise, and whether it grows like the sorting it contains: n log n."""
    before = gc.get_threshold()
    collect_garbage_seldom()
    rows = [(size, *_measured(size)) for size in SIZES]
    gc.unfreeze()
    gc.set_threshold(*before)

    with capsys.disabled():
        print("\n   lines  allocate s  promise s  together s  µs per n log2 n")  # noqa: T201 -- its purpose
        for size, allocating, promising in rows:
            both = allocating + promising
            per_step = 1e6 * both / (size * math.log2(size))
            print(f"{size:8,}  {allocating:10.3f}  {promising:9.3f}  {both:10.3f}  {per_step:15.4f}")  # noqa: T201
        print(f"exponent of growth: {_exponent(rows):.2f} (n log n over these sizes: 1.06)")  # noqa: T201


def _measured(size: int) -> tuple[float, float]:
    """Seconds of CPU, the best of five, so that others on the machine count least."""
    lines, arrivals, on_hand = _pool(size)
    gc.collect()
    allocating, allocations = _best(lambda: allocate(lines, on_hand=on_hand, arrivals=arrivals))
    promising, made = _best(lambda: promise_queue(allocations, today=TODAY, lead_time_days=14))
    _assert_right(allocations, made, on_hand, arrivals)
    return allocating, promising


def _pool(size: int) -> tuple[list[Allocatable], list[Arrival], int]:
    """Half of the demand is on hand, three eighths come in 50 arrivals, of the rest nothing is known."""
    random = Random(size)  # noqa: S311 -- the same pool every time
    start = datetime(2026, 6, 1, tzinfo=UTC)
    lines = [
        Allocatable(
            number, 1, 1, random.randint(1, 5), start + timedelta(seconds=random.randrange(10**7))
        )
        for number in range(size)
    ]
    demand = sum(line.quantity for line in lines)
    arrivals = [
        Arrival(number, demand * 3 // 400, TODAY + timedelta(days=1 + number)) for number in range(50)
    ]
    random.shuffle(arrivals)
    return lines, arrivals, demand // 2


def _best(act: Callable[[], Result]) -> tuple[float, Result]:
    seconds = math.inf
    for _ in range(5):
        begin = time.process_time()
        result = act()
        seconds = min(seconds, time.process_time() - begin)
    return seconds, result


def _assert_right(
    allocations: Sequence[Allocation], made: Sequence[Promise], on_hand: int, arrivals: Sequence[Arrival]
) -> None:
    """Each line is promised the day on which supply reaches all demand up to it."""
    coming = sorted(arrivals, key=lambda arrival: arrival.expected_on)
    supply, day, demand = on_hand, 0, 0
    for allocation, said in zip(allocations, made, strict=True):
        demand += allocation.line.quantity
        while supply < demand and day < len(coming):
            supply, day = supply + coming[day].quantity, day + 1
        if demand <= on_hand:
            assert (said.expected_on, said.basis) == (None, Basis.ON_HAND)
        elif demand <= supply:
            assert (said.expected_on, said.basis) == (coming[day - 1].expected_on, Basis.ARRIVAL)
        else:
            assert said.basis is Basis.LEAD_TIME
    assert {said.basis for said in made} == {Basis.ON_HAND, Basis.ARRIVAL, Basis.LEAD_TIME}


def _exponent(rows: Sequence[tuple[int, float, float]]) -> float:
    """The slope of log(time) over log(lines): least squares."""
    points = [(math.log(size), math.log(allocating + promising)) for size, allocating, promising in rows]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    above = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return float(above / sum((x - mean_x) ** 2 for x, _ in points))
