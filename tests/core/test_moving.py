"""What of an order that waits may ship from another location."""

from app.core.holds import HANDLE, Hold, ItemLocation, Lift, Part, PartLine
from app.core.moving import Move, Waiting, first_served, next_moves, stuck_places

MAIN, ANNEX, ATTIC = 1, 2, 3
MUG, TOWEL = 31, 32
SHORT = {ItemLocation(MUG, MAIN): 2}


def part(units: int = 5, *, number: int = 50, item: int = MUG, **state: object) -> Part:
    """A part of an order at Main."""
    values = {"is_open": True, "is_over": False, "holds": ()} | state
    return Part(number, MAIN, lines=[PartLine(7, item, units, units)], **values)  # type: ignore[arg-type]


def moved(free: dict[ItemLocation, int], *parts: Part, **known: object) -> list[Move | Lift]:
    values: dict[str, object] = {"settled": ()} | known
    return next_moves(SHORT, parts or [part()], free, **values)  # type: ignore[arg-type]


def test_the_short_units_go_to_where_they_are_free_and_no_more() -> None:
    assert moved({ItemLocation(MUG, ANNEX): 2}) == [Move(50, MUG, MAIN, ANNEX, {7: 2})]


def test_the_location_that_has_most_is_taken() -> None:
    (move,) = moved({ItemLocation(MUG, ANNEX): 2, ItemLocation(MUG, ATTIC): 9})

    assert isinstance(move, Move)
    assert move.to_id == ATTIC


def test_nothing_goes_where_not_all_of_it_is_free() -> None:
    """Nor where another item is, nor where it is already."""
    assert moved({ItemLocation(MUG, ANNEX): 1}) == []
    assert moved({ItemLocation(TOWEL, ANNEX): 9}) == []
    assert moved({ItemLocation(MUG, MAIN): 9}) == []


def test_units_are_given_to_one_item_only_once() -> None:
    short = {ItemLocation(MUG, MAIN): 2, ItemLocation(MUG, ATTIC): 2}
    parts = [part(), Part(51, ATTIC, is_open=True, is_over=False, lines=[PartLine(8, MUG, 2, 2)])]

    found = next_moves(short, parts, {ItemLocation(MUG, ANNEX): 3}, settled=())

    assert [one.part_id for one in found] == [50]


def test_what_is_on_hold_by_us_alone_is_let_go_first() -> None:
    ours = Hold(90, HANDLE, is_ours=True)
    held = part(2, is_open=False, holds=[ours])

    assert moved({ItemLocation(MUG, ANNEX): 2}, held) == [Lift(50, 90)]


def test_a_hold_on_two_items_that_wait_is_let_go_once() -> None:
    """A second release of it would be refused, and look as if somebody else had been sooner."""
    short = {ItemLocation(MUG, MAIN): 2, ItemLocation(TOWEL, MAIN): 1}
    lines = [PartLine(7, MUG, 2, 2), PartLine(8, TOWEL, 1, 1)]
    ours = Hold(90, HANDLE, is_ours=True)
    held = Part(50, MAIN, is_open=False, is_over=False, lines=lines, holds=[ours])

    found = next_moves(
        short, [held], {ItemLocation(MUG, ANNEX): 2, ItemLocation(TOWEL, ANNEX): 1}, settled=()
    )

    assert found == [Lift(50, 90)]


def test_what_others_hold_or_pack_stays() -> None:
    theirs = Hold(91, "vip", is_ours=False)
    ours = Hold(90, HANDLE, is_ours=True)
    free = {ItemLocation(MUG, ANNEX): 2}

    assert moved(free, part(is_open=False, holds=[theirs])) == []
    assert moved(free, part(is_open=False, holds=[ours, theirs])) == []
    assert moved(free, part(is_open=False)) == []


def test_nothing_is_moved_from_a_place_where_somebody_wants_it() -> None:
    assert moved({ItemLocation(MUG, ANNEX): 2}, settled=[ItemLocation(MUG, MAIN)]) == []


def test_as_many_are_looked_at_as_what_is_free_serves() -> None:
    waiting = [Waiting(order_id, ItemLocation(MUG, MAIN), 2) for order_id in (1, 2, 3)]

    assert first_served(waiting, {ItemLocation(MUG, ANNEX): 4, ItemLocation(MUG, MAIN): 9}) == [1, 2]
    assert first_served(waiting, {ItemLocation(MUG, ANNEX): 1}) == []


def test_one_that_wants_more_than_there_is_keeps_nobody_from_it() -> None:
    waiting = [Waiting(1, ItemLocation(MUG, MAIN), 5), Waiting(2, ItemLocation(MUG, MAIN), 1)]

    assert first_served(waiting, {ItemLocation(MUG, ANNEX): 2}) == [2]


def test_what_would_move_and_is_packed_or_held_by_others_is_stuck() -> None:
    free = {ItemLocation(MUG, ANNEX): 2}

    assert stuck_places(SHORT, [part(is_open=False)], free, settled=()) == SHORT
    assert stuck_places(SHORT, None, free, settled=()) == SHORT
    assert stuck_places(SHORT, [part()], free, settled=()) == {}
    assert stuck_places(SHORT, [part(is_open=False)], {}, settled=()) == {}
    assert stuck_places(SHORT, [part(is_open=False)], free, settled=SHORT) == {}


def test_what_no_part_has_is_not_stuck() -> None:
    """It was moved, or taken out of the order, or an edit added it a moment ago."""
    assert stuck_places(SHORT, [part(1)], {ItemLocation(MUG, ANNEX): 2}, settled=()) == {}
    assert stuck_places(SHORT, [], {ItemLocation(MUG, ANNEX): 2}, settled=()) == {}
