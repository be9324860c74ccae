"""Which units of an order can't be served any more, so that a person may cancel exactly those.

Pure: told what is short and what the order's lines still want, it says which units of which line.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from app.core.model import Allocation


class Cause(StrEnum):
    """Why units can't be served."""

    DISCONTINUED = "discontinued"
    """The item will not be restocked, and nothing that is to come serves them."""
    OVERDUE = "overdue"
    """By the law that the shop has chosen the money must go back."""


class ShortItem(NamedTuple):
    """Units of an item that are short at a location, and how many of those nothing will ever serve,
    since it will not be restocked."""

    item_id: int
    location_id: int
    units: int
    lost: int


class OpenLine(NamedTuple):
    """A line item of the order, and its units that have not been shipped."""

    line_id: int
    item_id: int
    outstanding: int


class Unservable(NamedTuple):
    """Units of a line that can't be served, of `outstanding` that it wants, and where they are short."""

    line_id: int
    item_id: int
    location_id: int
    units: int
    outstanding: int
    cause: Cause


def unservable(
    short: Sequence[ShortItem], lines: Sequence[OpenLine], *, must_refund: bool
) -> list[Unservable]:
    """The units to cancel. Of lines with the same item the last one gives up its units first: what is
    there belongs to the first."""
    left = {line.line_id: line.outstanding for line in lines}
    found = []
    for one in short:
        wanted = one.units if must_refund else one.lost
        cause = Cause.DISCONTINUED if one.lost >= wanted else Cause.OVERDUE
        for line in sorted(lines, reverse=True):
            units = min(wanted, left[line.line_id]) if line.item_id == one.item_id else 0
            if units > 0:
                found.append(
                    Unservable(
                        line.line_id, one.item_id, one.location_id, units, line.outstanding, cause
                    )
                )
                left[line.line_id] -= units
                wanted -= units
    return sorted(found)


def still_short(
    queue: Sequence[Allocation], short: ShortItem, order_id: int, *, loose: int
) -> ShortItem:
    """The same, by a location's queue as it stands now: stock may have come since. `loose` units are
    still to come, nobody knows when (no date, or a date that has passed): of what will not be restocked
    they go to whoever is first, too."""
    for each in queue:
        taken = min(loose, each.unserved)
        if each.line.order_id == order_id:
            units = min(short.units, each.short)
            return short._replace(units=units, lost=min(units, short.lost, each.unserved - taken))
        loose -= taken
    return short._replace(units=0, lost=0)
