"""A file of purchase orders: rehearsed first, then taken in, line by line and never held whole."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice

from sqlalchemy.orm import Session, sessionmaker

from app.core import bounds
from app.core.bounds import MOST_UNITS
from app.db.audit import record_event
from app.pipeline.arrivals import LONGEST_TEXT, Bad, Intake, Report, Wording, read_catalog
from app.pipeline.csv_layout import Layout, Record, Source, records
from app.platforms.text import printable

_AT_ONCE = 1000
# Day 60 of Excel's calendar is February 29, 1900, which never was.
_EXCEL_DAY_0 = date(1899, 12, 30)

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_PACKED = re.compile(r"((?:20|29|99)\d{2})(\d{2})(\d{2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?: .*)?")
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})(?: .*)?")
_NAMED = re.compile(
    r"(\d{1,2})[- ]([a-z]{3})[a-z]*\.?[- ,]+(\d{4}|\d{2})|([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})"
)
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
_WHOLE = re.compile(r"\d{1,12}")
_WHOLE_AS_DECIMAL = re.compile(r"(\d{1,12})[.,]0{1,2}")
_IN_THOUSANDS = re.compile(r"\d{1,3}(?:([.,' \u00a0\u202f])\d{3})+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class _Unreadable(Exception):
    """A cell that can't be used; the text says why."""


def import_file(
    sessions: sessionmaker[Session],
    shop_id: int,
    source: Source,
    layout: Layout,
    *,
    name: str,
    now: datetime,
    is_rehearsal: bool,
    by: str = "",
    on_bad: Callable[[Bad], object] = lambda bad: None,
) -> Report:
    """Take a file's good lines, or rehearse it. Each thousand lines are committed alone: what is cut off
    is finished by the same import again, which finds the first lines unchanged.

    Raises `FileRefused` where the file can't be read on; what was taken stays.
    """
    with sessions.begin() as session:
        catalog = read_catalog(session, shop_id)
    intake = Intake(
        shop_id,
        catalog,
        source="csv",
        cause=f"file {name}",
        now=now,
        is_rehearsal=is_rehearsal,
        on_bad=on_bad,
    )
    for portion in _portions(read_lines(source, layout)):
        with sessions.begin() as session:
            intake.take(session, portion)
    with sessions.begin() as session:
        intake.finish(session)
        if not is_rehearsal and intake.report.changes:
            _record(session, shop_id, intake.report, name=name, by=by, now=now)
    intake.report.notes += layout.notes
    return intake.report


def _record(
    session: Session, shop_id: int, report: Report, *, name: str, by: str, now: datetime
) -> None:
    record_event(
        session,
        shop_id,
        "arrivals imported",
        at=now,
        after=f"{report.new} new, {report.changed} changed, {report.cancelled} cancelled",
        why=f"by {by}" if by else "",
        cause=f"file {name}",
    )


def _portions(lines: Iterator[Wording | Bad]) -> Iterator[Sequence[Wording | Bad]]:
    while portion := list(islice(lines, _AT_ONCE)):
        yield portion


def read_lines(source: Source, layout: Layout) -> Iterator[Wording | Bad]:
    """Each record as an arrival, or why it is none."""
    for record in records(source, layout):
        yield _read(record, layout)


def _read(record: Record, layout: Layout) -> Wording | Bad:
    if record.problem is not None:
        return Bad(record.line, record.problem)
    cells = {
        name: record.cells[place].strip() if place < len(record.cells) else ""
        for name, place in layout.columns.items()
    }
    reference = _one_line(cells["reference"])[:LONGEST_TEXT]
    if any("\n" in cell or "\r" in cell for cell in cells.values()):
        reason = "a cell holds a line break: is a quotation mark never closed?"
        return Bad(record.line, reason)
    try:
        return Wording(
            line=record.line,
            reference=_text(cells, "reference"),
            sku=_text(cells, "sku"),
            quantity=_number(cells, "quantity"),
            expected_on=_date(cells, "expected_on", layout),
            location=_text(cells, "location", is_needed=False),
            supplier=_text(cells, "supplier", is_needed=False),
            ordered_on=_date(cells, "ordered_on", layout) if cells.get("ordered_on") else None,
            received=_number(cells, "received") if cells.get("received") else None,
            received_on=_date(cells, "received_on", layout) if cells.get("received_on") else None,
        )
    except _Unreadable as problem:
        return Bad(record.line, str(problem), reference)


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _text(cells: dict[str, str], name: str, *, is_needed: bool = True) -> str:
    text = _one_line(cells.get(name, ""))
    if is_needed and not text:
        without = ": without one a second import would count it twice" if name == "reference" else ""
        raise _Unreadable(f"no {name}{without}")
    if len(text) > LONGEST_TEXT:
        raise _Unreadable(f"the {name} is longer than {LONGEST_TEXT} characters")
    return text


def _number(cells: dict[str, str], name: str) -> int:
    text = cells[name]
    if not text:
        raise _Unreadable(f"no {name}")
    whole = _WHOLE.fullmatch(text) or _WHOLE_AS_DECIMAL.fullmatch(text)
    if whole is None:
        raise _Unreadable(_why_no_number(name, text))
    number = int(whole[1] if whole.re is _WHOLE_AS_DECIMAL else whole[0])
    if number > MOST_UNITS:
        raise _Unreadable(f"the {name} {number:,} is more than {MOST_UNITS:,}")
    return number


def _why_no_number(name: str, text: str) -> str:
    if _IN_THOUSANDS.fullmatch(text):
        plain = re.sub(r"\D", "", text)
        return f"the {name} {text} may mean {plain} or a fraction: write it without a separator"
    if re.fullmatch(r"-\d+(?:[.,]\d+)?", text):
        return f"the {name} {text} is below zero"
    if re.fullmatch(r"\d+[.,]\d+", text):
        return f"the {name} {text} is not a whole number"
    return f"the {name} {text[:40]!r} is not a number"


def _date(cells: dict[str, str], name: str, layout: Layout) -> date | None:
    """None where the cell means "no date" (see `app.core.bounds`)."""
    text = cells[name]
    if not text:
        raise _Unreadable(f"no {name}")
    if bounds.says_no_date(text):
        return None
    try:
        day = read_date(text, layout.date_order)
    except ValueError:
        day = None
    if day is None:
        raise _Unreadable(f"{name} {text[:40]!r} is not a date: write it as 2026-12-31")
    try:
        return bounds.possible_or_none(day)
    except ValueError as error:
        reason = f"{name} {text[:40]!r} is the day {day}, which can't be meant"
        raise _Unreadable(reason) from error


def read_date(text: str, order: str | None) -> date | None:
    """A day as people and Excel write it; None for what is no date. Where the file says nothing of the
    order, 5/5/2026 is the same day either way. Raises `ValueError` for a day that never comes."""
    if found := _ISO.fullmatch(text) or _PACKED.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _DOTTED.fullmatch(text):
        return date(_year(found[3]), int(found[2]), int(found[1]))
    if found := _SLASHED.fullmatch(text):
        day, month = (found[2], found[1]) if order == "mdy" else (found[1], found[2])
        return date(_year(found[3]), int(month), int(day))
    if found := _NAMED.fullmatch(text.casefold()):
        day, month, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        return date(_year(year), _MONTHS.index(month) + 1, int(day))
    if found := _SERIAL.fullmatch(text):
        return _EXCEL_DAY_0 + timedelta(days=int(found[1]))
    return None


def _year(text: str) -> int:
    return int(text) if len(text) == len("2026") else 2000 + int(text)
