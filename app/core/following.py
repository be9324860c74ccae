"""How far past cases follow the level that their supplier has reached since.

Two forecasts are at hand for every case: that it comes as cases before it came, and that it comes as far
from the level of its day as they came from the level of theirs. The first is right while a supplier
stands still, the second once it drifts. Neither is believed for good: each counts by what it would have
lost on the supplier's newest cases, forecast from what was known on the day each was asked for (the
aggregating algorithm: Vovk, "Aggregating Strategies", COLT 1990), and never nothing, so that a supplier
that begins to drift is followed soon (Herbster & Warmuth, "Tracking the Best Expert", 1998).
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from math import ceil, exp
from operator import itemgetter
from statistics import median_low
from typing import NamedTuple

# Fewer cases than this have no level.
_FEWEST = 5
# A supplier's level is the median of so many of its newest cases.
_LEVEL_OF = 11
# So much of a case follows the level where nothing tells, and at least and at most whatever tells.
_FOLLOWS, _LEAST, _MOST = 1 / 3, 0.15, 0.95
# The forecasts are compared on so many of the newest cases, each made from so many before it; one counts
# half as much as the newest once there are so many newer ones.
_WINDOW = 24
_SHARE = 0.9
# As in `habit`: so much of a case is thought to lie beyond all others.
_UNSEEN = 0.1


class Span(NamedTuple):
    """How many days a case took, or was late; from when on people wanted to know; when it came (None: it
    is open)."""

    days: int
    asked: date
    came: date | None


class _Known(NamedTuple):
    """What was known on the day a case was asked for: how many cases had come, and their level."""

    cases: int
    level: int


def at_level_of_today(cases: Sequence[Span]) -> list[int | None]:
    """Each case as far from the level of today as it was from that of the day it was asked for; None
    where too little was known on that day."""
    closed, known = _closed(cases), _known(cases)
    if len(closed) < _FEWEST:
        return [None] * len(cases)
    today = median_low([case.days for case in closed[-_LEVEL_OF:]])
    return [
        None if then is None else case.days + today - then.level
        for case, then in zip(cases, known, strict=True)
    ]


def share_that_follows(cases: Sequence[Span]) -> float:
    """How much of each case follows the level, 0 to 1, by what that would have spared on the newest
    ones. `cases` come newest first. What one lorry brings is one case here, however many lines it had:
    else a single spell decides."""
    cases = list(dict.fromkeys(cases))
    closed = _closed(cases)
    known = _known(closed)
    days = [case.days for case in closed]
    errors = [
        None if then is None else case.days - then.level
        for case, then in zip(closed, known, strict=True)
    ]
    still = moving = weight = 0.0
    newest = [each for each in zip(cases, _known(cases), strict=True) if each[0].came and each[1]]
    for newer, (case, then) in enumerate(newest[:_WINDOW]):
        before = slice(max(0, then.cases - _WINDOW), then.cases) if then else slice(0)
        seen = [error for error in errors[before] if error is not None]
        if then is None or len(seen) < _FEWEST:
            continue
        counts = 0.5 ** (newer / _WINDOW)
        weight += counts
        still += counts * _loss(case.days - _quantile(days[before]))
        moving += counts * _loss(case.days - then.level - _quantile(seen))
    if still + moving == 0:
        return _FOLLOWS
    better = 2 * weight * (still - moving) / (still + moving)
    odds = _FOLLOWS / (1 - _FOLLOWS) * exp(better)
    return min(_MOST, max(_LEAST, odds / (1 + odds)))


def _closed(cases: Sequence[Span]) -> list[Span]:
    """Those that have come, in that order."""
    came = [(case.came, case) for case in cases if case.came is not None]
    return [case for _, case in sorted(came, key=itemgetter(0))]


def _known(cases: Sequence[Span]) -> list[_Known | None]:
    """Of each case what was known of the others when it was asked for; None where that was too little
    for a level."""
    closed = _closed(cases)
    came = [case.came for case in closed if case.came is not None]
    days = [case.days for case in closed]
    levels: dict[int, _Known | None] = {}
    found = []
    for case in cases:
        count = bisect_right(came, case.asked)
        if count not in levels:
            levels[count] = (
                None
                if count < _FEWEST
                else _Known(count, median_low(days[max(0, count - _LEVEL_OF) : count]))
            )
        found.append(levels[count])
    return found


def _quantile(days: Sequence[int]) -> int:
    ordered = sorted(days)
    return ordered[min(len(ordered), ceil(_SHARE * (len(ordered) + _UNSEEN))) - 1]


def _loss(gap: int) -> float:
    """The pinball loss of a day that was missed by so many."""
    return _SHARE * gap if gap > 0 else (_SHARE - 1) * gap
