"""What a platform counts as committed, told apart.

Three things are kept apart here: what is open (the lines of orders), what the platform counts (not the
orders whose selling plan reserves later, but what drafts and transfers reserve), and what nobody
explains.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import NamedTuple

from app.core.books import Demand, Verdict, compare_books
from app.core.doubt import Bounds, in_doubt, youngest
from app.core.model import Allocatable

Key = tuple[int, int]
"""An order and a location."""

UNSEEN = "something that Backline can't see"

_LAST_ID = 2**63 - 1
_MOST_CLAIMS = 10**6
_OUTSIDE, _LATER = attrgetter("outside"), attrgetter("later")
_SOLD, _ALL = attrgetter("planned"), attrgetter("quantity")
# Beyond so many steps nobody looks for the one set of orders that makes up a difference.
_MOST_STEPS = 200_000


@dataclass(frozen=True, slots=True)
class Claim:
    """Units that are committed to something that is no order: `words` name it, `placed_at` is since
    when, and so its place in the queue. `location_id` is None where the platform does not tell it."""

    words: str
    quantity: int
    placed_at: datetime
    location_id: int | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How the figures compare. `counted` are the lines that the platform counts, claims among them;
    `waiting` the units by order and location that it does not count yet, and that no stock serves."""

    verdict: Verdict
    counted: Demand
    waiting: Mapping[Key, int] = field(default_factory=dict)


def reckon(
    committed: Mapping[int, int],
    demand: Demand,
    claims: Sequence[Claim] = (),
    *,
    unexplained: Mapping[int, int] | None = None,
    may_wait: bool = True,
) -> Reckoning:
    """Compare `committed` (units, by location) with what we know: without the units that wait outside,
    by how their selling plans reserve; then without others that a selling plan may reserve later, those
    on hold or scheduled first; then without the one set of such lines that makes up the difference; all
    but the first only where lines `may_wait` at all. Units that should wait outside count all the same
    if nothing else balances (the platform commits them for good once they were let go, even if they are
    held again), but only where they `may_wait`: else orders on their way may be as many.
    `unexplained` units are known to be committed, by location, to what we can't see (below zero: known
    not to be, to what we see)."""
    extra = unexplained or {}
    figures = {place: units - extra.get(place, 0) for place, units in committed.items()}
    outside = _sizes(demand.located, _OUTSIDE)
    sure = _reckoned(figures, demand, claims, outside)
    if sure.verdict is Verdict.BALANCED or not may_wait:
        return sure
    whole = _reckoned(figures, demand, claims, {})
    if whole.verdict is Verdict.BALANCED:
        return whole
    choices = (_later(demand), _planned(demand), _of_the_difference(figures, whole.counted))
    for waiting in filter(None, choices):
        found = _reckoned(figures, demand, claims, waiting)
        if found.verdict is Verdict.BALANCED:
            return found
    return sure


def _reckoned(
    figures: Mapping[int, int], demand: Demand, claims: Sequence[Claim], waiting: Mapping[Key, int]
) -> Reckoning:
    """How the figures compare if so many units wait outside."""
    counted = _with_claims(figures, without(demand, waiting), claims)
    return Reckoning(compare_books(figures, counted), counted, waiting)


def _later(demand: Demand) -> dict[Key, int]:
    return {(one.order_id, one.location_id): one.later for one in demand.located if one.later}


def _planned(demand: Demand) -> dict[Key, int]:
    return {(one.order_id, one.location_id): one.planned for one in demand.located if one.planned}


def _of_the_difference(figures: Mapping[int, int], whole: Demand) -> dict[Key, int]:
    """By location the one set of lines bought by a selling plan that is as large as what is too much."""
    found: dict[Key, int] = {}
    for place in {line.location_id for line in whole.located}:
        lines = whole.at(place)
        excess = sum(line.quantity for line in lines) - figures.get(place, 0)
        found |= _sold_ahead(lines, excess) or {}
    return found


def _sold_ahead(lines: Sequence[Allocatable], excess: int) -> dict[Key, int] | None:
    """The only choice of units sold by plans that are `excess`, those that may not ship yet first."""
    later = _sizes(lines, _LATER)
    left = excess - sum(later.values())
    if left < 0:
        return the_only_set(later, excess)
    others = the_only_set(_sizes(lines, _SOLD, without=later), left) if left else {}
    return None if others is None else _together(later, others)


def the_only_set(sizes: Mapping[Key, int], total: int) -> dict[Key, int] | None:
    """The only choice of these that adds up to `total`; None if there is none, more than one, or too
    many to look for."""
    if total <= 0 or sum(sizes.values()) < total or len(sizes) * total > _MOST_STEPS:
        return None
    # How many choices (2 is many) make up each sum, and the last one of them.
    ways: dict[int, tuple[int, tuple[Key, ...]]] = {0: (1, ())}
    for key, size in sizes.items():
        for reached in sorted(ways, reverse=True):
            if reached + size <= total:
                count, chosen = ways[reached]
                before = ways.get(reached + size, (0, ()))[0]
                ways[reached + size] = (min(2, count + before), (*chosen, key))
    count, chosen = ways.get(total, (0, ()))
    return {key: sizes[key] for key in chosen} if count == 1 else None


def _not_committed(lines: Sequence[Allocatable], excess: int) -> dict[Key, int]:
    """The units that are `excess`, where nobody else's can be: those that may not ship yet before others
    that selling plans sold, and those before all others. Of one order alone a part may be: the platform
    commits no stock to units that staff add to an order that was let go, and that are held."""
    if excess <= 0:
        return {}
    later = _sizes(lines, _LATER)
    if sum(later.values()) >= excess:
        return _of_these(later, excess)
    left = excess - sum(later.values())
    sold = _sizes(lines, _SOLD, without=later)
    if sum(sold.values()) >= left:
        return _together(later, _of_these(sold, left))
    return _together(later, the_only_set(_sizes(lines, _ALL, without=later), left) or {})


def _of_these(sizes: Mapping[Key, int], excess: int) -> dict[Key, int]:
    return dict.fromkeys(sizes, excess) if len(sizes) == 1 else the_only_set(sizes, excess) or {}


def _sizes(
    lines: Iterable[Allocatable],
    some: Callable[[Allocatable], int],
    *,
    without: Mapping[Key, int] | None = None,
) -> dict[Key, int]:
    """So many of the units of each line, but for those `without`."""
    less = without or {}
    units = {key_of(line): some(line) - less.get(key_of(line), 0) for line in lines}
    return {key: few for key, few in units.items() if few > 0}


def _together(some: Mapping[Key, int], others: Mapping[Key, int]) -> dict[Key, int]:
    return dict(Counter(some) + Counter(others))


def without(demand: Demand, waiting: Mapping[Key, int]) -> Demand:
    """The same without the units that wait for the platform to count them."""
    if not waiting:
        return demand
    left = (_less(line, waiting.get(key_of(line), 0)) for line in demand.located)
    return Demand([line for line in left if line.quantity > 0], demand.unlocated)


def _less(line: Allocatable, units: int) -> Allocatable:
    """The line without so many units, those that may not ship yet first."""
    if not units:
        return line
    return line._replace(
        quantity=line.quantity - units,
        planned=max(0, line.planned - units),
        later=max(0, line.later - units),
        outside=max(0, line.outside - units),
    )


def _with_claims(figures: Mapping[int, int], demand: Demand, claims: Sequence[Claim]) -> Demand:
    if not claims:
        return demand
    return Demand([*demand.located, *_place(figures, demand, claims)], demand.unlocated)


def _place(figures: Mapping[int, int], demand: Demand, claims: Sequence[Claim]) -> list[Allocatable]:
    """Claims as lines of the queue. One whose location is not told is where so many units, else the
    most, are committed to nothing else."""
    left = dict(figures)
    for line in demand.located:
        left[line.location_id] = left.get(line.location_id, 0) - line.quantity
    placed: list[Allocatable] = []
    for claim in sorted(claims, key=lambda one: (one.location_id is None, -one.quantity)):
        place = _best_place(left, claim.quantity) if claim.location_id is None else claim.location_id
        if place in figures:
            left[place] -= claim.quantity
            placed.append(as_line(claim, place, number=len(placed)))
    return placed


def _best_place(left: Mapping[int, int], units: int) -> int:
    return max(left, key=lambda at: (left[at] == units, left[at]), default=0)


def as_line(claim: Claim, place: int, *, number: int) -> Allocatable:
    """A claim in the queue of a location: after the orders of its second, for it is not known to be
    before them."""
    return Allocatable(
        _LAST_ID - number, 0, place, claim.quantity, claim.placed_at, reserved_by=claim.words
    )


DriftSince = Mapping[int, Sequence[Sequence[float]]]
"""Units that nobody explains by location, newest last: how many came when (in seconds)."""


def drift_since(
    known: Sequence[Sequence[float]], before: int, units: int, *, came: int, now: float
) -> list[Sequence[float]]:
    """Of `units` that nobody explains now, `before` of them when the pool was last read, those that are
    no older than that. Of what is more, `came` units did now; of what is less the newest are gone."""
    before, units = max(0, before), max(0, units)
    if units > before:
        return [*known, (min(came, units - before), now)] if came > 0 else list(known)
    kept: list[Sequence[float]] = []
    left = units - (before - int(sum(one[0] for one in known)))
    for count, at in known:
        if left > 0:
            kept.append((min(count, left), at))
        left -= int(count)
    return kept


class Queue(NamedTuple):
    """Who waits in the pools of an item: the lines that stock serves in turn, what older demand takes
    before them, by location, the lines of which nobody can say how many units are short, with what it is
    between, and the units that wait outside, for the platform to commit stock to them. Of units of which
    nobody knows whose they are that wait outside too, `lines` leave the youngest out."""

    lines: Demand
    owed_before: Mapping[int, int]
    doubtful: Mapping[Key, Bounds]
    waiting: Mapping[Key, int]


def queue_of(
    found: Reckoning,
    orders: Demand,
    *,
    committed: Mapping[int, int],
    supply: Mapping[int, int],
    drift: Mapping[int, int],
    since: DriftSince,
) -> Queue:
    """The queues of an item. `orders` may hold lines that are newer than the figures that `found`
    compares; all the others are by location."""
    more: dict[Key, int] = {}  # than those that `found.counted` is without already
    for place in committed:
        orders_there = [line for line in found.counted.at(place) if not line.reserved_by]
        more |= _not_committed(orders_there, -drift.get(place, 0))
    waiting = _together(found.waiting, more)
    queue = Demand(
        [*without(orders, waiting).located, *_reserved(found.counted, since)], orders.unlocated
    )
    shown = [*without(found.counted, more).located, *_unseen(since)]
    owed: dict[int, int] = {}
    doubtful: dict[Key, Bounds] = {}
    left_out: dict[Key, int] = {}
    for place, units in committed.items():
        excess = sum(line.quantity for line in shown if line.location_id == place) - units
        owed[place] = max(0, -excess)
        if excess > 0:
            there = queue.at(place)
            bounds = in_doubt(there, supply=supply[place], owed_before=owed[place], excess=excess)
            doubtful |= {(order_id, place): one for order_id, one in bounds.items()}
            left_out |= {(order_id, place): few for order_id, few in youngest(there, excess).items()}
    return Queue(without(queue, left_out), owed, doubtful, waiting)


def _reserved(counted: Demand, since: DriftSince) -> list[Allocatable]:
    return [*(line for line in counted.located if line.reserved_by), *_unseen(since)]


def _unseen(since: DriftSince) -> list[Allocatable]:
    return [
        as_line(
            Claim(UNSEEN, int(units), datetime.fromtimestamp(at, tz=UTC), place),
            place,
            number=_MOST_CLAIMS + number,
        )
        for place, entries in since.items()
        for number, (units, at) in enumerate(entries)
    ]


def key_of(line: Allocatable) -> Key:
    """What tells a line of one item apart."""
    return line.order_id, line.location_id
