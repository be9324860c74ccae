"""What a look just before a write finds is taken for the truth: into the mirror, and settled by."""

from collections.abc import Collection, Sequence
from datetime import datetime

from app.db import due_items, open_demand, stale_orders
from app.db.due_orders import DueOrder
from app.db.models import PoolRow
from app.db.open_demand import Outstanding
from app.db.stock import pools_of
from app.pipeline.context import ShopContext
from app.pipeline.reading import read_orders, take_answers
from app.pipeline.selling_reserve import without_our_reserve
from app.pipeline.settle import settle_item
from app.platforms.base import ItemStock, OrderGlance, OrderGone, OrderSeen, Pool, PreWriteRead

_MEANWHILE = "changed while it was to be written"


def settle_by(
    context: ShopContext, look: PreWriteRead, orders: Sequence[DueOrder], *, asked_at: datetime
) -> None:
    """Take what the look found into the mirror, and settle by it each item that it finds otherwise
    than settled, or that others of its orders have changed."""
    found = {now.order.order_id for now in look.orders}
    gone = [OrderGone(order.order_id) for order in orders if order.order_id not in found]
    take_answers(context, gone, [], cause="deleted before it was written")
    _take_orders(context, [now.order for now in look.orders])
    settle_by_stock(context, look.stock, asked_at=asked_at)


def settle_by_stock(context: ShopContext, found: Sequence[ItemStock], *, asked_at: datetime) -> None:
    """Settle each item that is not as it was settled, or that others of its orders have changed."""
    with context.transaction() as session:
        settled = pools_of(session, context.shop_id, [stock.item_id for stock in found])
        unsettled = due_items.unsettled_items(session, context.shop_id)
        known = [without_our_reserve(session, context.shop_id, stock) for stock in found]
    for stock in known:
        if stock.item_id in unsettled or _has_moved(stock.pools, settled[stock.item_id].values()):
            settle_item(context, stock, asked_at=asked_at)


def _take_orders(context: ShopContext, orders: Sequence[OrderSeen]) -> None:
    """Take the orders into the mirror as they are now. The items of those whose open units are not the
    ones they were settled with are unsettled."""
    with context.transaction() as session:
        settled = open_demand.outstanding_of(
            session, context.shop_id, [order.order_id for order in orders]
        )
    rerouted = {order.order_id for order in orders if _is_rerouted(order, settled[order.order_id])}
    whole = [order for order in orders if order.items is not None]
    changed = rerouted | take_answers(
        context, whole, [order.order_id for order in whole], cause=_MEANWHILE
    )
    if unread := rerouted - {order.order_id for order in whole}:
        read_orders(context, sorted(unread), cause=_MEANWHILE)
    with context.transaction() as session:
        due_items.look_at_orders(
            session, context.shop_id, changed, now=context.clock(), cause=_MEANWHILE
        )


def _is_rerouted(now: OrderSeen, settled: Outstanding) -> bool:
    """Whether a located order's units lie elsewhere, or are others, than when it was settled."""
    if now.is_cancelled != settled.is_cancelled:
        return True
    lines = () if now.routing is None else now.routing.lines
    by_pool = {(line.item_id, line.location_id): line.quantity for line in lines if line.quantity}
    return settled.is_located and by_pool != settled.lines


def _has_moved(now: Collection[Pool], settled: Collection[PoolRow]) -> bool:
    """Whether somebody is short otherwise than before. Where nothing was below zero and nothing is,
    everybody was covered and is."""
    figures: list[Pool | PoolRow] = [*now, *settled]
    is_told = all(pool.committed is not None or pool.backordered is not None for pool in now)
    if is_told and all(pool.available >= 0 for pool in figures):
        return False
    return _figures(now) != _figures(settled)


def _figures(
    pools: Collection[Pool | PoolRow],
) -> set[tuple[int, int, int | None, int | None]]:
    return {(pool.location_id, pool.available, pool.committed, pool.backordered) for pool in pools}


def glance_at(
    context: ShopContext, orders: Sequence[DueOrder], item_ids: Sequence[int]
) -> PreWriteRead | None:
    """A look at the orders' marks and the stock that decides, which is taken for the truth, if that is
    enough: none of the orders has changed since our copy of it, and nowhere else than at one location
    can its units lie."""
    with context.transaction() as session:
        pools = pools_of(session, context.shop_id, sorted(_items_of(orders)))
    if any(len(places) > 1 for places in pools.values()):
        return None
    asked_at = context.clock()
    glance = context.platform.glance([order.order_id for order in orders], item_ids)
    if glance is None or len(surely_as_known(context, glance.orders)) < len(orders):
        return None
    settle_by_stock(context, glance.stock, asked_at=asked_at)
    return PreWriteRead(tuple(one.now for one in glance.orders), glance.stock)


def _items_of(orders: Sequence[DueOrder]) -> set[int]:
    return {item.item_id for order in orders for item in order.state.items}


def surely_as_known(context: ShopContext, seen: Collection[OrderGlance]) -> set[int]:
    """Those of which our copies are surely right still."""
    updated_at = {one.now.order.order_id: one.now.order.updated_at for one in seen}
    untouched = {
        one.now.order.order_id: one.untouched_units for one in seen if one.untouched_units is not None
    }
    with context.transaction() as session:
        return stale_orders.surely_as_known(session, context.shop_id, updated_at, untouched=untouched)
