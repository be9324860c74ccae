"""Do the books balance: does what the platform has committed equal the open lines we know?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from app.core.model import Line


class Verdict(Enum):
    """What comparing the books of one item says."""

    BALANCED = auto()
    ORDERS_MISSING = auto()
    """More is committed than we know: orders are on their way, or older than we may read."""
    COPY_STALE = auto()
    """Less is committed than we know: some of our orders have changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What we know of one item's open demand. `located` are its lines; `unlocated` counts the units
    of orders whose location nobody has asked for, because they are too old to be short."""

    located: Sequence[Line]
    unlocated: int = 0

    def at(self, location_id: int) -> list[Line]:
        """The lines of one pool."""
        return [line for line in self.located if line.location_id == location_id]


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
