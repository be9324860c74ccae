"""Supply against the queue, as numbers to draw."""

from datetime import date
from itertools import pairwise

import pytest

from app.core.model import Arrival
from app.web.pages.queue_chart import HEIGHT, WIDTH, Step, draw, steps_of
from tests.builders import TODAY, arrival, days


def steps(
    *queue: tuple[int, int], supply: int = 0, owed: int = 0, arrivals: tuple[Arrival, ...] = ()
) -> list[Step]:
    """Units ordered so many days from now; a negative number is before today."""
    ordered = [(days(number), units) for number, units in queue]
    return steps_of(ordered, supply=supply, owed_before=owed, arrivals=arrivals, today=TODAY)


def test_demand_grows_with_orders_and_supply_with_arrivals() -> None:
    found = steps((-2, 3), (-1, 2), (-1, 1), supply=4, arrivals=(arrival(5, on=days(9)),))

    assert [(one.day, one.demand, one.supply, one.short) for one in found] == [
        (days(-2), 3, 4, 0),
        (days(-1), 6, 4, 2),
        (TODAY, 6, 4, 2),
        (days(9), 6, 9, 0),
    ]
    assert [(one.ordered, one.arriving) for one in found] == [(3, 0), (3, 0), (0, 0), (0, 5)]


def test_demand_that_nobody_sees_comes_first() -> None:
    assert steps((-1, 2), supply=1, owed=3)[0].demand == 5


def test_an_item_that_nobody_wants_has_today_alone() -> None:
    assert steps(supply=4) == [Step(TODAY, 0, 0, 0, 4)]


def test_everything_is_inside_the_picture() -> None:
    chart = draw(
        steps((-400, 30), (-1, 70), supply=-20, arrivals=(arrival(900, on=days(200)),)), today=TODAY
    )

    across = [mark.at for mark in (*chart.days, *chart.arrivals)] + [chart.today_at, chart.demand_end.at]
    up = [mark.at for mark in chart.levels] + [mark.height for mark in chart.arrivals]
    assert all(0 < place < WIDTH for place in across)
    assert all(0 < place < HEIGHT for place in [*up, chart.demand_end.height, chart.supply_end.height])


def test_a_single_day_can_be_drawn() -> None:
    chart = draw(steps(), today=TODAY)

    assert [mark.units for mark in chart.levels] == [0, 1]
    assert chart.demand_path.startswith("M")


def test_levels_are_round_numbers() -> None:
    assert [mark.units for mark in draw(steps((-1, 37)), today=TODAY).levels] == [0, 10, 20, 30, 40]


def test_names_of_curves_that_end_together_do_not_cover_each_other() -> None:
    chart = draw(steps((-1, 50), supply=50), today=TODAY)

    assert abs(chart.demand_label - chart.supply_label) > 14


@pytest.mark.parametrize("supply", range(0, 60, 3))
def test_what_arrives_covers_no_name_of_a_curve(supply: int) -> None:
    """On the day of the last arrival the curve of supply is at the height at which it ends."""
    chart = draw(steps((-1, 30), supply=supply, arrivals=(arrival(12, on=days(40)),)), today=TODAY)

    (last,) = chart.arrivals
    names = (chart.demand_label, chart.supply_label)
    assert last.label is None or all(abs(last.label - name) >= 14 for name in names)


def test_what_arrives_long_before_the_end_stands_above_its_point() -> None:
    coming = (arrival(12, on=days(3)), arrival(5, on=days(40)))
    first, last = draw(steps((-1, 30), arrivals=coming), today=TODAY).arrivals

    assert first.label == first.height - 7
    assert last.label == last.height + 17


def test_one_far_date_does_not_press_all_others_together() -> None:
    near = (arrival(5, on=days(9)), arrival(5, on=days(20)))
    chart = draw(steps((-2, 3), arrivals=(*near, arrival(5, on=days(700)))), today=TODAY)

    first, second, far = (mark.at for mark in chart.arrivals)
    assert second - first > WIDTH / 12
    assert far - second < 4 * (second - chart.today_at)
    assert chart.shortened_before == days(700)
    assert draw(steps((-2, 3), arrivals=near), today=TODAY).shortened_before is None


def test_days_are_named_once_each() -> None:
    named: list[date | None] = [mark.day for mark in draw(steps((-1, 1)), today=TODAY).days]

    assert len(named) == len(set(named))


@pytest.mark.parametrize("before", range(1, 30))
def test_days_on_the_axis_do_not_cover_each_other(before: int) -> None:
    """Such as "Nov 29, 2026", drawn 92 wide in Chromium."""
    named = draw(steps((-before, 1)), today=TODAY).days

    assert all(after.at - one.at > 92 for one, after in pairwise(named))
    assert named
