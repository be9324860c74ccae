"""Closing days as merchants write them."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.core.closing import ClosingError, cut_off_of, read_closing_days, read_hour
from app.core.working_days import Hours
from tests.builders import day

NEW_YORK = ZoneInfo("America/New_York")


def test_days_and_spans_are_read_with_commas_between_them() -> None:
    read = read_closing_days("2026-12-24, 2026-12-30 to 2027-01-01,")

    days = {"2026-12-24", "2026-12-30", "2026-12-31", "2027-01-01"}
    assert read == Hours(closed=frozenset(day(each) for each in days))


def test_nothing_is_closed_where_nothing_is_written() -> None:
    assert read_closing_days(" ") == Hours()


@pytest.mark.parametrize("dash", ["to", "-", "–", "until"])
def test_a_span_over_the_new_year_is_read_however_it_is_joined(dash: str) -> None:
    read = read_closing_days(f"2026-12-24 {dash} 2027-01-03")

    assert len(read.closed) == 11
    assert {day("2026-12-24"), day("2026-12-31"), day("2027-01-03")} <= read.closed


def test_days_of_the_week_and_open_days_are_read() -> None:
    read = read_closing_days("every Friday; Mondays, open 2026-12-19, Open every Saturday")

    assert read == Hours(frozenset(), frozenset({4, 0}), frozenset({day("2026-12-19")}), frozenset({5}))


def test_who_is_closed_every_day_is_refused() -> None:
    week = "Mondays, Tuesdays, Wednesdays, Thursdays, Fridays, Saturdays, Sundays"

    with pytest.raises(ClosingError, match="leave one day of the week open"):
        read_closing_days(week)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Christmas", "Christmas is no day. Write days as 2026-12-24"),
        ("2027-01-02 to 2026-12-24", "the last day must follow the first"),
        ("2026-01-01 to 2029-01-01", "within a year"),
        ("2026-01-01 to 2026-12-31, 2027-01-01 to 2027-06-30", "400 at most"),
        ("0001-01-01", "too far away"),
    ],
)
def test_what_is_no_day_is_refused_with_what_would_do(text: str, words: str) -> None:
    with pytest.raises(ClosingError, match=words):
        read_closing_days(text)


@pytest.mark.parametrize(
    "text", ["noon", "25:00", "14:75", "14h", "14:00:00:1", "-1:00", "1_4", "13 pm", "0 am"]
)
def test_an_hour_that_can_not_be_read_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(ClosingError, match="no time of day"):
        read_hour(text)


@pytest.mark.parametrize(
    ("text", "hour"), [("2 PM", 14), ("12 pm", 12), ("12am", 0), ("9", 9), ("14:00", 14)]
)
def test_an_hour_is_read_as_people_write_it(text: str, hour: int) -> None:
    assert read_hour(text) == time(hour)


@pytest.mark.parametrize(
    ("text", "at", "has_passed"),
    [("", 23, False), ("14:00", 13, False), ("14:00", 14, True), ("9", 9, True), ("14", 13, False)],
)
def test_a_cut_off_has_passed_from_its_hour_on(text: str, at: int, has_passed: bool) -> None:
    assert cut_off_of(text, datetime(2026, 12, 1, at, tzinfo=NEW_YORK)).has_passed is has_passed


@pytest.mark.parametrize(
    ("cut_off", "utc", "has_passed"),
    [
        # On November 1 New York's clocks show the hour from one to two twice.
        ("01:30", "2026-11-01T05:20", False),  # 1:20, the first time
        ("01:30", "2026-11-01T05:40", True),
        ("01:30", "2026-11-01T06:20", True),  # 1:20 again: it had passed
        ("14:00", "2026-11-01T18:30", False),  # 13:30, by the new offset
        ("14:00", "2026-11-01T19:00", True),
        # On March 8 they go from two to three.
        ("02:30", "2026-03-08T06:59", False),
        ("02:30", "2026-03-08T07:30", True),
        ("14:00", "2026-03-08T18:00", True),
    ],
)
def test_a_cut_off_passes_once_on_the_days_that_clocks_change(
    cut_off: str, utc: str, has_passed: bool
) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(NEW_YORK)

    assert cut_off_of(cut_off, moment).has_passed is has_passed
