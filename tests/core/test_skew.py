"""How far a platform's clock is ahead of ours is learned from its answers; one lie is not believed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.skew import Bounds, Learner, as_skew, bounds_of

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def answer(skew_s: float, *, at_s: float = 0.0, took_s: float = 0.2, written_s: float = 0.1) -> Bounds:
    """What is learned of a call begun at that second, which was answered within it."""
    written_at = NOON + seconds(at_s + written_s + skew_s)
    return bounds_of(
        written_at.replace(microsecond=0),
        asked_at=NOON + seconds(at_s),
        heard_at=NOON + seconds(at_s + took_s),
    )


@given(
    skew_s=st.floats(-7200, 7200),
    at_s=st.floats(0, 3600),
    took_s=st.floats(0, 20),
    part=st.floats(0, 1),
)
def test_the_true_skew_lies_within_what_an_answer_bounds(
    skew_s: float, at_s: float, took_s: float, part: float
) -> None:
    found = answer(skew_s, at_s=at_s, took_s=took_s, written_s=took_s * part)

    assert found.least_s - 1e-4 <= skew_s <= found.most_s + 1e-4
    assert found.most_s - found.least_s == pytest.approx(took_s + 1, abs=1e-4)


def test_clocks_that_agree_are_left_alone() -> None:
    learner = Learner()

    assert {learner.hear(answer(0, at_s=at_s)) for at_s in (0, 0.3, 0.9, 7.5)} == {0}


@pytest.mark.parametrize("skew_s", [300, -300, 3600, -3600])
def test_answers_narrow_the_skew_down(skew_s: float) -> None:
    learner = Learner()

    first = learner.hear(answer(skew_s))
    for step in range(20):
        last = learner.hear(answer(skew_s, at_s=step * 7.31))

    assert first == pytest.approx(skew_s, abs=1.3)
    assert last == pytest.approx(skew_s, abs=0.3)


def test_a_slow_answer_teaches_little() -> None:
    learner = Learner(known_s=290)

    assert learner.hear(answer(300, took_s=20, written_s=1)) == 290


def test_one_answer_that_a_cache_kept_is_not_believed() -> None:
    learner = Learner(known_s=0)
    kept = [answer(-30 - at_s, at_s=at_s) for at_s in (0, 20)]

    assert [learner.hear(told) for told in kept] == [0, 0]
    assert learner.hear(answer(0, at_s=40)) == 0


def test_two_answers_that_agree_say_that_a_clock_was_set() -> None:
    learner = Learner(known_s=0)

    assert learner.hear(answer(300)) == 0
    assert learner.hear(answer(300, at_s=5)) == pytest.approx(300, abs=1.3)


def test_what_was_doubted_long_ago_confirms_nothing() -> None:
    learner = Learner(known_s=0)
    learner.hear(answer(300))
    learner.hear(answer(0, at_s=5))

    assert learner.hear(answer(300, at_s=10)) == 0


@pytest.mark.parametrize("skew_s", [-400 * 86400, 86400 * 2])
def test_a_time_that_no_clock_tells_counts_as_none(skew_s: float) -> None:
    learner = Learner()

    assert [learner.hear(answer(skew_s)) for _ in range(3)] == [None, None, None]
    assert as_skew(learner.known_s) == timedelta()


def test_a_clock_of_ours_that_is_set_back_in_the_middle_of_a_call_is_no_error() -> None:
    told = bounds_of(NOON, asked_at=NOON, heard_at=NOON - seconds(300))

    assert told.least_s <= told.most_s
