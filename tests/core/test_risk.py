"""How likely it is that what was promised comes later."""

from collections.abc import Sequence
from datetime import date

import pytest

from app.core.decide import Decided, PoolState, decide
from app.core.foresee import foresee
from app.core.habit import Habit
from app.core.model import Arrival
from app.core.risk import chance_after, late_percents, latest_arrival
from app.core.steps import Step
from app.core.working_days import WorkingDays
from tests.builders import TODAY, days, line
from tests.core.test_steps import ready

# One in ten deliveries each, from on time to nine days late.
ACME = Habit("supplier Acme", 10, tuple(range(10)), tuple(range(1, 11)))
WEEKDAYS = WorkingDays(weekend={5, 6})


def at_once(day: date) -> Sequence[Step]:
    """Nothing is to be done with what comes."""
    return ()


def queue_of(arrival: Arrival, habit: Habit | None = ACME) -> list[Decided]:
    """One order that waits for the arrival, as it is foreseen."""
    arrivals = foresee([arrival], lambda supplier: habit, share=0.9, today=TODAY)
    return decide(
        {1: PoolState([line(1, order=1)], 0, arrivals=arrivals)}, today=TODAY, lead_time_days=None
    )[1]


def percent(arrival: Arrival, promised: date, habit: Habit | None = ACME) -> int | None:
    """The chance that the order which waits for it is served after that day."""
    return late_percents(
        queue_of(arrival, habit),
        {1: promised},
        today=TODAY,
        ready_on=at_once,
        lead_time=None,
        short_since={},
    )[1]


@pytest.mark.parametrize(("promised", "chance"), [(2, 70), (6, 31), (9, 1)])
def test_the_chance_is_the_share_of_cases_that_came_later(promised: int, chance: int) -> None:
    assert percent(Arrival(1, 1, TODAY, "Acme"), days(promised)) == chance


def test_what_is_overdue_already_is_likelier_to_break_its_word() -> None:
    """Five of ten cases took five days or more; four of these took more."""
    due, overdue = Arrival(1, 1, TODAY, "Acme"), Arrival(1, 1, days(-5), "Acme")

    assert percent(due, days(5)) == 41
    assert percent(overdue, days(0)) == 80


def test_a_suppliers_own_later_day_is_believed() -> None:
    moved = Arrival(1, 1, days(12), "Acme", first_expected_on=TODAY)

    assert percent(moved, days(9)) == 100


def test_of_a_supplier_nobody_knows_only_its_own_word_tells() -> None:
    assert percent(Arrival(1, 1, TODAY, "New"), days(9), habit=None) is None
    assert percent(Arrival(1, 1, days(12), "New"), days(9), habit=None) == 100


def test_a_word_that_is_broken_already_is_certainly_late() -> None:
    assert percent(Arrival(1, 1, TODAY, "Acme"), days(-1)) == 100


def test_handling_and_closed_days_are_taken_from_the_time_that_is_left() -> None:
    """Sent by Monday, after two working days: it must be there on Thursday."""
    ready_on = ready(WEEKDAYS, 2, TODAY)

    assert latest_arrival(days(5), today=TODAY, ready_on=ready_on) == days(1)
    assert latest_arrival(days(1), today=TODAY, ready_on=ready_on) is None


def test_a_lead_time_that_was_learned_tells_too() -> None:
    queue = decide({1: PoolState([line(1, order=1)], 0)}, today=TODAY, lead_time_days=9)[1]

    def chance(lead_time: Habit | None) -> int | None:
        return late_percents(
            queue,
            {1: days(4)},
            today=TODAY,
            ready_on=at_once,
            lead_time=lead_time,
            short_since={1: days(-2)},
        )[1]

    assert chance(ACME) == round(100 * (1 - 5 / 8.1))
    assert chance(None) is None


def test_the_day_we_name_ourselves_is_late_in_no_more_than_one_of_ten_cases() -> None:
    for ago in range(10):
        (foreseen,) = foresee(
            [Arrival(1, 1, days(-ago), "Acme")], lambda supplier: ACME, share=0.9, today=TODAY
        )
        chance = chance_after(foreseen, foreseen.expected_on, today=TODAY)
        assert chance is not None
        assert chance <= 0.1 or foreseen.expected_on == days(9 - ago)
