"""The same goods, told of by several sources, count once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Reported:
    """An arrival of one item as one source tells it. The greater `rank`, the nearer is the source to
    the goods; `is_over`: nothing more comes of it, whatever is missing."""

    arrival_id: int
    location_id: int
    quantity: int
    received: int
    expected_on: date
    reference: str
    rank: int
    is_over: bool = False

    @property
    def open(self) -> int:
        """Units that its source still expects."""
        return 0 if self.is_over else max(0, self.quantity - self.received)


def same_reference(reference: str) -> str:
    """What two people who write the same reference have in common: "#T0012" is "t0012"."""
    return reference.strip().removeprefix("#").strip().casefold()


def count_once(told: Iterable[Reported]) -> dict[int, int]:
    """How many units still come of each arrival of an item, by its id.

    Sources that name one reference speak of the same goods. The nearest source counts whole; a farther
    one counts only what it expects beyond that: of a purchase order of 100 of which a shipment carries
    60, the shipment's open units and 40 of the order. What has landed counts on either side, for the
    goods are booked in once, here or there.
    """
    open_units = {}
    by_reference: dict[str, list[Reported]] = defaultdict(list)
    for each in told:
        open_units[each.arrival_id] = each.open
        if reference := same_reference(each.reference):
            by_reference[reference].append(each)
    for group in by_reference.values():
        if len({each.rank for each in group}) > 1:
            open_units |= _count_group(group)
    return open_units


def _count_group(group: Sequence[Reported]) -> dict[int, int]:
    """Nearest source first. `covered` is how many units the nearer ones ever spoke of, `coming` are
    those of them that are still open, by location."""
    left: dict[int, int] = {}
    covered, coming = 0, Counter[int]()
    for rank in sorted({each.rank for each in group}, reverse=True):
        level = [each for each in group if each.rank == rank]
        total = sum(each.quantity for each in level)
        landed = total - sum(each.open for each in level)
        beyond = max(0, total - max(landed + coming.total(), covered))
        counted = _take_off(level, sum(each.open for each in level) - beyond, coming)
        covered = max(covered, total)
        for each in level:
            coming[each.location_id] += counted[each.arrival_id]
        left |= counted
    return left


def _take_off(level: Sequence[Reported], surplus: int, coming: Counter[int]) -> dict[int, int]:
    """What is left of each arrival without the units that nearer sources count: those at the same place
    first, soonest first."""
    left = {each.arrival_id: each.open for each in level}
    soonest_first = sorted(level, key=lambda each: (each.expected_on, each.arrival_id))
    at_most = Counter(coming)
    for each in soonest_first:
        taken = max(0, min(left[each.arrival_id], at_most[each.location_id], surplus))
        left[each.arrival_id] -= taken
        at_most[each.location_id] -= taken
        surplus -= taken
    for each in soonest_first:
        taken = max(0, min(left[each.arrival_id], surplus))
        left[each.arrival_id] -= taken
        surplus -= taken
    return left
