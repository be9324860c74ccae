"""Files of purchase orders: every bad line named, good ones taken once, what is left out cancelled."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from app.core.model import Arrival
from app.db import arrivals
from app.pipeline.arrivals import Bad
from app.pipeline.csv_import import read_date
from tests.builders import ITEM, LOCATION, NOW, day
from tests.pipeline.purchase_orders import THERE, Buyer, a_buyer, see_item

LINE = "PO-1,MUG-BLUE,40,2026-12-05,Location 41"


@pytest.fixture
def buyer(clean_pg: sa.Engine) -> Buyer:
    """Whoever keeps the purchase orders of a shop in which somebody waits for mugs."""
    return a_buyer(clean_pg)


def expected(buyer: Buyer, item_id: int = ITEM) -> dict[int, list[tuple[int, date]]]:
    """Units and days that promises may stand on, by location."""
    with buyer.sessions.begin() as session:
        found = arrivals.expected_arrivals(session, buyer.shop_id, item_id)
    return {at: [(each.quantity, each.expected_on) for each in coming] for at, coming in found.items()}


def test_a_line_becomes_an_arrival_that_promises_stand_on(buyer: Buyer) -> None:
    report = buyer.send(
        "PO-1,mug-blue,40,2026-12-05,41,Potters,2026-11-01",
        columns="reference,sku,quantity,expected_on,location,supplier,ordered_on",
    )

    (row,) = buyer.arrivals()
    assert (report.new, report.bad, report.waiting) == (1, 0, 0)
    assert (row.item_id, row.location_id, row.quantity, row.received) == (ITEM, LOCATION, 40, 0)
    assert (row.expected_on, row.first_expected_on) == (day("2026-12-05"), day("2026-12-05"))
    assert (row.reference, row.supplier, row.ordered_on) == ("PO-1", "Potters", day("2026-11-01"))
    assert (row.state, row.source) == ("expected", "csv")
    assert expected(buyer) == {LOCATION: [(40, day("2026-12-05"))]}
    assert (buyer.item().look_at, buyer.item().cause) == (NOW, "file po.csv")


def test_a_rehearsal_reports_the_same_and_changes_nothing(buyer: Buyer) -> None:
    buyer.send(LINE, "PO-2,MUG-BLUE,5,2026-12-06,41")
    later = (
        "PO-1,MUG-BLUE,30,2026-12-05,41",
        "PO-2,MUG-BLUE,5,2026-12-06,42",
        "PO-3,X,1,2026-12-05,41",
        "bad",
    )
    before = [(row.id, row.quantity, row.state) for row in buyer.arrivals()]

    rehearsed = buyer.send(*later, is_rehearsal=True)

    assert [(row.id, row.quantity, row.state) for row in buyer.arrivals()] == before
    done = buyer.send(*later)
    assert (done.new, done.changed, done.unchanged, done.waiting, done.bad) == (2, 1, 0, 1, 1)
    assert rehearsed == done


def test_the_same_file_again_changes_nothing(buyer: Buyer) -> None:
    buyer.send(LINE)
    told = buyer.events()

    report = buyer.send(LINE)

    assert (report.new, report.changed, report.unchanged, report.changes) == (0, 0, 1, 0)
    assert buyer.events() == told
    assert len(buyer.arrivals()) == 1


def test_what_a_later_file_says_changes_the_arrival_and_the_audit_says_how(buyer: Buyer) -> None:
    buyer.send(LINE)

    buyer.send("PO-1,MUG-BLUE,25,2026-12-20,Location 41")

    (row,) = buyer.arrivals()
    assert (row.quantity, row.expected_on, row.first_expected_on) == (
        25, day("2026-12-20"), day("2026-12-05"),
    )  # fmt: skip
    assert ("arrival changed", "40 on 2026-12-05 (PO-1)", "25 on 2026-12-20 (PO-1)", "file po.csv") in (
        buyer.events()
    )


def test_a_line_moved_elsewhere_or_split_is_not_expected_twice(buyer: Buyer) -> None:
    buyer.send(LINE, "PO-2,MUG-BLUE,7,2026-12-07,41")

    moved = buyer.send("PO-1,MUG-BLUE,30,2026-12-05,Location 42", "PO-1/2,MUG-BLUE,10,2026-12-12,41")

    assert (moved.new, moved.cancelled) == (2, 1)
    assert expected(buyer) == {
        LOCATION: [(7, day("2026-12-07")), (10, day("2026-12-12"))],
        THERE: [(30, day("2026-12-05"))],
    }


def test_nothing_of_a_reference_is_cancelled_while_a_line_of_it_is_bad(buyer: Buyer) -> None:
    buyer.send(LINE, "PO-1,MUG-BLUE,3,2026-12-05,42")

    report = buyer.send(LINE, "PO-1,MUG-BLUE,three,2026-12-05,42")

    assert (report.bad, report.cancelled) == (1, 0)
    assert expected(buyer).keys() == {LOCATION, THERE}


def test_nothing_is_cancelled_while_a_line_names_no_reference(buyer: Buyer) -> None:
    """It may be a line of any."""
    buyer.send(LINE, "PO-1,MUG-BLUE,3,2026-12-05,42")

    report = buyer.send(LINE, ",MUG-BLUE,3,2026-12-05,42")

    assert (report.bad, report.cancelled) == (1, 0)


def test_a_quantity_of_nothing_cancels(buyer: Buyer) -> None:
    buyer.send(LINE)

    report = buyer.send("PO-1,MUG-BLUE,0,2026-12-05,41", "PO-9,MUG-BLUE,0,2026-12-05,41")

    (row,) = buyer.arrivals()
    assert (report.changed, report.unchanged) == (1, 1)
    assert (row.state, row.quantity) == ("cancelled", 40)
    assert expected(buyer) == {}


RECEIVED = "reference,sku,quantity,expected_on,location,received,received_on"


@pytest.mark.parametrize(
    ("received", "state", "left"), [("15", "expected", 25), ("40", "received", 0), ("44", "received", 0)]
)
def test_what_has_landed_is_kept_to_learn_from_and_expected_no_more(
    buyer: Buyer, received: str, state: str, left: int
) -> None:
    buyer.send(LINE)

    buyer.send(f"PO-1,MUG-BLUE,40,2026-12-05,41,{received},2026-12-08", columns=RECEIVED)

    (row,) = buyer.arrivals()
    assert (row.state, row.received) == (state, int(received))
    assert row.received_at == datetime(2026, 12, 8, 12, tzinfo=UTC)
    assert sum(units for units, _ in expected(buyer).get(LOCATION, [])) == left


def test_a_file_silent_about_what_landed_does_not_undo_what_a_person_booked_in(buyer: Buyer) -> None:
    buyer.send(LINE)
    with buyer.sessions.begin() as session:
        row = arrivals.find_arrival(session, buyer.shop_id, buyer.arrivals()[0].id)
        assert row is not None
        arrivals.change_arrival(session, row, received=30, is_over=True, now=NOW)

    assert buyer.send(LINE).unchanged == 1

    assert buyer.send("PO-1,MUG-BLUE,50,2026-12-05,41").changed == 1
    assert expected(buyer) == {LOCATION: [(20, day("2026-12-05"))]}


def test_an_item_no_order_has_named_yet_finds_its_arrival_later(buyer: Buyer) -> None:
    report = buyer.send("PO-1,Towel,6,2026-12-05,41")

    assert (report.new, report.waiting) == (1, 1)
    see_item(buyer, 77, "TOWEL")
    assert expected(buyer, 77) == {LOCATION: [(6, day("2026-12-05"))]}
    assert buyer.send("PO-1,Towel,6,2026-12-05,41").new == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",MUG-BLUE,1,2026-12-05,41", "no reference: without one a second import would count it twice"),
        ("PO-1,,1,2026-12-05,41", "no sku"),
        ("PO-1,MUG-BLUE,,2026-12-05,41", "no quantity"),
        ("PO-1,MUG-BLUE,-3,2026-12-05,41", "the quantity -3 is below zero"),
        ("PO-1,MUG-BLUE,1.5,2026-12-05,41", "the quantity 1.5 is not a whole number"),
        ("PO-1,MUG-BLUE,1.200,2026-12-05,41", "the quantity 1.200 may mean 1200 or a fraction: write it "
         "without a separator"),
        ("PO-1,MUG-BLUE,ten,2026-12-05,41", "the quantity 'ten' is not a number"),
        ("PO-1,MUG-BLUE,99999999999,2026-12-05,41", "the quantity 99,999,999,999 is more than "
         "1,000,000,000"),
        ("PO-1,MUG-BLUE,1,,41", "no expected_on"),
        ("PO-1,MUG-BLUE,1,soon,41", "expected_on 'soon' is not a date: write it as 2026-12-31"),
        ("PO-1,MUG-BLUE,1,31.11.2026,41", "expected_on '31.11.2026' is not a date: write it as "
         "2026-12-31"),
        ("PO-1,MUG-BLUE,1,1926-12-05,41", "expected_on '1926-12-05' is the day 1926-12-05, which can't "
         "be meant"),
        ("PO-1,MUG-BLUE,1,2026-12-05,Mars", "there is no location Mars; the shop's are: Location 41, "
         "Location 42"),
        ("PO-1,MUG-BLUE,1,2026-12-05,", "no location; the shop's are: Location 41, Location 42"),
        (f"PO-1,{'x' * 201},1,2026-12-05,41", "the sku is longer than 200 characters"),
        ('PO-1,"MUG\nBLUE",1,2026-12-05,41', "a cell holds a line break: is a quotation mark never "
         "closed?"),
        ("PO-1", "no sku"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_with_its_number_and_reason(buyer: Buyer, line: str, reason: str) -> None:
    report = buyer.send(line, "PO-7,MUG-BLUE,1,2026-12-05,41")

    assert [(bad.line, bad.reason) for bad in buyer.bad] == [(2, reason)]
    assert (report.bad, report.new) == (1, 1)


def test_a_key_told_twice_in_one_file_is_taken_once(buyer: Buyer) -> None:
    report = buyer.send(LINE, "po-1,mug-blue,10,2026-12-20,41")

    reason = "line 2 has the same reference, SKU and location; give each delivery a reference of its own"
    assert buyer.bad == [Bad(3, reason, "po-1")]
    assert (report.new, report.bad) == (1, 1)
    assert expected(buyer) == {LOCATION: [(40, day("2026-12-05"))]}


def test_a_code_that_two_items_share_is_refused(buyer: Buyer) -> None:
    see_item(buyer, 77, "mug-blue")

    buyer.send(LINE)

    assert [bad.reason for bad in buyer.bad] == [
        "2 items have the SKU MUG-BLUE: give each its own on the platform"
    ]


def test_nobody_is_looked_at_where_nobody_waits(clean_pg: sa.Engine) -> None:
    buyer = a_buyer(clean_pg, has_queue=False)

    buyer.send(LINE)

    assert buyer.item().look_at is None
    assert [kind for kind, *_ in buyer.events()] == ["arrivals imported"]


def test_a_typed_order_of_the_same_reference_counts_beyond_the_file_s_alone(buyer: Buyer) -> None:
    with buyer.sessions.begin() as session:
        typed = arrivals.add_arrival(
            session, buyer.item(), location_id=LOCATION, quantity=50, expected_on=day("2026-12-24"),
            reference="po-1", now=NOW,
        )  # fmt: skip

    buyer.send(LINE)

    assert expected(buyer) == {LOCATION: [(40, day("2026-12-05")), (10, day("2026-12-24"))]}
    with buyer.sessions.begin() as session:
        found = arrivals.expected_arrivals(session, buyer.shop_id, ITEM)[LOCATION]
        assert found[1] == Arrival(typed.id, 10, day("2026-12-24"))


def test_an_import_of_many_portions_is_one(buyer: Buyer) -> None:
    lines = [f"PO-{number},MUG-BLUE,1,2026-12-05,41" for number in range(2500)]

    report = buyer.send(*lines, lines[0])

    assert (report.new, report.bad, buyer.bad[0].line) == (2500, 1, 2502)
    assert (buyer.send(*lines[1:]).unchanged, buyer.send(*lines).unchanged) == (2499, 2500)


@pytest.mark.parametrize(
    ("text", "order", "on"),
    [
        ("2026-12-05", None, "2026-12-05"),
        ("2026-12-05T08:00:00Z", None, "2026-12-05"),
        ("2026/12/5", None, "2026-12-05"),
        ("20261205", None, "2026-12-05"),
        ("05.12.2026", "mdy", "2026-12-05"),
        ("5.12.26", None, "2026-12-05"),
        ("3/4/2026", "dmy", "2026-04-03"),
        ("3/4/2026", "mdy", "2026-03-04"),
        ("3/4/26 0:00", "mdy", "2026-03-04"),
        ("5/5/2026", None, "2026-05-05"),
        ("46361", None, "2026-12-05"),
        ("46361.5", None, "2026-12-05"),
        ("5-Dec-26", None, "2026-12-05"),
        ("5 December 2026", None, "2026-12-05"),
        ("Dec 5, 2026", None, "2026-12-05"),
        ("5. Dez", None, None),
        ("2026", None, None),
    ],
)
def test_dates_as_people_and_excel_write_them(text: str, order: str | None, on: str | None) -> None:
    assert read_date(text, order) == (None if on is None else day(on))
