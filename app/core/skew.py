"""How far a platform's clock is ahead of ours, learned from its answers.

Each answer tells what time it is there, to the second, and was written between our asking and our
hearing it: so much is sure. The nearest skew within those bounds is taken, so clocks that agree are left
alone, and every answer narrows it down.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

# The time of an answer is told in whole seconds: it was written before the next one.
_WHOLE_SECOND_S = 1.0

_CLOSE_S = 2.0
"""What clocks drift, and hurried answers differ, by: taken over at once. More needs a second answer."""

_NONSENSE_S = 86400.0
"""No clock that anybody keeps is further off than this."""


class Bounds(NamedTuple):
    """By how many seconds a platform's clock is ahead of ours, at the least and at the most."""

    least_s: float
    most_s: float

    def nearest(self, skew_s: float) -> float:
        """The skew within the bounds that is nearest to that one."""
        return min(max(skew_s, self.least_s), self.most_s)

    def agrees(self, other: "Bounds") -> bool:
        """Whether one skew lies within both."""
        return self.least_s <= other.most_s and other.least_s <= self.most_s


def bounds_of(told: datetime, *, asked_at: datetime, heard_at: datetime) -> Bounds:
    """What an answer that told that second bounds the skew by; we asked, and heard it, then."""
    least_s = (told - heard_at).total_seconds()
    most_s = (told - asked_at).total_seconds() + _WHOLE_SECOND_S
    return Bounds(least_s, max(least_s, most_s))


@dataclass
class Learner:
    """The skew of one shop's platform as answers come in. `known_s` is what was learned before (None:
    nothing); `doubted` the last answer, if it contradicted that."""

    known_s: float | None = None
    doubted: Bounds | None = None

    def hear(self, told: Bounds) -> float | None:
        """Take an answer into account; returns the skew, or None while none is known.

        One answer that contradicts what is known may have been kept by a cache: two in a row that agree
        say that a clock was set.
        """
        if min(abs(told.least_s), abs(told.most_s)) > _NONSENSE_S:
            return self.known_s
        nearest_s = told.nearest(self.known_s or 0.0)
        is_close = self.known_s is None or abs(nearest_s - self.known_s) <= _CLOSE_S
        is_confirmed = self.doubted is not None and self.doubted.agrees(told)
        if is_close or is_confirmed:
            self.known_s, self.doubted = nearest_s, None
        else:
            self.doubted = told
        return self.known_s


def as_skew(seconds: float | None) -> timedelta:
    """A skew that was kept; none counts as clocks that agree."""
    return timedelta(seconds=seconds or 0.0)
