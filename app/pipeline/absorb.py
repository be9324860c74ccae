"""Deliveries → our copy. What a webhook tells only says where to look; nothing is decided here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.db import (
    audit,
    due_items,
    finished_orders,
    holds,
    inbox,
    moves,
    orders,
    routes,
    shops,
    variants,
)
from app.db.due_items import StockMove
from app.db.inbox import DueDelivery
from app.db.reservations import reserved_items
from app.pipeline.context import ShopContext
from app.pipeline.selling_permission import take_scopes
from app.platforms.base import (
    InboundChanged,
    ItemChanged,
    LocationGone,
    OrderGone,
    OrderSeen,
    OrderTouched,
    PrivacyKind,
    PrivacyRequest,
    ProductStockMoved,
    RoutingChanged,
    ScopesChanged,
    StockMoved,
    VariantSeen,
)

# So many are read, and written, by one statement a table, in one short transaction.
_AT_ONCE = 1000

# What a delivery may be to blame for: values that no column takes, facts that are none. A database that
# is full, busy, slow or gone says so in other words (`OperationalError`), and condemns nothing.
_ITS_OWN_FAULT = (sa.exc.DataError, sa.exc.IntegrityError, msgspec.ValidationError, OverflowError)

log = structlog.get_logger()


def absorb(context: ShopContext) -> bool:
    """Take the next deliveries into the mirror. Returns whether there were any."""
    with context.transaction() as session:
        rows = inbox.due_deliveries(session, context.shop_id, limit=_AT_ONCE)
        if rows:
            _absorb(session, rows, context.clock())
    return bool(rows)


def _absorb(session: Session, rows: Sequence[DueDelivery], now: datetime) -> None:
    """Take them in at once; if one is poisoned, halve them until it stands alone, and is set aside with
    its reason."""
    try:
        # A savepoint: what is set aside must leave the rest of the transaction alone.
        with session.begin_nested():
            _absorb_all(session, rows, now)
    except (sa.exc.StatementError, *_ITS_OWN_FAULT) as error:
        if not _is_its_own_fault(error):
            raise
        if len(rows) == 1:
            problem = f"{rows[0].topic} could not be taken in: {type(error).__name__}"
            log.warning("delivery set aside", shop=rows[0].shop_id, delivery=rows[0].id, reason=problem)
            inbox.quarantine(session, rows[0], problem)
            return
        middle = len(rows) // 2
        _absorb(session, rows[:middle], now)
        _absorb(session, rows[middle:], now)


def _is_its_own_fault(error: Exception) -> bool:
    """A value that is refused before it reaches the database comes in a plain `StatementError`."""
    return type(error) is sa.exc.StatementError or isinstance(error, _ITS_OWN_FAULT)


def _absorb_all(session: Session, rows: Sequence[DueDelivery], now: datetime) -> None:
    """Orders first, in one go: they are most of the traffic, and the rest may speak of them. Of the rest
    those of one kind that came one after the other go together."""
    facts = [(row, fact) for row in rows for fact in row.read_facts()]
    _upsert_orders(session, [(row, fact) for row, fact in facts if isinstance(fact, OrderSeen)], now)
    others = ((row, fact) for row, fact in facts if not isinstance(fact, OrderSeen))
    for kind, some in groupby(others, key=lambda told: type(told[1])):
        if kind in _TAKE_TOGETHER:
            _TAKE_TOGETHER[kind](session, list(some), now)
        elif kind in _TAKE:
            for row, fact in some:
                _TAKE[kind](session, row, fact, now)
    inbox.mark_absorbed(session, rows)


def _upsert_orders(
    session: Session, facts: Sequence[tuple[DueDelivery, OrderSeen]], now: datetime
) -> None:
    if not facts:
        return
    row = facts[-1][0]
    copies = [copy for _, copy in facts]
    orders.upsert_orders(session, row.shop_id, copies, now=now, cause=_cause(row), is_read=False)


def _cause(row: DueDelivery) -> str:
    return f"delivery {row.id} ({row.topic})"


def _orders_touched(
    session: Session, facts: Sequence[tuple[DueDelivery, OrderTouched]], now: datetime
) -> None:
    row = facts[-1][0]
    touched = {fact.order_id for _, fact in facts}
    orders.mark_stale(session, row.shop_id, touched, now=now, cause=_cause(row))
    shops.ask_to_poll(shops.get_shop(session, row.shop_id), now=now)


def _order_gone(session: Session, row: DueDelivery, fact: OrderGone, now: datetime) -> None:
    orders.forget_orders(session, row.shop_id, [fact.order_id], now=now, cause=_cause(row))


def _routing_changed(session: Session, row: DueDelivery, fact: RoutingChanged, now: datetime) -> None:
    """What we held or let go ourselves is where it was."""
    parts, hold = fact.route_ids, fact.hold
    if hold is not None and holds.is_own_news(session, row.shop_id, parts, hold, now=now):
        return
    if fact.moved_to is not None:
        moves.note_move(session, row.shop_id, parts, fact.moved_to, now=now)
    if shops.get_shop(session, row.shop_id).moves:
        moves.parts_changed(session, row.shop_id, parts)
    routes.unroute(session, row.shop_id, parts, now=now, cause=_cause(row))
    holds.ask_for_checks_of_parts(session, row.shop_id, parts, now=now)


def _stock_moved(
    session: Session, facts: Sequence[tuple[DueDelivery, StockMoved]], now: datetime
) -> None:
    moves = [
        StockMove(fact.item_id, fact.available_hint, _cause(row), fact.location_id)
        for row, fact in facts
    ]
    due_items.move_stocks(session, facts[0][0].shop_id, moves, now=now)


def _product_stock_moved(
    session: Session, row: DueDelivery, fact: ProductStockMoved, now: datetime
) -> None:
    due_items.move_stock_of_product(session, row.shop_id, fact.product_id, now=now, cause=_cause(row))


def _item_changed(session: Session, row: DueDelivery, fact: ItemChanged, now: datetime) -> None:
    due_items.look_at_item(session, row.shop_id, fact.item_id, now=now, cause=_cause(row))


def _variant_seen(session: Session, row: DueDelivery, fact: VariantSeen, now: datetime) -> None:
    variants.upsert_variants(session, row.shop_id, [fact], now=now, only_known=True)


def _inbound_changed(session: Session, row: DueDelivery, fact: InboundChanged, now: datetime) -> None:
    """A transfer that leaves takes what was committed to it, and no stock that is free, so that nothing
    else tells of it."""
    for item_id in reserved_items(session, row.shop_id):
        due_items.look_at_item(session, row.shop_id, item_id, now=now, cause=_cause(row))
    shops.expect_inbound(shops.get_shop(session, row.shop_id), now=now)


def _location_gone(session: Session, row: DueDelivery, fact: LocationGone, now: datetime) -> None:
    due_items.look_at_location(session, row.shop_id, fact.location_id, now=now, cause=_cause(row))


def _scopes_changed(session: Session, row: DueDelivery, fact: ScopesChanged, now: datetime) -> None:
    """Whether they are enough, the next call to the platform tells, which is made now."""
    shop = shops.get_shop(session, row.shop_id)
    shops.ask_to_check(shop)
    before = shop.scopes
    take_scopes(session, shop, fact.scopes, now=now)
    audit.record_event(
        session,
        row.shop_id,
        "scopes changed",
        at=now,
        before=" ".join(before),
        after=" ".join(fact.scopes),
        cause=_cause(row),
    )


def _privacy_request(session: Session, row: DueDelivery, fact: PrivacyRequest, now: datetime) -> None:
    """We hold order ids, names and quantities, nothing of a buyer; what is asked for is logged and,
    where it is to be erased, erased. `shop/redact` ends with the shop's own row: see `advance`."""
    if fact.request is PrivacyKind.REDACT_SHOP:
        shop = shops.get_shop(session, row.shop_id)
        if not shops.is_of_earlier_install(shop, row.triggered_at):
            shops.ask_to_erase(shop)
        return
    held = orders.held_orders(session, row.shop_id, fact.order_ids)
    erased = 0
    if fact.request is PrivacyKind.REDACT_CUSTOMER:
        erased = finished_orders.erase_finished_orders(session, row.shop_id, fact.order_ids)
    audit.record_event(
        session,
        row.shop_id,
        fact.request.value,
        at=now,
        before=f"{len(held)} {'order' if len(held) == 1 else 'orders'} held, by number only",
        after=f"{erased} erased",
        cause=_cause(row),
    )


# Each takes its own kind of fact, which the key names. (A shop that is gone: see `app.pipeline.intake`.)
_TAKE: Mapping[type, Callable[[Session, DueDelivery, Any, datetime], None]] = {
    OrderGone: _order_gone,
    RoutingChanged: _routing_changed,
    ProductStockMoved: _product_stock_moved,
    ItemChanged: _item_changed,
    VariantSeen: _variant_seen,
    InboundChanged: _inbound_changed,
    LocationGone: _location_gone,
    ScopesChanged: _scopes_changed,
    PrivacyRequest: _privacy_request,
}

# Each takes all facts of its kind that came one after the other.
_TAKE_TOGETHER: Mapping[type, Callable[[Session, Sequence[tuple[DueDelivery, Any]], datetime], None]] = {
    OrderTouched: _orders_touched,
    StockMoved: _stock_moved,
}
