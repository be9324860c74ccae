"""Which of the deliveries that are told of one order line are those that were told before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

_NO_DAY = date.max


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is told of a delivery: its day (None: none known) and units."""

    expected_on: date | None
    quantity: int

    @property
    def day(self) -> date:
        """By which it is ordered: those without a day come last."""
        return self.expected_on or _NO_DAY


@dataclass(frozen=True, slots=True)
class KnownDelivery(Delivery):
    """A delivery as it was last told: its number among those of its line, and whether it is still
    expected."""

    part: int
    is_open: bool = True


def numbered(told: Sequence[Delivery], known: Sequence[KnownDelivery], *, today: date) -> list[int]:
    """The number of each delivery that is told; their days differ. One of a day that is known is that
    one. Others were moved, in order, where no delivery that stayed lies between; what was due by now was
    moved if it still has its units, or if none stayed, and has else come. All others are new."""
    by_day = {each.day: each.part for each in sorted(known, key=lambda each: each.is_open)}
    numbers = {each.day: by_day[each.day] for each in told if each.day in by_day}
    stayed = [*numbers]
    left = [each for each in known if each.is_open and each.part not in numbers.values()]
    left.sort(key=lambda each: each.day)
    unused = max((each.part for each in known), default=0) + 1
    for each in sorted(told, key=lambda each: each.day):
        if each.day in numbers:
            continue
        moved = next((one for one in left if _was_moved(one, each, stayed, today)), None)
        if moved is not None:
            left.remove(moved)
        numbers[each.day] = unused if moved is None else moved.part
        unused += moved is None
    return [numbers[each.day] for each in told]


def _was_moved(known: KnownDelivery, told: Delivery, stayed: Collection[date], today: date) -> bool:
    if not stayed:
        return True
    first, last = sorted((known.day, told.day))
    is_passed_by = any(first < day < last for day in stayed)
    return not is_passed_by and (known.day >= today or known.quantity == told.quantity)
