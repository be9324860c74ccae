"""On which days a shop takes goods in and sends parcels out."""

from collections.abc import Callable, Collection, Container
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

# Nobody is closed for longer.
_FARTHEST_DAYS = 800


class Hours(NamedTuple):
    """What a merchant says of the days on which a shop is closed, or open, beside its calendar: single
    days, and days of the week by `date.weekday()`."""

    closed: frozenset[date] = frozenset()
    closed_weekly: frozenset[int] = frozenset()
    open: frozenset[date] = frozenset()
    open_weekly: frozenset[int] = frozenset()


NO_HOURS = Hours()


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A shop's calendar: `weekend` by `date.weekday()`, and its holidays; a `rule` that knows better
    than the weekend (some Saturdays are worked on) takes its place. As it is made, every day is a
    working day: that of a shop of which nobody said where it is. What its merchant says (`own`) comes
    before all of it, but on a holiday a day of the week is no reason to work."""

    weekend: Collection[int] = frozenset()
    holidays: Container[date] = frozenset()
    rule: Callable[[date], bool] | None = None
    own: Hours = NO_HOURS

    def is_working_day(self, day: date) -> bool:
        """Whether anybody is there."""
        weekday, own = day.weekday(), self.own
        if day in own.closed or (weekday in own.closed_weekly and day not in own.open):
            return False
        if day in own.open or (weekday in own.open_weekly and day not in self.holidays):
            return True
        if self.rule is not None:
            return self.rule(day)
        return day not in self.holidays and weekday not in self.weekend

    def but(self, own: Hours) -> "WorkingDays":
        """The same calendar, but for what the merchant says."""
        return replace(self, own=own)

    def first_from(self, day: date) -> date:
        """The day itself, else the next working day; the day itself where nobody works ever (a calendar
        and the days that were closed besides leave none)."""
        return _first(day, self.is_working_day)

    def after(self, day: date, count: int) -> date:
        """When `count` whole working days have been worked on what came on `day`, or, on a day on which
        nobody could take it in, on the next."""
        day = self.first_from(day)
        for _ in range(count):
            day = self.first_from(day + timedelta(days=1))
        return day

    def nth_after(self, day: date, count: int) -> date:
        """The working day that is the `count`-th after `day`, whatever day that itself is."""
        for _ in range(count):
            day = self.first_from(day + timedelta(days=1))
        return day


def first_of_both(ours: WorkingDays, theirs: WorkingDays, day: date) -> date:
    """The day itself, else the next on which both work."""
    return _first(day, lambda each: ours.is_working_day(each) and theirs.is_working_day(each))


def _first(day: date, is_meant: Callable[[date], bool]) -> date:
    for later in range(_FARTHEST_DAYS):
        if is_meant(found := day + timedelta(days=later)):
            return found
    return day


EVERY_DAY = WorkingDays()
