"""Workbooks: the sheet that holds purchase orders, read as a person sees it."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime

import openpyxl
import pytest

from app.pipeline.arrivals import Wording
from app.pipeline.files import workbook
from app.pipeline.files.layout import Layout, examine
from app.pipeline.files.lines import Tally, read_lines
from app.pipeline.files.options import Options
from app.pipeline.files.text import FileRefused, NeedsAnswer
from tests.builders import day

HEADER = ("PO number", "SKU", "Qty", "Expected date")
LINE = ("PO-1", "MUG-BLUE", 40, date(2026, 12, 5))


def book(**sheets: Sequence[Sequence[object]]) -> bytes:
    """An XLSX file of these sheets."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def read(content: bytes, *, sheet: str | None = None) -> tuple[Layout, list[Wording]]:
    """How a workbook is read, and its lines."""
    layout = examine(lambda: io.BytesIO(content), options=Options(sheet=sheet))
    lines = [line for line in read_lines(layout, Tally()) if isinstance(line, Wording)]
    return layout, lines


def test_dates_and_numbers_are_what_excel_shows() -> None:
    midnight = datetime(2026, 12, 5)  # noqa: DTZ001 -- Excel knows no time zone
    rows = (HEADER, ("PO-1", "00123", 40.0, midnight), ("PO-1", 456, 1200, 46361))

    _, lines = read(book(Orders=rows))

    assert [(line.sku, line.quantity, line.expected_on) for line in lines] == [
        ("00123", 40, day("2026-12-05")), ("456", 1200, day("2026-12-05")),
    ]  # fmt: skip


def test_titles_above_the_table_and_rows_of_their_own_keep_their_row_numbers() -> None:
    rows = (("Open orders",), (), HEADER, LINE, ("PO-2", "MUG-BLUE", 1, "Dec 9, 2026"))

    layout, lines = read(book(Orders=rows))

    assert layout.notes == ('Read from the sheet "Orders".',)
    assert [line.line for line in lines] == [4, 5]


def test_the_only_sheet_with_purchase_orders_is_read() -> None:
    layout, lines = read(book(Notes=(("hello",),), Orders=(HEADER, LINE), Totals=((1, 2),)))

    assert layout.notes[0] == 'Read from the sheet "Orders".'
    assert len(lines) == 1


def test_of_several_sheets_with_purchase_orders_one_is_asked_for() -> None:
    content = book(January=(HEADER, LINE), February=(HEADER, ("PO-9", *LINE[1:])))

    with pytest.raises(NeedsAnswer) as asked:
        read(content)

    assert asked.value.sheets == ("January", "February")
    assert [line.reference for line in read(content, sheet="february")[1]] == ["PO-9"]
    with pytest.raises(FileRefused, match="There is no sheet 'March'"):
        read(content, sheet="March")


def test_a_workbook_that_unpacks_to_more_than_any_list_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 1000)

    with pytest.raises(FileRefused, match="too large"):
        read(book(Orders=(HEADER, LINE)))


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("hello.txt", "hello")

    with pytest.raises(FileRefused, match="can't be read"):
        read(content.getvalue())
