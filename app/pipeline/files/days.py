"""Days as people, tools and Excel write them, and what means that no day is known."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names

from app.core import bounds
from app.pipeline.files import periods
from app.pipeline.files.fold import fold
from app.pipeline.files.vocabulary import NO_DAY

# Day 60 of Excel's calendar is February 29, 1900, which never was.
_EXCEL_DAY_0 = date(1899, 12, 30)
_LANGUAGES = ("da", "de", "en", "es", "fi", "fr", "it", "ja", "nb", "nl", "pl", "pt", "sv")

# A time of day, or words such as "confirmed"; further numbers are another day.
_AFTER = r"(?:[T ,]+(?:klo |kl\.? ?|um |at )?\d{1,2}[:.]\d\d.*|[ ,]+(?:T?00[:.]?00.*|[^\d]*))?"
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_AFTER}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)")
_PACKED = re.compile(r"((?:20|29|99)\d{2})(\d{2})(\d{2})")
_JAPANESE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日[^\d]*")
_DOTTED = re.compile(rf"(\d{{1,2}})\. ?(\d{{1,2}})\. ?(\d{{4}}|\d{{2}}){_AFTER}")
_SLASHED = re.compile(rf"(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}}|\d{{2}}){_AFTER}")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})\. ?(\d{1,2})\.?")
_SHORT = re.compile(r"(\d{1,2})/(\d{1,2})")
# What is a date only where one is wanted: 4.10 may be a price, 46371 a quantity.
_LIKE_NUMBERS = re.compile(r"\d{5,6}|\d{1,2}[./]\d{1,2}")
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
# As names of columns tell it, in English, German, French, Italian, and others.
_FORMAT = re.compile(
    r"\b(d{1,2}|t{1,2}|j{1,2}|g{1,2}|m{1,2})([/.-])(m{1,2}|d{1,2})\2(?:y|a|j){2,4}\b", re.IGNORECASE
)
# Excel's December 31, 9999.
_LAST_SERIAL = re.compile(r"2958465(?:[.,]\d+)?")
_NAMED = re.compile(r"(?:(\d{1,2}) (\D+?) ?(\d{4}|\d{2})?|(\D+?) (\d{1,2})(?: (\d{4}))?)")
_MONTH_ALONE = re.compile(r"(?:(\d{4})[-/.](\d{1,2})|(\D+?) (\d{4}))")
_MONTH_FIRST = re.compile(r"(\d{1,2})[/.-](\d{4})")
# Excel's own way to write a month; "Dec 26" is a day.
_MONTH_SHORT = re.compile(r"([^\W\d_]{3,})(?:-| ?')(\d\d)")
_RUN_TOGETHER = re.compile(r"(\d{1,2})([^\W\d_]{3,})(\d{4}|\d{2})")
# Whoever says only when goods come at the earliest has named no day.
_AT_LEAST = re.compile(r"earliest|not before|or later|onwards|fruhestens|nicht vor|au plus tot|\+")
_CLOCK = re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|e|ª|º|o|a)\b")
_FILLERS = frozenset({"of", "the", "de", "del", "di", "do", "den", "d", "le", "el", "am", "on"})
# A name alone, without a year, is the next such day; one that has just passed is last month's.
_JUST_PASSED = timedelta(days=90)
_DECEMBER = 12
_SOON_YEARS = 3


WEEKDAYS = {
    name: number
    for number, name in enumerate(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1
    )
}
"""The days of a week as people say them, with their numbers in ISO 8601."""


class UnreadableDay(ValueError):
    """The text says what is wrong with the cell."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a file's days are read: `order` is dmy or mdy (None: it makes no difference), `zone` is the
    shop's, in which moments become days, `today` is the day there. `week_day` is the day, 1 to 7, that
    a week stands for (None: its Friday)."""

    order: str | None
    zone: ZoneInfo
    today: date
    week_day: int | None = None


# A file of many lines names few days.
@lru_cache(4096)
def is_no_day(text: str) -> bool:
    """Whether a cell says that no day is known: empty, a word such as TBD, what is no day at all, such
    as 0000-00-00, or where a calendar begins or ends."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if "#" in plain:  # what Excel shows of an error, or of a date that its column is too narrow for
        return False
    folded = fold(plain)
    return not folded or folded in NO_DAY or bounds.says_no_date(plain) or _is_end_of_calendar(plain)


def _is_end_of_calendar(text: str) -> bool:
    """Such as 0001-01-01T00:00:00Z, which no clock of America can tell, or 19000101."""
    try:
        return bool(_LAST_SERIAL.fullmatch(text)) or bounds.read_day(text) is None
    except ValueError:
        return False


def order_named(texts: Iterable[str]) -> str | None:
    """Which order of dates names of columns tell, such as "ETA (DD/MM/YYYY)": dmy or mdy; None where
    they tell none, or both."""
    found = {"".join(one).casefold() for text in texts for one in _FORMAT.findall(text)}
    orders = {"mdy" if one.startswith("m") else "dmy" for one in found}
    return orders.pop() if len(orders) == 1 else None


@cache
def _day_names() -> frozenset[str]:
    """Folded; thirteen languages are read when a file is."""
    return frozenset(
        fold(name)
        for language in _LANGUAGES
        for width in ("wide", "abbreviated", "short")
        for name in get_day_names(width, locale=language).values()
    ) | {"tues", "thur", "thurs"}


def is_weekday(word: str) -> bool:
    """Whether a word is the name of a day of the week, in any of the languages."""
    return fold(word) in _day_names()


@lru_cache(4096)
def looks_like_day(text: str) -> bool:
    """Whether a cell holds a date in any form, whichever of its numbers is the day."""
    anyhow = Calendar("dmy", ZoneInfo("UTC"), date(2026, 1, 1))
    for order in ("dmy", "mdy"):
        try:
            if _read(text.strip(), Calendar(order, anyhow.zone, anyhow.today)) is not None:
                return not (_SERIAL.fullmatch(text.strip()) or _LIKE_NUMBERS.fullmatch(text.strip()))
        except (ValueError, OverflowError):
            continue
    return False


@lru_cache(4096)
def read_day(text: str, calendar: Calendar) -> date | None:
    """The day that a cell names; None where it says that none is known. A week is its Friday, or the
    calendar's day of it, a window, month or quarter its last day: the goods are not promised earlier
    than was said. Raises `UnreadableDay`."""
    if is_no_day(text):
        return None
    try:
        day = _read(unicodedata.normalize("NFKC", text).strip(), calendar)
    except OverflowError:  # on the way beyond the year 1 or 9999
        return None
    except ValueError:
        day = None
    if day is None:
        raise UnreadableDay(f"{text[:40]!r} is not a date: write it as 2026-12-31")
    try:
        return bounds.possible_or_none(day)
    except ValueError as error:
        raise UnreadableDay(f"{text[:40]!r} is the day {day}, which can't be meant") from error


@lru_cache(4096)
def is_vague(text: str) -> bool:
    """Whether a cell names a stretch of time and not a day."""
    anyhow = Calendar("dmy", ZoneInfo("UTC"), date(2026, 1, 1))
    spelled = periods.about(text.strip().casefold())
    if _month_short(spelled, anyhow.today):
        return True
    return not _is_one_day(spelled, anyhow) and not periods.names_a_day(spelled)


def _is_one_day(text: str, calendar: Calendar) -> bool:
    try:
        found = (
            _MOMENT.fullmatch(text.upper()) or _in_figures(text, calendar) or _in_words(text, calendar)
        )
    except (ValueError, OverflowError):
        return True
    return bool(found)


def _read(text: str, calendar: Calendar) -> date | None:
    if _MOMENT.fullmatch(text):
        return _day_of_moment(text, calendar.zone)
    spelled = periods.about(text.casefold())
    if _AT_LEAST.search(fold(spelled)) or spelled.endswith("+"):
        return None
    near = text[len(text) - len(spelled) :]
    return (
        _month_short(near, calendar.today)
        or _in_figures(near, calendar)
        or _in_words(near, calendar)
        or _stretch(spelled, near, calendar)
    )


def _stretch(spelled: str, text: str, calendar: Calendar) -> date | None:
    """The end of a week, month, quarter or window."""
    found = _week_of(spelled, calendar) or _month_alone(text, calendar)
    found = found or periods.end_of_quarter(spelled, calendar.today)
    found = found or periods.end_of_third(spelled, calendar.today)
    if found is None and (month := periods.ends(spelled)):
        return _month_alone(month, calendar) or month_to_come(month, calendar.today)
    if found is None and (begins := periods.begins_with(spelled)):
        day = _in_figures(begins, calendar) or _in_words(begins, calendar)
        return None if day is None else periods.in_week_of(day, calendar.week_day)
    return found or _window(spelled, calendar)


def _window(text: str, calendar: Calendar) -> date | None:
    """The last day of a window. What its end leaves out ("Dec 5-9", "KW 50-51") its beginning says."""
    found = periods.halves(text)
    if found is None:
        return None
    begins, ends = found
    for end in (ends, *_with_what_is_said_before(begins, ends)):
        day = _in_figures(end, calendar) or _in_words(end, calendar)
        day = day or _week_of(end, calendar) or _month_alone(end, calendar)
        if day is not None:
            return day
    return None


def _with_what_is_said_before(begins: str, ends: str) -> Iterator[str]:
    """The end of a window with the words of its beginning before or after it."""
    words = " ".join(re.findall(r"[^\W\d_]{2,}\.?|kw|v", begins))
    if words and ends[:1].isdigit():
        yield f"{words} {ends}"
    if re.fullmatch(r"\d{1,2}\.?", ends) and (tail := re.search(r"(?<=\d)[./]\d{1,2}[./]?\d*$", begins)):
        yield ends.rstrip(".") + tail[0]


def _month_short(text: str, today: date) -> date | None:
    """Dec-26 is December 2026 to Excel, and may be a day: the end of the month holds for both."""
    found = _MONTH_SHORT.fullmatch(text)
    month = _months().get(fold(found[1])) if found else None
    if found is None or month is None:
        return None
    year = _year(found[2])
    return periods.end_of_month(year, month) if 0 <= year - today.year <= _SOON_YEARS else None


def month_to_come(name: str, today: date) -> date | None:
    """The last day of the next month of that name that is not over; None where it is no month's."""
    month = _months().get(fold(name))
    if month is None:
        return None
    day = periods.end_of_month(today.year, month)
    return day if day >= today else periods.end_of_month(today.year + 1, month)


def _in_figures(text: str, calendar: Calendar) -> date | None:
    if found := _ISO.fullmatch(text) or _PACKED.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _DOTTED.fullmatch(text):
        return date(_year(found[3]), int(found[2]), int(found[1]))
    if found := _DAY_AND_MONTH.fullmatch(text) or _SHORT.fullmatch(text):
        is_month_first = calendar.order == "mdy" and "/" in text
        day, month = (found[2], found[1]) if is_month_first else (found[1], found[2])
        return _next(calendar.today, int(month), int(day))
    if found := _SLASHED.fullmatch(text):
        day, month = (found[2], found[1]) if calendar.order == "mdy" else (found[1], found[2])
        return _year_first(found, calendar.today) or date(_year(found[3]), int(month), int(day))
    if found := _SERIAL.fullmatch(text):
        return _EXCEL_DAY_0 + timedelta(days=int(found[1]))
    return None


def _in_words(text: str, calendar: Calendar) -> date | None:
    if found := _JAPANESE.fullmatch(text):
        month, day = int(found[2]), int(found[3])
        return date(int(found[1]), month, day) if found[1] else _next(calendar.today, month, day)
    return _named(_RUN_TOGETHER.sub(r"\1 \2 \3", text), calendar)


def _year_first(found: re.Match[str], today: date) -> date | None:
    """26-12-15 is a day of this year, where it would else be one of many years ago."""
    year, last = _year(found[1].zfill(2)), _year(found[3])
    if len(found[3]) > len("26") or abs(last - today.year) <= _SOON_YEARS:
        return None
    if abs(year - today.year) > _SOON_YEARS:
        return None
    return date(year, int(found[2]), int(found[3]))


def _day_of_moment(text: str, zone: ZoneInfo) -> date:
    spelled = re.sub(r"\s+(?=[+-]|Z)", "", text)
    return datetime.fromisoformat(spelled).astimezone(zone).date()


def _year(text: str) -> int:
    return int(text) if len(text) == len("2026") else 2000 + int(text)


def _week_of(text: str, calendar: Calendar) -> date | None:
    found = periods.week(fold(text) if text.isascii() is False and "週" not in text else text.strip())
    if found is None:
        return None
    year, week, said = found
    weekday, today = said or calendar.week_day or periods.FRIDAY, calendar.today
    if year is not None:
        return date.fromisocalendar(year, week, weekday)
    this_year = date.fromisocalendar(today.year, week, weekday)
    is_past = this_year < today - _JUST_PASSED
    return date.fromisocalendar(today.year + 1, week, weekday) if is_past else this_year


def _month_alone(text: str, calendar: Calendar) -> date | None:
    if first := _MONTH_FIRST.fullmatch(text.strip()):
        month, year = int(first[1]), int(first[2])
        if month <= _DECEMBER:
            return periods.end_of_month(year, month) if month else None
        return date.fromisocalendar(year, month, calendar.week_day or periods.FRIDAY)
    found = _MONTH_ALONE.fullmatch(text.strip()) or _MONTH_ALONE.fullmatch(fold(text))
    if found is None:
        return None
    named = int(found[2]) if found[1] else _months().get(fold(found[3] or ""))
    if named is None or not 1 <= named <= _DECEMBER:
        return None
    return periods.end_of_month(int(found[1] or found[4]), named)


def _named(text: str, calendar: Calendar) -> date | None:
    """A day with its month's name, in any of the languages."""
    plain = _CLOCK.sub("", _ORDINAL.sub("", text.casefold()))
    words = fold(re.sub(r"[,./-]", " ", plain)).split()
    without = [word for word in words if word not in _FILLERS]
    found = _NAMED.fullmatch(" ".join(without))
    if found is None and without and without[0] in _day_names():
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
    if len(words) > 1 and words[0] in _day_names():
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
