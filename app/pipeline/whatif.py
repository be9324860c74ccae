"""What if so many units arrived? The decision that would be made then, beside the one made now.

Both are made by the same function from what is recorded: nothing is asked of the platform, and nothing
is written.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.core.balancing import known_demand, stock_positions
from app.core.books import Demand
from app.core.decide import Decided, PoolState, decide, with_units
from app.core.kinds import Kind
from app.core.model import Promise
from app.core.reckoning import Key, Reckoning, queue_of, reckon
from app.db import open_demand, orders, promises, turns
from app.db.models import PoolRow, Shop, StockItem
from app.db.reservations import claims_on
from app.db.stock import pools_of
from app.pipeline.gathering import demand_in_turn, pool_states
from app.pipeline.lead_time_policy import LeadTimePolicy, terms_of
from app.pipeline.reservations import readable_kinds
from app.platforms.base import ItemStock, Pool
from app.platforms.registry import PLATFORMS


@dataclass(frozen=True, slots=True)
class Standing:
    """An item as it is recorded: its pools by location, what their queues are decided from, and the
    units of orders that the platform commits no stock to yet, by order and location."""

    shop: Shop
    item: StockItem
    pools: Mapping[int, PoolRow]
    states: Mapping[int, PoolState]
    terms: LeadTimePolicy
    waiting: Mapping[Key, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day it is in the shop."""
        return self.terms.today

    @property
    def is_over(self) -> bool:
        """Whether it will not be restocked."""
        return self.item.kind == Kind.DISCONTINUED

    def ready_on(self, day: date) -> date:
        """The day on which what comes on a day can be sent."""
        steps = self.terms.ready_on(day)
        return steps[-1].day if steps else day

    def decide(self, states: Mapping[int, PoolState] | None = None) -> dict[int, list[Decided]]:
        """The queues by location, as they stand or as they would."""
        return decide(
            states or self.states,
            today=self.today,
            lead_time_days=self.terms.lead_time_days,
            ready_on=self.terms.ready_on,
        )


class Effect(StrEnum):
    """What units would do for an order that waits."""

    RELEASED = "released"
    COVERED = "covered"
    """All it wants of this item is there, but it waits for another one."""
    FEWER = "fewer short"
    SOONER = "sooner"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Waits:
    """What an order is short of one item, all locations together; the day is None if it is unknown."""

    short: int
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One order for which something would change."""

    order_id: int
    name: str
    was: Waits
    would_be: Waits
    effect: Effect


def standing_of(session: Session, shop: Shop, item: StockItem, *, now: datetime) -> Standing:
    """Read what is recorded of an item."""
    pools = pools_of(session, shop.id, [item.item_id])[item.item_id]
    stock = ItemStock(item.item_id, item.is_tracked, tuple(_pool(row) for row in pools.values()))
    demand = open_demand.open_demand(session, shop.id, [item.item_id])[item.item_id]
    if not item.has_queue:
        # Such copies are read again once somebody waits: the order may be gone.
        demand = [order for order in demand if not order.is_stale]
    books = known_demand(stock.item_id, [pool.location_id for pool in stock.pools], demand)
    books = demand_in_turn(books, turns.moved_at(session, shop.id, item.item_id))
    supply = {location_id: row.supply for location_id, row in pools.items()}
    found, committed = _reckoned(session, shop, stock, books, pools)
    queue = queue_of(
        found,
        books,
        committed=committed,
        supply=supply,
        drift={location_id: row.drift for location_id, row in pools.items()},
        since={location_id: row.drift_since for location_id, row in pools.items()},
    )
    terms = terms_of(session, shop, item, now=now)
    states = pool_states(
        *(session, shop, terms, queue.lines), supply=supply, owed_before=queue.owed_before, now=now
    )
    return Standing(shop, item, pools, states, terms, queue.waiting)


def _reckoned(
    session: Session, shop: Shop, stock: ItemStock, books: Demand, pools: Mapping[int, PoolRow]
) -> tuple[Reckoning, dict[int, int]]:
    """How the recorded figures compare with what is recorded of orders and reservations, and what is
    committed, by location."""
    kinds = readable_kinds(shop, PLATFORMS[shop.platform].traits.reservation_scopes)
    claims = claims_on(session, shop.id, stock.item_id, kinds)
    positions = stock_positions(stock.pools, books)
    committed = {location_id: position.committed for location_id, position in positions.items()}
    drift = {location_id: row.drift for location_id, row in pools.items()}
    return reckon(committed, books, claims, unexplained=drift), committed


def _pool(row: PoolRow) -> Pool:
    return Pool(
        row.location_id, row.location_name, row.on_hand, row.available, row.committed, row.backordered
    )


def what_if(
    session: Session, standing: Standing, *, location_id: int, quantity: int, on: date
) -> list[Outcome]:
    """Every order for which something would change if so many units were on the shelf today, or known
    to come on a later day; in queue order."""
    state = standing.states[location_id]
    day = on if on > standing.today else None
    return outcomes_if(
        session, standing, {**standing.states, location_id: with_units(state, quantity, on=day)}
    )


def outcomes_if(session: Session, standing: Standing, states: Mapping[int, PoolState]) -> list[Outcome]:
    """Every order for which something would change if the item's pools were in these states; in queue
    order."""
    was, would_be = _by_order(standing.decide()), _by_order(standing.decide(states))
    moved = [order_id for order_id, waits in was.items() if waits.short and would_be[order_id] != waits]
    return _outcomes(session, standing, moved, was, would_be)


def _by_order(queues: Mapping[int, Sequence[Decided]]) -> dict[int, Waits]:
    found: dict[int, Waits] = {}
    for queue in queues.values():
        for _, promise in queue:
            if promise.line.reserved_by:
                continue
            order_id = promise.line.order_id
            found[order_id] = _together(found.get(order_id), promise)
    return found


def _together(so_far: Waits | None, promise: Promise) -> Waits:
    if so_far is None or so_far.short == 0:
        return Waits(promise.short, promise.expected_on)
    if promise.short == 0:
        return so_far
    days = (so_far.expected_on, promise.expected_on)
    latest = None if days[0] is None or days[1] is None else max(days[0], days[1])
    return Waits(so_far.short + promise.short, latest)


def _outcomes(
    session: Session,
    standing: Standing,
    moved: Collection[int],
    was: Mapping[int, Waits],
    would_be: Mapping[int, Waits],
) -> list[Outcome]:
    shop_id = standing.shop.id
    names = orders.order_names(session, shop_id, moved)
    elsewhere = promises.short_of_others(session, shop_id, moved, but_item=standing.item.item_id)
    return [
        Outcome(
            order_id,
            names[order_id],
            was[order_id],
            would_be[order_id],
            _effect(was[order_id], would_be[order_id], is_short_elsewhere=order_id in elsewhere),
        )
        for order_id in moved
    ]


def _effect(was: Waits, would_be: Waits, *, is_short_elsewhere: bool) -> Effect:
    if would_be.short == 0:
        return Effect.COVERED if is_short_elsewhere else Effect.RELEASED
    if would_be.short < was.short:
        return Effect.FEWER
    is_sooner = was.expected_on is None or (
        would_be.expected_on is not None and would_be.expected_on < was.expected_on
    )
    return Effect.SOONER if is_sooner else Effect.LATER
