"""On which days a shop works."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.working_days import EVERY_DAY, Hours, WorkingDays, first_of_both
from tests.builders import day

THANKSGIVING = day("2026-11-26")
SHOP = WorkingDays(weekend=frozenset({5, 6}), holidays=frozenset({THANKSGIVING}))


@pytest.mark.parametrize(
    ("came", "handling", "ready"),
    [
        ("2026-11-24", 0, "2026-11-24"),
        ("2026-11-24", 1, "2026-11-25"),
        ("2026-11-25", 1, "2026-11-27"),  # Thanksgiving between them
        ("2026-11-27", 1, "2026-11-30"),  # a weekend between them
        ("2026-11-28", 0, "2026-11-30"),  # nobody takes it in on a Saturday
        ("2026-11-28", 2, "2026-12-02"),
    ],
)
def test_what_comes_is_ready_after_so_many_working_days(came: str, handling: int, ready: str) -> None:
    assert SHOP.after(day(came), handling) == day(ready)


@pytest.mark.parametrize(
    ("since", "count", "until"),
    [("2026-11-28", 1, "2026-11-30"), ("2026-11-27", 1, "2026-11-30"), ("2026-11-24", 7, "2026-12-04")],
)
def test_working_days_after_a_day_are_counted_from_the_next_one(
    since: str, count: int, until: str
) -> None:
    assert SHOP.nth_after(day(since), count) == day(until)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 30))
def test_a_shop_of_which_nothing_is_known_works_every_day(came: date, handling: int) -> None:
    assert EVERY_DAY.after(came, handling) == came + timedelta(days=handling)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 30))
def test_nothing_is_ready_on_a_day_off_or_before_it_has_come(came: date, handling: int) -> None:
    ready = SHOP.after(came, handling)

    assert SHOP.is_working_day(ready)
    assert ready >= came + timedelta(days=handling)


def test_where_nobody_ever_works_a_day_is_itself() -> None:
    never = WorkingDays(frozenset({5, 6})).but(Hours(closed_weekly=frozenset(range(5))))

    assert never.first_from(THANKSGIVING) == THANKSGIVING
    assert first_of_both(WorkingDays(frozenset({0, 1, 2, 3})), never, THANKSGIVING) == THANKSGIVING
