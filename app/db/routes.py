"""Where the units of our orders are shipped from."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.due_items import look_at_queues_of
from app.db.holds import held_units
from app.db.models import NAMES, LineItemRow, LineRow, Order, RouteRow, StockItem, Variant
from app.db.order_copies import OrderCopy
from app.db.statements import upsert
from app.platforms.base import Routing


def keep_routing(session: Session, shop_id: int, orders: Mapping[int, OrderCopy]) -> None:
    """Keep the routing of those orders that a read told of, and say which of them are located by it:
    not those of which a copy changed after it."""
    for order_id, order in orders.items():
        if order.routing is None:
            continue
        _replace_routing(session, shop_id, order_id, order.routing)
        if order.is_to_be_located:
            is_located = order.is_cancelled or (
                bool(order.routing.route_ids) and _covers(session, shop_id, order_id, order.routing)
            )
            where = (Order.shop_id == shop_id, Order.order_id == order_id)
            session.execute(sa.update(Order).where(*where).values(is_located=is_located))


def _replace_routing(session: Session, shop_id: int, order_id: int, routing: Routing) -> None:
    for table in (LineRow, RouteRow):
        session.execute(sa.delete(table).where(table.shop_id == shop_id, table.order_id == order_id))
    key = {"shop_id": shop_id, "order_id": order_id}
    ours = held_units(session, shop_id, [order_id])
    lines = [
        key
        | {
            "item_id": line.item_id,
            "location_id": line.location_id,
            "quantity": line.quantity,
            "backordered": line.backordered,
            # A hold of ours is put on what waits for stock, and tells nothing of what is committed.
            "waiting": max(0, line.waiting - ours.get((order_id, line.item_id, line.location_id), 0)),
        }
        for line in routing.lines
    ]
    if lines:
        upsert(session, LineRow, lines)
    if routing.route_ids:
        upsert(session, RouteRow, [key | {"route_id": route_id} for route_id in routing.route_ids])


def _covers(session: Session, shop_id: int, order_id: int, routing: Routing) -> bool:
    """Whether the whole order is routed. Units that an edit adds are routed in the background; until
    then its line items tell more than its routing."""
    told = (
        sa.select(sa.func.coalesce(sa.func.sum(LineItemRow.outstanding), 0))
        .join(Variant, NAMES)
        .where(LineItemRow.shop_id == shop_id, LineItemRow.order_id == order_id)
        .where(sa.or_(Variant.item_id.is_not(None), Variant.is_resolved.is_(False)))
    )
    return sum(line.quantity for line in routing.lines) >= int(session.scalar(told) or 0)


def unroute(
    session: Session, shop_id: int, route_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """Parts of orders went elsewhere. Those we know are located anew; for one we don't know, an
    item may be waiting."""
    where = (RouteRow.shop_id == shop_id, RouteRow.route_id.in_(route_ids))
    order_ids = set(session.scalars(sa.select(RouteRow.order_id).where(*where)))
    moved = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    session.execute(sa.update(Order).where(*moved).values(is_located=False, asked_at=None))
    look_at_queues_of(session, shop_id, order_ids, now=now, cause=cause)
    # Of a part that we don't know, all that can be said is that some item's books may balance now.
    waiting = (
        StockItem.shop_id == shop_id,
        StockItem.unbalanced_since.is_not(None),
        StockItem.stock_due_at > now,
    )
    session.execute(sa.update(StockItem).where(*waiting).values(stock_due_at=now))
