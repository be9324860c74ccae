"""The lines of a file of purchase orders, as arrivals or as what is wrong with them.

A file is more than its lines: a number may stand on the first line of its order only, rows may add up
others, and a state may say that nothing comes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from app.core.bounds import MOST_UNITS
from app.pipeline.arrivals import LONGEST_TEXT, Bad, Wording
from app.pipeline.files.amounts import AMOUNTS, IN_PACKS, Amounts, in_single_units, in_units
from app.pipeline.files.columns import OTHER_CODES
from app.pipeline.files.days import UnreadableDay, is_no_day, is_vague, looks_like_day, read_day
from app.pipeline.files.fold import clean_code, fold
from app.pipeline.files.layout import Layout
from app.pipeline.files.line_keys import line_key, line_words
from app.pipeline.files.merging import merge
from app.pipeline.files.numbers import BelowZero, UnreadableNumber, is_none, is_number, read_quantity
from app.pipeline.files.rows import begins_a_total, is_comment, is_total_word, section_state
from app.pipeline.files.spread import NO_UNITS
from app.pipeline.files.tally import Tally
from app.pipeline.files.text import Record, printable
from app.pipeline.files.vocabulary import IN_WORDS, NO, NO_PURCHASES, PACKS, PIECES, YES

_OF_THE_ORDER = ("supplier", "expected_on", "location", "ordered_on", "status")
_LINE_BREAKS = frozenset({"location", "supplier", "status"})
_UNSURE = "another line of the same order and SKU takes units back: write what still comes on one line"
_UNTOLD: dict[str, int | None] = dict.fromkeys(AMOUNTS)
_GRAVEST = ("cancelled", "draft", "closed", "open")  # of several states of a line
_ERROR = re.compile(r"#(?:[^\W\d_]|[/¡])[^\W_]*(?:/[0A])?[!?]|#N/[AV]|#NV|#+")
_OF_UNITS = re.compile(r"[(\[].*[)\]]")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")


class _Unusable(Exception):
    """A line that can't be used; the text says why."""


class _TakesBack(_Unusable):
    """A line that takes units back, of another line that names the same goods if there is one."""


def read_lines(layout: Layout, tally: Tally) -> Iterator[Wording | Bad]:
    """Each order line of the file as an arrival, or why it is none. Lines that name the same goods
    come last: those of one day as a sum, those of several as so many deliveries."""
    reader = _Reader(layout, tally)
    held: dict[bytes, list[Wording]] = defaultdict(list)
    for record in layout.rows():
        line = reader.read(record)
        if isinstance(line, Wording) and reader.key in layout.repeated:
            held[reader.key].append(line)
        elif line is not None:
            yield line
    for key, group in held.items():
        if key in reader.taken_back:
            yield from (Bad(line.line, _UNSURE, line.reference) for line in group)
            continue
        merged = merge(group)
        tally.summed += len(group) - len(merged)
        yield from merged


class _Reader:
    """Reads records one by one, with what those before them said of the same order."""

    def __init__(self, layout: Layout, tally: Tally) -> None:
        self.key = b""
        self.taken_back: set[bytes] = set()
        self._carried = ""
        self._layout = layout
        statuses = [(f"status {place}", place) for place in layout.more_statuses]
        self._places = [*layout.columns.items(), *statuses]
        said = {role: text for role, text in layout.options.values.items() if text}
        self._said_of_all = {"reference": "", **said}
        told = dict.fromkeys((*said, *(role for role, _ in self._places)))
        self._amounts_told = [role for role in AMOUNTS if role in told]
        self._statuses = [role for role in told if role.startswith("status")]
        self._tally = tally
        self._order: Mapping[str, str] = {}
        used = {role: name for role, name in layout.used.items() if role in AMOUNTS}
        self._quantity_words = {word for name in used.values() for word in fold(name).split()}
        self._in_single_units = in_single_units(used, layout.options.counts or {})
        self._width = sum(bool(cell) for cell in layout.header)
        self._sums: Counter[str] = Counter()
        self._section = ""

    def read(self, record: Record) -> Wording | Bad | None:
        """The record's line; None for what is none."""
        if record.problem is not None:
            return Bad(record.line, record.problem)
        said, sku, location = line_words(record.cells, self._layout.columns)
        self._carried = said or self._carried
        self.key = line_key(self._carried, sku, location)
        cells = self._cells(record)
        if self._is_no_line(record, cells):
            return None
        cells = self._with_the_order(cells)
        if self._section:
            reason = f"it stands under {self._section[:40]!r}: remove what does not come"
            return Bad(record.line, reason, _one_line(cells["reference"])[:LONGEST_TEXT])
        try:
            self._refuse_broken(record, cells)
            line = self._line(record.line, cells)
        except _Unusable as problem:
            if isinstance(problem, _TakesBack):
                self.taken_back.add(self.key)
            return Bad(record.line, str(problem), _one_line(cells["reference"])[:LONGEST_TEXT])
        self._sums[line.reference] += line.quantity
        self._tally.empty += self._layout.spread is not None and cells["quantity"] == NO_UNITS
        return line

    def _cells(self, record: Record) -> dict[str, str]:
        cells, width = record.cells, len(record.cells)
        return {role: cells[place].strip() if place < width else "" for role, place in self._places}

    def _is_no_line(self, record: Record, cells: Mapping[str, str]) -> bool:
        """Whether the record adds up others, names the columns anew, heads an order or comments."""
        if self._names_columns(record.cells):
            return True
        item = _item(cells)
        if item and not is_total_word(item):
            return False
        told = [cell.strip() for cell in record.cells if cell.strip()]
        if self._is_total(told, cells):
            self._tally.totals += 1
            return True
        if all(map(_OF_UNITS.fullmatch, told)):  # "(pcs)", "(kg)" under the names
            return True
        if len(told) == 1 and (state := section_state(told[0])):
            self._section = "" if state == "open" else told[0]
        heads = self._heads_an_order(told, cells)
        if heads:
            self._order = cells
        if heads or len(told) == 1:
            self._tally.comments += 1
        return heads or len(told) == 1

    def _names_columns(self, cells: Sequence[str]) -> bool:
        header = self._layout.header
        return len(cells) == len(header) and all(
            " ".join(cell.split()) == name for cell, name in zip(cells, header, strict=True)
        )

    def _is_total(self, told: Sequence[str], cells: Mapping[str, str]) -> bool:
        has_number = any(is_number(cell) for cell in told)
        if has_number and (is_total_word(_item(cells)) or any(map(begins_a_total, told))):
            return True
        has_words = any(character.isalpha() for cell in told for character in cell)
        is_bare = not _item(cells) and not cells.get("reference") and not has_words
        return (is_bare and has_number) or self._adds_up(cells)

    def _adds_up(self, cells: Mapping[str, str]) -> bool:
        """A number without a SKU that is the sum of the order's lines so far."""
        reference = _one_line(cells.get("reference", ""))
        if _item(cells) or not self._sums.get(reference):
            return False
        try:
            return (
                read_quantity(cells.get("quantity", ""), self._layout.decimals) == self._sums[reference]
            )
        except UnreadableNumber:
            return False

    def _heads_an_order(self, told: Sequence[str], cells: Mapping[str, str]) -> bool:
        """A row that names an order without a line of it: what it says holds for the rows under it."""
        if not cells.get("reference") or cells.get("quantity") or cells.get("outstanding"):
            return False
        return len(told) > 1 or not is_comment(told[0])

    def _with_the_order(self, cells: dict[str, str]) -> dict[str, str]:
        """A line without an order's number belongs to the order above it, and shares what that says."""
        of_all = self._said_of_all
        if cells.get("reference"):
            self._order = cells
        elif self._order.get("reference") and not of_all["reference"]:
            cells = {role: self._shared(role, cell) for role, cell in cells.items()}
        return {**of_all, **{role: cell or of_all.get(role, "") for role, cell in cells.items()}}

    def _shared(self, role: str, cell: str) -> str:
        return cell or (self._order.get(role, "") if role in ("reference", *_OF_THE_ORDER) else "")

    def _refuse_broken(self, record: Record, cells: Mapping[str, str]) -> None:
        """A quotation mark that is never closed takes the lines after it into its cell."""
        if "\n" not in "".join(record.cells):
            return
        delimiter = self._layout.dialect.delimiter
        for cell in record.cells:
            lines = cell.splitlines()[1:]
            if any(line.count(delimiter) >= max(1, self._width - 1) for line in lines):
                raise _Unusable("a cell holds other lines: is a quotation mark never closed?")
        if any("\n" in cell for role, cell in cells.items() if role not in _LINE_BREAKS):
            raise _Unusable("a cell holds a line break: is a quotation mark never closed?")

    def _line(self, number: int, cells: Mapping[str, str]) -> Wording:
        options = self._layout.options
        self._refuse_other_kinds(cells)
        state = self._state(cells)
        amounts = self._amounts(cells)
        item = clean_code(_needed("sku", _item(cells)))
        meant = options.skus.get(item.lower())
        location = _one_line(cells.get("location", ""))[:LONGEST_TEXT]
        received_on = self._optional_day(cells, "received_on")
        if received_on is not None and self._tells_no_amounts_received():
            amounts = Amounts(amounts.ordered, amounts.ordered, is_over=True)
        is_withdrawn = state in ("cancelled", "draft")
        is_over = state == "closed" or amounts.is_over
        return Wording(
            line=number,
            reference=_needed("reference", cells["reference"]),
            sku=meant or clean_code(cells.get("sku", "")),
            quantity=0 if is_withdrawn else amounts.ordered,
            expected_on=self._expected(cells, must_be_read=not (is_over or is_withdrawn)),
            location=options.places.get(location.casefold(), location),
            supplier=_text("supplier", cells.get("supplier", "")),
            ordered_on=self._optional_day(cells, "ordered_on"),
            received=amounts.received,
            received_on=received_on,
            is_over=is_over,
            barcode="" if meant else clean_code(cells.get("barcode", "")),
            supplier_sku="" if meant else clean_code(cells.get("supplier_sku", "")),
        )

    def _refuse_other_kinds(self, cells: Mapping[str, str]) -> None:
        """A line that is no purchase, or is counted in packs of unknown size."""
        kind, unit = cells.get("kind", ""), cells.get("unit", "")
        if kind and set(fold(kind).split()) & NO_PURCHASES:
            raise _Unusable(
                f"the line is a {kind[:40]!r}, and only purchases are expected: remove such lines, or "
                f"set {self._name_of('kind')} as not used"
            )
        if unit and set(fold(unit).split()) & PACKS and not cells.get("pack_size"):
            raise _Unusable(
                f"the quantity is counted in {unit[:40]!r}: write single units, say how many are in one "
                f"(pack_size), or set {self._name_of('unit')} as not used if you sell it so"
            )

    def _tells_no_amounts_received(self) -> bool:
        """Whether the day on which goods were received alone tells that they were."""
        return not {"received", "outstanding", "accepted", "status"} & self._layout.columns.keys()

    def _name_of(self, role: str) -> str:
        return self._layout.header[self._layout.columns[role]]

    def _state(self, cells: Mapping[str, str]) -> str:
        if _is_marked(cells.get("is_cancelled", "")):
            return "cancelled"
        if _is_marked(cells.get("is_closed", "")):
            return "closed"
        words = [word for role in self._statuses if (word := cells.get(role))]
        states = {word: self._layout.states.get(fold(word)) for word in words}
        if measure := cells.get("row_figure"):
            words.append(measure)
            states[measure] = self._layout.options.states.get(fold(measure))
        for word, state in states.items():
            if state is None:
                what = IN_WORDS["row_figure"] if word == measure else "status"
                raise _Unusable(
                    f"the {what} {word[:40]!r} is not known: say whether it means open, draft, "
                    "canceled or closed"
                )
        return next((state for state in _GRAVEST if state in states.values()), "open")

    def _expected(self, cells: Mapping[str, str], *, must_be_read: bool) -> date | None:
        text = cells.get("expected_on", "") or cells.get("expected_before", "")
        try:
            day = read_day(text, self._layout.calendar)
        except UnreadableDay as problem:
            if not must_be_read:
                return None
            raise _Unusable(f"the {IN_WORDS['expected_on']} {problem}") from problem
        if day is not None and is_vague(text):
            self._tally.vague[text] += 1
            self._tally.vague_days[text] = day
        return day

    def _optional_day(self, cells: Mapping[str, str], role: str) -> date | None:
        text = cells.get(role, "")
        if is_no_day(text):
            return None
        try:
            return read_day(text, self._layout.calendar)
        except UnreadableDay:
            self._tally.left_out[role] += 1
            return None

    def _amounts(self, cells: Mapping[str, str]) -> Amounts:
        said = _UNTOLD | {role: self._number(cells, role) for role in self._amounts_told}
        if said["quantity"] is None and said["outstanding"] is None and said["accepted"] is None:
            raise _Unusable(f"no {IN_WORDS['quantity']}")
        size = self._pack(cells) if cells.get("pack_size") else 1
        in_packs = {
            role: number * size
            for role, number in said.items()
            if number is not None and role not in self._in_single_units
        }
        return in_units(said | in_packs)

    def _pack(self, cells: Mapping[str, str]) -> int:
        size, unit = self._number(cells, "pack_size") or 1, set(fold(cells.get("unit", "")).split())
        if size == 1 or unit & PIECES:
            return 1
        if (
            "pack_size" in {**self._layout.options.columns, **self._layout.options.values}
            or (unit | self._quantity_words) & PACKS
            or IN_PACKS in (self._layout.options.counts or {}).values()
        ):
            return size
        name = self._layout.header[self._layout.columns["pack_size"]]
        raise _Unusable(
            f"{name} is {size}: say whether the quantities count packs of {size} (set the column as the "
            "pack size) or single units (set it as not used)"
        )

    def _number(self, cells: Mapping[str, str], role: str) -> int | None:
        text = cells.get(role, "")
        if is_none(text):
            return None
        try:
            number = read_quantity(text, self._layout.decimals)
        except UnreadableNumber as problem:
            kind = _TakesBack if isinstance(problem, BelowZero) else _Unusable
            raise kind(f"the {IN_WORDS[role]} {problem}") from problem
        if number > MOST_UNITS:
            raise _Unusable(f"the {IN_WORDS[role]} {number:,} is more than {MOST_UNITS:,}")
        return number


def _needed(role: str, text: str) -> str:
    """As `_text`; a line without one can't be used."""
    if found := _text(role, text):
        return found
    without = ": without one a second import would count it twice" if role == "reference" else ""
    raise _Unusable(f"no {IN_WORDS[role]}{without}")


# The lines of an order follow each other, and a file names few suppliers. No more are kept: a cell may
# be long.
@lru_cache(256)
def _text(role: str, text: str) -> str:
    text = _one_line(text)
    if text[:1] == "#" and _ERROR.fullmatch(text):
        raise _Unusable(f"the {IN_WORDS[role]} is an error of the spreadsheet ({text[:20]})")
    if role != "supplier" and "+" in text and _SHORTENED.fullmatch(text):
        raise _Unusable(
            f"the {IN_WORDS[role]} {text} was shortened by the spreadsheet: format the column as text, "
            "and enter it again"
        )
    if len(text) > LONGEST_TEXT:
        raise _Unusable(f"the {IN_WORDS[role]} is longer than {LONGEST_TEXT} characters")
    return text


def _item(cells: Mapping[str, str]) -> str:
    """By which code a line names its item."""
    return cells.get("sku") or next((cells[role] for role in OTHER_CODES if cells.get(role)), "")


def _is_marked(text: str) -> bool:
    """Whether a mark is set, or the day on which it was."""
    if not text or text.casefold() in NO:
        return False
    return text.casefold() in YES or looks_like_day(text)


@lru_cache(256)
def _one_line(text: str) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(printable(text.replace("\n", " ")).split())
