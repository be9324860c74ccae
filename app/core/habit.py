"""A weighted distribution of days, and what it says of a day ahead.

Deliveries that are still open have taken so many days *at least*. Left out, they make a supplier look
best while it is at its worst; counted as if they had come today, they do too. Their weight goes to the
longer cases in proportion instead: Kaplan & Meier, "Nonparametric Estimation from Incomplete
Observations" (JASA 1958), in the form of Efron, "The two sample problem with censored data" (1967).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

# So much of a case that nobody has seen yet is thought to lie beyond all others. A whole one would be
# the guarantee of split conformal prediction (Vovk, Gammerman & Shafer 2005): more than days need.
_UNSEEN = 0.1
_ROUNDING = 1e-9


class Weighed(NamedTuple):
    """One case: its days, what it counts, and whether it is open still, so that they are the fewest."""

    days: int
    weight: float
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Habit:
    """How many days past cases took, or were late: `days`, fewest first, the sum of the weights up to
    each, and how many `cases` of `whose` it stands on (`is_of_shop`: of all that the shop orders).
    `guessed` is the weight of the last of these days if nobody has seen a case take so long. No promise
    lies below `at_least`, whatever the cases were."""

    whose: str
    cases: int
    days: tuple[int, ...]
    reach: tuple[float, ...]
    guessed: float = 0.0
    is_of_shop: bool = False
    at_least: int | None = None

    def within(self, share: float, *, passed: int | None = None) -> int:
        """The number of days within which so large a `share` of cases comes; once so many have passed,
        of the cases that took as long. Where all known ones came sooner it is twice the longest, and
        twice again: a date that stands until it has passed."""
        start = 0 if passed is None else bisect_left(self.days, passed)
        if passed is not None and start == len(self.days):
            return _doubled(self.days[-1], passed)
        before = self.reach[start - 1] if start else 0.0
        wanted = before + share * (self.reach[-1] - before + _UNSEEN)
        found = self.days[min(bisect_left(self.reach, wanted - _ROUNDING), len(self.days) - 1)]
        return found if self.at_least is None else max(found, self.at_least)

    def chance_after(self, days: int, *, passed: int | None = None) -> float:
        """The chance, 0 to 1, that it takes more than so many days; once so many have `passed` without
        it, among the cases that took as long. Nobody has seen a case beyond the longest: of what lasts
        longer, half is thought to last twice as long (Pareto's law, of exponent one)."""
        start = 0 if passed is None else bisect_left(self.days, passed)
        before = self.reach[start - 1] if start else 0.0
        left = self.reach[-1] - before + _UNSEEN
        unseen = min(self.guessed, self.reach[-1] - before) + _UNSEEN
        seen = self.days[:-1] if self.guessed else self.days
        upto = bisect_right(seen, days)
        within = max(0.0, (self.reach[upto - 1] if upto else 0.0) - before)
        outlasted = max(0, passed or 0, seen[-1] if seen else 0)
        lasts = min(1.0, (outlasted + 1) / (max(0, days) + 1))
        return 1.0 - (within + unseen * (1.0 - lasts)) / left


def distribution(cases: Iterable[Weighed]) -> tuple[tuple[int, ...], tuple[float, ...], float]:
    """The days that cases took, fewest first, and the sum of the weights up to each, where the weight
    of every open case has gone to those that took longer; and the weight of the last if it is guessed,
    for the longest of all is open still."""
    ordered = sorted(cases, key=itemgetter(0, 2))
    total = left = sum(case.weight for case in ordered)
    days: list[int] = []
    weights: list[float] = []
    share = 1.0
    for case in ordered:
        if not case.is_open and left > 0:
            taken = share * case.weight / left
            days.append(case.days)
            weights.append(taken * total)
            share -= taken
        left = max(0.0, left - case.weight)
    guessed = share * total if share > _ROUNDING and ordered and ordered[-1].is_open else 0.0
    if guessed:
        # The longest of all is open still: its own word would move by a day each day.
        days.append(_doubled(days[-1] if days else 0, ordered[-1].days + 1))
        weights.append(guessed)
    return tuple(days), tuple(accumulate(weights)), guessed


def _doubled(longest: int, passed: int) -> int:
    days = max(1, longest)
    while days < passed:
        days *= 2
    return days
