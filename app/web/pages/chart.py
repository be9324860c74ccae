"""A chart of two counts a day as shapes for an inline SVG: the template draws, this places."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from app.db.day_counts import DayCount

WIDTH, HEIGHT = 560, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 10, 24
_STEPS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's bars; heights grow upwards from the axis at `base`."""

    count: DayCount
    x: float
    width: float
    first_height: float
    second_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn. `grid` are the heights of the lines with their figures."""

    bars: Sequence[Bar]
    grid: Sequence[tuple[float, int]]
    base: float = HEIGHT - _BOTTOM
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    width: int = WIDTH
    height: int = HEIGHT


def lay_out(days: Sequence[DayCount]) -> Chart:
    """Bars beside each other for each day, on a scale whose steps are whole numbers."""
    highest = max((max(day.backordered, day.released) for day in days), default=0)
    step = _round_up(max(1, ceil(highest / _STEPS)))
    top = step * _STEPS
    room, slot = HEIGHT - _TOP - _BOTTOM, (WIDTH - _LEFT - _RIGHT) / max(1, len(days))
    width = slot * 0.36
    base = HEIGHT - _BOTTOM
    bars = [
        Bar(
            day,
            round(_LEFT + slot * place + slot * 0.12, 1),
            round(width, 1),
            round(room * day.backordered / top, 1),
            round(room * day.released / top, 1),
        )
        for place, day in enumerate(days)
    ]
    grid = [(round(base - room * step * line / top, 1), step * line) for line in range(_STEPS + 1)]
    return Chart(bars, grid)


def _round_up(number: int) -> int:
    """To one, two or five tens, hundreds …"""
    size = 1
    while True:
        for figure in (1, 2, 5):
            if figure * size >= number:
                return figure * size
        size *= 10
