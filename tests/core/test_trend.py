"""When a series is believed to grow."""

from random import Random

import pytest

from app.core.trend import Point, sure_slope


def series(*values: int) -> list[Point]:
    """One value a week."""
    return [Point(7 * number, value) for number, value in enumerate(values)]


def test_a_steady_growth_is_followed_by_its_slope() -> None:
    assert sure_slope(series(*range(0, 40, 1))) == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    "values",
    [
        [0] * 40,
        [5, 6, 7, 8, 9, 10, 11, 12, 13],  # too few
        [0] * 30 + [9] * 3,  # bad luck
        [*range(20), *range(20, 0, -1)],  # a season that has turned
    ],
)
def test_nothing_less_than_sure_is_a_trend(values: list[int]) -> None:
    assert sure_slope(series(*values)) == 0


def test_scatter_is_a_trend_once_in_a_hundred_series_at_most() -> None:
    random = Random(5)  # noqa: S311 -- the same series every time

    found = [sure_slope(series(*(random.randint(0, 9) for _ in range(40)))) for _ in range(300)]

    assert sum(slope != 0 for slope in found) <= 3
