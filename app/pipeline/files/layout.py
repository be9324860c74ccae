"""How a file of purchase orders is to be read: where its table is, which column holds what, in which
order its dates and by which sign its decimals are written.

All of it is found out from the whole file before a line is used, and said. What the file does not
decide is asked for, not guessed.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.pipeline.files import text
from app.pipeline.files.asking import ask_what_is_open, taken_for_packs
from app.pipeline.files.columns import (
    DAYS,
    NEEDED,
    OTHER_CODES,
    QUANTITIES,
    choose,
    more_statuses,
)
from app.pipeline.files.days import WEEKDAYS, Calendar, looks_like_day, order_named
from app.pipeline.files.fold import fold
from app.pipeline.files.header import Header, find_header
from app.pipeline.files.line_keys import line_key, line_words
from app.pipeline.files.numbers import Decimals, Evidence, is_number
from app.pipeline.files.options import Options
from app.pipeline.files.parts import state_named
from app.pipeline.files.spread import Spread, find_spread, lasting, names_for_roles
from app.pipeline.files.text import DELIMITERS, Dialect, FileRefused, NeedsAnswer, Record, Source
from app.pipeline.files.vocabulary import IN_WORDS, STATES, state_of
from app.pipeline.files.whole_lines import settled
from app.pipeline.files.workbook import is_workbook, open_sheet

_MONTHS = 12
_MOST_STATES = 20
_MOST = 0.5
# Anywhere in a cell: "week of 12/7/2026", "5/12/2026 - 13/12/2026"; alone also without a year.
_SLASHED = re.compile(
    r"(?<![\w/-])(\d{1,2})[/-](\d{1,2})[/-](?:\d{4}|\d{2})\b|^\s*(\d{1,2})/(\d{1,2})\s*$"
)
_SPOKEN = {"dmy": "day first", "mdy": "month first"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file. `source` gives its text (a workbook's sheet as CSV); the table's names end in
    line `header_ends`. `columns` maps roles (see `vocabulary.NAMES`) to places, `states` folded words to
    what they mean; by `key` a later file with the same header line is known again. `more_statuses` are
    further columns that say what becomes of a line. `repeated` are the lines that name a purchase order
    and SKU which another one names too. `unknown_states` are words for a status that nobody has
    explained, as the file writes them; `spread` are columns that hold a quantity each."""

    source: Source
    dialect: Dialect
    header: tuple[str, ...]
    header_ends: int
    key: str
    columns: Mapping[str, int]
    calendar: Calendar
    decimals: Decimals
    options: Options
    states: Mapping[str, str]
    notes: tuple[str, ...]
    repeated: frozenset[bytes] = frozenset()
    unknown_states: tuple[str, ...] = ()
    more_statuses: tuple[int, ...] = ()
    spread: Spread | None = None

    @property
    def read_on(self) -> date:
        """The day in the shop when the file was read."""
        return self.calendar.today

    @property
    def used(self) -> dict[str, str]:
        """The name of the column that is used for each role."""
        of_many = self.spread.words if self.spread else ""
        width = len(self.header)
        return {
            role: self.header[place] if place < width else of_many
            for role, place in self.columns.items()
        }

    @property
    def unused(self) -> list[str]:
        """The columns that are not used."""
        taken = {
            *self.columns.values(),
            *self.more_statuses,
            *(self.spread.means if self.spread else ()),
        }
        return [name for place, name in enumerate(self.header) if name.strip() and place not in taken]

    def rows(self) -> Iterator[Record]:
        """The records under the names; one for each quantity where several columns hold them."""
        under = _under(self.source, self.dialect, self.header_ends)
        if self.spread is None:
            return under
        codes = [self.columns[role] for role in ("sku", *OTHER_CODES) if role in self.columns]
        return self.spread.lines(under, codes)


def _under(source: Source, dialect: Dialect, header_ends: int) -> Iterator[Record]:
    return (one for one in text.records(source, dialect) if one.line > header_ends)


def header_key(header: Sequence[str]) -> str:
    """By which a header line is known again, whatever its case and spaces."""
    return hashlib.sha256("\t".join(map(fold, header)).encode()).hexdigest()[:32]


def examine(
    source: Source,
    *,
    options: Options = Options(),  # noqa: B008 -- frozen
    known_skus: Container[str] = (),
    places: Sequence[str] = (),
    zone: ZoneInfo = ZoneInfo("UTC"),  # noqa: B008 -- as above
    today: date | None = None,
    remember: Mapping[str, Options] = {},
) -> Layout:
    """Find out how to read the file. `known_skus` are the shop's codes in lower case, `places` its
    locations' names, `zone` and `today` its own; `remember` holds what was said of earlier files by
    their header's key. Raises `FileRefused`."""
    source, notes = _opened(source, options)
    header = find_header(source)
    calendar = Calendar(None, zone, today or datetime.now(UTC).date())
    key = header_key(lasting(header, calendar))
    options = options.with_those_of(remember.get(key, Options(counts={})).lasting(calendar.today))
    spread, calendar = find_spread(header, options, places, _as_said(calendar, options))
    names = names_for_roles(header, spread, options, places, calendar)
    columns = choose(names, header.sample, known_skus=known_skus, said=options.columns)
    columns = _settled(source, header, columns, spread, options)
    ask_what_is_open(names, header.sample, _of_one(columns, names), options)
    statuses = more_statuses(names, header.sample, columns, said=options.columns)
    notes += taken_for_packs(names, header.sample, _of_one(columns, names), options)
    notes += _notes_on(header, spread, statuses)
    draft = _laid_out(source, header, options, key=key, columns=columns, calendar=calendar)
    draft = replace(draft, more_statuses=statuses, spread=spread)
    units = next(iter(header.sample), ())
    return _decided(draft, _scan(draft, header.sample), notes or [_how_read(header)], units)


def _laid_out(
    source: Source,
    header: Header,
    options: Options,
    *,
    key: str,
    columns: Mapping[str, int],
    calendar: Calendar,
) -> Layout:
    """As it is before the values of its columns were looked at."""
    return Layout(
        source=source,
        dialect=header.dialect,
        header=header.cells,
        header_ends=header.ends,
        key=key,
        columns=columns,
        calendar=calendar,
        decimals=Decimals(options.decimal),
        options=options,
        states={**state_of(), **options.states},
        notes=(),
    )


def _notes_on(header: Header, spread: Spread | None, statuses: Sequence[int]) -> list[str]:
    said = [f'"{header.cells[place]}" is read as a status too.' for place in statuses]
    return [*(spread.notes if spread else ()), *said]


def _how_read(header: Header) -> str:
    return f"Read as {header.spoken}, separated by {DELIMITERS[header.dialect.delimiter]}."


def _opened(source: Source, options: Options) -> tuple[Source, list[str]]:
    """The lines of a file, or of the sheet of a workbook, with what is to be said of it."""
    if not is_workbook(source):
        return source, []
    sheet, note = open_sheet(source, sheet=options.sheet)
    return sheet, [note]


def _settled(
    source: Source,
    header: Header,
    columns: dict[str, int],
    spread: Spread | None,
    options: Options,
) -> dict[str, int]:
    if spread is not None:
        columns = settled(
            spread,
            header,
            columns,
            options,
            lambda: _under(source, header.dialect, header.ends),
        )
    _refuse_missing(header, columns, options)
    return columns


def _as_said(calendar: Calendar, options: Options) -> Calendar:
    week_day = WEEKDAYS[options.week_day] if options.week_day else None
    return replace(calendar, order=options.date_order, week_day=week_day)


def _of_one(columns: Mapping[str, int], header: Sequence[str]) -> dict[str, int]:
    """The roles that one column holds."""
    return {role: place for role, place in columns.items() if place < len(header)}


def _refuse_missing(header: Header, columns: Mapping[str, int], options: Options) -> None:
    for role, name in options.columns.items():
        if role not in IN_WORDS:
            raise FileRefused(f"There is nothing called {role!r} to set. Known: {', '.join(IN_WORDS)}.")
        if name and role not in columns:
            names = ", ".join(cell for cell in header.cells if cell)
            raise NeedsAnswer(
                f"There is no column {name!r}. The file's columns are: {names}.", columns=header.cells
            )
    has = {*columns, *(role for role, value in options.values.items() if value)}
    has |= {"quantity"} if "outstanding" in has else set()
    has |= {"sku"} if has & {*OTHER_CODES} else set()
    missing = [role for role in NEEDED if role not in has]
    if not missing:
        return
    needed = ", ".join(f"{IN_WORDS[role]} ({role})" for role in missing)
    names = ", ".join(text.printable(cell) for cell in header.cells if cell)[:200]
    sentence = (
        f"No column was found for: {needed}. The columns that were found in line {header.begins} are: "
        f"{names or 'none'}. Say which column it is, give one value for all lines, or add the column."
    )
    if columns or options.columns:
        used = {role: header.cells[place] for role, place in _of_one(columns, header.cells).items()}
        raise NeedsAnswer(sentence, columns=header.cells, used=used)
    raise FileRefused(sentence)


@dataclass(slots=True)
class _Scan:
    """What the whole file shows."""

    evidence: Evidence = field(default_factory=Evidence)
    orders: dict[str, tuple[int, str]] = field(default_factory=dict)
    hints: dict[str, tuple[int, str]] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    measures: Counter[str] = field(default_factory=Counter)
    seen: set[bytes] = field(default_factory=set)
    repeated: set[bytes] = field(default_factory=set)


def _scan(layout: Layout, sample: Sequence[Sequence[str]]) -> _Scan:
    scan = _Scan()
    columns = layout.columns
    amounts = {place for role, place in columns.items() if role in QUANTITIES}
    days = [place for role, place in columns.items() if role in DAYS]
    others = [place for place in range(len(layout.header)) if place not in {*columns.values()}]
    prices = [place for place in others if _is_mostly(sample, place, is_number)]
    more_days = [place for place in others if _is_mostly(sample, place, looks_like_day)]
    statuses = [columns["status"], *layout.more_statuses] if "status" in columns else []
    figures = [columns["row_figure"]] if "row_figure" in columns else []
    reference = ""
    for record in layout.rows():
        cells = record.cells
        scan.evidence.see(_at(cells, amounts), are_quantities=True)
        scan.evidence.see(_at(cells, prices), are_quantities=False)
        _see_order(scan.orders, record, days)
        _see_order(scan.hints, record, more_days)
        for counted, places in ((scan.states, statuses), (scan.measures, figures)):
            for cell in _at(cells, places):
                counted[cell.strip()] += 1
        reference = _note_repeated(scan, layout, cells, reference)
    for counted in (scan.states, scan.measures):
        del counted[""]
    return scan


def _at(cells: Sequence[str], places: Sequence[int] | set[int]) -> list[str]:
    return [cells[place] for place in places if place < len(cells)]


def _is_mostly(sample: Sequence[Sequence[str]], place: int, is_such: Callable[[str], bool]) -> bool:
    told = [row[place] for row in sample if place < len(row) and row[place].strip()]
    return bool(told) and sum(map(is_such, told)) >= _MOST * len(told)


def _note_repeated(scan: _Scan, layout: Layout, cells: Sequence[str], reference: str) -> str:
    """Remember which lines name the same goods; returns the reference that holds for what follows."""
    said, sku, location = line_words(cells, layout.columns)
    reference = said or reference
    if sku:
        key = line_key(reference, sku, location)
        (scan.repeated if key in scan.seen else scan.seen).add(key)
    return reference


def _see_order(seen: dict[str, tuple[int, str]], record: Record, places: Sequence[int]) -> None:
    for place in places:
        cell = record.cells[place] if place < len(record.cells) else ""
        for kind in _kinds_in(cell):
            seen.setdefault(kind, (record.line, cell.strip()))


# A file of many lines names few days.
@lru_cache(256)
def _kinds_in(cell: str) -> tuple[str, ...]:
    return tuple(
        _kind_of(*(int(each) for each in found.groups() if each)) for found in _SLASHED.finditer(cell)
    )


def _kind_of(first: int, second: int) -> str:
    """What a pair like 25/12 says of its order. 5/5 is the same day both ways, 13/13 is none."""
    if first == second or (first > _MONTHS and second > _MONTHS):
        return "nothing"
    return "dmy" if first > _MONTHS else "mdy" if second > _MONTHS else "either"


def _decided(draft: Layout, scan: _Scan, notes: list[str], units: Sequence[str]) -> Layout:
    order = draft.calendar.order
    if order is None:
        order, note = _order_of(scan.orders, scan.hints, draft, units)
        notes += [note] if note else []
    decimals = draft.decimals if draft.decimals.sign else scan.evidence.decimals()
    if decimals.are_zeros:
        notes.append(f"Every quantity ends in {decimals.sign}000: these zeros are read as decimals.")
    elif decimals.sign == ",":
        notes.append("Numbers are read with a decimal comma.")
    understood = {fold(word): state_named(word) for word in scan.states}
    states = {word: state for word, state in understood.items() if state} | dict(draft.states)
    # Of figures only a person knows which are expected: "Ordered" and "Open" hold the same goods.
    said = draft.options.states
    unknown = [word for word, _ in scan.measures.most_common() if fold(word) not in said]
    unknown += [word for word, _ in scan.states.most_common() if fold(word) not in states]
    return replace(
        draft,
        states=states,
        calendar=replace(draft.calendar, order=order),
        decimals=decimals,
        notes=tuple(notes),
        repeated=frozenset(scan.repeated),
        unknown_states=tuple(unknown[:_MOST_STATES]),
    )


def _order_of(
    seen: Mapping[str, tuple[int, str]],
    hints: Mapping[str, tuple[int, str]],
    draft: Layout,
    units: Sequence[str],
) -> tuple[str | None, str | None]:
    """Which of 3/4/2026's numbers is the day, if any date of the file tells, and the sentence that says
    so. Dates in columns that are not used tell where the others don't, then the names of columns, or
    the row of units under them ("DD/MM/YYYY"). Raises `FileRefused` where dates contradict each other,
    or none of them tells."""
    day_first, month_first, either = (seen.get(kind) for kind in ("dmy", "mdy", "either"))
    if day_first and month_first:
        raise NeedsAnswer(
            f"Line {day_first[0]} ({day_first[1]}) can only be day first, line {month_first[0]} "
            f"({month_first[1]}) only month first. Say which is meant (dmy or mdy), or write dates "
            "as 2026-12-31.",
            columns=draft.header,
            used=draft.used,
        )
    if either and not (day_first or month_first) and ("dmy" in hints) is not ("mdy" in hints):
        day_first, month_first = hints.get("dmy"), hints.get("mdy")
    if day_first:
        return "dmy", f"Dates are day first: line {day_first[0]} says {day_first[1]}."
    if month_first:
        return "mdy", f"Dates are month first: line {month_first[0]} says {month_first[1]}."
    if either and (named := order_named([*draft.header, *units])):
        return named, f"Dates are {_SPOKEN[named]}, as the names of columns say."
    if either:
        raise NeedsAnswer(
            f"Line {either[0]} ({either[1]}) may be day first or month first, and no date in the file "
            "tells. Say which is meant (dmy or mdy), or write dates as 2026-12-31.",
            columns=draft.header,
            used=draft.used,
        )
    return None, None


MEANINGS = tuple(STATES)
"""What a status may mean."""
