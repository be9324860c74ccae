"""Which days are working days: dates where a good guess is wrong."""

from datetime import date

import pytest

from app.core.closing import read_closing_days
from app.core.working_days import EVERY_DAY, Hours
from app.pipeline.calendars import (
    CountryError,
    countries,
    country_code,
    supplier_countries,
    working_days_of,
)
from tests.builders import day


def is_worked(country: str, on: str) -> bool:
    """Whether anybody works there on that day."""
    return working_days_of(country, 2026).is_working_day(day(on))


@pytest.mark.parametrize(
    ("country", "on", "works"),
    [
        ("GB-ENG", "2026-04-06", False),  # Easter Monday
        ("GB-SCT", "2026-04-06", True),  # which Scotland does not keep
        ("GB-SCT", "2026-01-02", False),
        ("CA-ON", "2026-10-12", False),  # Thanksgiving
        ("MY-02", "2026-11-27", False),  # Kedah rests on Friday and Saturday
        ("MY-02", "2026-11-29", True),  # and works on Sunday
        ("MY-03", "2026-11-27", False),  # so does Kelantan
        ("MY-11", "2026-11-27", False),  # and Terengganu
        ("MY-10", "2026-11-27", True),  # Selangor does not
        ("MY-10", "2026-11-29", False),
        ("HU", "2026-01-10", True),  # a Saturday that makes up for January 2
        ("HU", "2026-01-17", False),
        ("GB-NIR", "2026-07-13", False),  # the day of the Boyne, a Sunday, is kept on Monday
        ("GB-ENG", "2026-07-13", True),
        ("CA-QC", "2026-06-24", False),  # Saint-Jean-Baptiste
        ("CA-ON", "2026-06-24", True),
        ("PT-13", "2026-06-24", False),  # Porto keeps Saint John's day
        ("PT-11", "2026-06-24", True),  # and Lisbon does not
        ("AU-VIC", "2026-11-03", False),  # the Melbourne Cup
        ("AU-NSW", "2026-11-03", True),
        ("CH-TI", "2026-12-08", False),
        ("CH-ZH", "2026-12-08", True),
        ("MY-03", "2026-11-29", True),
        ("BN", "2026-11-27", False),  # Brunei on Friday and Sunday, and works between them
        ("BN", "2026-11-28", True),
        ("BN", "2026-11-29", False),
        ("AE", "2026-11-27", True),  # since 2022 the Emirates rest on Saturday and Sunday
        ("IL", "2026-11-27", False),
        ("IL", "2026-11-29", True),
        ("IR", "2026-11-27", False),
        ("CN", "2026-10-10", True),  # a Saturday that makes up for the first week of October
        ("CN", "2026-10-17", False),
        ("US", "2026-07-03", False),  # Independence Day, a Saturday, is kept on Friday
        ("US", "2027-12-31", False),  # New Year's Day of 2028, a Saturday, the year before
        ("GB-ENG", "2026-12-28", False),  # Boxing Day, a Saturday, on Monday
        ("AU-WA", "2026-04-27", False),  # Anzac Day, a Saturday, on Monday; not in Victoria
        ("AU-VIC", "2026-04-27", True),
        ("DE-BY", "2026-01-06", False),
        ("DE-BE", "2026-01-06", True),
        ("US", "2026-11-26", False),
        ("US", "2033-11-24", False),  # as far ahead as anything may be promised
    ],
)
def test_a_day_is_worked_on_as_the_calendar_of_the_place_says(
    country: str, on: str, works: bool
) -> None:
    assert is_worked(country, on) is works


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", ""),
        ("us", "US"),
        ("de-by", "DE-BY"),
        ("GB-SCOTLAND", "GB-SCT"),
        ("gb-northern ireland", "GB-NIR"),
        ("MY-Kedah", "MY-02"),
        ("AT", "AT"),
        ("FR_Martinique", "FR-972"),
    ],
)
def test_a_country_is_known_by_its_code_and_a_part_by_its_name(typed: str, code: str) -> None:
    assert country_code(typed) == code


@pytest.mark.parametrize("country", ["AU", "BA", "CA", "CH", "DE", "ES", "FM", "GB", "MY", "PT"])
def test_where_every_part_has_holidays_of_its_own_the_part_is_asked_for(country: str) -> None:
    with pytest.raises(
        CountryError, match=f"Holidays differ within {country}. Add the region: {country}-"
    ):
        country_code(country)


@pytest.mark.parametrize(("typed", "words"), [("ZZ", "no calendar for ZZ"), ("US-XX", "no region XX")])
def test_what_nobody_knows_is_refused_with_what_would_do(typed: str, words: str) -> None:
    with pytest.raises(CountryError, match=words):
        country_code(typed)


def test_everything_that_is_offered_is_taken() -> None:
    assert [code for code in countries() if country_code(code) != code] == []


def test_a_shop_of_which_nobody_said_where_it_is_works_every_day() -> None:
    assert working_days_of("", 2026) is EVERY_DAY
    assert EVERY_DAY.is_working_day(date(2026, 12, 25))


def test_own_closing_days_count_beside_the_calendar() -> None:
    closed = working_days_of("HU", 2026).but(
        Hours(closed=frozenset({day("2026-01-10"), day("2026-01-12")}))
    )

    assert closed.first_from(day("2026-01-10")) == day("2026-01-13")


def test_suppliers_are_told_by_name_and_country() -> None:
    assert supplier_countries("Acme = cn; A = B Ltd. = gb-Scotland\n") == {
        "Acme": "CN",
        "A = B Ltd.": "GB-SCT",
    }


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Acme", "names no supplier and country"),
        ("= CN", "names no supplier and country"),
        ("Acme =", "names no supplier and country"),
        ("Acme = GB", "Add the region"),
    ],
)
def test_a_supplier_without_a_country_is_refused_with_what_would_do(typed: str, words: str) -> None:
    with pytest.raises(CountryError, match=words):
        supplier_countries(typed)


@pytest.mark.parametrize(
    ("country", "own", "on", "is_worked"),
    [
        ("AE", "every Friday", "2026-11-27", False),  # as in Sharjah
        ("AE", "every Friday, open 2026-11-27", "2026-11-27", True),
        ("US", "open every Saturday", "2026-11-28", True),
        ("US", "open every Saturday", "2027-12-25", False),  # Christmas
        ("US", "open every Friday", "2026-12-25", False),
        ("US", "open 2026-12-25", "2026-12-25", True),
        ("NP", "open Sundays", "2026-11-29", True),
        ("", "every Sunday", "2026-11-29", False),
    ],
)
def test_a_merchant_knows_their_own_week_better(
    country: str, own: str, on: str, is_worked: bool
) -> None:
    calendar = working_days_of(country, 2026).but(read_closing_days(own))

    assert calendar.is_working_day(day(on)) is is_worked


def test_a_part_of_a_country_that_has_none_is_refused_with_what_would_do() -> None:
    with pytest.raises(CountryError, match=r"Give AE alone; .* every Friday"):
        country_code("AE-SH")
