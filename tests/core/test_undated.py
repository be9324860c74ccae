"""Goods that were ordered, but of which nobody announced a day."""

from datetime import date, timedelta

import pytest

from app.core.habit import Habit
from app.core.model import Arrival
from app.core.steps import replay
from app.core.undated import by_lead_time

TODAY = date(2026, 11, 25)
# Nine orders took eight to twelve days, the tenth twenty.
HABIT = Habit("supplier Ann", 10, (8, 10, 12, 20), (3.0, 6.0, 9.0, 10.0))


def ordered(days_ago: int) -> Arrival:
    """Mugs that Ann was asked for."""
    on = TODAY - timedelta(days=days_ago)
    return Arrival(1, 5, TODAY, "Ann", ordered_on=on)


def expected(arrival: Arrival, habit: Habit | None = HABIT) -> list[Arrival]:
    """When it will be there, for four of five promises to be kept."""
    return by_lead_time([arrival], lambda supplier: habit, share=0.8, today=TODAY)


@pytest.mark.parametrize("days_ago", [0, 3, 11, 13, 20])
def test_the_day_lies_neither_before_today_nor_before_what_was_learned(days_ago: int) -> None:
    [found] = expected(ordered(days_ago))

    assert found.expected_on >= max(TODAY, TODAY - timedelta(days=days_ago) + timedelta(days=12))
    assert replay(found.steps) == found.expected_on
    assert "no day was announced; supplier Ann took up to" in found.because


def test_what_has_taken_longer_than_anything_before_is_not_expected() -> None:
    assert expected(ordered(21)) == []


def test_without_a_habit_nothing_is_expected() -> None:
    assert expected(ordered(1), None) == []
