"""Whatever the day and the way to write it, columns are read for the days that they were written for, or
asked about."""

from datetime import date, timedelta
from itertools import product
from random import Random

import pytest

from app.pipeline.files.periods import end_of_month
from app.pipeline.files.text import NeedsAnswer
from tests.pipeline.files.reading import says

WEEK = timedelta(days=7)
FRIDAY = timedelta(days=4)
DAYS = ("%b %d", "%d.%m.", "%d.%m", "%d/%m", "%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%m/%d/%y")
WEEKS = ("W%V", "KW %V", "Week %V", "%G-W%V", "W%V %G", "week of %b %d", "v%V")
MONTHS = ("%b", "%B", "%b-%y", "%b %Y", "%Y-%m", "%m/%Y")
COUNTS, BEGINS = (1, 2, 5, 13), (-60, -14, 0, 7, 60, 120)


def table(days: list[date], written: str) -> str:
    """A row of mugs: one on the first day, two on the second, and so on."""
    quantities = ",".join(str(number) for number in range(1, len(days) + 1))
    return f"PO,SKU,{','.join(day.strftime(written) for day in days)}\nP,MUG-BLUE,{quantities}\n"


def a_table(random: Random, today: date, written: str) -> tuple[str, list[date]]:
    """Columns of days, weeks or months about that day, and the day that each means."""
    count, begins = random.choice(COUNTS), today + timedelta(days=random.choice(BEGINS))
    if written in MONTHS:
        months = [begins.year * 12 + begins.month - 1 + step for step in range(count)]
        firsts = [date(month // 12, month % 12 + 1, 1) for month in months]
        return table(firsts, written), [end_of_month(first.year, first.month) for first in firsts]
    if written in WEEKS:
        monday = begins - timedelta(days=begins.weekday())
        mondays = [monday + WEEK * step for step in range(count)]
        kept = [mondays[0], *(each for each in mondays[1:] if random.random() < 0.8)]
        return table(kept, written), [each + FRIDAY for each in kept]
    step = random.choice([timedelta(days=1), WEEK])
    days = [begins + step * number for number in range(count)]
    return table(days, written), days


@pytest.mark.parametrize("written", [*DAYS, *WEEKS, *MONTHS])
def test_no_column_is_read_for_another_day(written: str) -> None:
    random = Random(written)  # noqa: S311 -- the same tables every time
    read = 0
    for year, number in product((2026, 2027), range(12)):
        today = date(year, 1, 1) + timedelta(days=31 * number % 365 + random.randrange(30))
        content, days = a_table(random, today, written)
        try:
            found = says(content, today=today)
        except NeedsAnswer:
            continue
        read += 1
        expected = {f"P {each} MUG-BLUE {day}" for each, day in enumerate(days, 1)}
        assert {*found} == expected, content
    assert read >= 4
