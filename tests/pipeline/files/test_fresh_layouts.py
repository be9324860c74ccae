"""Kinds of files that were once read otherwise than a person reads them, or asked about without need."""

from datetime import date

import pytest

from app.pipeline.files.days import Calendar, is_vague, read_day
from app.pipeline.files.options import Options, answered
from app.pipeline.files.text import FileRefused, NeedsAnswer
from tests.pipeline.files.test_other_layouts import BERLIN, TODAY, examined, gives

MUGS_ON_THE_15TH = "PO-1: 40 × MUG-BLUE, 2026-12-15"


@pytest.mark.parametrize("word", ["Unfulfilled", "Undelivered", "Incomplete", "Unreceived", "Awaiting"])
def test_a_status_that_denies_that_goods_came_is_open(word: str) -> None:
    line = f"PO-1,MUG-BLUE,40,2026-12-15,{word}"

    assert gives("PO,SKU,Qty,ETA,Status", line) == [MUGS_ON_THE_15TH]


def test_an_order_is_known_by_its_number_before_an_id_of_a_database() -> None:
    uuid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"

    by_id = gives(
        "Purchase Order ID,Purchase Order Number,SKU,Qty,ETA", "460001,PO-1,MUG-BLUE,40,2026-12-15"
    )
    by_uuid = gives(
        "pkPurchaseID,ExternalInvoiceNumber,SKU,Qty,ETA", f"{uuid},PO-1,MUG-BLUE,40,2026-12-15"
    )

    assert by_id == by_uuid == [MUGS_ON_THE_15TH]


def test_an_id_is_the_order_s_where_it_stands_above_its_lines_alone() -> None:
    header = "ID,Supplier,Item Code (Items),Quantity (Items),Required By,Required By (Items)"

    above = gives(header, "PO-1,Acme,MUG-BLUE,40,2026-12-20,2026-12-15", ",,TOWEL,3,,2026-12-20")

    assert above == [MUGS_ON_THE_15TH, "PO-1: 3 × TOWEL, 2026-12-20"]
    with pytest.raises(NeedsAnswer, match="purchase order number"):
        examined("ID,SKU,Qty,ETA", "1,MUG-BLUE,40,2026-12-15", "2,TOWEL,3,2026-12-15")


def test_labels_above_a_table_are_no_half_of_its_names() -> None:
    labeled = ("Our order no.:,SO-9911,,", "Pos,Customer Article No.,Qty,Confirmed Delivery")

    with pytest.raises(NeedsAnswer, match="purchase order number"):
        examined(*labeled, "1,MUG-BLUE,40,2026-12-15")


def test_what_is_still_expected_to_come_in_was_not_received_then() -> None:
    header = "Belegnr.;Nr.;Menge;Geplantes Wareneingangsdatum;Erwartetes Wareneingangsdatum;Lagerortcode"

    assert gives(header, "1;MUG-BLUE;40;14.12.2026;15.12.2026;BLAU") == [
        "1: 40 × MUG-BLUE, 2026-12-15, at BLAU"
    ]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("PO,SKU,Qty ordered,Qty here,Still coming,ETA", "PO-1,MUG-BLUE,40,15,25,2026-12-15"),
        ("PO;SKU;Qtd.;Qtd. satisfeita;Data prev. entrega", "PO-1;MUG-BLUE;40;15;15/12/2026"),
        ("PO,SKU,Qty,Rcv'd,Deliv Date", "PO-1,MUG-BLUE,40,15,12/15/2026"),
        ("PO,SKU,Ordered,Accepted,Rejected,Received,ETA", "PO-1,MUG-BLUE,40,15,0,15,2026-12-15"),
        ("PO,SKU,Qty expected,Qty received,ETA", "PO-1,MUG-BLUE,40,15,2026-12-15"),
    ],
)
def test_what_has_come_is_told_in_many_words(header: str, line: str) -> None:
    assert gives(header, line) == [f"{MUGS_ON_THE_15TH}, 15 received"]


def test_goods_that_have_arrived_are_not_expected() -> None:
    shipped, landed = "PO-1,MUG-BLUE,40,15-Dec-26,", "PO-2,TOWEL,5,15-Nov-26,16-Nov-26"

    assert gives("PO,SKU,Pcs,ETA,ATA", shipped, landed) == [
        MUGS_ON_THE_15TH, "PO-2: TOWEL is not incoming",
    ]  # fmt: skip


UNKNOWN = ("PO,SKU,Units Ordered,{},ETA", "PO-1,MUG-BLUE,40,15,2026-12-15")


@pytest.mark.parametrize("name", ["Units cleared", "Qty booked", "Qty shipped"])
def test_part_of_the_units_under_a_name_that_says_nothing_is_asked(name: str) -> None:
    with pytest.raises(NeedsAnswer, match=f'What does "{name}" hold') as asked:
        examined(UNKNOWN[0].format(name), UNKNOWN[1])

    given = [
        gives(UNKNOWN[0].format(name), UNKNOWN[1], options=answered(Options(), one.field, one.value))
        for one in asked.value.answers
    ]
    assert given == [
        [f"{MUGS_ON_THE_15TH}, 15 received"], ["PO-1: 15 × MUG-BLUE, 2026-12-15"], [MUGS_ON_THE_15TH],
    ]  # fmt: skip


def test_two_columns_that_add_up_to_the_quantity_are_asked_whatever_they_are_called() -> None:
    header = "PO,SKU,Qty,In shed,At sea,ETA"
    lines = ("PO-1,MUG-BLUE,40,15,25,2026-12-15", "PO-1,TOWEL,5,0,5,2026-12-15")

    with pytest.raises(NeedsAnswer, match='What does "In shed" hold'):
        examined(header, *lines)


@pytest.mark.parametrize(
    "name", ["Free qty", "MOQ", "Qty per layer", "Qty on hand", "Ctns", "Unit price"]
)
def test_a_column_that_has_nothing_to_do_with_what_comes_is_not_asked_about(name: str) -> None:
    assert gives(UNKNOWN[0].format(name), UNKNOWN[1]) == [MUGS_ON_THE_15TH]


def test_a_supplier_s_backorder_is_asked_in_its_short_form_too() -> None:
    with pytest.raises(NeedsAnswer, match='What does "Qty B/O" mean beside "Qty Shipped"'):
        examined(
            "Customer PO,Item,Qty Ordered,Qty Shipped,Qty B/O,ETA", "PO-1,MUG-BLUE,40,24,16,2026-12-15"
        )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *(("KW 51/26", "2026-12-18"), ("2026/51", "2026-12-18"), ("202651", "2026-12-18")),
        *(("EOM December", "2026-12-31"), ("12月下旬", "2026-12-31"), ("2027年1月中旬", "2027-01-20")),
    ],
)
def test_a_stretch_of_time_is_its_last_day_in_more_forms(text: str, day: str) -> None:
    assert read_day(text, Calendar(None, BERLIN, TODAY)) == date.fromisoformat(day)
    assert is_vague(text)


def test_a_day_without_its_year_is_the_next_one() -> None:
    assert gives("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40,15/12", "PO-2,TOWEL,3,5/1") == [
        MUGS_ON_THE_15TH, "PO-2: 3 × TOWEL, 2027-01-05",
    ]  # fmt: skip
    with pytest.raises(NeedsAnswer, match="day first or month first"):
        examined("PO,SKU,Qty,ETA", "PO-1,MUG-BLUE,40,5/12")


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        (("PO,SKU,Qty,ETA (MM/DD/YYYY)", "PO-1,MUG-BLUE,40,12/05/2026"), "2026-12-05"),
        (("PO,SKU,Qty,ETA [TT.MM.JJJJ]", "PO-1,MUG-BLUE,40,05/12/2026"), "2026-12-05"),
        (("PO,SKU,Qty,ETA", ",,(pcs),(dd/mm/yyyy)", "PO-1,MUG-BLUE,40,05/12/2026"), "2026-12-05"),
    ],
)
def test_names_of_columns_tell_which_number_is_the_day(lines: tuple[str, ...], day: str) -> None:
    assert gives(*lines) == [f"PO-1: 40 × MUG-BLUE, {day}"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<html><body><table><tr><td>PO</td><td>SKU</td></tr></table>", "a web page or XML"),
        ("\n  <!DOCTYPE html>", "a web page or XML"),
        ('[{"po": "PO-1", "sku": "MUG-BLUE", "qty": 40, "eta": "2026-12-15"}]', "This is JSON"),
    ],
)
def test_what_is_no_table_is_refused_by_its_name(content: str, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        examined(content)
