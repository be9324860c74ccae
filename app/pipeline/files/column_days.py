"""The day that a column names, of a table with a column for each week, day or month."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from app.pipeline.files import periods
from app.pipeline.files.days import Calendar, UnreadableDay, is_no_day, month_to_come, read_day
from app.pipeline.files.fold import fold
from app.pipeline.files.parts import parts_of
from app.pipeline.files.vocabulary import PIECES

NO_DAY = "TBD"
"""What stands for the day of a column of quantities that have none yet."""

WEEK = timedelta(days=7)
# "W49 qty" and "Delivery W49" are W49; "W49 received" says something else.
_NEUTRAL = frozenset({"quantity", "expected", "arrive", "ordered", "open"})
_SHORT = re.compile(r"(\d{1,2})/(\d{1,2})")
_SLASHED = re.compile(r"\s*(\d{1,2})[/-](\d{1,2})(?:[/-](?:\d{4}|\d{2}))?\b")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})")
_SERIAL = re.compile(r"4[5-9]\d{3}")
_WEEK_ENDS = re.compile(r"(?:w/?e|(?:week|wk) end(?:ing|s|ed)?)\b\.?:? (.+)", re.IGNORECASE)
_ISO_WEEK = re.compile(r"(?:cw|iso[ -]?(?:week|wk|w))[ .-]*(?=\d)", re.IGNORECASE)
_MONTHS = 12


def without_neutral_words(name: str) -> str:
    """The name of a column without what says that it holds quantities to come."""
    words = name.split()
    while words and _is_neutral(words[0]):
        words = words[1:]
    while words and _is_neutral(words[-1]):
        words = words[:-1]
    return " ".join(words)


def _is_neutral(word: str) -> bool:
    folded = fold(word)
    parts = parts_of(folded)
    return folded in PIECES or (bool(parts) and parts <= _NEUTRAL)


def day_of(name: str, calendar: Calendar) -> date | None:
    """The day for which a column holds quantities; None where its name is none."""
    text = without_neutral_words(name)
    for each in (text, text.partition("(")[0].strip()):
        try:
            day = _read(each, calendar) if any(map(str.isalnum, each)) else None
        except (UnreadableDay, ValueError):
            continue
        if day is not None:
            return day
    return None


def says_no_day(name: str) -> bool:
    """Whether a column holds quantities that have no day yet."""
    return any(map(str.isalpha, name)) and is_no_day(without_neutral_words(name) or name)


def _read(text: str, calendar: Calendar) -> date | None:
    text = _ISO_WEEK.sub("w", text)
    if found := _WEEK_ENDS.fullmatch(text):
        return read_day(found[1], calendar)
    if _SHORT.fullmatch(text):
        day, month = map(int, text.split("/")[:: -1 if calendar.order == "mdy" else 1])
        return read_day(f"{day}.{month}.", calendar)
    if _DOTTED.fullmatch(text):
        return read_day(f"{text}.", calendar)
    if text.isdigit() and not _SERIAL.fullmatch(text):
        return None
    return month_to_come(text, calendar.today) or read_day(text, calendar)


def is_week(name: str) -> bool:
    """Whether a column names a week, and not one of its days."""
    text = _ISO_WEEK.sub("w", without_neutral_words(name).partition("(")[0].strip()).casefold()
    return bool(periods.begins_with(text)) or (
        periods.week(text) is not None and not periods.names_a_day(text)
    )


def names_its_day(name: str) -> bool:
    """Whether a column of a week says which of its days is meant (2026-W49-5)."""
    return periods.names_a_day(without_neutral_words(name).casefold())


def order_of(names: Iterable[str], cells: Iterable[str], today: date) -> str | None:
    """Which number of columns such as 05/12 is the day (dmy or mdy), by those that can only be one, by
    other dates of the file, or by which order puts them evenly apart; empty where nothing tells, None
    where nothing has to."""
    slashed = [name for each in names if _SLASHED.match(name := without_neutral_words(each))]
    kinds = {kind for name in slashed if (kind := _kind(name))}
    if not kinds:
        return None
    told = kinds - {"either"} or {kind for cell in cells if (kind := _kind(cell))} - {"either"}
    if len(told) == 1:
        return told.pop()
    even = [order for order in ("dmy", "mdy") if _are_weeks(slashed, order, today)]
    return even[0] if len(even) == 1 and not told else ""


def _kind(text: str) -> str | None:
    found = _SLASHED.match(text)
    first, second = (int(found[1]), int(found[2])) if found else (0, 0)
    if first == second or min(first, second) > _MONTHS:
        return None
    return "dmy" if first > _MONTHS else "mdy" if second > _MONTHS else "either"


def _are_weeks(names: Sequence[str], order: str, today: date) -> bool:
    calendar = Calendar(order, periods.ANY_ZONE, today)
    days = [day for name in names if (day := day_of(name, calendar))]
    return len(days) > 1 and are_weeks_apart(days)


def are_weeks_apart(days: Sequence[date]) -> bool:
    """Whether each is one or more whole weeks after the one before it, as weekly columns are."""
    gaps = [later - earlier for earlier, later in pairwise(days)]
    return bool(gaps) and all(WEEK <= gap <= 4 * WEEK and gap % WEEK == timedelta() for gap in gaps)


def on_weekday(days: Mapping[int, date], kept: Iterable[int], weekday: int) -> dict[int, date]:
    """Columns of weeks on that day of their week; those `kept` name theirs."""
    fixed = {*kept}
    return {place: day if place in fixed else _weekday_of(day, weekday) for place, day in days.items()}


def _weekday_of(day: date, weekday: int) -> date:
    return day + timedelta(days=weekday - day.isoweekday())
