"""Due items → who is short, and until when.

Gather (read the pools, and the orders that may be short), decide (balance, allocate, promise),
record. Nothing is decided from books that do not balance.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.core.allocate import allocate
from app.core.books import Demand, Verdict, compare_books
from app.core.model import Line, Promise
from app.core.promise import explain, promise_queue, still_expected
from app.db import audit, mirror, promises, shops
from app.db.mirror import OpenDemand
from app.db.models import Item
from app.pipeline.desk import Desk, local_day
from app.pipeline.poison import act_on_all
from app.pipeline.reading import read_changed_orders, read_orders
from app.platforms.base import ItemStock

_ITEMS_AT_ONCE = 100
_ORDERS_AT_ONCE = 50
_FEW_ORDERS = 5

# Orders are on their way: how long to wait before the books are read again. After the last wait what
# is still unknown counts as older demand. Doubled each time, and one minute in all.
_PATIENCE_S = (2, 4, 8, 16, 30)
_PATIENCE = timedelta(seconds=sum(_PATIENCE_S))
_LONGEST_WAIT_S = 3600

# Shopify routes an order in the background within seconds; one without routing after so long (all
# of it custom or digital) will have none.
_ROUTED_WITHIN = timedelta(hours=1)

_PROBLEMS = {
    Verdict.ORDERS_MISSING: "More units are committed than our orders take: waiting for the others.",
    Verdict.COPY_STALE: "Fewer units are committed than our orders take: reading them again.",
}


def settle(desk: Desk) -> bool:
    """Settle the next due items. Returns whether there were any."""
    if _resolve_variants(desk):
        return True
    with desk.transaction() as session:
        promises.hasten_looks(session, desk.shop_id, now=desk.clock())
        items = mirror.due_items(session, desk.shop_id, now=desk.clock(), limit=_ITEMS_AT_ONCE)
        due = [item.item_id for item in items]
    act_on_all(due, partial(_settle_items, desk), partial(_set_aside, desk))
    return bool(due)


def _settle_items(desk: Desk, item_ids: Sequence[int]) -> None:
    for stock in desk.platform.fetch_stock(item_ids):
        _settle_item(desk, stock)


def _set_aside(desk: Desk, item_id: int, problem: str) -> None:
    with desk.transaction() as session:
        mirror.set_aside(session, desk.shop_id, item_id, problem, now=desk.clock())


def _resolve_variants(desk: Desk) -> bool:
    """Ask which items the variants sell that orders name and nobody knows yet."""
    with desk.transaction() as session:
        unknown = mirror.unresolved_variants(session, desk.shop_id, limit=250)
    if not unknown:
        return False
    told = desk.platform.fetch_variants(unknown)
    with desk.transaction() as session:
        mirror.see_variants(session, desk.shop_id, told, now=desk.clock(), only_known=True)
    return True


def _settle_item(desk: Desk, stock: ItemStock) -> None:
    with desk.transaction() as session:
        item = mirror.lock_item(session, desk.shop_id, stock.item_id)
        if not _needs_queue(stock):
            _record_all_covered(session, item, stock, desk.clock())
            return
        demand = mirror.open_demand(session, desk.shop_id, [stock.item_id])[stock.item_id]
        unclear = _unclear_orders(item, stock, demand)
        unread = _not_asked_yet(item, unclear)
        if not unread:
            verdict = _settle_queue(session, item, stock, demand, is_clear=not unclear, now=desk.clock())
    if unread:
        read_orders(desk, unread, cause=f"item {stock.item_id} is short")
    elif verdict is not Verdict.BALANCED:
        read_changed_orders(desk, cause=f"the books of item {stock.item_id} do not balance")


def _needs_queue(stock: ItemStock) -> bool:
    """Design §2.5: with nothing below zero every line is covered, whichever they are."""
    return stock.is_tracked and any(pool.available < 0 for pool in stock.pools)


def _record_all_covered(session: Session, item: Item, stock: ItemStock, now: datetime) -> None:
    item.headroom = max((pool.available for pool in stock.pools), default=None)
    item.has_queue, item.is_tracked = False, stock.is_tracked
    mirror.record_stock(session, item.shop_id, stock, {}, now=now)
    promises.record_promises(session, item.shop_id, item.item_id, [], now=now, cause=item.cause)
    _finish(item)


def _finish(item: Item) -> None:
    item.look_at, item.cause, item.problem = None, None, None
    item.unbalanced_since, item.attempts = None, 0


def _unclear_orders(item: Item, stock: ItemStock, demand: Sequence[OpenDemand]) -> list[OpenDemand]:
    """Orders without which this item can't be decided: stale ones, and, where the item lies at
    several locations, those whose location matters and is not known."""
    unclear = {order.order_id: order for order in demand if order.is_stale}
    if len(stock.pools) > 1:
        unclear |= {
            order.order_id: order for order in _to_locate(stock, demand, everyone=item.attempts > 0)
        }
    return list(unclear.values())


def _not_asked_yet(item: Item, orders: Sequence[OpenDemand]) -> list[int]:
    """Those of the orders to ask the platform for. One asked for since the item became due has not
    been routed yet: it is asked for again when the item is looked at next."""
    due_since = item.look_at
    fresh = [
        order for order in orders if not (order.asked_at and due_since and order.asked_at >= due_since)
    ]
    return [order.order_id for order in fresh][:_ORDERS_AT_ONCE]


def _to_locate(stock: ItemStock, demand: Sequence[OpenDemand], *, everyone: bool) -> list[OpenDemand]:
    """Walk the queue from its end. The lines short in a pool are the last ones there, so only orders
    after the point where every pool's shortage is accounted for need a location."""
    missing = {pool.location_id: -pool.available for pool in stock.pools if pool.available < 0}
    unknown: list[OpenDemand] = []
    for order in sorted(demand, key=_newest_first):
        if not everyone and not any(units > 0 for units in missing.values()):
            break
        if not order.is_located and not _will_never_be_routed(order):
            unknown.append(order)
        for location_id, units in order.at.items():
            if location_id in missing:
                missing[location_id] -= units
    return unknown if everyone else _enough(unknown, sum(missing.values()))


def _will_never_be_routed(order: OpenDemand) -> bool:
    return order.asked_at is not None and order.asked_at - order.first_seen_at > _ROUTED_WITHIN


def _newest_first(order: OpenDemand) -> tuple[int, float, int]:
    return (order.priority, -order.placed_at.timestamp(), -order.order_id)


def _enough(unknown: Sequence[OpenDemand], missing: int) -> list[OpenDemand]:
    """The newest of these orders that could account for the missing units, and a few at least."""
    units = 0
    for count, order in enumerate(unknown):
        if units >= missing and count >= _FEW_ORDERS:
            return list(unknown[:count])
        units += order.quantity
    return list(unknown)


def _settle_queue(
    session: Session,
    item: Item,
    stock: ItemStock,
    demand: Sequence[OpenDemand],
    *,
    is_clear: bool,
    now: datetime,
) -> Verdict:
    """Balance the books of an item that somebody waits for and, if they do, decide about its lines."""
    item.has_queue, item.headroom, item.is_tracked = True, 0, True
    books = _known_demand(stock, demand)
    verdict, drift = _balance(session, item, stock, books)
    if verdict is Verdict.BALANCED and not is_clear:
        verdict = Verdict.ORDERS_MISSING
    if verdict is Verdict.ORDERS_MISSING and _is_heard_out(session, item, now):
        verdict, drift = Verdict.BALANCED, _unexplained(session, item, stock, books, now)
    mirror.record_stock(session, item.shop_id, stock, drift, now=now)
    if verdict is Verdict.BALANCED:
        _decide(session, item, stock, books, now=now)
        _finish(item)
    else:
        _postpone(session, item, verdict, demand, now=now)
    return verdict


def _is_heard_out(session: Session, item: Item, now: datetime) -> bool:
    """Whether patience is over: a minute has passed, and the platform's list of changed orders has been
    read to its end since. While that is still going on, orders are on their way whatever the clock
    says."""
    read_at = shops.get_shop(session, item.shop_id).changes_read_at
    since = item.unbalanced_since
    return since is not None and now - since >= _PATIENCE and read_at is not None and read_at >= since


def _known_demand(stock: ItemStock, demand: Sequence[OpenDemand]) -> Demand:
    """The lines we know in these pools. An item that lies at one location ships from there, so an
    order that nobody has located is at home there too."""
    only = stock.pools[0].location_id if len(stock.pools) == 1 else None
    pools = {pool.location_id for pool in stock.pools}
    lines, unlocated = [], 0
    for order in demand:
        at = order.at if order.is_located or only is None else {only: order.quantity}
        unlocated += order.quantity if not order.is_located and only is None else 0
        lines += [
            Line(order.order_id, stock.item_id, location_id, units, order.placed_at, order.priority)
            for location_id, units in at.items()
            if location_id in pools and units > 0
        ]
    return Demand(lines, unlocated)


def _balance(
    session: Session, item: Item, stock: ItemStock, books: Demand
) -> tuple[Verdict, dict[int, int]]:
    """Compare the books, then once more without the drift that was explained away before."""
    committed = {pool.location_id: pool.committed for pool in stock.pools}
    verdict = compare_books(committed, books)
    rows = mirror.pools_of(session, item.shop_id, [item.item_id])[item.item_id]
    drift = {location_id: row.drift for location_id, row in rows.items() if row.drift}
    without = {
        location_id: units - drift.get(location_id, 0) for location_id, units in committed.items()
    }
    if drift and verdict is not Verdict.BALANCED and compare_books(without, books) is Verdict.BALANCED:
        return Verdict.BALANCED, drift
    return verdict, {}


def _unexplained(
    session: Session, item: Item, stock: ItemStock, books: Demand, now: datetime
) -> dict[int, int]:
    """Patience is over: what is committed to orders that we can't see, by location."""
    drift = {
        pool.location_id: max(0, pool.committed - _units(books.at(pool.location_id)))
        for pool in stock.pools
    }
    audit.record_event(
        session,
        item.shop_id,
        "drift",
        at=now,
        item_id=item.item_id,
        after=f"{sum(drift.values())} units",
        why="committed to orders that we can't see: counted as older demand, served first",
        cause=item.cause,
    )
    return drift


def _units(lines: Sequence[Line]) -> int:
    return sum(line.quantity for line in lines)


def _postpone(
    session: Session, item: Item, verdict: Verdict, demand: Sequence[OpenDemand], *, now: datetime
) -> None:
    """Look again in a while, longer each time. A copy that stays stale is read anew, order by order."""
    item.unbalanced_since = item.unbalanced_since or now
    if verdict is Verdict.COPY_STALE and item.attempts > 0:
        orders = [order.order_id for order in demand]
        mirror.distrust_orders(session, item.shop_id, orders, seen_before=item.unbalanced_since)
    item.problem = _PROBLEMS[verdict]
    item.look_at = _next_look(item.unbalanced_since, item.attempts, now)
    item.attempts += 1


def _next_look(unbalanced_since: datetime, attempts: int, now: datetime) -> datetime:
    """Within the minute of patience, and once at its end; after that ever more seldom."""
    end = unbalanced_since + _PATIENCE
    if now < end:
        wait_s = _PATIENCE_S[min(attempts, len(_PATIENCE_S) - 1)]
        return min(now + timedelta(seconds=wait_s), end)
    extra = max(0, attempts - len(_PATIENCE_S))
    return now + timedelta(seconds=min(_LONGEST_WAIT_S, _PATIENCE_S[0] * 2**extra))


def _decide(session: Session, item: Item, stock: ItemStock, books: Demand, *, now: datetime) -> None:
    """Walk each pool's queue and say what is short and until when."""
    shop = shops.get_shop(session, item.shop_id)
    today = local_day(now, shop.time_zone)
    arrivals = promises.expected_arrivals(session, item.shop_id, item.item_id)
    standing = promises.promises_of_item(session, item.shop_id, item.item_id)
    lead_time = shop.lead_time_days if item.lead_time_days is None else item.lead_time_days
    made: list[tuple[Promise, str]] = []
    for pool in stock.pools:
        lines = books.at(pool.location_id)
        allocations = allocate(
            lines,
            on_hand=pool.supply,
            arrivals=still_expected(arrivals.get(pool.location_id, []), today=today),
            owed_before=max(0, pool.committed - _units(lines)),
        )
        short_since = {
            order_id: local_day(row.short_since, shop.time_zone)
            for (order_id, location_id), row in standing.items()
            if location_id == pool.location_id and row.short
        }
        said = promise_queue(allocations, today=today, lead_time_days=lead_time, short_since=short_since)
        made += [
            (one, explain(each, one, on_hand=pool.supply))
            for each, one in zip(allocations, said, strict=True)
            if one.short
        ]
    promises.record_promises(session, item.shop_id, item.item_id, made, now=now, cause=item.cause)
