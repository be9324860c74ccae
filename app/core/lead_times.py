"""How late things really come: what a shop's own deliveries teach.

The newest cases count most, a supplier with few cases of its own borrows from the shop, what is overdue
and still open counts as what it is, and a trend is followed only where a test is sure of it. All of it
was chosen on half of the suppliers of docs/promise-quality.md, which tells what each part is worth.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from app.core.habit import Habit, Weighed, distribution
from app.core.trend import Point, sure_slope

# Fewer cases than this, even of the whole shop, teach nothing; what is said of a supplier with fewer of
# its own is said of the shop.
ENOUGH = 5
# A case counts half as much as the newest once there are so many newer ones, or once it is so old,
# whichever lets it count more; a shop's cases all together by their number alone.
_HALF_CASES, _HALF_DAYS = 16, 120
_HALF_OF_SHOP = 60
# A case of the same item counts as so many of the supplier's other items.
_SAME_ITEM = 2.0
# The shop's cases together count as so many of the supplier's own.
_BORROWED = 8.0
# In so many of the newest days of delivery a trend is looked for, and carried on for so many days: how
# long ahead promises are asked for.
_NEWEST = 40
_AHEAD = 14
# Older ones weigh nothing any more.
_MOST = 1000
_EVERYONE = object()


class Delivery(NamedTuple):
    """One arrival: when it was ordered (None: nobody said), when it was first expected (None: nobody
    said a day), and when it was there (None: it is open still)."""

    item_id: int
    supplier: str
    ordered_on: date | None
    expected_on: date | None
    received_on: date | None


class _Case(NamedTuple):
    """How many days one delivery of the item took, or was late; open: so far. `at` is the day it was
    due, or ordered."""

    at: date
    days: int
    item_id: int
    is_open: bool


_Measure: TypeAlias = Callable[[Delivery, date], _Case | None]


class Experience:
    """All that a shop's deliveries teach, asked by item and supplier."""

    def __init__(self, deliveries: Iterable[Delivery], *, today: date) -> None:
        """Take the deliveries in any order. What came after `today` is open on that day."""
        self._today = today
        self._circles: dict[object, list[Delivery]] = defaultdict(list)
        for each in deliveries:
            known = each
            if each.received_on is not None and each.received_on > today:
                known = each._replace(received_on=None)
            for circle in {each.item_id, each.supplier, _EVERYONE} - {""}:
                self._circles[circle].append(known)
        self._told: dict[tuple[_Measure, object], list[_Case]] = {}
        self._learned: dict[tuple[_Measure, int, str], Habit | None] = {}

    def lateness(self, item_id: int, supplier: str) -> Habit | None:
        """How many days late the item comes, against the day first expected. Nothing is promised before
        that day, however early the supplier usually is: it costs more in broken words than it gains."""
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
        """From the supplier (from the item, where nobody named one or little is known of it), and a
        little from the shop."""
        shop = self._cases(measure, _EVERYONE)
        whose, own = f"supplier {supplier}", self._cases(measure, supplier)
        if _closed(own) < ENOUGH <= _closed(self._cases(measure, item_id)) or not supplier:
            whose, own = "this item", self._cases(measure, item_id)
        if _closed(shop) < ENOUGH:
            return None
        is_of_shop = _closed(own) < ENOUGH
        weighed = self._by_trend(own) or [*self._by_age(own, item_id), *self._borrowed(shop)]
        days, reach = distribution(weighed)
        return Habit(
            whose="this shop's supply" if is_of_shop else whose,
            cases=min(_closed(shop if is_of_shop else own), _MOST),
            days=days,
            reach=reach,
            is_of_shop=is_of_shop,
            at_least=0,
        )

    def _cases(self, measure: _Measure, circle: object) -> list[_Case]:
        """The newest cases, newest first."""
        key = (measure, circle)
        if key not in self._told:
            measured = (measure(each, self._today) for each in self._circles.get(circle, []))
            cases = sorted((case for case in measured if case is not None), key=attrgetter("at", "days"))
            self._told[key] = cases[: -_MOST - 1 : -1]
        return self._told[key]

    def _by_age(self, cases: Sequence[_Case], item_id: int) -> list[Weighed]:
        return [
            Weighed(
                case.days,
                0.5 ** min(newer / _HALF_CASES, (self._today - case.at).days / _HALF_DAYS)
                * (_SAME_ITEM if case.item_id == item_id else 1.0),
                case.is_open,
            )
            for newer, case in enumerate(cases)
        ]

    def _borrowed(self, cases: Sequence[_Case]) -> list[Weighed]:
        weights = [0.5 ** (newer / _HALF_OF_SHOP) for newer in range(len(cases))]
        scale = _BORROWED / sum(weights)
        return [
            Weighed(case.days, weight * scale, case.is_open)
            for case, weight in zip(cases, weights, strict=True)
        ]

    def _by_trend(self, cases: Sequence[_Case]) -> list[Weighed]:
        """The newest cases as they would be soon; none where no trend is sure."""
        newest = cases[:_NEWEST]
        first_of_day = {case.at: case.days for case in reversed(newest)}
        slope = sure_slope([Point(at.toordinal(), days) for at, days in sorted(first_of_day.items())])
        if not slope:
            return []
        soon = self._today + timedelta(days=_AHEAD)
        return [
            Weighed(round(case.days + slope * (soon - case.at).days), 1.0, case.is_open)
            for case in newest
        ]


def _closed(cases: Iterable[_Case]) -> int:
    return sum(not case.is_open for case in cases)


def _days_late(delivery: Delivery, today: date) -> _Case | None:
    """One that is not due yet teaches nothing."""
    item_id, _, _, expected, received = delivery
    if expected is None:
        return None
    if received is not None:
        return _Case(min(received, expected), (received - expected).days, item_id, is_open=False)
    return _Case(expected, (today - expected).days, item_id, is_open=True) if expected < today else None


def _days_taken(delivery: Delivery, today: date) -> _Case | None:
    item_id, _, ordered, _, received = delivery
    if ordered is None or ordered > today:
        return None
    return _Case(ordered, ((received or today) - ordered).days, item_id, is_open=received is None)
