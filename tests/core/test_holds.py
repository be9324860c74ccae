"""What to hold of an order that is shipped in parts, step by step."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.holds import (
    HANDLE,
    SECOND_HANDLE,
    Hold,
    HoldState,
    ItemLocation,
    Lift,
    Part,
    PartLine,
    Policy,
    Put,
    TagRule,
    fate_of,
    is_same_day,
    next_steps,
    policy_of,
    wanted,
    without,
)

MUG, TOWEL, MAIN = 1, 2, 7
DEC_5, DEC_25 = date(2026, 12, 5), date(2026, 12, 25)


def part(*lines: tuple[int, int], number: int = 10, holds: tuple[Hold, ...] = ()) -> Part:
    """An open part of (item, units) lines; on hold if it has holds."""
    found = [PartLine(100 + item, item, units, units) for item, units in lines]
    return Part(number, MAIN, not holds, is_over=False, lines=found, holds=holds)


def ours(number: int = 1, handle: str = HANDLE) -> Hold:
    return Hold(number, handle, is_ours=True)


def steps(want: dict[int, int], *parts: Part, until: date | None = None, said: date | None = None):  # type: ignore[no-untyped-def]
    """The next steps at one location, where every hold of ours says the same."""
    numbers = [hold.hold_id for one in parts for hold in one.holds if hold.is_ours]
    return next_steps(
        {ItemLocation(item, MAIN): units for item, units in want.items()},
        parts,
        until={MAIN: until},
        said=dict.fromkeys(numbers, said),
    )


def test_some_units_of_a_part_are_held_by_name() -> None:
    (put,) = steps({MUG: 2}, part((MUG, 5), (TOWEL, 1)))

    assert (put.part_id, put.handle, put.lines) == (10, HANDLE, {101: 2})


def test_a_part_that_is_short_of_everything_is_held_as_it_is() -> None:
    (put,) = steps({MUG: 5}, part((MUG, 5)))

    assert put.lines == {}


def test_nothing_is_done_where_what_is_short_is_held() -> None:
    assert steps({MUG: 2}, part((MUG, 2), holds=(ours(),)), part((MUG, 3), number=11)) == []


def test_what_is_held_and_not_short_any_more_is_let_go() -> None:
    assert steps({}, part((MUG, 2), holds=(ours(4),))) == [Lift(10, 4)]


def test_a_part_of_whose_units_nothing_is_known_any_more_is_let_go() -> None:
    """Their product was deleted. What waits beside it stays on hold."""
    nameless, waiting = part(holds=(ours(1),)), part((MUG, 1), number=11, holds=(ours(2),))

    assert steps({MUG: 1}, nameless, waiting) == [Lift(10, 1)]
    assert steps({}, nameless, until=DEC_5) == [Lift(10, 1)]


def test_what_is_held_too_much_is_let_go_before_the_rest_is_held_again() -> None:
    assert steps({MUG: 1}, part((MUG, 2), holds=(ours(4),))) == [Lift(10, 4)]


def test_of_two_held_parts_the_one_that_was_served_is_let_go() -> None:
    mugs, towels = part((MUG, 2), holds=(ours(4),)), part((TOWEL, 1), number=11, holds=(ours(5),))

    assert steps({TOWEL: 1}, mugs, towels) == [Lift(10, 4)]


def test_more_that_is_short_is_held_beside_what_is_held() -> None:
    (put,) = steps({MUG: 3}, part((MUG, 2), holds=(ours(),)), part((MUG, 4), number=11))

    assert (put.part_id, put.lines) == (11, {101: 1})


def test_another_day_is_said_by_a_second_hold_before_the_first_goes() -> None:
    held = part((MUG, 2), holds=(ours(4),))
    (put,) = steps({MUG: 2}, held, until=DEC_25, said=DEC_5)
    both = replace(held, holds=(ours(4), ours(5, put.handle)))

    then = next_steps(
        {ItemLocation(MUG, MAIN): 2}, [both], until={MAIN: DEC_25}, said={4: DEC_5, 5: DEC_25}
    )

    assert (put.handle, put.lines, put.until) == (SECOND_HANDLE, {}, DEC_25)
    assert then == [Lift(10, 4)]


def test_what_others_hold_is_left_alone() -> None:
    theirs = Hold(9, HANDLE, is_ours=False)

    assert steps({MUG: 2}, part((MUG, 5), holds=(theirs,))) == []
    assert steps({}, part((MUG, 5), holds=(theirs, Hold(8, "by hand", is_ours=True)))) == []


@pytest.mark.parametrize(
    ("policy", "held"), [(Policy.OFF, {}), (Policy.SHORT, {1: 2}), (Policy.ORDER, {1: 5, 2: 1})]
)
def test_the_merchant_says_what_is_held(policy: Policy, held: dict[int, int]) -> None:
    outstanding = {ItemLocation(MUG, MAIN): 5, ItemLocation(TOWEL, MAIN): 1}

    want = wanted(policy, {ItemLocation(MUG, MAIN): 2}, outstanding)

    assert {place.item_id: units for place, units in want.items()} == held


@pytest.mark.parametrize("policy", Policy)
def test_an_order_that_waits_for_nothing_is_never_held(policy: Policy) -> None:
    assert wanted(policy, {ItemLocation(MUG, MAIN): 0}, {ItemLocation(MUG, MAIN): 5}) == {}


@pytest.mark.parametrize(
    ("tags", "policy"),
    [
        ([], Policy.SHORT),
        (["Wholesale"], Policy.ORDER),
        (["rush", "wholesale"], Policy.OFF),
        (["wholesaler"], Policy.SHORT),
    ],
)
def test_the_first_rule_whose_tag_an_order_carries_says_what_is_held(
    tags: list[str], policy: Policy
) -> None:
    rules = [TagRule("rush", Policy.OFF), TagRule("wholesale", Policy.ORDER)]

    assert policy_of(tags, rules, otherwise=Policy.SHORT) is policy


def test_what_somebody_let_go_is_wanted_no_more() -> None:
    want = {ItemLocation(MUG, MAIN): 2, ItemLocation(TOWEL, MAIN): 1}

    assert without(want, {ItemLocation(MUG, MAIN)}) == {ItemLocation(TOWEL, MAIN): 1}


@pytest.mark.parametrize(
    ("now", "fate"),
    [
        (None, HoldState.GONE),
        (part((MUG, 2)), HoldState.LIFTED),
        (replace(part(), is_over=True, lines=[PartLine(1, MUG, 0, 2)]), HoldState.SHIPPED),
        (replace(part(), is_over=True), HoldState.GONE),
    ],
)
def test_what_became_of_a_hold_is_told_by_its_part(now: Part | None, fate: HoldState) -> None:
    assert fate_of(now) is fate


@pytest.mark.parametrize(
    ("said", "now", "is_same"),
    [
        (None, None, True),
        (DEC_5, None, False),
        (None, DEC_5, False),
        (DEC_5, date(2026, 12, 6), True),
        (DEC_5, date(2026, 12, 7), False),
    ],
)
def test_a_day_that_moves_a_little_is_the_same(
    said: date | None, now: date | None, is_same: bool
) -> None:
    assert is_same_day(said, now, quiet_days=2) is is_same


UNITS = st.dictionaries(st.sampled_from([MUG, TOWEL]), st.integers(1, 5), min_size=1)


@given(st.lists(UNITS, min_size=1, max_size=3), UNITS, st.booleans())
def test_the_steps_end_with_exactly_what_is_short_on_hold(
    orders: list[dict[int, int]], short: dict[int, int], are_held: bool
) -> None:
    """Whatever the parts, and whether they were all held before: as many units as there are."""
    parts = [
        part(*lines.items(), number=10 + n, holds=(ours(n),) if are_held else ())
        for n, lines in enumerate(orders)
    ]
    there = sum((one.units for one in parts), Counter[ItemLocation]())
    want = Counter({ItemLocation(item, MAIN): units for item, units in short.items()}) & there

    for _ in range(6):
        todo = steps({place.item_id: units for place, units in want.items()}, *parts)
        parts = [after for one in parts for after in play(one, todo)]

    assert todo == []
    assert sum((one.units for one in parts if one.ours), Counter[ItemLocation]()) == want


def play(before: Part, todo: list[Put | Lift]) -> list[Part]:
    """What the platform makes of a part: a hold on some units splits it; those held keep its number."""
    for step in todo:
        if step.part_id != before.part_id:
            continue
        if isinstance(step, Lift):
            before = replace(before, holds=(), is_open=True)
            continue
        named = step.lines or {line.line_id: line.remaining for line in before.lines}
        held = [
            line._replace(remaining=named[line.line_id])
            for line in before.lines
            if line.line_id in named
        ]
        rest = [
            line._replace(remaining=line.remaining - named.get(line.line_id, 0)) for line in before.lines
        ]
        free = replace(
            before, part_id=before.part_id + 1000, lines=[one for one in rest if one.remaining]
        )
        return [replace(before, lines=held, holds=(ours(),), is_open=False), free]
    return [before]


HOLDS = st.lists(
    st.builds(
        Hold,
        st.integers(1, 99),
        st.sampled_from([HANDLE, SECOND_HANDLE, "warehouse", ""]),
        is_ours=st.booleans(),
    ),
    max_size=3,
    unique_by=lambda hold: hold.hold_id,
)


@given(UNITS, st.lists(st.tuples(UNITS, HOLDS), max_size=3), st.booleans(), st.booleans())
def test_nobody_elses_hold_is_ever_lifted_or_split(
    short: dict[int, int],
    found: list[tuple[dict[int, int], list[Hold]]],
    is_said: bool,
    is_dated: bool,
) -> None:
    """Whatever is short and whoever holds what: we lift what we placed under a name of ours, and no
    units are named of a part that somebody holds, for that would split it."""
    parts = [
        part(*lines.items(), number=10 + n, holds=tuple(holds)) for n, (lines, holds) in enumerate(found)
    ]
    until = DEC_5 if is_dated else None

    todo = steps(short, *parts, until=until, said=until if is_said else DEC_25)

    by_id = {one.part_id: one for one in parts}
    for step in todo:
        holds = by_id[step.part_id].holds
        if isinstance(step, Lift):
            assert step.hold_id in {hold.hold_id for hold in by_id[step.part_id].ours}
        else:
            assert not holds or (by_id[step.part_id].ours and not step.lines)
