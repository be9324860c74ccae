"""The day that a column names, of a table with a column for each week, day or month."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from app.pipeline.files import periods
from app.pipeline.files.days import (
    Calendar,
    UnreadableDay,
    is_no_day,
    is_weekday,
    month_to_come,
    read_day,
)
from app.pipeline.files.fold import fold
from app.pipeline.files.parts import parts_of
from app.pipeline.files.vocabulary import NO_PERIOD, PIECES

NO_DAY = "TBD"
"""What stands for the day of a column of quantities that have none yet."""

WEEK = timedelta(days=7)
# "W49 qty" and "Delivery W49" are W49; "W49 received" says something else.
_NEUTRAL = frozenset({"quantity", "expected", "arrive", "ordered", "open"})
_ALREADY = frozenset({"landed", "done"})
_ACTUAL = frozenset({"actual", "actuals"})
_SHORT = re.compile(r"(\d{1,2})/(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})")
_SERIAL = re.compile(r"4[5-9]\d{3}")
_PACKED = re.compile(r"20\d{6}")
_SAP_MONTH = re.compile(r"[Mm][ .]?(\d{1,2})[./](\d{4})")
_WEEK_ENDS = re.compile(r"(?:w/?e|(?:week|wk) end(?:ing|s|ed)?)\b\.?:? (.+)", re.IGNORECASE)
_ISO_WEEK = re.compile(r"(?:cw|iso[ -]?(?:week|wk|w))[ .-]*(?=\d)", re.IGNORECASE)
_OF_A_CALENDAR = re.compile(r"(?:kw|cw|iso)\b|(?:kw|cw)\d", re.IGNORECASE)
# "W+1" is the week after the one in which the file was made.
_AFTER_THIS = re.compile(
    r"(?:weeks?|wks?|w|kw|woche|semaine|sem|s|semana|settimana|sett|uge|uke|vecka|v|viikko|vko|tydzien)"
    r"[ .]*\+ ?(\d{1,2})|\+ ?(\d{1,2}) ?(?:weeks?|wks?|w|wochen?)",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"(.*\S)\s*[(\[]([^()\[\]]*)[)\]]")
_WEEK_OF_YEAR = re.compile(r"([^\W\d]+\.?)[ .]*(\d{1,2}) ?[/'.-] ?(\d{2})")
_ONE_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[ T].*)?")
_MONTH_OF_YEAR = re.compile(r"([^\W\d]+)\.?[ ./'’-]*(\d\d)")
_YEAR = re.compile(r"20\d\d")
_YEARS = (-1, 0, 1, 2)
_QUARTER, _FEWEST_MONTHS = 3, 2
_WEEKS_A_YEAR = (51, 52, 53)


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
    return folded in PIECES or (bool(parts & _NEUTRAL) and parts <= _NEUTRAL | {"placed"})


def period_in(name: str, calendar: Calendar) -> str:
    """What a column's name says of a day, week, month or quarter, and nothing besides; empty where it
    says something else, too ("W42 (received)"), or no such thing."""
    text = _with_whole_year(without_neutral_words(name), calendar.today)
    found = _IN_BRACKETS.fullmatch(text)
    if found is None:
        return text if days_of(text, calendar) else ""
    head, inside = without_neutral_words(found[1]), without_neutral_words(found[2])
    if not inside or all(map(is_weekday, inside.split())):
        return head if days_of(head, calendar) else ""
    if _YEAR.fullmatch(inside):
        return f"{head} {inside}" if days_of(f"{head} {inside}", calendar) else ""
    if not (days_of(head, calendar) and days_of(inside, calendar)):
        return ""
    # Of "Week 1 (Nov 30)" the date is surer than the number, which may be counted from anywhere.
    for week, day in ((head, inside), (inside, head)):
        if is_week(week) and not is_week(day):
            return day if periods.halves(day) else f"week of {day}"
    return head


def _with_whole_year(text: str, today: date) -> str:
    """Such as "KW 49/26", which is a week of 2026; "KW 25/26" may be two weeks, and "KW 49/50" is."""
    found = _WEEK_OF_YEAR.fullmatch(text)
    if found is None:
        return text
    week, year = int(found[2]), 2000 + int(found[3])
    is_near = abs(year - today.year) <= 1 and week + 1 != int(found[3])
    whole = f"{found[1]} {week} {year}"
    return whole if is_near and is_week(whole) else text


def with_whole_years(texts: Sequence[str], today: date) -> list[str]:
    """The names of columns; "Dec 26" and "Jan 27", months in a row whose numbers are their years, say
    these whole. Read as days of months they would come earlier, if at all."""
    found = [_month_and_number(text, today) for text in texts]
    months = [each for each in found if each is not None]
    if len(months) < len(texts) or len(months) < _FEWEST_MONTHS:
        return [*texts]
    steps = [12 * (year - before) + month - last for (last, before), (month, year) in pairwise(months)]
    is_near = abs(2000 + months[0][1] - today.year) <= 1
    if not is_near or not all(1 <= step <= _QUARTER for step in steps):
        return [*texts]
    return [with_whole_year_of_month(text) for text in texts]


def _month_and_number(text: str, today: date) -> tuple[int, int] | None:
    found = _MONTH_OF_YEAR.fullmatch(text)
    day = month_to_come(found[1], today) if found else None
    return (day.month, int(found[2])) if found and day else None


def with_whole_year_of_month(text: str) -> str:
    """Such as "Dec 2026" for "Dec 26"; other names as they are."""
    found = _MONTH_OF_YEAR.fullmatch(text)
    return f"{found[1]} 20{found[2]}" if found else text


def already_in(name: str, calendar: Calendar) -> str:
    """The day, week or month of which a column tells what has come ("W42 received"); empty where it
    tells no such thing."""
    words = re.sub(r"[()\[\],:]", " ", name).split()
    kept = [word for word in words if not (parts_of(fold(word)) & _ALREADY or fold(word) in _ACTUAL)]
    return "" if len(kept) == len(words) else period_in(" ".join(kept).strip(" -–"), calendar)


def days_of(text: str, calendar: Calendar) -> tuple[date, ...]:
    """The days that such words may mean, earliest first: one in each of some years where they tell no
    year."""
    today = calendar.today
    if (after := weeks_after_this(text)) is not None:
        monday = today - timedelta(days=today.isoweekday() - 1)
        return (periods.in_week_of(monday, calendar.week_day) + after * WEEK,)
    by_year = {
        year: day
        for year in (today.year + step for step in _YEARS)
        if (day := _day(text, replace(calendar, today=date(year, 1, 1))))
    }
    this, following = by_year.get(today.year), by_year.get(today.year + 1)
    if this and following and not _is_same_a_year_later(text, this, following):
        plain = _day(text, calendar)
        return () if plain is None else (plain,)
    return tuple(sorted({*by_year.values()}))


def _is_same_a_year_later(text: str, one: date, other: date) -> bool:
    """A week near New Year's may be of another year than the day by which it is named."""
    if is_week(text):
        return (other - one) // WEEK in _WEEKS_A_YEAR
    is_day = one.month == other.month and (one.day == other.day or all(map(_ends_month, (one, other))))
    return one.year != other.year and is_day


def _ends_month(day: date) -> bool:
    return day == periods.end_of_month(day.year, day.month)


def _day(text: str, calendar: Calendar) -> date | None:
    orders = [calendar.order] if calendar.order else ["dmy", "mdy"]
    for order in orders if any(map(str.isalnum, text)) else ():
        try:
            day = _read(text, replace(calendar, order=order))
        except (UnreadableDay, ValueError):
            continue
        if day is not None:
            return day
    return None


def _read(text: str, calendar: Calendar) -> date | None:
    text = _ISO_WEEK.sub("w", text)
    if found := _WEEK_ENDS.fullmatch(text):
        return read_day(found[1], calendar)
    if _SHORT.fullmatch(text):
        day, month = map(int, text.split("/")[:: -1 if calendar.order == "mdy" else 1])
        return read_day(f"{day}.{month}.", calendar)
    if _DOTTED.fullmatch(text):
        return read_day(f"{text}.", calendar)
    if found := _SAP_MONTH.fullmatch(text):
        return read_day(f"{found[1]}/{found[2]}", calendar)
    if text.isdigit() and not (_SERIAL.fullmatch(text) or _PACKED.fullmatch(text)):
        return None
    return month_to_come(text, calendar.today) or read_day(text, calendar)


def says_no_day(name: str) -> bool:
    """Whether a column holds quantities that have no day yet, or whose day has passed. "Open" alone is
    what is open of the whole line."""
    text = without_neutral_words(name) or name
    if {fold(text), fold(name)} & NO_PERIOD:
        return True
    return any(map(str.isalpha, text)) and is_no_day(text) and not says_open(text)


def says_open(name: str) -> bool:
    """Whether a name says that something is open."""
    return "open" in parts_of(fold(name))


def weeks_after_this(text: str) -> int | None:
    """How many weeks after the one of the file a column is ("W+1"); None for other names."""
    found = _AFTER_THIS.fullmatch(text.strip())
    return int(found[1] or found[2]) if found else None


def is_week(text: str) -> bool:
    """Whether a period is a week, and not one of its days."""
    if weeks_after_this(text) is not None:
        return True
    text = _ISO_WEEK.sub("w", text).casefold()
    return bool(periods.begins_with(text)) or (
        periods.week(text) is not None and not periods.names_a_day(text)
    )


def week_number(text: str) -> int | None:
    """The number of a week whose year is not told."""
    if (after := weeks_after_this(text)) is not None:
        return after
    found = periods.week(_ISO_WEEK.sub("w", text).casefold())
    return found[1] if found and found[0] is None else None


def is_week_of_a_calendar(text: str) -> bool:
    """Whether the name of a week says that the year is counted by it ("KW 1", "CW 1", "ISO week 1")."""
    return bool(_OF_A_CALENDAR.match(text))


def names_its_day(text: str) -> bool:
    """Whether a week says which of its days is meant (2026-W49-5)."""
    return periods.names_a_day(text.casefold())


def are_weeks_apart(days: Sequence[date]) -> bool:
    """Whether each is one or more whole weeks after the one before it, as weekly columns are."""
    gaps = [later - earlier for earlier, later in pairwise(days)]
    return bool(gaps) and all(WEEK <= gap <= 4 * WEEK and gap % WEEK == timedelta() for gap in gaps)


def are_first_days_of_months(days: Sequence[date]) -> bool:
    """Whether all are the first of a month: so workbooks write months."""
    return len(days) > 1 and all(day.day == 1 for day in days)


def are_last_days_of_months(days: Sequence[date]) -> bool:
    """Whether all end a month, as January and February do, which are four weeks apart."""
    return all(map(_ends_month, days))


def end_of_period(day: date, firsts: Sequence[date]) -> date:
    """The last day of the month that begins on `day`; of the quarter, where all are quarters apart."""
    months = [12 * each.year + each.month for each in firsts]
    is_by_quarter = all(later - earlier == _QUARTER for earlier, later in pairwise(months))
    months_on = day.month - 1 + (_QUARTER - 1 if is_by_quarter else 0)
    return periods.end_of_month(day.year + months_on // 12, months_on % 12 + 1)


def on_weekday(days: Mapping[int, date], named: Mapping[int, str], weekday: int) -> dict[int, date]:
    """Columns of weeks on that day of their week, which begins with the day that names it, or ends with
    it if its name says so: where nothing does, the later day is the safer one. Those that name a day of
    a numbered week keep it. `named` are their names."""
    return {
        place: day if names_its_day(named[place]) else _weekday_of(day, named[place], weekday)
        for place, day in days.items()
    }


def _weekday_of(day: date, text: str, weekday: int) -> date:
    if ends_a_week(text):
        return day - timedelta(days=(day.isoweekday() - weekday) % WEEK.days)
    return day + timedelta(days=(weekday - day.isoweekday()) % WEEK.days)


def ends_a_week(text: str) -> bool:
    """Whether a column is named by the last day of its week, alone or after its first."""
    is_window = periods.halves(text.casefold()) is not None and not _ONE_DATE.fullmatch(text)
    return is_window or _WEEK_ENDS.fullmatch(text) is not None
