"""When an announced arrival will really be there: the cautious day, by how its supplier delivers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from app.core.habit import Habit
from app.core.model import Arrival


def foresee(
    arrivals: Sequence[Arrival],
    lateness: Callable[[str], Habit | None],
    *,
    share: float,
    today: date,
) -> list[Arrival]:
    """The arrivals on the day by which such a `share` of them comes; `lateness` by supplier.

    Where too little is known of a supplier its word stands: as announced, and overdue if it has passed.
    A day that was moved is believed, but never to be sooner than the habit says of the first one.
    """
    return [_foresee(arrival, lateness(arrival.supplier), share, today) for arrival in arrivals]


def _foresee(arrival: Arrival, habit: Habit | None, share: float, today: date) -> Arrival:
    if habit is None:
        return arrival
    announced = arrival.expected_on
    first = arrival.first_expected_on or announced
    late = habit.within(share)
    day = first + timedelta(days=late)
    if announced != first:
        day = max(day, announced)
    if announced >= today and day >= today:
        return replace(arrival, expected_on=day, because=_in_words(habit, late, share))
    passed = (today - first).days
    late = habit.within(share, passed=passed)
    day = max(today, first + timedelta(days=late), *([announced] if announced >= today else []))
    words = _in_words(habit, late, share)
    return replace(
        arrival,
        expected_on=day,
        because=words if announced >= today else f"late, expected again by then: {words}",
    )


def _in_words(habit: Habit, late: int, share: float) -> str:
    cases = f"in {of_cases(share)} ({habit.cases} cases)"
    if late == 0:
        return f"{habit.whose} was on time {cases}"
    return f"{habit.whose} was up to {in_days(late)} late {cases}"


def of_cases(share: float) -> str:
    """A share as people say it: 9 of 10 cases."""
    part = Fraction(share).limit_denominator(100)
    return f"{part.numerator} of {part.denominator} cases"


def in_days(count: int) -> str:
    """So many days."""
    return f"{count} day" if count == 1 else f"{count} days"
