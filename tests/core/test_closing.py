"""Closing days as merchants write them."""

from datetime import datetime

import pytest

from app.core.closing import ClosingError, cut_off_of, read_closing_days, read_hour
from tests.builders import day


def test_days_and_spans_are_read_with_commas_between_them() -> None:
    read = read_closing_days("2026-12-24, 2026-12-30 to 2027-01-01,")

    assert read == {day("2026-12-24"), day("2026-12-30"), day("2026-12-31"), day("2027-01-01")}


def test_nothing_is_closed_where_nothing_is_written() -> None:
    assert read_closing_days(" ") == frozenset()


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


@pytest.mark.parametrize("text", ["noon", "25:00", "14:75", "14h", "14:00:00:1", "-1:00"])
def test_an_hour_that_can_not_be_read_is_refused_with_what_would_do(text: str) -> None:
    with pytest.raises(ClosingError, match="no time of day"):
        read_hour(text)


@pytest.mark.parametrize(
    ("text", "at", "has_passed"),
    [("", 23, False), ("14:00", 13, False), ("14:00", 14, True), ("9", 9, True), ("14", 13, False)],
)
def test_a_cut_off_has_passed_from_its_hour_on(text: str, at: int, has_passed: bool) -> None:
    assert cut_off_of(text, datetime(2026, 12, 1, at)).has_passed is has_passed  # noqa: DTZ001 -- the shop's clock
