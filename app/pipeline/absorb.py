"""Deliveries → our copy. What a webhook tells only says where to look; nothing is decided here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import audit, inbox, mirror, shops
from app.db.models import DeliveryRow
from app.pipeline.desk import Desk
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

_AT_ONCE = 200


def absorb(desk: Desk) -> bool:
    """Take the next deliveries into the mirror. Returns whether there were any."""
    with desk.transaction() as session:
        rows = inbox.due_deliveries(session, desk.shop_id, limit=_AT_ONCE)
        if not rows:
            return False
        try:
            with session.begin_nested():
                _absorb_all(session, rows, desk.clock())
        except (sa.exc.StatementError, msgspec.ValidationError):
            _absorb_one_by_one(session, rows, desk.clock())
    return True


def _absorb_one_by_one(session: Session, rows: Sequence[DeliveryRow], now: datetime) -> None:
    """One of them is poisoned: it alone is set aside, with its reason."""
    for row in rows:
        try:
            with session.begin_nested():
                _absorb_all(session, [row], now)
        except (sa.exc.StatementError, msgspec.ValidationError) as error:
            row.state, row.problem = (
                "failed",
                f"{row.topic} could not be taken in: {type(error).__name__}",
            )


def _absorb_all(session: Session, rows: Sequence[DeliveryRow], now: datetime) -> None:
    """Orders first, in one go: they are most of the traffic, and the rest may speak of them."""
    facts = [(row, fact) for row in rows for fact in inbox.read_facts(row)]
    _see_orders(session, [(row, fact) for row, fact in facts if isinstance(fact, OrderSeen)], now)
    for row, fact in facts:
        take = _TAKE.get(type(fact))
        if take is not None:
            take(session, row, fact, now)
    for row in rows:
        row.state, row.problem = "done", None


def _see_orders(session: Session, facts: Sequence[tuple[DeliveryRow, OrderSeen]], now: datetime) -> None:
    if not facts:
        return
    row = facts[-1][0]
    copies = [copy for _, copy in facts]
    mirror.see_orders(session, row.shop_id, copies, now=now, cause=_cause(row), is_read=False)


def _cause(row: DeliveryRow) -> str:
    return f"delivery {row.id} ({row.topic})"


def _order_touched(session: Session, row: DeliveryRow, fact: OrderTouched, now: datetime) -> None:
    mirror.touch_orders(session, row.shop_id, [fact.order_id], now=now, cause=_cause(row))
    shops.expect_news(shops.get_shop(session, row.shop_id), now=now)


def _order_gone(session: Session, row: DeliveryRow, fact: OrderGone, now: datetime) -> None:
    mirror.forget_orders(session, row.shop_id, [fact.order_id], now=now, cause=_cause(row))


def _routing_changed(session: Session, row: DeliveryRow, fact: RoutingChanged, now: datetime) -> None:
    mirror.unroute(session, row.shop_id, fact.route_ids, now=now, cause=_cause(row))


def _stock_moved(session: Session, row: DeliveryRow, fact: StockMoved, now: datetime) -> None:
    mirror.move_stock(
        session, row.shop_id, {fact.item_id: fact.available_hint}, now=now, cause=_cause(row)
    )


def _product_stock_moved(
    session: Session, row: DeliveryRow, fact: ProductStockMoved, now: datetime
) -> None:
    mirror.move_stock_of_product(session, row.shop_id, fact.product_id, now=now, cause=_cause(row))


def _item_changed(session: Session, row: DeliveryRow, fact: ItemChanged, now: datetime) -> None:
    mirror.look_at_item(session, row.shop_id, fact.item_id, now=now, cause=_cause(row))


def _variant_seen(session: Session, row: DeliveryRow, fact: VariantSeen, now: datetime) -> None:
    mirror.see_variants(session, row.shop_id, [fact], now=now, only_known=True)


def _inbound_changed(session: Session, row: DeliveryRow, fact: InboundChanged, now: datetime) -> None:
    shops.expect_inbound(shops.get_shop(session, row.shop_id), now=now)


def _location_gone(session: Session, row: DeliveryRow, fact: LocationGone, now: datetime) -> None:
    mirror.look_at_location(session, row.shop_id, fact.location_id, now=now, cause=_cause(row))


def _scopes_changed(session: Session, row: DeliveryRow, fact: ScopesChanged, now: datetime) -> None:
    """Whether they are enough, the next call to the platform tells, which is made now."""
    shop = shops.get_shop(session, row.shop_id)
    shops.ask_to_check(shop)
    before, shop.scopes = shop.scopes, list(fact.scopes)
    audit.record_event(
        session,
        row.shop_id,
        "scopes changed",
        at=now,
        before=" ".join(before),
        after=" ".join(fact.scopes),
        cause=_cause(row),
    )


def _privacy_request(session: Session, row: DeliveryRow, fact: PrivacyRequest, now: datetime) -> None:
    """We hold order ids, names and quantities, nothing of a buyer; what is asked for is logged and,
    where it is to be erased, erased. `shop/redact` ends with the shop's own row: see `advance`."""
    if fact.request is PrivacyKind.REDACT_SHOP:
        shop = shops.get_shop(session, row.shop_id)
        if not shops.is_of_earlier_install(shop, row.triggered_at):
            shops.ask_to_erase(shop)
        return
    held = mirror.held_orders(session, row.shop_id, fact.order_ids)
    erased = 0
    if fact.request is PrivacyKind.REDACT_CUSTOMER:
        erased = mirror.erase_finished_orders(session, row.shop_id, fact.order_ids)
    audit.record_event(
        session,
        row.shop_id,
        fact.request.value,
        at=now,
        before=f"{len(held)} orders held, by number only",
        after=f"{erased} erased",
        cause=_cause(row),
    )


# Each takes its own kind of fact, which the key names. (A shop that is gone: see `app.web.webhooks`.)
_TAKE: Mapping[type, Callable[[Session, DeliveryRow, Any, datetime], None]] = {
    OrderTouched: _order_touched,
    OrderGone: _order_gone,
    RoutingChanged: _routing_changed,
    StockMoved: _stock_moved,
    ProductStockMoved: _product_stock_moved,
    ItemChanged: _item_changed,
    VariantSeen: _variant_seen,
    InboundChanged: _inbound_changed,
    LocationGone: _location_gone,
    ScopesChanged: _scopes_changed,
    PrivacyRequest: _privacy_request,
}
