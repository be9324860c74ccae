"""Supply against the queue as a picture: how many units are wanted and how many there are, by day.

Left of today demand grows with the orders that wait, over what is on the shelf for them; right of it
supply grows with what arrives. Where demand is above supply somebody waits.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise

from app.core.model import Arrival

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 16, 18, 30
_LEAST_MARGIN, _MARGIN_SHARE = 3, 8
_LEAST_GAP = 30
_TICKS = 5
_LABEL_ABOVE, _LABEL_BELOW, _LABEL_HEIGHT = -6, 15, 20
_COUNT_ABOVE, _COUNT_BELOW = -7, 17
# Of the longest name of a curve, "demand" with five digits.
_NAME_WIDTH = 100
# So wide is a day with its year, in the largest letters that the chart is drawn with.
_DAY_WIDTH = 96


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
    """A place on an axis, or a point of a curve, with what stands there; `label` is where its number is
    written, if there is room."""

    at: float
    day: date | None
    units: int = 0
    height: float = 0
    label: float | None = None


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
    shortened_before: date | None
    """The day before which so long nothing happens that it is drawn shorter."""


@dataclass(frozen=True, slots=True)
class _Days:
    """Where each day stands: as wide as any other, but for one long time in which nothing happens."""

    knots: Sequence[tuple[date, float]]
    shortened_before: date | None

    @property
    def width(self) -> float:
        """Of all of them."""
        return self.knots[-1][1]

    def place(self, day: date) -> float:
        """How far right a day is."""
        for (before, at), (after, then) in pairwise(self.knots):
            if day <= after:
                return at + (then - at) * (day - before).days / (after - before).days
        return self.width

    def day_at(self, place: float) -> date:
        """The day that is so far right."""
        for (before, at), (after, then) in pairwise(self.knots):
            if place <= then:
                share = (place - at) / (then - at)
                return before + timedelta(days=round(share * (after - before).days))
        return self.knots[-1][0]


def _lay_days(days: Sequence[date]) -> _Days:
    """One far date must not press all others together: the longest gap is at most twice as wide as all
    the others."""
    gaps = [(after - before).days for before, after in pairwise(days)]
    longest = max(range(len(gaps)), key=gaps.__getitem__)
    most = max(_LEAST_GAP, 2 * (sum(gaps) - gaps[longest]))
    is_long = gaps[longest] > most
    widths = [min(gap, most) if place == longest else gap for place, gap in enumerate(gaps)]
    knots = list(zip(days, accumulate(map(float, widths), initial=0.0), strict=True))
    return _Days(knots, days[longest + 1] if is_long else None)


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


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a day and a number of units stand, from `low` to `top` of them."""

    days: _Days
    low: int
    top: int

    def x(self, day: date) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * self.days.place(day) / self.days.width, 1)

    def y(self, units: int) -> float:
        share = (units - self.low) / (self.top - self.low)
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - share), 1)


def draw(steps: Sequence[Step], *, today: date) -> QueueChart:
    """Lay the steps out. A day is as wide as any other but for a long gap; levels are round numbers from
    0 up."""
    days = _days_of(steps)
    top, level = _round_levels(max(1, *(max(step.demand, step.supply) for step in steps)))
    scale = _Scale(days, min(0, *(step.supply for step in steps)), top)
    before, first = steps[0], scale.x(days.knots[0][0])
    demand = [(first, scale.y(before.demand - before.ordered))]
    supply = [(first, scale.y(before.supply - before.arriving))]
    for step in steps:
        demand.append((scale.x(step.day), scale.y(step.demand)))
        supply.append((scale.x(step.day), scale.y(step.supply)))
    end, wanted, there = scale.x(days.knots[-1][0]), demand[-1][1], supply[-1][1]
    labels = _labels(wanted, there)
    return QueueChart(
        steps=steps,
        today=today,
        today_at=scale.x(today),
        demand_path=_stairs(demand, end),
        supply_path=_stairs(supply, end),
        days=_apart([Mark(scale.x(day), day) for day in _spread(days)]),
        levels=[Mark(scale.y(units), None, units) for units in range(0, top + 1, level)],
        arrivals=[_arrival(scale, step, labels) for step in steps if step.arriving],
        demand_end=Mark(end, None, steps[-1].demand, wanted),
        supply_end=Mark(end, None, steps[-1].supply, there),
        demand_label=labels[0],
        supply_label=labels[1],
        shortened_before=days.shortened_before,
    )


def _days_of(steps: Sequence[Step]) -> _Days:
    """The days of the steps, with some before and after them."""
    inner = _lay_days([step.day for step in steps]) if len(steps) > 1 else None
    margin = max(_LEAST_MARGIN, round(inner.width if inner else 0) // _MARGIN_SHARE)
    first, last = steps[0].day - timedelta(days=margin), steps[-1].day + timedelta(days=margin)
    return _lay_days([first, *(step.day for step in steps), last])


def _arrival(scale: _Scale, step: Step, names: Sequence[float]) -> Mark:
    """What arrives, with its number above or below, where it covers neither curve's name at the end."""
    at, height = scale.x(step.day), scale.y(step.supply)
    beside = [height + _COUNT_ABOVE, height + _COUNT_BELOW]
    if at > WIDTH - _RIGHT - _NAME_WIDTH:
        beside = [one for one in beside if all(abs(one - name) >= _LABEL_HEIGHT for name in names)]
    return Mark(at, step.day, step.arriving, height, beside[0] if beside else None)


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


def _apart(marks: Sequence[Mark]) -> list[Mark]:
    """Those that do not cover the one before them."""
    kept: list[Mark] = []
    for mark in marks:
        if not kept or mark.at - kept[-1].at >= _DAY_WIDTH:
            kept.append(mark)
    return kept


def _spread(days: _Days) -> list[date]:
    """Days to name on the axis, evenly over its width, each once."""
    count = min(_TICKS, round(days.width))
    return sorted({days.day_at(days.width * (place + 0.5) / count) for place in range(count)})
