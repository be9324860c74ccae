"""How late things really come: what a shop's own deliveries teach, as quantiles with their cases.

The quantiles are conformal: of n cases and the one to come every rank is as likely, so what holds in 9
of 10 cases is the 0.9 (n + 1)-th of them (Vovk, Gammerman & Shafer 2005; between two, in proportion). An
item with few cases of its own borrows from its supplier, a supplier from the shop.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from statistics import median
from typing import NamedTuple, TypeAlias

# Fewer cases than this, even of the whole shop, teach nothing.
ENOUGH = 5
# Older cases are of another time, and a trend in so many is found at once.
_NEWEST = 40
# With fewer cases than this of one's own, those of the wider circle make up the number.
_BORROWED = 10.0
# By so many of the newest cases a season or a drift is told, if they foretell so much better than all.
_LATELY = 3
_CLEARLY = 0.9
# How long ahead promises are asked for, where nobody said when a delivery was ordered.
_AHEAD = timedelta(days=14)
_EVERYONE = object()


class Delivery(NamedTuple):
    """One arrival that has come in full: when it was ordered (None: nobody said), when it was first
    expected, and when it was there."""

    item_id: int
    supplier: str
    ordered_on: date | None
    expected_on: date
    received_on: date


@dataclass(frozen=True, slots=True)
class Habit:
    """How many days past cases took, or were late: `days`, fewest first, the sum of the weights up to
    each, and how many `cases` of `whose` it stands on (`is_of_shop`: of all that the shop orders)."""

    whose: str
    cases: int
    days: tuple[int, ...]
    reach: tuple[float, ...]
    is_of_shop: bool = False

    def within(self, share: float, *, passed: int | None = None) -> int:
        """The number of days within which so large a `share` of cases comes; once so many have passed,
        of the cases that took as long. Where all known ones came sooner it is twice the longest, and
        twice again: a date that stands until it has passed."""
        start = 0 if passed is None else bisect_left(self.days, passed)
        if passed is not None and start == len(self.days):
            return _doubled(self.days[-1], passed)
        before = self.reach[start - 1] if start else 0.0
        wanted = before + share * (self.reach[-1] - before + 1)
        above = bisect_left(self.reach, wanted)
        if above == len(self.days):
            return self.days[-1]
        if above == start:
            return self.days[start]
        low, high = self.reach[above - 1], self.reach[above]
        part = (wanted - low) / (high - low)
        return round(self.days[above - 1] + part * (self.days[above] - self.days[above - 1]))


def _doubled(longest: int, passed: int) -> int:
    days = max(1, longest)
    while days < passed:
        days *= 2
    return days


class _Case(NamedTuple):
    """What one delivery took, in days, when a promise could stand on it first, and when it was there."""

    asked_on: date
    received_on: date
    days: int


_Measure: TypeAlias = Callable[[Delivery], int | None]


class Experience:
    """All that a shop's deliveries teach, asked by item and supplier."""

    def __init__(self, deliveries: Iterable[Delivery], *, today: date) -> None:
        """Take the deliveries in any order. Nothing that came after `today` is looked at."""
        known = (each for each in deliveries if each.received_on <= today)
        self._circles: dict[object, list[Delivery]] = defaultdict(list)
        for each in sorted(known, key=lambda each: each.received_on):
            for circle in {each.item_id, each.supplier, _EVERYONE} - {""}:
                self._circles[circle].append(each)
        self._told: dict[tuple[_Measure, object], list[_Case]] = {}
        self._learned: dict[tuple[_Measure, int, str], Habit | None] = {}

    def lateness(self, item_id: int, supplier: str) -> Habit | None:
        """How many days late (early: below 0) the item comes, against the day first expected."""
        return self._habit(_days_late, item_id, supplier)

    def lead_time(self, item_id: int, supplier: str) -> Habit | None:
        """How many days the item takes from its order to its arrival."""
        return self._habit(_days_taken, item_id, supplier)

    def _habit(self, measure: _Measure, item_id: int, supplier: str) -> Habit | None:
        key = (measure, item_id, supplier)
        if key not in self._learned:
            self._learned[key] = self._learn(measure, item_id, supplier)
        return self._learned[key]

    def _learn(self, measure: _Measure, item_id: int, supplier: str) -> Habit | None:
        """From the narrowest circle that has enough cases, and a little from the next wider one."""
        circles = {
            "this item": item_id,
            f"supplier {supplier}": supplier,
            "this shop's supply": _EVERYONE,
        }
        found = [(whose, self._cases(measure, circle)) for whose, circle in circles.items()]
        for number, (whose, cases) in enumerate(found):
            if len(cases) >= ENOUGH:
                wider = [more for _, more in found[number + 1 :] if len(more) > len(cases)]
                habit = _habit(whose, cases, wider[0] if wider else [])
                return replace(habit, is_of_shop=number == len(found) - 1)
        return None

    def _cases(self, measure: _Measure, circle: object) -> list[_Case]:
        key = (measure, circle)
        if key not in self._told:
            self._told[key] = _cases(self._circles.get(circle, []), measure)
        return self._told[key]


def _days_late(delivery: Delivery) -> int:
    return (delivery.received_on - delivery.expected_on).days


def _days_taken(delivery: Delivery) -> int | None:
    return None if delivery.ordered_on is None else (delivery.received_on - delivery.ordered_on).days


def _cases(deliveries: Sequence[Delivery], measure: _Measure) -> list[_Case]:
    """The newest cases, oldest first. What came together is one case, however many items it held: forty
    lines of one lorry that was late say no more than one."""
    together = {each[1:]: each for each in deliveries}
    cases = [
        _Case(each.ordered_on or each.expected_on - _AHEAD, each.received_on, days)
        for each in together.values()
        if (days := measure(each)) is not None
    ]
    return cases[-_NEWEST:]


def _habit(whose: str, cases: Sequence[_Case], wider: Sequence[_Case]) -> Habit:
    """The cases as they would be today, and as many of the wider circle's as are missing: moved and
    scaled to these ones, so that only the shape of its tail is borrowed."""
    own = _as_of_now(cases)
    borrowed = _fitted([case.days for case in wider], own)
    weight = max(0.0, _BORROWED - len(own)) / len(borrowed) if borrowed else 0.0
    weighted = sorted([(days, 1.0) for days in own] + [(days, weight) for days in borrowed])
    return Habit(
        whose,
        len(cases),
        tuple(days for days, _ in weighted),
        tuple(accumulate(weight for _, weight in weighted)),
    )


def _as_of_now(cases: Sequence[_Case]) -> list[int]:
    """The days of the cases; where the newest ones would have foretold each next one clearly better than
    all of them, by season or drift, what each differed from that, around the newest of all."""
    plain = [case.days for case in cases]
    told = [
        (case.days, earlier) for case in cases if len(earlier := _known_then(cases, case)) >= _LATELY
    ]
    if len(told) < _LATELY:
        return plain
    by_all = [days - median(earlier) for days, earlier in told]
    by_newest = [days - median(earlier[-_LATELY:]) for days, earlier in told]
    if _size(by_newest) > _CLEARLY * _size(by_all):
        return plain
    level = median(plain[-_LATELY:])
    return [round(level + gap) for gap in by_newest]


def _known_then(cases: Sequence[_Case], case: _Case) -> list[int]:
    return [each.days for each in cases if each.received_on <= case.asked_on]


def _size(gaps: Sequence[float]) -> float:
    return sum(map(abs, gaps))


def _fitted(days: Sequence[int], own: Sequence[int]) -> list[int]:
    """The days of others, moved to where one's own lie and scaled to their spread."""
    if not days:
        return []
    middle, own_middle = median(days), median(own)
    spread = _size([each - middle for each in days]) / len(days)
    own_spread = _size([each - own_middle for each in own]) / len(own)
    scale = own_spread / spread if spread else 0.0
    return [round(own_middle + (each - middle) * scale) for each in days]
