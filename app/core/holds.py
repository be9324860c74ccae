"""Which units of an order the platform is to hold back from shipping, and what that takes.

An order is shipped in parts (Shopify: fulfillment orders), each from one location. A part that is open
can be held, or some units of it: then it is split, and the rest stays free. What is held can only be let
go as a whole. So a plan is one step from what there is towards what there should be; the next is made
from what is read after it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

HANDLE = "backline"
"""What our holds are called on the platform. A hold that says another day gets the other name, since
no two holds of one part may have the same."""
SECOND_HANDLE = "backline-2"
HANDLES = (HANDLE, SECOND_HANDLE)


class Policy(StrEnum):
    """What of an order that waits is to be held back."""

    OFF = "off"
    SHORT = "short"
    """The units that are short: what is ready may ship."""
    ORDER = "order"
    """The whole order, so that it ships as one."""


class TagRule(NamedTuple):
    """Orders that carry `tag` are held by this policy instead of the shop's."""

    tag: str
    policy: Policy


def policy_of(tags: Collection[str], rules: Sequence[TagRule], *, otherwise: Policy) -> Policy:
    """By the first rule whose tag the order carries, without regard to case as Shopify compares tags."""
    there = {tag.casefold() for tag in tags}
    return next((rule.policy for rule in rules if rule.tag.casefold() in there), otherwise)


class HoldState(StrEnum):
    """What we know of a hold of ours."""

    PLACING = "placing"
    """About to be sent: it may stand or not."""
    HELD = "held"
    LIFTING = "lifting"
    """We are about to let it go: it may stand or not."""
    RELEASED = "released"
    """We let it go."""
    LIFTED = "lifted"
    """Somebody else let it go."""
    SHIPPED = "shipped"
    """What it held was shipped."""
    GONE = "gone"
    """Its part is no more: cancelled, edited, moved."""


STANDING = (HoldState.PLACING, HoldState.HELD, HoldState.LIFTING)


class ItemLocation(NamedTuple):
    """An item at a location."""

    item_id: int
    location_id: int


class PartLine(NamedTuple):
    """Units of an item in a part: still to ship, and all that were ever to."""

    line_id: int
    item_id: int
    remaining: int
    total: int


class Hold(NamedTuple):
    """A hold on a part; `is_ours` if this app placed it."""

    hold_id: int
    handle: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an order as the platform has it now. `is_open`: it may be shipped, or held. `is_over`:
    nothing more ships from it."""

    part_id: int
    location_id: int
    is_open: bool
    is_over: bool
    lines: Sequence[PartLine]
    holds: Sequence[Hold] = ()

    @property
    def ours(self) -> list[Hold]:
        """The holds that are ours to lift: what we placed, under a name that we use."""
        return [hold for hold in self.holds if hold.is_ours and hold.handle in HANDLES]

    @property
    def units(self) -> Counter[ItemLocation]:
        """What is still to ship of it."""
        units: Counter[ItemLocation] = Counter()
        for line in self.lines:
            units[ItemLocation(line.item_id, self.location_id)] += line.remaining
        return +units


def still_to_ship(parts: Iterable[Part]) -> Counter[ItemLocation]:
    """Units of an order that are still to ship, by item and location."""
    return sum((part.units for part in parts if not part.is_over), Counter[ItemLocation]())


@dataclass(frozen=True, slots=True)
class OrderParts:
    """An order as the platform has it now: its parts and its tags."""

    parts: Sequence[Part]
    tags: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """Hold a part: the named units (by line), or all of it where none are named."""

    part_id: int
    location_id: int
    handle: str
    until: date | None
    units: Mapping[ItemLocation, int]
    lines: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Lift:
    """Let a hold of ours go."""

    part_id: int
    hold_id: int


def wanted(
    policy: Policy, short: Mapping[ItemLocation, int], outstanding: Mapping[ItemLocation, int]
) -> Mapping[ItemLocation, int]:
    """The units of an order that should be held."""
    if policy is Policy.OFF or not any(short.values()):
        return {}
    units = short if policy is Policy.SHORT else outstanding
    return {place: count for place, count in units.items() if count > 0}


def next_steps(
    want: Mapping[ItemLocation, int],
    parts: Sequence[Part],
    *,
    until: Mapping[int, date | None],
    said: Mapping[int, date | None],
) -> list[Put | Lift]:
    """What to do now, location by location. `until` is the day until when units are held there (None:
    nobody knows), `said` what each hold of ours says already, by its id.

    Where more is held than should be, what is held there is let go first: the next step holds what is
    short still. Where a hold says another day it is replaced, the new one first: between the two the
    part must not be free.
    """
    locations = {place.location_id for place in want} | {part.location_id for part in parts}
    return [
        step
        for location_id in sorted(locations)
        for step in _steps_at(
            Counter({place: n for place, n in want.items() if place.location_id == location_id}),
            [part for part in parts if part.location_id == location_id],
            until.get(location_id),
            said,
        )
    ]


def _steps_at(
    want: Counter[ItemLocation],
    parts: Sequence[Part],
    until: date | None,
    said: Mapping[int, date | None],
) -> Iterable[Put | Lift]:
    ours = [part for part in parts if part.ours and not part.is_over]
    held = sum((part.units for part in ours), Counter[ItemLocation]())
    surplus = held - want
    if surplus:
        return _let_go(ours, surplus)
    # Of a product that was deleted nobody knows the item: nothing that is known waits there.
    idle = [Lift(part.part_id, hold.hold_id) for part in ours if not part.units for hold in part.ours]
    renewed = [step for part in ours if part.units for step in _renew(part, until, said)]
    return [*idle, *renewed, *_hold_more(want - held, parts, until)]


def _let_go(ours: Sequence[Part], surplus: Counter[ItemLocation]) -> list[Put | Lift]:
    """Only parts that have some of what is held too much; those that have nothing else, if there are
    any: then nothing that is short goes free in between."""
    touched = [part for part in ours if part.units & surplus]
    whole = []
    for part in touched:
        if part.units <= surplus:
            whole.append(part)
            surplus = surplus - part.units
    return [Lift(part.part_id, hold.hold_id) for part in whole or touched for hold in part.ours]


def _renew(part: Part, until: date | None, said: Mapping[int, date | None]) -> list[Put | Lift]:
    """Have the part say `until`. Of two holds of ours the older is a step that was cut off."""
    current = [hold for hold in part.ours if hold.hold_id in said and said[hold.hold_id] == until]
    if not current and len(part.ours) < len(HANDLES):
        free = next(one for one in HANDLES if one not in {hold.handle for hold in part.ours})
        return [Put(part.part_id, part.location_id, free, until, dict(part.units), {})]
    keep = current[-1] if current else part.ours[-1]
    return [Lift(part.part_id, hold.hold_id) for hold in part.ours if hold is not keep]


def _hold_more(
    missing: Counter[ItemLocation], parts: Sequence[Part], until: date | None
) -> list[Put | Lift]:
    """Newest parts first, since an order's older ones are more likely to be on somebody's table. A part
    that others hold can't be split: it does not ship meanwhile, and is looked at when they let it go."""
    steps: list[Put | Lift] = []
    for part in sorted(parts, key=lambda one: -one.part_id):
        if not part.is_open or part.holds or not missing & part.units:
            continue
        lines, units = _take(part, missing)
        missing = missing - units
        named = {} if units == part.units else lines
        steps.append(Put(part.part_id, part.location_id, HANDLE, until, dict(units), named))
    return steps


def _take(part: Part, missing: Counter[ItemLocation]) -> tuple[dict[int, int], Counter[ItemLocation]]:
    lines: dict[int, int] = {}
    units: Counter[ItemLocation] = Counter()
    for line in part.lines:
        place = ItemLocation(line.item_id, part.location_id)
        count = min(line.remaining, missing[place] - units[place])
        if count > 0:
            lines[line.line_id] = count
            units[place] += count
    return lines, units


def fate_of(part: Part | None) -> HoldState:
    """What became of a hold of ours that is not there any more, and that we did not lift: by the part as
    it is now."""
    if part is None:
        return HoldState.GONE
    if not part.is_over and part.units:
        return HoldState.LIFTED
    is_shipped = any(line.remaining < line.total for line in part.lines)
    return HoldState.SHIPPED if is_shipped else HoldState.GONE


def is_same_day(said: date | None, now: date | None, *, quiet_days: int) -> bool:
    """Whether a hold that says one day may go on saying it: dates that move a little are let be, as in
    notes."""
    if said is None or now is None:
        return said is now
    return abs((now - said).days) < quiet_days


def without(
    want: Mapping[ItemLocation, int], left_alone: Collection[ItemLocation]
) -> dict[ItemLocation, int]:
    """What is to be held of an order besides what somebody let go: that is never held again."""
    return {place: units for place, units in want.items() if place not in left_alone}
