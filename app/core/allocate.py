"""Which units serve which line: one walk of the queue of one pool."""

from collections.abc import Iterator, Sequence
from datetime import date

from app.core.model import Allocatable, Allocation, Arrival, Share, longest_waiting_first


# Places in the queue are counted in units: those on hand end at `on_hand`, those of the arrival
# `current` at `ends[current]`, and a line holds those from `begin` to `position`. `unserved_from` is its
# first unit that nothing serves so far. All only ever move on, so it is one walk; an arrival is left
# when it is used up, not when a line is full, for the next line may take its rest.
def allocate(
    lines: Sequence[Allocatable],
    *,
    on_hand: int,
    arrivals: Sequence[Arrival] = (),
    owed_before: int = 0,
) -> list[Allocation]:
    """Give each line of one pool what is left when its turn comes; the result is in queue order.

    `on_hand` may be negative (more was shipped than was there): the first arrivals make that good
    before they serve anybody. `owed_before` counts units of demand that is older than all `lines`.
    A partly covered line keeps what it has, and a later line never takes from an earlier one.
    """
    dated = [arrival for arrival in sorted(arrivals, key=_soonest_first) if arrival.quantity > 0]
    ends = list(_ends(dated, on_hand))
    last_on = dated[-1].expected_on if dated else None
    position, current = owed_before, 0
    result = []
    for line in longest_waiting_first(lines):
        begin, position = position, position + line.quantity
        if position <= on_hand:
            result.append(Allocation(line, 0, (), 0, begin))
            continue
        unserved_from = max(begin, on_hand)
        short = position - unserved_from
        shares = []
        while current < len(dated) and unserved_from < position:
            stop = min(position, ends[current])
            if stop > unserved_from:
                start = ends[current] - dated[current].quantity
                shares.append(Share(dated[current], unserved_from - start + 1, stop - start))
                unserved_from = stop
            if stop == ends[current]:
                current += 1
        unserved = position - unserved_from
        result.append(
            Allocation(line, short, tuple(shares), unserved, begin, last_on if unserved else None)
        )
    return result


def _soonest_first(arrival: Arrival) -> tuple[date, int]:
    return (arrival.expected_on, arrival.arrival_id)


def _ends(arrivals: Sequence[Arrival], on_hand: int) -> Iterator[int]:
    """The place in the queue at which each arrival is used up."""
    end = on_hand
    for arrival in arrivals:
        end += arrival.quantity
        yield end
