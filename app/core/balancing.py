"""Do the books of an item balance? What we know of its orders against what the platform counts.

Pure: told what was gathered of an item, it says which lines show in the figures and what is left over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Protocol

from app.core.books import Demand, StockPosition, Verdict, stock_position
from app.core.freshness import (
    SHORT_PATIENCE,
    Reflects,
    Snapshot,
    is_over,
    is_suspect_time,
)
from app.core.model import Allocatable
from app.core.reckoning import Claim, DriftSince, Key, drift_since, reckon


class Figures(Protocol):
    """A pool as the platform tells it (see `app.platforms.base.Pool`)."""

    @property
    def location_id(self) -> int: ...
    @property
    def available(self) -> int: ...
    @property
    def committed(self) -> int | None: ...
    @property
    def backordered(self) -> int | None: ...


class KnownOrder(Protocol):
    """An order's open demand for an item, as we know it (see `app.db.open_demand.OpenDemand`)."""

    @property
    def order_id(self) -> int: ...
    @property
    def placed_at(self) -> datetime: ...
    @property
    def priority(self) -> int: ...
    @property
    def is_located(self) -> bool: ...
    @property
    def is_doubtful(self) -> bool: ...
    @property
    def first_seen_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...
    @property
    def asked_at(self) -> datetime | None: ...
    @property
    def quantity(self) -> int: ...
    @property
    def backordered(self) -> int: ...
    @property
    def at(self) -> Mapping[int, int]: ...
    @property
    def backordered_at(self) -> Mapping[int, int]: ...
    @property
    def taken_at(self) -> Mapping[int, int]: ...
    @property
    def planned(self) -> int: ...
    @property
    def late(self) -> int: ...
    @property
    def waiting_at(self) -> Mapping[int, int]: ...


class Settled(Protocol):
    """A pool as it was last settled. `drift` are its units that nobody explained then, `committed` what
    the platform counted, if `is_reckoned` together with what we knew."""

    @property
    def drift(self) -> int: ...
    @property
    def drift_since(self) -> Sequence[Sequence[float]]: ...
    @property
    def committed(self) -> int | None: ...
    @property
    def is_reckoned(self) -> bool: ...
    @property
    def read_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What an item is decided from: the platform's figures and the snapshot they are of, the open orders
    that matter, the lines we know and the positions these make by location. `claims` are what units are
    committed to besides orders, as far as we may read it; `is_all_readable` if we may read all there can
    be. The snapshot is by our clock; the times that the platform gives orders and claims are by its own,
    which is ahead of ours by `skew`."""

    item_id: int
    pools: Sequence[Figures]
    snapshot: Snapshot
    demand: Sequence[KnownOrder]
    books: Demand
    positions: Mapping[int, StockPosition]
    claims: Sequence[Claim] = ()
    is_all_readable: bool = True
    skew: timedelta = timedelta()

    @property
    def second(self) -> datetime:
        """The second by the platform's clock in which the figures were asked for."""
        return (self.snapshot.high + self.skew).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Balance:
    """How the books compare: the lines that show in the figures (what is no order among them), the
    positions they make, the drift that is explained away, both by location, since when it is there, and
    the units of orders that the platform does not count yet. `is_less` if fewer units than before are
    unexplained."""

    verdict: Verdict
    books: Demand
    positions: Mapping[int, StockPosition]
    drift: Mapping[int, int] = field(default_factory=dict)
    drift_since: DriftSince = field(default_factory=dict)
    waiting: Mapping[Key, int] = field(default_factory=dict)
    is_less: bool = False

    @property
    def is_balanced(self) -> bool:
        """Whether something may be decided from them."""
        return self.verdict is Verdict.BALANCED


def known_demand(item_id: int, places: Sequence[int], demand: Sequence[KnownOrder]) -> Demand:
    """The lines we know in the pools at these places. An item that lies at one location ships from
    there, so an order that nobody has located is at home there too."""
    only = places[0] if len(places) == 1 else None
    lines: list[Allocatable] = []
    unlocated = 0
    for order in demand:
        unlocated += order.quantity if not order.is_located and only is None else 0
        lines += _lines_of(order, item_id, places, only)
    return Demand(lines, unlocated)


def _lines_of(
    order: KnownOrder, item_id: int, places: Sequence[int], only: int | None
) -> Iterable[Allocatable]:
    at, short, waiting = order.at, order.backordered_at, order.waiting_at
    if not order.is_located and only is not None:
        at, short = {only: order.quantity}, {only: order.backordered}
        waiting = {only: order.planned}  # until it is routed nothing of it may ship
    return [
        Allocatable(
            order.order_id,
            item_id,
            location_id,
            units,
            order.placed_at,
            order.priority,
            short.get(location_id, 0),
            order.taken_at.get(location_id),
            planned=min(order.planned, units),
            later=min(order.planned, units, waiting.get(location_id, 0)),
            outside=min(order.late, units, waiting.get(location_id, 0)),
        )
        for location_id, units in at.items()
        if location_id in places and units > 0
    ]


def stock_positions(pools: Iterable[Figures], books: Demand) -> dict[int, StockPosition]:
    """The positions of an item's pools, by location."""
    return {
        pool.location_id: stock_position(
            books.at(pool.location_id),
            available=pool.available,
            committed=pool.committed,
            backordered=pool.backordered,
        )
        for pool in pools
    }


def is_sold_ahead(facts: Facts) -> bool:
    """Whether any of the orders may commit stock no sooner than it ships."""
    return any(order.planned for order in facts.demand)


def unlocated_plans(facts: Facts) -> list[KnownOrder]:
    """Orders bought by a selling plan of which nobody knows whether they may ship now."""
    return [order for order in facts.demand if order.planned and not order.is_located]


# Which orders to ask for


def suspects(facts: Facts, verdict: Verdict, *, attempts: int) -> list[int]:
    """The orders to read anew because the books do not balance though the list of changed orders has
    been read: any may be what too much is known of; too little is known of an order that changed in the
    second of our copy, or, more often, of one that is still on its way and is waited for first."""
    is_too_much = verdict is Verdict.COPY_STALE
    if not is_suspect_time(attempts, is_too_much_known=is_too_much):
        return []
    return [order.order_id for order in facts.demand if is_too_much or order.is_doubtful]


# How the books compare


def balance_books(
    facts: Facts, before: Mapping[int, Settled], *, has_read: bool, may_wait: bool
) -> Balance:
    """Compare the books as they are known; then, if `may_wait`, without what a selling plan may reserve
    later: that comes before the thought that what is committed to no order may not be counted.
    `before` are the pools as they were settled, by location; `has_read`: all that may have changed has
    been read."""
    if not any(pool.committed is not None for pool in facts.pools):
        return Balance(Verdict.BALANCED, facts.books, facts.positions)
    whole = balance = _balance_as(facts, before, has_read=has_read, may_wait=False)
    if not balance.is_balanced and may_wait and not _has_news(facts):
        balance = _balance_as(facts, before, has_read=has_read, may_wait=True)
    return balance if balance.is_balanced else whole


def _has_news(facts: Facts) -> bool:
    """Whether an order changed, or something else took units, in the second of the figures, or after
    it: the difference may be that."""
    is_newer = any(order.updated_at >= facts.second for order in facts.demand)
    return is_newer or any(claim.placed_at >= facts.second for claim in facts.claims)


def _balance_as(
    facts: Facts, before: Mapping[int, Settled], *, has_read: bool, may_wait: bool
) -> Balance:
    """Compare the books, then with less that is committed besides, then without the newest orders, one
    after the other: the figures may be those of a moment before them. They lower what is available by
    as much as they commit, so the supply, and who of the others is short, is the same."""
    whole = balance = _compare(facts, facts.books, before, may_wait=may_wait)
    # A claim that is left out may be as large as what is sold ahead, which then looks committed.
    is_certain = may_wait or not is_sold_ahead(facts)
    for claims in _fewer_claims(facts, has_read=has_read) if is_certain else ():
        if not balance.is_balanced:
            balance = _compare(replace(facts, claims=claims), facts.books, before, may_wait=may_wait)
    balance = balance if balance.is_balanced else whole
    demand = sorted(facts.demand, key=attrgetter("order_id"))
    while balance.verdict is Verdict.COPY_STALE and demand and _is_newcomer(demand[-1], facts):
        demand.pop()
        books = known_demand(facts.item_id, [pool.location_id for pool in facts.pools], demand)
        balance = _compare(facts, books, before, may_wait=may_wait)
    return balance if balance.is_balanced else whole


def _fewer_claims(facts: Facts, *, has_read: bool) -> list[list[Claim]]:
    """What is committed besides orders, without what may be newer than the figures; and, once all that
    may have changed has been read, without the kinds that the platform may not count after all."""
    claims = facts.claims
    older = [claim for claim in claims if claim.placed_at < facts.second]
    kinds = {claim.kind for claim in claims} if has_read else set()
    fewer = [[claim for claim in claims if claim.kind != kind] for kind in sorted(kinds)]
    choices = [older, *fewer, *([[]] if has_read else [])]
    return [choice for choice in choices if len(choice) < len(claims)]


def _is_newcomer(order: KnownOrder, facts: Facts) -> bool:
    return facts.snapshot.reflects(order.first_seen_at) is Reflects.NO


def _compare(facts: Facts, books: Demand, before: Mapping[int, Settled], *, may_wait: bool) -> Balance:
    """Compare the books of these lines, then once more without the drift that was explained before."""
    positions = stock_positions(facts.pools, books)
    committed = {location_id: position.committed for location_id, position in positions.items()}
    drift = {location_id: row.drift for location_id, row in before.items() if row.drift}
    since = {location_id: row.drift_since for location_id, row in before.items()}
    found = reckon(committed, books, facts.claims, may_wait=may_wait)
    if found.verdict is Verdict.BALANCED or not drift:
        return Balance(found.verdict, found.counted, positions, waiting=found.waiting)
    known = reckon(committed, books, facts.claims, unexplained=drift, may_wait=may_wait)
    if known.verdict is Verdict.BALANCED:
        return Balance(known.verdict, known.counted, positions, drift, since, known.waiting)
    is_less = found.verdict is Verdict.ORDERS_MISSING and known.verdict is Verdict.COPY_STALE
    return Balance(found.verdict, found.counted, positions, waiting=found.waiting, is_less=is_less)


# What nobody explains


def is_heard_out(
    facts: Facts, balance: Balance, *, since: datetime | None, read_at: datetime | None, now: datetime
) -> bool:
    """Whether nothing more is waited for before what nobody explains is explained away: some of it is
    gone, or patience is over (see `app.core.freshness.is_over`). Where more is committed and stock may
    be committed to what we may not read, it is over sooner: what came last is served last, so an order
    on its way is not wronged."""
    if balance.is_less and read_at is not None and read_at >= facts.snapshot.high:
        return True
    is_missing = balance.verdict is Verdict.ORDERS_MISSING
    if is_missing and not facts.is_all_readable:
        return is_over(since, read_at, now=now, patience=SHORT_PATIENCE)
    return is_over(since, read_at, now=now)


def explain_away(
    facts: Facts, balance: Balance, before: Mapping[int, Settled], *, now: datetime
) -> Balance:
    """Patience is over: keep what nobody explains, by location, with the time since which it is there;
    that, as `now`, is by the platform's clock, for it takes its turn among orders. More than is known is
    committed to what we can't see; less, some of our orders are not committed."""
    drift = {
        location_id: position.committed - _units(balance.books.at(location_id))
        for location_id, position in balance.positions.items()
    }
    if not any(drift.values()):
        return replace(balance, verdict=Verdict.BALANCED, drift=drift)
    since = {
        place: drift_since(
            before[place].drift_since,
            before[place].drift,
            units,
            came=_came_since(facts, before[place], place, units),
            now=now.timestamp(),
        )
        for place, units in drift.items()
        if place in before
    }
    return replace(balance, verdict=Verdict.BALANCED, drift=drift, drift_since=since)


def _came_since(facts: Facts, before: Settled, place: int, units: int) -> int:
    """How many of the `units` that nobody explains were not there when the pool was last read. If nobody
    asked for the orders then, they are what is committed more than that, but for orders that are new."""
    if before.is_reckoned:
        return units - max(0, before.drift)
    first_seen = {order.order_id: order.first_seen_at for order in facts.demand}
    new = [line for line in facts.books.at(place) if first_seen[line.order_id] > before.read_at]
    return facts.positions[place].committed - (before.committed or 0) - _units(new)


def _units(lines: Sequence[Allocatable]) -> int:
    return sum(line.quantity for line in lines)
