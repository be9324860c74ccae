"""Goods that the platform itself knows to be on their way, read into arrivals."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from app.core.arrivals import same_reference
from app.core.states import ArrivalSource
from app.db import arrivals, due_orders, inbound_feed, shops, unlisted
from app.db.due_orders import DueOrder
from app.db.inbound_feed import HeldShipment, ReportedArrival
from app.db.models import Shop
from app.pipeline.context import ShopContext, local_day
from app.pipeline.purchase_orders import Ordered, record_orders
from app.platforms.base import Inbound

SOURCE = ArrivalSource.PLATFORM
_CAUSE = "inbound shipments read"
# Everything is read anew each time, so what several webhooks tell in a row is read once: within the
# minute where nothing waits for it, sooner where dates are about to be promised or written.
_PAUSE, _SHORT_PAUSE = timedelta(seconds=60), timedelta(seconds=5)
# A reading takes several requests: where a third of them fail, four in five readings are cut off.
_AGAIN = timedelta(seconds=10)


def expect_hourly(session: Session, shop: Shop, *, now: datetime) -> None:
    """The hourly check has shipments read that no webhook told of, unless that was done just now, or
    there is no place that goods could come to."""
    read_at = shop.inbound_read_at
    is_new = read_at is None and arrivals.has_locations(session, shop.id)
    if is_new or (read_at is not None and read_at + _PAUSE <= now):
        shops.expect_inbound(shop, now=now)


def put_off_until_read(
    session: Session, shop: Shop, orders: Sequence[DueOrder], *, now: datetime
) -> list[DueOrder]:
    """A date that is written must be as fresh as its source: orders that wait for what shipments bring
    are put off until these have been read, where a webhook told of them since, or the last reading is a
    minute old and a webhook may be late or lost. Returns the others."""
    read_at = shop.inbound_read_at
    if read_at is None or (shop.inbound_at is None and now - read_at < _PAUSE):
        return list(orders)
    short = {order.order_id: _short_items(order) for order in orders}
    coming = arrivals.awaiting_shipments(session, shop.id, set().union(*short.values()))
    put_off = {order_id for order_id, items in short.items() if items & coming}
    if put_off:
        shops.expect_inbound(shop, now=now)
        due_orders.judge_orders(session, shop.id, put_off, at=max(now, read_at + _SHORT_PAUSE))
    return [order for order in orders if order.order_id not in put_off]


def _short_items(order: DueOrder) -> set[int]:
    return {item.item_id for item in order.state.items if item.short}


def read_inbound(context: ShopContext) -> bool:
    """Read all shipments that are on their way to places where stock was seen, if it is time. Returns
    whether it was."""
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        now = context.clock()
        if shop.inbound_at is None or shop.inbound_at > now:
            return False
        is_awaited = due_orders.is_anything_due(session, context.shop_id, now=now)
        pause = _SHORT_PAUSE if is_awaited else _PAUSE
        if shop.inbound_read_at is not None and shop.inbound_read_at + pause > now:
            shop.inbound_at = shop.inbound_read_at + pause
            return False
        # If this is cut off it is done again; what is told meanwhile asks for an earlier moment.
        again_at = shop.inbound_at = now + _AGAIN
        places = sorted(arrivals.locations(session, context.shop_id))
        held, scopes = inbound_feed.held_shipments(session, context.shop_id), list(shop.scopes)
        came = inbound_feed.orders_that_came(session, context.shop_id)
    orders = Ordered.of(context.platform.fetch_purchase_orders(came, scopes=scopes), places)
    where = orders.places() | {number: one.location_id for number, one in held.items()}
    found = context.platform.fetch_inbound(places, where, scopes=scopes) or []
    named = [orders.named(_with_reference(one, held.get(one.shipment_id))) for one in found]
    _record(context, named, orders)
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        shop.inbound_places = places
        # Where nothing could be asked there is nothing to wait for.
        shop.inbound_read_at = now if places else None
        if shop.inbound_at == again_at:
            shop.inbound_at = None
    return True


def _with_reference(inbound: Inbound, held: HeldShipment | None) -> Inbound:
    """A transfer is heard of no more once all of it has come: its shipments keep the name it lent them,
    which stands before their own."""
    if held is None or not held.reference or not inbound.names:
        return inbound
    *lent, own = inbound.names
    return msgspec.structs.replace(inbound, names=(*lent, held.reference, own))


def _record(context: ShopContext, found: Sequence[Inbound], orders: Ordered) -> None:
    """A shipment is told whole: lines that it lost, or all of one that was deleted or has no date any
    more, are cancelled."""
    now = context.clock()
    with context.transaction() as session:
        zone = shops.get_shop(session, context.shop_id).time_zone
        spoken = inbound_feed.references_of_people(
            session, context.shop_id, {same_reference(name) for one in found for name in one.names}
        )
        record_orders(session, context.shop_id, orders, found, zone, now=now)
        lines = [line for one in found for line in _told(one, zone, spoken, orders)]
        inbound_feed.upsert_arrivals(
            session, context.shop_id, lines, source=SOURCE, cause=_CAUSE, now=now
        )
        read, named = {str(one.shipment_id) for one in found}, {line.source_key for line in lines}
        unlisted.cancel_unnamed(
            session,
            context.shop_id,
            SOURCE,
            lambda reference, key: key.partition("\t")[0] in read and key not in named,
            cause=_CAUSE,
            now=now,
        )


def _told(
    inbound: Inbound, zone: str, spoken: Collection[str], orders: Ordered
) -> list[ReportedArrival]:
    """Goods without a date are no arrival: nobody could be told when they come."""
    if inbound.arrives_at is None:
        return []
    reference = _reference(inbound.names, spoken)
    return [
        ReportedArrival(
            source_key=f"{inbound.shipment_id}\t{line.line_id}",
            item_id=line.item_id,
            sku=line.sku,
            location_id=inbound.location_id,
            quantity=line.quantity,
            received=line.accepted,
            is_over=line.unreceived == 0,
            expected_on=local_day(inbound.arrives_at, zone),
            reference=reference,
            supplier=orders.supplier_of(inbound.shipment_id),
            received_at=inbound.received_at if line.accepted else None,
        )
        for line in inbound.lines
    ]


def _reference(names: Sequence[str], spoken: Collection[str]) -> str:
    """Of the names of a shipment and its transfer the one that a purchase order is known by here, so
    that both count once."""
    known = [name for name in names if same_reference(name) in spoken]
    return next(iter(known or names), "")
