"""How late things really come: what a shop's own deliveries teach, as quantiles with their cases.

The quantiles are the median-unbiased ones: what holds in 9 of 10 cases is the (0.9 (n + 1/3) + 1/3)-th
of n, between two in proportion (Hyndman & Fan 1996, definition 8). The 0.9 (n + 1)-th would never fall
short on average, but days are whole, and that is caution enough (measured: docs/promise-quality.md). An
item with few cases of its own borrows from its supplier, a supplier from the shop.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from operator import attrgetter
from statistics import median
from typing import NamedTuple, TypeAlias

# Fewer cases than this, even of the whole shop, teach nothing.
ENOUGH = 5
# Older cases are of another time, and a trend in so many is found at once. What the same weeks of the
# year before were like is asked of all there are.
_NEWEST = 40
_YEAR, _SAME_WEEKS = timedelta(days=365), timedelta(days=30)
# With fewer cases than this of one's own, those of the wider circle make up the number.
_BORROWED = 10.0
# By so many of the newest cases a season or a drift is told, if they foretell so much better than all.
_LATELY = 3
_CLEARLY = 0.9
# How long ahead promises are asked for, where nobody said when a delivery was ordered.
_AHEAD = timedelta(days=14)
_EVERYONE = object()
_THIRD = 1 / 3


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
        wanted = before + share * (self.reach[-1] - before + _THIRD) + _THIRD
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
        self._today = today
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
                habit = _habit(whose, cases, wider[0] if wider else [], self._today)
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
    """The cases, oldest first. What came together is one case, however many items it held: forty
    lines of one lorry that was late say no more than one."""
    together = {each[1:]: each for each in deliveries}
    return [
        _Case(each.ordered_on or each.expected_on - _AHEAD, each.received_on, days)
        for each in together.values()
        if (days := measure(each)) is not None
    ]


def _habit(whose: str, cases: Sequence[_Case], wider: Sequence[_Case], today: date) -> Habit:
    """The cases as they would be today, and as many of the wider circle's as are missing: moved and
    scaled to these ones, so that only the shape of its tail is borrowed."""
    own = _as_of_now(cases, today)
    borrowed = _fitted([case.days for case in wider[-_NEWEST:]], own)
    weight = max(0.0, _BORROWED - len(own)) / len(borrowed) if borrowed else 0.0
    weighted = sorted([(days, 1.0) for days in own] + [(days, weight) for days in borrowed])
    return Habit(
        whose,
        min(len(cases), _NEWEST),
        tuple(days for days, _ in weighted),
        tuple(accumulate(weight for _, weight in weighted)),
    )


class _Past:
    """The cases of one circle, asked what they would have foretold on any day."""

    def __init__(self, cases: Sequence[_Case]) -> None:
        self._cases = cases
        self._received_on = [case.received_on for case in cases]
        self._by_season = sorted(cases, key=attrgetter("asked_on"))
        self._asked_on = [case.asked_on for case in self._by_season]

    def by_newest(self, day: date) -> float | None:
        """What the last ones that were known came to."""
        end = bisect_right(self._received_on, day)
        known = [case.days for case in self._cases[max(0, end - _LATELY) : end]]
        return median(known) if len(known) == _LATELY else None

    def by_season(self, day: date) -> float | None:
        """What those of the same weeks of the year before came to."""
        begin = bisect_left(self._asked_on, day - _YEAR - _SAME_WEEKS)
        end = bisect_right(self._asked_on, day - _YEAR + _SAME_WEEKS)
        same = [case.days for case in self._by_season[begin:end] if case.received_on <= day]
        return median(same) if len(same) >= _LATELY else None


def _as_of_now(cases: Sequence[_Case], today: date) -> list[int]:
    """The days of the cases as they would be today. Where the newest ones, or those of the same weeks a
    year ago, would have foretold each next one clearly better than all of them, it is what each
    differed from that foretold, around what is foretold now."""
    newest, past = cases[-_NEWEST:], _Past(cases)
    plain = [case.days for case in newest]
    best, best_size = None, _CLEARLY
    for foretell in (past.by_newest, past.by_season):
        told = [
            (case, foretold, median(earlier))
            for case in newest
            if len(earlier := _known_then(newest, case)) >= _LATELY
            and (foretold := foretell(case.asked_on)) is not None
        ]
        if len(told) < _LATELY:
            continue
        gaps = [case.days - foretold for case, foretold, _ in told]
        by_all = _size([case.days - middle for case, _, middle in told])
        now = foretell(today)
        size = _size(gaps) / by_all if by_all else 1.0
        if now is not None and size <= best_size:
            best, best_size = [round(now + gap) for gap in gaps], size
    return plain if best is None else best


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
