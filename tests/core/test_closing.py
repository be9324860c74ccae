"""Closing days as merchants write them."""

import pytest

from app.core.closing import ClosingError, read_closing_days
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
