"""How far past cases follow the level that their supplier has reached since."""

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from app.core.following import Span, at_level_of_today, share_that_follows
from tests.builders import days

SCATTER = (0, 2, -1, 3, 1, -2, 0, 1, -1, 2)


def spans(*late: int, every: int = 7) -> list[Span]:
    """These cases, oldest first, each asked for twenty days before it was due; newest first."""
    count = len(late)
    cases = []
    for number, each in enumerate(late):
        came = days(-every * (count - number))
        cases.append(Span(each, came - timedelta(days=each + 20), came))
    return cases[::-1]


def steady(count: int) -> list[int]:
    """Late by a few days, for no reason."""
    return [SCATTER[number % len(SCATTER)] for number in range(count)]


def test_cases_of_a_supplier_that_drifts_follow_its_level() -> None:
    drifting = [each + number for number, each in enumerate(steady(40))]

    assert share_that_follows(spans(*drifting)) > 0.9


def test_cases_of_a_supplier_that_stands_still_hardly_follow() -> None:
    # The level of a few cases wanders though nothing changes: it costs more than it spares.
    coins = Random(1)  # noqa: S311 -- the same every time
    assert share_that_follows(spans(*[coins.choice((0, 9)) for _ in range(60)])) < 0.2


def test_a_supplier_that_begins_to_drift_is_followed_within_weeks() -> None:
    begins = [*steady(40), *[each + 2 * number for number, each in enumerate(steady(20))]]

    assert share_that_follows(spans(*begins)) > 0.6


def test_few_cases_tell_nothing_of_which_to_believe() -> None:
    assert share_that_follows(spans(*steady(6))) == share_that_follows([]) == 1 / 3


def test_what_was_known_on_the_day_it_was_asked_for_is_all_that_a_case_is_compared_with() -> None:
    """Of two lorries ordered on one day neither teaches the level of the other's day."""
    *older, first, second = reversed(spans(*[0] * 10, 8, 8))
    second = second._replace(asked=first.asked)

    moved = at_level_of_today([second, first, *older])

    assert moved[:2] == [8, 8]


def test_an_open_case_follows_but_makes_no_level() -> None:
    cases = [Span(30, days(-40), None), *spans(*[5] * 12)]

    assert at_level_of_today(cases)[0] == 30


def test_the_lines_of_one_lorry_are_one_case() -> None:
    alone = spans(*steady(30), 60, 2)
    with_lines = [alone[0], *[alone[1]] * 15, *alone[2:]]

    assert share_that_follows(with_lines) == share_that_follows(alone)


@given(st.lists(st.integers(-20, 60), max_size=40), st.integers(-30, 30))
def test_no_share_depends_on_where_the_level_stands(late: list[int], more: int) -> None:
    base = spans(*late)
    moved = [each._replace(days=each.days + more) for each in base]

    assert abs(share_that_follows(base) - share_that_follows(moved)) < 1e-9
    assert 0.15 <= share_that_follows(base) <= 0.95
