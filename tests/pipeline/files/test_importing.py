"""Files of purchase orders: every line that can't be used is named, valid ones are taken once, and what
a later file leaves out is closed."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from app.core.model import Arrival
from app.db import arrivals
from app.pipeline.arrivals import Bad
from app.pipeline.files.options import Options, options_in_words
from app.pipeline.files.text import NeedsAnswer
from tests.builders import ITEM, LOCATION, NOW, day
from tests.pipeline.purchase_orders import THERE, Buyer, a_buyer, see_item, stock_rises

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
    assert (buyer.item().stock_due_at, buyer.item().cause) == (NOW, "file po.csv")


def test_a_rehearsal_reports_the_same_and_changes_nothing(buyer: Buyer) -> None:
    buyer.send(LINE, "PO-2,MUG-BLUE,5,2026-12-06,41")
    later = (
        "PO-1,MUG-BLUE,30,2026-12-05,41",
        "PO-2,MUG-BLUE,5,2026-12-06,42",
        "PO-3,X,1,2026-12-05,41",
        "PO-4,MUG-BLUE,few,2026-12-05,41",
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

    report = buyer.send(",MUG-BLUE,3,2026-12-05,42", LINE)

    assert (report.bad, report.cancelled) == (1, 0)
    assert "nothing that is missing from the file is canceled" in " ".join(report.notes)


def test_a_quantity_of_nothing_cancels(buyer: Buyer) -> None:
    buyer.send(LINE)

    report = buyer.send("PO-1,MUG-BLUE,0,2026-12-05,41", "PO-9,MUG-BLUE,0,2026-12-05,41")

    (row,) = buyer.arrivals()
    assert (report.changed, report.not_coming) == (1, 1)
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
        (",MUG-BLUE,1,2026-12-05,41", "no purchase order number: without one a second import would "
         "count it twice"),
        ("PO-1,,1,2026-12-05,41", "no SKU"),
        ("PO-1,MUG-BLUE,,2026-12-05,41", "no quantity ordered"),
        ("PO-1,MUG-BLUE,-3,2026-12-05,41", "the quantity ordered -3 is below zero"),
        ("PO-1,MUG-BLUE,1.5,2026-12-05,41", "the quantity ordered 1.5 is not a whole number"),
        ("PO-1,MUG-BLUE,1.200,2026-12-05,41", "the quantity ordered 1.200 may mean 1,200 or 1.200, and "
         "nothing in the file tells: say which sign parts off decimals, or write it without one"),
        ("PO-1,MUG-BLUE,ten,2026-12-05,41", "the quantity ordered 'ten' is not a number"),
        ("PO-1,MUG-BLUE,3 cartons,2026-12-05,41", "the quantity ordered '3 cartons' is counted in "
         "'cartons': write how many single units that is"),
        ("PO-1,MUG-BLUE,99999999999,2026-12-05,41", "the quantity ordered 99,999,999,999 is more than "
         "1,000,000,000"),
        ("PO-1,MUG-BLUE,1,whenever,41", "the expected date 'whenever' is not a date: write it as "
         "2026-12-31"),
        ("PO-1,MUG-BLUE,1,31.11.2026,41", "the expected date '31.11.2026' is not a date: write it as "
         "2026-12-31"),
        ("PO-1,MUG-BLUE,1,2126-12-05,41", "the expected date '2126-12-05' is the day 2126-12-05, which "
         "can't be meant"),
        ("PO-1,MUG-BLUE,1,2026-12-05,Mars", "there is no location Mars; the shop's are: Location 41, "
         "Location 42"),
        ("PO-1,MUG-BLUE,1,2026-12-05,", "no location; the shop's are: Location 41, Location 42"),
        (f"PO-1,{'x' * 201},1,2026-12-05,41", "the SKU is longer than 200 characters"),
        ('PO-1,"MUG\nBLUE",1,2026-12-05,41', "a cell holds a line break: is a quotation mark never "
         "closed?"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_with_its_number_and_reason(buyer: Buyer, line: str, reason: str) -> None:
    report = buyer.send(line, "PO-7,MUG-BLUE,1,2026-12-05,41")

    assert [(bad.line, bad.reason) for bad in buyer.bad] == [(2, reason)]
    assert (report.bad, report.new) == (1, 1)


def test_a_line_told_twice_under_two_names_of_its_place_is_taken_once(buyer: Buyer) -> None:
    report = buyer.send(LINE, "po-1,mug-blue,10,2026-12-20,41")

    reason = "line 2 has the same reference, SKU and location; give each delivery a reference of its own"
    assert buyer.bad == [Bad(3, reason, "po-1")]
    assert (report.new, report.bad) == (1, 1)
    assert expected(buyer) == {LOCATION: [(40, day("2026-12-05"))]}


def test_one_sku_twice_with_one_date_is_a_sum_and_that_is_said(buyer: Buyer) -> None:
    report = buyer.send(LINE, "po-1,mug-blue,10,2026-12-05,location 41")

    assert expected(buyer) == {LOCATION: [(50, day("2026-12-05"))]}
    assert "1 row added to others of the same order, SKU, and date." in report.notes


def test_one_sku_twice_with_two_dates_is_two_deliveries_that_are_known_again(buyer: Buyer) -> None:
    two = (LINE, "PO-1,MUG-BLUE,60,2027-01-15,Location 41")
    buyer.send(*two)

    again = buyer.send(*reversed(two))

    assert (again.unchanged, again.changes) == (2, 0)
    assert expected(buyer) == {LOCATION: [(40, day("2026-12-05")), (60, day("2027-01-15"))]}


def test_a_delivery_that_is_no_longer_split_is_canceled(buyer: Buyer) -> None:
    buyer.send(LINE, "PO-1,MUG-BLUE,60,2027-01-15,Location 41")

    report = buyer.send("PO-1,MUG-BLUE,100,2027-01-15,Location 41")

    assert (report.changed, report.cancelled) == (1, 1)
    assert expected(buyer) == {LOCATION: [(100, day("2027-01-15"))]}


@pytest.mark.parametrize(
    "word",
    [
        *("TBD", "", "9999-12-31", "0000-00-00", "à confirmer", "NaT", "nan"),
        *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-11:00"),
        *("19000101", "17530101", "00010101", "18991230", "2958465", "2958465.99999"),
    ],
)
def test_a_date_that_is_no_longer_known_is_promised_no_more(buyer: Buyer, word: str) -> None:
    buyer.send(LINE)

    report = buyer.send(f"PO-1,MUG-BLUE,40,{word},Location 41")

    (row,) = buyer.arrivals()
    assert (report.changed, report.bad, row.state) == (1, 0, "undated")
    assert expected(buyer) == {}
    assert ("arrival changed", "40 on 2026-12-05 (PO-1)", "40 without a date (PO-1)", "file po.csv") in (
        buyer.events()
    )


def test_a_date_that_becomes_known_is_promised(buyer: Buyer) -> None:
    buyer.send("PO-1,MUG-BLUE,40,TBD,Location 41")

    buyer.send(LINE)

    (row,) = buyer.arrivals()
    assert (row.state, row.first_expected_on) == ("expected", day("2026-12-05"))
    assert expected(buyer) == {LOCATION: [(40, day("2026-12-05"))]}


STATED = "reference,sku,quantity,expected_on,location,status"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Cancelled", "cancelled"),
        ("Draft", "cancelled"),
        ("Closed", "received"),
        ("Partially received", "expected"),
        ("storniert", "cancelled"),
        ("Annulée", "cancelled"),
    ],
)
def test_a_status_says_whether_goods_still_come(buyer: Buyer, status: str, state: str) -> None:
    buyer.send(LINE)

    report = buyer.send(f"{LINE},{status}", f"PO-2,MUG-BLUE,5,2026-12-05,41,{status}", columns=STATED)

    first, *others = buyer.arrivals()
    assert (first.state, report.bad) == (state, 0)
    assert len(others) == report.new == (1 if state == "expected" else 0)
    assert report.not_coming == 1 - len(others)


def test_a_status_that_nobody_explained_is_asked_and_the_answer_is_kept(buyer: Buyer) -> None:
    line = f"{LINE},Awaiting QC"
    asked = buyer.send(line, columns=STATED)
    assert (asked.bad, asked.new) == (1, 0)
    assert "say whether it means open, draft, canceled or closed" in buyer.bad[0].reason

    answered = buyer.send(line, columns=STATED, options=Options(states={"awaiting qc": "open"}))
    later = buyer.send("PO-2,MUG-BLUE,1,2026-12-05,41,Awaiting QC", columns=STATED)

    assert (answered.new, later.new, later.bad) == (1, 1, 0)


STOCKY = "SKU,Title,Quantity"


def test_the_order_and_day_of_one_file_are_not_those_of_the_next(buyer: Buyer) -> None:
    said = {"reference": "PO-1", "expected_on": "2026-12-05", "location": "Location 41"}
    buyer.send("MUG-BLUE,Blue mug,40", columns=STOCKY, options=Options(values=said))

    with pytest.raises(NeedsAnswer, match=r"purchase order number .*, expected date"):
        buyer.send("MUG-BLUE,Blue mug,12", columns=STOCKY)

    said |= {"reference": "PO-2"}
    buyer.send("MUG-BLUE,Blue mug,12", columns=STOCKY, options=Options(values=said))
    assert [(one.reference, one.quantity) for one in buyer.arrivals()] == [("PO-1", 40), ("PO-2", 12)]


def test_a_list_of_everything_open_keeps_the_number_that_it_was_given(buyer: Buyer) -> None:
    header, said = "SKU,Quantity,ETA,Location", Options(values={"reference": "OPEN"}, is_complete=True)
    buyer.send("MUG-BLUE,40,2026-12-05,Location 41", columns=header, options=said)

    report = buyer.send("MUG-BLUE,30,2026-12-05,Location 41", columns=header)

    assert (report.changed, report.bad) == (1, 0)


def test_a_row_without_units_in_any_week_closes_what_was_expected_of_it(buyer: Buyer) -> None:
    header = "reference,sku,W49,W50,location"
    buyer.send("PO-1,MUG-BLUE,40,12,41", columns=header)

    report = buyer.send("PO-1,MUG-BLUE,0,,41", columns=header)

    assert (report.changed, report.cancelled) == (1, 1)
    assert expected(buyer) == {}
    assert "1 row without units in any of these columns: nothing comes of it." in report.notes


def test_what_was_received_before_anybody_knew_the_order_is_not_imported(buyer: Buyer) -> None:
    report = buyer.send("PO-1,MUG-BLUE,40,2026-12-05,41,40,", columns=RECEIVED)

    assert (report.not_coming, report.new, buyer.arrivals()) == (1, 0, [])


def test_what_was_received_on_a_day_teaches_how_late_a_supplier_is(buyer: Buyer) -> None:
    buyer.send("PO-1,MUG-BLUE,40,2026-11-05,41,40,2026-11-09", columns=RECEIVED)

    (row,) = buyer.arrivals()
    assert (row.state, row.received) == ("received", 40)


def test_a_file_of_everything_open_closes_what_it_no_longer_has(buyer: Buyer) -> None:
    everything = Options(is_complete=True)
    buyer.send(LINE, "PO-2,MUG-BLUE,5,2026-12-06,Location 42", options=everything)

    rehearsed = buyer.send(LINE, is_rehearsal=True)
    report = buyer.send(LINE)

    assert (rehearsed.cancelled, report.cancelled, report.received) == (1, 1, 0)
    assert [row.state for row in buyer.arrivals()] == ["expected", "cancelled"]


def test_what_a_file_of_everything_no_longer_has_was_received_if_stock_came(buyer: Buyer) -> None:
    everything = Options(is_complete=True)
    buyer.send(LINE, "PO-2,MUG-BLUE,5,2026-12-06,Location 42", options=everything)
    stock_rises(buyer, at=THERE, to=5)

    report = buyer.send(LINE, options=everything)

    assert (report.received, report.cancelled) == (1, 0)
    assert [row.state for row in buyer.arrivals()] == ["expected", "received"]


def test_a_file_of_everything_closes_nothing_while_a_line_of_it_can_t_be_used(buyer: Buyer) -> None:
    everything = Options(is_complete=True)
    buyer.send(LINE, "PO-2,MUG-BLUE,5,2026-12-06,Location 42", options=everything)

    report = buyer.send("PO-1,MUG-BLUE,few,2026-12-05,Location 41", options=everything)

    assert (report.bad, report.cancelled, report.received) == (1, 0, 0)
    assert "purchase orders that are missing from the file are left open" in " ".join(report.notes)


@pytest.mark.parametrize(
    "told", ["mug\u200b-blue", "MUG–BLUE", '"=""MUG-BLUE"""', " Mug-Blue "], ids=range(4)
)  # fmt: skip
def test_a_sku_is_read_without_what_can_t_be_seen(buyer: Buyer, told: str) -> None:
    report = buyer.send(f"PO-1,{told},40,2026-12-05,41")

    assert (report.waiting, expected(buyer)) == (0, {LOCATION: [(40, day("2026-12-05"))]})


@pytest.mark.parametrize("told", ["MUG BLUE", "00MUG-BLUE", "MUG_BLUE", "MUG-BLEU"])
def test_an_unknown_sku_is_listed_with_the_nearest_and_taken_as_that_once_accepted(
    buyer: Buyer, told: str
) -> None:
    line = f"PO-1,{told},40,2026-12-05,41"
    rehearsed = buyer.send(line, is_rehearsal=True)
    assert rehearsed.unknown_skus == {told: "mug-blue"}

    buyer.send(line, options=Options(skus={told.lower(): "mug-blue"}))

    assert expected(buyer) == {LOCATION: [(40, day("2026-12-05"))]}


def test_any_name_of_a_place_means_the_only_location_and_that_is_said(clean_pg: sa.Engine) -> None:
    buyer = a_buyer(clean_pg, places=1)

    report = buyer.send("PO-1,MUG-BLUE,40,2026-12-05,Main Warehouse")

    assert expected(buyer) == {LOCATION: [(40, day("2026-12-05"))]}
    assert '"Main Warehouse" is read as the shop\'s only location.' in report.notes


def test_a_code_that_two_items_share_is_refused(buyer: Buyer) -> None:
    see_item(buyer, 77, "mug-blue")

    buyer.send(LINE)

    assert [bad.reason for bad in buyer.bad] == [
        "2 items have the SKU MUG-BLUE: give each its own on the platform"
    ]


def test_nobody_is_looked_at_where_nobody_waits(clean_pg: sa.Engine) -> None:
    buyer = a_buyer(clean_pg, has_queue=False)

    buyer.send(LINE)

    assert buyer.item().stock_due_at is None
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


def test_the_database_knows_how_much_it_holds_before_a_large_file_ends(buyer: Buyer) -> None:
    buyer.send(*(f"PO-{n},MUG-BLUE,40,2026-12-05,41" for n in range(5001)))

    with buyer.sessions.begin() as session:
        known = session.scalar(sa.text("SELECT reltuples FROM pg_class WHERE relname = 'arrivals'"))
    assert known is not None
    assert known >= 5000


def test_an_import_of_many_portions_is_one(buyer: Buyer) -> None:
    lines = [f"PO-{number},MUG-BLUE,1,2026-12-05,41" for number in range(2500)]

    report = buyer.send(*lines)

    assert (report.new, report.bad) == (2500, 0)
    assert (buyer.send(*lines[1:]).unchanged, buyer.send(*lines).unchanged) == (2499, 2500)


@pytest.mark.parametrize("spelled", ["canceled", "cancelled"])
def test_a_status_can_mean_canceled_in_either_spelling(spelled: str) -> None:
    assert options_in_words(states=[f"Void={spelled}"]).states == {"void": "cancelled"}


WEEKS = "reference,sku,location,W49,W50,W51"


def days_of(buyer: Buyer) -> list[tuple[str, str, str]]:
    """The day that each delivery had first and has now, and what became of it."""
    rows = sorted(buyer.arrivals(), key=lambda row: row.first_expected_on)
    return [(str(row.first_expected_on), str(row.expected_on), row.state) for row in rows]


def test_a_table_of_weeks_that_moves_on_makes_no_delivery_late(buyer: Buyer) -> None:
    buyer.send("PO-1,MUG-BLUE,41,40,12,7", columns=WEEKS)

    report = buyer.send("PO-1,MUG-BLUE,41,12,7,5", columns="reference,sku,location,W50,W51,W52")
    last = buyer.send("PO-1,MUG-BLUE,41,5", columns="reference,sku,location,W52")

    assert (report.unchanged, report.new, report.changed) == (2, 1, 0)
    assert (last.unchanged, last.new, last.changed, last.cancelled) == (1, 0, 0, 2)
    assert days_of(buyer) == [
        ("2026-12-04", "2026-12-04", "cancelled"),
        ("2026-12-11", "2026-12-11", "cancelled"),
        ("2026-12-18", "2026-12-18", "cancelled"),
        ("2026-12-25", "2026-12-25", "expected"),
    ]


def test_a_week_that_came_is_received_and_those_that_follow_are_as_they_were(buyer: Buyer) -> None:
    everything = Options(is_complete=True)
    buyer.send("PO-1,MUG-BLUE,41,40,12,7", columns=WEEKS, options=everything)
    stock_rises(buyer, at=LOCATION, to=40)

    report = buyer.send(
        "PO-1,MUG-BLUE,41,12,7", columns="reference,sku,location,W50,W51", options=everything
    )

    assert (report.received, report.unchanged, report.changed) == (1, 2, 0)
    assert days_of(buyer)[0] == ("2026-12-04", "2026-12-04", "received")


def test_deliveries_of_a_line_are_counted_once_at_the_end_of_a_portion(buyer: Buyer) -> None:
    singles = [f"PO-{number},MUG-BLUE,1,2026-12-05,41" for number in range(999)]
    several = [f"PO-X,MUG-BLUE,2,2026-12-{day},41" for day in (11, 18, 25)]

    assert (buyer.send(*singles, *several).new, len(buyer.arrivals())) == (1002, 1002)
    assert buyer.send(*singles, *several).unchanged == 1002
