"""Whom a restock passes over: where the merchant wants it, an order that it can't complete lets later
ones go first that it can.

Only units that have just come are given so: what an order has it keeps. An order that goes first takes
the turn of the first one that it passes and keeps it, so from then on the queue is walked as ever. Each
order lets so many go first and no more, which bounds how long it can be kept waiting; and none of a
lower priority.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from app.core.allocate import allocate
from app.core.model import Allocatable, Allocation, QueuePosition

MOST_TIMES, MOST_DAYS = 20, 90
"""How many orders a merchant can let go before one, and for how long after it began to wait."""


class Restocks(StrEnum):
    """Who gets what comes."""

    STRICT = "strict"
    """The order that waits longest, though it may not be complete with it."""
    SKIP = "skip"
    """The orders that it can complete, within bounds."""


class Moved(NamedTuple):
    """A place in the queue that an order took, and the units that it wanted then."""

    turn: QueuePosition
    units: int


class Pass(NamedTuple):
    """An order that goes first, with `units` in all, and the lines that let it, first in the queue
    first."""

    order_id: int
    units: int
    over: tuple[Allocatable, ...]

    @property
    def moved(self) -> Moved:
        """The place that it takes: before the first of those."""
        return Moved(self.over[0].place, self.units)


@dataclass(frozen=True, slots=True)
class Restocked:
    """One pool with what has come. `said_short`: by order, the units that it was short of before; who is
    not named has what strict turns give it. `incomplete`: the orders that are short of something else,
    too; `undecided`: those of which nobody can say. `may_let`: by order, how many others may still go
    before it (none, where it is not named)."""

    lines: Sequence[Allocatable]
    on_hand: int
    owed_before: int
    said_short: Mapping[int, int]
    may_let: Mapping[int, int]
    incomplete: Container[int] = ()
    undecided: Container[int] = ()


class _Wants(NamedTuple):
    line: Allocatable
    kept: int
    came: int

    @property
    def missing(self) -> int:
        return self.line.quantity - self.kept


def passes(pool: Restocked) -> list[Pass]:
    """Who goes before whom now; nobody if anybody would lose units that they have."""
    wants = [_wants(one.line, one.short, pool) for one in _walk(pool, pool.lines)]
    found = _passes(wants, pool)
    lines = in_turn(pool.lines, {one.order_id: one.moved for one in found})
    kept = {want.line.order_id: want.kept for want in wants}
    given = {one.line.order_id: one.line.quantity - one.short for one in _walk(pool, lines)}
    is_fair = all(given[order_id] >= units for order_id, units in kept.items())
    is_whole = all(given[one.order_id] == one.units for one in found)
    return found if is_fair and is_whole else []


def _walk(pool: Restocked, lines: Sequence[Allocatable]) -> Sequence[Allocation]:
    return allocate(lines, on_hand=pool.on_hand, owed_before=pool.owed_before)


def _wants(line: Allocatable, short: int, pool: Restocked) -> _Wants:
    has = line.quantity - short
    kept = min(has, max(0, line.quantity - pool.said_short.get(line.order_id, short)))
    return _Wants(line, kept, has - kept)


def _passes(wants: Sequence[_Wants], pool: Restocked) -> list[Pass]:
    fresh = sum(want.came for want in wants)
    may_let = dict(pool.may_let)
    waiting: list[Allocatable] = []
    found: list[Pass] = []
    for want in wants:
        line = want.line
        if fresh <= 0:
            break
        if want.missing <= 0:
            continue
        if _can_complete(want, fresh, pool):
            if waiting and not _may_go_first(line, waiting, may_let):
                break
            if waiting:
                found.append(Pass(line.order_id, line.quantity, tuple(waiting)))
                may_let |= {one.order_id: may_let[one.order_id] - 1 for one in waiting}
            fresh -= want.missing
        elif _may_be_passed(line, may_let) and line.order_id not in pool.undecided:
            waiting.append(line)
        elif waiting:
            break  # it would take units before those that let others go first
        else:
            fresh -= min(want.missing, fresh)
    return found


def _can_complete(want: _Wants, fresh: int, pool: Restocked) -> bool:
    order_id = want.line.order_id
    is_known = order_id not in pool.incomplete and order_id not in pool.undecided
    return want.missing <= fresh and is_known and not want.line.reserved_by


def _may_be_passed(line: Allocatable, may_let: Mapping[int, int]) -> bool:
    """What is committed to no order is not asked to wait, and who went first once does not wait for
    others."""
    return not line.reserved_by and line.turn is None and may_let.get(line.order_id, 0) > 0


def _may_go_first(line: Allocatable, waiting: Iterable[Allocatable], may_let: Mapping[int, int]) -> bool:
    return line.turn is None and all(
        one.priority == line.priority and may_let[one.order_id] > 0 for one in waiting
    )


def in_turn(lines: Sequence[Allocatable], moved: Mapping[int, Moved]) -> list[Allocatable]:
    """The lines of a pool, those that went first in the turn that they took. One that wants more now
    than it did then is where it was: it was let through because it could be completed."""
    return [
        line._replace(turn=moved[line.order_id].turn)
        if line.order_id in moved and line.quantity <= moved[line.order_id].units
        else line
        for line in lines
    ]


def has_come(pool: Restocked) -> bool:
    """Whether there are units that an order did not have before."""
    return any(_wants(one.line, one.short, pool).came for one in _walk(pool, pool.lines))
