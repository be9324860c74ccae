"""Supply against the queue as a picture: how many units are wanted and how many there are, by day.

Left of today demand grows with the orders that wait, over what is on the shelf for them; right of it
supply grows with what arrives. Where demand is above supply somebody waits.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from app.core.model import Arrival

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 16, 18, 30
_LEAST_MARGIN, _MARGIN_SHARE = 3, 8
_TICKS = 5
_LABEL_ABOVE, _LABEL_BELOW, _LABEL_HEIGHT = -6, 15, 14


@dataclass(frozen=True, slots=True)
class Step:
    """A day on which something changes: what, and both sums at its end."""

    day: date
    ordered: int
    arriving: int
    demand: int
    supply: int

    @property
    def short(self) -> int:
        """Units that nothing serves yet on that day."""
        return max(0, self.demand - self.supply)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis, or a point of a curve, with what stands there."""

    at: float
    day: date | None
    units: int = 0
    height: float = 0


@dataclass(frozen=True, slots=True)
class QueueChart:
    """What the template draws, in the units of its view box; `steps` is the same as a table."""

    steps: Sequence[Step]
    today: date
    today_at: float
    demand_path: str
    supply_path: str
    days: Sequence[Mark]
    levels: Sequence[Mark]
    arrivals: Sequence[Mark]
    demand_end: Mark
    supply_end: Mark
    demand_label: float
    supply_label: float


def steps_of(
    queue: Iterable[tuple[date, int]],
    *,
    supply: int,
    owed_before: int,
    arrivals: Iterable[Arrival],
    today: date,
) -> list[Step]:
    """Each day on which units were ordered (`queue`: day and quantity) or arrive, and today."""
    ordered: dict[date, int] = defaultdict(int)
    arriving: dict[date, int] = defaultdict(int)
    for day, units in queue:
        ordered[min(day, today)] += units
    for arrival in arrivals:
        arriving[arrival.expected_on] += arrival.quantity
    days = sorted({*ordered, *arriving, today})
    demand = accumulate((ordered[day] for day in days), initial=owed_before)
    supplied = accumulate((arriving[day] for day in days), initial=supply)
    next(demand), next(supplied)
    return [
        Step(day, ordered[day], arriving[day], wanted, there)
        for day, wanted, there in zip(days, demand, supplied, strict=True)
    ]


def draw(steps: Sequence[Step], *, today: date) -> QueueChart:
    """Lay the steps out. A day is as wide as any other; levels are round numbers from 0 up."""
    margin = max(_LEAST_MARGIN, (steps[-1].day - steps[0].day).days // _MARGIN_SHARE)
    first, last = steps[0].day - timedelta(days=margin), steps[-1].day + timedelta(days=margin)
    top, level = _round_levels(max(1, *(max(step.demand, step.supply) for step in steps)))
    low = min(0, *(step.supply for step in steps))
    span = (last - first).days

    def x(day: date) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (day - first).days / span, 1)

    def y(units: int) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - (units - low) / (top - low)), 1)

    before = steps[0]
    demand = [(x(first), y(before.demand - before.ordered))]
    supply = [(x(first), y(before.supply - before.arriving))]
    for step in steps:
        demand.append((x(step.day), y(step.demand)))
        supply.append((x(step.day), y(step.supply)))
    end, wanted, there = x(last), y(steps[-1].demand), y(steps[-1].supply)
    wanted_label, there_label = _labels(wanted, there)
    return QueueChart(
        steps=steps,
        today=today,
        today_at=x(today),
        demand_path=_stairs(demand, end),
        supply_path=_stairs(supply, end),
        days=[Mark(x(day), day) for day in _spread(first, last)],
        levels=[Mark(y(units), None, units) for units in range(0, top + 1, level)],
        arrivals=[
            Mark(x(step.day), step.day, step.arriving, y(step.supply)) for step in steps if step.arriving
        ],
        demand_end=Mark(end, None, steps[-1].demand, wanted),
        supply_end=Mark(end, None, steps[-1].supply, there),
        demand_label=wanted_label,
        supply_label=there_label,
    )


def _stairs(points: Sequence[tuple[float, float]], end: float) -> str:
    """A path that goes across, then up or down."""
    (across, up), *rest = points
    return f"M{across} {up}" + "".join(f"H{one}V{other}" for one, other in rest) + f"H{end}"


def _labels(one: float, other: float) -> tuple[float, float]:
    """Where the names of two curves stand: above each, unless they would cover each other."""
    if abs(one - other) >= _LABEL_HEIGHT:
        return one + _LABEL_ABOVE, other + _LABEL_ABOVE
    is_higher = one <= other
    return (
        one + (_LABEL_ABOVE if is_higher else _LABEL_BELOW),
        other + (_LABEL_BELOW if is_higher else _LABEL_ABOVE),
    )


def _round_levels(highest: int) -> tuple[int, int]:
    """The top of the axis and the distance of its levels, so that there are four or five."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if highest <= factor * size * _TICKS:
                level = factor * size
                return -(-highest // level) * level, level
        size *= 10


def _spread(first: date, last: date) -> list[date]:
    days = (last - first).days
    count = min(_TICKS, days)
    return [first + timedelta(days=round(days * (place + 0.5) / count)) for place in range(count)]
