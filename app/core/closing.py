"""When a merchant is closed: days, as one writes them (2026-12-24, 2026-12-27 to 2027-01-02), and the
hour at which a day's work ends."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from app.core.bounds import is_possible

_AT_MOST = 400


class ClosingError(ValueError):
    """Closing days that can't be read; the text says what would do."""


def read_closing_days(text: str) -> frozenset[date]:
    """The days, none for an empty text. Raises `ClosingError`."""
    days: set[date] = set()
    for part in filter(None, (each.strip() for each in text.replace(";", ",").split(","))):
        first, _, last = (each.strip() for each in part.partition(" to "))
        begin, end = _day(first), _day(last or first)
        if end < begin or (end - begin).days >= _AT_MOST:
            raise ClosingError(f"{part}: the last day must follow the first, within a year.")
        days |= {begin + timedelta(days=number) for number in range((end - begin).days + 1)}
    if len(days) > _AT_MOST:
        raise ClosingError(f"These are {len(days)} days; {_AT_MOST} at most are kept.")
    return frozenset(days)


class CutOff(NamedTuple):
    """The hour from which on what comes counts as of the next working day (None: there is none), and
    whether it has passed today. All times are of the shop's clock."""

    hour: time | None = None
    has_passed: bool = False

    def is_after(self, moment: datetime) -> bool:
        """Whether a moment of any day is at that hour or later."""
        return self.hour is not None and moment.time() >= self.hour


NO_CUT_OFF = CutOff()


def cut_off_of(text: str, now: datetime) -> CutOff:
    """The cut-off as it was kept ("14:00", or empty), at a moment of the shop's clock."""
    known = CutOff(read_hour(text))
    return known._replace(has_passed=known.is_after(now))


def read_hour(text: str) -> time | None:
    """An hour of the day, None for an empty text. Raises `ClosingError`."""
    if not text.strip():
        return None
    hours, _, minutes = text.strip().partition(":")
    try:
        return time(int(hours), int(minutes or 0))
    except ValueError as error:
        raise ClosingError(f"{text} is no time of day. Write it as 14:00 or 9:30.") from error


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        words = "Write days as 2026-12-24, or 2026-12-24 to 2027-01-02, with commas between them."
        raise ClosingError(f"{text} is no day. {words}") from error
    if not is_possible(day):
        raise ClosingError(f"{text} is too far away to be meant.")
    return day
