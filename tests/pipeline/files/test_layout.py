"""What kind of file it is, found out and said; what the file does not decide is not guessed."""

import io

import pytest

from app.pipeline.files.layout import Layout, examine
from app.pipeline.files.options import Options
from app.pipeline.files.text import LONGEST_LINE, FileRefused, Record

HEADER = "reference,sku,quantity,expected_on"


def examined(content: bytes | str, *, date_order: str | None = None) -> Layout:
    """The layout of a file with that content."""
    raw = content if isinstance(content, bytes) else content.encode()
    return examine(lambda: io.BytesIO(raw), options=Options(date_order=date_order))


def refusal(content: bytes | str) -> str:
    """Why the file is refused."""
    with pytest.raises(FileRefused) as caught:
        examined(content)
    return str(caught.value)


def read(content: str) -> list[Record]:
    """The file's records."""
    return list(examined(content).rows())


TABLE = f"{HEADER},supplier\nPO-1,MUG,5,2026-12-05,Müller\n"


@pytest.mark.parametrize(
    ("content", "spoken"),
    [
        (TABLE.encode(), "UTF-8"),
        (b"\xef\xbb\xbf" + TABLE.encode(), "UTF-8"),
        (TABLE.encode("utf-16"), "UTF-16"),
        (TABLE.encode("utf-16-le"), "UTF-16 (every other byte is zero)"),
        (TABLE.encode("utf-16-be"), "UTF-16 (every other byte is zero)"),
        (TABLE.encode("cp1252"), "Windows-1252 (line 2 is not UTF-8)"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "utf-16-le", "utf-16-be", "cp1252"],
)
def test_the_encoding_is_found_out_and_said(content: bytes, spoken: str) -> None:
    layout = examined(content)

    assert layout.notes == (f"Read as {spoken}, separated by commas.",)
    (record,) = layout.rows()
    assert record.cells[layout.columns["supplier"]] == "Müller"


@pytest.mark.parametrize(("delimiter", "spoken"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_the_delimiter_is_the_one_that_parts_the_names(delimiter: str, spoken: str) -> None:
    content = TABLE.replace(",", delimiter)

    assert examined(content).notes == (f"Read as UTF-8, separated by {spoken}.",)


def test_excel_may_name_the_delimiter_in_a_line_of_its_own() -> None:
    content = 'sep=;\nreference;sku;quantity;expected_on\n"PO;1";MUG;5;2026-12-05\n'

    assert read(content) == [Record(3, ["PO;1", "MUG", "5", "2026-12-05"])]


def test_columns_stand_in_any_order_under_their_common_names() -> None:
    layout = examined("Warehouse,Qty.,ETA,Vendor,P.O. Number,Item SKU,Colour\n")

    assert layout.columns == {
        "location": 0, "quantity": 1, "expected_on": 2, "supplier": 3, "reference": 4, "sku": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04 and so on", "The workbook is damaged"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"reference,sku\x00\x00\x00", "zero bytes"),
        (f"{HEADER}\n{'x' * 5000}\nPO-1\0,MUG,5,2026-12-05\n".encode(), "Line 3 holds a zero byte"),
        (b"hello world\n", "No column was found for: purchase order number"),
        (b"reference,sku,expected_on\n", "No column was found for: quantity ordered"),
        (f"{HEADER}\nPO-1,M\x81G\n".encode("latin-1"), "Line 2 is not Windows-1252"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_such_file_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    assert reason in refusal(content)


def dated(*dates: str) -> str:
    """A file with these dates."""
    return f"{HEADER}\n" + "".join(f"PO-{number},MUG,5,{day}\n" for number, day in enumerate(dates))


@pytest.mark.parametrize(
    ("dates", "order", "note"),
    [
        (["3/4/2026", "25/12/2026"], "dmy", "Dates are day first: line 3 says 25/12/2026."),
        (["3/4/2026", "12/25/2026"], "mdy", "Dates are month first: line 3 says 12/25/2026."),
    ],
)
def test_one_date_decides_for_the_whole_file(dates: list[str], order: str, note: str) -> None:
    layout = examined(dated(*dates))

    assert (layout.calendar.order, layout.notes[1:]) == (order, (note,))


@pytest.mark.parametrize(
    "dates", [["2026-12-05"], ["05.12.2026"], ["5/5/2026"], ["46361"], ["13/13/2026"]]
)
def test_dates_that_read_one_way_only_need_no_order(dates: list[str]) -> None:
    assert examined(dated(*dates)).calendar.order is None


def test_dates_that_nothing_decides_are_refused_unless_somebody_does() -> None:
    content = dated("3/4/2026", "5/5/2026")

    assert "Line 2 (3/4/2026) may be day first or month first" in refusal(content)
    assert examined(content, date_order="mdy").calendar.order == "mdy"


def test_dates_that_contradict_each_other_are_refused() -> None:
    reason = refusal(dated("25/12/2026", "12/25/2026"))

    assert "Line 2 (25/12/2026) can only be day first, line 3 (12/25/2026) only month first" in reason


def test_a_record_is_named_by_the_line_where_it_begins() -> None:
    content = (
        f'{HEADER}\n\nPO-1,MUG,5,2026-12-05\n"PO\n2",MUG,5,2026-12-05\n,,,\nPO-3,MUG,5,2026-12-05\n'
    )

    assert [record.line for record in read(content)] == [3, 4, 7]


def test_a_line_too_long_is_bad_and_the_next_one_is_read() -> None:
    content = f"{HEADER}\nPO-1,{'x' * 3 * LONGEST_LINE},5,2026-12-05\nPO-2,MUG,5,2026-12-05\n"

    too_long, good = read(content)

    assert (too_long.line, too_long.problem) == (2, "the line is longer than 16,384 characters")
    assert (good.line, good.cells[0], good.problem) == (3, "PO-2", None)


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_file() -> None:
    content = f'{HEADER}\n"PO-1,MUG,5,2026-12-05\n' + "PO-2,MUG,5,2026-12-05\n" * 10_000

    assert "Line 2 can't be read" in refusal(content)
