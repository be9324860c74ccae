"""Whom a restock passes over, and that nobody is kept waiting for ever."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.model import Allocatable, longest_waiting_first
from app.core.passing import Pass, Restocked, in_turn, passes
from tests.builders import line
from tests.core.queues import lines_of_a_pool

LINES = [line(5, placed=1), line(3, placed=2), line(2, placed=3)]
ALL_SHORT = {1: 5, 2: 3, 3: 2}
MAY = {1: 3, 2: 3, 3: 3}


def pool(on_hand: int, *, lines: list[Allocatable] = LINES, **known: object) -> Restocked:
    """A pool whose orders were all short of everything, and may each let three go first."""
    values = {"owed_before": 0, "said_short": ALL_SHORT, "may_let": MAY} | known
    return Restocked(lines, on_hand, **values)  # type: ignore[arg-type]


def who(found: list[Pass]) -> list[tuple[int, list[int]]]:
    """Who goes first, before whom."""
    return [(one.order_id, [line.order_id for line in one.over]) for one in found]


def test_an_order_that_a_restock_completes_goes_before_one_that_it_does_not() -> None:
    assert who(passes(pool(3))) == [(2, [1])]


def test_whoever_goes_first_takes_the_turn_of_the_first_it_passed_and_is_whole() -> None:
    (found,) = passes(pool(4))

    served = allocate(in_turn(LINES, {2: found.moved}), on_hand=4)

    assert [(one.line.order_id, one.short) for one in served] == [(2, 0), (1, 4), (3, 2)]


def test_several_go_first_while_units_last() -> None:
    """An order that can be completed lets nobody."""
    lines = [line(9, placed=1), line(3, placed=2), line(2, placed=3)]

    assert who(passes(pool(6, lines=lines, said_short=ALL_SHORT | {1: 9}))) == [(2, [1]), (3, [1])]
    assert who(passes(pool(2))) == [(3, [1, 2])]
    assert who(passes(pool(5))) == []


def test_nobody_goes_before_an_order_that_has_let_as_many_go_as_it_must() -> None:
    assert who(passes(pool(3, may_let={1: 0, 2: 3, 3: 3}))) == []
    assert who(passes(pool(2, may_let={1: 3, 2: 0, 3: 3}))) == []


def test_what_an_order_has_it_keeps() -> None:
    """It has two of five: one more has come, which may go to others, the two may not."""
    lines = [line(5, placed=1), line(3, placed=2), line(1, placed=3)]

    found = passes(pool(3, lines=lines, said_short={1: 3, 2: 3, 3: 1}))

    assert who(found) == [(3, [1, 2])]


def test_nobody_of_a_lower_priority_goes_first() -> None:
    lines = [line(5, placed=9, order=1, priority=1), line(3, placed=2)]

    assert passes(pool(3, lines=lines)) == []


def test_an_order_short_of_something_else_lets_others_go_and_never_goes_first() -> None:
    lines = [line(1, placed=1), line(1, placed=2)]

    assert who(passes(pool(1, lines=lines, said_short={1: 1, 2: 1}, incomplete={1}))) == [(2, [1])]
    assert passes(pool(1, lines=lines, said_short={1: 1, 2: 1}, incomplete={1, 2})) == []


def test_an_order_of_which_nobody_can_say_whether_it_is_complete_is_served_in_its_turn() -> None:
    lines = [line(5, placed=1), line(3, placed=2)]

    assert passes(pool(3, lines=lines, undecided={1})) == []
    assert passes(pool(3, lines=lines, undecided={2})) == []


def test_what_is_committed_to_no_order_neither_waits_nor_goes_first() -> None:
    reserved = line(5, placed=1)._replace(reserved_by="a draft order")

    assert passes(pool(3, lines=[reserved, line(3, placed=2)])) == []
    assert passes(pool(3, lines=[line(5, placed=1), reserved._replace(quantity=3, order_id=2)])) == []


def test_an_order_that_wants_more_than_it_did_loses_the_turn_it_took() -> None:
    found = {2: passes(pool(3))[0].moved}
    more = [line(5, placed=1), line(4, placed=2)]

    assert [one.order_id for one in longest_waiting_first(in_turn(more, found))] == [1, 2]
    assert [one.order_id for one in longest_waiting_first(in_turn(LINES, found))] == [2, 1, 3]


def test_orders_that_take_one_turn_keep_their_order() -> None:
    lines = [line(5, placed=1), line(1, placed=2), line(1, placed=3), line(9, placed=4)]
    found = passes(pool(2, lines=lines, said_short=ALL_SHORT | {2: 1}))

    queue = longest_waiting_first(in_turn(lines, {one.order_id: one.moved for one in found}))

    assert [one.order_id for one in queue] == [2, 3, 1, 4]


@dataclass
class World:
    """A pool through time: what comes goes by the policy, complete orders ship at once."""

    lines: list[Allocatable]
    most: int
    units: int = 0
    turns: dict[int, Pass] = field(default_factory=dict)
    let: Counter[int] = field(default_factory=Counter)
    short: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing is there yet."""
        self.short = {one.order_id: one.quantity for one in self.lines}

    @property
    def queue(self) -> list[Allocatable]:
        """Its lines, in the turns that they took."""
        return in_turn(self.lines, {number: one.moved for number, one in self.turns.items()})

    def restock(self, units: int) -> None:
        """Units come, are given out, and whatever is complete is shipped."""
        self.units += units
        for one in passes(
            Restocked(
                self.queue,
                self.units,
                0,
                self.short,
                {one.order_id: self.most - self.let[one.order_id] for one in self.lines},
            )
        ):
            self.turns[one.order_id] = one
            self.let.update(line.order_id for line in one.over)
        before = dict(self.short)
        served = allocate(self.queue, on_hand=self.units)
        self.short = {one.line.order_id: one.short for one in served}
        assert all(self.short[order_id] <= units for order_id, units in before.items())
        assert sum(one.line.quantity - one.short for one in served) == min(
            self.units, sum(one.line.quantity for one in served)
        )
        shipped = {order_id for order_id, short in self.short.items() if not short}
        self.units -= sum(one.quantity for one in self.lines if one.order_id in shipped)
        self.lines = [one for one in self.lines if one.order_id not in shipped]
        self.short = {one.order_id: self.short[one.order_id] for one in self.lines}

    def order(self, quantity: int, *, order: int) -> None:
        """A newer order, the last of the queue."""
        self.lines.append(line(quantity, placed=order, priority=-1))
        self.short[order] = allocate(self.queue, on_hand=self.units)[-1].short


@given(
    lines_of_a_pool,
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 2)), max_size=30),
)
def test_no_order_starves_however_many_smaller_ones_come(
    lines: list[Allocatable], most: int, days: list[tuple[int, int]]
) -> None:
    """Each lets at most so many go first, units that somebody has are never taken, none lies idle, and
    of what comes the first of the queue has had all but what those took."""
    world = World(lines, most)
    first = longest_waiting_first(lines)[:1]
    came = taken = 0
    for number, (units, quantity) in enumerate(days, start=100):
        world.order(quantity, order=number)
        before = dict(world.turns)
        world.restock(units)
        came += units
        taken += sum(
            one.units
            for order_id, one in world.turns.items()
            if order_id not in before and first and first[0] in one.over
        )
        assert all(count <= most for count in world.let.values())
        for one in first:
            has = one.quantity - world.short.get(one.order_id, 0)
            assert has >= min(one.quantity, came - taken)
