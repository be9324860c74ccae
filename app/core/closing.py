"""When a merchant is closed, or open: days, as one writes them (2026-12-24, 2026-12-27 to 2027-01-02,
every Friday, open 2026-12-19, open every Saturday), and the hour at which a day's work ends."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from app.core.bounds import is_possible
from app.core.working_days import Hours

_AT_MOST = 400
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"(.+?)\s+(?:to|until|-|–|—)\s+(.+)")
_NOON = 12
_HOUR = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?", re.ASCII)


class ClosingError(ValueError):
    """Closing days that can't be read; the text says what would do."""


def read_closing_days(text: str) -> Hours:
    """The days, none for an empty text. Raises `ClosingError`."""
    days: dict[bool, set[date]] = {True: set(), False: set()}
    weekly: dict[bool, set[int]] = {True: set(), False: set()}
    for part in filter(None, (each.strip() for each in re.split(r"[,;\n]", text))):
        is_open = part.lower().startswith("open ")
        words = part[len("open ") :].strip() if is_open else part
        if (weekday := _weekday(words)) is not None:
            weekly[is_open].add(weekday)
        else:
            days[is_open] |= _span(words)
    for some in days.values():
        if len(some) > _AT_MOST:
            raise ClosingError(f"These are {len(some)} days; {_AT_MOST} at most are kept.")
    if len(weekly[False]) == len(_WEEKDAYS):
        raise ClosingError("Nothing would ever go out: leave one day of the week open.")
    return Hours(
        closed=frozenset(days[False]),
        closed_weekly=frozenset(weekly[False]),
        open=frozenset(days[True]),
        open_weekly=frozenset(weekly[True]),
    )


def _weekday(words: str) -> int | None:
    """Every Friday, or Fridays."""
    lower = words.lower()
    name = lower.removeprefix("every ") if lower.startswith("every ") else lower.removesuffix("s")
    if name not in _WEEKDAYS or name == lower:
        return None
    return _WEEKDAYS.index(name)


def _span(words: str) -> set[date]:
    found = _SPAN.fullmatch(words)
    begin, end = (_day(each) for each in (found.groups() if found else (words, words)))
    if end < begin or (end - begin).days >= _AT_MOST:
        raise ClosingError(f"{words}: the last day must follow the first, within a year.")
    return {begin + timedelta(days=number) for number in range((end - begin).days + 1)}


class CutOff(NamedTuple):
    """The hour from which on what comes counts as of the next working day (None: there is none), and
    whether it has passed today. All times are of the shop's clock."""

    hour: time | None = None
    has_passed: bool = False

    def is_after(self, moment: datetime) -> bool:
        """Whether a moment of any day, in the shop's zone, is at that hour or later. An hour that the
        clocks show twice that day is meant the first time, and has passed from then on."""
        if self.hour is None:
            return False
        cut_off = datetime.combine(moment.date(), self.hour, moment.tzinfo)
        return moment.astimezone(UTC) >= cut_off.astimezone(UTC)


NO_CUT_OFF = CutOff()


def cut_off_of(text: str, now: datetime) -> CutOff:
    """The cut-off as it was kept ("14:00", or empty), at a moment of the shop's clock."""
    known = CutOff(read_hour(text))
    return known._replace(has_passed=known.is_after(now))


def read_hour(text: str) -> time | None:
    """An hour of the day, None for an empty text. Raises `ClosingError`."""
    if not text.strip():
        return None
    found = _HOUR.fullmatch(text.strip().lower())
    hour = _hour(*found.groups()) if found else None
    if hour is None:
        raise ClosingError(f"{text} is no time of day. Write it as 14:00, 9:30 or 2 pm.")
    return hour


def _hour(hours: str, minutes: str | None, half: str | None) -> time | None:
    count = int(hours)
    if half is not None:
        count = count % _NOON + (_NOON if half == "pm" else 0) if 1 <= count <= _NOON else -1
    try:
        return time(count, int(minutes or 0))
    except ValueError:
        return None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        words = (
            "Write days as 2026-12-24, 2026-12-24 to 2027-01-02, every Friday, open 2026-12-19 or open "
            "every Saturday, with commas between them."
        )
        raise ClosingError(f"{text} is no day. {words}") from error
    if not is_possible(day):
        raise ClosingError(f"{text} is too far away to be meant.")
    return day
