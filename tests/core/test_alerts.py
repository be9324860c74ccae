"""When staff are told what."""

from datetime import date

import pytest

from app.core.alerts import AlertKind, Digest, Finding, digest_key, is_over, news

STUCK = Finding(AlertKind.STUCK, "stuck workers", "No worker is running.", "")
LATE = Finding(AlertKind.DELIVERY, "delivery 1 2026-11-20", "PO-17 is late.", "incoming/1")
ALL = set(AlertKind)


def test_what_is_stuck_is_told_at_night_and_a_late_delivery_in_the_morning() -> None:
    assert news([STUCK, LATE], kinds=ALL, told=(), hour=3) == [STUCK]
    assert news([STUCK, LATE], kinds=ALL, told=(), hour=8) == [STUCK, LATE]


def test_a_parcel_that_may_still_be_stopped_is_told_at_night() -> None:
    turn = Finding(AlertKind.TURN, "turn 1", "Someone released our hold on order #1.", "orders/1")

    assert news([LATE, turn], kinds=ALL, told=(), hour=3) == [turn]


def test_nothing_is_told_twice_or_to_whoever_does_not_want_it() -> None:
    assert news([STUCK, LATE], kinds=ALL, told={LATE.key}, hour=9) == [STUCK]
    assert news([STUCK, LATE], kinds={AlertKind.NOTICE}, told=(), hour=9) == []


def test_what_has_passed_is_told_again_should_it_come_back() -> None:
    assert is_over(STUCK.key, [LATE])
    assert not is_over(STUCK.key, [STUCK])
    assert not is_over("digest 2026-11-25", [])


@pytest.mark.parametrize(
    ("digest", "day", "hour", "key"),
    [
        (Digest.NONE, 25, 9, None),
        (Digest.DAILY, 25, 7, None),
        (Digest.DAILY, 25, 8, "digest 2026-11-25"),
        (Digest.WEEKLY, 23, 9, "digest 2026-W48"),
        (Digest.WEEKLY, 25, 9, "digest 2026-W48"),  # nobody ran on Monday
        (Digest.WEEKLY, 30, 9, "digest 2026-W49"),
    ],
)
def test_a_summary_comes_once_a_day_or_week_in_the_morning(
    digest: Digest, day: int, hour: int, key: str | None
) -> None:
    assert digest_key(digest, today=date(2026, 11, day), hour=hour) == key
