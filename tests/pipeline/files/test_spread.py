"""Tables with a column for each week, day, month or location: what a person would say that they say."""

import io
from datetime import date

import openpyxl
import pytest

from app.pipeline.files.lines import read_lines
from app.pipeline.files.options import Options
from app.pipeline.files.tally import Tally
from tests.pipeline.files.reading import examined, question, says, table


@pytest.mark.parametrize(
    ("first", "second", "days"),
    [
        ("2026-W49", "2026-W50", ("2026-12-04", "2026-12-11")),
        ("Wk 49", "Wk 1", ("2026-12-04", "2027-01-08")),
        ("KW49", "KW50", ("2026-12-04", "2026-12-11")),
        ("Lieferung KW 49", "Lieferung KW 50", ("2026-12-04", "2026-12-11")),
        ("W49 qty", "W50 qty", ("2026-12-04", "2026-12-11")),
        ("CW49", "CW50", ("2026-12-04", "2026-12-11")),
        ("Semaine 49", "Semaine 50", ("2026-12-04", "2026-12-11")),
        ("第49週", "第50週", ("2026-12-04", "2026-12-11")),
        ("49/2026", "50/2026", ("2026-12-04", "2026-12-11")),
        ("Week 49 (Nov 30)", "Week 50 (Dec 7)", ("2026-12-04", "2026-12-11")),
        ("Week of Dec 7", "Week of Dec 14", ("2026-12-11", "2026-12-18")),
        ("w/e 4 Dec", "w/e 11 Dec", ("2026-12-04", "2026-12-11")),
        ("Dec 7", "Jan 4", ("2026-12-07", "2027-01-04")),
        ("Mon 7 Dec", "Mon 14 Dec", ("2026-12-07", "2026-12-14")),
        ("07-Dec", "14-Dec", ("2026-12-07", "2026-12-14")),
        ("7.12.", "14.12.", ("2026-12-07", "2026-12-14")),
        ("07.12", "14.12", ("2026-12-07", "2026-12-14")),
        ("2026-12-07", "2026-12-14", ("2026-12-07", "2026-12-14")),
        ("2026-12-07 00:00:00", "2026-12-14 00:00:00", ("2026-12-07", "2026-12-14")),
        ("46363", "46370", ("2026-12-07", "2026-12-14")),
        ("07/12", "14/12", ("2026-12-07", "2026-12-14")),
        ("12/07", "12/14", ("2026-12-07", "2026-12-14")),
        ("07/12/2026", "14/12/2026", ("2026-12-07", "2026-12-14")),
        # 5 and 12 December are a week apart, May 12 and December 12 are not.
        ("05/12", "12/12", ("2026-12-05", "2026-12-12")),
        ("Dec 2026", "Jan 2027", ("2026-12-31", "2027-01-31")),
        ("Dec-26", "Jan-27", ("2026-12-31", "2027-01-31")),
        ("December", "January", ("2026-12-31", "2027-01-31")),
        ("Dezember", "Januar", ("2026-12-31", "2027-01-31")),
        ("2026-12", "2027-01", ("2026-12-31", "2027-01-31")),
    ],
)
def test_each_quantity_is_a_delivery_on_the_day_of_its_column(
    first: str, second: str, days: tuple[str, str]
) -> None:
    assert says(table(first, second)) == [
        f"PO-1 40 MUG-BLUE {days[0]}",
        f"PO-1 12 MUG-BLUE {days[1]}",
    ]


@pytest.mark.parametrize(
    ("first", "second", "days"),
    [
        ("W49", "W50", ("2026-11-30", "2026-12-07")),
        ("Week of Dec 7", "Week of Dec 14", ("2026-12-07", "2026-12-14")),
        ("2026-W49-5", "2026-W50-5", ("2026-12-04", "2026-12-11")),
        # Whether a Sunday begins a week or ends it nothing tells: the later Monday.
        ("2026-12-06", "2026-12-13", ("2026-12-07", "2026-12-14")),
        ("w/e 2026-12-06", "w/e 2026-12-13", ("2026-11-30", "2026-12-07")),
        ("Dec 2026", "Jan 2027", ("2026-12-31", "2027-01-31")),
    ],
)
def test_the_day_of_a_week_can_be_changed(first: str, second: str, days: tuple[str, str]) -> None:
    assert says(table(first, second), Options(week_day="monday")) == [
        f"PO-1 40 MUG-BLUE {days[0]}",
        f"PO-1 12 MUG-BLUE {days[1]}",
    ]


def test_the_day_of_a_week_holds_for_dates_in_cells_too() -> None:
    listed = "PO,SKU,Qty,ETA\nPO-1,MUG-BLUE,40,2026-W49\n"

    assert says(listed) == ["PO-1 40 MUG-BLUE 2026-12-04"]
    assert says(listed, Options(week_day="monday")) == ["PO-1 40 MUG-BLUE 2026-11-30"]


def test_the_rehearsal_says_how_the_columns_were_understood() -> None:
    layout = examined("PO,SKU,W49,W50,Total\nPO-1,MUG-BLUE,40,12,52\n")

    assert '"W49" to "W50" hold quantities by date, 2026-12-04 to 2026-12-11.' in layout.notes
    assert "A week means its Friday: choose another day if goods come on it (week day)." in layout.notes
    assert layout.used["quantity"] == layout.used["expected_on"] == '"W49" to "W50"'
    assert layout.unused == ["Total"]


@pytest.mark.parametrize("name", ["Total", "Qty", "Total qty", "Gesamtmenge", "Sum"])
def test_a_column_that_adds_up_the_others_is_no_delivery(name: str) -> None:
    content = f"PO,SKU,W49,W50,{name}\nPO-1,MUG-BLUE,40,12,52\nPO-1,TOWEL,,3,3\n"

    assert says(content) == [
        "PO-1 40 MUG-BLUE 2026-12-04",
        "PO-1 12 MUG-BLUE 2026-12-11",
        "PO-1 3 TOWEL 2026-12-11",
    ]


def test_a_quantity_that_is_not_the_sum_of_the_columns_is_asked_about() -> None:
    content = "PO,SKU,Qty,W49,W50\nPO-1,MUG-BLUE,100,40,12\n"

    assert 'Is the quantity in "Qty" or in "W49" to "W50"?' in question(content)
    assert says(content, Options(columns={"quantity": ""})) == [
        "PO-1 40 MUG-BLUE 2026-12-04",
        "PO-1 12 MUG-BLUE 2026-12-11",
    ]


def test_a_date_beside_columns_of_weeks_is_asked_about() -> None:
    content = "PO,SKU,Qty,Expected date,W49,W50\nPO-1,MUG-BLUE,52,2026-12-09,40,12\n"

    assert 'Is the expected date in "Expected date" or in "W49" to "W50"?' in question(content)
    listed = Options(columns={"expected_on": "Expected date", "quantity": "Qty"})
    assert says(content, listed) == ["PO-1 52 MUG-BLUE 2026-12-09"]
    assert len(says(content, Options(columns={"expected_on": ""}))) == 2


def test_what_was_received_of_a_line_belongs_to_no_week() -> None:
    content = "PO,SKU,Received,W49,W50\nPO-1,MUG-BLUE,10,40,12\n"

    assert '"Received"' in question(content)
    assert len(says(content, Options(columns={"received": ""}))) == 2
    assert len(says(content.replace(",10,", ",0,"))) == 2


def test_what_has_no_week_yet_comes_on_no_day() -> None:
    content = "PO,SKU,W49,W50,TBD\nPO-1,MUG-BLUE,40,,5\n"

    assert says(content) == ["PO-1 40 MUG-BLUE 2026-12-04", "PO-1 5 MUG-BLUE None"]


def test_days_that_may_be_in_either_order_are_asked_about() -> None:
    content = table("07/12", "08/12")

    assert "day first or month first" in question(content)
    assert says(content, Options(date_order="dmy"))[1] == "PO-1 12 MUG-BLUE 2026-12-08"
    # Another date of the file tells.
    told = "PO,SKU,Order date,07/12,08/12\nPO-1,MUG-BLUE,25/11/2026,40,12\n"
    assert says(told)[1] == "PO-1 12 MUG-BLUE 2026-12-08"


def test_totals_comments_and_lines_without_a_number_of_their_own_are_read_as_in_lists() -> None:
    content = (
        "Open orders by week\n\nPO,SKU,Unit price,W49,W50,Total\n"
        "PO-1,MUG-BLUE,4.50,40,12,52\n,TOWEL,2.00,-,3,3\n,Subtotal,,40,15,55\n"
        "PO-2,TOWEL,2.00,1,0,1\nGrand total,,,41,15,56\nPrinted on demand\n"
    )
    layout, tally = examined(content), Tally()

    assert says(content) == [
        "PO-1 40 MUG-BLUE 2026-12-04",
        "PO-1 12 MUG-BLUE 2026-12-11",
        "PO-1 3 TOWEL 2026-12-11",
        "PO-2 1 TOWEL 2026-12-04",
    ]
    list(read_lines(layout, tally))
    assert (tally.totals, tally.comments) == (2, 1)


def test_a_quantity_that_is_no_number_is_told_by_its_line() -> None:
    content = "PO,SKU,W49,W50\nPO-1,MUG-BLUE,40,some\nPO-1,TOWEL,1,2\n"

    assert "line 2: the quantity ordered 'some' is not a number" in says(content)


def test_a_workbooks_days_are_columns_too() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["PO", "SKU", date(2026, 12, 7), date(2026, 12, 14)])
    sheet.append(["PO-1", "MUG-BLUE", 40, 12])
    content = io.BytesIO()
    book.save(content)

    assert says(content.getvalue()) == ["PO-1 40 MUG-BLUE 2026-12-07", "PO-1 12 MUG-BLUE 2026-12-14"]


def test_what_was_said_of_a_table_of_weeks_holds_next_week() -> None:
    assert examined(table("W49", "W50")).key == examined(table("W50", "W51", "W52")).key
    assert examined(table("W49", "W50")).key != examined("PO,SKU,Color,W50\nPO-1,MUG-BLUE,x,1\n").key


def test_columns_of_sizes_are_no_weeks() -> None:
    assert "No column was found for" in question("PO,SKU,38,39\nPO-1,MUG-BLUE,40,12\n")


@pytest.mark.parametrize("names", [("Berlin", "Hamburg Store"), ("Qty  BERLIN", "hamburg store units")])
def test_each_quantity_goes_to_the_location_of_its_column(names: tuple[str, str]) -> None:
    content = f"PO,SKU,ETA,{names[0]},{names[1]},Total\nPO-1,MUG-BLUE,2026-12-05,40,12,52\n"

    assert says(content) == [
        "PO-1 40 MUG-BLUE 2026-12-05 Berlin",
        "PO-1 12 MUG-BLUE 2026-12-05 Hamburg Store",
    ]
    assert (
        f'"{names[0].replace("  ", " ")}" to "{names[1]}" hold quantities by location.'
        in examined(content).notes
    )


def test_a_column_of_numbers_that_may_be_a_location_is_named() -> None:
    content = "PO,SKU,ETA,Berlin,Hamburg Store,Munich\nPO-1,MUG-BLUE,2026-12-05,40,12,7\n"
    known = Options(places={"munich": "Berlin"})

    assert len(says(content)) == 2
    assert any('"Munich" holds numbers' in note for note in examined(content).notes)
    assert "PO-1 47 MUG-BLUE 2026-12-05 Berlin" in says(content, known)


def test_one_location_in_a_column_beside_a_quantity_is_asked_about() -> None:
    """It may be what is on hand there."""
    content = "PO,SKU,ETA,Qty,Berlin,Hamburg Store\nPO-1,MUG-BLUE,2026-12-05,40,12,7\n"

    assert 'Is the quantity in "Qty" or in "Berlin" to "Hamburg Store"?' in question(content)
    assert says(content, Options(columns={"quantity": "Qty"})) == ["PO-1 40 MUG-BLUE 2026-12-05"]
