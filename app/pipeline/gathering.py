"""Gather: everything that is known of an item, before anything is decided about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.core.balancing import Balance, Facts, known_demand, stock_positions
from app.core.books import Demand, StockPosition
from app.core.decide import PoolState
from app.core.doubt import hanging_on_claims
from app.core.freshness import (
    PATIENCE,
    SHORT_PATIENCE,
    DemandChange,
    Snapshot,
    Supply,
    Unshown,
    bound_supply,
    is_over,
    short_of_nobody,
    unshown,
)
from app.core.locating import to_locate
from app.core.passing import Moved, in_turn
from app.db import open_demand, promises, shops, turns
from app.db.arrivals import expected_arrivals
from app.db.demand import changes_since
from app.db.models import Shop, StockItem
from app.db.open_demand import OpenDemand
from app.db.reservations import claims_on
from app.pipeline.context import zone_of
from app.pipeline.lead_time_policy import LeadTimePolicy
from app.pipeline.reservations import readable_kinds
from app.pipeline.selling_reserve import without_our_reserve
from app.platforms.base import ItemStock, Pool, Traits

# A list of what is reserved, where what is told already hangs on it: reading it costs points for each
# draft order there is.
_CLAIMS_LAST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What an item is decided from: its row and its shop's, the platform's figures, the open orders that
    matter, what both say together (`facts`), what the figures may not show of orders, what supply is
    between, by location, and the turns that orders took.

    The shop's row is held here because a session forgets a row that nobody holds: whoever asked for it
    next, and a dozen do until an item is decided, would read it again."""

    item: StockItem
    shop: Shop
    stock: ItemStock
    demand: Sequence[OpenDemand]
    facts: Facts
    changes: Sequence[DemandChange]
    unshown: Mapping[int, Mapping[int, Unshown]]
    supply: Mapping[int, Supply]
    now: datetime
    moved: Mapping[int, Mapping[int, Moved]] = field(default_factory=dict)

    def moving(self, place: int, moved: Mapping[int, Moved]) -> "Gathered":
        """The same with more orders at a location in turns that they took."""
        both = {**self.moved, place: {**self.moved.get(place, {}), **moved}}
        return replace(
            self, moved=both, facts=replace(self.facts, books=demand_in_turn(self.books, both))
        )

    @property
    def snapshot(self) -> Snapshot:
        """The moments that the figures may be of."""
        return self.facts.snapshot

    @property
    def books(self) -> Demand:
        """The lines we know."""
        return self.facts.books

    @property
    def positions(self) -> Mapping[int, StockPosition]:
        """The positions that they make, by location."""
        return self.facts.positions


def demand_in_turn(books: Demand, moved: Mapping[int, Mapping[int, Moved]]) -> Demand:
    """The lines in the turns that orders took, by location and order."""
    if not moved:
        return books
    lines = [
        each
        for place in sorted({line.location_id for line in books.located})
        for each in in_turn(books.at(place), moved.get(place, {}))
    ]
    return replace(books, located=lines)


def gather(
    session: Session, item: StockItem, stock: ItemStock, snapshot: Snapshot, *, now: datetime
) -> Gathered:
    """Everything that is known of an item. Where the platform's own figures, read now, say that nobody
    is short, no order needs to be looked up."""
    stock = without_our_reserve(session, item.shop_id, stock)
    shop = shops.get_shop(session, item.shop_id)
    pools = stock.pools if stock.is_tracked else ()
    demand: Sequence[OpenDemand] = ()
    if not all(pool.committed is not None and pool.available >= 0 for pool in pools):
        demand = open_demand.open_demand(session, item.shop_id, [stock.item_id])[stock.item_id]
    moved = turns.moved_at(session, item.shop_id, item.item_id) if demand else {}
    books = known_demand(stock.item_id, [pool.location_id for pool in stock.pools], demand)
    books = demand_in_turn(books, moved)
    positions = stock_positions(stock.pools, books)
    changes: Sequence[DemandChange] = ()
    if any(pool.committed is None for pool in pools):
        changes = changes_since(session, item.shop_id, item.item_id, since=snapshot.low, skew=shop.skew)
    missing = {
        pool.location_id: unshown(
            snapshot, [one for one in changes if one.location_id == pool.location_id]
        )
        for pool in pools
    }
    supply = {
        pool.location_id: _bound(pool, books, positions[pool.location_id], missing[pool.location_id])
        for pool in pools
    }
    facts = Facts(stock.item_id, stock.pools, snapshot, demand, books, positions, skew=shop.skew)
    return Gathered(item, shop, stock, demand, facts, changes, missing, supply, now, moved)


def _bound(pool: Pool, books: Demand, position: StockPosition, missing: Mapping[int, Unshown]) -> Supply:
    """What a pool's supply is between. Where the platform counts itself what orders take, figures and
    counter are of one moment."""
    if pool.committed is not None:
        return Supply(position.supply, position.supply)
    return bound_supply(
        books.at(pool.location_id),
        missing,
        available=pool.available,
        backordered=pool.backordered or 0,
    )


def with_claims(session: Session, gathered: Gathered, traits: Traits) -> Gathered:
    """The same with what is committed to no order, where the platform commits at all."""
    if not traits.reservation_scopes:
        return gathered
    kinds = readable_kinds(gathered.shop, traits.reservation_scopes)
    claims = claims_on(session, gathered.shop.id, gathered.item.item_id, kinds)
    is_all_readable = len(kinds) == len(traits.reservation_scopes)
    facts = replace(gathered.facts, claims=claims, is_all_readable=is_all_readable)
    return replace(gathered, facts=facts)


def has_old_claims(gathered: Gathered, traits: Traits) -> bool:
    """Whether what is committed to no order may be read and was not since the figures were."""
    read_at = gathered.shop.reservations_read_at
    is_new = read_at is not None and read_at >= gathered.snapshot.high
    return bool(readable_kinds(gathered.shop, traits.reservation_scopes)) and not is_new


def hang_on_old_claims(session: Session, gathered: Gathered, balance: Balance, traits: Traits) -> bool:
    """Whether orders would be told that they wait, or no more, by where in the queue that stands which
    was reserved for no order when that was last read: others may reserve as many units by now. Those of
    whom nothing new would be told are told again, too, by a list that is some minutes old."""
    if not gathered.facts.claims or not has_old_claims(gathered, traits):
        return False
    hanging = {
        (order_id, place): short
        for place, position in balance.positions.items()
        for order_id, short in hanging_on_claims(balance.books.at(place), supply=position.supply).items()
    }
    read_at = gathered.shop.reservations_read_at
    if read_at is None or gathered.snapshot.high - read_at >= _CLAIMS_LAST:
        return bool(hanging)
    told = promises.promises_of_item(session, gathered.shop.id, gathered.item.item_id) if hanging else {}
    standing = {key: row.short for key, row in told.items()}
    return any(short != standing.get(key, 0) for key, short in hanging.items())


def has_read_changes(gathered: Gathered) -> bool:
    """Whether the list of changed orders has been read since the figures were asked for."""
    read_at = gathered.shop.changes_read_at
    return read_at is not None and read_at >= gathered.snapshot.high


def has_unknown_orders(gathered: Gathered) -> bool:
    """Whether the platform counts more units short than the orders we know are short of, and the list of
    changed orders has not been read since: after that nobody waits for them."""
    is_more = any(
        pool.committed is None
        and short_of_nobody(gathered.books.at(pool.location_id), backordered=pool.backordered or 0)
        for pool in gathered.stock.pools
    )
    return is_more and not has_read_changes(gathered)


def needs_queue(gathered: Gathered) -> bool:
    """With nothing below zero every line is covered, whichever they are."""
    return gathered.stock.is_tracked and any(
        supply.low < gathered.positions[location_id].committed
        for location_id, supply in gathered.supply.items()
    )


def unclear_orders(gathered: Gathered) -> list[int]:
    """Orders without which this item can't be decided: stale ones, those sold ahead that may ship by
    now, and, where the item lies at several locations, those whose location matters and is not known."""
    unclear = [order.order_id for order in gathered.demand if order.is_stale]
    unclear += _sold_ahead_and_unasked(gathered)
    if len(gathered.stock.pools) > 1:
        everyone = gathered.item.attempts > 0
        unclear += [order.order_id for order in to_locate(gathered.facts, everyone=everyone)]
    return list(dict.fromkeys(unclear))


def _sold_ahead_and_unasked(gathered: Gathered) -> list[int]:
    """Which of them may ship, and so have stock committed to them, a reading tells: before units are
    taken for those of something that we can't see, as they are when the books have not balanced for so
    long."""
    since, patience = gathered.item.unbalanced_since, SHORT_PATIENCE
    if gathered.facts.is_all_readable:
        patience = PATIENCE
    read_at = gathered.shop.changes_read_at
    if since is None or not is_over(since, read_at, now=gathered.now, patience=patience):
        return []
    return [
        order.order_id
        for order in gathered.demand
        if order.planned and (order.asked_at is None or order.asked_at < since)
    ]


def pool_states(
    session: Session,
    shop: Shop,
    terms: LeadTimePolicy,
    books: Demand,
    *,
    supply: Mapping[int, int],
    owed_before: Mapping[int, int],
    now: datetime,
) -> dict[int, PoolState]:
    """What the queues of an item are decided from; `supply` and `owed_before` by location."""
    announced = expected_arrivals(session, shop.id, terms.item_id)
    arrivals, sooner = terms.foresee(announced), terms.sooner(announced)
    now = now.astimezone(zone_of(shop.time_zone))
    since: dict[int, dict[int, datetime]] = {location_id: {} for location_id in supply}
    for order_id, location_id, moment in promises.waiting_since(session, shop.id, terms.item_id):
        if location_id in since:
            since[location_id][order_id] = moment.astimezone(now.tzinfo)
    return {
        location_id: PoolState(
            books.at(location_id),
            units,
            owed_before[location_id],
            arrivals.get(location_id, []),
            {order_id: moment.date() for order_id, moment in since[location_id].items()},
            terms.counted_from(books.at(location_id), since[location_id], now),
            sooner,
        )
        for location_id, units in supply.items()
    }
