"""What a distribution of days says of a day ahead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.habit import Habit, Weighed, distribution

cases = st.lists(
    st.builds(Weighed, st.integers(0, 60), st.floats(0.1, 2), st.booleans()), min_size=5, max_size=40
).filter(lambda each: not all(case.is_open for case in each))


def habit(given_cases: list[Weighed]) -> Habit:
    """The habit that these cases make."""
    return Habit("supplier Acme", len(given_cases), *distribution(given_cases))


def test_the_weight_of_an_open_case_goes_to_those_that_took_longer() -> None:
    """Two of four took longer than the open one's five days: each gets half of its weight."""
    closed = [Weighed(1, 1), Weighed(10, 1), Weighed(20, 1)]

    days, reach, _ = distribution([*closed, Weighed(5, 1, is_open=True)])

    assert days == (1, 10, 20)
    assert reach == pytest.approx((1, 2.5, 4))


def test_an_open_case_longer_than_all_others_is_expected_at_twice_the_longest() -> None:
    days, reach, guessed = distribution([Weighed(4, 1), Weighed(5, 1, is_open=True)])

    assert days == (4, 8)
    assert reach == pytest.approx((1, 2))
    assert guessed == pytest.approx(1)


def test_of_what_outlasts_every_case_half_is_thought_to_last_twice_as_long() -> None:
    """Taken for hopeless, two deliveries that were late as none before were called certain to break
    promises that they kept."""
    known = habit([*[Weighed(1, 1)] * 9, Weighed(49, 1, is_open=True)])

    assert known.chance_after(99, passed=49) == pytest.approx(0.5)
    assert known.chance_after(59, passed=49) == pytest.approx(50 / 60)
    assert known.chance_after(99, passed=150) == 1


def test_a_case_longer_than_all_others_is_no_certain_breach_of_a_promise_far_off() -> None:
    known = habit([Weighed(day, 1) for day in range(10)])

    assert known.chance_after(39, passed=19) == pytest.approx(0.5)


@given(cases)
def test_no_weight_is_lost(each: list[Weighed]) -> None:
    assert distribution(each)[1][-1] == pytest.approx(sum(case.weight for case in each))


@given(cases, st.integers(0, 80), st.integers(0, 40))
def test_a_chance_is_one_that_falls_with_the_days_and_grows_with_the_wait(
    each: list[Weighed], days: int, passed: int
) -> None:
    known = habit(each)

    assert 0 <= known.chance_after(days + 1) <= known.chance_after(days) <= 1
    assert known.chance_after(days) <= known.chance_after(days, passed=min(passed, days)) + 1e-9


@given(cases)
def test_the_day_within_which_nine_of_ten_come_is_missed_by_one_of_ten(each: list[Weighed]) -> None:
    known = habit(each)

    day = known.within(0.9)

    assert known.chance_after(day) <= 0.1 + 1e-9 or day == known.days[-1]
