"""The clock of the law: a table of cases from the rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core.regimes import (
    TURNING_DAYS,
    Notice,
    NoticeKind,
    Obligations,
    OrderFacts,
    Regime,
    obligations_of,
)
from app.core.working_days import WorkingDays
from tests.builders import day

NEW_YORK = ZoneInfo("America/New_York")
# Thanksgiving, Christmas and New Year's Day beside the weekends.
WEEK = WorkingDays(
    frozenset({5, 6}), frozenset({day("2026-11-26"), day("2026-12-25"), day("2027-01-01")})
)
ORDER = OrderFacts(datetime(2026, 10, 1, 12, tzinfo=UTC), None)  # by the rule: October 31, a Saturday


def at(text: str) -> datetime:
    """Noon of that day in New York."""
    return datetime.combine(day(text), datetime.min.time(), NEW_YORK).replace(hour=12)


def told(on: str, revised: str | None = None) -> Notice:
    """A delay notice of that day."""
    return Notice(at(on), NoticeKind.DELAY, day(revised) if revised else None)


def agreed(on: str) -> Notice:
    """The buyer agreed on that day."""
    return Notice(at(on), NoticeKind.CONSENT)


def us(
    today: str, *notices: Notice, expected: str | None = None, stated: str | None = None
) -> Obligations:
    """What an order of October 1 obliges to under US law."""
    facts = replace(
        ORDER,
        expected_on=day(expected) if expected else None,
        stated_on=day(stated) if stated else None,
        notices=notices,
    )
    obligations = obligations_of(
        facts, Regime.US_MITOR, today=day(today), zone=NEW_YORK, working_days=WEEK
    )
    assert obligations is not None
    return obligations


def eu(today: str, *notices: Notice, expected: str | None = None) -> Obligations:
    """What it obliges to under EU law."""
    facts = replace(ORDER, expected_on=day(expected) if expected else None, notices=notices)
    obligations = obligations_of(facts, Regime.EU, today=day(today), zone=NEW_YORK, working_days=WEEK)
    assert obligations is not None
    return obligations


def in_short(
    obligations: Obligations,
) -> tuple[date | None, date | None, bool, date | None, date | None, bool]:
    """All of it but the words."""
    return (
        obligations.promise_by,
        obligations.notice_due,
        obligations.consent_needed,
        obligations.consent_by,
        obligations.refund_due,
        obligations.is_cancelled,
    )


def expect(
    promise_by: str | None,
    *,
    notice: str | None = None,
    needs: bool = False,
    consent: str | None = None,
    refund: str | None = None,
    cancelled: bool = False,
) -> tuple[date | None, date | None, bool, date | None, date | None, bool]:
    """The same, as the rule has it."""
    promise, notice_due, consent_by, refund_due = (
        day(each) if each else None for each in (promise_by, notice, consent, refund)
    )
    return (promise, notice_due, needs, consent_by, refund_due, cancelled)


FIRST = told("2026-10-20", "2026-11-20")  # within 30 days of October 31
LATER = told("2026-10-20", "2026-12-15")  # later than that
OPEN = told("2026-10-20")  # nobody knows
AGAIN = told("2026-11-18", "2026-12-05")

US_CASES = [
    ("in time", us("2026-10-10", expected="2026-10-30"), expect("2026-10-31")),
    (
        "30 days where no day was stated; seven working days from a Saturday",
        us("2026-10-10", expected="2026-11-20"),
        expect("2026-10-31", notice="2026-10-31", refund="2026-11-10"),
    ),
    (
        "the day that was stated counts",
        us("2026-10-10", expected="2026-10-30", stated="2026-10-15"),
        expect("2026-10-15", notice="2026-10-15", refund="2026-10-26"),
    ),
    (
        "31 days later needs an express answer",
        us("2026-10-10", expected="2026-12-01"),
        expect("2026-10-31", notice="2026-10-31", needs=True, refund="2026-11-10"),
    ),
    (
        "30 days later does not",
        us("2026-10-10", expected="2026-11-30"),
        expect("2026-10-31", notice="2026-10-31", refund="2026-11-10"),
    ),
    (
        "an unknown day needs an express answer",
        us("2026-10-10"),
        expect("2026-10-31", notice="2026-10-31", needs=True, refund="2026-11-10"),
    ),
    (
        "neither shipped nor told: cancelled",
        us("2026-11-01", expected="2026-11-20"),
        expect("2026-10-31", refund="2026-11-10", cancelled=True),
    ),
    ("a notice holds while nothing else is known", us("2026-11-05", FIRST), expect("2026-11-20")),
    ("silence is consent", us("2026-11-05", FIRST, expected="2026-11-20"), expect("2026-11-20")),
    (
        "a second delay: silence cancels; Thanksgiving is no working day",
        us("2026-11-10", FIRST, expected="2026-12-05"),
        expect("2026-11-20", notice="2026-11-20", needs=True, refund="2026-12-02"),
    ),
    (
        "no express answer yet",
        us("2026-11-15", LATER, expected="2026-12-15"),
        expect("2026-11-30", needs=True, consent="2026-11-30", refund="2026-12-09"),
    ),
    (
        "no express answer in time",
        us("2026-12-01", LATER, expected="2026-12-15"),
        expect("2026-11-30", refund="2026-12-09", cancelled=True),
    ),
    (
        "an express answer in time",
        us("2026-12-01", LATER, agreed("2026-11-30"), expected="2026-12-15"),
        expect("2026-12-15"),
    ),
    (
        "an express answer too late",
        us("2026-12-02", LATER, agreed("2026-12-01"), expected="2026-12-15"),
        expect("2026-11-30", refund="2026-12-09", cancelled=True),
    ),
    (
        "agreed to wait without a day",
        us("2027-03-01", OPEN, agreed("2026-11-02")),
        expect(None),
    ),
    (
        "a renewed notice, unanswered, ends with the day that held",
        us("2026-11-19", FIRST, AGAIN, expected="2026-12-05"),
        expect("2026-11-20", needs=True, consent="2026-11-20", refund="2026-12-02"),
    ),
    (
        "a renewed notice, answered",
        us("2026-11-21", FIRST, AGAIN, agreed("2026-11-19"), expected="2026-12-05"),
        expect("2026-12-05"),
    ),
    (
        "a notice after the day mends nothing",
        us("2026-11-03", told("2026-11-02", "2026-11-20"), expected="2026-11-20"),
        expect("2026-10-31", refund="2026-11-10", cancelled=True),
    ),
    (
        "the buyer does not want to wait; refunded across Christmas and New Year",
        us("2026-12-24", LATER, agreed("2026-11-01"), Notice(at("2026-12-14"), NoticeKind.REFUSAL)),
        expect("2026-12-14", refund="2026-12-23", cancelled=True),
    ),
    (
        "refunded: nothing is due any more",
        us("2026-11-12", Notice(at("2026-11-05"), NoticeKind.REFUND)),
        expect("2026-10-31", cancelled=True),
    ),
]

EU_CASES = [
    (
        "told, and later than told",
        eu("2026-10-25", FIRST, expected="2026-11-25"),
        expect("2026-10-31", notice="2026-10-31", needs=True),
    ),
    (
        "told without a day, and nobody knows better",
        eu("2026-10-25", OPEN),
        expect("2026-10-31", needs=True, consent="2026-10-31"),
    ),
    (
        "told that it ships in time",
        eu("2026-10-25", told("2026-10-20", "2026-10-30")),
        expect("2026-10-31"),
    ),
    ("in time", eu("2026-10-10", expected="2026-10-31"), expect("2026-10-31")),
    (
        "later than 30 days: only an agreed day moves the limit",
        eu("2026-10-10", expected="2026-11-20"),
        expect("2026-10-31", notice="2026-10-31", needs=True),
    ),
    (
        "told, but not agreed",
        eu("2026-11-05", FIRST, expected="2026-11-20"),
        expect("2026-10-31", needs=True, consent="2026-10-31"),
    ),
    (
        "another day was agreed",
        eu("2026-11-05", FIRST, agreed("2026-10-21"), expected="2026-11-20"),
        expect("2026-11-20"),
    ),
    (
        "the buyer has withdrawn: without undue delay",
        eu("2026-11-10", Notice(at("2026-11-09"), NoticeKind.REFUSAL)),
        expect("2026-10-31", refund="2026-11-09", cancelled=True),
    ),
    (
        "refunded",
        eu("2026-11-10", Notice(at("2026-11-09"), NoticeKind.REFUND)),
        expect("2026-10-31", cancelled=True),
    ),
]


@pytest.mark.parametrize(
    ("obligations", "rule"), [pytest.param(*case[1:], id=case[0]) for case in US_CASES]
)
def test_the_clock_of_16_cfr_435(obligations: Obligations, rule: object) -> None:
    assert in_short(obligations) == rule
    assert obligations.rule
    assert "435" in obligations.source


@pytest.mark.parametrize(
    ("obligations", "rule"), [pytest.param(*case[1:], id=case[0]) for case in EU_CASES]
)
def test_the_clock_of_directive_2011_83(obligations: Obligations, rule: object) -> None:
    assert in_short(obligations) == rule
    assert obligations.rule
    assert "2011/83" in obligations.source


@pytest.mark.parametrize(
    ("zone", "promise_by"),
    [("UTC", "2026-11-01"), ("America/New_York", "2026-10-31"), ("Pacific/Auckland", "2026-11-01")],
)
def test_days_are_those_of_the_shop(zone: str, promise_by: str) -> None:
    """Placed at two in the morning in London, when New York still had the day before."""
    facts = replace(ORDER, placed_at=datetime(2026, 10, 2, 2, tzinfo=UTC))

    obligations = obligations_of(
        facts, Regime.US_MITOR, today=day("2026-10-05"), zone=ZoneInfo(zone), working_days=WEEK
    )

    assert obligations is not None
    assert obligations.promise_by == day(promise_by)


def test_a_notice_just_before_midnight_in_the_shop_is_in_time() -> None:
    """In London it is November 1 already."""
    last_minute = Notice(datetime(2026, 11, 1, 3, 59, tzinfo=UTC), NoticeKind.DELAY, day("2026-11-20"))
    too_late = replace(last_minute, at=datetime(2026, 11, 1, 4, 1, tzinfo=UTC))

    assert us("2026-11-02", last_minute, expected="2026-11-20").promise_by == day("2026-11-20")
    assert us("2026-11-02", too_late, expected="2026-11-20").is_cancelled


def test_without_a_regime_nothing_is_due() -> None:
    assert (
        obligations_of(ORDER, Regime.NONE, today=day("2027-01-01"), zone=NEW_YORK, working_days=WEEK)
        is None
    )


@pytest.mark.parametrize(
    "notices",
    [(), (FIRST,), (FIRST, agreed("2026-10-21")), (Notice(at("2026-10-09"), NoticeKind.REFUSAL),)],
)
@pytest.mark.parametrize("today", ["2026-10-10", "2026-10-31", "2026-11-10"])
def test_british_law_asks_the_same_as_european_law_and_names_its_own_source(
    today: str, notices: tuple[Notice, ...]
) -> None:
    facts = replace(ORDER, expected_on=day("2026-11-20"), notices=notices)
    british = obligations_of(facts, Regime.UK, today=day(today), zone=NEW_YORK, working_days=WEEK)
    assert british is not None

    assert in_short(british) == in_short(eu(today, *notices, expected="2026-11-20"))
    assert british.source.startswith("Consumer Rights Act 2015, section 28(")


def test_australian_law_asks_for_the_time_stated_or_a_reasonable_one() -> None:
    """Section 36(4) counts no days where none was stated, so 30 are taken, and said to be."""

    def au(today: str, stated: str | None = None) -> Obligations:
        facts = replace(ORDER, expected_on=day("2026-12-20"), stated_on=day(stated) if stated else None)
        obligations = obligations_of(
            facts, Regime.AU, today=day(today), zone=NEW_YORK, working_days=WEEK
        )
        assert obligations is not None
        return obligations

    assert au("2026-10-10").promise_by == eu("2026-10-10", expected="2026-12-20").promise_by
    assert au("2026-10-10", "2026-10-15").notice_due == day("2026-10-15")
    assert "the law says a reasonable time" in au("2026-12-01").rule
    assert au("2026-12-01").source == "Australian Consumer Law, section 36(4)"


@pytest.mark.parametrize("regime", list(Regime))
@pytest.mark.parametrize("today", ["2026-10-02", "2026-10-31", "2026-11-01", "2026-11-30", "2027-02-01"])
def test_only_two_days_tell_apart_what_orders_of_one_day_oblige_to(regime: Regime, today: str) -> None:
    placed_on = ORDER.placed_at.astimezone(NEW_YORK).date()
    first, second = (placed_on + timedelta(days=days) for days in TURNING_DAYS)
    kinds = [
        [first - timedelta(days=count) for count in range(40)],
        [first + timedelta(days=count) for count in range(1, 31)],
        [second + timedelta(days=count) for count in range(1, 40)],
    ]

    for days in kinds:
        assert len({in_its_time(each, regime, today) for each in days}) == 1


def in_its_time(expected_on: date, regime: Regime, today: str) -> Obligations | None:
    """What an order of October 1 obliges to that is expected on that day."""
    facts = replace(ORDER, expected_on=expected_on)
    return obligations_of(facts, regime, today=day(today), zone=NEW_YORK, working_days=WEEK)
