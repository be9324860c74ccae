"""Due items → who is short, and until when.

Gather (read the pools, and the orders that may be short), decide (balance, allocate, promise),
record. Nothing is decided from books that do not balance.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.allocate import allocate
from app.core.books import Demand, StockPosition, Verdict, stock_position
from app.core.decide import PoolState, decide
from app.core.endings import LastShort, Sighting
from app.core.freshness import (
    Case,
    DemandChange,
    Reflects,
    Snapshot,
    Supply,
    Unshown,
    behind_unshown,
    bound_supply,
    short_of_nobody,
    unshown,
    weigh,
)
from app.core.model import Allocation, Line, Promise
from app.core.promise import explain
from app.core.reckoning import (
    Claim,
    DriftSince,
    Key,
    Reckoning,
    drift_since,
    key_of,
    queue_of,
    reckon,
)
from app.db import audit, due_items, due_orders, open_demand, promises, shops, stale_orders, variants
from app.db.arrivals import adopt_arrivals, expected_arrivals, supply_awaiting_shipments
from app.db.demand import changes_since, keep_doubts
from app.db.models import PoolRow, Shop, StockItem
from app.db.open_demand import OpenDemand
from app.db.reservations import claims_on
from app.db.showing import orders_showing
from app.db.stock import pools_of, record_stock
from app.pipeline.context import ShopContext, local_day
from app.pipeline.lead_time_policy import LeadTimePolicy, terms_of
from app.pipeline.quarantine import act_on_all
from app.pipeline.reading import read_changed_orders, read_orders
from app.pipeline.reservations import read_reservations, readable_kinds
from app.platforms.base import ItemStock, Pool, Traits

_ITEMS_AT_ONCE = 100
_ORDERS_AT_ONCE = 50
_FEW_ORDERS = 5
# How often one reading of stock is looked at: orders may have to be read, then the list of changed ones,
# then orders that it brought, then what is committed to no order.
_TRIES = 5

# Readings mostly lag less than they may: how soon to look again where one can't tell.
_BEHIND_S = 15

# Orders are on their way: how long to wait before the books are read again. After the last wait what
# is still unknown counts as older demand. Doubled each time, and one minute in all.
_PATIENCE_S = (2, 4, 8, 16, 30)
_PATIENCE = timedelta(seconds=sum(_PATIENCE_S))
# The same where what is committed may be something that we may not read: long enough for the list of
# changed orders, which lags by some seconds, to be read again.
_SHORT_PATIENCE = timedelta(seconds=sum(_PATIENCE_S[:2]))
_LONGEST_WAIT_S = 3600
# So many waits are for orders on their way alone; after them those we know come under suspicion.
_ON_THEIR_WAY = 2

# Shopify routes an order in the background within seconds; one without routing after so long (all
# of it custom or digital) will have none.
_ROUTED_WITHIN = timedelta(hours=1)

_PROBLEMS = {
    Verdict.ORDERS_MISSING: "More units are committed than our orders take: waiting for the others.",
    Verdict.COPY_STALE: "Fewer units are committed than our orders take: reading them again.",
}


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What an item is decided from: its row, the platform's figures and the snapshot they are of, the
    open orders that matter, the lines we know, the accounts these make, what the figures may not show of
    orders, and what supply is between, all by location. `claims` are what units are committed to besides
    orders, as far as we may read it; `is_all_readable` if we may read all there can be."""

    item: StockItem
    stock: ItemStock
    snapshot: Snapshot
    demand: Sequence[OpenDemand]
    books: Demand
    accounts: Mapping[int, StockPosition]
    changes: Sequence[DemandChange]
    unshown: Mapping[int, Mapping[int, Unshown]]
    supply: Mapping[int, Supply]
    now: datetime
    claims: Sequence[Claim] = ()
    is_all_readable: bool = True


@dataclass(frozen=True, slots=True)
class _Balance:
    """How the books compare: the lines that show in the figures (what is no order among them), the
    accounts they make, the drift that is explained away, both by location, since when it is there, and
    the units of orders that the platform does not count yet. `is_less` if fewer units than before are
    unexplained."""

    verdict: Verdict
    books: Demand
    accounts: Mapping[int, StockPosition]
    drift: Mapping[int, int] = field(default_factory=dict)
    drift_since: DriftSince = field(default_factory=dict)
    waiting: Mapping[Key, int] = field(default_factory=dict)
    is_less: bool = False


def settle(context: ShopContext) -> bool:
    """Settle the next due items. Returns whether there were any."""
    if _resolve_variants(context):
        return True
    with context.transaction() as session:
        due_items.begin_rechecks(session, context.shop_id, now=context.clock())
        due_orders.hasten_looks(session, context.shop_id, now=context.clock())
        items = due_items.due_items(session, context.shop_id, now=context.clock(), limit=_ITEMS_AT_ONCE)
        due = [item.item_id for item in items]
    act_on_all(due, partial(_settle_items, context), partial(_set_aside, context))
    return bool(due)


def _settle_items(context: ShopContext, item_ids: Sequence[int]) -> None:
    asked_at = context.clock()
    for stock in context.platform.fetch_stock(item_ids):
        settle_item(context, stock, asked_at=asked_at)


def _set_aside(context: ShopContext, item_id: int, problem: str) -> None:
    with context.transaction() as session:
        due_items.quarantine(session, context.shop_id, item_id, problem, now=context.clock())


def _resolve_variants(context: ShopContext) -> bool:
    """Ask which items the variants sell that orders name and nobody knows yet."""
    with context.transaction() as session:
        unknown = variants.unresolved_variants(session, context.shop_id, limit=250)
    if not unknown:
        return False
    told = context.platform.fetch_variants(unknown)
    with context.transaction() as session:
        variants.upsert_variants(session, context.shop_id, told, now=context.clock(), only_known=True)
    return True


def settle_item(context: ShopContext, stock: ItemStock, *, asked_at: datetime) -> None:
    """Settle an item by one reading of its stock, which was asked for at `asked_at`.

    What is missing is asked for, and the same reading looked at again: while an item sells fast, a new
    one would be as old again by the time its orders are known.
    """
    read: list[Callable[[], object]] = []
    for _ in range(_TRIES):
        missing = _try_to_settle(context, stock, asked_at, read_count=len(read))
        if missing is None:
            return
        missing()
        read.append(missing)


def _try_to_settle(
    context: ShopContext, stock: ItemStock, asked_at: datetime, *, read_count: int
) -> Callable[[], object] | None:
    """Decide, or postpone, and return None; else return what must be read first: orders, then the list
    of changed ones, then what stock is committed to besides orders."""
    with context.transaction() as session:
        item = due_items.lock_item(session, context.shop_id, stock.item_id)
        snapshot = Snapshot.asked(asked_at, lag=_lag(context))
        gathered = _gather(session, item, stock, snapshot, now=context.clock())
        if not _needs_queue(gathered):
            _record_all_covered(session, gathered)
            return None
        gathered = _with_claims(session, gathered, context.platform.traits)
        has_old_claims = _has_old_claims(session, gathered, context.platform.traits)
        has_list = _has_read_changes(session, gathered)
        is_sold_ahead = _is_sold_ahead(gathered)
        may_postpone = read_count > 0 and not has_old_claims and (has_list or not is_sold_ahead)
        unclear = _unclear_orders(gathered)
        unread = _not_asked_yet(item, unclear)
        must_hear = _has_unknown_orders(session, gathered)
        if (unread or must_hear) and _news_come_first(session, item):
            return None
        if unread:
            return partial(read_orders, context, unread, cause=f"item {stock.item_id} is short")
        if is_sold_ahead and has_old_claims:
            # Units that a draft took may be as many as those sold ahead: then any books balance.
            return partial(read_reservations, context)
        verdict = Verdict.ORDERS_MISSING
        if not must_hear:
            verdict = _settle_queue(
                session,
                gathered,
                is_clear=not unclear,
                may_postpone=may_postpone,
                # At the second look: what changed in the moment of the first has been told by then.
                has_read=has_list and item.attempts > 0,
            )
        if verdict is Verdict.BALANCED or (may_postpone and not must_hear):
            return None
        ahead = _not_asked_yet(item, _unlocated_plans(gathered)) if verdict is Verdict.COPY_STALE else []
    needs_list = read_count == 0 or (is_sold_ahead and not has_list)
    return _explaining_read(context, stock.item_id, ahead, needs_list=needs_list)


def _has_read_changes(session: Session, gathered: _Gathered) -> bool:
    """Whether the list of changed orders has been read since the figures were asked for."""
    read_at = shops.get_shop(session, gathered.item.shop_id).changes_read_at
    return read_at is not None and read_at >= gathered.snapshot.high


def _explaining_read(
    context: ShopContext, item_id: int, ahead: Sequence[int], *, needs_list: bool
) -> Callable[[], object]:
    """What may explain books that do not balance: whether the orders sold `ahead` may ship by now, then
    what no webhook told of orders, then what stock is committed to besides them."""
    if ahead:
        return partial(read_orders, context, ahead, cause=f"item {item_id} is sold ahead")
    if not needs_list:
        return partial(read_reservations, context)
    cause = f"the books of item {item_id} do not balance"
    return partial(read_changed_orders, context, cause=cause, items=[item_id])


def _lag(context: ShopContext) -> timedelta:
    return timedelta(seconds=context.platform.traits.stock_lag_s)


def _has_unknown_orders(session: Session, gathered: _Gathered) -> bool:
    """Whether the platform counts more units short than the orders we know are short of, and the list of
    changed orders has not been read since: after that nobody waits for them."""
    is_more = any(
        pool.committed is None
        and short_of_nobody(gathered.books.at(pool.location_id), backordered=pool.backordered or 0)
        for pool in gathered.stock.pools
    )
    read_at = shops.get_shop(session, gathered.item.shop_id).changes_read_at
    return is_more and (read_at is None or read_at < gathered.snapshot.high)


def _gather(
    session: Session, item: StockItem, stock: ItemStock, snapshot: Snapshot, *, now: datetime
) -> _Gathered:
    """Everything that is known of an item. Where the platform's own figures, read now, say that nobody
    is short, no order needs to be looked up."""
    pools = stock.pools if stock.is_tracked else ()
    demand: Sequence[OpenDemand] = ()
    if not all(pool.committed is not None and pool.available >= 0 for pool in pools):
        demand = open_demand.open_demand(session, item.shop_id, [stock.item_id])[stock.item_id]
    books = known_demand(stock, demand)
    changes: Sequence[DemandChange] = ()
    if any(pool.committed is None for pool in pools):
        changes = changes_since(session, item.shop_id, item.item_id, since=snapshot.low)
    missing = {
        pool.location_id: unshown(
            snapshot, [one for one in changes if one.location_id == pool.location_id]
        )
        for pool in pools
    }
    accounts = keep_accounts(stock, books)
    supply = {
        pool.location_id: _bound(pool, books, accounts[pool.location_id], missing[pool.location_id])
        for pool in pools
    }
    return _Gathered(item, stock, snapshot, demand, books, accounts, changes, missing, supply, now)


def _bound(pool: Pool, books: Demand, account: StockPosition, missing: Mapping[int, Unshown]) -> Supply:
    """What a pool's supply is between. Where the platform counts itself what orders take, figures and
    counter are of one moment."""
    if pool.committed is not None:
        return Supply(account.supply, account.supply)
    return bound_supply(
        books.at(pool.location_id),
        missing,
        available=pool.available,
        backordered=pool.backordered or 0,
    )


def _with_claims(session: Session, gathered: _Gathered, traits: Traits) -> _Gathered:
    """The same with what is committed to no order, where the platform commits at all."""
    if not traits.reservation_scopes:
        return gathered
    shop = shops.get_shop(session, gathered.item.shop_id)
    kinds = readable_kinds(shop, traits.reservation_scopes)
    claims = claims_on(session, shop.id, gathered.item.item_id, kinds)
    is_all_readable = len(kinds) == len(traits.reservation_scopes)
    return replace(gathered, claims=claims, is_all_readable=is_all_readable)


def _has_old_claims(session: Session, gathered: _Gathered, traits: Traits) -> bool:
    """Whether what is committed to no order may be read and was not since the figures were."""
    shop = shops.get_shop(session, gathered.item.shop_id)
    read_at = shop.reservations_read_at
    is_new = read_at is not None and read_at >= gathered.snapshot.high
    return bool(readable_kinds(shop, traits.reservation_scopes)) and not is_new


def _unlocated_plans(gathered: _Gathered) -> list[OpenDemand]:
    """Orders bought by a selling plan of which nobody knows whether they may ship now."""
    return [order for order in gathered.demand if order.planned and not order.is_located]


def keep_accounts(stock: ItemStock, books: Demand) -> dict[int, StockPosition]:
    """The accounts of an item's pools, by location."""
    return {
        pool.location_id: stock_position(
            books.at(pool.location_id),
            available=pool.available,
            committed=pool.committed,
            backordered=pool.backordered,
        )
        for pool in stock.pools
    }


def _needs_queue(gathered: _Gathered) -> bool:
    """With nothing below zero every line is covered, whichever they are."""
    return gathered.stock.is_tracked and any(
        supply.low < gathered.accounts[location_id].committed
        for location_id, supply in gathered.supply.items()
    )


def _news_come_first(session: Session, item: StockItem) -> bool:
    """Where webhooks named orders without telling them, a list of them all is about to be read: the item
    is looked at after that."""
    news_at = shops.get_shop(session, item.shop_id).news_at
    if news_at is None:
        return False
    item.look_at = news_at
    return True


def _record_all_covered(session: Session, gathered: _Gathered) -> None:
    item = gathered.item
    free = (
        supply.low - gathered.accounts[location_id].committed
        for location_id, supply in gathered.supply.items()
    )
    item.headroom = max(free, default=None)
    item.has_queue = False
    _take_tracking(session, gathered)
    _record_stock(session, gathered, gathered.accounts, {}, None)
    least = {location_id: supply.low for location_id, supply in gathered.supply.items()}
    _record(session, gathered, _Settled([], {}, ()), Sighting(least=least))


def _take_tracking(session: Session, gathered: _Gathered) -> None:
    """Orders that call an item in stock must not any more once nobody counts it, and the other way
    round."""
    item = gathered.item
    if item.is_tracked is not gathered.stock.is_tracked:
        item.is_tracked = gathered.stock.is_tracked
        due_orders.judge_showing(session, item.shop_id, item.item_id, at=gathered.now)


def _record_stock(
    session: Session,
    gathered: _Gathered,
    accounts: Mapping[int, StockPosition],
    drift: Mapping[int, int],
    since: DriftSince | None,
) -> None:
    stock, now, shop_id = gathered.stock, gathered.now, gathered.item.shop_id
    shop = shops.get_shop(session, shop_id)
    if _may_come_from_shipments(session, shop, stock.item_id, accounts):
        shops.expect_inbound(shop, now=now)
    record_stock(session, shop_id, stock, accounts, drift, now=now, drift_since=since)


def _may_come_from_shipments(
    session: Session, shop: Shop, item_id: int, accounts: Mapping[int, StockPosition]
) -> bool:
    """Whether shipments must be read: for a place of which nobody asked what comes there, or because
    more is there of what was to come, which must not be expected once more."""
    if not accounts.keys() <= set(shop.inbound_places):
        return True
    before = supply_awaiting_shipments(session, shop.id, item_id)
    return any(accounts[place].supply > units for place, units in before.items() if place in accounts)


class _Settled(NamedTuple):
    """What is said of the short lines, with its words; how many units short stand of which lines though
    the figures may have stock for them; and the orders that they can't tell of yet."""

    made: Sequence[tuple[Promise, str]]
    held: Mapping[tuple[int, int], int]
    unsure: Collection[int]


def _weigh(
    session: Session,
    gathered: _Gathered,
    made: Sequence[tuple[Promise, str]],
    most: Mapping[tuple[int, int], int],
    undecided: Collection[Key] = (),
) -> _Settled:
    """What may be said: `made` if the figures are as good as they may be, `most` units short (by order
    and location) if they are as bad. Of `undecided` lines what stands stays."""
    item = gathered.item
    least = {(one.line.order_id, one.line.location_id): one.short for one, _ in made}
    standing = promises.promises_of_item(session, item.shop_id, item.item_id)
    unshown = {
        place: set(missing) | behind_unshown(gathered.books.at(place), missing)
        for place, missing in gathered.unshown.items()
    }
    changed = {order_id for some in unshown.values() for order_id in some}
    showing = orders_showing(session, item.shop_id, changed) if changed else set()
    held: dict[tuple[int, int], int] = {}
    unsaid: set[tuple[int, int]] = set()
    unsure: set[int] = set()
    for line in gathered.books.located:
        key = (line.order_id, line.location_id)
        stands = standing[key].short if key in standing else 0
        if key in undecided:
            held |= {key: stands} if stands else {}
            continue
        case = Case(
            least.get(key, 0),
            most.get(key, 0),
            standing=stands,
            is_unshown=line.order_id in unshown[line.location_id],
            shows_that_it_waits=line.order_id in showing,
            told_short=line.backordered,
        )
        said = weigh(case)
        if not said.is_sure:
            unsure.add(line.order_id)
        if said.short < case.least:
            unsaid.add(key)
        if said.short != case.least and stands:
            held[key] = said.short
    sure = [one for one in made if (one[0].line.order_id, one[0].line.location_id) not in unsaid]
    return _Settled(sure, held, unsure)


def _record(session: Session, gathered: _Gathered, settled: _Settled, seen: Sighting) -> None:
    """Record what is said of an item, how its lines stand, and when to look at it again."""
    item, changes = gathered.item, gathered.changes
    latest = max((gathered.snapshot.sure_at(one.at) for one in changes), default=gathered.now)
    keep_doubts(session, item.shop_id, item.item_id, settled.unsure, until=latest)
    promises.record_promises(
        session,
        item.shop_id,
        item.item_id,
        settled.made,
        now=gathered.now,
        cause=item.cause,
        held=settled.held,
        today=local_day(gathered.now, shops.get_shop(session, item.shop_id).time_zone),
        is_counted=gathered.stock.is_tracked,
        seen=seen,
    )
    item.look_at, item.cause, item.problem = None, None, None
    item.unbalanced_since, item.attempts = None, 0
    item.recheck_at = _next_reading(gathered, is_sure=not settled.unsure)


def _next_reading(gathered: _Gathered, *, is_sure: bool) -> datetime | None:
    """When to look again: as soon as a reading may tell what this one can't; and, where somebody may
    wait, when what was told of the item's stock must show."""
    item, snapshot, now = gathered.item, gathered.snapshot, gathered.now
    moments = []
    if not is_sure:
        moments = [snapshot.sure_at(one.at) for one in gathered.changes]
        moments.append(now + timedelta(seconds=_BEHIND_S))
    is_plenty = not item.has_queue and (item.headroom or 0) >= due_items.PLENTY
    if item.stirred_at is not None and not is_plenty:
        moments += [snapshot.sure_at(item.stirred_at)] if _is_unseen(snapshot, item.stirred_at) else []
    return min(moments, default=None)


def _is_unseen(snapshot: Snapshot, event_at: datetime) -> bool:
    return snapshot.reflects(event_at) is not Reflects.YES


def _unclear_orders(gathered: _Gathered) -> list[OpenDemand]:
    """Orders without which this item can't be decided: stale ones, and, where the item lies at
    several locations, those whose location matters and is not known."""
    unclear = {order.order_id: order for order in gathered.demand if order.is_stale}
    if len(gathered.stock.pools) > 1:
        everyone = gathered.item.attempts > 0
        unclear |= {order.order_id: order for order in _to_locate(gathered, everyone=everyone)}
    return list(unclear.values())


def _not_asked_yet(item: StockItem, orders: Sequence[OpenDemand]) -> list[int]:
    """Those of the orders to ask the platform for. One asked for since the item became due has not
    been routed yet: it is asked for again when the item is looked at next."""
    due_since = item.look_at
    fresh = [
        order for order in orders if not (order.asked_at and due_since and order.asked_at >= due_since)
    ]
    return [order.order_id for order in fresh][:_ORDERS_AT_ONCE]


def _to_locate(gathered: _Gathered, *, everyone: bool) -> list[OpenDemand]:
    """Walk the queue from its end. The lines short in a pool are the last ones there, so only orders
    after the point where every pool's shortage is accounted for need a location."""
    accounts = gathered.accounts.items()
    missing = {location_id: -account.free for location_id, account in accounts if account.free < 0}
    unknown: list[OpenDemand] = []
    for order in sorted(gathered.demand, key=_newest_first):
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
    session: Session, gathered: _Gathered, *, is_clear: bool, may_postpone: bool, has_read: bool
) -> Verdict:
    """Balance the books of an item that somebody waits for and, if they do, decide about its lines."""
    item = gathered.item
    item.has_queue, item.headroom = True, 0
    _take_tracking(session, gathered)
    balance = _balance(session, gathered, has_read=may_postpone, may_wait=has_read)
    if balance.verdict is Verdict.BALANCED and not is_clear:
        balance = replace(balance, verdict=Verdict.ORDERS_MISSING)
    is_open = balance.verdict is not Verdict.BALANCED
    if is_open and may_postpone and _is_heard_out(session, gathered, balance):
        balance = _explain_away(session, gathered, balance)
    if balance.verdict is Verdict.BALANCED:
        _record_stock(session, gathered, balance.accounts, balance.drift, balance.drift_since)
        _decide(session, gathered, balance)
    elif may_postpone:
        _postpone(session, gathered, balance.verdict)
    return balance.verdict


def _is_heard_out(session: Session, gathered: _Gathered, balance: _Balance) -> bool:
    """Whether patience is over: a minute has passed, and the platform's list of changed orders has been
    read to its end since. While that is still going on, orders are on their way whatever the clock
    says. Where more is committed and stock may be committed to what we may not read, it is over sooner:
    what came last is served last, so an order on its way is not wronged."""
    item, now = gathered.item, gathered.now
    read_at = shops.get_shop(session, item.shop_id).changes_read_at
    since = item.unbalanced_since
    if balance.is_less and read_at is not None and read_at >= gathered.snapshot.high:
        return True  # some of what nobody could explain is gone
    is_missing = balance.verdict is Verdict.ORDERS_MISSING
    patience = _SHORT_PATIENCE if is_missing and not gathered.is_all_readable else _PATIENCE
    return since is not None and now - since >= patience and read_at is not None and read_at >= since


def known_demand(stock: ItemStock, demand: Sequence[OpenDemand]) -> Demand:
    """The lines we know in these pools. An item that lies at one location ships from there, so an
    order that nobody has located is at home there too."""
    only = stock.pools[0].location_id if len(stock.pools) == 1 else None
    pools = {pool.location_id for pool in stock.pools}
    lines, unlocated = [], 0
    for order in demand:
        at, short, waiting = order.at, order.backordered_at, order.waiting_at
        if not order.is_located and only is not None:
            at, short = {only: order.quantity}, {only: order.backordered}
            waiting = {only: order.planned}  # until it is routed nothing of it may ship
        unlocated += order.quantity if not order.is_located and only is None else 0
        lines += [
            Line(
                order.order_id,
                stock.item_id,
                location_id,
                units,
                order.placed_at,
                order.priority,
                short.get(location_id, 0),
                order.taken_at.get(location_id),
                planned=min(order.planned, units),
                later=min(order.planned, units, waiting.get(location_id, 0)),
            )
            for location_id, units in at.items()
            if location_id in pools and units > 0
        ]
    return Demand(lines, unlocated)


def _balance(session: Session, gathered: _Gathered, *, has_read: bool, may_wait: bool) -> _Balance:
    """Compare the books as they are known; then, if `may_wait`, without what a selling plan may reserve
    later: that comes before the thought that what is committed to no order may not be counted.
    `has_read`: all that may have changed has been read."""
    item = gathered.item
    if not any(pool.committed is not None for pool in gathered.stock.pools):
        return _Balance(Verdict.BALANCED, gathered.books, gathered.accounts)
    settled = pools_of(session, item.shop_id, [item.item_id])[item.item_id]
    whole = balance = _balance_as(gathered, settled, has_read=has_read, may_wait=False)
    if balance.verdict is not Verdict.BALANCED and may_wait and not _has_news(gathered):
        balance = _balance_as(gathered, settled, has_read=has_read, may_wait=True)
    return balance if balance.verdict is Verdict.BALANCED else whole


def _has_news(gathered: _Gathered) -> bool:
    """Whether an order changed, or something else took units, in the second of the figures, or after
    it: the difference may be that."""
    since = gathered.snapshot.high.replace(microsecond=0)
    is_newer = any(order.updated_at >= since for order in gathered.demand)
    return is_newer or any(claim.placed_at >= since for claim in gathered.claims)


def _is_sold_ahead(gathered: _Gathered) -> bool:
    return any(order.planned for order in gathered.demand)


def _balance_as(
    gathered: _Gathered, settled: Mapping[int, PoolRow], *, has_read: bool, may_wait: bool
) -> _Balance:
    """Compare the books, then with less that is committed besides, then without the newest orders, one
    after the other: the figures may be those of a moment before them. They lower what is available by
    as much as they commit, so the supply, and who of the others is short, is the same."""
    whole = balance = _compare(gathered, gathered.books, settled, may_wait=may_wait)
    # A claim that is left out may be as large as what is sold ahead, which then looks committed.
    is_certain = may_wait or not _is_sold_ahead(gathered)
    for claims in _fewer_claims(gathered, has_read=has_read) if is_certain else ():
        if balance.verdict is not Verdict.BALANCED:
            some = replace(gathered, claims=claims)
            balance = _compare(some, gathered.books, settled, may_wait=may_wait)
    balance = balance if balance.verdict is Verdict.BALANCED else whole
    demand = sorted(gathered.demand, key=attrgetter("order_id"))
    while balance.verdict is Verdict.COPY_STALE and demand and _is_newcomer(demand[-1], gathered):
        demand.pop()
        books = known_demand(gathered.stock, demand)
        balance = _compare(gathered, books, settled, may_wait=may_wait)
    return balance if balance.verdict is Verdict.BALANCED else whole


def _fewer_claims(gathered: _Gathered, *, has_read: bool) -> list[list[Claim]]:
    """What is committed besides orders, without what may be newer than the figures; and, once all that
    may have changed has been read, without the kinds that the platform may not count after all."""
    claims = gathered.claims
    older = [
        claim for claim in claims if claim.placed_at < gathered.snapshot.high.replace(microsecond=0)
    ]
    kinds = {claim.kind for claim in claims} if has_read else set()
    fewer = [[claim for claim in claims if claim.kind != kind] for kind in sorted(kinds)]
    choices = [older, *fewer, *([[]] if has_read else [])]
    return [choice for choice in choices if len(choice) < len(claims)]


def _is_newcomer(order: OpenDemand, gathered: _Gathered) -> bool:
    return gathered.snapshot.reflects(order.first_seen_at) is Reflects.NO


def _compare(
    gathered: _Gathered, books: Demand, settled: Mapping[int, PoolRow], *, may_wait: bool
) -> _Balance:
    """Compare the books of these lines, then once more without the drift that was explained before."""
    accounts = keep_accounts(gathered.stock, books)
    committed = {location_id: account.committed for location_id, account in accounts.items()}
    drift = {location_id: row.drift for location_id, row in settled.items() if row.drift}
    since = {location_id: row.drift_since for location_id, row in settled.items()}
    found = reckon(committed, books, gathered.claims, may_wait=may_wait)
    if found.verdict is Verdict.BALANCED or not drift:
        return _Balance(found.verdict, found.counted, accounts, waiting=found.waiting)
    known = reckon(committed, books, gathered.claims, unexplained=drift, may_wait=may_wait)
    if known.verdict is Verdict.BALANCED:
        return _Balance(known.verdict, known.counted, accounts, drift, since, known.waiting)
    is_less = found.verdict is Verdict.ORDERS_MISSING and known.verdict is Verdict.COPY_STALE
    return _Balance(found.verdict, found.counted, accounts, is_less=is_less)


def _explain_away(session: Session, gathered: _Gathered, balance: _Balance) -> _Balance:
    """Patience is over: keep what nobody explains, by location, with the time since which it is there.
    More than is known is committed to what we can't see; less, some of our orders are not committed."""
    item = gathered.item
    settled = pools_of(session, item.shop_id, [item.item_id])[item.item_id]
    drift = {
        location_id: account.committed - _units(balance.books.at(location_id))
        for location_id, account in balance.accounts.items()
    }
    if not any(drift.values()):
        return replace(balance, verdict=Verdict.BALANCED, drift=drift)
    since = {
        location_id: drift_since(
            row.drift_since,
            row.drift,
            units,
            came=_came_since(row, gathered, units),
            now=gathered.now.timestamp(),
        )
        for location_id, units in drift.items()
        if (row := settled.get(location_id)) is not None
    }
    audit.record_event(
        session,
        item.shop_id,
        "drift",
        at=gathered.now,
        item_id=item.item_id,
        after=f"{sum(drift.values())} units",
        why=_drift_in_words(sum(drift.values())),
        cause=item.cause,
    )
    return replace(balance, verdict=Verdict.BALANCED, drift=drift, drift_since=since)


def _came_since(row: PoolRow, gathered: _Gathered, units: int) -> int:
    """How many of the `units` that nobody explains were not there when the pool was last read. If nobody
    asked for the orders then, they are what is committed more than that, but for orders that are new."""
    if row.is_reckoned:
        return units - max(0, row.drift)
    first_seen = {order.order_id: order.first_seen_at for order in gathered.demand}
    new = sum(
        line.quantity
        for line in gathered.books.at(row.location_id)
        if first_seen[line.order_id] > row.read_at
    )
    return gathered.accounts[row.location_id].committed - (row.committed or 0) - new


def _drift_in_words(units: int) -> str:
    if units < 0:
        return (
            "open in orders but not committed by the platform: only what is certain whichever orders "
            "these are is said"
        )
    return "committed to something we can't see: served first, or, if it came later, in its turn"


def _units(lines: Sequence[Line]) -> int:
    return sum(line.quantity for line in lines)


def _postpone(session: Session, gathered: _Gathered, verdict: Verdict) -> None:
    """Look again in a while, longer each time, and at the orders whose copies may be to blame."""
    item, now = gathered.item, gathered.now
    item.unbalanced_since = item.unbalanced_since or now
    suspects = _suspects(gathered, verdict)
    stale_orders.mark_unseen_stale(session, item.shop_id, suspects, seen_before=item.unbalanced_since)
    item.problem = _PROBLEMS[verdict]
    item.look_at = _next_look(item.unbalanced_since, item.attempts, now)
    item.attempts += 1


def _suspects(gathered: _Gathered, verdict: Verdict) -> list[int]:
    """The orders to read anew because the books do not balance though the list of changed orders has
    been read: any may be what too much is known of; too little is known of an order that changed in the
    second of our copy, or, more often, of one that is still on its way and is waited for first."""
    if verdict is Verdict.COPY_STALE:
        return [order.order_id for order in gathered.demand if gathered.item.attempts > 0]
    is_late = gathered.item.attempts >= _ON_THEIR_WAY
    return [order.order_id for order in gathered.demand if is_late and order.is_doubtful]


def _next_look(unbalanced_since: datetime, attempts: int, now: datetime) -> datetime:
    """Within the minute of patience, and once at its end; after that ever more seldom."""
    end = unbalanced_since + _PATIENCE
    if now < end:
        wait_s = _PATIENCE_S[min(attempts, len(_PATIENCE_S) - 1)]
        return min(now + timedelta(seconds=wait_s), end)
    extra = max(0, attempts - len(_PATIENCE_S))
    return now + timedelta(seconds=min(_LONGEST_WAIT_S, _PATIENCE_S[0] * 2**extra))


def _decide(session: Session, gathered: _Gathered, balance: _Balance) -> None:
    """Walk each pool's queue, all lines we know, at both bounds of its supply, and say what is short and
    until when."""
    item, accounts = gathered.item, balance.accounts
    shop = shops.get_shop(session, item.shop_id)
    # What the platform counts itself is of one moment: so are the accounts that balance.
    supply = {pool.location_id: _supply_of(pool, gathered, balance) for pool in gathered.stock.pools}
    high = {location_id: one.high for location_id, one in supply.items()}
    standing = queue_of(
        Reckoning(balance.verdict, balance.books, balance.waiting),
        gathered.books,
        committed={location_id: account.committed for location_id, account in accounts.items()},
        drift=balance.drift,
        since=balance.drift_since,
        supply=high,
    )
    terms = terms_of(session, shop, item, now=gathered.now)
    adopt_arrivals(session, shop.id, item.item_id)
    pools = pool_states(
        session, shop, terms, standing.lines, supply=high, owed_before=standing.owed_before
    )
    decided = decide(
        pools,
        today=terms.today,
        lead_time_days=terms.lead_time_days,
        ready_on=terms.ready_on,
    )
    made = [
        (
            promise,
            explain(allocation, promise, on_hand=high[location_id], lead_time=terms.lead_time_words),
        )
        for location_id, queue in decided.items()
        for allocation, promise in queue
        if promise.short
        and not promise.line.reserved_by
        and key_of(promise.line) not in standing.doubtful
    ]
    settled = _weigh(session, gathered, made, _most_short(pools, supply), standing.doubtful)
    _record(session, gathered, settled, _sighting(decided, settled, supply))


def _sighting(
    decided: Mapping[int, Sequence[tuple[Allocation, Promise]]],
    settled: _Settled,
    supply: Mapping[int, Supply],
) -> Sighting:
    """What the reading tells, for later, of how lines stand."""
    said = {(promise.line.order_id, promise.line.location_id) for promise, _ in settled.made}
    stand = {
        (one.line.order_id, location_id): LastShort(
            supply[location_id].high, one.owed_before, one.line.quantity
        )
        for location_id, queue in decided.items()
        for one, _ in queue
    }
    return Sighting(
        {place: stand[place] for place in said},
        {location_id: units.low for location_id, units in supply.items()},
    )


def _supply_of(pool: Pool, gathered: _Gathered, balance: _Balance) -> Supply:
    if pool.committed is None:
        return gathered.supply[pool.location_id]
    units = balance.accounts[pool.location_id].supply
    return Supply(units, units)


def _most_short(
    pools: Mapping[int, PoolState], supply: Mapping[int, Supply]
) -> dict[tuple[int, int], int]:
    """Units short by order and location, if supply is what it is at the least."""
    return {
        (each.line.order_id, location_id): each.short
        for location_id, pool in pools.items()
        for each in allocate(pool.lines, on_hand=supply[location_id].low, owed_before=pool.owed_before)
    }


def pool_states(
    session: Session,
    shop: Shop,
    terms: LeadTimePolicy,
    books: Demand,
    *,
    supply: Mapping[int, int],
    owed_before: Mapping[int, int],
) -> dict[int, PoolState]:
    """What the queues of an item are decided from; `supply` and `owed_before` by location."""
    arrivals = terms.foresee(expected_arrivals(session, shop.id, terms.item_id))
    since: dict[int, dict[int, date]] = {location_id: {} for location_id in supply}
    waiting = promises.waiting_since(session, shop.id, terms.item_id)
    for order_id, location_id, short_since in waiting:
        if location_id in since:
            since[location_id][order_id] = local_day(short_since, shop.time_zone)
    return {
        location_id: PoolState(
            books.at(location_id),
            units,
            owed_before[location_id],
            arrivals.get(location_id, []),
            since[location_id],
        )
        for location_id, units in supply.items()
    }
