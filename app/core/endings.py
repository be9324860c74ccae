"""How an order's waiting for an item ended, and what may be said of that.

That stock has arrived is said only where units surely came: the least that a pool can hold now is more
than the most that it can have held when the line was last short for sure. Without that a line is served
all the same, by units that another order gave up, by its place in the queue, or from elsewhere; or it
is served because it wants less itself, and then nothing served it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

OrderLocation = tuple[int, int]
"""An order and a location."""


class Ending(StrEnum):
    """What became of the units of an item that an order was short of."""

    STOCK = "covered by stock that arrived"
    FREED = "in stock, though nothing is known to have arrived"
    LEFT = "it was taken out of the order"
    SHIPPED = "it was shipped, whatever the figures said"
    UNCOUNTED = "its stock is no longer counted: it is not tracked any more, or was deleted"


SERVED = frozenset({Ending.STOCK, Ending.FREED})


class LastKnownShort(NamedTuple):
    """A line as it stood when it was last short for sure: its pool held `supply` units at the most,
    `owed_before` of which served others first, and it wanted `units`."""

    supply: int
    owed_before: int
    units: int


@dataclass(frozen=True, slots=True)
class SupplyEvidence:
    """What one reading tells of an item: which lines are `short` for sure, and how many units a pool
    holds at the `least`, by location."""

    short: Mapping[OrderLocation, LastKnownShort] = field(default_factory=dict)
    least: Mapping[int, int] = field(default_factory=dict)


class WasShort(NamedTuple):
    """A line of an order at a location that is short no more: as it was when it was last short for sure
    (None: nobody knows), what it wants now, and how many units its pool holds at the least."""

    last: LastKnownShort | None
    units: int
    least: int | None


def how_served(lines: Sequence[WasShort], *, taken_out: int) -> Ending:
    """What covers the units of an item in one order that are still to be shipped. `taken_out` units were
    taken out of the order since it was said to wait."""
    if taken_out and all(line.last is not None for line in lines) and not _would_wait(lines, taken_out):
        return Ending.LEFT
    came = any(
        line.last is not None and line.least is not None and line.least > line.last.supply
        for line in lines
    )
    return Ending.STOCK if came else Ending.FREED


def _would_wait(lines: Sequence[WasShort], taken_out: int) -> bool:
    """Whether the order would be short still if nothing had changed but itself. What else it has fewer
    was shipped, and is not in the pool any more."""
    for line in lines:
        if line.last is None:
            continue
        shipped = max(0, line.last.units - line.units - taken_out)
        if line.units and line.last.owed_before + line.units > line.last.supply - shipped:
            return True
    return False
