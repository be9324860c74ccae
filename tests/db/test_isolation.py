"""No query crosses shops: every public function of `app.db` is run for one of two shops that hold rows
with the same platform ids."""

import dataclasses
import datetime
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

import app.db
from app.core.alerts import AlertKind, Digest
from app.core.desired import Shown
from app.core.endings import SupplyEvidence
from app.core.holds import HoldState, ItemLocation, Put
from app.core.item_codes import CodeKind, ItemCode
from app.core.model import Basis, Promise
from app.core.moving import Move
from app.core.passing import Pass
from app.core.queue_view import QueueLine, QueueSums
from app.core.regimes import TURNING_DAYS, NoticeKind, Obligations
from app.core.states import MoveState
from app.db import (
    alerts,
    api_calls,
    arrivals,
    audit,
    bulk_writes,
    day_counts,
    demand,
    due_items,
    due_orders,
    due_work,
    endings,
    feeds,
    finished_orders,
    foreign,
    holds,
    inbound_feed,
    inbox,
    interventions,
    item_codes,
    items,
    late_orders,
    lead_times,
    long_queues,
    moves,
    notices,
    open_demand,
    order_copies,
    order_history,
    order_names,
    order_sums,
    orders,
    preferences,
    promises,
    queue_heads,
    refunds,
    reservations,
    risk,
    routes,
    saved_views,
    selling,
    selling_plans,
    shops,
    showing,
    staff,
    stale_orders,
    stock,
    tokens,
    turns,
    undo,
    unlisted,
    uploads,
    variants,
    waiting_since,
)
from app.db.long_queues import Kept
from app.db.models import (
    ApiCallRow,
    ArrivalRow,
    Base,
    FeedRow,
    FileLayoutRow,
    HoldRow,
    Order,
    RefundRow,
    SavedViewRow,
    Shop,
    StockItem,
    UploadRow,
)
from app.db.pages import activity as page_activity
from app.db.pages import alerts as page_alerts
from app.db.pages import deliveries as page_deliveries
from app.db.pages import incoming as page_incoming
from app.db.pages import order as page_order
from app.db.pages import order_filters
from app.db.pages import orders as page_orders
from app.db.pages import overview as page_overview
from app.db.pages import setup as page_setup
from app.db.pages.paging import PageRequest
from app.db.statements import Rows, delete_some, which_exist
from app.platforms.base import (
    Grant,
    LinePart,
    LocatedLine,
    OrderMarks,
    Reservation,
    ReservationKind,
    Routing,
    VariantSeen,
)
from app.platforms.base.refunds import RefundQuote
from tests.builders import (
    ITEM,
    LOCATION,
    NOW,
    TODAY,
    day,
    delivery,
    installed_shop,
    item_stock,
    line,
    order_item,
    order_seen,
    pool,
    routed,
    seconds,
    shown,
    shown_item,
)
from tests.db.stock import VARIANT, known_item, record_stock, see

KEY = Fernet.generate_key().decode()
OURS, THEIRS = 3, 7777
"""How many units everything counts in the shop that is asked, and in the other one."""

Call = Callable[[Session, Shop], object]


ANN = "ann@shop.example"


def fill(session: Session, shop: Shop, units: int) -> None:
    """A row in every table, due and waiting, with the same ids in every shop."""
    name = f"units {units}"
    item = known_item(session, shop, headroom=units, has_queue=True)
    item.title, item.sku, item.problem, item.unbalanced_since = name, name, name, NOW
    parts = (LinePart(1, units),)
    counted = msgspec.structs.replace(routed(units).lines[0], lowers_stock=True, parts=parts)
    copy = order_seen(order_item(units), routing=Routing((counted,), (51,)))
    see(session, shop, msgspec.structs.replace(copy, name=name))
    item.stock_due_at = item.settle_again_at = seconds(5)
    codes = [ItemCode(CodeKind.BARCODE, f"{units}00638133393"[:12])]
    item_codes.keep_codes(session, shop.id, ITEM, codes, told_by=VARIANT, now=NOW)
    record_stock(session, shop.id, item_stock(pool(-units, committed=units)), {LOCATION: units})
    said = Promise(line(units, order=1), units, day("2026-12-05"), Basis.ARRIVAL)
    promises.record_promises(session, shop.id, ITEM, [(said, name)], now=NOW, cause=name)
    showing.record_shown(session, shop.id, 1, shown(shown_item(units, of=units)), now=NOW)
    due_orders.judge_orders(session, shop.id, [1], at=NOW)
    demand.keep_doubts(session, shop.id, ITEM, [1], until=seconds(units))
    row = arrivals.add_arrival(
        session,
        item,
        location_id=LOCATION,
        quantity=units,
        expected_on=day("2026-12-05"),
        reference=name,
        now=NOW,
    )
    assert row.received == 0
    sold = msgspec.structs.replace(order_item(0, variant=VARIANT + 1), selling_plan_id=7)
    see(session, shop, order_seen(sold, order=2))
    tokens.keep_grant(shop, Grant(name, refresh_token=name), [KEY], now=NOW)
    shop.renewing_owner, shop.renewing_until = "ann", NOW
    tokens.use_once(session, shop.id, name, until=seconds(30), now=NOW)
    staff.invite(session, shop.id, "ann@shop.example", role=staff.Role.LOOK, now=NOW)
    access = {shop.id: staff.Role.LOOK}
    staff.add_sign_in(session, access, subject="ann", name=name, is_embedded=False, now=NOW)
    for number, problem in (("d-1", None), ("d-2", name)):
        inbox.record_delivery(session, shop.id, delivery(number, event=number, problem=problem), now=NOW)
    undo.change_for_now(session, row, reference=f"{name}.", now=NOW)
    row.supplier, row.state, row.received_at = name, "received", NOW
    ours = session.get_one(Order, (shop.id, 1))
    notices.record_notice(session, ours, NoticeKind.DELAY, at=NOW, revised_on=None, by=name, now=NOW)
    session.add(
        UploadRow(shop_id=shop.id, upload_id="u-1", name=name, content=name.encode(), uploaded_at=NOW)
    )
    session.add(
        ApiCallRow(shop_id=shop.id, key="call-1", digest=name, answer={"said": name}, called_at=NOW)
    )
    session.add(FileLayoutRow(shop_id=shop.id, header_key="h-1", options={"said": name}, updated_at=NOW))
    session.add(SavedViewRow(shop_id=shop.id, name="all", arguments={"list": name}))
    alerts.subscribe(session, shop.id, ANN, kinds=list(AlertKind), digest=Digest.DAILY, by=name, now=NOW)
    alerts.claim(session, shop.id, ANN, ["stuck"], now=NOW)
    session.add(FeedRow(shop_id=shop.id, feed_id="f-1", due_at=NOW, made_at=NOW, **_feed(name)))
    bulk_writes.begin(session, shop.id, [2], now=NOW)
    bulk_writes.add_part(session, shop.id, units, [2])
    reservations.replace_reservations(session, shop.id, [reservation(units)])
    _fill_opted_in(session, shop, units, name)
    session.flush()


def _fill_opted_in(session: Session, shop: Shop, units: int, name: str) -> None:
    """Rows of what merchants switch on: holds, moves, orders passed over, selling on."""
    number = holds.intend(session, shop.id, 1, a_hold(units), now=NOW)
    holds.adopt(session.get_one(HoldRow, number), units, now=NOW)
    holds.ask_for_checks(session, shop.id, [1], at=NOW)
    moves.keep(session, shop.id, 1, a_move(units), MoveState.DONE, now=NOW)
    turns.record_passes(session, shop.id, ITEM, LOCATION, [a_pass(units)], now=NOW)
    long_queues.keep_queues(session, shop.id, ITEM, {LOCATION: _long_queue(units)}, now=NOW)
    selling.intend(session, shop.id, A_SETTING, "DENY", was="CONTINUE", why=name, now=NOW)
    selling.ask_for_checks(session, shop.id, [ITEM], at=NOW)
    session.add(
        RefundRow(shop_id=shop.id, order_id=1, key="k-1", state="prepared", prepared_at=NOW, by=name)
    )


def _long_queue(units: int) -> Kept:
    """A line, and an order outside."""
    line = QueueLine(1, NOW, 0, units, units, (), units, Basis.UNKNOWN, None)
    return Kept(QueueSums(1, units, 1, 0, 0, ((TODAY, units),), ()), [line], [(2, units)])


def _feed(name: str) -> dict[str, Any]:
    """Where a feed is, and a file of it that was refused."""
    sealed = Fernet(KEY).encrypt(name.encode()).decode()
    told = {"name": name, "kind": "https", "address": name, "sealed": sealed}
    return {**told, "held_name": name, "held_content": name.encode()}


def reservation(units: int) -> Reservation:
    """Units that a draft order reserves."""
    return Reservation(ReservationKind.DRAFT, 1, f"units {units}", ITEM, units, NOW)


def a_hold(units: int) -> Put:
    """A hold on a part that both shops have."""
    return Put(51, LOCATION, f"units {units}", None, {ItemLocation(ITEM, LOCATION): units}, {})


def a_pass(units: int) -> Pass:
    """Another order went before the one that both shops have."""
    return Pass(2, units, (line(units, order=1),))


def a_move(units: int) -> Move:
    """Units of the order that both shops have, from their location."""
    return Move(51, ITEM, LOCATION, 9, {1: units})


def the_hold(session: Session, shop: Shop) -> HoldRow:
    """The shop's own hold."""
    return session.scalars(sa.select(HoldRow).where(HoldRow.shop_id == shop.id)).one()


def the_item(session: Session, shop: Shop) -> StockItem:
    """The item both shops have."""
    return session.get_one(StockItem, (shop.id, ITEM))


def the_arrival(session: Session, shop: Shop) -> ArrivalRow:
    """The shop's own arrival."""
    return session.scalars(sa.select(ArrivalRow).where(ArrivalRow.shop_id == shop.id)).one()


def the_order(session: Session, shop: Shop) -> Order:
    """The order both shops have."""
    return session.get_one(Order, (shop.id, 1))


def let_go_of_one_held(session: Session, shop: Shop) -> None:
    """One must be held to be let go."""
    the_order(session, shop).held_at = NOW
    interventions.let_go(session, the_order(session, shop), by="Ann", now=NOW)


def keep_a_lease(session: Session, shop: Shop) -> None:
    """One must be held to be kept."""
    shops.take_lease(session, shop.id, "ann", now=NOW)
    shops.keep_lease(session, shop.id, "ann", now=NOW)


def copy_of(session: Session, shop: Shop) -> demand.Taken:
    """The order as it is read again, with one unit more."""
    parts, was, now = (LinePart(1, OURS + 1),), order_item(OURS), order_item(OURS + 1)
    line = LocatedLine(ITEM, LOCATION, OURS + 1, lowers_stock=True, parts=parts)
    copy = order_seen(now, routing=Routing((line,), (51,)))
    lines = demand.lines_of(session, shop.id, [1])[1]
    return demand.Taken(copy, lines, {1: was}, {1: now}, is_begun=True, is_first=False)


def a_routed_copy(session: Session, shop: Shop) -> order_copies.OrderCopy:
    """The order, just read with where it is shipped from."""
    copy = order_copies.read(session, shop.id, [1])[1]
    copy.routing, copy.is_to_be_located = routed(OURS), True
    return copy


AT: dict[str, Any] = {"now": seconds(10), "cause": "a test"}
ORDERS = [1, 2]


def the_refund(session: Session, shop: Shop) -> RefundRow:
    """What was prepared for an order that both shops have."""
    found = refunds.find(session, shop.id, 1, "k-1")
    assert found is not None
    return found


A_SETTING = selling.SettingKey(ITEM, 31, "policy")
A_CHECK = selling.DueCheck(ITEM, NOW, 0)
TOLD = [
    inbound_feed.ReportedArrival(
        source_key=key, item_id=ITEM, sku="MUG", location_id=1, quantity=1, expected_on=day("2026-12-05")
    )
    for key in ("k-1", "k-2")
]


def forget(session: Session, rows: Rows) -> int:
    """Ask for the rows, and delete them."""
    session.execute(which_exist([rows])).one()
    return delete_some(session, rows)


CALENDAR = late_orders.Calendar(datetime.UTC, TURNING_DAYS)

CALLS: Mapping[str, Call] = {
    "demand.lines_of": lambda s, a: demand.lines_of(s, a.id, ORDERS),
    "demand.remember_taken": lambda s, a: demand.remember_taken(s, a.id, [copy_of(s, a)], seen_at=NOW),
    "demand.forget_lines": lambda s, a: demand.forget_lines(s, a.id, ORDERS, seen_at=NOW),
    "demand.changes_since": lambda s, a: demand.changes_since(s, a.id, ITEM, since=seconds(-9)),
    "demand.keep_doubts": lambda s, a: demand.keep_doubts(s, a.id, ITEM, [1], until=NOW),
    "demand.doubts_about": lambda s, a: demand.doubts_about(s, a.id, ORDERS),
    "audit.record_event": lambda s, a: audit.record_event(s, a.id, "kind", at=NOW, order_id=1),
    "audit.last_event": lambda s, a: audit.last_event(s, a.id, "kind", after="a"),
    "audit.recent_events": lambda s, a: audit.recent_events(s, a.id),
    "inbox.record_delivery": lambda s, a: inbox.record_delivery(
        s, a.id, delivery("d-1", event="d-1"), now=NOW
    ),
    "inbox.due_deliveries": lambda s, a: inbox.due_deliveries(s, a.id, limit=9),
    "inbox.mark_absorbed": lambda s, a: inbox.mark_absorbed(s, inbox.due_deliveries(s, a.id, limit=9)),
    "inbox.quarantine": lambda s, a: inbox.quarantine(
        s, inbox.due_deliveries(s, a.id, limit=1)[0], "it is broken"
    ),
    "inbox.failed_deliveries": lambda s, a: inbox.failed_deliveries(s, a.id),
    "inbox.old_deliveries": lambda s, a: forget(s, inbox.old_deliveries(a.id, before=seconds(99))),
    "inbox.old_failed_deliveries": lambda s, a: forget(
        s, inbox.old_failed_deliveries(a.id, before=seconds(99))
    ),
    "audit.old_events": lambda s, a: forget(s, audit.old_events(a.id, before=seconds(99))),
    "notices.old_notices": lambda s, a: forget(s, notices.old_notices(a.id, before=seconds(10**6))),
    "refunds.old_refunds": lambda s, a: forget(s, refunds.old_refunds(a.id, before=seconds(10**6))),
    "finished_orders.old_shown_orders": lambda s, a: forget(
        s, finished_orders.old_shown_orders(a.id, before=seconds(99))
    ),
    "shops.forget_failures": lambda s, a: shops.forget_failures(s, a.id, now=NOW),
    "inbox.count_deliveries": lambda s, a: inbox.count_deliveries(s, a.id),
    "items.list_items": lambda s, a: items.list_items(
        s, a.id, search="units", is_waiting_only=False, today=day("2026-11-25"), offset=0, limit=9
    ),
    "items.find_item": lambda s, a: items.find_item(s, a.id, ITEM),
    "items.titles_of": lambda s, a: items.titles_of(s, a.id, [ITEM]),
    "items.arrivals_of_item": lambda s, a: items.arrivals_of_item(s, a.id, ITEM),
    "items.change_terms": lambda s, a: items.change_terms(
        s, the_item(s, a), items.ItemTerms("discontinued", None, 9), by="ann", now=NOW
    ),
    "undo.change_for_now": lambda s, a: undo.change_for_now(
        s, the_arrival(s, a), quantity=OURS + 1, now=NOW
    ),
    "undo.undoable": lambda s, a: undo.undoable(s, a.id, now=NOW),
    "undo.take_back_all": lambda s, a: undo.take_back_all(
        s, undo.undoable(s, a.id, now=NOW), by="ann", now=NOW
    ),
    "undo.take_back": lambda s, a: undo.take_back(s, the_arrival(s, a), by="ann", now=NOW),
    "due_items.look_at_queues_of": lambda s, a: due_items.look_at_queues_of(s, a.id, ORDERS, **AT),
    "due_items.items_of_variants": lambda s, a: due_items.items_of_variants(s, a.id, [VARIANT]),
    "routes.keep_routing": lambda s, a: routes.keep_routing(s, a.id, {1: a_routed_copy(s, a)}),
    "stale_orders.orders_by_id": lambda s, a: stale_orders.orders_by_id(s, a.id, ORDERS),
    "order_copies.read": lambda s, a: order_copies.read(s, a.id, ORDERS),
    "order_copies.write": lambda s, a: order_copies.write(
        s, a.id, {1: order_copies.begin(order_seen(order_item(5)), now=NOW)}
    ),
    "orders.upsert_orders": lambda s, a: orders.upsert_orders(
        s, a.id, [order_seen(order_item(5), updated=1, routing=routed(5))], is_read=True, **AT
    ),
    "orders.priority_rules": lambda s, a: orders.priority_rules(s, a.id),
    "orders.mark_stale": lambda s, a: orders.mark_stale(s, a.id, ORDERS, **AT),
    "routes.unroute": lambda s, a: routes.unroute(s, a.id, [51], **AT),
    "due_items.look_at_orders": lambda s, a: due_items.look_at_orders(s, a.id, ORDERS, **AT),
    "orders.forget_orders": lambda s, a: orders.forget_orders(s, a.id, ORDERS, **AT),
    "orders.lose_sight_of": lambda s, a: orders.lose_sight_of(s, a.id, ORDERS, "too old", **AT),
    "due_items.move_stock": lambda s, a: due_items.move_stock(s, a.id, {ITEM: -1}, **AT),
    "due_items.move_stocks": lambda s, a: due_items.move_stocks(
        s, a.id, [due_items.StockMove(ITEM, -1, "a test")], now=AT["now"]
    ),
    "due_items.move_stock_of_product": lambda s, a: due_items.move_stock_of_product(s, a.id, 11, **AT),
    "due_items.look_at_item": lambda s, a: due_items.look_at_item(s, a.id, ITEM, **AT),
    "due_items.look_at_location": lambda s, a: due_items.look_at_location(s, a.id, LOCATION, **AT),
    "item_codes.keep_codes": lambda s, a: item_codes.keep_codes(
        s, a.id, ITEM, [ItemCode(CodeKind.BARCODE, "4006381333931")], told_by=VARIANT, now=NOW
    ),
    "item_codes.items_of_codes": lambda s, a: item_codes.items_of_codes(s, a.id),
    "item_codes.variants_to_ask": lambda s, a: item_codes.variants_to_ask(s, a.id, now=NOW, limit=9),
    "variants.unresolved_variants": lambda s, a: variants.unresolved_variants(s, a.id, limit=9),
    "variants.upsert_variants": lambda s, a: variants.upsert_variants(
        s,
        a.id,
        [VariantSeen(VARIANT, ITEM, "new"), VariantSeen(99, 99, "new")],
        now=NOW,
        only_known=False,
    ),
    "variants.find_items": lambda s, a: variants.find_items(s, a.id, f"units {THEIRS}"),
    "due_items.begin_rechecks": lambda s, a: due_items.begin_rechecks(s, a.id, now=seconds(10)),
    "due_items.due_items": lambda s, a: due_items.due_items(s, a.id, now=seconds(10), limit=9),
    "due_items.unsettled_items": lambda s, a: due_items.unsettled_items(s, a.id),
    "stock.pools_of": lambda s, a: stock.pools_of(s, a.id, [ITEM]),
    "due_items.quarantine": lambda s, a: due_items.quarantine(s, a.id, ITEM, "problem", now=NOW),
    "due_items.lock_item": lambda s, a: due_items.lock_item(s, a.id, ITEM),
    "stock.record_stock": lambda s, a: record_stock(s, a.id, item_stock(pool(1, at=9)), {}),
    "stale_orders.mark_asked": lambda s, a: stale_orders.mark_asked(s, a.id, ORDERS, now=NOW),
    "stale_orders.outdated_orders": lambda s, a: stale_orders.outdated_orders(
        s, a.id, {1: NOW, 3: NOW}, [ITEM]
    ),
    "stale_orders.as_untouched": lambda s, a: stale_orders.as_untouched(s, a.id, {1: OURS, 2: THEIRS}),
    "stale_orders.surely_as_known": lambda s, a: stale_orders.surely_as_known(
        s, a.id, {1: NOW}, untouched={1: OURS}
    ),
    "stale_orders.asked_since": lambda s, a: stale_orders.asked_since(s, a.id, NOW),
    "stale_orders.mark_open_stale": lambda s, a: stale_orders.mark_open_stale(s, a.id),
    "stale_orders.mark_unseen_stale": lambda s, a: stale_orders.mark_unseen_stale(
        s, a.id, ORDERS, seen_before=seconds(99)
    ),
    "due_items.look_at_waiting_items": lambda s, a: due_items.look_at_waiting_items(s, a.id, now=NOW),
    "open_demand.open_demand": lambda s, a: open_demand.open_demand(s, a.id, [ITEM]),
    "open_demand.outstanding_of": lambda s, a: open_demand.outstanding_of(s, a.id, ORDERS),
    "orders.orders_since_before": lambda s, a: orders.orders_since_before(s, a.id, ORDERS, NOW),
    "orders.order_sizes": lambda s, a: orders.order_sizes(s, a.id, ORDERS),
    "due_items.items_of_orders": lambda s, a: due_items.items_of_orders(s, a.id, ORDERS),
    "orders.held_orders": lambda s, a: orders.held_orders(s, a.id, ORDERS),
    "finished_orders.erase_finished_orders": lambda s, a: finished_orders.erase_finished_orders(
        s, a.id, ORDERS
    ),
    "finished_orders.old_finished_orders": lambda s, a: forget(
        s, finished_orders.old_finished_orders(a.id, before=seconds(99))
    ),
    "selling_plans.unread_plans": lambda s, a: selling_plans.unread_plans(s, a.id, now=NOW),
    "selling_plans.keep_plans": lambda s, a: selling_plans.keep_plans(s, a.id, [7], {7: True}, now=NOW),
    "reservations.replace_reservations": lambda s, a: reservations.replace_reservations(
        s, a.id, [reservation(OURS)]
    ),
    "reservations.claims_on": lambda s, a: reservations.claims_on(s, a.id, ITEM, ["draft order"]),
    "reservations.reserved_items": lambda s, a: reservations.reserved_items(s, a.id),
    "stock.drifting_pools": lambda s, a: stock.drifting_pools(s, a.id),
    "due_items.stuck_items": lambda s, a: due_items.stuck_items(s, a.id),
    "orders.order_names": lambda s, a: orders.order_names(s, a.id, ORDERS),
    "preferences.change_preferences": lambda s, a: preferences.change_preferences(
        s, a, {"quiet_days": 9, "lead_time_days": 9, "priority_rules": []}, by="ann", now=NOW
    ),
    "interventions.find_order": lambda s, a: interventions.find_order(s, a.id, 1),
    "interventions.rank_order": lambda s, a: interventions.rank_order(
        s, the_order(s, a), 5, by="Ann", now=NOW
    ),
    "interventions.hold_order": lambda s, a: interventions.hold_order(
        s, the_order(s, a), by="Ann", now=NOW
    ),
    "interventions.let_go": let_go_of_one_held,
    "interventions.retry_order": lambda s, a: interventions.retry_order(
        s, the_order(s, a), by="Ann", now=NOW
    ),
    "pages.activity.list_events": lambda s, a: page_activity.list_events(
        s, a.id, page_activity.Wanted(text=f"units {THEIRS}")
    ),
    "pages.activity.walk_events": lambda s, a: list(
        page_activity.walk_events(s, a.id, page_activity.Wanted())
    ),
    "pages.activity.list_kinds": lambda s, a: page_activity.list_kinds(s, a.id, ["promise", "drift"]),
    "pages.deliveries.list_failed": lambda s, a: page_deliveries.list_failed(s, a.id, PageRequest()),
    "pages.deliveries.find_failed": lambda s, a: page_deliveries.find_failed(s, a.id, -1),
    "pages.order.read_items": lambda s, a: page_order.read_items(s, a.id, 1),
    "pages.order.read_locations": lambda s, a: page_order.read_locations(s, a.id, 1),
    "pages.order.read_holds": lambda s, a: page_order.read_holds(s, a.id, 1),
    "pages.order.read_events": lambda s, a: page_order.read_events(s, a.id, 1),
    "pages.orders.list_orders": lambda s, a: page_orders.list_orders(
        s, a.id, page_orders.Wanted(TODAY, "risk", text="units")
    ),
    "pages.orders.find_items": lambda s, a: page_orders.find_items(s, a.id, "units"),
    "pages.orders.count_lists": lambda s, a: page_orders.count_lists(s, a.id, today=TODAY),
    "pages.overview.count_waiting": lambda s, a: page_overview.count_waiting(s, a.id),
    "day_counts.count_days": lambda s, a: day_counts.count_days(
        s, a.id, days=[TODAY], since=seconds(-99), zone=ZoneInfo("UTC")
    ),
    "day_counts.count_events": lambda s, a: day_counts.count_events(s, a.id, since=seconds(-99)),
    "pages.overview.read_inbox": lambda s, a: page_overview.read_inbox(s, a.id),
    "pages.overview.count_turns": lambda s, a: page_overview.count_turns(s, a.id, since=NOW),
    "queue_heads.count_waiting_longer": lambda s, a: queue_heads.count_waiting_longer(
        s, promises.promises_of_item(s, a.id, ITEM)[1, LOCATION]
    ),
    "pages.overview.read_trouble": page_overview.read_trouble,
    "due_orders.look_up_order": lambda s, a: due_orders.look_up_order(s, a.id, 1),
    "promises.promises_of_item": lambda s, a: promises.promises_of_item(s, a.id, ITEM),
    "promises.record_promises": lambda s, a: promises.record_promises(s, a.id, ITEM, [], **AT),
    "due_orders.judge_orders": lambda s, a: due_orders.judge_orders(s, a.id, ORDERS, at=None),
    "arrivals.awaiting_shipments": lambda s, a: arrivals.awaiting_shipments(s, a.id, [ITEM]),
    "due_orders.is_anything_due": lambda s, a: due_orders.is_anything_due(s, a.id, now=NOW),
    "due_orders.judge_showing": lambda s, a: due_orders.judge_showing(s, a.id, ITEM, at=NOW),
    "foreign.hear_of_foreign_writes": lambda s, a: foreign.hear_of_foreign_writes(
        s, a.id, [msgspec.structs.replace(order_seen(), blocks="theirs")], now=NOW
    ),
    "foreign.hear_of_marks": lambda s, a: foreign.hear_of_marks(
        s, a.id, [OrderMarks(1, "theirs", frozenset())], now=NOW
    ),
    "foreign.put_right": lambda s, a: foreign.put_right(s, a.id, 1, "theirs", is_answer=True, now=NOW),
    "foreign.found_fine": lambda s, a: foreign.found_fine(s, a.id, 1, "theirs"),
    "due_orders.hasten_looks": lambda s, a: due_orders.hasten_looks(s, a.id, now=NOW),
    "due_orders.orders_to_judge": lambda s, a: due_orders.orders_to_judge(s, a.id, now=NOW, limit=9),
    "due_orders.count_changing_status": lambda s, a: due_orders.count_changing_status(
        s, a.id, now=NOW, limit=9
    ),
    "due_orders.orders_changing_status": lambda s, a: due_orders.orders_changing_status(
        s, a.id, now=NOW, limit=9
    ),
    "bulk_writes.find": lambda s, a: bulk_writes.find(s, a.id),
    "bulk_writes.begin": lambda s, a: bulk_writes.begin(s, a.id, ORDERS, now=NOW),
    "bulk_writes.add_part": lambda s, a: bulk_writes.add_part(s, a.id, 9, ORDERS),
    "bulk_writes.look_later": lambda s, a: bulk_writes.look_later(s, a.id, at=NOW),
    "bulk_writes.end": lambda s, a: bulk_writes.end(s, a.id, tagged=[1], rest_until=NOW, now=NOW),
    "bulk_writes.rest": lambda s, a: bulk_writes.rest(s, a.id, until=NOW, now=NOW),
    "due_orders.due_orders": lambda s, a: due_orders.due_orders(s, a.id, ORDERS, now=NOW),
    "showing.orders_saying_notice": lambda s, a: showing.orders_saying_notice(s, a.id),
    "showing.stale_orders_shown": lambda s, a: showing.stale_orders_shown(s, a.id, seen_since=NOW),
    "showing.judge_all": lambda s, a: showing.judge_all(s, a.id, at=NOW),
    "showing.intend": lambda s, a: showing.intend(s, a.id, [(1, Shown(), Shown())]),
    "showing.record_shown": lambda s, a: showing.record_shown(s, a.id, 1, Shown(), now=NOW),
    "due_orders.settle_order": lambda s, a: due_orders.settle_order(s, a.id, 1),
    "due_orders.quarantine": lambda s, a: due_orders.quarantine(s, a.id, 1, "problem", now=NOW),
    "arrivals.supply_awaiting_shipments": lambda s, a: arrivals.supply_awaiting_shipments(s, a.id, ITEM),
    "arrivals.expected_arrivals": lambda s, a: arrivals.expected_arrivals(s, a.id, ITEM),
    "arrivals.adopt_arrivals": lambda s, a: arrivals.adopt_arrivals(s, a.id, ITEM),
    "arrivals.units_that_count": lambda s, a: arrivals.units_that_count(s, a.id, [ITEM]),
    "arrivals.locations": lambda s, a: arrivals.locations(s, a.id),
    "arrivals.items_by_sku": lambda s, a: arrivals.items_by_sku(s, a.id),
    "arrivals.record_change": lambda s, a: arrivals.record_change(
        s, the_arrival(s, a), "arrival changed", before="", now=NOW
    ),
    "uploads.keep_upload": lambda s, a: uploads.keep_upload(
        s, a.id, name="po.csv", content=b"x", options={}, now=NOW
    ),
    "api_calls.begin_call": lambda s, a: api_calls.begin_call(s, a.id, "call-2", "digest", now=NOW),
    "api_calls.end_call": lambda s, a: api_calls.end_call(s, a.id, "call-1", {"new": 1}),
    "api_calls.old_calls": lambda s, a: forget(s, api_calls.old_calls(a.id, before=seconds(10**6))),
    "arrivals.page_of_arrivals": lambda s, a: arrivals.page_of_arrivals(
        s, a.id, states=("expected", "received"), limit=9
    ),
    "uploads.layouts_of": lambda s, a: uploads.layouts_of(s, a.id),
    "uploads.keep_layout": lambda s, a: uploads.keep_layout(s, a.id, "h-1", {"ours": 1}, now=NOW),
    "uploads.find_upload": lambda s, a: uploads.find_upload(s, a.id, "u-1"),
    "uploads.drop_upload": lambda s, a: uploads.drop_upload(s, a.id, "u-1"),
    "uploads.old_uploads": lambda s, a: forget(s, uploads.old_uploads(a.id, before=seconds(10**6))),
    "inbound_feed.held_shipments": lambda s, a: inbound_feed.held_shipments(s, a.id),
    "inbound_feed.references_of_people": lambda s, a: inbound_feed.references_of_people(
        s, a.id, {"units 3"}
    ),
    "inbound_feed.arrival_rows": lambda s, a: list(inbound_feed.arrival_rows(s, a.id, range(1, 99))),
    "inbound_feed.look_at_waiting": lambda s, a: inbound_feed.look_at_waiting(s, a.id, {ITEM}, **AT),
    "inbound_feed.deliveries_of_several": lambda s, a: inbound_feed.deliveries_of_several(
        s, a.id, "csv"
    ),
    "inbound_feed.first_deliveries": lambda s, a: inbound_feed.first_deliveries(
        s, a.id, "csv", [each.source_key for each in TOLD]
    ),
    "inbound_feed.compare_told": lambda s, a: inbound_feed.compare_told(s, a.id, TOLD, source="csv"),
    "inbound_feed.upsert_arrivals": lambda s, a: inbound_feed.upsert_arrivals(
        s, a.id, TOLD, source="csv", **AT
    ),
    "unlisted.cancel_unnamed": lambda s, a: unlisted.cancel_unnamed(
        s, a.id, "typed", lambda reference, key: True, **AT
    ),
    "inbound_feed.orders_that_came": lambda s, a: inbound_feed.orders_that_came(s, a.id),
    "unlisted.mark_complete": lambda s, a: unlisted.mark_complete(
        s, a.id, {each.source_key for each in TOLD}, list_name="h-2"
    ),
    "unlisted.close_unlisted": lambda s, a: unlisted.close_unlisted(s, a.id, "h-1", (), **AT),
    "arrivals.has_locations": lambda s, a: arrivals.has_locations(s, a.id),
    "arrivals.list_arrivals": lambda s, a: arrivals.list_arrivals(s, a.id),
    "arrivals.add_arrival": lambda s, a: arrivals.add_arrival(
        s,
        the_item(s, a),
        location_id=1,
        quantity=1,
        expected_on=day("2026-12-05"),
        reference="",
        now=NOW,
    ),
    "arrivals.find_arrival": lambda s, a: arrivals.find_arrival(s, a.id, -1),
    "arrivals.change_arrival": lambda s, a: arrivals.change_arrival(
        s, the_arrival(s, a), received=1, now=NOW
    ),
    "lead_times.set_lead_time": lambda s, a: lead_times.set_lead_time(s, the_item(s, a), 3, now=NOW),
    "lead_times.set_shop_lead_time": lambda s, a: lead_times.set_shop_lead_time(s, a, 3, now=NOW),
    "holds.ask_for_checks": lambda s, a: holds.ask_for_checks(s, a.id, ORDERS, at=NOW),
    "holds.ask_for_check_of": lambda s, a: holds.ask_for_check_of(s, a, 1, now=NOW),
    "holds.ask_for_checks_of_held": lambda s, a: holds.ask_for_checks_of_held(s, a.id, ORDERS, now=NOW),
    "holds.ask_for_checks_of_all": lambda s, a: holds.ask_for_checks_of_all(s, a, NOW),
    "holds.ask_for_checks_of_parts": lambda s, a: holds.ask_for_checks_of_parts(s, a.id, [51], now=NOW),
    "holds.ask_for_checks_of_changed": lambda s, a: holds.ask_for_checks_of_changed(s, a.id, now=NOW),
    "holds.is_own_news": lambda s, a: holds.is_own_news(s, a.id, [51], "", now=NOW),
    "holds.due_orders": lambda s, a: holds.due_orders(s, a.id, now=seconds(9), limit=9),
    "holds.of_order": lambda s, a: holds.of_order(s, a.id, 1),
    "holds.intend": lambda s, a: holds.intend(s, a.id, 1, a_hold(1), now=NOW),
    "holds.end": lambda s, a: holds.end(
        s, the_hold(s, a), HoldState.LIFTED, now=NOW, name="#1", why="somebody let it go"
    ),
    "holds.intend_to_lift": lambda s, a: holds.intend_to_lift(s, a.id, [OURS, THEIRS]),
    "holds.let_go": lambda s, a: holds.let_go(s, a.id, OURS, now=NOW),
    "holds.could_not_let_go": lambda s, a: holds.could_not_let_go(s, a.id, OURS),
    "holds.forget_intent": lambda s, a: holds.forget_intent(s, the_hold(s, a)),
    "holds.know_parts": lambda s, a: holds.know_parts(s, a.id, 1, [51, 52]),
    "holds.done": lambda s, a: holds.done(s, a.id, 1),
    "holds.again": lambda s, a: holds.again(s, a.id, 1, at=seconds(9), attempts=1),
    "holds.held_units": lambda s, a: holds.held_units(s, a.id, ORDERS),
    "refunds.short_items": lambda s, a: refunds.short_items(s, a.id, 1),
    "refunds.open_lines": lambda s, a: refunds.open_lines(s, a.id, 1),
    "refunds.latest": lambda s, a: refunds.latest(s, a.id, 1),
    "refunds.unanswered": lambda s, a: refunds.unanswered(s, a.id, asked_before=seconds(9)),
    "refunds.find": lambda s, a: refunds.find(s, a.id, 1, "k-1"),
    "refunds.prepare": lambda s, a: refunds.prepare(
        s, s.get_one(Order, (a.id, 1)), [], RefundQuote(), why=[], by="ann", now=NOW
    ),
    "refunds.drop": lambda s, a: refunds.drop(s, the_refund(s, a)),
    "refunds.take": lambda s, a: refunds.take(s, the_refund(s, a), by="ann", notifies=False, now=NOW),
    "refunds.ask_again": lambda s, a: refunds.ask_again(
        s, the_refund(s, a), asked_before=seconds(9), now=NOW
    ),
    "refunds.refuse": lambda s, a: refunds.refuse(s, the_refund(s, a), "no", asked_at=NOW),
    "refunds.doubt": lambda s, a: refunds.doubt(s, the_refund(s, a), "who knows", asked_at=NOW),
    "refunds.close": lambda s, a: refunds.close(
        s, the_refund(s, a), order_name="#1", asked_before=seconds(9), by="ann", now=NOW
    ),
    "refunds.finish": lambda s, a: refunds.finish(s, the_refund(s, a), order_name="#1", now=NOW),
    "pages.order.line_titles": lambda s, a: page_order.line_titles(s, a.id, 1),
    "selling.ask_for_checks": lambda s, a: selling.ask_for_checks(s, a.id, [ITEM, 99], at=NOW),
    "selling.ask_for_check_of": lambda s, a: selling.ask_for_check_of(s, a, ITEM, now=NOW),
    "selling.ask_for_checks_of_all": lambda s, a: selling.ask_for_checks_of_all(s, a, NOW),
    "selling.items_out_of_stock": selling.items_out_of_stock,
    "selling.in_turn": lambda s, a: selling.in_turn(s, a.id, [ITEM, 99]),
    "selling.due_checks": lambda s, a: selling.due_checks(s, a.id, now=seconds(9), limit=9),
    "selling.done": lambda s, a: selling.done(s, a.id, A_CHECK),
    "selling.postpone": lambda s, a: selling.postpone(s, a.id, A_CHECK, until=seconds(9)),
    "selling.refused": lambda s, a: selling.refused(
        s, a.id, A_CHECK, why="no", failures=1, again_at=seconds(9)
    ),
    "selling.refusals": lambda s, a: selling.refusals(s, a.id),
    "selling.changed_rows": lambda s, a: selling.changed_rows(s, a.id),
    "selling.items_taken_on": lambda s, a: selling.items_taken_on(s, a.id),
    "selling.variants_of": lambda s, a: selling.variants_of(s, a.id, [ITEM]),
    "selling.rows_of": lambda s, a: selling.rows_of(s, a.id, [ITEM]),
    "selling.last_written": lambda s, a: selling.last_written(s, a.id, [ITEM]),
    "selling.changed_items": lambda s, a: selling.changed_items(s, a.id),
    "selling.intend": lambda s, a: selling.intend(
        s, a.id, A_SETTING, "DENY", was="CONTINUE", why="", now=NOW
    ),
    "selling.intend_to_restore": lambda s, a: selling.intend_to_restore(
        s, a.id, A_SETTING, was="DENY", now=NOW
    ),
    "selling.mark_written": lambda s, a: selling.mark_written(s, a.id, [ITEM], now=seconds(9)),
    "selling.confirm": lambda s, a: selling.confirm(s, a.id, A_SETTING, value="DENY"),
    "selling.leave": lambda s, a: selling.leave(s, a.id, A_SETTING),
    "selling.forget": lambda s, a: selling.forget(s, a.id, A_SETTING),
    "selling.change_item": lambda s, a: selling.change_item(
        s, the_item(s, a), most_ahead=3, sells_freely=False, by="ann", now=NOW
    ),
    "selling.shown": lambda s, a: selling.shown(s, a.id, ITEM),
    "holds.count_orders_held": lambda s, a: holds.count_orders_held(s, a.id),
    "moves.ask_for_moves": lambda s, a: moves.ask_for_moves(s, a, ITEM, now=NOW),
    "moves.ask_for_move_of": lambda s, a: moves.ask_for_move_of(s, a, 1, now=NOW),
    "moves.settled_places": lambda s, a: moves.settled_places(
        s, a.id, 1, [ItemLocation(ITEM, LOCATION)]
    ),
    "moves.known_figures": lambda s, a: moves.known_figures(s, a.id, [ITEM]),
    "moves.leave_for_now": lambda s, a: moves.leave_for_now(
        s, a.id, 1, {ItemLocation(ITEM, LOCATION): 1}, now=NOW
    ),
    "moves.parts_changed": lambda s, a: moves.parts_changed(s, a.id, [51]),
    "moves.unanswered": lambda s, a: moves.unanswered(s, a.id, ORDERS),
    "moves.location_names": lambda s, a: moves.location_names(s, a.id, ITEM),
    "moves.keep": lambda s, a: moves.keep(s, a.id, 1, a_move(1), MoveState.REFUSED, now=NOW),
    "moves.note_move": lambda s, a: moves.note_move(s, a.id, [51], 7, now=NOW),
    "turns.moved_at": lambda s, a: turns.moved_at(s, a.id, ITEM),
    "turns.record_passes": lambda s, a: turns.record_passes(
        s, a.id, ITEM, LOCATION, [a_pass(OURS + 1)], now=NOW
    ),
    "turns.passed_over": lambda s, a: turns.passed_over(s, a.id, ITEM),
    "turns.count_passed": lambda s, a: turns.count_passed(s, a.id, ORDERS),
    "turns.went_before": lambda s, a: turns.went_before(s, a.id, ORDERS),
    "turns.short_elsewhere": lambda s, a: turns.short_elsewhere(
        s, a.id, ORDERS, item_id=ITEM, location_id=9
    ),
    "turns.due_elsewhere": lambda s, a: turns.due_elsewhere(s, a.id, ORDERS, item_id=9),
    "queue_heads.served_by": lambda s, a: queue_heads.served_by(s, a.id, ITEM, 1, units=9, most=9),
    "promises.waiting_since": lambda s, a: promises.waiting_since(s, a.id, ITEM),
    "risk.words_given": lambda s, a: risk.words_given(s, a.id, ITEM),
    "risk.record_late_percents": lambda s, a: risk.record_late_percents(
        s, a.id, ITEM, {(1, LOCATION): 40}
    ),
    "risk.late_percents_of": lambda s, a: risk.late_percents_of(
        s, a.id, ITEM, ORDERS, location_id=LOCATION
    ),
    "long_queues.keep_queues": lambda s, a: long_queues.keep_queues(s, a.id, ITEM, {}, now=NOW),
    "long_queues.read_sums": lambda s, a: long_queues.read_sums(s, a.id, ITEM),
    "long_queues.read_page": lambda s, a: long_queues.read_page(s, a.id, ITEM, LOCATION, 1),
    "long_queues.read_outside": lambda s, a: long_queues.read_outside(s, a.id, ITEM, LOCATION),
    "promises.short_orders": lambda s, a: promises.short_orders(s, a.id),
    "showing.items_shown": lambda s, a: showing.items_shown(s, a.id, ORDERS),
    "endings.endings_of": lambda s, a: endings.endings_of(
        s, a.id, ITEM, promises.promises_of_item(s, a.id, ITEM), is_counted=True, seen=SupplyEvidence()
    ),
    "endings.items_with_untold_endings": lambda s, a: endings.items_with_untold_endings(
        s, a.id, [ITEM, 99]
    ),
    "order_sums.sum_up": lambda s, a: order_sums.sum_up(s, a.id, ORDERS),
    "showing.count_showing": lambda s, a: showing.count_showing(s, a.id),
    "showing.orders_showing": lambda s, a: showing.orders_showing(s, a.id, ORDERS),
    "promises.short_of_others": lambda s, a: promises.short_of_others(s, a.id, ORDERS, but_item=99),
    "promises.count_short": lambda s, a: promises.count_short(s, a.id),
    "shops.ask_to_catch_up": lambda s, a: shops.ask_to_catch_up(s, a, now=NOW),
    "shops.get_shop": lambda s, a: shops.get_shop(s, a.id),
    "shops.pause_shop": lambda s, a: shops.pause_shop(s, a.id, "problem", now=NOW),
    "shops.wait": lambda s, a: shops.wait(s, a.id, until=NOW),
    "shops.erase_shop": lambda s, a: shops.erase_shop(s, a.id),
    "shops.exists": lambda s, a: shops.exists(s, a.id),
    "shops.take_lease": lambda s, a: shops.take_lease(s, a.id, "ann", now=NOW),
    "shops.keep_lease": keep_a_lease,
    "shops.keep_skew": lambda s, a: shops.keep_skew(s, a.id, 300),
    "shops.end_lease": lambda s, a: shops.end_lease(s, a.id, "ann"),
    "lead_times.experience_of": lambda s, a: lead_times.experience_of(
        s, a.id, now=seconds(9), local_day=datetime.datetime.date
    ).lateness(ITEM, ""),
    "lead_times.supplier_of": lambda s, a: lead_times.supplier_of(s, a.id, ITEM),
    "order_names.names_like": lambda s, a: order_names.names_like(s, a.id, "1"),
    "order_names.is_numbered": lambda s, a: s.scalars(
        sa.select(Order.order_id).where(Order.shop_id == a.id, order_names.is_numbered(s, a.id, "1"))
    ).all(),
    "order_names.find_orders": lambda s, a: order_names.find_orders(s, a.id, f"units {OURS}"),
    "order_history.tell_of_changes": lambda s, a: order_history.tell_of_changes(
        s,
        a.id,
        [order_history.OrderEvent(1, "cancelled", NOW, "", "")],
        now=NOW,
        cause="a test",
    ),
    "waiting_since.began_waiting": lambda s, a: waiting_since.began_waiting(s, a.id, [1], now=NOW),
    "alerts.list_subscriptions": lambda s, a: alerts.list_subscriptions(s, a.id),
    "alerts.subscribe": lambda s, a: alerts.subscribe(
        s, a.id, ANN, kinds=(), digest=Digest.WEEKLY, by="ann", now=NOW
    ),
    "alerts.unsubscribe": lambda s, a: alerts.unsubscribe(s, a.id, ANN, by="ann", now=NOW),
    "alerts.told_keys": lambda s, a: alerts.told_keys(s, a.id, ANN),
    "alerts.claim": lambda s, a: alerts.claim(s, a.id, ANN, ["late"], now=NOW),
    "alerts.forget": lambda s, a: alerts.forget(s, a.id, ANN, ["stuck"]),
    "pages.alerts.overdue_orders": lambda s, a: page_alerts.overdue_orders(
        s, a.id, today=TODAY + datetime.timedelta(days=900)
    ),
    "pages.alerts.late_deliveries": lambda s, a: page_alerts.late_deliveries(
        s, a.id, today=TODAY + datetime.timedelta(days=900)
    ),
    "pages.alerts.count_released": lambda s, a: page_alerts.count_released(
        s, a.id, since=TODAY, before=TODAY
    ),
    "pages.alerts.turns": lambda s, a: page_alerts.turns(s, a.id, since=NOW),
    "pages.alerts.longest_quiet": lambda s, a: page_alerts.longest_quiet(s, a.id, now=NOW),
    "pages.setup.read_setup": page_setup.read_setup,
    "saved_views.list_views": lambda s, a: saved_views.list_views(s, a.id),
    "saved_views.save_view": lambda s, a: saved_views.save_view(s, a.id, "VIP", [("tag", "vip")]),
    "saved_views.delete_view": lambda s, a: saved_views.delete_view(s, a.id, "all"),
    "pages.incoming.list_deliveries": lambda s, a: page_incoming.list_deliveries(
        s, a.id, page_incoming.Wanted(TODAY)
    ),
    "pages.incoming.find_delivery": lambda s, a: page_incoming.find_delivery(s, a.id, 1),
    "pages.incoming.location_names": lambda s, a: page_incoming.location_names(s, a.id, [LOCATION]),
    "pages.incoming.count_deliveries": lambda s, a: page_incoming.count_deliveries(s, a.id, today=TODAY),
    "pages.incoming.open_suppliers": lambda s, a: page_incoming.open_suppliers(s, a.id),
    "pages.incoming.has_supplier": lambda s, a: page_incoming.has_supplier(s, a.id, "Acme"),
    "pages.incoming.record_of": lambda s, a: page_incoming.record_of(
        s, a.id, "Acme", zone=ZoneInfo("UTC")
    ),
    "pages.order_filters.items_coming": lambda s, a: order_filters.items_coming(s, a.id, "PO-1"),
    "pages.orders.sum_list": lambda s, a: page_orders.sum_list(
        s, a.id, page_orders.Wanted(TODAY, "all")
    ),
    "pages.orders.walk_orders": lambda s, a: list(
        page_orders.walk_orders(s, a.id, page_orders.Wanted(TODAY, "all"))
    ),
    "pages.orders.pick_list": lambda s, a: page_orders.pick_list(s, a.id, day=TODAY),
    "notices.record_notice": lambda s, a: notices.record_notice(
        s, s.get_one(Order, (a.id, 1)), NoticeKind.CONSENT, at=NOW, revised_on=None, by="us", now=NOW
    ),
    "notices.waiting_orders": lambda s, a: notices.waiting_orders(
        s, a.id, lambda facts: Obligations(None)
    ),
    "late_orders.count_cohorts": lambda s, a: [
        each.number for each in late_orders.count_cohorts(s, a.id, CALENDAR, but=())
    ],
    "late_orders.first_of": lambda s, a: late_orders.first_of(
        s, a.id, late_orders.count_cohorts(s, a.id, CALENDAR, but=()), but=(), most=9
    ),
    "late_orders.logged_orders": lambda s, a: late_orders.logged_orders(s, a.id),
    "due_work.read": lambda s, a: due_work.read(s, a.id, now=NOW),
    "feeds.list_feeds": lambda s, a: feeds.list_feeds(s, a.id),
    "feeds.find_feed": lambda s, a: feeds.find_feed(s, a.id, "f-1"),
    "feeds.add_feed": lambda s, a: feeds.add_feed(s, a.id, now=NOW, **_feed("new")),
    "feeds.remove_feed": lambda s, a: feeds.remove_feed(s, a.id, "f-1"),
    "feeds.forget_all": lambda s, a: feeds.forget_all(s, a.id),
    "feeds.take_due_feed": lambda s, a: feeds.take_due_feed(s, a.id, now=seconds(9)),
    "feeds.end_run": lambda s, a: feeds.end_run(
        s, s.get_one(FeedRow, (a.id, "f-1")), taken_due_at=NOW, due_at=seconds(9), outcome="failed"
    ),
    "feeds.held_file": lambda s, a: feeds.held_file(s, a.id, "f-1"),
    "tokens.begin_renewal": lambda s, a: tokens.begin_renewal(s, a.id, "bob", now=NOW),
    "tokens.end_renewal": lambda s, a: tokens.end_renewal(s, a.id, "ann"),
    "tokens.keep_renewed": lambda s, a: tokens.keep_renewed(
        s, a.id, "ann", Grant("new"), [KEY], now=NOW
    ),
    "tokens.reseal": lambda s, a: tokens.reseal(s, a.id, [KEY]),
    "tokens.use_once": lambda s, a: tokens.use_once(s, a.id, "new", until=seconds(9), now=seconds(60)),
    "staff.invite": lambda s, a: staff.invite(
        s, a.id, "ann@shop.example", role=staff.Role.MANAGE, now=NOW
    ),
    "staff.list_staff": lambda s, a: staff.list_staff(s, a.id),
    "staff.revoke": lambda s, a: staff.revoke(s, a.id, "ann@shop.example"),
    "staff.forget_all": lambda s, a: staff.forget_all(s, a.id),
    "staff.end_sign_ins": lambda s, a: staff.end_sign_ins(s, a.id, subject="ann"),
}

ACROSS_SHOPS = {
    "api_tokens.find_shop_by_token": "a token is all that a call to the JSON address brings",
    "pages.overview.count_short_by_shop": "one person's list of the shops they may see",
    "set_back.bring_forward": "the sweep again: what is too far ahead is of every shop",
    "due_work.shops_with_work": "the sweep asks which shops to ring, and gets their ids alone",
    "shops.list_shops": "the operator's list",
    "alerts.shops_with_subscriptions": "the clock asks which shops email anybody, and gets ids alone",
    "shops.find_shop": "a webhook or an install names its shop by platform and domain",
    "shops.install_shop": "as find_shop",
    "staff.find_invited": "a link is a person's own, and nobody can guess another's",
    "staff.use_link": "as find_invited",
    "staff.replace_hash": "only whoever signs in with that very password",
    "staff.memberships": "whoever signs in asks which shops are theirs",
    "staff.add_sign_in": "the shops of one person; it also forgets browsers whose time is over",
    "staff.find_sign_in": "a browser's token is its own, and nobody can guess another's",
    "staff.notice_use": "as find_sign_in",
    "staff.end_sign_in": "as find_sign_in",
    "staff.keep_done": "as find_sign_in",
    "shops.find_ids": "as find_shop, of many webhooks",
    "inbox.record_deliveries": "webhooks of many shops at once: each row goes to the shop that it names",
    "inbound_feed.count_anew": "the database counts the rows of a table, and nobody is told",
    "inbox.read_queue": "the operator's figures of what waits, of all shops at once",
    "inbox.find_delivery": "the operator's `deliveries replay` names a row by our own number",
}

BY_OUR_OWN_NUMBER = {"arrivals", "deliveries", "holds", "refunds"}
"""Their rows are changed by the id they were loaded with, which no two shops share."""


@dataclasses.dataclass(frozen=True)
class TwoShops:
    """Both full, in a transaction that is never committed; the ids of the one that is asked about, and
    of the other, whose rows are these."""

    connection: sa.Connection
    ours: int
    others: int
    theirs: dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def two_shops(request: pytest.FixtureRequest) -> Iterator[TwoShops]:
    """Filled once: that takes longer than any question."""
    name = "pg_engine" if request.param == "postgresql" else "migrated_sqlite"
    engine: sa.Engine = request.getfixturevalue(name)
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            ours, others = installed_shop(session), installed_shop(session, "b.myshopify.com")
            fill(session, others, THEIRS)
            fill(session, ours, OURS)
            session.commit()
            filled = TwoShops(connection, ours.id, others.id, rows_of(session, others.id))
        yield filled
        transaction.rollback()


@pytest.fixture
def session(two_shops: TwoShops) -> Iterator[Session]:
    """A session in which both shops are full again."""
    savepoint = two_shops.connection.begin_nested()
    with Session(two_shops.connection, join_transaction_mode="create_savepoint") as session:
        yield session
    savepoint.rollback()


@pytest.fixture
def shop(session: Session, two_shops: TwoShops) -> Shop:
    """The shop that is asked about."""
    return session.get_one(Shop, two_shops.ours)


@pytest.fixture
def other(session: Session, two_shops: TwoShops) -> Shop:
    """The shop that nobody asked about."""
    return session.get_one(Shop, two_shops.others)


def test_every_public_function_is_tried() -> None:
    public = {f"{name}.{function}" for name, module in _modules() for function in _asking(module)}

    assert public == CALLS.keys() | ACROSS_SHOPS.keys()


def _modules() -> Iterator[tuple[str, ModuleType]]:
    """Every module of `app.db` by its name there, but for the tables and what is no question to them."""
    for found in pkgutil.walk_packages(app.db.__path__, "app.db."):
        name = found.name.removeprefix("app.db.")
        if name.partition(".")[0] not in ("models", "migrations", "statements"):
            yield name, importlib.import_module(found.name)


def _asking(module: ModuleType) -> Iterator[str]:
    """The module's own public functions that take a session, or tell which rows another is to take."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        is_own = function.__module__ == module.__name__ and not name.startswith("_")
        signature = inspect.signature(function)
        if is_own and ("session" in signature.parameters or signature.return_annotation is Rows):
            yield name


def test_both_shops_have_a_row_in_every_table(session: Session, shop: Shop, other: Shop) -> None:
    for each in (shop, other):
        assert all(rows for rows in rows_of(session, each.id).values())


@pytest.mark.parametrize("name", CALLS)
def test_another_shop_is_neither_changed_nor_seen_nor_asked_about(
    session: Session, shop: Shop, two_shops: TwoShops, name: str
) -> None:
    session.expire_all()

    with _statements(session) as statements:
        result = CALLS[name](session, shop)
        session.flush()

    assert statements
    assert [each for each in statements if _forgets_the_shop(each)] == []
    assert [value for value in _values(result) if _is_theirs(value)] == []
    assert rows_of(session, two_shops.others) == two_shops.theirs


@pytest.mark.parametrize(
    ("statement", "is_forgotten"),
    [
        ("SELECT orders.name FROM orders WHERE orders.shop_id = ? AND orders.order_id = ?", False),
        ("SELECT orders.shop_id FROM orders WHERE orders.order_id = ?", True),
        ("SELECT 1 FROM orders JOIN items ON items.item_id = 3 WHERE orders.shop_id = ?", True),
        (
            "SELECT 1 FROM orders JOIN items ON items.shop_id = orders.shop_id WHERE orders.shop_id = ?",
            False,
        ),
        ("SELECT 1 FROM orders JOIN items ON items.shop_id = orders.shop_id", True),
        ("SELECT 1 FROM turns JOIN orders AS late ON late.shop_id = ? WHERE turns.shop_id = ?", False),
        ("SELECT 1 FROM turns JOIN orders AS late ON late.order_id = 3 WHERE turns.shop_id = ?", True),
        ("UPDATE orders SET judge_at=? WHERE orders.order_id IN (?)", True),
        ("UPDATE shops SET name=? WHERE shops.id = ?", False),
        ("DELETE FROM lines WHERE lines.order_id = %(a)s", True),
        ("DELETE FROM lines WHERE lines.shop_id = %(a)s::BIGINT", False),
        ("UPDATE arrivals SET received=? WHERE arrivals.id = ?", False),
        ("SELECT 1 FROM arrivals WHERE arrivals.id = ?", True),
    ],
)
def test_a_statement_that_forgets_the_shop_is_noticed(statement: str, is_forgotten: bool) -> None:
    assert _forgets_the_shop(statement) is is_forgotten


def test_erasing_a_shop_leaves_no_row_of_it(session: Session, shop: Shop, other: Shop) -> None:
    ours, theirs = rows_of(session, shop.id), rows_of(session, other.id)

    erased = shops.erase_shop(session, shop.id)

    assert erased == {table: len(rows) for table, rows in ours.items()}
    assert not any(rows_of(session, shop.id).values())
    assert rows_of(session, other.id) == theirs


def test_erasing_a_shop_takes_what_a_later_build_keeps_of_it(
    session: Session, shop: Shop, other: Shop
) -> None:
    """Whoever has gone back to this build can still erase a shop."""
    session.execute(sa.text("CREATE TABLE later (shop_id BIGINT REFERENCES shops (id))"))
    session.execute(sa.text("CREATE TABLE of_nobody (name TEXT)"))
    session.execute(sa.text(f"INSERT INTO later VALUES ({shop.id}), ({other.id})"))  # noqa: S608

    erased = shops.erase_shop(session, shop.id)

    assert erased["later"] == 1
    assert session.scalars(sa.text("SELECT shop_id FROM later")).all() == [other.id]


def rows_of(session: Session, shop_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a shop, by table."""
    found = {}
    for table in Base.metadata.sorted_tables:
        owner = table.c.id if table.name == "shops" else table.c.shop_id
        statement = sa.select(table).where(owner == shop_id).order_by(*table.primary_key)
        found[table.name] = [tuple(row) for row in session.execute(statement)]
    return found


def _values(result: object) -> Iterator[object]:
    """Everything that an answer holds, taken apart."""
    if isinstance(result, Base):
        yield from _values(
            {one.key: getattr(result, one.key) for one in sa.inspect(type(result)).column_attrs}
        )
    elif dataclasses.is_dataclass(result):
        names = [field.name for field in dataclasses.fields(result)]
        yield from _values([getattr(result, name) for name in names])
    elif isinstance(result, msgspec.Struct):
        yield from _values([getattr(result, name) for name in result.__struct_fields__])
    elif isinstance(result, Mapping):
        for key, value in result.items():
            yield from (*_values(key), *_values(value))
    elif isinstance(result, list | tuple | set | frozenset):
        for value in result:
            yield from _values(value)
    else:
        yield result


def _is_theirs(value: object) -> bool:
    return str(THEIRS) in value if isinstance(value, str) else isinstance(value, int) and value >= THEIRS


@contextmanager
def _statements(session: Session) -> Iterator[list[str]]:
    """The statements that read, change or delete rows while the block runs."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(connection, "before_cursor_execute", note)


_VALUE = r"(?:\?|%\()"


def _forgets_the_shop(statement: str) -> bool:
    """Whether a table is read or changed without its shop being compared, or no shop is named at all."""
    if statement.startswith("INSERT"):
        return False
    tables = {
        called or table.name
        for table in Base.metadata.sorted_tables
        for called in re.findall(
            rf"\b(?:FROM|JOIN|UPDATE)\s+{table.name}\b(?:\s+AS\s+(\w+))?", statement
        )
    }
    if re.match(r"UPDATE (\w+) SET .* WHERE \1\.id = ", statement):
        tables -= BY_OUR_OWN_NUMBER
    if not tables:
        return False
    names_one = re.search(rf"\b(?:\w+\.shop_id|shops\.id) = {_VALUE}", statement)
    return not names_one or not all(_is_compared(table, statement) for table in tables)


def _is_compared(table: str, statement: str) -> bool:
    column = "shops.id" if table == "shops" else f"{table}.shop_id"
    return bool(re.search(rf"\b{re.escape(column)} = |= {re.escape(column)}\b", statement))
