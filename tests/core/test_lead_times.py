"""What a shop's own deliveries teach."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.foresee import foresee
from app.core.habit import Habit
from app.core.lead_times import ENOUGH, Delivery, Experience
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


def test_nine_of_ten_cases_are_covered_and_newer_ones_count_more() -> None:
    assert known(*[0] * 17, 40, 40, 40).within(0.9) == 40
    assert known(40, 40, 40, *[0] * 37).within(0.9) == 0


def test_nothing_is_promised_before_the_suppliers_own_word() -> None:
    assert known(*[-3] * 12).within(0.9) == 0
    assert known(*[-3] * 12).chance_after(-4) > 0.9


def test_five_cases_of_an_item_do_not_leave_what_is_known_of_its_supplier() -> None:
    mine = [delivered(9, ago=7 * number, item=1) for number in range(1, 6)]
    theirs = [delivered(0, ago=number, item=2) for number in range(1, 41)]
    experience = Experience([*mine, *theirs], today=TODAY)

    item, other = experience.lateness(1, ACME), experience.lateness(2, ACME)

    assert item is not None
    assert other is not None
    assert item.whose == other.whose == "supplier Acme"
    assert item.cases == 45
    assert item.within(0.5) == other.within(0.5) == 0


def test_a_supplier_with_few_cases_borrows_from_the_shop() -> None:
    few = [delivered(0, ago=7 * number, item=3, supplier="New") for number in range(1, 4)]
    others = [delivered(9, ago=7 * number, item=4, supplier="Other") for number in range(1, 30)]

    habit = Experience([*few, *others], today=TODAY).lateness(3, "New")

    assert habit is not None
    assert (habit.whose, habit.is_of_shop) == ("this shop's supply", True)
    assert habit.within(0.9) == 9
    assert habit.chance_after(0) < Experience(others, today=TODAY).lateness(9, "None").chance_after(0)  # type: ignore[union-attr]


def test_where_nobody_named_a_supplier_the_item_itself_teaches() -> None:
    named = [delivered(2, ago=7 * number, item=1, supplier="") for number in range(1, 9)]

    habit = Experience(named, today=TODAY).lateness(1, "")

    assert habit is not None
    assert habit.whose == "this item"


def overdue(days_late: int, *, item: int = 1, supplier: str = ACME) -> Delivery:
    """Was due so many days ago and is not there."""
    due = days(-days_late)
    return Delivery(item, supplier, due - timedelta(days=20), due, None)


def test_what_is_overdue_and_open_makes_its_supplier_late() -> None:
    """Else a supplier looks best while it is at its worst: what is late teaches only once it came."""
    came = [delivered(0 if number % 4 else 30, ago=7 * number) for number in range(1, 30)]

    before = Experience(came, today=TODAY).lateness(1, ACME)
    after = Experience([*came, *[overdue(12)] * 8], today=TODAY).lateness(1, ACME)

    assert before is not None
    assert after is not None
    assert after.chance_after(12) > 1.3 * before.chance_after(12)


def test_one_that_came_after_today_is_open_today() -> None:
    came = [delivered(0, ago=7 * number) for number in range(1, 12)]
    late = delivered(20, ago=-8)
    known_today = Experience([*came, late], today=TODAY).lateness(1, ACME)

    assert known_today == Experience([*came, late._replace(received_on=None)], today=TODAY).lateness(
        1, ACME
    )


def test_what_is_not_due_yet_teaches_nothing_of_lateness() -> None:
    came = [delivered(0, ago=7 * number) for number in range(1, 12)]
    coming = Delivery(1, ACME, TODAY, days(20), None)

    assert Experience([*came, coming], today=TODAY).lateness(1, ACME) == Experience(
        came, today=TODAY
    ).lateness(1, ACME)


def test_what_comes_after_today_is_not_known_yet() -> None:
    assert (
        Experience([delivered(3, ago=-number) for number in range(1, 9)], today=TODAY).lateness(1, ACME)
        is None
    )


def test_a_supplier_that_grows_later_and_later_is_not_believed_to_be_as_it_was() -> None:
    """Late by one day more each delivery: nine of ten past ones were within 27 days, the next is not."""
    assert known(*range(30)).within(0.9) >= 29


def test_a_spell_of_bad_luck_is_no_trend() -> None:
    """The last three came late; everything before them says that most do not."""
    assert known(*[0] * 37, 9, 9, 9).within(0.5) == 0


def test_one_delivery_that_was_lost_for_months_moves_no_level() -> None:
    assert known(*[1, 2, 3] * 12, 150).within(0.8) == 3


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
    assert habit.at_least == 0
    assert Experience(untold, today=TODAY).lead_time(1, ACME) is None


def foreseen(arrival: Arrival, habit: Habit | None, today: date = TODAY) -> Arrival:
    """The arrival as it is foreseen."""
    return foresee([arrival], lambda supplier: habit, share=0.9, today=today)[0]


def test_an_arrival_is_expected_by_the_day_that_nine_of_ten_keep() -> None:
    habit = known(4, 0, 9, 2, 1, 5, 3, 8, 6)

    arrival = foreseen(Arrival(1, 5, days(10), ACME), habit)

    assert arrival.expected_on == days(19)
    assert arrival.because == (
        "supplier Acme is up to 9 days late in 9 of 10 cases, going by how things arrive now (9 cases)"
    )


def test_an_overdue_arrival_is_expected_again_by_the_cases_that_were_as_late() -> None:
    habit = Habit("this item", 14, (*[0] * 8, 10, 12, 14, 30, 31, 33), tuple(range(1, 15)))

    arrival = foreseen(Arrival(1, 5, days(-11), ACME), habit)

    assert arrival.expected_on == days(-11 + 33)
    assert arrival.because.startswith(
        "overdue, so a later date is used: this item is up to 33 days late"
    )


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


@pytest.mark.parametrize(("late", "words"), [(-2, "on time"), (0, "on time"), (1, "up to 1 day late")])
def test_the_basis_is_said_in_words(late: int, words: str) -> None:
    arrival = foreseen(Arrival(1, 5, days(10), ACME), known(*[late] * 14))

    assert arrival.because == (
        f"supplier Acme is {words} in 9 of 10 cases, going by how things arrive now (14 cases)"
    )


@given(cases, st.integers(-90, 60))
def test_nothing_is_foreseen_in_the_past(late: list[int], announced: int) -> None:
    assert foreseen(Arrival(1, 5, days(announced), ACME), known(*late)).expected_on >= TODAY
