"""How late things really come: what a shop's own deliveries teach.

The newest cases count most, a supplier with few cases of its own borrows from the shop, what is overdue
and still open counts as what it is, and part of every case follows the level that its supplier has
reached since. Nearly all of it was chosen on part of the suppliers of docs/promise-quality.md, which
tells what each part is worth, and what was chosen after looking at the others.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from app.core.following import Span, at_level_of_today, share_that_follows
from app.core.habit import Habit, Weighed, distribution

# Fewer cases than this, even of the whole shop, teach nothing; what is said of a supplier with fewer of
# its own is said of the shop.
ENOUGH = 5
# A case counts half as much as the newest once there are so many newer ones, or once it is so old,
# whichever lets it count more; a shop's cases all together by their number alone.
_HALF_CASES, _HALF_DAYS = 24, 120
_HALF_OF_SHOP = 40
# The shop's cases together count as so many of the supplier's own.
_BORROWED = 5.0
# How long before its day a delivery is asked for, where nobody said when it was ordered.
_AHEAD = timedelta(days=14)
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
    """How many days one delivery took, or was late; open (`came` is None): so far. `at` is the day it
    was due, or ordered, `asked` the day from which on people wanted to know."""

    at: date
    days: int
    asked: date
    came: date | None

    @property
    def is_open(self) -> bool:
        return self.came is None


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
        self._learned: dict[tuple[_Measure, object], Habit | None] = {}

    def lateness(self, item_id: int, supplier: str) -> Habit | None:
        """How many days late the item comes, against the day first expected. Nothing is promised before
        that day, however early the supplier usually is: it costs more in broken words than it gains."""
        return self._habit(_days_late, item_id, supplier)

    def lead_time(self, item_id: int, supplier: str) -> Habit | None:
        """How many days the item takes from its order to its arrival."""
        return self._habit(_days_taken, item_id, supplier)

    def _habit(self, measure: _Measure, item_id: int, supplier: str) -> Habit | None:
        """From the supplier; from the item, where nobody named one or little is known of it."""
        whose: object = supplier
        known, of_item = self._cases(measure, supplier), self._cases(measure, item_id)
        if not supplier or _closed(known) < ENOUGH <= _closed(of_item):
            whose = item_id
        if (measure, whose) not in self._learned:
            self._learned[measure, whose] = self._learn(measure, whose)
        return self._learned[measure, whose]

    def _learn(self, measure: _Measure, whose: object) -> Habit | None:
        """From the cases of one supplier, or item, and a little from the shop."""
        shop, own = self._cases(measure, _EVERYONE), self._cases(measure, whose)
        if _closed(shop) < ENOUGH:
            return None
        is_of_shop = _closed(own) < ENOUGH
        name = f"supplier {whose}" if isinstance(whose, str) else "this item"
        days, reach, guessed = distribution([*self._weighed(own), *_borrowed(shop)])
        return Habit(
            whose="this shop's supply" if is_of_shop else name,
            cases=min(_closed(shop if is_of_shop else own), _MOST),
            days=days,
            reach=reach,
            guessed=guessed,
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

    def _weighed(self, cases: Sequence[_Case]) -> list[Weighed]:
        """Each case by its age, part of it as it was, and part as it would be at the level of today."""
        spans = [Span(case.days, case.asked, case.came) for case in cases]
        weighed, moved, follow = [], at_level_of_today(spans), share_that_follows(spans)
        for newer, (case, days) in enumerate(zip(cases, moved, strict=True)):
            weight = 0.5 ** min(newer / _HALF_CASES, (self._today - case.at).days / _HALF_DAYS)
            follows = 0.0 if days is None else follow
            weighed.append(Weighed(case.days, weight * (1 - follows), case.is_open))
            if days is not None:
                weighed.append(Weighed(days, weight * follows, case.is_open))
        return weighed


def _borrowed(cases: Sequence[_Case]) -> list[Weighed]:
    weights = [0.5 ** (newer / _HALF_OF_SHOP) for newer in range(len(cases))]
    scale = _BORROWED / sum(weights)
    return [
        Weighed(case.days, weight * scale, case.is_open)
        for case, weight in zip(cases, weights, strict=True)
    ]


def _closed(cases: Iterable[_Case]) -> int:
    return sum(not case.is_open for case in cases)


def _days_late(delivery: Delivery, today: date) -> _Case | None:
    """One that is not due yet teaches nothing."""
    _, _, ordered, expected, received = delivery
    if expected is None:
        return None
    asked = ordered or expected - _AHEAD
    if received is not None:
        return _Case(min(received, expected), (received - expected).days, asked, received)
    return _Case(expected, (today - expected).days, asked, None) if expected < today else None


def _days_taken(delivery: Delivery, today: date) -> _Case | None:
    _, _, ordered, _, received = delivery
    if ordered is None or ordered > today:
        return None
    return _Case(ordered, ((received or today) - ordered).days, ordered, received)
