"""Simulated suppliers whose true habits are known, and a shop that sells more than it has of them.

A supplier's lateness is a mean that may move with time, and a scatter around it that does not: the true
quantiles are known at any time. Days are counted from the first one of the simulation.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import pi, sin
from random import Random

FIRST_DAY = date(2025, 1, 1)
DAYS = 730
MEASURED_FROM = 365
KINDS = ("steady", "seasonal", "heavy-tailed", "drifting", "cold start")
_DRAWS = 4000


@dataclass
class Supplier:
    """One supplier and the one item it delivers. `mean` is its lateness on a day of ordering, `scatter`
    4,000 draws of what comes on top, in order."""

    kind: str
    number: int
    quoted_days: int
    orders_a_day: float
    batch_days: int
    opens_on: int
    mean: Callable[[int], float]
    scatter: list[float] = field(repr=False)

    def lateness(self, random: Random, ordered_on: int) -> int:
        """How late one order of that day comes: never before the day after."""
        drawn = self.mean(ordered_on) + random.choice(self.scatter)
        return max(1 - self.quoted_days, round(drawn))

    def true_within(self, share: float, ordered_on: int, *, passed: int | None = None) -> int:
        """The true quantile of the lateness of an order of that day, given that so many days have
        passed."""
        mean = self.mean(ordered_on)
        start = 0 if passed is None else bisect_left(self.scatter, passed - 0.5 - mean)
        start = min(start, len(self.scatter) - 1)
        rank = start + share * (len(self.scatter) - start)
        return round(mean + self.scatter[min(int(rank), len(self.scatter) - 1)])


def suppliers_of(seed: int, count: int) -> list[Supplier]:
    """The suppliers of one shop, of every kind in turn."""
    random = Random(seed)  # noqa: S311 -- the same shop every time
    return [_supplier(random, number, KINDS[number % len(KINDS)]) for number in range(count)]


def _supplier(random: Random, number: int, kind: str) -> Supplier:
    base, width = random.uniform(-1, 4), random.uniform(1, 3)
    is_heavy = kind == "heavy-tailed" or (kind == "cold start" and random.random() < 0.5)
    draws = (
        (2 * width * (random.paretovariate(2.2) - 1) for _ in range(_DRAWS))
        if is_heavy
        else (random.gauss(0, width) for _ in range(_DRAWS))
    )
    return Supplier(
        kind=kind,
        number=number,
        quoted_days=random.randint(10, 35),
        orders_a_day=random.uniform(0.5, 3),
        batch_days=random.randint(6, 16),
        opens_on=MEASURED_FROM if kind == "cold start" else 0,
        mean=_mean(random, kind, base),
        scatter=sorted(draws),
    )


def _mean(random: Random, kind: str, base: float) -> Callable[[int], float]:
    extra = random.uniform(4, 10)
    if kind == "seasonal":
        return lambda day: base + extra * max(0.0, sin(2 * pi * day / 365))
    if kind == "drifting":
        return lambda day: base + 2 * extra * day / DAYS
    return lambda day: base


def on(day: int) -> date:
    """That day of the simulation in the calendar."""
    return FIRST_DAY + timedelta(days=day)


def poisson(random: Random, rate: float) -> int:
    """How many orders a day brings."""
    count, left = 0, random.expovariate(1)
    while left < rate:
        count, left = count + 1, left + random.expovariate(1)
    return count
