"""What may be said of an item's lines, once the queue was walked at both bounds of its supply."""

from collections.abc import Collection, Container, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from app.core.allocate import allocate
from app.core.books import Demand
from app.core.decide import Decided, PoolState
from app.core.doubt import Bounds
from app.core.endings import LastKnownShort, OrderLocation, SupplyEvidence
from app.core.freshness import Case, Supply, weigh
from app.core.model import Promise


class Settlement(NamedTuple):
    """What is said of the short lines, with its words; how many units short stand of which lines though
    the figures may have stock for them; and the orders that they can't tell of yet. `is_exact`: none of
    the others may turn out to be short of more or fewer units than is said."""

    made: Sequence[tuple[Promise, str]]
    held: Mapping[OrderLocation, int]
    unsure: Collection[int]
    is_exact: bool = True


class Context(NamedTuple):
    """What lines are weighed by. `standing`: units short that we say of each now, by order and location.
    `unshown`: by location, the orders of which figures may not show all that they want, or what others
    before them do. `showing`: the orders that show already that they wait. `undecided`: lines of which
    nobody can say how many units are short, and what it is between."""

    standing: Mapping[OrderLocation, int]
    unshown: Mapping[int, Container[int]]
    showing: Container[int]
    undecided: Mapping[OrderLocation, Bounds] = MappingProxyType({})


def most_short(pools: Mapping[int, PoolState], supply: Mapping[int, Supply]) -> dict[OrderLocation, int]:
    """Units short by order and location, if supply is what it is at the least."""
    return {
        (each.line.order_id, location_id): each.short
        for location_id, pool in pools.items()
        for each in allocate(pool.lines, on_hand=supply[location_id].low, owed_before=pool.owed_before)
    }


def weigh_lines(
    books: Demand,
    made: Sequence[tuple[Promise, str]],
    most: Mapping[OrderLocation, int],
    context: Context,
) -> Settlement:
    """What may be said: `made` if the figures are as good as they may be, `most` units short if they are
    as bad."""
    least = {place_of(one): one.short for one, _ in made}
    held: dict[OrderLocation, int] = {}
    unsaid: set[OrderLocation] = set()
    unsure: set[int] = set()
    is_exact = True
    for line in books.located:
        key = (line.order_id, line.location_id)
        stands = context.standing.get(key, 0)
        if key in context.undecided:
            if _stays(stands, context.undecided[key]):
                held |= {key: stands} if stands else {}
                unsaid.add(key)
            continue
        case = Case(
            least.get(key, 0),
            most.get(key, 0),
            standing=stands,
            is_unshown=line.order_id in context.unshown.get(line.location_id, ()),
            shows_that_it_waits=line.order_id in context.showing,
            told_short=line.backordered,
        )
        said = weigh(case)
        is_exact = is_exact and case.least == case.most
        if not said.is_sure:
            unsure.add(line.order_id)
        if said.short < case.least:
            unsaid.add(key)
        if said.short != case.least and stands:
            held[key] = said.short
    return Settlement([one for one in made if place_of(one[0]) not in unsaid], held, unsure, is_exact)


def _stays(stands: int, bounds: Bounds) -> bool:
    """Whether what is said of a line that nobody can decide stays: if it may be true, and where it may
    be that nothing is short."""
    return not bounds.least or bounds.least <= stands <= bounds.most


def place_of(promise: Promise) -> OrderLocation:
    """The order and the location that a promise is about."""
    return promise.line.order_id, promise.line.location_id


def sighting(
    decided: Mapping[int, Sequence[Decided]],
    settlement: Settlement,
    supply: Mapping[int, Supply],
) -> SupplyEvidence:
    """What the reading tells, for later, of how lines stand."""
    stand = {
        (one.line.order_id, place): LastKnownShort(
            supply[place].high, one.owed_before, one.line.quantity
        )
        for place, queue in decided.items()
        for one, _ in queue
    }
    return SupplyEvidence(
        {place_of(promise): stand[place_of(promise)] for promise, _ in settlement.made},
        {place: units.low for place, units in supply.items()},
    )
