"""The days of columns that name one each, decided for all of them together: which number of 05/12 is the
day, which year is meant, and whether they are days at all. What the header leaves open is asked."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from app.pipeline.files import column_days as names
from app.pipeline.files import periods
from app.pipeline.files.days import Calendar, month_to_come

# Anywhere in a name: "week of 12/7/2026", "12/7/2026 - 12/11/2026"; 07-12 alone is no date.
_SLASHED = re.compile(
    r"(?<![\w/-])(?:(\d{1,2})[/-](\d{1,2})[/-](?:\d{4}|\d{2})|(\d{1,2})/(\d{1,2}))(?![\w/-])"
)
_WHOLE_DATE = re.compile(r"\d{1,2}[/-]\d{1,2}[/-](?:\d{4}|\d{2})(?:[ T].*)?")
_LETTER = re.compile(r"([a-pr-z])[ .-]?(\d{1,2})", re.IGNORECASE)
_SHORT = re.compile(r"\d{1,2}[./]\d{1,2}")
_HALVES = re.compile(r"\d{1,2}\.[05]")
_SERIAL = re.compile(r"\d{5}")
_NUMBERS = re.compile(r"\d+")
_A_YEAR = re.compile(r"\D*20\d\d\D*")
_WAISTS = range(22, 47)
_MONTHS = 12
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_JUST_PASSED, _ABOUT_NOW = timedelta(days=90), timedelta(days=45)
# Of two readings that are a year apart, neither begins in half a year.
_HALF_A_YEAR = timedelta(days=183)
_WEEKEND, _A_MONTH = 3 * _DAY, 31 * _DAY
_MOST_MONTHS = 3
_SAY = "say which day the first one means (first column, such as 2026-12-31)"


class Undecided(Exception):
    """The text asks for what the columns leave open. `may_be_codes`: they may name no days at all;
    `firsts` are the days that the first of them is likely to mean."""

    def __init__(self, text: str, *, may_be_codes: bool = False, firsts: Iterable[date] = ()) -> None:
        super().__init__(text)
        self.may_be_codes = may_be_codes
        self.firsts = tuple(sorted({*firsts}))


def order_of(texts: Sequence[str], told: Iterable[str], calendar: Calendar) -> str | None:
    """Which number of columns such as 05/12 is the day (dmy or mdy): by those that can only be one, by
    which order puts all of them in a row, by `told`, the other dates of the file. None where nothing has
    to tell. Raises `Undecided`."""
    kinds = {kind for text in texts for kind in _kinds(text)}
    if calendar.order or not kinds:
        return calendar.order
    sure = kinds - {"either"}
    if len(sure) == 1:
        return sure.pop()
    rows = {order: _nearest_row(texts, replace(calendar, order=order)) for order in ("dmy", "mdy")}
    even = {order for order, row in rows.items() if row and is_natural(row)}
    dates = (cell.strip() for cell in told if _WHOLE_DATE.fullmatch(cell.strip()))
    seen = {kind for cell in dates for kind in _kinds(cell)} - {"either"}
    meant = even & seen if seen and even else seen or even
    if len(meant) == 1 and len(seen) <= 1 and not sure:
        return meant.pop()
    if not even and _are_like_codes(texts):
        raise _what_are(texts)
    raise Undecided(
        f"{in_words(texts)} may be day first or month first, and no date in the file tells. Say which "
        "is meant (dmy or mdy)."
    )


def _kinds(text: str) -> Iterator[str]:
    """What each date in a text says of the order of its numbers."""
    for found in _SLASHED.finditer(text):
        first, second = (int(each) for each in found.groups() if each)
        if first != second and min(first, second) <= _MONTHS:
            yield "dmy" if first > _MONTHS else "mdy" if second > _MONTHS else "either"


def days_in_row(texts: Sequence[str], calendar: Calendar, first_day: date | None) -> list[date]:
    """The day of each column, one year for all of them: they ascend, and `first_day`, if a person said
    it, is that of the first. Raises `Undecided`."""
    _refuse_twice(texts, calendar)
    rows = _rows(texts, calendar)
    if first_day is not None:
        return _from(first_day, texts, rows, calendar)
    if names.weeks_after_this(texts[0]) is not None:
        raise Undecided(
            f"Is {quoted(texts[0])} counted from this week, so that it is that of {rows[0][0]}? Please "
            f"{_SAY}.",
            firsts=[rows[0][0], rows[0][0] - _WEEK],
        )
    try:
        days = _of_one_year(texts, rows, calendar)
    except Undecided as problem:
        if not _are_like_codes(texts):
            raise
        raise _what_are(texts) from problem
    if _may_be_codes(texts, days, calendar.today):
        raise _what_are(texts)
    return days


def days_as_before(
    texts: Sequence[str], calendar: Calendar, day: date, said_on: date
) -> list[date] | None:
    """The days of columns that leave them open, by what was said of an earlier file: that its first one
    meant `day`, on `said_on`. Tables move on with the weeks, or stay as they are. None where that does
    not tell. Raises `Undecided`."""
    _refuse_twice(texts, calendar)
    rows, then = _rows(texts, calendar), _rows(texts, replace(calendar, today=said_on))
    first = periods.in_week_of(day, calendar.week_day)
    numbers = [number for text in texts if (number := names.week_number(text)) is not None]
    is_of_year = not _is_counted(texts) and first in {row[0] for row in then}
    if len(numbers) == len(texts) and numbers[0] <= 1 and not is_of_year:
        passed_weeks = _this_week(calendar.today) - _this_week(said_on)
        return [first + passed_weeks + (number - numbers[0]) * _WEEK for number in numbers]
    passed = len(rows) == 1 and _last(rows[0]) < calendar.today
    latest = day if passed else day + (calendar.today - said_on) + _A_MONTH
    meant = [row for row in rows if day - _WEEK <= row[0] <= latest]
    return meant[0] if len(meant) == 1 else None


def days_in_year(
    texts: Sequence[str], calendar: Calendar, above: Iterable[Sequence[str]]
) -> list[date] | None:
    """The days of the year that the title above the table names ("Plan 2027"), alone and not as part of
    a date; None where it names none, or no row of it is to come. Raises `Undecided`."""
    _refuse_twice(texts, calendar)
    titles = [cell for row in above for cell in row if _A_YEAR.fullmatch(cell)]
    alone = [
        cell for cell in titles if not any(month_to_come(word, calendar.today) for word in cell.split())
    ]
    years = {found for cell in alone for found in _NUMBERS.findall(cell)}
    meant = [row for row in _rows(texts, calendar) if {str(row[0].year)} == years]
    return meant[0] if len(meant) == 1 and _last(meant[0]) >= calendar.today else None


def _is_counted(texts: Sequence[str]) -> bool:
    return names.weeks_after_this(texts[0]) is not None


def _this_week(today: date) -> date:
    return today - timedelta(days=today.isoweekday())


def _what_are(texts: Sequence[str]) -> Undecided:
    return Undecided(
        f"Do {in_words(texts)} name days or weeks, or sizes, stores, or something else? If days or "
        f"weeks, {_SAY}. If not, choose the columns of the quantity and of the expected date, or give "
        "one date for all lines.",
        may_be_codes=True,
    )


def _refuse_twice(texts: Sequence[str], calendar: Calendar) -> None:
    """Of two columns of one week, one may be what was ordered, the other what came of it."""
    seen: dict[tuple[date, ...], str] = {}
    for text in texts:
        days = names.days_of(text, calendar)
        if days in seen:
            both = quoted(text) if seen[days] == text else f"{quoted(seen[days])} and {quoted(text)}"
            raise Undecided(
                f"Two columns are named {both}, which is the same time: name the one that is not "
                'expected after what it holds (such as "received"), or remove it.'
            )
        seen[days] = text


def _of_one_year(texts: Sequence[str], rows: Sequence[list[date]], calendar: Calendar) -> list[date]:
    today = calendar.today
    if len(rows) == 1 and _last(rows[0]) >= today:
        return rows[0]
    about = [row for row in rows if row[0] < today <= _last(row)]
    others = [row for row in rows if row not in about]
    if len(about) == 1 and all(abs(row[0] - today) > _HALF_A_YEAR for row in others):
        return _not_counted(texts, about[0], today)
    coming = [row for row in rows if row[0] >= today - _JUST_PASSED and _last(row) >= today]
    if not coming:
        raise Undecided(_which_year(texts, rows, today), firsts=_nearest_firsts(rows, today))
    days = coming[0]
    ended = max((row[-1] for row in rows if row[0] < days[0]), default=date.min)
    is_about_now = abs(days[0] - today) <= _ABOUT_NOW
    is_far = days[0] > today + _HALF_A_YEAR
    if ended >= today or is_far or (ended >= today - _JUST_PASSED and not is_about_now):
        raise Undecided(_which_year(texts, rows, today), firsts=_nearest_firsts(rows, today))
    return _not_counted(texts, days, today)


def _not_counted(texts: Sequence[str], days: list[date], today: date) -> list[date]:
    if names.week_number(texts[0]) == 1 and len(texts) > 1 and _may_be_counted(texts[0], days[0], today):
        raise Undecided(
            f"Is {quoted(texts[0])} the first week of the year ({days[0]}), or are weeks counted from "
            f"the day of the file? Please {_SAY}.",
            firsts=[days[0], periods.in_week_of(today, None)],
        )
    return days


def _may_be_counted(text: str, day: date, today: date) -> bool:
    """Whether a first week may be that of the file: the year's begins at another time, and its name does
    not say that it is of a calendar."""
    has_begun = day < today - _WEEK and not names.is_week_of_a_calendar(text)
    return has_begun or day > today + 2 * _WEEK


def _last(days: Sequence[date]) -> date:
    last = max(days)
    return names.end_of_period(last, days) if names.are_first_days_of_months(days) else last


def _nearest_firsts(rows: Sequence[list[date]], today: date) -> list[date]:
    nearest = sorted(rows, key=lambda row: abs(row[0] - today))[:2]
    return sorted(row[0] for row in nearest)


def _which_year(texts: Sequence[str], rows: Sequence[list[date]], today: date) -> str:
    if not rows:
        return (
            f"{in_words(texts)} do not follow each other in time: put these columns in order, or write "
            "their years."
        )
    if len(rows) == 1:
        return (
            f"{in_words(texts)} have passed ({min(rows[0])} to {max(rows[0])}). If goods are still to "
            f"come of them, say so (first column {rows[0][0]}); else choose a newer file."
        )
    firsts = " or ".join(map(str, _nearest_firsts(rows, today)))
    return (
        f"Which year do {in_words(texts)} mean? Say which day the first one means (first column: "
        f"{firsts})."
    )


def _rows(texts: Sequence[str], calendar: Calendar) -> list[list[date]]:
    """All days, for each year that the first column may mean. Where years are told they need not
    ascend; where they are not, the next is the next such day, within half a year."""
    may_be = [names.days_of(text, calendar) for text in texts]
    if all(len(days) == 1 for days in may_be):
        return [[days[0] for days in may_be]]
    rows = []
    for first in may_be[0]:
        row = [first]
        for days in may_be[1:]:
            row += [day for day in days if row[-1] < day <= row[-1] + _HALF_A_YEAR][:1]
        if len(row) == len(may_be):
            rows.append(row)
    return rows


def _nearest_row(texts: Sequence[str], calendar: Calendar) -> list[date]:
    rows = _rows(texts, calendar)
    return min(rows, key=lambda row: abs(row[0] - calendar.today), default=[])


def _from(
    first_day: date, texts: Sequence[str], rows: Sequence[list[date]], calendar: Calendar
) -> list[date]:
    """The row that begins with that day; weeks that are numbered from it."""
    numbers = [number for text in texts if (number := names.week_number(text)) is not None]
    if len(numbers) < len(texts):
        row = next((row for row in rows if abs(row[0] - first_day) <= _A_MONTH), None)
    else:
        first = periods.in_week_of(first_day, calendar.week_day)
        row = next((row for row in rows if row[0] in {first_day, first}), None)
        if row is None and numbers == sorted({*numbers}):
            row = [first + (number - numbers[0]) * _WEEK for number in numbers]
    if row is None:
        raise Undecided(
            f"{quoted(texts[0])} can't mean {first_day}: say which day it means (first column)."
        )
    return row


def _are_like_codes(texts: Sequence[str]) -> bool:
    """Whether such names are those of sizes, waists, versions, stores, or fractions, too."""
    lettered = [_LETTER.fullmatch(text) for text in texts]
    if all(lettered):
        return all(
            found[1] not in "wW" or int(found[2]) in _WAISTS for found in lettered if found is not None
        )
    return all(map(_SHORT.fullmatch, texts)) or all(map(_SERIAL.fullmatch, texts))


def _may_be_codes(texts: Sequence[str], days: Sequence[date], today: date) -> bool:
    """Whether they may still be, though a year was found: real columns begin about now and follow each
    other evenly."""
    if not _are_like_codes(texts):
        return False
    if all(map(_LETTER.fullmatch, texts)):
        gaps = {later - earlier for earlier, later in pairwise(days)}
        return abs(days[0] - today) > _ABOUT_NOW or bool(gaps - {_WEEK})
    is_near = -_ABOUT_NOW <= days[0] - today <= _HALF_A_YEAR
    return not is_near or not is_natural(days) or all(map(_HALVES.fullmatch, texts))


def is_natural(days: Sequence[date]) -> bool:
    """Whether days follow each other as columns do: working days, weeks, or months."""
    gaps = [later - earlier for earlier, later in pairwise(days)]
    if all(_DAY <= gap <= _WEEKEND for gap in gaps) or names.are_weeks_apart(days):
        return True
    months = [_MONTHS * later.year + later.month for later in days]
    steps = [later - earlier for earlier, later in pairwise(months)]
    return len({day.day for day in days}) == 1 and all(1 <= step <= _MOST_MONTHS for step in steps)


def in_words(texts: Sequence[str]) -> str:
    """The columns as people name them."""
    return f"{quoted(texts[0])} to {quoted(texts[-1])}" if texts[0] != texts[-1] else quoted(texts[0])


def quoted(text: str) -> str:
    """The name of a column in a sentence."""
    return f'"{text}"'
