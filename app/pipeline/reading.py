"""Orders read from the platform into the mirror: those asked for, and those that changed."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.core.freshness import begin_of_list
from app.db import orders, shops, stale_orders
from app.db.foreign import hear_of_marks
from app.db.models import Shop
from app.pipeline.context import ShopContext
from app.platforms.base import ChangedOrders, OrderAsk, OrderGone, OrderReach, OrderSeen

_PAGES = 20
# Orders of unknown size that one request holds.
_AT_ONCE = 10


def asks_for(context: ShopContext, order_ids: Sequence[int]) -> list[OrderAsk]:
    """Reads of these orders, sized by what we know of them."""
    with context.reading() as session:
        sizes = orders.order_sizes(session, context.shop_id, order_ids)
    return [OrderAsk(order_id, *sizes[order_id]) for order_id in order_ids]


def read_orders(context: ShopContext, order_ids: Sequence[int], *, cause: str) -> set[int]:
    """Read these orders whole and take them into the mirror. Returns those whose demand changed."""
    answers = context.platform.fetch_orders(asks_for(context, order_ids), with_items=True)
    return take_answers(context, answers, order_ids, cause=cause)


def take_answers(
    context: ShopContext,
    answers: Sequence[OrderSeen | OrderGone],
    order_ids: Sequence[int],
    *,
    cause: str,
) -> set[int]:
    """Take what the platform just answered about these orders into the mirror. Returns the orders
    whose demand really changed."""
    now = context.clock()
    copies = [answer for answer in answers if isinstance(answer, OrderSeen)]
    gone = [answer.order_id for answer in answers if isinstance(answer, OrderGone)]
    if not (answers or order_ids):
        return set()
    with context.transaction() as session:
        changed = orders.upsert_orders(
            session, context.shop_id, copies, now=now, cause=cause, is_read=True
        )
        _let_go(session, context, gone, cause=cause)
        stale_orders.mark_asked(session, context.shop_id, order_ids, now=now)
    return changed | set(gone)


def _let_go(session: Session, context: ShopContext, order_ids: Collection[int], *, cause: str) -> None:
    """The platform shows these orders no more. One that may be too old to be shown has not been deleted
    for that: what stands on it can't be put right, which somebody must know."""
    if not order_ids:
        return
    shop, now = shops.get_shop(session, context.shop_id), context.clock()
    reach = context.platform.traits.order_reach
    hidden: set[int] = set()
    if reach is not None and reach.scope not in shop.scopes:
        oldest = now - timedelta(days=reach.days)
        hidden = orders.orders_since_before(session, shop.id, order_ids, oldest)
        orders.lose_sight_of(session, shop.id, hidden, _out_of_sight(reach), now=now, cause=cause)
    orders.forget_orders(session, shop.id, set(order_ids) - hidden, now=now, cause=cause)


def _out_of_sight(reach: OrderReach) -> str:
    return (
        f"The platform shows Backline no orders older than {reach.days} days without the permission "
        f"{reach.scope}. This order can be neither read nor changed: its tag and note stay as they are. "
        f"Grant {reach.scope}, or take them off by hand."
    )


def poll_changes(context: ShopContext) -> bool:
    """Read the list of changed orders where webhooks named orders without telling them; many share one
    reading. Returns whether it was time."""
    pause = timedelta(seconds=context.platform.traits.batches_news_s) if _has_news(context) else None
    if pause is None:
        return False
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        last = shop.changes_read_at
        shop.poll_due_at = (
            None if not pause else max(context.clock(), last + pause if last else context.clock())
        )
        if shop.poll_due_at is None or shop.poll_due_at > context.clock():
            return False
    read_changed_orders(context, cause="webhooks named orders")
    with context.transaction() as session:
        shops.get_shop(session, context.shop_id).poll_due_at = None
    return True


def _has_news(context: ShopContext) -> bool:
    poll_due_at = context.read_shop().poll_due_at
    return poll_due_at is not None and poll_due_at <= context.clock()


def read_changed_orders(
    context: ShopContext, *, cause: str, items: Collection[int] = (), besides: Collection[int] = ()
) -> set[int]:
    """Ask the platform which orders changed since we last asked, and read those that changed after
    our copy, or, of those that name `items`, may have: what a lost or late webhook would have told.

    What is to be read is noted before, so that a shop without points goes on where it was, and does
    not ask for the same list again. `besides` are orders that the caller is about to read anyway; those
    of them that changed are returned, and stay noted until `acknowledge`.
    """
    shop = _read_noted_orders(context, besides, cause=cause)
    since = begin_of_list(shop.changed_since, shop.changes_read_at, now=context.clock())
    for _ in range(_PAGES):
        changed = context.platform.fetch_changed_orders(since)
        since = changed.seen_until
        take_answers(context, changed.orders, [], cause=cause)
        shop = _note_changed(context, changed, items, besides)
        if _to_read(shop, besides):
            _read_noted_orders(context, besides, cause=cause)
            with context.transaction() as session:
                shop = shops.get_shop(session, context.shop_id)
                _take_note_of_end(shop, changed, besides, context.clock())
        if changed.is_complete:
            break
    return set(besides) & set(shop.unread_orders)


def _note_changed(
    context: ShopContext, changed: ChangedOrders, items: Collection[int], besides: Collection[int]
) -> Shop:
    """Note which orders are to be read, and how far the list was read. Returns the shop's row."""
    told = {copy.order_id for copy in changed.orders}
    stamps = {key: moment for key, moment in changed.updated_at.items() if key not in told}
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        if stamps:
            outdated = stale_orders.outdated_orders(
                session, context.shop_id, stamps, items, untouched=changed.untouched, skew=shop.skew
            )
            shop.unread_orders = sorted({*shop.unread_orders, *outdated})
        shop.changed_since = max(shop.changed_since, changed.seen_until)
        hear_of_marks(session, context.shop_id, changed.marks, now=context.clock())
        _take_note_of_end(shop, changed, besides, context.clock())
    return shop


def _take_note_of_end(
    shop: Shop, changed: ChangedOrders, besides: Collection[int], now: datetime
) -> None:
    """The list has been read once it was read to its end and each order that it named."""
    if changed.is_complete and not _to_read(shop, besides):
        shop.changes_read_at = now


def _to_read(shop: Shop, besides: Collection[int]) -> list[int]:
    return [order_id for order_id in shop.unread_orders if order_id not in besides]


def note_unread(context: ShopContext, order_ids: Collection[int]) -> None:
    """These orders are to be read before the next list of changed orders."""
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        shop.unread_orders = sorted({*shop.unread_orders, *order_ids})


def acknowledge(context: ShopContext, order_ids: Collection[int]) -> None:
    """These orders have been read: they need not be any more."""
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        shop.unread_orders = [one for one in shop.unread_orders if one not in set(order_ids)]


def _read_noted_orders(context: ShopContext, besides: Collection[int], *, cause: str) -> Shop:
    """Read them all; returns the shop's row as it was then."""
    while True:
        shop = context.read_shop()
        unread = _to_read(shop, besides)[:_AT_ONCE]
        if not unread:
            return shop
        read_orders(context, unread, cause=cause)
        acknowledge(context, unread)
