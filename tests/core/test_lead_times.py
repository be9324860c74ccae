"""What a shop's own deliveries teach."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.foresee import foresee
from app.core.lead_times import ENOUGH, Delivery, Experience, Habit
from app.core.model import Arrival
from tests.builders import TODAY, days

ACME = "Acme"


def delivered(late: int, *, ago: int, item: int = 1, supplier: str = ACME, took: int = 20) -> Delivery:
    """Came so many days ago, so many days late, so many after it was ordered."""
    came = days(-ago)
    return Delivery(item, supplier, came - timedelta(days=took), came - timedelta(days=late), came)


def lateness(*late: int, item: int = 1, supplier: str = ACME) -> Habit | None:
    """The habit after these cases, one a week, the last a week ago."""
    count = len(late)
    cases = [delivered(each, ago=7 * (count - number)) for number, each in enumerate(late)]
    return Experience(cases, today=TODAY).lateness(item, supplier)


def known(*late: int) -> Habit:
    """As `lateness`, where something is known."""
    habit = lateness(*late)
    assert habit is not None
    return habit


def test_too_few_cases_teach_nothing() -> None:
    assert lateness(*[3] * (ENOUGH - 1)) is None
    assert lateness(*[3] * ENOUGH) is not None


def test_what_holds_in_nine_of_ten_cases_lies_between_the_last_two_of_nine() -> None:
    """At 0.9 (9 + 1/3) + 1/3 = 8.73: nearer to the ninth."""
    habit = known(4, 0, 9, 2, 1, 5, 3, 8, 6)

    assert habit.cases == 9
    assert habit.within(0.9) == 9
    assert habit.within(0.5) == 4


def test_of_nineteen_cases_the_worst_is_left_out() -> None:
    assert known(*[0] * 17, 1, 40).within(0.9) == 1


def test_early_suppliers_are_believed() -> None:
    assert known(*[-3] * 12).within(0.9) == -3


def test_one_lorry_is_one_case_however_many_items_it_held() -> None:
    lorry = [delivered(9, ago=7, item=number) for number in range(30)]
    others = [delivered(0, ago=7 * number) for number in range(2, 12)]

    habit = Experience([*lorry, *others], today=TODAY).lateness(99, ACME)

    assert habit is not None
    assert habit.cases == 11
    assert habit.within(0.5) == 0


def test_an_item_teaches_before_its_supplier_and_that_before_the_shop() -> None:
    mine = [delivered(1, ago=7 * number, item=1) for number in range(1, 6)]
    theirs = [delivered(5, ago=7 * number, item=2) for number in range(1, 8)]
    other = [delivered(9, ago=7 * number, item=3, supplier="Other") for number in range(1, 10)]
    experience = Experience([*mine, *theirs, *other], today=TODAY)

    whose = [experience.lateness(1, ACME), experience.lateness(7, ACME), experience.lateness(7, "New")]

    assert [habit.whose for habit in whose if habit] == [
        "this item", "supplier Acme", "this shop's supply",
    ]  # fmt: skip
    assert [habit.is_of_shop for habit in whose if habit] == [False, False, True]


def test_what_comes_after_today_is_not_known_yet() -> None:
    assert (
        Experience([delivered(3, ago=-number) for number in range(1, 9)], today=TODAY).lateness(1, ACME)
        is None
    )


def test_a_supplier_that_grows_later_and_later_is_not_believed_to_be_as_it_was() -> None:
    """Late by one day more each delivery: half of all cases were within 15 days, none of the next is."""
    assert known(*range(30)).within(0.5) >= 25


def seasonal(*, days_back: int) -> Habit:
    """Ordered every ten days, there after twenty: on time, but twelve days late if ordered in the half
    of the year that has just begun."""
    offsets = range(days_back, 20, -10)
    came = [
        delivered(12 if offset % 365 >= 195 or offset % 365 <= 10 else 0, ago=offset - 20)
        for offset in offsets
    ]
    habit = Experience(came, today=TODAY).lateness(1, ACME)
    assert habit is not None
    return habit


def test_the_same_weeks_of_the_year_before_tell_a_season() -> None:
    """All that came lately was on time, for it was ordered before the season began."""
    assert seasonal(days_back=190).within(0.9) == 0
    assert seasonal(days_back=720).within(0.5) == 12


def test_scatter_without_a_drift_is_left_as_it_is() -> None:
    random = Random(3)  # noqa: S311 -- the same cases every time
    late = [round(random.gauss(3, 2)) for _ in range(40)]

    assert known(*late).days == tuple(sorted(late))


cases = st.lists(st.integers(-5, 60), min_size=ENOUGH, max_size=30)


@given(cases, st.integers(0, 400))
def test_what_is_late_already_is_never_expected_in_the_past(late: list[int], passed: int) -> None:
    assert known(*late).within(0.9, passed=passed) >= passed


@given(cases, st.integers(0, 300))
def test_waiting_longer_never_makes_it_come_sooner(late: list[int], passed: int) -> None:
    habit = known(*late)

    assert habit.within(0.9, passed=passed) <= habit.within(0.9, passed=passed + 1)


@given(cases)
def test_a_more_cautious_promise_is_never_sooner(late: list[int]) -> None:
    habit = known(*late)

    assert habit.within(0.5) <= habit.within(0.8) <= habit.within(0.9)


def test_a_lead_time_is_counted_from_the_order_where_somebody_said_when_that_was() -> None:
    took = (4, 9, 2, 7, 1, 5, 3, 8, 6)
    told = [delivered(0, ago=7 * number, took=days) for number, days in enumerate(took)]
    untold = [each._replace(ordered_on=None) for each in told]

    habit = Experience(told, today=TODAY).lead_time(1, ACME)

    assert habit is not None
    assert (habit.within(0.9), habit.cases) == (9, 9)
    assert Experience(untold, today=TODAY).lead_time(1, ACME) is None


def foreseen(arrival: Arrival, habit: Habit | None, today: date = TODAY) -> Arrival:
    """The arrival as it is foreseen."""
    return foresee([arrival], lambda supplier: habit, share=0.9, today=today)[0]


def test_an_arrival_is_expected_by_the_day_that_nine_of_ten_keep() -> None:
    habit = known(4, 0, 9, 2, 1, 5, 3, 8, 6)

    arrival = foreseen(Arrival(1, 5, days(10), ACME), habit)

    assert arrival.expected_on == days(19)
    assert arrival.because == "this item was up to 9 days late in 9 of 10 cases (9 cases)"


def test_an_overdue_arrival_is_expected_again_by_the_cases_that_were_as_late() -> None:
    habit = Habit("this item", 14, (*[0] * 8, 10, 12, 14, 30, 31, 33), tuple(range(1, 15)))

    arrival = foreseen(Arrival(1, 5, days(-11), ACME), habit)

    assert arrival.expected_on == days(-11 + 33)
    assert arrival.because.startswith("late, expected again by then: this item was up to 33 days late")


def test_one_later_than_all_before_stands_until_its_day_has_passed() -> None:
    habit = known(*[0] * 8, 10)
    late = Arrival(1, 5, TODAY, ACME)

    said = {number: foreseen(late, habit, days(number)).expected_on for number in (11, 19, 20, 21)}

    assert said == {11: days(20), 19: days(20), 20: days(20), 21: days(40)}


def test_without_a_habit_the_word_of_the_supplier_stands() -> None:
    arrival = Arrival(1, 5, days(-3), ACME)

    assert foreseen(arrival, None) == arrival


def test_a_day_that_was_moved_counts_from_the_first_one_but_is_never_undercut() -> None:
    habit = known(*[6] * 12)

    kept = foreseen(Arrival(1, 5, days(12), ACME, days(2)), habit)
    moved_little = foreseen(Arrival(1, 5, days(3), ACME, days(2)), habit)

    assert (kept.expected_on, moved_little.expected_on) == (days(12), days(8))


@pytest.mark.parametrize(
    ("late", "words"), [(-2, "at least 2 days early"), (0, "on time"), (1, "up to 1 day late")]
)
def test_the_basis_is_said_in_words(late: int, words: str) -> None:
    arrival = foreseen(Arrival(1, 5, days(10), ACME), known(*[late] * 14))

    assert arrival.because == f"this item was {words} in 9 of 10 cases (14 cases)"


@given(cases, st.integers(-90, 60))
def test_nothing_is_foreseen_in_the_past(late: list[int], announced: int) -> None:
    assert foreseen(Arrival(1, 5, days(announced), ACME), known(*late)).expected_on >= TODAY
