"""What we say about lines, what orders show of it, and the arrivals that it stands on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import Shown, Status
from app.core.model import Arrival, Basis, Promise
from app.db import arrivals, audit, due_orders, lead_times, promises, showing
from app.db.due_orders import DueOrder
from app.db.models import Event, Order, PromiseRow, Shop, ShownRow
from app.platforms.base import LocatedLine, Routing
from tests.builders import (
    ITEM,
    LOCATION,
    NOW,
    day,
    item_state,
    line,
    order_item,
    order_seen,
    routed,
    seconds,
    shown,
    shown_item,
)
from tests.db.stock import (
    VARIANT,
    all_settled,
    item,
    judged_at,
    known_item,
    order,
    promised,
    say_short,
    see,
    to_judge,
)


def say(
    session: Session, shop: Shop, on: str | None, *, short: int = 2, at: float = 0, words: str = "words"
) -> None:
    """Promise order 1 a date."""
    basis = Basis.ARRIVAL if on else Basis.UNKNOWN
    made = Promise(line(9, order=1), short, day(on) if on else None, basis)
    promises.record_promises(session, shop.id, ITEM, [(made, words)], now=seconds(at), cause="arrival 7")
    session.flush()
    session.expire_all()


def row(session: Session, shop: Shop) -> PromiseRow:
    """What is said of order 1."""
    return session.scalars(sa.select(PromiseRow).where(PromiseRow.shop_id == shop.id)).one()


def events_of(session: Session, shop_id: int, order_id: int) -> list[Event]:
    """What the audit says of one order, oldest first."""
    events = audit.recent_events(session, shop_id)
    return [event for event in reversed(events) if event.order_id == order_id]


def due(session: Session, shop: Shop, *, at: float = 0) -> list[DueOrder]:
    """Orders to judge so many seconds after now."""
    session.flush()
    return due_orders.orders_to_judge(session, shop.id, now=seconds(at), limit=9)


@pytest.fixture(autouse=True)
def two_orders(session: Session, shop: Shop) -> None:
    """Orders 1 and 2 for the same item; nothing is due."""
    known_item(session, shop)
    see(
        session,
        shop,
        *[order_seen(order_item(9), order=n, placed=n, routing=routed(9, route=n)) for n in (1, 2)],
    )
    item(session, shop).stock_due_at = None
    session.flush()


def test_a_short_line_makes_its_order_due(session: Session, shop: Shop) -> None:
    say_short(session, shop, (1, 2), at=5)

    assert promised(session, shop) == {1: 2}
    assert judged_at(session, shop) == {1: 5, 2: None}


def test_saying_the_same_again_makes_nothing_due(session: Session, shop: Shop) -> None:
    say(session, shop, "2026-12-05")
    all_settled(session, shop, [1])

    say(session, shop, "2026-12-05", at=9, words="other words")

    assert judged_at(session, shop) == {1: None, 2: None}
    assert row(session, shop).words == "other words"
    assert len(events_of(session, shop.id, 1)) == 1


@pytest.mark.parametrize(("on", "short"), [("2026-12-06", 2), (None, 2), ("2026-12-05", 3)])
def test_saying_something_else_makes_the_order_due(
    session: Session, shop: Shop, on: str | None, short: int
) -> None:
    say(session, shop, "2026-12-05")
    all_settled(session, shop, [1])

    say(session, shop, on, short=short, at=9)

    assert judged_at(session, shop) == {1: 9, 2: None}


def test_lines_that_are_not_named_are_covered(session: Session, shop: Shop) -> None:
    say_short(session, shop, (1, 2), (2, 9))
    all_settled(session, shop, [1, 2])

    say_short(session, shop, (2, 9), at=5)

    assert promised(session, shop) == {1: 0, 2: 9}
    assert judged_at(session, shop) == {1: 5, 2: None}
    all_settled(session, shop, [1, 2])
    say_short(session, shop, (2, 9), at=6)
    assert judged_at(session, shop) == {1: None, 2: None}


def test_the_first_promise_is_remembered(session: Session, shop: Shop) -> None:
    say(session, shop, "2026-12-05")

    say(session, shop, "2026-12-19", at=60)

    assert (row(session, shop).first_expected_on, row(session, shop).short_since) == (
        day("2026-12-05"),
        NOW,
    )
    assert row(session, shop).expected_on == day("2026-12-19")


def test_a_line_that_is_short_anew_is_short_since_then(session: Session, shop: Shop) -> None:
    say(session, shop, "2026-12-05")
    say_short(session, shop, at=60)

    say(session, shop, "2026-12-19", at=120)

    assert row(session, shop).short_since == seconds(120)
    assert row(session, shop).first_expected_on == day("2026-12-19")


def test_the_audit_tells_what_was_promised_and_why(session: Session, shop: Shop) -> None:
    say(session, shop, "2026-12-05", words="12 arrive Dec 5")
    say(session, shop, None)
    say_short(session, shop)

    events = events_of(session, shop.id, 1)

    told = [(event.before, event.after, event.why, event.cause) for event in events]
    assert told == [
        ("covered", "2 short, expected 2026-12-05", "12 arrive Dec 5", "arrival 7"),
        ("2 short, expected 2026-12-05", "2 short, no date known", "words", "arrival 7"),
        (
            "2 short, no date known",
            "covered",
            "in stock, though nothing is known to have arrived",
            "a test",
        ),
    ]


def test_a_promise_is_of_one_place(session: Session, shop: Shop) -> None:
    here, there = (
        Promise(line(9, order=1, at=at), units, None, Basis.UNKNOWN) for at, units in ((41, 1), (42, 2))
    )

    promises.record_promises(session, shop.id, ITEM, [(here, ""), (there, "")], now=NOW, cause=None)

    found = promises.promises_of_item(session, shop.id, ITEM)
    assert {key: row.short for key, row in found.items()} == {(1, 41): 1, (1, 42): 2}


def test_an_order_is_judged_from_all_its_items_and_places(session: Session, shop: Shop) -> None:
    known_item(session, shop, item=32, variant=22)
    routing = Routing(
        (LocatedLine(ITEM, 41, 1), LocatedLine(ITEM, 42, 3), LocatedLine(32, 41, 1)), (51, 52)
    )
    towel = order_item(1, ordered=2, variant=22, number=2)
    see(session, shop, order_seen(order_item(4), towel, order=3, routing=routing))
    for each in (ITEM, 32):
        item(session, shop, each).stock_due_at = None
    made = [
        Promise(line(9, order=3, at=41), 1, day("2026-12-05"), Basis.ARRIVAL),
        Promise(line(9, order=3, at=42), 2, day("2026-12-09"), Basis.ARRIVAL),
    ]
    promises.record_promises(session, shop.id, ITEM, [(said, "") for said in made], now=NOW, cause=None)

    (found,) = due(session, shop)

    assert found.name == "#3"
    assert found.state.items == [
        item_state(3, of=4, on="2026-12-09"),
        item_state(0, of=1, ordered=2, item=32),
    ]


def test_one_place_without_a_date_leaves_the_item_without_one(session: Session, shop: Shop) -> None:
    made = [
        Promise(line(9, order=1, at=41), 1, day("2026-12-05"), Basis.ARRIVAL),
        Promise(line(9, order=1, at=42), 2, None, Basis.UNKNOWN),
    ]
    promises.record_promises(session, shop.id, ITEM, [(said, "") for said in made], now=NOW, cause=None)

    (found,) = due(session, shop)

    assert (found.state.items[0].short, found.state.items[0].expected_on) == (3, None)


def test_two_line_items_of_one_item_are_one(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(1), order_item(2, number=2, ordered=3), order=3))
    item(session, shop).stock_due_at = None
    due_orders.judge_orders(session, shop.id, [3], at=NOW)

    (found,) = due(session, shop)

    assert found.state.items == [item_state(0, of=3, ordered=4)]


def test_an_order_is_not_judged_while_one_of_its_items_is_unsettled(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop, item=32, variant=22)
    see(session, shop, order_seen(order_item(1), order_item(1, variant=22, number=2), order=3))
    item(session, shop).stock_due_at = None
    item(session, shop, 32).stock_due_at = seconds(3600)
    due_orders.judge_orders(session, shop.id, [1, 3], at=NOW)

    assert to_judge(session, shop) == [1]

    item(session, shop, 32).stock_due_at = None
    assert to_judge(session, shop) == [1, 3]


def test_an_order_is_not_judged_while_one_of_its_variants_is_unknown(
    session: Session, shop: Shop
) -> None:
    see(session, shop, order_seen(order_item(1, variant=99), order=3))
    due_orders.judge_orders(session, shop.id, [3], at=NOW)

    assert to_judge(session, shop) == []


def test_orders_are_judged_in_the_order_of_the_queue(session: Session, shop: Shop) -> None:
    see(session, shop, *[order_seen(order=n, placed=placed) for n, placed in ((3, 0), (4, 0), (5, 9))])
    order(session, shop, 5).priority = 1
    due_orders.judge_orders(session, shop.id, [1, 2, 3, 4, 5], at=NOW)
    due_orders.judge_orders(session, shop.id, [2], at=seconds(1))

    assert to_judge(session, shop) == [5, 3, 4, 1]
    assert to_judge(session, shop, at=1) == [5, 3, 4, 1, 2]


def test_items_that_due_orders_wait_for_are_looked_at_now(session: Session, shop: Shop) -> None:
    known_item(session, shop, item=32, variant=22).stock_due_at = seconds(10)
    item(session, shop).stock_due_at = seconds(10)
    due_orders.judge_orders(session, shop.id, [1], at=NOW)

    due_orders.hasten_looks(session, shop.id, now=NOW)

    assert (item(session, shop).stock_due_at, item(session, shop, 32).stock_due_at) == (NOW, seconds(10))


def test_books_that_do_not_balance_are_not_hastened(session: Session, shop: Shop) -> None:
    item(session, shop).stock_due_at, item(session, shop).unbalanced_since = seconds(10), NOW
    session.flush()
    row = item(session, shop)
    row.stock_due_at, row.unbalanced_since = seconds(10), NOW
    due_orders.judge_orders(session, shop.id, [1], at=NOW)

    due_orders.hasten_looks(session, shop.id, now=NOW)

    assert item(session, shop).stock_due_at == seconds(10)


def test_what_is_shown_is_kept_exactly(session: Session, shop: Shop) -> None:
    said = Shown(
        Status.BACKORDERED, (shown_item(2, of=9, on="2026-12-05"), shown_item(1, item=32)),
        day("2026-12-05"), None, frozenset({"backordered"}), "\n\n", True,
    )  # fmt: skip

    showing.record_shown(session, shop.id, 1, said, now=NOW)

    due_orders.judge_orders(session, shop.id, [1], at=NOW)
    (found,) = due(session, shop)
    assert (found.shown, found.intent) == (said, None)


def test_an_order_that_shows_what_it_should_is_done_with(session: Session, shop: Shop) -> None:
    say_short(session, shop, (1, 2), (2, 9))
    say_short(session, shop, (2, 9))
    due_orders.quarantine(session, shop.id, 1, "refused", now=NOW)
    session.flush()

    for order_id in (1, 2):
        showing.record_shown(session, shop.id, order_id, shown(), now=NOW)

    assert promised(session, shop) == {2: 9}
    assert judged_at(session, shop) == {1: None, 2: None}
    assert (order(session, shop).problem, order(session, shop).attempts) == (None, 0)


def test_what_is_about_to_be_sent_is_kept_beside_what_is_shown(session: Session, shop: Shop) -> None:
    before, after = (
        shown(tags=["backordered"]),
        Shown(Status.RELEASED, tags=frozenset({"backorder-released"})),
    )
    showing.record_shown(session, shop.id, 1, before, now=NOW)
    due_orders.judge_orders(session, shop.id, [1, 2], at=NOW)

    showing.intend(session, shop.id, [(1, before, after), (2, Shown(), before)])

    assert [(found.shown, found.intent) for found in due(session, shop)] == [
        (before, after),
        (Shown(), before),
    ]
    showing.record_shown(session, shop.id, 1, after, now=NOW)
    session.expire_all()
    assert session.get_one(ShownRow, (shop.id, 1)).intent is None


def test_an_order_that_fails_is_tried_later_and_later_at_most_hourly(
    session: Session, shop: Shop
) -> None:
    waits = []

    for _ in range(10):
        due_orders.quarantine(session, shop.id, 1, "refused", now=NOW)
        waits.append(judged_at(session, shop)[1])

    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert order(session, shop).problem == "refused"


def add(session: Session, shop: Shop, quantity: int, *, on: date, at: int = LOCATION) -> int:
    """A typed arrival; its number."""
    row = arrivals.add_arrival(
        session,
        item(session, shop),
        location_id=at,
        quantity=quantity,
        expected_on=on,
        reference="PO 1",
        now=NOW,
    )
    session.flush()
    return row.id


def test_an_arrival_makes_promises_anew(session: Session, shop: Shop) -> None:
    number = add(session, shop, 12, on=day("2026-12-05"))

    assert arrivals.expected_arrivals(session, shop.id, ITEM) == {
        LOCATION: [Arrival(number, 12, day("2026-12-05"))]
    }
    assert (item(session, shop).stock_due_at, item(session, shop).cause) == (NOW, f"arrival {number}")


def test_arrivals_are_expected_soonest_first_by_place(session: Session, shop: Shop) -> None:
    late, soon = add(session, shop, 1, on=day("2026-12-09")), add(session, shop, 2, on=day("2026-12-05"))
    there = add(session, shop, 3, on=day("2026-12-01"), at=42)

    found = arrivals.expected_arrivals(session, shop.id, ITEM)

    assert {at: [each.arrival_id for each in coming] for at, coming in found.items()} == {
        LOCATION: [soon, late],
        42: [there],
    }
    assert [(row.id, sku) for row, sku in arrivals.list_arrivals(session, shop.id)] == [
        (there, "MUG-BLUE"), (soon, "MUG-BLUE"), (late, "MUG-BLUE"),
    ]  # fmt: skip


@pytest.mark.parametrize(("received", "left"), [(0, [12]), (5, [7]), (12, []), (13, [])])
def test_what_has_landed_is_not_expected_any_more(
    session: Session, shop: Shop, received: int, left: list[int]
) -> None:
    number = add(session, shop, 12, on=day("2026-12-05"))
    item(session, shop).stock_due_at = None
    arrival = arrivals.find_arrival(session, shop.id, number)
    assert arrival is not None

    arrivals.change_arrival(session, arrival, received=received, now=seconds(5))

    session.flush()
    coming = arrivals.expected_arrivals(session, shop.id, ITEM)
    assert [each.quantity for each in coming.get(LOCATION, [])] == left
    assert item(session, shop).stock_due_at == seconds(5)


def test_a_lead_time_makes_promises_anew(session: Session, shop: Shop) -> None:
    lead_times.set_lead_time(session, item(session, shop), 14, now=NOW)

    assert (item(session, shop).lead_time_days, item(session, shop).stock_due_at) == (14, NOW)


@pytest.mark.parametrize(("has_queue", "stock_due_at"), [(True, NOW), (False, None)])
def test_the_shop_s_lead_time_matters_where_somebody_waits(
    session: Session, shop: Shop, has_queue: bool, stock_due_at: object
) -> None:
    item(session, shop).has_queue = has_queue
    session.flush()

    lead_times.set_shop_lead_time(session, shop, 14, now=NOW)

    assert (shop.lead_time_days, item(session, shop).stock_due_at) == (14, stock_due_at)


def test_what_an_order_waits_for_is_worth_what_its_units_sell_for(session: Session, shop: Shop) -> None:
    """Two lines sell the item at two prices; of another item no price is known."""
    see(
        session,
        shop,
        order_seen(
            order_item(4, price=120_000),
            order_item(4, number=2, price=100_000),
            updated=1,
            routing=routed(8, route=1),
        ),
    )
    say_short(session, shop, (1, 3), (2, 2), at=5)

    orders = {one.order_id: one for one in session.scalars(sa.select(Order))}
    assert (orders[1].short_value, orders[2].short_value) == (330_000, None)

    say_short(session, shop, (2, 2), at=6)
    session.expire_all()
    assert orders[1].short_value == 0


def test_an_order_of_which_one_short_item_has_no_price_is_worth_nobody_knows_what(
    session: Session, shop: Shop
) -> None:
    """Half a sum would look like a whole one."""
    known_item(session, shop, item=ITEM + 1, variant=VARIANT + 1)
    see(
        session,
        shop,
        order_seen(
            order_item(4, price=120_000),
            order_item(2, number=2, variant=VARIANT + 1),
            updated=1,
            routing=routed(4, route=1),
        ),
    )
    say_short(session, shop, (1, 3), at=5)
    the_order = session.get_one(Order, (shop.id, 1))
    session.refresh(the_order)
    assert the_order.short_value == 360_000

    say_short(session, shop, (1, 2), item=ITEM + 1, at=5)

    session.refresh(the_order)
    assert (the_order.short, the_order.short_value) == (5, None)


def test_a_price_that_is_told_after_its_units_ran_short_is_added_up(
    session: Session, shop: Shop
) -> None:
    """A reading of the order asks for no price, and may come before the webhook that tells it."""
    see(session, shop, order_seen(order_item(4), routing=routed(4, route=1)))
    say_short(session, shop, (1, 3), at=5)
    the_order = session.get_one(Order, (shop.id, 1))
    session.refresh(the_order)
    assert the_order.short_value is None

    see(session, shop, order_seen(order_item(4, price=120_000)))

    session.refresh(the_order)
    assert the_order.short_value == 360_000


def test_a_restock_asks_no_more_the_more_orders_it_serves(session: Session, shop: Shop) -> None:
    """But for the row and the event that each of them gets."""
    counts = []
    for last in (2, 12):
        orders = range(1, last + 1)
        copies = [
            order_seen(order_item(9), order=n, placed=n, routing=routed(9, route=n)) for n in orders
        ]
        see(session, shop, *copies)
        made = [
            (Promise(line(9, order=n), 2, day("2026-12-05"), Basis.ARRIVAL), "words") for n in orders
        ]
        promises.record_promises(session, shop.id, ITEM, made, now=seconds(5), cause="a test")
        with asked(session) as questions:
            promises.record_promises(
                session, shop.id, ITEM, [], now=seconds(9), cause="a test", today=day("2026-12-01")
            )
        counts.append(len(questions))

    assert counts[0] == counts[1]


@contextmanager
def asked(session: Session) -> Iterator[list[str]]:
    """Every SELECT that is sent meanwhile."""
    questions: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            questions.append(statement)

    bind = session.get_bind()
    sa.event.listen(bind, "before_cursor_execute", note)
    yield questions
    sa.event.remove(bind, "before_cursor_execute", note)


def test_the_page_lists_who_waits_longest_first(session: Session, shop: Shop) -> None:
    say_short(session, shop, (2, 9), (1, 2))

    listed = promises.short_orders(session, shop.id)

    assert [(said.short, waiting.order_id, of.sku) for said, waiting, of in listed] == [
        (2, 1, "MUG-BLUE"), (9, 2, "MUG-BLUE"),
    ]  # fmt: skip
    assert len(promises.short_orders(session, shop.id, limit=1)) == 1


def test_how_much_of_a_shop_waits_is_counted(session: Session, shop: Shop) -> None:
    assert promises.count_short(session, shop.id) == promises.ShortCount(0, 0)

    say_short(session, shop, (2, 9), (1, 2))
    say_short(session, shop, (2, 9))

    assert promises.count_short(session, shop.id) == promises.ShortCount(1, 9)
