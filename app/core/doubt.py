"""Of which orders nobody can say how many units are short: because the platform counts fewer units than
they are together, and does not tell whose, or because of what else it counts."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.core.allocate import allocate
from app.core.model import Allocatable, longest_waiting_first


class Bounds(NamedTuple):
    """Units short of a line, at the least and at the most."""

    least: int
    most: int


def in_doubt(
    lines: Iterable[Allocatable], *, supply: int, owed_before: int, excess: int
) -> dict[int, Bounds]:
    """The orders of one pool of which nobody can say how many units are short, because the platform
    counts `excess` units fewer than these lines are, and what it is between, by order: whichever of them
    it leaves out, what is said of all others holds."""
    queue = longest_waiting_first(lines)
    sizes = _uncertain(queue, excess)
    total = sum(sizes)
    older, position, doubtful = 0, owed_before, {}
    for line, size in zip(queue, sizes, strict=True):
        position += line.quantity
        younger = total - older - size
        forced = max(0, excess - younger)
        ahead = min(forced, older)
        most = _short(line.quantity, position - supply, out=forced - ahead, ahead=ahead)
        own = min(excess, size)
        least = _short(line.quantity, position - supply, out=own, ahead=min(excess - own, older))
        if least != most:
            doubtful[line.order_id] = Bounds(least, most)
        older += size
    return doubtful


def youngest(lines: Iterable[Allocatable], excess: int) -> dict[int, int]:
    """One choice of the units that are not counted that may be true, by order: the last ones in the
    queue."""
    queue = longest_waiting_first(lines)
    chosen: dict[int, int] = {}
    for line, size in zip(reversed(queue), reversed(_uncertain(queue, excess)), strict=True):
        if units := min(size, excess):
            chosen[line.order_id] = units
            excess -= units
    return chosen


def _uncertain(queue: Sequence[Allocatable], excess: int) -> Sequence[int]:
    """How many units of each line may be those that are not counted. If those that may not ship yet can
    make up the difference, only they; else those that selling plans sold; else whole lines, or, if there
    are none so small, any."""
    units = [0 if line.reserved_by else line.quantity for line in queue]
    choices = (
        [line.later for line in queue],
        [line.planned for line in queue],
        [size if size <= excess else 0 for size in units],
    )
    return next((sizes for sizes in choices if sum(sizes) >= excess), units)


def _short(quantity: int, behind: int, *, out: int, ahead: int) -> int:
    """Units short of a line that ends so far `behind` the supply, had it `out` units fewer and those
    ahead of it `ahead` fewer."""
    return max(0, min(quantity - out, behind - out - ahead))


def hanging_on_claims(lines: Sequence[Allocatable], *, supply: int) -> dict[int, int]:
    """The orders of one pool that are short of more or fewer units by where in its queue that stands
    which is reserved for no order, each with the units short of it by what we know. Books balance as
    well where one draft has ended and a younger one reserves as many units."""
    orders = [line for line in lines if not line.reserved_by]
    reserved = sum(line.quantity for line in lines if line.reserved_by)
    if not reserved:
        return {}
    known, first, last = (
        {one.line.order_id: one.short for one in allocate(some, on_hand=supply, owed_before=before)}
        for some, before in ((lines, 0), (orders, reserved), (orders, 0))
    )
    return {order_id: known[order_id] for order_id, units in first.items() if units != last[order_id]}
