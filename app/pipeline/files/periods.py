"""Stretches of time as files name them: a window, a week, a month, a quarter. Each is its last day (a
week its Friday), for goods are not promised earlier than was said."""

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

FRIDAY = 5
_DECEMBER, _QUARTER, _DAYS_A_WEEK = 12, 3, 7
# For what no zone changes.
ANY_ZONE = ZoneInfo("UTC")
_WORDS = (
    r"(?:w|kw|wk|week|uge|uke|vecka|v|s|sem|sett|semana|semaine|settimana|viikko|vko|vk|"
    r"tydzien|tydz|woche)"
)
_WEEK = re.compile(
    rf"(?:(\d{{4}})[- ./]?{_WORDS}[- .]?(\d{{1,2}})(?:-([1-7]))?"
    rf"|{_WORDS}[- .]*(\d{{1,2}})(?:[ /.,-]+(\d{{4}}))?"
    # "3 weeks" is how long it takes.
    rf"|(\d{{1,2}})(?:\. ?{_WORDS}| ?kw)\.?(?:[ /.,-]+(\d{{4}}))?"
    r"|(?:(\d{4})年)?(?:第)?(\d{1,2})週)"
)
_QUARTERS = re.compile(
    r"(?:(\d{4})[- /]?(?:q|kv)[- ]?([1-4])|(?:q|kv)[- ]?([1-4])[-/ ']*(\d{4}|\d{2})?"
    r"|([1-4])\. ?(?:quartal|kvartal|kwartal|kwartaal|quarter|trimestre)[- /]*(\d{4})?"
    r"|([1-4])(?:st|nd|rd|th) quarter(?: of)? ?(\d{4})?)"
)
_AND = re.compile(
    r"\s+-\s*|\s*-\s+|\s*[–—〜→]\s*|\s*~\s*|\s+(?:to|until|till|through|and|bis|und|à|au|al|a|e|y|et|do|"
    r"til|till|tot|tm|t/m|en|og|och|-)\s+|(?<=[\d.])\s*/\s*(?=\d{4}-)"
)
_SHORT = re.compile(r"(?<=\d|\.)-(?=\d{1,2}(?:\D|$))")
_BEGINS = re.compile(
    r"(?:(?:week|wk) (?:of|commencing|beginning|starting)|w/c|w\.c\.|wc|woche (?:vom|ab)|semaine du|"
    r"semana del|settimana del|week van|uge fra)\s+(.+)"
)
_LAST = re.compile(
    r"(?:end of|end|ende des|ende|fin de|fin|fine|final de|finales de|eind|einde|slutet av|slut|"
    r"slutten av|koniec|loppu|eom|end) (.+)"
)
# A week and the year's last two digits; 25/26 may be two weeks.
_WEEK_AND_YEAR = re.compile(rf"{_WORDS}[ .]*(\d{{1,2}}) ?[/'.-] ?(\d{{2}})")
_YEAR_AND_WEEK = re.compile(r"(20\d\d)[/.-]?(\d{2})")
# Thirds of a month: its beginning, its middle, and what is left of it.
_THIRDS = {"上旬": 10, "初旬": 10, "中旬": 20}
_THIRD = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(上旬|初旬|中旬|下旬|末|末日)?(?:頃|ごろ|予定)?")
_ABOUT = re.compile(
    r"(?:~|≈|ca\.?|c\.|circa|approx\.?|approximately|about|around|est\.?|estimated|ungefähr|environ|"
    r"vers le|aprox\.?|aproximadamente|noin|omkring|rond|około)\s*(?=\d|[^\W\d_])"
)


def about(text: str) -> str:
    """A date without the word that it is near it."""
    return _ABOUT.sub("", text, count=1) if _ABOUT.match(text) else text


def halves(text: str) -> tuple[str, str] | None:
    """The beginning and the end of a window, as they are written."""
    parts = [part.strip() for part in _AND.split(text) if part.strip()]
    if len(parts) != len(("from", "to")):
        parts = [part.strip() for part in _SHORT.split(text)]
    return (parts[0], parts[1]) if len(parts) == len(("from", "to")) else None


def begins_with(text: str) -> str | None:
    """The day with which a week begins that is named by it."""
    found = _BEGINS.fullmatch(text)
    return found[1] if found else None


def ends(text: str) -> str | None:
    """The month of whose end is spoken."""
    found = _LAST.fullmatch(text)
    return found[1] if found else None


def in_week_of(day: date, weekday: int | None) -> date:
    """That day of the week that is named by `day`; its Friday where none is said. A week that is named
    by a Saturday or Sunday begins with it, as American weeks do."""
    step = (weekday or FRIDAY) - day.isoweekday()
    return day + timedelta(days=step % _DAYS_A_WEEK if day.isoweekday() > FRIDAY else step)


def week(text: str) -> tuple[int | None, int, int | None] | None:
    """Year, number and weekday of a week, in any of the languages; None for what is not said."""
    if short := _WEEK_AND_YEAR.fullmatch(text):
        in_year, last = int(short[1]), int(short[2])
        return (2000 + last, in_year, None) if in_year + 1 != last else None
    if (packed := _YEAR_AND_WEEK.fullmatch(text)) and int(packed[2]) > _DECEMBER:
        return int(packed[1]), int(packed[2]), None
    found = _WEEK.fullmatch(text)
    if found is None:
        return None
    year = found[1] or found[5] or found[7] or found[8]
    number = found[2] or found[4] or found[6] or found[9]
    return (int(year) if year else None), int(number), int(found[3]) if found[3] else None


def names_a_day(text: str) -> bool:
    """Whether what names a week names its day too, such as 2026-W49-2."""
    found = _WEEK.fullmatch(text)
    return bool(found and found[3])


def end_of_quarter(text: str, today: date) -> date | None:
    """The last day of a quarter; without a year, of the next that is not over."""
    found = _QUARTERS.fullmatch(text)
    if found is None:
        return None
    number = int(found[2] or found[3] or found[5] or found[7])
    said = found[1] or found[4] or found[6] or found[8]
    year = today.year if said is None else int(said) + (2000 if len(said) == len("26") else 0)
    day = end_of_month(year, number * _QUARTER)
    return day if said or day >= today else end_of_month(year + 1, number * _QUARTER)


def end_of_third(text: str, today: date) -> date | None:
    """The last day of a month or a third of it, as Japanese says it (12月下旬); without a year, of the
    next that is not over."""
    found = _THIRD.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= _DECEMBER:
        return None
    year, month = int(found[1] or today.year), int(found[2])
    if not found[1] and end_of_month(year, month) < today:
        year += 1
    last = end_of_month(year, month)
    return last.replace(day=_THIRDS.get(found[3] or "", last.day))


def end_of_month(year: int, month: int) -> date:
    """Its last day."""
    return date(year + month // _DECEMBER, month % _DECEMBER + 1, 1) - timedelta(days=1)
