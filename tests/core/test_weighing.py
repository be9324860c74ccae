"""What may be said of lines, by figures that bound what is there."""

from datetime import UTC, datetime, timedelta

from app.core.books import Demand
from app.core.doubt import Bounds
from app.core.endings import LastKnownShort
from app.core.freshness import Supply
from app.core.model import Allocatable, Allocation, Basis, Promise
from app.core.weighing import Context, Settlement, sighting, weigh_lines

NOW = datetime(2026, 11, 25, 9, 0, 0, tzinfo=UTC)
HERE = 1
NOBODY = Context({}, {}, set())


def line(order_id: int, quantity: int = 1) -> Allocatable:
    """A line, in the order of the numbers."""
    return Allocatable(order_id, 7, HERE, quantity, NOW + timedelta(seconds=order_id))


def short(order_id: int, units: int, quantity: int = 1) -> tuple[Promise, str]:
    """A line that is short even if the figures are as good as they may be."""
    return Promise(line(order_id, quantity), units, None, Basis.UNKNOWN), "words"


def test_who_is_short_at_both_bounds_is_said_to_be() -> None:
    found = weigh_lines(Demand([line(1)]), [short(1, 1)], {(1, HERE): 1}, NOBODY)

    assert ([one.short for one, _ in found.made], found.held, found.unsure) == ([1], {}, set())


def test_who_may_be_served_keeps_what_stands_and_is_unsure() -> None:
    standing = Context({(1, HERE): 1}, {}, set())

    found = weigh_lines(Demand([line(1)]), [], {(1, HERE): 1}, standing)

    assert (found.held, found.unsure) == ({(1, HERE): 1}, {1})


def test_a_line_that_is_short_whatever_figures_show_may_be_short_of_more_than_is_said() -> None:
    books = Demand([line(1, 6)])

    loose = weigh_lines(books, [short(1, 2, 6)], {(1, HERE): 6}, NOBODY)
    exact = weigh_lines(books, [short(1, 6, 6)], {(1, HERE): 6}, NOBODY)

    assert (loose.unsure, loose.is_exact) == (set(), False)
    assert (exact.unsure, exact.is_exact) == (set(), True)


def test_more_than_can_be_short_does_not_stand() -> None:
    standing = Context({(1, HERE): 3}, {}, set())

    found = weigh_lines(Demand([line(1, 1)]), [], {(1, HERE): 1}, standing)

    assert found.held == {(1, HERE): 1}


def test_an_order_that_figures_may_not_show_is_not_called_short_yet() -> None:
    unshown = Context({}, {HERE: {1}}, set())

    found = weigh_lines(Demand([line(1)]), [short(1, 1)], {(1, HERE): 1}, unshown)

    assert (found.made, found.held, found.unsure) == ([], {}, {1})


def test_one_that_shows_already_that_it_waits_is() -> None:
    showing = Context({}, {HERE: {1}}, {1})

    found = weigh_lines(Demand([line(1)]), [short(1, 1)], {(1, HERE): 1}, showing)

    assert len(found.made) == 1


def test_of_undecided_lines_what_stands_stays() -> None:
    undecided = Context({(1, HERE): 2}, {}, set(), dict.fromkeys([(1, HERE), (2, HERE)], Bounds(0, 2)))

    found = weigh_lines(Demand([line(1, 2), line(2)]), [short(2, 1)], {}, undecided)

    assert (found.made, found.held, found.unsure) == ([], {(1, HERE): 2}, set())


def test_an_undecided_line_that_is_short_at_the_least_is_said_to_be() -> None:
    undecided = Context(
        {(2, HERE): 2, (3, HERE): 4}, {}, set(), {(n, HERE): Bounds(1, 3) for n in (1, 2, 3)}
    )
    made = [short(number, 1, 4) for number in (1, 2, 3)]

    found = weigh_lines(Demand([line(1, 4), line(2, 4), line(3, 4)]), made, {}, undecided)

    assert found.made == [made[0], made[2]]
    assert found.held == {(2, HERE): 2}


def test_how_lines_stand_is_kept_of_those_that_are_short_for_sure() -> None:
    decided = {
        HERE: [
            (Allocation(line(1), 0, (), 0, 0), Promise(line(1), 0, None, Basis.ON_HAND)),
            (Allocation(line(2, 3), 2, (), 2, 1), short(2, 2, 3)[0]),
        ]
    }

    seen = sighting(decided, Settlement([short(2, 2, 3)], {}, set()), {HERE: Supply(1, 2)})

    assert seen.short == {(2, HERE): LastKnownShort(2, 1, 3)}
    assert seen.least == {HERE: 1}
