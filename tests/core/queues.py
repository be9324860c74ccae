"""Queues of one pool for hypothesis: small numbers, many ties."""

from dataclasses import dataclass
from datetime import date

from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.model import Allocatable, Allocation, Arrival
from tests.builders import days, line

lines_of_a_pool = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(-1, 1)), max_size=8
).map(
    lambda wishes: [
        line(quantity, placed=placed, priority=priority, order=number)
        for number, (quantity, placed, priority) in enumerate(wishes, start=1)
    ]
)
arrivals_of_a_pool = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), max_size=5).map(
    lambda dated: [
        Arrival(number, quantity, days(at)) for number, (quantity, at) in enumerate(dated, start=1)
    ]
)


@dataclass(frozen=True)
class Case:
    """A pool and everybody who wants something of it."""

    lines: list[Allocatable]
    on_hand: int
    arrivals: list[Arrival]
    owed_before: int

    def allocated(self) -> list[Allocation]:
        """What is under test."""
        return allocate(
            self.lines, on_hand=self.on_hand, arrivals=self.arrivals, owed_before=self.owed_before
        )

    def units_by(self, day: date) -> int:
        """Units that will have come by the end of that day."""
        return self.on_hand + sum(a.quantity for a in self.arrivals if a.expected_on <= day)


cases = st.builds(Case, lines_of_a_pool, st.integers(-5, 20), arrivals_of_a_pool, st.integers(0, 6))
