"""The steps by which a day was found. What people read is made of them, so that it adds up."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple


class Step(NamedTuple):
    """One thing that moved a day: `plus` so many days, or to no earlier than `not_before`, said in
    `words`. The first step of all has a `not_before` to begin with. `day` is the day after it."""

    words: str
    day: date
    plus: int = 0
    not_before: date | None = None


def begin(words: str, day: date) -> Step:
    """The day that everything is counted from."""
    return Step(words, day, not_before=day)


def wait(words: str, day: date, *, until: date) -> Step:
    """From one day to a later one, by so many days."""
    return Step(words, until, plus=(until - day).days)


def replay(steps: Sequence[Step]) -> date:
    """The day that the steps lead to, worked out from what each of them says."""
    day = date.min
    for step in steps:
        day += timedelta(days=step.plus)
        if step.not_before is not None:
            day = max(day, step.not_before)
    return day


# A step that ends so names its day itself; after any other comes a colon.
_NAMES_DAY = ("since", "until", "for", "to")


def in_words(steps: Sequence[Step]) -> str:
    """Each step with the day it leads to: "closed until Dec 14; plus 2 business days: Dec 16"."""
    return "; ".join(_step_in_words(step) for step in steps)


def _step_in_words(step: Step) -> str:
    joint = " " if step.words.endswith(_NAMES_DAY) else ": "
    return f"{step.words}{joint}{short_day(step.day)}"


def short_day(day: date) -> str:
    """Dec 5."""
    return f"{day:%b} {day.day}"


def in_days(count: int) -> str:
    """So many days."""
    return counted(count, "day")


def counted(count: int, one: str, many: str = "") -> str:
    """1 unit, 1,234 units."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
