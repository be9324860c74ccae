"""The words of the core. Every id is the platform's own number; every quantity counts units."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

from app.core.habit import Habit
from app.core.steps import Step


class QueuePosition(NamedTuple):
    """A place in the queue: that of an order of this priority, placed then."""

    priority: int
    placed_at: datetime
    order_id: int


class Allocatable(NamedTuple):
    """The outstanding (ordered, not shipped, not cancelled, not refunded) units of one item in one
    order, at one location. `backordered` of them the platform itself called short at placement, where
    it says so; which lines are short is decided by the queue all the same. `taken` units have lowered
    what the platform calls available (None: all), which depends on its settings at the time.
    `planned` units were bought by a selling plan, which may commit stock to them no sooner than they
    may ship; `later` of those may not ship now, and to `outside` of these no stock is committed: that is
    how their plan reserves. Where `reserved_by` names something else, the units are
    committed to that, and are no order's. With a `turn` it stands just before the line whose place that
    is (see `app.core.passing`)."""

    order_id: int
    item_id: int
    location_id: int
    quantity: int
    placed_at: datetime
    priority: int = 0
    backordered: int = 0
    taken: int | None = None
    planned: int = 0
    later: int = 0
    outside: int = 0
    reserved_by: str = ""
    turn: QueuePosition | None = None

    @property
    def place(self) -> QueuePosition:
        """Where it stands in the queue."""
        return self.turn or QueuePosition(self.priority, self.placed_at, self.order_id)

    @property
    def taken_units(self) -> int:
        """Units that have lowered what is available."""
        return self.quantity if self.taken is None else min(self.taken, self.quantity)


def longest_waiting_first(lines: Iterable[Allocatable]) -> list[Allocatable]:
    """The queue: higher priority, then the time the order was placed, then its id; before each, those
    that took its turn.

    Stable sorts, the least important first: one plain value each is compared faster than tuples.
    """
    queue = sorted(lines, key=attrgetter("order_id"))
    if any(line.turn for line in queue):
        queue.sort(key=_place)
        return queue
    queue.sort(key=attrgetter("placed_at"))
    queue.sort(key=attrgetter("priority"), reverse=True)
    return queue


def _place(line: Allocatable) -> tuple[int, datetime, int, bool]:
    place = line.place
    return (-place.priority, place.placed_at, place.order_id, line.turn is None)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A dated quantity that is expected in a pool; `arrival_id` is our own row. `first_expected_on` is
    the day announced at first, if it was moved since; `because` says why `expected_on` is not the day
    announced (see `app.core.foresee`), and `steps` lead there from that day (none: it is that day).
    `ordered_on` is of one that nobody announced a day of: it was ordered then (see
    `app.core.undated`), and its `expected_on` means nothing. What is foreseen knows its supplier's
    `habit`, and the day its supplier names now, `announced_on`."""

    arrival_id: int
    quantity: int
    expected_on: date
    supplier: str = ""
    first_expected_on: date | None = None
    because: str = ""
    steps: tuple[Step, ...] = ()
    ordered_on: date | None = None
    habit: Habit | None = None
    announced_on: date | None = None


class Share(NamedTuple):
    """Units of one arrival that serve one line. `first` and `last` are their places in that
    arrival, counted from 1."""

    arrival: Arrival
    first: int
    last: int

    @property
    def quantity(self) -> int:
        """How many units of the arrival the line gets."""
        return self.last - self.first + 1


class Allocation(NamedTuple):
    """Which units serve one line: on hand, from arrivals, or none yet.

    `short` units have nothing on hand, `unserved` of those not even an arrival: whatever serves them
    comes after the pool's last arrival, on `not_before`. `owed_before` counts the units that older
    lines, and older demand we can't see, take first.
    """

    line: Allocatable
    short: int
    shares: tuple[Share, ...]
    unserved: int
    owed_before: int
    not_before: date | None = None


class Basis(StrEnum):
    """What a promise stands on."""

    ON_HAND = "on hand"
    ARRIVAL = "arrival"
    LEAD_TIME = "lead time"
    UNKNOWN = "unknown"


class Promise(NamedTuple):
    """What we say about one line. `expected_on` is the day its last unit is expected: None where
    nothing is short (`ON_HAND`) or nothing is known (`UNKNOWN`); `steps` lead to it. `early_on`,
    before it, is the day by which half of all such cases come (None: no range is told);
    `early_steps` lead to that."""

    line: Allocatable
    short: int
    expected_on: date | None
    basis: Basis
    steps: tuple[Step, ...] = ()
    early_on: date | None = None
    early_steps: tuple[Step, ...] = ()
