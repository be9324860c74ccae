"""When an announced arrival will really be there: the cautious day, by how its supplier delivers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from app.core.habit import Habit
from app.core.model import Arrival
from app.core.steps import Step, begin, in_days, wait
from app.core.working_days import WorkingDays


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


def on_a_working_day(arrival: Arrival, working_days: WorkingDays) -> Arrival:
    """The arrival, on the next day on which its supplier delivers."""
    day = arrival.expected_on
    delivered = working_days.first_from(day)
    if delivered == day:
        return arrival
    begun = arrival.steps or (begin("announced for", day),)
    step = wait("supplier closed until", day, until=delivered)
    return replace(
        arrival,
        expected_on=delivered,
        steps=(*begun, step),
        because=arrival.because or "the supplier is closed on the day announced",
        announced_on=arrival.announced_on or day,
    )


def _foresee(arrival: Arrival, habit: Habit | None, share: float, today: date) -> Arrival:
    if habit is None:
        return arrival
    announced = arrival.expected_on
    arrival = replace(arrival, habit=habit, announced_on=announced)
    first = arrival.first_expected_on or announced
    late = habit.within(share)
    day = first + timedelta(days=late)
    if announced != first:
        day = max(day, announced)
    if announced >= today and day >= today:
        words = _in_words(habit, late, share)
        return replace(
            arrival, expected_on=day, because=words, steps=_steps(first, late, announced, words)
        )
    passed = (today - first).days
    late = habit.within(share, passed=passed)
    day = max(today, first + timedelta(days=late), *([announced] if announced >= today else []))
    words = _in_words(habit, late, share)
    if announced < today:
        words = f"overdue, so a later date is used: {words}"
    steps = _steps(first, late, announced if announced >= today else first, words)
    if steps[-1].day < day:
        steps = (*steps, Step("not before today", day, not_before=day))
    return replace(arrival, expected_on=day, because=words, steps=steps)


def _steps(first: date, late: int, announced: date, words: str) -> tuple[Step, ...]:
    """From the day first announced, by the habit, to no earlier than the day announced now."""
    day = first + timedelta(days=late)
    steps = (begin("announced for", first), Step(words, day, plus=late))
    if announced > day:
        return (*steps, Step("moved by the supplier to", announced, not_before=announced))
    return steps


def _in_words(habit: Habit, late: int, share: float) -> str:
    # Not "was": part of each case is told as it would be now (see `app.core.following`).
    cases = f"in {of_cases(share)}, going by how things arrive now ({habit.cases} cases)"
    if late == 0:
        return f"{habit.whose} is on time {cases}"
    return f"{habit.whose} is up to {in_days(late)} late {cases}"


def of_cases(share: float) -> str:
    """A share as people say it: 9 of 10 cases."""
    part = Fraction(share).limit_denominator(100)
    return f"{part.numerator} of {part.denominator} cases"
