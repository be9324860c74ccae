"""What is decided about one item: who is served by what, and until when the others wait."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from app.core.allocate import allocate
from app.core.model import Allocatable, Allocation, Arrival, Promise
from app.core.promise import promise_queue, still_expected
from app.core.steps import Step

_LAST_OF_ITS_DAY = 2**63 - 1


class Sooner(NamedTuple):
    """The same deliveries, by `arrival_id`, and the lead time, as half of all cases come."""

    arrivals: Mapping[int, Arrival]
    lead_time_days: int | None


@dataclass(frozen=True, slots=True)
class PoolState:
    """All that one pool's queue is decided from. `supply` units can serve open orders now; `owed_before`
    of them go to demand that is older than all `lines`; `short_since` by order, `counted_from` too where
    a lead time begins on a later day (an order came after the cut-off). With `sooner` promises are told
    as a range."""

    lines: Sequence[Allocatable]
    supply: int
    owed_before: int = 0
    arrivals: Sequence[Arrival] = ()
    short_since: Mapping[int, date] = field(default_factory=dict)
    counted_from: Mapping[int, date] = field(default_factory=dict)
    sooner: Sooner | None = None


class Decided(NamedTuple):
    """What serves one line, and what we say about it."""

    allocation: Allocation
    promise: Promise


def decide(
    pools: Mapping[int, PoolState],
    *,
    today: date,
    lead_time_days: int | None,
    ready_on: Callable[[date], Sequence[Step]] | None = None,
) -> dict[int, list[Decided]]:
    """Walk each pool's queue (`pools` by location) and promise; every line, in queue order. `ready_on`
    tells when what comes on a day can be sent."""
    return {
        location_id: _walk(pool, today, lead_time_days, ready_on) for location_id, pool in pools.items()
    }


def _walk(
    pool: PoolState,
    today: date,
    lead_time_days: int | None,
    ready_on: Callable[[date], Sequence[Step]] | None,
) -> list[Decided]:
    allocations = allocate(
        pool.lines,
        on_hand=pool.supply,
        arrivals=still_expected(pool.arrivals, today=today),
        owed_before=pool.owed_before,
    )
    said = promise_queue(
        allocations,
        today=today,
        lead_time_days=lead_time_days,
        short_since=pool.short_since,
        counted_from=pool.counted_from,
        ready_on=ready_on,
    )
    if pool.sooner is not None:
        early = promise_queue(
            [_served_sooner(each, pool) for each in allocations],
            today=today,
            lead_time_days=pool.sooner.lead_time_days,
            short_since=pool.short_since,
            counted_from=pool.counted_from,
            ready_on=ready_on,
        )
        said = [_as_range(*both) for both in zip(said, early, strict=True)]
    return [Decided(*both) for both in zip(allocations, said, strict=True)]


def _served_sooner(allocation: Allocation, pool: PoolState) -> Allocation:
    """The same units on the days of `sooner`; the last of these days counts."""
    known = pool.sooner.arrivals if pool.sooner else {}
    shares = [
        share._replace(arrival=known.get(share.arrival.arrival_id, share.arrival))
        for share in allocation.shares
    ]
    used_up = [known.get(each.arrival_id, each).expected_on for each in pool.arrivals]
    return allocation._replace(
        shares=tuple(sorted(shares, key=lambda share: share.arrival.expected_on)),
        not_before=allocation.not_before and max(used_up, default=allocation.not_before),
    )


def _as_range(said: Promise, early: Promise) -> Promise:
    if said.expected_on is None or early.expected_on is None or early.expected_on >= said.expected_on:
        return said
    return said._replace(early_on=early.expected_on, early_steps=early.steps)


def with_units(pool: PoolState, quantity: int, *, on: date | None) -> PoolState:
    """The same pool, had it so many units more: on the shelf now, or expected on a day, after whatever
    else is expected then."""
    if on is None:
        return replace(pool, supply=pool.supply + quantity)
    return replace(pool, arrivals=[*pool.arrivals, Arrival(_LAST_OF_ITS_DAY, quantity, on)])
