"""What the status pages read: lists, states, search, paging, figures."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import Shown, Status
from app.core.model import Basis, Promise
from app.db import audit, due_orders, due_work, interventions, promises, showing
from app.db.models import DeliveryRow, Order, Shop
from app.db.orders import forget_orders
from app.db.pages import activity, deliveries, order, orders, overview
from app.db.pages.orders import Wanted
from app.db.pages.paging import PAGE, Cursor, PageRequest, read_cursor
from tests.builders import (
    ITEM,
    LOCATION,
    NOW,
    TODAY,
    day,
    line,
    order_item,
    order_seen,
    routed,
    seconds,
    shown,
)
from tests.db.stock import known_item, see
from tests.db.waiting import in_days, placed, sells


def listed(session: Session, shop: Shop, **wanted: object) -> list[int]:
    """The ids on the first page of a list."""
    page = orders.list_orders(session, shop.id, Wanted(TODAY, **wanted))  # type: ignore[arg-type]
    return [row.order.order_id for row in page.rows]


# Lists


@pytest.fixture
def one_of_each(session: Session, shop: Shop) -> Session:
    """An order in every state."""
    sells(session, shop)
    placed(session, shop, 1, short=2, on=in_days(9))
    placed(session, shop, 2, short=1)
    placed(session, shop, 3, short=1, on=in_days(2), basis=Basis.LEAD_TIME)
    placed(session, shop, 4, short=1, on=in_days(2), write_due_at=NOW)
    placed(session, shop, 5, problem="refused", write_due_at=NOW)
    placed(session, shop, 6, short=1, on=in_days(9), held_at=NOW, write_due_at=NOW)
    placed(session, shop, 7, released_on=TODAY)
    placed(session, shop, 8, released_on=in_days(-1))
    placed(session, shop, 9)
    placed(session, shop, 10, short=1, on=in_days(9), waits_as="preorder")
    placed(session, shop, 11, waits_as="preorder")
    return session


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("short", [1, 2, 3, 4, 6, 10]),
        ("preorder", [10]),
        ("undated", [2]),
        ("risk", [3]),
        ("pending", [4]),
        ("failed", [5]),
        ("held", [6]),
        ("released", [7]),
        ("all", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ],
)
def test_a_list_holds_the_orders_in_its_state(
    one_of_each: Session, shop: Shop, name: str, ids: list[int]
) -> None:
    assert listed(one_of_each, shop, list_name=name) == ids


def test_every_list_but_that_of_all_is_counted(one_of_each: Session, shop: Shop) -> None:
    counts = orders.count_lists(one_of_each, shop.id, today=TODAY)

    assert counts == {
        "failed": 1,
        "held": 1,
        "pending": 1,
        "undated": 1,
        "preorder": 1,
        "short": 6,
        "released": 1,
        "risk": 1,
    }


def test_counting_stops_at_a_number_nobody_reads_further(
    session: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sells(session, shop)
    for number in range(1, 6):
        placed(session, shop, number, short=1)
    monkeypatch.setattr(orders, "COUNTED", 3)

    assert orders.count_lists(session, shop.id, today=TODAY)["short"] == 4


def test_what_a_row_holds_and_what_its_list_asks_for_agree(one_of_each: Session, shop: Shop) -> None:
    """A state is told twice: in SQL, and of a row that was read."""
    page = orders.list_orders(one_of_each, shop.id, Wanted(TODAY, "all"))

    for state in orders.STATES:
        told = [row.order.order_id for row in page.rows if state.name in row.states]
        assert told == listed(one_of_each, shop, list_name=state.name)


def test_an_order_is_at_risk_from_thirty_percent_on_whatever_its_day_is(
    session: Session, shop: Shop
) -> None:
    sells(session, shop)
    placed(session, shop, 1, short=1, on=in_days(20), late_percent=30)
    placed(session, shop, 2, short=1, on=in_days(1), late_percent=29, basis=Basis.LEAD_TIME)

    assert listed(session, shop, list_name="risk") == [1]


def test_a_promise_with_an_arrival_behind_it_is_not_at_risk(session: Session, shop: Shop) -> None:
    sells(session, shop)
    placed(session, shop, 1, short=1, on=in_days(1), basis=Basis.ARRIVAL)
    placed(session, shop, 2, short=1, on=in_days(4), basis=Basis.LEAD_TIME)
    placed(session, shop, 3, short=1, on=in_days(-1), basis=Basis.LEAD_TIME)

    assert listed(session, shop, list_name="risk") == [3]


def test_a_row_tells_what_it_waits_for_and_how_much_is_still_to_ship(
    session: Session, shop: Shop
) -> None:
    sells(session, shop)
    placed(session, shop, 1, short=2, units=3)

    row = orders.list_orders(session, shop.id, Wanted(TODAY)).rows[0]

    assert row.outstanding == 3
    assert [(one.short, one.title, one.sku) for one in row.lines] == [(2, "Blue Mug", "MUG-BLUE")]


# Sorting and paging


@pytest.mark.parametrize(
    ("sort_name", "ids"),
    [
        ("placed", [1, 2, 3, 4]),
        ("newest", [4, 3, 2, 1]),
        ("expected", [4, 2, 1, 3]),
        ("waiting", [3, 1, 2, 4]),
    ],
)
def test_each_sort_begins_with_what_its_name_says(
    session: Session, shop: Shop, sort_name: str, ids: list[int]
) -> None:
    sells(session, shop)
    placed(session, shop, 1, short=1, on=in_days(5), since=seconds(-20))
    placed(session, shop, 2, short=1, on=in_days(3), since=seconds(-10))
    placed(session, shop, 3, short=1, since=seconds(-30))
    placed(session, shop, 4, short=1, on=in_days(1), since=seconds(0))

    assert listed(session, shop, sort_name=sort_name) == ids


@pytest.mark.parametrize("sort_name", orders.SORTS)
@pytest.mark.parametrize("list_name", ["short", "all"])
def test_walking_the_pages_meets_every_order_once_there_and_back(
    session: Session, shop: Shop, list_name: str, sort_name: str
) -> None:
    """Many share a moment or a day, and some have none."""
    sells(session, shop)
    count = 2 * PAGE + 7
    for number in range(1, count + 1):
        columns = {"on": in_days(number % 5) if number % 3 else None, "since": seconds(-(number % 7))}
        placed(session, shop, number, short=number % 4 and 1, placed_at=seconds(number % 11), **columns)  # type: ignore[arg-type]
    wanted = {"list_name": list_name, "sort_name": sort_name}

    pages, turn = [], PageRequest()
    while True:
        page = orders.list_orders(session, shop.id, Wanted(TODAY, turn=turn, **wanted))
        pages.append([row.order.order_id for row in page.rows])
        if page.after is None:
            break
        turn = PageRequest(page.after)
    backwards = [pages[-1]]
    while page.before is not None:
        turn = PageRequest(page.before, backwards=True)
        page = orders.list_orders(session, shop.id, Wanted(TODAY, turn=turn, **wanted))
        backwards.append([row.order.order_id for row in page.rows])

    assert [len(page) for page in pages[:-1]] == [PAGE] * (len(pages) - 1)
    met = [order_id for page in pages for order_id in page]
    assert sorted(met) == sorted(
        session.scalars(
            sa.select(Order.order_id).where(
                Order.shop_id == shop.id, sa.true() if list_name == "all" else Order.short > 0
            )
        )
    )
    assert [order_id for page in reversed(backwards) for order_id in page] == met


def test_a_place_in_an_address_is_read_back() -> None:
    for sort, place in [
        (orders.SORTS["placed"], Cursor(NOW, 7)),
        (orders.SORTS["expected"], Cursor(day("2026-12-05"), 7)),
        (orders.SORTS["expected"], Cursor(None, 7)),
    ]:
        assert read_cursor(str(place), sort) == place


@pytest.mark.parametrize(
    "text", ["", "~", "x~1", "2026-12-05~x", "2026-12-05T00:00~1", f"{NOW.isoformat()}~{10**30}", "1~-1"]
)
def test_a_place_that_makes_no_sense_is_none(text: str) -> None:
    assert read_cursor(text, orders.SORTS["placed"]) is None


# Search


@pytest.fixture
def searched(session: Session, shop: Shop) -> Session:
    """Mugs and towels in orders with the shop's own numbers."""
    sells(session, shop)
    sells(session, shop, item=ITEM + 1, title="Tea Towel 100%", sku="TOWEL_1")
    placed(session, shop, 1, short=1, name="ME-1001")
    placed(session, shop, 2, short=1, name="ME-1002", item=ITEM + 1)
    placed(session, shop, 3, name="ME-2001")
    return session


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("ME-1001", [1]),
        ("me-1001", [1]),
        ("1001", [1]),
        ("100", [1, 2]),
        ("2001", [3]),
        ("mug-blue", [1, 3]),
        ("blue mug", [1, 3]),
        ("towel", [2]),
        ("100%", [2]),
        ("_1", [2]),
        ("%", [2]),
        ("nothing of the kind", []),
        ("'; DROP TABLE orders; --", []),
    ],
)
def test_orders_are_found_by_the_beginning_of_their_number_or_a_part_of_an_item(
    searched: Session, shop: Shop, text: str, ids: list[int]
) -> None:
    assert listed(searched, shop, list_name="all", text=text) == ids


def test_a_list_is_searched_within_itself(searched: Session, shop: Shop) -> None:
    """Order 3 has mugs, but waits for none."""
    assert listed(searched, shop, text="mug-blue") == [1]


# What is kept in an order


def say(session: Session, shop: Shop, *made: Promise) -> Order:
    """Promise this of the lines of order 1."""
    promises.record_promises(
        session, shop.id, ITEM, [(one, "words") for one in made], now=NOW, cause="a test"
    )
    session.flush()
    session.expire_all()
    return session.get_one(Order, (shop.id, 1))


def test_an_order_keeps_the_sums_of_its_promises(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, order_seen(order_item(3), routing=routed(3)))
    here, there = line(2, order=1), line(1, order=1, at=LOCATION + 1)

    both = say(
        session,
        shop,
        Promise(here, 2, day("2026-12-05"), Basis.ARRIVAL),
        Promise(there, 1, day("2026-12-19"), Basis.ARRIVAL),
    )
    assert (both.short, both.expected_on) == (3, day("2026-12-19"))
    assert both.short_since == both.placed_at

    unknown = say(
        session,
        shop,
        Promise(here, 2, None, Basis.UNKNOWN),
        Promise(there, 1, day("2026-12-19"), Basis.ARRIVAL),
    )
    assert (unknown.short, unknown.expected_on) == (3, None)

    assert unknown.unbacked_on is None
    one = say(session, shop, Promise(there, 1, day("2026-12-19"), Basis.LEAD_TIME))
    assert (one.short, one.expected_on) == (1, day("2026-12-19"))
    assert one.unbacked_on == day("2026-12-19")

    none = say(session, shop)
    assert (none.short, none.expected_on, none.short_since) == (0, None, None)
    assert none.unbacked_on is None


def test_an_order_that_is_gone_is_short_of_nothing(session: Session, shop: Shop) -> None:
    sells(session, shop)
    placed(session, shop, 1, short=1, on=in_days(1), released_on=TODAY)

    forget_orders(session, shop.id, [1], now=NOW, cause="a test")

    assert listed(session, shop) == listed(session, shop, list_name="released") == []


def test_an_order_remembers_the_day_it_was_released(session: Session, shop: Shop) -> None:
    sells(session, shop)
    placed(session, shop, 1)

    showing.record_shown(session, shop.id, 1, Shown(Status.RELEASED, released_on=TODAY), now=NOW)
    assert listed(session, shop, list_name="released") == [1]

    showing.record_shown(session, shop.id, 1, shown(), now=NOW)
    assert listed(session, shop, list_name="released") == []


# What a person decides


def test_an_order_held_back_is_not_judged_and_is_no_work_until_it_is_let_go(
    session: Session, shop: Shop
) -> None:
    sells(session, shop)
    order = placed(session, shop, 1, short=1, write_due_at=NOW)

    interventions.hold_order(session, order, by="Ann", now=NOW)
    session.flush()
    assert due_orders.orders_to_judge(session, shop.id, now=NOW, limit=9) == []
    assert due_orders.due_orders(session, shop.id, [1], now=NOW) == []
    assert shop.id not in due_work.shops_with_work(session, now=NOW)
    due = due_work.read(session, shop.id, now=NOW)
    assert due is not None
    assert due.next_at(NOW) == shop.hourly_check_at

    interventions.let_go(session, order, by="Bob", now=NOW)
    session.flush()
    assert [one.order_id for one in due_orders.orders_to_judge(session, shop.id, now=NOW, limit=9)] == [
        1
    ]
    assert kinds_and_reasons(session, shop) == [
        ("let go", "decided by Bob"),
        ("held back", "decided by Ann"),
    ]


def test_a_priority_has_the_queue_of_every_item_of_the_order_settled_again(
    session: Session, shop: Shop
) -> None:
    item = known_item(session, shop)
    see(session, shop, order_seen(order_item(1)))
    item.stock_due_at = None
    order = session.get_one(Order, (shop.id, 1))

    interventions.rank_order(session, order, 5, by="Ann", now=NOW)

    assert (order.priority, item.stock_due_at, item.cause) == (5, NOW, "priority set by Ann")
    event = audit.recent_events(session, shop.id)[0]
    assert (event.kind, event.before, event.after) == ("priority", "0", "5")


def test_the_same_priority_again_is_no_news(session: Session, shop: Shop) -> None:
    sells(session, shop)
    order = placed(session, shop, 1)

    interventions.rank_order(session, order, 0, by="Ann", now=NOW)

    assert kinds_and_reasons(session, shop) == []


def test_a_retry_waits_for_nothing(session: Session, shop: Shop) -> None:
    """Neither for the order's next try nor for that of its items."""
    item = known_item(session, shop)
    see(session, shop, order_seen(order_item(1)))
    item.stock_due_at = seconds(3600)
    order = session.get_one(Order, (shop.id, 1))
    order.problem, order.attempts, order.write_due_at = "refused", 4, seconds(3600)

    interventions.retry_order(session, order, by="Ann", now=NOW)

    assert (order.write_due_at, order.attempts, item.stock_due_at) == (NOW, 0, NOW)
    assert order.problem == "refused"


def kinds_and_reasons(session: Session, shop: Shop) -> list[tuple[str, str]]:
    """What the audit holds, newest first."""
    return [(event.kind, event.why) for event in audit.recent_events(session, shop.id)]


# One order


def test_the_items_of_an_order_are_told_with_what_is_said_of_each(session: Session, shop: Shop) -> None:
    sells(session, shop)
    placed(session, shop, 1, short=2, units=3, on=in_days(9))

    found = order.read_items(session, shop.id, 1)

    assert [(one.title, one.outstanding, one.short) for one in found] == [("Blue Mug", 3, 2)]
    assert [(said.location, said.expected_on, said.words) for said in found[0].said] == [
        (str(LOCATION), in_days(9), "nothing on hand")
    ]


# Figures


def test_the_figures_count_orders_units_and_who_waits_longest(session: Session, shop: Shop) -> None:
    sells(session, shop)
    placed(session, shop, 1, short=2, since=seconds(-10), short_value=250_000)
    placed(session, shop, 2, short=3, since=seconds(-99))
    placed(session, shop, 3)

    totals = overview.count_waiting(session, shop.id)

    assert (totals.orders, totals.units) == (2, 5)
    assert (totals.value, totals.is_at_least) == (250_000, True)
    assert totals.oldest is not None
    assert totals.oldest.order_id == 2
    assert overview.count_short_by_shop(session, [shop.id]) == {shop.id: (2, 5)}
    assert overview.count_short_by_shop(session, []) == {}


def test_nobody_waits_in_an_empty_shop(session: Session, shop: Shop) -> None:
    assert overview.count_waiting(session, shop.id) == overview.Totals(0, 0, None, False, None)


def test_the_inbox_tells_what_waits_since_when_and_what_failed(session: Session, shop: Shop) -> None:
    for number, state in enumerate(["done", "due", "due", "failed"]):
        came(session, shop, number, state)

    assert overview.read_inbox(session, shop.id) == overview.InboxState(seconds(3), 2, seconds(1), 1)


def came(session: Session, shop: Shop, number: int, state: str) -> DeliveryRow:
    """A delivery so many seconds after now."""
    row = DeliveryRow(
        shop_id=shop.id,
        delivery_id=f"d-{number}",
        topic="orders/create",
        body_hash=str(number),
        received_at=seconds(number),
        facts=[],
        state=state,
        problem="unreadable" if state == "failed" else None,
    )
    session.add(row)
    session.flush()
    return row


# Activity and failed deliveries


@pytest.fixture
def happened(session: Session, shop: Shop) -> Session:
    """Three things on three days: of an order, of an item, of the shop."""
    sells(session, shop)
    placed(session, shop, 1)
    about: list[tuple[str, dict[str, int]]] = [
        ("shown", {"order_id": 1}),
        ("drift", {"item_id": ITEM}),
        ("connected", {}),
    ]
    for days, (kind, of) in enumerate(about, start=-2):
        audit.record_event(session, shop.id, kind, at=NOW + timedelta(days=days), **of)
    session.flush()
    return session


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ({}, ["connected", "drift", "shown"]),
        ({"kind": "drift"}, ["drift"]),
        ({"text": "1"}, ["shown"]),
        ({"text": "#1"}, ["shown"]),
        ({"text": "mug"}, ["drift"]),
        ({"text": "zebra"}, []),
        ({"since": NOW - timedelta(days=1)}, ["connected", "drift"]),
        ({"before": NOW - timedelta(days=1)}, ["shown"]),
    ],
)
def test_activity_is_filtered(
    happened: Session, shop: Shop, wanted: dict[str, object], kinds: list[str]
) -> None:
    page = activity.list_events(happened, shop.id, activity.Wanted(**wanted))  # type: ignore[arg-type]

    assert [row.event.kind for row in page.rows] == kinds


def test_an_event_is_told_with_the_names_of_its_order_and_item(happened: Session, shop: Shop) -> None:
    page = activity.list_events(happened, shop.id, activity.Wanted())

    assert [(row.order_name, row.item_title) for row in page.rows] == [
        ("", ""),
        ("", "Blue Mug"),
        ("#1", ""),
    ]


def test_the_export_walks_through_all_of_it(session: Session, shop: Shop) -> None:
    count = 2 * PAGE + 1
    for number in range(count):
        audit.record_event(session, shop.id, "shown", at=seconds(number // 3), after=str(number))
    session.flush()

    walked = [row.event.after for row in activity.walk_events(session, shop.id, activity.Wanted())]

    assert walked == [str(number) for number in reversed(range(count))]


def test_only_kinds_that_have_happened_are_offered(happened: Session, shop: Shop) -> None:
    assert activity.list_kinds(happened, shop.id, ["drift", "retry", "shown"]) == ["drift", "shown"]


def test_failed_deliveries_are_listed_newest_first_and_found_by_number(
    session: Session, shop: Shop
) -> None:
    rows = [came(session, shop, number, "failed") for number in range(2)]
    done = came(session, shop, 9, "done")

    page = deliveries.list_failed(session, shop.id, PageRequest())

    assert [row.id for row in page.rows] == [rows[1].id, rows[0].id]
    assert deliveries.find_failed(session, shop.id, rows[0].id) is rows[0]
    assert deliveries.find_failed(session, shop.id, done.id) is None
