"""Where every due item enters. Nearly all are settled (`settle.py`); of a restock that releases few
orders one reading both decides and is the last look before the write.

A webhook tells how many units came to one location. Whoever waits longest for so many is read together
with the stock; if that reading serves them and nothing was asked of the platform since, they are written
at once, where the ordinary way would read the same stock twice. What the webhook told only chooses what
to read: nothing is decided by it.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy.orm import Session

from app.db import due_items
from app.db.due_orders import DueOrder
from app.db.models import StockItem
from app.db.queue_heads import served_by
from app.db.stock import pools_of
from app.db.variants import unresolved_variants
from app.pipeline.context import Ahead, ShopContext
from app.pipeline.looking import settle_by_stock, surely_as_known
from app.pipeline.quarantine import unless_poisoned
from app.pipeline.reading import read_changed_orders
from app.pipeline.settle import settle, settle_item
from app.platforms.base import ItemStock, PreWriteRead

# More are written in several requests, between which the stock is looked at again.
_MOST_ORDERS = 8
# A worker that was held up looks again.
_STALE_AFTER = timedelta(seconds=2)
_CAUSE = "before orders are released"


class _Guess(NamedTuple):
    """Which orders may be served by what came in for an item, with all items that they name, none of
    which is anywhere but at the one location, of that name."""

    item_id: int
    order_ids: Sequence[int]
    item_ids: Sequence[int]
    location_id: int
    location_name: str


def settle_or_read_ahead(context: ShopContext) -> bool:
    """Settle the next due items. Returns whether there were any."""
    guess = _guess(context)
    is_settled = guess is not None and unless_poisoned(partial(_settle_ahead, context, guess), bool)
    return is_settled or settle(context)


def _guess(context: ShopContext) -> _Guess | None:
    """Whom to read along with the one due item. What was told of it is taken back: if this reading does
    not settle it, the next one is of all its pools."""
    with context.transaction() as session:
        due = due_items.due_items(session, context.shop_id, now=context.clock(), limit=2)
        if len(due) != 1 or unresolved_variants(session, context.shop_id, limit=1):
            return None
        item = due[0]
        place, available = item.told_location_id, item.told_available
        item.told_location_id = item.told_available = None
        if place is None or available is None:
            return None
        return _guess_at(session, item, place, available)


def _guess_at(session: Session, item: StockItem, place: int, available: int) -> _Guess | None:
    """None where nobody is served by what came there, or an item may lie elsewhere, too."""
    pools = pools_of(session, item.shop_id, [item.item_id])[item.item_id]
    if pools.keys() != {place}:
        return None
    came = available - pools[place].available
    order_ids = served_by(session, item.shop_id, item.item_id, place, units=came, most=_MOST_ORDERS)
    if not order_ids:
        return None
    named = due_items.items_of_orders(session, item.shop_id, order_ids).values()
    item_ids = {one.item_id for items in named for one in items}
    places = pools_of(session, item.shop_id, item_ids)
    if any(places[one].keys() != {place} for one in item_ids):
        return None
    return _Guess(item.item_id, order_ids, sorted(item_ids), place, pools[place].location_name)


def _settle_ahead(context: ShopContext, guess: _Guess) -> bool:
    """Read, settle by it, and keep it for the write. Returns whether the item was there."""
    read_changed_orders(context, cause=_CAUSE, items=guess.item_ids)
    asked_at = context.clock()
    glance = context.platform.glance(guess.order_ids, guess.item_ids, location_id=guess.location_id)
    if glance is None:
        return False
    stock = {one.item_id: _named(one, guess.location_name) for one in glance.stock}
    if guess.item_id not in stock:
        return False
    context.ahead = Ahead(replace(glance, stock=tuple(stock.values())), asked_at, context.answered())
    settle_item(context, stock[guess.item_id], asked_at=asked_at)
    others = [one for item_id, one in stock.items() if item_id != guess.item_id]
    settle_by_stock(context, others, asked_at=asked_at)
    return True


def _named(stock: ItemStock, location: str) -> ItemStock:
    pools = tuple(replace(pool, location_name=location) for pool in stock.pools)
    return replace(stock, pools=pools)


def look_ahead(
    context: ShopContext, orders: Sequence[DueOrder], item_ids: Collection[int]
) -> PreWriteRead | None:
    """What was read ahead, if that is all there is to know of these orders and nothing was asked of the
    platform since."""
    ahead, context.ahead = context.ahead, None
    if ahead is None or context.answered() != ahead.answered:
        return None
    if context.clock() - ahead.asked_at > _STALE_AFTER:
        return None
    wanted = {order.order_id for order in orders}
    seen = [one for one in ahead.glance.orders if one.now.order.order_id in wanted]
    if not set(item_ids) <= {stock.item_id for stock in ahead.glance.stock}:
        return None
    if len(seen) < len(wanted) or len(surely_as_known(context, seen)) < len(wanted):
        return None
    return PreWriteRead(tuple(one.now for one in seen), ahead.glance.stock)
