"""The days on which a merchant is closed, as one writes them: 2026-12-24, 2026-12-27 to 2027-01-02."""

from datetime import date, timedelta

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


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        words = "Write days as 2026-12-24, or 2026-12-24 to 2027-01-02, with commas between them."
        raise ClosingError(f"{text} is no day. {words}") from error
    if not is_possible(day):
        raise ClosingError(f"{text} is too far away to be meant.")
    return day
