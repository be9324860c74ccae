"""Days as people, tools and Excel write them, and what means that no day is known."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names

from app.core import bounds
from app.pipeline.files.fold import fold
from app.pipeline.files.vocabulary import NO_DAY

# Day 60 of Excel's calendar is February 29, 1900, which never was.
_EXCEL_DAY_0 = date(1899, 12, 30)
_LANGUAGES = ("da", "de", "en", "es", "fi", "fr", "it", "ja", "nb", "nl", "pl", "pt", "sv")

_AFTER = r"(?:[T ,].*)?"
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_AFTER}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)")
_PACKED = re.compile(r"((?:20|29|99)\d{2})(\d{2})(\d{2})")
_JAPANESE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日.*")
_DOTTED = re.compile(rf"(\d{{1,2}})\. ?(\d{{1,2}})\. ?(\d{{4}}|\d{{2}}){_AFTER}")
_SLASHED = re.compile(rf"(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}}|\d{{2}}){_AFTER}")
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
_WEEK = re.compile(
    r"(?:(\d{4})[- ]?(?:w|kw|wk|week|uge|uke|vecka|v|sem|semana|semaine)[- .]?(\d{1,2})(?:-([1-7]))?"
    r"|(?:w|kw|wk|week|uge|uke|vecka|v|sem|semana|semaine)[- .]*(\d{1,2})(?:[ /.,-]+(\d{4}))?)"
)
_NAMED = re.compile(r"(?:(\d{1,2}) (\D+?) ?(\d{4}|\d{2})?|(\D+?) (\d{1,2})(?: (\d{4}))?)")
_MONTH_ALONE = re.compile(r"(?:(\d{4})[-/.](\d{1,2})|(\D+?) (\d{4}))")
_CLOCK = re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|e|ª|º|o|a)\b")
_FILLERS = frozenset({"of", "the", "de", "del", "di", "do", "den", "d", "le", "el", "am", "on"})
_DAYS = frozenset(
    fold(name)
    for language in _LANGUAGES
    for width in ("wide", "abbreviated", "short")
    for name in get_day_names(width, locale=language).values()
) | {"tues", "thur", "thurs"}
# A name alone, without a year, is the next such day; one that has just passed is last month's.
_JUST_PASSED = timedelta(days=90)
_FRIDAY = 5
_DECEMBER = 12


class UnreadableDay(ValueError):
    """The text says what is wrong with the cell."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a file's days are read: `order` is dmy or mdy (None: it makes no difference), `zone` is the
    shop's, in which moments become days, `today` is the day there."""

    order: str | None
    zone: ZoneInfo
    today: date


# A file of many lines names few days.
@lru_cache(4096)
def is_no_day(text: str) -> bool:
    """Whether a cell says that no day is known: empty, a word such as TBD, or what is no day at all,
    such as 0000-00-00."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return not fold(plain) or fold(plain) in NO_DAY or bounds.says_no_date(plain)


def looks_like_day(text: str) -> bool:
    """Whether a cell holds a date in any form, whichever of its numbers is the day."""
    anyhow = Calendar("dmy", ZoneInfo("UTC"), date(2026, 1, 1))
    for order in ("dmy", "mdy"):
        try:
            if _read(text.strip(), Calendar(order, anyhow.zone, anyhow.today)) is not None:
                return not _SERIAL.fullmatch(text.strip())
        except ValueError:
            continue
    return False


@lru_cache(4096)
def read_day(text: str, calendar: Calendar) -> date | None:
    """The day that a cell names; None where it says that none is known. A week is its Friday, a month
    its last day: the goods are not promised earlier than was said. Raises `UnreadableDay`."""
    if is_no_day(text):
        return None
    try:
        day = _read(unicodedata.normalize("NFKC", text).strip(), calendar)
    except (ValueError, OverflowError):
        day = None
    if day is None:
        raise UnreadableDay(f"{text[:40]!r} is not a date: write it as 2026-12-31")
    try:
        return bounds.possible_or_none(day)
    except ValueError as error:
        raise UnreadableDay(f"{text[:40]!r} is the day {day}, which can't be meant") from error


@lru_cache(4096)
def is_vague(text: str) -> bool:
    """Whether a cell names a week or a month and not a day."""
    found = _WEEK.fullmatch(text.strip().casefold())
    return bool(found and not found[3]) or bool(_month_alone(text))


def _read(text: str, calendar: Calendar) -> date | None:
    if _MOMENT.fullmatch(text):
        return _day_of_moment(text, calendar.zone)
    return _in_figures(text, calendar) or _in_words(text, calendar)


def _in_figures(text: str, calendar: Calendar) -> date | None:
    if found := _ISO.fullmatch(text) or _PACKED.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _DOTTED.fullmatch(text):
        return date(_year(found[3]), int(found[2]), int(found[1]))
    if found := _SLASHED.fullmatch(text):
        day, month = (found[2], found[1]) if calendar.order == "mdy" else (found[1], found[2])
        return date(_year(found[3]), int(month), int(day))
    if found := _SERIAL.fullmatch(text):
        return _EXCEL_DAY_0 + timedelta(days=int(found[1]))
    return None


def _in_words(text: str, calendar: Calendar) -> date | None:
    if found := _JAPANESE.fullmatch(text):
        month, day = int(found[2]), int(found[3])
        return date(int(found[1]), month, day) if found[1] else _next(calendar.today, month, day)
    return _week_of(text, calendar.today) or _named(text, calendar) or _month_alone(text)


def _day_of_moment(text: str, zone: ZoneInfo) -> date:
    spelled = re.sub(r"\s+(?=[+-]|Z)", "", text)
    return datetime.fromisoformat(spelled).astimezone(zone).date()


def _year(text: str) -> int:
    return int(text) if len(text) == len("2026") else 2000 + int(text)


def _week_of(text: str, today: date) -> date | None:
    found = _WEEK.fullmatch(text.strip().casefold())
    if found is None:
        return None
    year, week = (found[1], found[2]) if found[1] else (found[5], found[4])
    weekday = int(found[3] or _FRIDAY)
    if year is None:
        this_year = date.fromisocalendar(today.year, int(week), weekday)
        is_past = this_year < today - _JUST_PASSED
        return date.fromisocalendar(today.year + 1, int(week), weekday) if is_past else this_year
    return date.fromisocalendar(int(year), int(week), weekday)


def _month_alone(text: str) -> date | None:
    found = _MONTH_ALONE.fullmatch(text.strip()) or _MONTH_ALONE.fullmatch(fold(text))
    if found is None:
        return None
    month = int(found[2]) if found[1] else _months().get(fold(found[3] or ""))
    year = int(found[1] or found[4])
    if month is None or not 1 <= month <= _DECEMBER:
        return None
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _named(text: str, calendar: Calendar) -> date | None:
    """A day with its month's name, in any of the languages."""
    plain = _CLOCK.sub("", _ORDINAL.sub("", text.casefold()))
    words = fold(re.sub(r"[,./-]", " ", plain)).split()
    without = [word for word in words if word not in _FILLERS]
    found = _NAMED.fullmatch(" ".join(without))
    if found is None and without and without[0] in _DAYS:
        found = _NAMED.fullmatch(" ".join(without[1:]))
    if found is None:
        return None
    day, name, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
    month = _month(name)
    if month is None:
        return None
    if year is None:
        return _next(calendar.today, month, int(day))
    return date(_year(year), month, int(day))


def _month(name: str) -> int | None:
    words = [word for word in name.split() if word not in _FILLERS]
    if len(words) > 1 and words[0] in _DAYS:
        words = words[1:]
    return _months().get(" ".join(words))


def _next(today: date, month: int, day: int) -> date:
    this_year = date(today.year, month, day)
    return this_year if this_year >= today - _JUST_PASSED else date(today.year + 1, month, day)


@cache
def _months() -> Mapping[str, int]:
    """Every name of a month in the languages of notes, folded."""
    found = {"sept": 9}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                names = get_month_names(width, context, language)
                found |= {fold(name): number for number, name in names.items()}
    return found
