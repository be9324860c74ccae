"""When goods will be there that were ordered, but of which nobody announced a day."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta

from app.core.foresee import of_cases
from app.core.habit import Habit
from app.core.model import Arrival
from app.core.steps import Step, begin, in_days


def by_lead_time(
    arrivals: Iterable[Arrival],
    lead_time: Callable[[str], Habit | None],
    *,
    share: float,
    today: date,
) -> list[Arrival]:
    """The arrivals on the day by which such a `share` of what was ordered of their supplier comes;
    `lead_time` by supplier. Where too little is known of a supplier nothing is expected, and neither is
    what has taken longer than anything before: nobody knows whether it comes at all."""
    found = (_dated(arrival, lead_time(arrival.supplier), share, today) for arrival in arrivals)
    return [arrival for arrival in found if arrival is not None]


def _dated(arrival: Arrival, habit: Habit | None, share: float, today: date) -> Arrival | None:
    ordered_on = arrival.ordered_on
    if ordered_on is None or habit is None:
        return None
    passed = (today - ordered_on).days
    if passed > habit.days[-1]:
        return None
    days = max(0, habit.within(share, passed=passed))
    day = max(today, ordered_on + timedelta(days=days))
    words = (
        f"no day was announced; {habit.whose} took up to {in_days(days)} in {of_cases(share)} "
        f"({habit.cases} cases)"
    )
    steps: tuple[Step, ...] = (
        begin("ordered", ordered_on),
        Step(words, ordered_on + timedelta(days=days), plus=days),
    )
    if steps[-1].day < day:
        steps = (*steps, Step("not before today", day, not_before=day))
    return replace(arrival, expected_on=day, because=words, steps=steps, habit=habit)
