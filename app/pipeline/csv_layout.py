"""What kind of file a merchant's CSV is: its encoding, delimiter, columns and order of dates.

All of it is found out from the whole file before a line is used, and said. What the file does not
decide is asked for, not guessed.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

Source = Callable[[], BinaryIO]
"""Opens the file anew: it is gone through more than once, and never held whole."""

MOST_LINES = 200_000
LONGEST_LINE = 16_384

_CHUNK = 1 << 16
_MONTHS = 12
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"\x89PNG": "a picture",
}
_MARKS = {
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "reference": (
        "reference", "ref", "po", "po number", "po no", "purchase order", "purchase order number",
        "order number", "shipment", "transfer", "referenz", "bestellnummer", "commande",
    ),
    "sku": (
        "sku", "item", "item sku", "variant sku", "product code", "item code", "article",
        "artikelnummer",
    ),
    "quantity": (
        "quantity", "qty", "units", "ordered", "quantity ordered", "menge", "anzahl", "quantite",
    ),
    "expected_on": (
        "expected on", "expected", "expected date", "eta", "arrival", "arrival date", "arrives",
        "arrives on", "due", "due date", "delivery date", "liefertermin", "lieferdatum",
    ),
    "location": (
        "location", "warehouse", "destination", "ship to", "lager", "standort", "entrepot",
    ),
    "supplier": ("supplier", "vendor", "lieferant", "fournisseur"),
    "ordered_on": ("ordered on", "order date", "ordered date", "bestelldatum"),
    "received": ("received", "quantity received", "qty received", "received quantity", "erhalten"),
    "received_on": ("received on", "received date", "date received"),
}  # fmt: skip
"""Our columns, and what else they are called, in lower case without punctuation."""
NEEDED = ("reference", "sku", "quantity", "expected_on")
_OPTIONAL = tuple(name for name in COLUMNS if name not in NEEDED)
DATES = ("expected_on", "ordered_on", "received_on")

_SLASHED = re.compile(r"\s*(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})\b")


class FileRefused(Exception):
    """Nothing of the file can be used; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file. `columns` maps our names to places, `date_order` is dmy or mdy, or None where
    it makes no difference; `notes` say what was found out."""

    encoding: str
    delimiter: str
    skip: int
    columns: Mapping[str, int]
    date_order: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record, or what is wrong with it; `line` is where it begins."""

    line: int
    cells: list[str]
    problem: str | None = None


def examine(source: Source, *, date_order: str | None = None) -> Layout:
    """Find out how to read the file. Raises `FileRefused`."""
    encoding, spoken = _encoding(source)
    delimiter, skip, columns = _header(source, encoding)
    notes = [f"Read as {spoken}, separated by {_DELIMITERS[delimiter]}."]
    layout = Layout(encoding, delimiter, skip, columns, date_order, ())
    if date_order is None:
        date_order, evidence = _date_order(source, layout)
        notes += [evidence] if evidence else []
    return Layout(encoding, delimiter, skip, columns, date_order, tuple(notes))


def records(source: Source, layout: Layout) -> Iterator[Record]:
    """The records under the header, blank ones left out. Raises `FileRefused` where the file can't be
    read on."""
    with source() as stream, _text(stream, layout.encoding) as text:
        lines = _Lines(text)
        for _ in range(layout.skip):
            next(lines, "")
        reader = csv.reader(lines, delimiter=layout.delimiter)
        begins = lines.number + 1
        next(reader, None)
        while True:
            begins = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise FileRefused(
                    f"Line {begins} can't be read, nor what follows ({error}): is a quotation mark "
                    "never closed?"
                ) from error
            if lines.number > MOST_LINES:
                raise FileRefused(f"The file has more than {MOST_LINES:,} lines: split it.")
            if lines.was_too_long(begins):
                yield Record(begins, [], f"the line is longer than {LONGEST_LINE:,} characters")
            elif any(cell.strip() for cell in cells):
                yield Record(begins, cells)


class _Lines:
    """Lines of bounded length. One that is too long comes as an empty one, and is remembered."""

    def __init__(self, text: io.TextIOBase) -> None:
        self.number = 0
        self._text = text
        self._too_long = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) <= LONGEST_LINE or line.endswith("\n"):
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(LONGEST_LINE)
        self._too_long = self.number
        return "\n"

    def was_too_long(self, line: int) -> bool:
        return self._too_long >= line > 0


def _text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding=encoding, newline="")


def _encoding(source: Source) -> tuple[str, str]:
    """The codec, and its name with the evidence for it."""
    with source() as stream:
        head = stream.read(4096)
    if not head.strip():
        raise FileRefused("The file is empty.")
    for magic, kind in _NOT_TEXT.items():
        if head.startswith(magic):
            raise FileRefused(f"This is {kind}, not a CSV file: open it and save it as CSV.")
    for mark, found in _MARKS.items():
        if head.startswith(mark):
            codec, spoken = found
            return _prove(source, codec, spoken)
    if b"\x00" in head:
        codec = _utf16_without_mark(head)
        return _prove(source, codec, "UTF-16 (every other byte is zero)")
    wrong_at = _first_undecodable(source, "utf-8")
    if wrong_at is None:
        return "utf-8", "UTF-8"
    return _prove(source, "cp1252", f"Windows-1252 (line {wrong_at} is not UTF-8)")


def _utf16_without_mark(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.7 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.1 * half:
        return "utf-16-be"
    raise FileRefused("This is not a text file: it holds zero bytes. Save the table as CSV.")


def _prove(source: Source, codec: str, spoken: str) -> tuple[str, str]:
    wrong_at = _first_undecodable(source, codec)
    if wrong_at is not None:
        raise FileRefused(
            f"Line {wrong_at} is not {spoken.partition(' ')[0]} as the rest of the file seems to be: "
            "save the file as CSV UTF-8."
        )
    return codec, spoken


def _first_undecodable(source: Source, codec: str) -> int | None:
    """The first line that is not in this encoding, or holds a zero byte."""
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    with source() as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + bytes(error.object[: error.start]).count(b"\n")
            if "\x00" in text:
                where = line + text[: text.index("\x00")].count("\n")
                raise FileRefused(
                    f"Line {where} holds a zero byte: this is not a text file, or a damaged one."
                )
            line += text.count("\n")
            if not chunk:
                return None


def _header(source: Source, encoding: str) -> tuple[str, int, dict[str, int]]:
    """The delimiter by which the first line holds most of our columns. Excel may say it in a line of its
    own before that ("sep=;")."""
    with source() as stream, _text(stream, encoding) as text:
        first, skip = text.readline(LONGEST_LINE), 0
        if re.fullmatch(r"\"?sep=.\"?\s*", first, re.IGNORECASE):
            first, skip = text.readline(LONGEST_LINE), 1
    named = {delimiter: _columns(first, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(named, key=lambda each: len(named[each]))
    missing = [column for column in NEEDED if column not in named[delimiter]]
    if missing:
        raise FileRefused(
            f"The first line names no column {', '.join(missing)}. It must name "
            f"{', '.join(NEEDED)}, and may name {', '.join(_OPTIONAL)}, in any order. It is: "
            f"{_printable(first)[:120]!r}"
        )
    return delimiter, skip, named[delimiter]


def _columns(line: str, delimiter: str) -> dict[str, int]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return {}
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        name = _NAMES.get(_plain(cell))
        if name is not None:
            found.setdefault(name, place)
    return found


def _plain(cell: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", cell.casefold().replace(".", "")).split())


_NAMES = {alias: name for name, aliases in COLUMNS.items() for alias in aliases}


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _date_order(source: Source, layout: Layout) -> tuple[str | None, str | None]:
    """Which of 3/4/2026's numbers is the day, if any date of the file tells, and the sentence that says
    so. Raises `FileRefused` where dates contradict each other, or none of them tells."""
    seen: dict[str, tuple[int, str]] = {}
    places = [layout.columns[name] for name in DATES if name in layout.columns]
    for record in records(source, layout):
        for place in places:
            found = _SLASHED.match(record.cells[place]) if place < len(record.cells) else None
            if found is not None:
                first, second = int(found[1]), int(found[2])
                seen.setdefault(_evidence(first, second), (record.line, record.cells[place].strip()))
    day_first, month_first, either = (seen.get(kind) for kind in ("dmy", "mdy", "either"))
    if day_first and month_first:
        raise FileRefused(
            f"Line {day_first[0]} ({day_first[1]}) can only be day first, line {month_first[0]} "
            f"({month_first[1]}) only month first. Say which is meant (dmy or mdy), or write dates "
            "as 2026-12-31."
        )
    if day_first:
        return "dmy", f"Dates are day first: line {day_first[0]} says {day_first[1]}."
    if month_first:
        return "mdy", f"Dates are month first: line {month_first[0]} says {month_first[1]}."
    if either:
        raise FileRefused(
            f"Line {either[0]} ({either[1]}) may be day first or month first, and no date in the file "
            "tells. Say which is meant (dmy or mdy), or write dates as 2026-12-31."
        )
    return None, None


def _evidence(first: int, second: int) -> str:
    """What a pair like 25/12 says of its order. 5/5 is the same day both ways, 13/13 is none."""
    if first == second or (first > _MONTHS and second > _MONTHS):
        return "nothing"
    return "dmy" if first > _MONTHS else "mdy" if second > _MONTHS else "either"
