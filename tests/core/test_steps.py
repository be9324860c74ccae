"""Every explanation adds up: the steps that are told lead to the day that is told."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.closing import CutOff
from app.core.decide import PoolState, Sooner, decide
from app.core.foresee import foresee, on_a_working_day
from app.core.habit import Habit
from app.core.lead_times import Experience
from app.core.model import Arrival, Basis
from app.core.promise import explain
from app.core.steps import Step, counted, replay, short_day
from app.core.undated import by_lead_time
from app.core.working_days import EVERY_DAY, WorkingDays
from app.pipeline.calendars import Calendars, working_days_of
from app.pipeline.lead_time_policy import LeadTimePolicy
from tests.builders import TODAY, days, line
from tests.core.queues import Case, cases

TWO = [line(1, placed=1, order=1), line(1, placed=2, order=2)]
CALENDARS = [EVERY_DAY, working_days_of("US", 2026), working_days_of("MY-02", 2026)]


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 units"), (1, "1 unit"), (2, "2 units"), (1234, "1,234 units")]
)
def test_a_count_is_written_as_people_write_it(count: int, said: str) -> None:
    assert counted(count, "unit") == said


def ready(
    calendar: WorkingDays,
    handling: int,
    release: date,
    carrier: WorkingDays = EVERY_DAY,
    *,
    is_late_in_the_day: bool = False,
) -> Callable[[date], Sequence[Step]]:
    """What the terms of an item make of a day on which it comes."""
    known = Experience([], today=TODAY)
    return LeadTimePolicy(
        TODAY,
        None,
        "",
        None,
        release,
        calendar,
        handling,
        1,
        known,
        0.9,
        calendars=Calendars(carrier),
        cut_off=CutOff(time(14), has_passed=is_late_in_the_day),
    ).ready_on


store_config = st.one_of(
    st.none(),
    st.lists(st.integers(-3, 40), min_size=1, max_size=9).map(
        lambda late: Habit(
            "supplier Acme", len(late), tuple(sorted(late)), tuple(range(1, len(late) + 1))
        )
    ),
)


@st.composite
def foreseen(draw: st.DrawFn) -> tuple[Case, dict[int, Arrival]]:
    """A pool whose arrivals are foreseen: overdue, moved, early, late, or ordered without a day, of a
    supplier with a calendar of its own; and the same as half of all cases come."""
    case, habit = draw(cases), draw(store_config)
    announced = [
        Arrival(
            each.arrival_id,
            each.quantity,
            each.expected_on + timedelta(days=draw(st.integers(-40, 10))),
            "Acme",
            draw(st.one_of(st.none(), st.integers(-50, 20).map(days))),
        )
        for each in case.arrivals
    ]
    ordered = [
        replace(each, ordered_on=day)
        for each in announced
        if (day := draw(st.one_of(st.none(), st.integers(-40, 0).map(days))))
    ]
    announced = [
        each for each in announced if each.arrival_id not in {one.arrival_id for one in ordered}
    ]
    calendar = draw(st.sampled_from(CALENDARS))

    def known(share: float) -> list[Arrival]:
        dated = foresee(announced, lambda supplier: habit, share=share, today=TODAY)
        dated += by_lead_time(ordered, lambda supplier: habit, share=share, today=TODAY)
        return [on_a_working_day(each, calendar) for each in dated]

    sooner = {each.arrival_id: each for each in known(0.5)}
    return Case(case.lines, case.on_hand, known(0.9), case.owed_before), sooner


@given(
    foreseen(),
    st.one_of(st.none(), st.integers(0, 30)),
    st.lists(st.integers(-60, 0).map(days), min_size=8, max_size=8),
    st.lists(st.one_of(st.none(), st.integers(0, 6)), min_size=8, max_size=8),
    st.builds(
        ready,
        st.sampled_from(CALENDARS),
        st.integers(0, 4),
        st.integers(-5, 40).map(days),
        st.sampled_from(CALENDARS),
        is_late_in_the_day=st.booleans(),
    ),
)
def test_every_explanation_replays_to_its_date(
    both: tuple[Case, dict[int, Arrival]],
    lead_time: int | None,
    since: list[date],
    put_off: list[int | None],
    ready_on: Callable[[date], Sequence[Step]],
) -> None:
    case, sooner = both
    counted_from = {
        order_id: day + timedelta(days=later)
        for order_id, (day, later) in enumerate(zip(since, put_off, strict=True), start=1)
        if later is not None
    }
    pool = PoolState(
        case.lines,
        case.on_hand,
        case.owed_before,
        case.arrivals,
        dict(enumerate(since, start=1)),
        counted_from,
        Sooner(sooner, lead_time and lead_time // 2),
    )

    queue = decide({1: pool}, today=TODAY, lead_time_days=lead_time, ready_on=ready_on)[1]

    for allocation, said in queue:
        assert bool(said.steps) is (said.expected_on is not None)
        if said.expected_on is None:
            continue
        for number, step in enumerate(said.steps, start=1):
            assert replay(said.steps[:number]) == step.day
        assert said.steps[-1].day == said.expected_on
        if said.early_on is not None:
            assert replay(said.early_steps) == said.early_on < said.expected_on
        if said.basis is not Basis.UNKNOWN:
            assert short_day(said.expected_on) in explain(allocation, said, on_hand=case.on_hand)


@pytest.mark.parametrize(
    ("calendar", "handling", "words"),
    [
        ("US", 2, "Then closed until Dec 7; plus 2 business days of handling: Dec 9."),
        ("US", 0, "Then closed until Dec 7."),
        ("MY-02", 1, "Then closed until Dec 6; plus 1 business day of handling: Dec 7."),
        ("", 0, "1 arrives Dec 5; this order gets the 1st."),
    ],
)  # fmt: skip
def test_closed_days_and_handling_are_said(calendar: str, handling: int, words: str) -> None:
    pool = PoolState([line(1)], 0, arrivals=[Arrival(1, 1, date(2026, 12, 5))])
    made_ready = ready(working_days_of(calendar, 2026), handling, TODAY)

    ((allocation, said),) = decide({1: pool}, today=TODAY, lead_time_days=None, ready_on=made_ready)[1]

    assert explain(allocation, said, on_hand=0).endswith(f" {words}")


def test_waiting_for_those_ahead_is_said() -> None:
    """The first line's lead time has passed once and runs anew; the second can't come before it."""
    pool = PoolState(
        [line(1, placed=1, order=1), line(1, placed=2, order=2)], 0, short_since={1: days(-9)}
    )

    _, (allocation, said) = decide({1: pool}, today=TODAY, lead_time_days=7)[1]
    first = decide({1: pool}, today=TODAY, lead_time_days=7)[1][0]

    assert explain(first.allocation, first.promise, on_hand=0).endswith(
        "backordered since Nov 16; plus 7 days, 2nd time around: Nov 30."
    )
    assert said.expected_on == days(7)
    assert explain(allocation, said, on_hand=0).endswith("backordered since Nov 25; plus 7 days: Dec 2.")


def test_nobody_is_said_to_come_before_those_ahead() -> None:
    pool = PoolState(
        [line(1, placed=1, order=1), line(1, placed=2, order=2)], 0, short_since={2: days(-5)}
    )

    _, (allocation, said) = decide({1: pool}, today=TODAY, lead_time_days=7)[1]

    assert explain(allocation, said, on_hand=0).endswith(
        "backordered since Nov 20; plus 7 days: Nov 27; not before earlier orders: Dec 2."
    )


def test_what_is_taken_in_after_the_cut_off_and_when_the_carrier_comes_are_said() -> None:
    """It comes on Wednesday, November 25, after the cut-off; Thursday is Thanksgiving, which the shop
    does not keep and its carrier does."""
    pool = PoolState([line(1)], 0, arrivals=[Arrival(1, 1, TODAY)])
    made_ready = ready(EVERY_DAY, 0, TODAY, working_days_of("US", 2026), is_late_in_the_day=True)

    ((allocation, said),) = decide({1: pool}, today=TODAY, lead_time_days=None, ready_on=made_ready)[1]

    assert explain(allocation, said, on_hand=0).endswith(
        "Then after the cut-off, moved to Nov 26; next carrier pickup: Nov 27."
    )


def test_a_range_is_explained_by_both_of_its_days() -> None:
    """Half of all cases were two days late at most, nine of ten nine days."""
    habit = Habit("supplier Acme", 10, (0, 0, 1, 1, 2, 2, 5, 7, 9, 9), tuple(range(1, 11)))
    announced = [Arrival(1, 1, days(10), "Acme")]

    def known(share: float) -> list[Arrival]:
        return foresee(announced, lambda supplier: habit, share=share, today=TODAY)

    sooner = Sooner({each.arrival_id: each for each in known(0.5)}, None)
    pool = PoolState([line(1)], 0, arrivals=known(0.9), sooner=sooner)

    ((allocation, said),) = decide({1: pool}, today=TODAY, lead_time_days=None)[1]

    assert (said.early_on, said.expected_on) == (days(12), days(19))
    assert explain(allocation, said, on_hand=0).endswith(
        " Half of such orders ship by Dec 7: announced for Dec 5; supplier Acme is up to 2 days late "
        "in 1 of 2 cases, going by how things arrive now (10 cases): Dec 7."
    )


def test_parcels_leave_on_a_day_on_which_both_the_shop_and_its_carrier_work() -> None:
    """Ready on Thanksgiving of a shop that is open then; its carrier comes on Friday, when the shop is
    closed, then on Monday."""
    pool = PoolState([line(1)], 0, arrivals=[Arrival(1, 1, days(1))])
    made_ready = ready(WorkingDays({4, 5, 6}), 0, TODAY, working_days_of("US", 2026))

    ((_, said),) = decide({1: pool}, today=TODAY, lead_time_days=None, ready_on=made_ready)[1]

    assert said.expected_on == days(5)


def test_what_comes_out_on_a_day_off_is_sent_on_the_next_working_day() -> None:
    """It is there on Thursday and comes out on Saturday, November 28."""
    pool = PoolState([line(1)], 0, arrivals=[Arrival(1, 1, TODAY)])
    made_ready = ready(WorkingDays({5, 6}), 0, days(3))

    ((allocation, said),) = decide({1: pool}, today=TODAY, lead_time_days=None, ready_on=made_ready)[1]

    assert explain(allocation, said, on_hand=0).endswith(
        "not before its release date: Nov 28; closed until Nov 30."
    )


@pytest.mark.parametrize(
    ("placed", "found_short", "counted_from"),
    [
        pytest.param("2026-11-25T13:50", "2026-11-25T14:05", None, id="read after the cut-off"),
        pytest.param("2026-11-25T14:10", "2026-11-25T14:20", "2026-11-26", id="placed after it"),
        pytest.param("2026-11-25T14:10", None, "2026-11-26", id="nothing was said of it yet"),
        pytest.param("2026-11-25T13:50", None, None, id="placed before, nothing said yet"),
        pytest.param("2026-11-20T09:00", "2026-11-25T15:00", "2026-11-26", id="short days later"),
        pytest.param("2026-11-27T20:00", "2026-11-27T20:01", "2026-11-30", id="on a Friday evening"),
    ],
)
def test_an_order_counts_from_when_it_came_not_from_when_it_was_read(
    placed: str, found_short: str | None, counted_from: str | None
) -> None:
    known = Experience([], today=TODAY)
    policy = LeadTimePolicy(
        *(TODAY, 7, "", None, TODAY, WorkingDays({5, 6}), 0, 1, known, 0.9), cut_off=CutOff(time(14))
    )
    waiting = line(1, order=1)._replace(placed_at=moment(placed))
    since = {1: moment(found_short)} if found_short else {}

    found = policy.counted_from([waiting], since, moment("2026-11-25T15:00"))

    assert found == ({1: date.fromisoformat(counted_from)} if counted_from else {})


def moment(text: str) -> datetime:
    """A moment of the shop's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 deliveries"), (1, "1 delivery"), (2, "2 deliveries")]
)
def test_a_count_agrees_with_what_is_counted(count: int, words: str) -> None:
    assert counted(count, "delivery", "deliveries") == words
    assert counted(count, "unit") == ("1 unit" if count == 1 else f"{count} units")
