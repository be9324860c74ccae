"""How old a figure is, and what may be said from it.

A reading of stock is the state of one moment, and nobody tells which: it lies between the moment of
asking less the time by which readings may lag, and the moment of asking. What happened before all of
that is in the figures, what happened after is not, and the rest may be. So a pool's supply is known
between two bounds, and the queue is walked at both. Who is short at both is short, who is covered at
both is covered, and of the others what we say stands until a reading can tell.

Ages are measured from the moment of asking, never from that of deciding: a reading does not become
newer by being thought about.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from app.core.model import Allocatable, longest_waiting_first

# The policies about age, by name. How long each is, is what platforms were seen to do.

BEHIND = timedelta(seconds=15)
"""Readings mostly lag less than they may: how soon to look again where one can't tell."""

WAITS = tuple(timedelta(seconds=units) for units in (2, 4, 8, 16, 30))
"""Orders are on their way: how long to wait before books that do not balance are read again. After the
last wait what is still unknown counts as older demand. Doubled each time, and one minute in all."""

PATIENCE = sum(WAITS, timedelta())
SHORT_PATIENCE = sum(WAITS[:2], timedelta())
"""The same where what is committed may be something that we may not read: long enough for the list of
changed orders, which lags by some seconds, to be read again."""

LONGEST_WAIT = timedelta(hours=1)

ON_THEIR_WAY = 2
"""So many waits are for orders on their way alone; after them those we know come under suspicion."""

ROUTED_WITHIN = timedelta(hours=1)
"""Shopify routes an order in the background within seconds; one without routing after so long (all of it
custom or digital) will have none."""

SEARCH_LAG = timedelta(seconds=5)
"""By how much the list of changed orders may lag behind the orders."""

# A change is told in whole seconds: it happened before the next one.
_WHOLE_SECOND = timedelta(seconds=1)


class Reflects(Enum):
    """Whether figures show an event."""

    YES = auto()
    NO = auto()
    MAYBE = auto()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The moment that figures show lies between `low` and `high`."""

    low: datetime
    high: datetime

    @classmethod
    def asked(cls, at: datetime, *, lag: timedelta) -> "Snapshot":
        """The snapshot of figures that were asked for at `at` and may be older by `lag`."""
        return cls(at - lag, at)

    def reflects(self, event_at: datetime) -> Reflects:
        """Whether the figures show what happened at that moment."""
        if event_at <= self.low:
            return Reflects.YES
        return Reflects.NO if event_at > self.high else Reflects.MAYBE

    def sure_at(self, event_at: datetime) -> datetime:
        """From when on a reading shows that event for sure."""
        return event_at + (self.high - self.low)


def happened_by(told_at: datetime, *, known_at: datetime) -> datetime:
    """When something had happened at the latest of which the platform told the second, and which we
    know since `known_at`."""
    return min(told_at + _WHOLE_SECOND, known_at)


class DemandChange(NamedTuple):
    """One change of what an order takes of an item at a location, which had happened by `at`.

    `units` is by how many more it lowered what is available (below zero: units taken out of the order,
    which may have been given back or not; shipped ones are none, but where only that lowers it). `short`
    of them the platform called short; below zero: so many that it had called short were shipped, which
    lowers what is on hand and its counter alike.
    """

    order_id: int
    location_id: int
    at: datetime
    units: int
    short: int = 0


class Unshown(NamedTuple):
    """What figures may not show of one order: so many units it has taken, of which so many were short,
    so many that it has given back, and so many that were short and have left the house."""

    taken: int
    short: int
    returned: int
    sent_short: int = 0


def unshown(snapshot: Snapshot, changes: Iterable[DemandChange]) -> dict[int, Unshown]:
    """By order, the most that the figures may not show of it, to either side. Only the last changes of
    an order can be missing, so what it took and gave back again is counted once."""
    by_order: dict[int, list[DemandChange]] = defaultdict(list)
    for change in sorted(changes, key=lambda one: one.at):
        if snapshot.reflects(change.at) is not Reflects.YES:
            by_order[change.order_id].append(change)
    return {order_id: _unshown(snapshot, some) for order_id, some in by_order.items()}


def _unshown(snapshot: Snapshot, changes: Sequence[DemandChange]) -> Unshown:
    """Changes may be missing from any of them on, but from the first that is surely missing at least.
    Of units taken out nobody tells whether they were given back."""
    taken = returned = least = most = 0
    is_bound = False
    for change in reversed(changes):
        is_missing = snapshot.reflects(change.at) is Reflects.NO
        least += max(0, change.units)
        most += change.units
        if is_missing:
            taken, returned, is_bound = least, -most, True
        else:
            taken = max(taken, least)
            returned = max(returned, -most) if is_bound else max(0, returned, -most)
    short = sum(max(0, change.short) for change in changes)
    return Unshown(taken, short, returned, sum(max(0, -change.short) for change in changes))


class Supply(NamedTuple):
    """Units of a pool that can serve its open orders: so many at the least, so many at the most."""

    low: int
    high: int


def bound_supply(
    lines: Iterable[Allocatable], missing: Mapping[int, Unshown], *, available: int, backordered: int
) -> Supply:
    """What figures say together with the lines we know, whichever of the changes they show.

    Open orders have lowered `available` by what they took, so that is put back: at the least what the
    figures show for sure, and besides the units that the platform counts as `backordered` beyond those
    of these orders, for whoever else took them is in the figures; but for those that have left since,
    and took as many from the shelf. At the most all of it, and what was given back.
    """
    taken = short = sure = sure_short = 0
    for order_id, units, told in _by_order(lines):
        one = missing.get(order_id, Unshown(0, 0, 0))
        taken, short = taken + units, short + told
        sure += units
        sure_short += max(0, told - one.short)
    sure -= sum(one.taken for one in missing.values())
    returned = sum(one.returned for one in missing.values())
    sent_short = sum(one.sent_short for one in missing.values())
    low = available + sure + max(0, backordered - sure_short - sent_short)
    high = available + taken + max(0, backordered - short) + returned
    return Supply(min(low, high), max(low, high))


def short_of_nobody(lines: Iterable[Allocatable], *, backordered: int) -> int:
    """Units that the platform counts as short and that no line we know is short of: orders on their way,
    or ones that nobody can read any more (it takes nothing off its counter for those)."""
    return max(0, backordered - sum(line.backordered for line in lines))


def _by_order(lines: Iterable[Allocatable]) -> Iterable[tuple[int, int, int]]:
    units: dict[int, tuple[int, int]] = {}
    for line in lines:
        taken, short = units.get(line.order_id, (0, 0))
        units[line.order_id] = (taken + line.taken_units, short + line.backordered)
    return [(order_id, *both) for order_id, both in units.items()]


def behind_unshown(lines: Sequence[Allocatable], missing: Mapping[int, Unshown]) -> set[int]:
    """The orders of one pool whose place in the queue lies behind units that figures may not show: an
    order that is told late, or raised, and is served first. They, too, may be short only if no restock
    came before it that the figures do not show."""
    behind: set[int] = set()
    is_behind = False
    for line in longest_waiting_first(lines):
        if is_behind:
            behind.add(line.order_id)
        one = missing.get(line.order_id)
        is_behind = is_behind or (one is not None and _wants_more(one))
    return behind


def _wants_more(one: Unshown) -> bool:
    return one.taken > 0 or not (one.returned or one.sent_short)


class Case(NamedTuple):
    """One line at both bounds: units short at the least and at the most, what we say of it now, and
    what else is known of its order. `is_unshown`: figures may not show all that it wants,
    or all that is served before it.
    `shows_that_it_waits`: for whatever item. `told_short`: units that the platform itself called short
    when they were ordered."""

    least: int
    most: int
    standing: int = 0
    is_unshown: bool = False
    shows_that_it_waits: bool = False
    told_short: int = 0


class Said(NamedTuple):
    """How many units short to say of a line, and whether nothing else may turn out to be true."""

    short: int
    is_sure: bool


def weigh(case: Case) -> Said:
    """What to say of a line: what stands, if that may be true, and else the nearest that may."""
    if _may_have_been_served(case):
        return Said(case.standing, is_sure=False)
    short = max(case.least, min(case.standing, case.most))
    return Said(short, is_sure=case.least > 0 or case.most == 0)


def _may_have_been_served(case: Case) -> bool:
    """Whether an order that figures may not show is short only if no restock came before it, which they
    may not show either. Two that are short all the same: one that shows already that it waits must not
    look served of its other items; and what the platform called short when it was ordered was."""
    if not case.is_unshown or case.shows_that_it_waits:
        return False
    return case.least > case.told_short


def next_look(unbalanced_since: datetime, attempts: int, now: datetime) -> datetime:
    """When to read books again that do not balance: within the minute of patience, and once at its end;
    after that ever more seldom."""
    end = unbalanced_since + PATIENCE
    if now < end:
        return min(now + WAITS[min(attempts, len(WAITS) - 1)], end)
    extra = max(0, attempts - len(WAITS))
    longer: timedelta = WAITS[0] * 2**extra
    return now + min(LONGEST_WAIT, longer)


def is_over(
    since: datetime | None, read_at: datetime | None, *, now: datetime, patience: timedelta = PATIENCE
) -> bool:
    """Whether patience with books that do not balance `since` is over: so much time has passed, and the
    platform's list of changed orders has been read to its end since, at `read_at`. While that is still
    going on, orders are on their way whatever the clock says."""
    return since is not None and now - since >= patience and read_at is not None and read_at >= since


def is_suspect_time(attempts: int, *, is_too_much_known: bool) -> bool:
    """Whether, after so many looks at books that do not balance though the list of changed orders has
    been read, the orders we know are to be read anew: at once after the first where too much is known
    of them; where too little is known, orders on their way are waited for first."""
    return attempts > 0 if is_too_much_known else attempts >= ON_THEIR_WAY


def will_never_be_routed(*, asked_at: datetime | None, first_seen_at: datetime) -> bool:
    """Whether an order that had no routing when it was read at `asked_at` will have none."""
    return asked_at is not None and asked_at - first_seen_at > ROUTED_WITHIN


def begin_of_list(changed_since: datetime, last_read_at: datetime | None, *, now: datetime) -> datetime:
    """Where the next list of changed orders begins: in the second in which the last one ended, for more
    may have changed in it. The platform's search lags, so one list in a while reaches back over all that
    the others may not have been shown; if each did, orders that stream in were told many times."""
    lag_s = SEARCH_LAG.total_seconds()
    if last_read_at is not None and last_read_at.timestamp() // lag_s == now.timestamp() // lag_s:
        return changed_since
    return changed_since - 2 * SEARCH_LAG


def next_reading(
    snapshot: Snapshot,
    changes: Iterable[DemandChange],
    *,
    now: datetime,
    is_sure: bool,
    last_event_at: datetime | None,
) -> datetime | None:
    """When to look again: as soon as a reading may tell what this one can't; and when what was told of
    the stock at `last_event_at` (None: nothing that matters) must show. None: no need to."""
    moments = [] if is_sure else [now + BEHIND, *(snapshot.sure_at(one.at) for one in changes)]
    if last_event_at is not None and snapshot.reflects(last_event_at) is not Reflects.YES:
        moments.append(snapshot.sure_at(last_event_at))
    return min(moments, default=None)
