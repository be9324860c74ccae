"""The bytes of a text file become rows: its encoding is found out from the whole file, and said."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

Source = Callable[[], BinaryIO]
"""Opens the file anew: it is gone through more than once, and never held whole."""

MOST_LINES = 200_000
LONGEST_LINE = 16_384

_CHUNK = 1 << 16
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_NOT_TEXT = {
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"\x89PNG": "a picture",
}
# How a text begins that is no table of cells, and what to do.
_OTHER_TEXT = {
    re.compile(r"<[a-zA-Z!?]"): "This is a web page or XML, whatever its name says: open it in a "
    "spreadsheet and save it as CSV or XLSX.",
    re.compile(r"\[?\{\s*[\"}]"): "This is JSON: send it to the API, or save the table as CSV.",
}
_MARKS = {
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}

_CODE_PAGES = {
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp932": "Windows-31J",
    "mac_roman": "Mac Roman",
}


class FileRefused(Exception):
    """Nothing of the file can be used; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers that a question may have. `field` is what it sets (see `options.answered`):
    a role's column or what it counts ("column.received", "counts.outstanding"), "date_order",
    "first_day"; `label` says the same to a person."""

    field: str
    value: str
    label: str


class NeedsAnswer(FileRefused):
    """The file can be used once a person says how; the text says what to say. `columns` are those that
    it has, `used` the name of the one that was found for each role, `sheets` those of a workbook where
    one must be chosen; `answers` are those that are likely."""

    def __init__(
        self,
        text: str,
        *,
        columns: Sequence[str] = (),
        used: Mapping[str, str] = MappingProxyType({}),
        sheets: Sequence[str] = (),
        answers: Sequence[Answer] = (),
    ) -> None:
        super().__init__(text)
        self.columns = tuple(columns)
        self.used = used
        self.sheets = tuple(sheets)
        self.answers = tuple(answers)

    @property
    def counts(self) -> bool:
        """Whether it is asked what columns count."""
        return any(one.field.startswith("counts.") for one in self.answers)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file's bytes become rows; `errors` is "replace" while the encoding is being found out."""

    encoding: str
    delimiter: str
    errors: str = "strict"


class Record(NamedTuple):
    """The cells of one record, or what is wrong with it; `line` is where it begins."""

    line: int
    cells: list[str]
    problem: str | None = None


def records(source: Source, dialect: Dialect) -> Iterator[Record]:
    """The rows of the file from its first line, blank ones left out. Raises `FileRefused` where the file
    can't be read on."""
    with source() as stream, _text(stream, dialect) as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=dialect.delimiter)
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
            elif any(map(str.strip, cells)):
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


def _text(stream: BinaryIO, dialect: Dialect) -> io.TextIOWrapper:
    """Universal newlines: old Mac programs end lines with a carriage return alone."""
    return io.TextIOWrapper(stream, encoding=dialect.encoding, errors=dialect.errors, newline=None)


def encodings(source: Source) -> list[tuple[str, str]]:
    """The codecs that the bytes allow, with their names and the evidence for them; where there are
    several the columns that each makes readable decide."""
    with source() as stream:
        head = stream.read(4096)
    if not head.strip():
        raise FileRefused("The file is empty.")
    for magic, kind in _NOT_TEXT.items():
        if head.startswith(magic):
            raise FileRefused(f"This is {kind}, not a table: save the table as CSV or XLSX.")
    begins = re.sub(r"\s+", " ", head[:200].decode("utf-8-sig", "replace").replace("\x00", "")).lstrip(
        "\ufffd "
    )
    for other, advice in _OTHER_TEXT.items():
        if other.match(begins):
            raise FileRefused(advice)
    for mark, (codec, spoken) in _MARKS.items():
        if head.startswith(mark):
            prove(source, codec, spoken)
            return [(codec, spoken)]
    if b"\x00" in head:
        codec, spoken = _utf16_without_mark(head), "UTF-16 (every other byte is zero)"
        prove(source, codec, spoken)
        return [(codec, spoken)]
    wrong_at = _first_undecodable(source, "utf-8")
    if wrong_at is None:
        return [("utf-8", "UTF-8")]
    return [(codec, f"{name} (line {wrong_at} is not UTF-8)") for codec, name in _CODE_PAGES.items()]


def _utf16_without_mark(head: bytes) -> str:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.7 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.1 * half:
        return "utf-16-be"
    raise FileRefused("This is not a text file: it holds zero bytes. Save the table as CSV.")


def prove(source: Source, codec: str, spoken: str) -> None:
    """Raises `FileRefused` with the first line that is not in this encoding."""
    wrong_at = _first_undecodable(source, codec)
    if wrong_at is not None:
        raise FileRefused(
            f"Line {wrong_at} is not {spoken.partition(' ')[0]} as the rest of the file seems to be: "
            "save the file as CSV UTF-8."
        )


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


def named_delimiter(source: Source, encoding: str) -> str | None:
    """The delimiter that Excel may name in a first line of its own ("sep=;")."""
    with source() as stream, _text(stream, Dialect(encoding, ",", "replace")) as text:
        found = re.fullmatch(r"\"?sep=(.)\"?\s*", text.readline(LONGEST_LINE), re.IGNORECASE)
    return found[1] if found and found[1] in DELIMITERS else None


def printable(text: str) -> str:
    """What can be shown of a text."""
    return "".join(character for character in text if character.isprintable())
