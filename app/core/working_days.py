"""On which days a shop takes goods in and sends parcels out."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A shop's calendar: `weekend` by `date.weekday()`, and its holidays; a `rule` that knows better
    than the weekend (some Saturdays are worked on) takes its place. As it is made, every day is a
    working day: that of a shop of which nobody said where it is."""

    weekend: Collection[int] = frozenset()
    holidays: Collection[date] = frozenset()
    rule: Callable[[date], bool] | None = None

    def is_working_day(self, day: date) -> bool:
        """Whether anybody is there."""
        if day in self.holidays:
            return False
        return day.weekday() not in self.weekend if self.rule is None else self.rule(day)

    def without(self, days: Iterable[date]) -> "WorkingDays":
        """The same calendar, but closed on these days as well."""
        closed = frozenset(days)
        return replace(self, holidays=closed.union(self.holidays)) if closed else self

    def first_from(self, day: date) -> date:
        """The day itself, else the next working day."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

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


EVERY_DAY = WorkingDays()
