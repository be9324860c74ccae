"""Whether a series grows or falls, beyond doubt, and by how much.

The test is Mann's and Kendall's ("Nonparametric tests against trend", Econometrica 1945; ties as in
Kendall 1975), the slope Theil's and Sen's (Sen, JASA 1968): both compare each two values, so that one
delivery that was lost for months makes no trend.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import sqrt
from statistics import median
from typing import NamedTuple

# Of fewer points, and below so many standard errors, every run of bad luck looks like a trend: one in
# 370 steady series lies beyond 3.
_FEWEST = 10
_SURE = 3.0
# And the newest of them must go on as the whole does: a season that has turned is no trend.
_NEWEST = 20
_STILL = 1.0


class Point(NamedTuple):
    """A value at a time, in days."""

    at: int
    value: int


def sure_slope(points: Sequence[Point]) -> float:
    """By how much the value changes a day, 0 unless that is sure; `points` in the order of time."""
    if len(points) < _FEWEST:
        return 0.0
    whole, newest = _score(points), _score(points[-_NEWEST:])
    if abs(whole) <= _SURE or whole * newest <= 0 or abs(newest) <= _STILL:
        return 0.0
    return median((b.value - a.value) / (b.at - a.at) for a, b in combinations(points, 2) if b.at > a.at)


def _score(points: Sequence[Point]) -> float:
    """How many standard errors the series is from one without a trend."""
    count = len(points)
    rises = sum((b.value > a.value) - (b.value < a.value) for a, b in combinations(points, 2))
    ties = Counter(point.value for point in points).values()
    spread = count * (count - 1) * (2 * count + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)
    if not spread:
        return 0.0
    return (rises - (rises > 0) + (rises < 0)) / sqrt(spread / 18)
