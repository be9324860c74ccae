"""What a day, a moment, a quantity and a number may be, wherever they come from.

Forms, files, the API, commands, webhooks and addresses ask here, so that what one of them refuses none
of the others lets in: a day that no arithmetic survives, a number that no column holds.

Many systems can't leave a date empty and write a day instead that means "none": 9999-12-31, 0000-00-00,
1900-01-01, the first or last day that a database knows. Such a day is understood as no date.
"""

import re
from datetime import UTC, date, datetime, timedelta

EARLIEST_DAY = date(2000, 1, 1)
LATEST_DAY = date(2099, 12, 30)
YEARS_AHEAD = 10
"""Nothing that is promised lies further ahead: whoever types 2206 for 2026 is told."""

MOST_UNITS = 1_000_000_000
"""Shopify counts no more of an item at a place:
https://shopify.dev/docs/api/admin-graphql/latest/mutations/inventorySetQuantities"""
MOST_DAYS = 3650
LARGEST_ID = 2**63 - 1
"""What a BIGINT holds; both platforms number with it."""

_EARLIEST, _LATEST = (
    datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (EARLIEST_DAY, LATEST_DAY)
)
# Calendars begin on the first day of 0001, 1601, 1753, 1900, 1970 or 1980 and end on the last one of
# 2099, 2199, 2999, 4712 or 9999; a day more or less where a time zone came between. Three end on a day
# of their own: 32-bit seconds, SQL Server's smalldatetime, and two digits that mean 1950 to 2049.
_FIRST_YEAR, _LAST_YEAR = 1981, 2099
_EDGES = frozenset({(1, 1), (1, 2), (12, 30), (12, 31)})
_ENDS = frozenset({date(2038, 1, 19), date(2049, 12, 31), date(2079, 6, 6)})
_NINES = 9999
# 0000-00-00, 00/00/0000, 00.00.0000 00:00, 00000000; Excel writes its day 0 as 1/0/1900.
_ZEROS = re.compile(r"0[0/.-]*0(?:[T ].*)?|0|0?1[/.-]00?[/.-](?:19)?00")
_ISO = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?", re.ASCII)


def is_no_date(day: date) -> bool:
    """Whether a system that can't leave a date empty would write this day for "none"."""
    is_edge = (day.month, day.day) in _EDGES and not _FIRST_YEAR <= day.year < _LAST_YEAR
    return is_edge or day in _ENDS or day.year == _NINES


def says_no_date(text: str) -> bool:
    """Likewise of what is no day at all, such as 0000-00-00."""
    return _ZEROS.fullmatch(text.strip()) is not None


def is_possible(day: date) -> bool:
    """Whether a day can be meant, long past or ahead, and be counted with."""
    return EARLIEST_DAY <= day <= LATEST_DAY and day not in _ENDS


def last_day(today: date) -> date:
    """The last day that may be promised; the days of a leap year are counted generously."""
    return min(today + timedelta(days=366 * YEARS_AHEAD), LATEST_DAY)


def read_day(text: str) -> date | None:
    """A day as machines write it, 2026-12-05, with or without a time after it; None for "no date".

    Raises `ValueError`, whose text says what is wrong.
    """
    if says_no_date(text):
        return None
    found = _ISO.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a day: write it as 2026-12-31")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is a day that never comes: write it as 2026-12-31") from error
    return possible_or_none(day)


def possible_or_none(day: date) -> date | None:
    """The day; None where it means "no date". Raises `ValueError` for one that can't be meant."""
    if is_no_date(day):
        return None
    if not is_possible(day):
        raise ValueError(f"{day.isoformat()} can't be meant: give a day of this century")
    return day


def too_far(day: date, *, today: date) -> str:
    """What is wrong with promising a day; nothing if all is well."""
    if day <= last_day(today):
        return ""
    return f"{day.isoformat()} is more than {YEARS_AHEAD} years ahead"


def within_reach(moment: datetime) -> datetime:
    """An aware moment in UTC; one before or after all that can be counted with is the first or last
    that can: an order of the year 1 is an old one."""
    if moment < _EARLIEST:
        return _EARLIEST
    return _LATEST if moment > _LATEST else moment.astimezone(UTC)


def is_within_reach(moment: datetime) -> bool:
    """Whether an aware moment can be counted with as it is."""
    return _EARLIEST <= moment <= _LATEST


def read_whole(text: str, *, least: int, most: int) -> int | None:
    """A whole number between two, in plain digits; None for anything else. Python itself refuses to
    read more than 4,300 digits, with an error."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(LARGEST_ID))):
        return None
    number = int(text)
    return number if least <= number <= most else None
