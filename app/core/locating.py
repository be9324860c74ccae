"""Of which orders it must be asked where they ship from, before anybody can say who is short."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from app.core.balancing import Facts, KnownOrder
from app.core.freshness import will_never_be_routed
from app.core.model import QueuePosition

_FEW_ORDERS = 5


def to_locate(facts: Facts, *, everyone: bool) -> list[KnownOrder]:
    """Walk the queue from its end. The lines short in a pool are the last ones there, so only orders
    after the point where every pool's shortage is accounted for need a location. Units that may wait
    outside, for their selling plan to reserve stock, account for nothing; those that took the turn of
    an older order stand there. Where it is not told where a reservation lies, `everyone` needs one:
    what is committed at a location may be either."""
    everyone = everyone or any(claim.location_id is None for claim in facts.claims)
    positions = facts.positions.items()
    missing = {location_id: -position.free for location_id, position in positions if position.free < 0}
    unknown: list[KnownOrder] = []
    for _, is_turn, order, at in _from_the_end(facts):
        if not everyone and not any(units > 0 for units in missing.values()):
            break
        if not (is_turn or order.is_located or _is_nowhere(order)):
            unknown.append(order)
        for location_id, units in at.items():
            if location_id in missing:
                missing[location_id] -= units - _later_at(order, location_id, units)
    return unknown if everyone else _enough(unknown, sum(missing.values()))


def _later_at(order: KnownOrder, location_id: int, units: int) -> int:
    """Units there that were sold ahead and may not ship yet."""
    return min(order.planned, units, order.waiting_at.get(location_id, 0))


def _is_nowhere(order: KnownOrder) -> bool:
    return will_never_be_routed(asked_at=order.asked_at, first_seen_at=order.first_seen_at)


def _newest_first(place: QueuePosition | KnownOrder) -> tuple[int, float, int]:
    return (place.priority, -place.placed_at.timestamp(), -place.order_id)


class _Standing(NamedTuple):
    """An order in the queue with its units there, by location: at its own place, or before another whose
    turn it took."""

    place: tuple[int, float, int]
    is_turn: bool
    order: KnownOrder
    at: Mapping[int, int]


def _from_the_end(facts: Facts) -> list[_Standing]:
    turns: dict[int, dict[int, QueuePosition]] = defaultdict(dict)
    for line in facts.books.located:
        if line.turn:
            turns[line.order_id][line.location_id] = line.turn
    queue = [_Standing(_newest_first(order), False, order, order.at) for order in facts.demand]
    if turns:
        queue = [each for one in queue for each in _apart(one, turns.get(one.order.order_id, {}))]
    return sorted(queue, key=attrgetter("place", "is_turn"))


def _apart(own: _Standing, turns: Mapping[int, QueuePosition]) -> list[_Standing]:
    units, order = own.order.at, own.order
    rest = {location_id: count for location_id, count in units.items() if location_id not in turns}
    moved = [
        _Standing(_newest_first(turn), True, order, {location_id: units.get(location_id, 0)})
        for location_id, turn in turns.items()
    ]
    return [own._replace(at=rest), *moved]


def _enough(unknown: Sequence[KnownOrder], missing: int) -> list[KnownOrder]:
    """The newest of these orders that could account for the missing units, and a few at least."""
    units = 0
    for count, order in enumerate(unknown):
        if units >= missing and count >= _FEW_ORDERS:
            return list(unknown[:count])
        units += order.quantity - min(order.planned, order.quantity)
    return list(unknown)
