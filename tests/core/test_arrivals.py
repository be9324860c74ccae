"""Goods that several sources tell of count once."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from app.core.arrivals import Reported, count_once
from tests.builders import LOCATION, day

ORDER, SHIPMENT = 1, 2
"""How near a purchase order and a shipment are to the goods."""


def told(
    quantity: int,
    *,
    number: int,
    received: int = 0,
    rank: int = ORDER,
    reference: str = "PO-17",
    at: int = LOCATION,
    on: str = "2026-12-05",
    is_over: bool = False,
) -> Reported:
    """An arrival as one source tells it."""
    return Reported(number, at, quantity, received, day(on), reference, rank, is_over)


def test_what_one_source_tells_counts_as_it_is_told() -> None:
    first, second = told(100, number=1, received=30), told(50, number=2, on="2026-12-20")

    assert count_once([first, second]) == {1: 70, 2: 50}


def test_a_shipment_takes_its_units_out_of_the_order_of_that_reference() -> None:
    order, shipment = told(100, number=1), told(60, number=2, rank=SHIPMENT, reference="#po-17 ")

    assert count_once([order, shipment]) == {1: 40, 2: 60}


def test_arrivals_without_a_reference_have_nothing_in_common() -> None:
    order, shipment = told(100, number=1, reference=""), told(60, number=2, rank=SHIPMENT, reference="")

    assert count_once([order, shipment]) == {1: 100, 2: 60}


def test_a_shipment_that_has_landed_is_not_expected_of_the_order_again() -> None:
    shipment = told(60, number=2, received=60, rank=SHIPMENT, is_over=True)

    assert count_once([told(100, number=1), shipment]) == {1: 40, 2: 0}
    booked_in_twice = told(100, number=1, received=60)
    assert count_once([booked_in_twice, shipment]) == {1: 40, 2: 0}


def test_what_landed_of_the_order_before_is_not_what_the_shipment_brings() -> None:
    order, shipment = told(100, number=1, received=40), told(60, number=2, rank=SHIPMENT)

    assert count_once([order, shipment]) == {1: 0, 2: 60}


def test_the_units_of_a_shipment_come_off_the_order_at_the_same_place_first() -> None:
    here, there = told(50, number=1), told(50, number=2, at=42)
    shipments = [
        told(10, number=3, rank=SHIPMENT, on="2026-12-01"),
        told(30, number=4, rank=SHIPMENT, at=42),
    ]

    assert count_once([here, there, *shipments]) == {1: 40, 2: 20, 3: 10, 4: 30}


def test_a_shipment_rerouted_elsewhere_still_carries_the_order_s_units() -> None:
    order, shipment = told(50, number=1), told(50, number=2, at=42, rank=SHIPMENT)

    assert count_once([order, shipment]) == {1: 0, 2: 50}


def test_the_order_s_soonest_units_are_the_ones_on_their_way() -> None:
    soon, late = told(30, number=1, on="2026-12-01"), told(30, number=2, on="2026-12-20")
    shipment = told(40, number=3, rank=SHIPMENT)

    assert count_once([late, soon, shipment]) == {1: 0, 2: 20, 3: 40}


ARRIVALS = st.lists(
    st.builds(
        Reported,
        st.integers(1, 10**6),
        st.sampled_from([41, 42]),
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from([day("2026-12-01"), day("2026-12-05")]),
        st.sampled_from(["PO-1", "PO-2", ""]),
        st.integers(0, 2),
        st.booleans(),
    ),
    unique_by=lambda each: each.arrival_id,
    max_size=8,
)


@given(ARRIVALS)
def test_no_unit_is_counted_that_its_source_does_not_expect(arrivals: list[Reported]) -> None:
    counted = count_once(arrivals)

    assert counted.keys() == {each.arrival_id for each in arrivals}
    assert all(0 <= counted[each.arrival_id] <= each.open for each in arrivals)


@given(ARRIVALS, st.randoms())
def test_the_order_in_which_they_are_told_does_not_matter(
    arrivals: list[Reported], random: Random
) -> None:
    shuffled = arrivals.copy()
    random.shuffle(shuffled)

    assert count_once(shuffled) == count_once(arrivals)


@given(ARRIVALS)
def test_of_one_reference_no_more_comes_than_the_source_that_knows_of_most(
    arrivals: list[Reported],
) -> None:
    counted = count_once(arrivals)

    for reference in ("PO-1", "PO-2"):
        group = [each for each in arrivals if each.reference == reference]
        told_by_rank = Counter[int]()
        for each in group:
            told_by_rank[each.rank] += each.quantity
        total = sum(counted[each.arrival_id] for each in group)
        assert total <= max(told_by_rank.values(), default=0)


@given(ARRIVALS)
def test_the_nearest_source_counts_whole(arrivals: list[Reported]) -> None:
    counted = count_once(arrivals)

    nearest = {
        reference: max(each.rank for each in arrivals if each.reference == reference)
        for reference in {each.reference for each in arrivals}
    }
    for each in arrivals:
        if not each.reference or each.rank == nearest[each.reference]:
            assert counted[each.arrival_id] == each.open
