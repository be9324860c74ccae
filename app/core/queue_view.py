"""A queue as people read it: the sums of it, and some of its lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from app.core.decide import Decided, PoolState
from app.core.model import Allocation, Basis
from app.core.promise import still_expected
from app.core.reckoning import Key


class ServedBy(NamedTuple):
    """Units of a line that come with a delivery `of` so many."""

    quantity: int
    of: int
    on: date


class QueueLine(NamedTuple):
    """One line of a queue. `reserved_by` is what its units are committed to if that is no order."""

    order_id: int
    placed_at: datetime
    priority: int
    quantity: int
    short: int
    served_by: tuple[ServedBy, ...]
    unserved: int
    basis: Basis
    expected_on: date | None
    reserved_by: str = ""

    @property
    def on_hand(self) -> int:
        """Units that are there for it."""
        return self.quantity - self.short


class QueueSums(NamedTuple):
    """What there is to say of a queue beside its lines: how many there are, the units that orders are
    short of, and how many orders are; the pool's supply; by day what was ordered, and what is still
    expected. `outside` orders wait for the platform to commit stock to them."""

    length: int
    short: int
    orders_short: int
    supply: int
    owed_before: int
    ordered: tuple[tuple[date, int], ...]
    expected: tuple[tuple[date, int], ...]
    outside: int = 0


def sum_up(
    queue: Sequence[Decided], state: PoolState, *, today: date, zone: tzinfo, outside: int = 0
) -> QueueSums:
    """The sums of a queue that was decided from this state; days are those of `zone`."""
    ordered: Counter[date] = Counter()
    for allocation, _ in queue:
        ordered[allocation.line.placed_at.astimezone(zone).date()] += allocation.line.quantity
    short = [promise for _, promise in queue if promise.short and not promise.line.reserved_by]
    return QueueSums(
        length=len(queue),
        short=sum(promise.short for promise in short),
        orders_short=len({promise.line.order_id for promise in short}),
        supply=state.supply,
        owed_before=state.owed_before,
        ordered=tuple(sorted(ordered.items())),
        expected=tuple(
            (arrival.expected_on, arrival.quantity)
            for arrival in still_expected(state.arrivals, today=today)
        ),
        outside=outside,
    )


def as_lines(queue: Sequence[Decided]) -> list[QueueLine]:
    """These lines of a queue."""
    return [
        QueueLine(
            line.order_id,
            line.placed_at,
            line.priority,
            line.quantity,
            promise.short,
            _served_by(allocation),
            allocation.unserved,
            promise.basis,
            promise.expected_on,
            line.reserved_by,
        )
        for allocation, promise in queue
        for line in [allocation.line]
    ]


def _served_by(allocation: Allocation) -> tuple[ServedBy, ...]:
    return tuple(
        ServedBy(share.quantity, share.arrival.quantity, share.arrival.expected_on)
        for share in allocation.shares
    )


def outside_at(waiting: Mapping[Key, int], location_id: int) -> list[tuple[int, int]]:
    """The orders that wait outside the queue of a location, with their units."""
    return sorted(
        (order_id, units) for (order_id, place), units in waiting.items() if place == location_id
    )
