"""The books of an item: what can serve open orders, and whether they balance with the lines we know."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from app.core.freshness import bound_supply
from app.core.model import Allocatable


class Verdict(Enum):
    """What comparing the books of one item says."""

    BALANCED = auto()
    ORDERS_MISSING = auto()
    """More is committed than we know: orders are on their way, or older than we may read."""
    COPY_STALE = auto()
    """Less is committed than we know: some of our orders have changed meanwhile."""
    CLAIMS_OLD = auto()
    """They balance, and what hangs on units committed to no order is about to be told by an old list of
    those."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What we know of one item's open demand. `located` are its lines; `unlocated` counts the units
    of orders whose location nobody has asked for, because they are too old to be short."""

    located: Sequence[Allocatable]
    unlocated: int = 0

    def at(self, location_id: int) -> list[Allocatable]:
        """The lines of one pool."""
        return [line for line in self.located if line.location_id == location_id]


@dataclass(frozen=True, slots=True)
class StockPosition:
    """One pool's books. `supply` units can serve open orders now (negative where more was shipped than
    was there), `committed` are what open orders take of it."""

    supply: int
    committed: int

    @property
    def free(self) -> int:
        """Units that no open order takes; below zero by the units short."""
        return self.supply - self.committed


def stock_position(
    lines: Iterable[Allocatable],
    *,
    available: int,
    committed: int | None = None,
    backordered: int | None = None,
) -> StockPosition:
    """What a pool's figures (see `app.platforms.base.Pool`) say together with the lines we know in it.

    Where the platform counts all units that open orders take, supply is what is available plus those.
    Where it counts those short at placement, the others have left on-hand and are put back, as far as
    they have lowered it (see `app.core.freshness.bound_supply`).
    """
    if committed is not None:
        return StockPosition(available + committed, committed)
    lines = list(lines)
    supply = bound_supply(lines, {}, available=available, backordered=backordered or 0)
    return StockPosition(supply.high, sum(line.quantity for line in lines))


def compare_books(committed: Mapping[int, int], demand: Demand) -> Verdict:
    """Compare `committed` (units, by location) with our own copy.

    With every order located each pool must agree by itself. Otherwise the item as a whole must, and
    no pool may have fewer units committed than the lines we know in it.
    """
    known = dict.fromkeys(committed, 0)
    for line in demand.located:
        known[line.location_id] = known.get(line.location_id, 0) + line.quantity
    if any(units > committed.get(location_id, 0) for location_id, units in known.items()):
        return Verdict.COPY_STALE
    difference = sum(committed.values()) - sum(known.values()) - demand.unlocated
    if difference == 0:
        return Verdict.BALANCED
    return Verdict.ORDERS_MISSING if difference > 0 else Verdict.COPY_STALE
