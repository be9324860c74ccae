"""Spreadsheets become text: one sheet of an Excel or OpenDocument workbook, row by row, as CSV."""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

import python_calamine

from app.pipeline.files.columns import NEEDED, count_named
from app.pipeline.files.text import MOST_LINES, FileRefused, NeedsAnswer, Source

_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# What a workbook of a million cells takes unpacked; a small file that unpacks to more is no list of
# purchase orders.
LARGEST_UNPACKED = 256 * 1024 * 1024
_HEADER_WITHIN = 50


def is_workbook(source: Source) -> bool:
    """Whether the file begins as workbooks do."""
    with source() as stream:
        return stream.read(4) in _STARTS


def open_sheet(source: Source, *, sheet: str | None) -> tuple[Source, str]:
    """One sheet as the source of a CSV file, and the sentence that says which. Where several hold a
    table it must be said which one. Raises `FileRefused`."""
    with source() as stream:
        content = stream.read()
    _refuse_oversized(content)
    try:
        workbook = python_calamine.load_workbook(io.BytesIO(content))
        name = _chosen(workbook, sheet)
        spooled = _as_csv(workbook.get_sheet_by_name(name).iter_rows())
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise FileRefused(
            f"The workbook can't be read ({error}): save it again as XLSX or CSV, without a password."
        ) from error
    return spooled, f'Read from the sheet "{name}".'


def _refuse_oversized(content: bytes) -> None:
    if not content.startswith(_STARTS[0]):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(each.file_size for each in archive.infolist())
    except zipfile.BadZipFile as error:
        raise FileRefused("The workbook is damaged: save it again as XLSX or CSV.") from error
    if size > LARGEST_UNPACKED:
        raise FileRefused("The workbook is too large: save the sheet with the purchase orders as CSV.")


def _chosen(workbook: python_calamine.CalamineWorkbook, sheet: str | None) -> str:
    """The sheet asked for, else the only one that holds a table of ours."""
    names = [
        each.name
        for each in workbook.sheets_metadata
        if each.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    if sheet is not None:
        found = [name for name in names if name.casefold() == sheet.casefold()]
        if not found:
            raise FileRefused(f"There is no sheet {sheet!r}. Choose one of: {', '.join(names)}.")
        return found[0]
    holding = [name for name in names if _holds_table(workbook, name)]
    if len(holding) > 1:
        raise NeedsAnswer(
            f"The workbook has several sheets with purchase orders: {', '.join(holding)}. Say which "
            "sheet to import.",
            sheets=holding,
        )
    if not holding and not names:
        raise FileRefused("The workbook has no sheet with cells.")
    return (holding or names)[0]


def _holds_table(workbook: python_calamine.CalamineWorkbook, name: str) -> bool:
    best = 0
    for number, row in enumerate(workbook.get_sheet_by_name(name).iter_rows()):
        if number >= _HEADER_WITHIN:
            break
        best = max(best, count_named([_text_of(cell) for cell in row])[0])
    return best >= len(NEEDED) - 1


def _as_csv(rows: Iterator[Sequence[object]]) -> Source:
    """Every row is one line, so that a line of the text is a row of the sheet. The text is smaller than
    the workbook was unpacked, and bounded with it."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    for number, row in enumerate(rows, 1):
        if number > MOST_LINES:
            raise FileRefused(f"The sheet has more than {MOST_LINES:,} rows: split it.")
        writer.writerow([" ".join(_text_of(cell).split()) for cell in row])
    content = written.getvalue().encode()
    return lambda: io.BytesIO(content)


def _text_of(cell: object) -> str:
    """A cell as a person would type it."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, timedelta | time) or cell is None:
        return ""
    return str(cell)
