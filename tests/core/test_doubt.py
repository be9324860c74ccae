"""What holds of orders whichever of them the platform does not count yet."""

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.doubt import Bounds, hanging_on_claims, in_doubt, youngest
from app.core.model import Allocatable
from tests.builders import line

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=6)


def short_in(lines: list[Allocatable], out: dict[int, int], supply: int) -> dict[int, int]:
    """Units short by order, if so many units of each are not counted."""
    left = [one._replace(quantity=one.quantity - out.get(one.order_id, 0)) for one in lines]
    told = allocate([one for one in left if one.quantity], on_hand=supply)
    return dict.fromkeys((one.order_id for one in lines), 0) | {
        each.line.order_id: each.short for each in told
    }


@given(SIZES, st.integers(0, 12), st.integers(1, 8))
def test_what_is_not_in_doubt_holds_whichever_orders_are_not_committed(
    sizes: list[int], supply: int, excess: int
) -> None:
    """Every world in which whole orders, of so many units together, commit nothing."""
    queue = [line(size, placed=number + 1) for number, size in enumerate(sizes)]
    worlds = [
        {one.order_id: one.quantity for one in out}
        for count in range(len(queue) + 1)
        for out in combinations(queue, count)
        if sum(one.quantity for one in out) == excess
    ]

    doubtful = in_doubt(queue, supply=supply, owed_before=0, excess=excess)

    told = short_in(queue, youngest(queue, excess), supply)
    for out in worlds:
        for order_id, units in short_in(queue, out, supply).items():
            if order_id in doubtful:
                assert doubtful[order_id].least <= units <= doubtful[order_id].most
            else:
                assert units == told[order_id]


@given(
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=4),
    st.integers(0, 12),
    st.integers(1, 8),
)
def test_what_is_said_of_orders_in_doubt_is_so_in_one_world_at_least(
    sold: list[tuple[int, bool]], supply: int, excess: int
) -> None:
    """Any of the units that selling plans sold may be those that are not counted."""
    queue = [
        line(size, placed=number + 1)._replace(planned=size if by_plan else 0)
        for number, (size, by_plan) in enumerate(sold)
    ]
    choices = product(*(range(one.planned + 1) for one in queue))
    worlds = [
        {one.order_id: few for one, few in zip(queue, choice, strict=True)}
        for choice in choices
        if sum(choice) == excess
    ]
    if not worlds:
        return

    doubtful = in_doubt(queue, supply=supply, owed_before=0, excess=excess)

    assert youngest(queue, excess) in [{k: n for k, n in out.items() if n} for out in worlds]
    for one in queue:
        units = {short_in(queue, out, supply)[one.order_id] for out in worlds}
        bounds = doubtful.get(one.order_id, Bounds(min(units), min(units)))
        assert (min(units), max(units)) == bounds


def test_units_that_may_not_ship_yet_are_left_out_before_others_that_a_plan_sold() -> None:
    released = line(3, placed=1)._replace(planned=3)
    held = line(3, placed=2)._replace(planned=3, later=3)

    assert in_doubt([released, held], supply=2, owed_before=0, excess=3) == {}
    assert youngest([released, held], 3) == {held.order_id: 3}


@given(SIZES, st.integers(1, 4), st.integers(0, 12))
def test_whoever_hangs_on_no_claim_is_short_of_as_many_wherever_it_stands(
    sizes: list[int], reserved: int, supply: int
) -> None:
    orders = [line(size, placed=2 * number + 2) for number, size in enumerate(sizes)]

    def with_claim(place: int) -> list[Allocatable]:
        return [*orders, line(reserved, placed=2 * place + 1)._replace(reserved_by="draft order #D1")]

    hanging = hanging_on_claims(with_claim(0), supply=supply)

    told = [short_in(with_claim(place), {}, supply) for place in range(len(sizes) + 1)]
    assert {
        one.order_id for one in orders if len({short[one.order_id] for short in told}) > 1
    } == hanging.keys()
    assert all(units == told[0][order_id] for order_id, units in hanging.items())
