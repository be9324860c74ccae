"""What a day, a moment and a number may be."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.bounds import (
    EARLIEST_DAY,
    LARGEST_ID,
    LATEST_DAY,
    is_within_reach,
    last_day,
    read_day,
    read_whole,
    too_far,
    within_reach,
)
from tests.builders import day

TODAY = day("2026-11-29")
LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-12)))
FIRST_MOMENT = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31", "9999-12-30", "9999-01-01", "99991231", "9999-12-31T23:59:59Z",
        "0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.0000", "00000000", "0",
        "0001-01-01", "1601-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02",
        "1969-12-31", "1970-01-01", "1980-01-01", "1/0/1900", "01/00/1900",
        "2038-01-19", "2049-12-31", "2079-06-06", "2099-12-31", "2199-12-31", "2999-12-31",
        "3000-01-01", "4712-12-31",
    ],
)  # fmt: skip
def test_what_systems_write_for_no_date_is_no_date(text: str) -> None:
    assert read_day(text) is None


@pytest.mark.parametrize("text", ["2026-12-05", "20261205", "2026-12-05T08:00:00+01:00", " 2026-12-05 "])
def test_a_day_is_read_as_machines_write_it(text: str) -> None:
    assert read_day(text) == day("2026-12-05")


@pytest.mark.parametrize("text", ["2000-01-01", "2020-12-31", "2030-01-01", "2098-01-02"])
def test_the_first_and_last_day_of_a_year_that_can_be_meant_is_a_day(text: str) -> None:
    assert read_day(text) == day(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2026-02-30", "2026-13-01", "1926-12-05", "2206-12-05", "2026-1-1",
        "\u0662\u0660\u0662\u0666-12-05",
        "1" * 5000, "-1",
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"(write it as 2026-12-31|give a day of this century)$"):
        read_day(text)


@given(st.text(alphabet="0123456789-/.T: Z", max_size=24))
def test_whatever_is_read_can_be_counted_with(text: str) -> None:
    try:
        read = read_day(text)
    except ValueError:
        return

    assert read is None or EARLIEST_DAY <= read <= LATEST_DAY


def test_nothing_more_than_ten_years_ahead_is_promised() -> None:
    last = last_day(TODAY)

    assert last == day("2036-12-06")
    assert too_far(last, today=TODAY) == ""
    assert too_far(last + timedelta(days=1), today=TODAY) == "2036-12-07 is more than 10 years ahead"


@given(st.datetimes(timezones=st.timezones()) | st.sampled_from([FIRST_MOMENT, LAST_MOMENT]))
def test_every_moment_is_brought_within_reach_of_every_time_zone(moment: datetime) -> None:
    bounded = within_reach(moment)

    assert bounded.tzinfo is UTC
    assert [bounded.astimezone(timezone(timedelta(hours=hours))) for hours in (-23, 23)]
    assert is_within_reach(bounded)
    assert is_within_reach(moment) is (bounded - moment == timedelta(0))


def test_a_moment_of_our_days_stays_what_it_is() -> None:
    moment = datetime(2026, 12, 5, 1, tzinfo=timezone(timedelta(hours=2)))

    assert within_reach(moment) == moment


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("0", None), ("1", 1), ("007", 7), ("50", 50), ("51", None), ("-3", None), ("", None),
        ("-", None), ("²", None), ("٣", None), ("1e1", None), ("1_0", None),
        (" 1", None), ("9" * 5000, None),
    ],
)  # fmt: skip
def test_a_number_is_plain_digits_between_two(text: str, read: int | None) -> None:
    assert read_whole(text, least=1, most=50) == read


def test_the_largest_number_a_row_can_have_is_one() -> None:
    assert read_whole(str(LARGEST_ID), least=1, most=LARGEST_ID) == LARGEST_ID
    assert read_whole(str(LARGEST_ID + 1), least=1, most=LARGEST_ID) is None
