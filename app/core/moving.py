"""What of an order that waits at one location may ship from another, which has it in stock."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from app.core.holds import ItemLocation, Lift, Part, still_to_ship


class Move(NamedTuple):
    """Have these units of an item (by line of the part) shipped from another location."""

    part_id: int
    item_id: int
    from_id: int
    to_id: int
    lines: Mapping[int, int]

    @property
    def units(self) -> int:
        """How many in all."""
        return sum(self.lines.values())


class PoolFigures(NamedTuple):
    """An item at a location: units that serve nobody (below zero by those short), and units that open
    orders take."""

    available: int
    committed: int

    def is_easier_than(self, before: "PoolFigures") -> bool:
        """Whether somebody who was short may be served now: more is there, or fewer want it."""
        supply, had = self.available + self.committed, before.available + before.committed
        return supply > had or self.available > before.available


def next_moves(
    short: Mapping[ItemLocation, int],
    parts: Sequence[Part],
    free: Mapping[ItemLocation, int],
    *,
    settled: Collection[ItemLocation],
) -> list[Move | Lift]:
    """How to bring what is short to where enough of it is `free`: all short units of an item or none,
    to the location that has most. What holds of ours are on is let go first, and moved at the next look.
    Nothing is moved that is being shipped, or held by others, nor from places that are `settled`:
    somebody wants it there, or we moved it once."""
    left = Counter(free)
    steps: list[Move | Lift] = []
    for place, units in sorted(short.items()):
        to_id = _best(place, units, left)
        if units <= 0 or to_id is None or place in settled:
            continue
        found = _of_part(place, units, to_id, parts)
        if any(isinstance(one, Move) for one in found):
            left[ItemLocation(place.item_id, to_id)] -= units
        # Two items may wait in one part, which is held once.
        steps += [one for one in found if one not in steps]
    return steps


class Waiting(NamedTuple):
    """So many units of an order are short at a place."""

    order_id: int
    place: ItemLocation
    units: int


def first_served(waiting: Iterable[Waiting], free: Mapping[ItemLocation, int]) -> list[int]:
    """Whom what is free elsewhere serves, if each is given in this order what it waits for. No more of
    them are taken once nothing is left."""
    left, served = Counter(free), []
    for one in waiting:
        to_id = _best(one.place, one.units, left)
        if to_id is None:
            continue
        served.append(one.order_id)
        left[ItemLocation(one.place.item_id, to_id)] -= one.units
        if not +left:
            break
    return served


def stuck_places(
    short: Mapping[ItemLocation, int],
    parts: Sequence[Part] | None,
    free: Mapping[ItemLocation, int],
    *,
    settled: Collection[ItemLocation],
) -> dict[ItemLocation, int]:
    """What would be moved by what is free, and can't be as the parts are (None: they can't be read). Not
    what no part has: that was changed, or is not routed yet, and is decided anew once it is known."""
    there = None if parts is None else still_to_ship(parts)
    return {
        place: units
        for place, units in short.items()
        if units > 0
        and place not in settled
        and (to_id := _best(place, units, free)) is not None
        and (there is None or there[place] >= units)
        and not _of_part(place, units, to_id, parts or ())
    }


def _best(place: ItemLocation, units: int, left: Mapping[ItemLocation, int]) -> int | None:
    enough = [
        (-count, other.location_id)
        for other, count in left.items()
        if other.item_id == place.item_id and other.location_id != place.location_id and count >= units
    ]
    return min(enough)[1] if enough else None


def _of_part(place: ItemLocation, units: int, to_id: int, parts: Sequence[Part]) -> list[Move | Lift]:
    """From one part: one that has them all, free if possible."""
    for part in parts:
        if _has(part, place, units) and part.is_open and not part.holds:
            return [Move(part.part_id, *place, to_id, _lines(part, place, units))]
    for part in parts:
        if _has(part, place, units) and not part.is_over and part.ours == list(part.holds):
            return [Lift(part.part_id, hold.hold_id) for hold in part.ours]
    return []


def _has(part: Part, place: ItemLocation, units: int) -> bool:
    return part.units[place] >= units


def _lines(part: Part, place: ItemLocation, units: int) -> dict[int, int]:
    lines: dict[int, int] = {}
    for line in part.lines:
        count = min(line.remaining, units - sum(lines.values()))
        if line.item_id == place.item_id and count > 0:
            lines[line.line_id] = count
    return lines
