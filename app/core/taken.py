"""Which units of an order have lowered what the platform calls available.

No field of a platform tells: it depends on its settings when the units were ordered, which may have
changed since. So it is remembered, and follows what becomes of the order.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Units(NamedTuple):
    """Outstanding units of one line; `short` of them were short when they were ordered, `taken` have
    lowered the figures."""

    quantity: int
    short: int
    taken: int


class Took(NamedTuple):
    """What a change of a line comes to: how many units have lowered the figures now, by how many more
    than before (below zero: taken out), how many of those were short, and how many that were short when
    they were ordered left the house. `is_change` is False if the figures are the same, and it wants no
    more."""

    taken: int
    units: int
    short: int
    is_change: bool
    sent_short: int = 0


NOTHING = Units(0, 0, 0)


def follow(
    before: Units,
    quantity: int,
    short: int,
    *,
    lowers: bool,
    lowers_when_sent: bool = False,
    gone: int = 0,
    come: int = 0,
) -> Took:
    """A line item changes from `before` to so many units, `short` of which were short when they were
    ordered. `lowers`: whether added units lower the figures; `lowers_when_sent`: whether those do that
    have not, as they are shipped. `gone` units were taken out of it, or `come` were added; what else it
    has fewer left the house.

    A platform that calls a new line short has lowered its figures for it, whatever its settings say now.
    Of a line that has taken only some of its units, those are shipped first, and the others taken out.
    """
    shipped = max(0, before.quantity + come - gone - quantity)
    added = quantity - (before.quantity - gone - shipped)
    is_begun_short = not before.quantity and short > 0
    more = added if lowers or is_begun_short else 0
    kept = max(0, before.taken - shipped)
    out = min(kept, max(0, gone - (before.quantity - before.taken)))
    sent = max(0, shipped - before.taken) if lowers_when_sent else 0
    sent_short = min(shipped, max(0, before.short - short))
    return Took(
        taken=min(quantity, kept - out + more),
        units=more - out + sent,
        short=max(0, short - before.short),
        is_change=more + sent != out or added > 0,
        sent_short=sent_short,
    )


def together(changes: Iterable[Took]) -> Took:
    """The same of the line items of one item."""
    some = list(changes)
    return Took(
        taken=sum(one.taken for one in some),
        units=sum(one.units for one in some),
        short=sum(one.short for one in some),
        is_change=any(one.is_change for one in some),
        sent_short=sum(one.sent_short for one in some),
    )
