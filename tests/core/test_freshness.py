"""What may be said from figures whose age nobody tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.allocate import allocate
from app.core.freshness import (
    PATIENCE,
    Case,
    DemandChange,
    Reflects,
    Said,
    Snapshot,
    Supply,
    Unshown,
    begin_of_list,
    behind_unshown,
    bound_supply,
    happened_by,
    is_over,
    is_suspect_time,
    next_look,
    next_reading,
    unshown,
    weigh,
    will_never_be_routed,
)
from app.core.model import Allocatable

ASKED_AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
LAG = timedelta(seconds=90)
HERE = 1


def ago(seconds: float) -> datetime:
    """So long before the figures were asked for."""
    return ASKED_AT - timedelta(seconds=seconds)


def line(order_id: int, quantity: int, *, short: int = 0, taken: int | None = None) -> Allocatable:
    """A line of the only item, in the order of the numbers."""
    return Allocatable(order_id, 7, HERE, quantity, ago(10_000 - order_id), 0, short, taken)


def took(order_id: int, units: int, *, at: datetime, short: int = 0) -> DemandChange:
    """An order took units, or (below zero) gave some back."""
    return DemandChange(order_id, HERE, at, units, short)


SNAPSHOT = Snapshot.asked(ASKED_AT, lag=LAG)


@pytest.mark.parametrize(
    ("seconds_ago", "answer"),
    [
        (91, Reflects.YES),
        (90, Reflects.YES),
        (89, Reflects.MAYBE),
        (0, Reflects.MAYBE),
        (-1, Reflects.NO),
    ],
)
def test_figures_show_what_is_older_than_they_may_be(seconds_ago: float, answer: Reflects) -> None:
    assert SNAPSHOT.reflects(ago(seconds_ago)) is answer


def test_figures_that_do_not_lag_show_all_that_was_before_them() -> None:
    snapshot = Snapshot.asked(ASKED_AT, lag=timedelta(0))

    answers = [snapshot.reflects(ago(seconds)) for seconds in (1, 0, -1)]
    assert answers == [Reflects.YES, Reflects.YES, Reflects.NO]


def test_an_event_is_sure_to_show_one_lag_after_it() -> None:
    assert SNAPSHOT.sure_at(ago(30)) == ago(30) + LAG


def test_a_told_second_is_over_only_with_the_next_one_unless_we_knew_before() -> None:
    told = ASKED_AT

    assert happened_by(told, known_at=told + timedelta(seconds=20)) == told + timedelta(seconds=1)
    assert happened_by(told, known_at=told) == told


def test_what_an_order_took_and_gave_back_is_missing_from_the_figures_at_most_once() -> None:
    changes = [took(1, 3, at=ago(60), short=2), took(1, -1, at=ago(30)), took(2, 5, at=ago(91))]

    assert unshown(SNAPSHOT, changes) == {1: Unshown(taken=3, short=2, returned=1)}


def test_what_came_after_the_figures_is_missing_for_sure() -> None:
    late = [took(1, 3, at=ago(-5))]

    missing = unshown(SNAPSHOT, late)
    supply = bound_supply([line(1, 3)], missing, available=4, backordered=0)

    assert supply == Supply(4, 4)


def test_an_order_that_figures_may_not_show_yet_bounds_supply() -> None:
    missing = unshown(SNAPSHOT, [took(2, 3, at=ago(10))])

    supply = bound_supply([line(1, 2), line(2, 3)], missing, available=5, backordered=0)

    assert supply == Supply(7, 10)


def test_units_counted_short_beyond_those_of_older_orders_prove_that_newer_ones_show() -> None:
    missing = unshown(SNAPSHOT, [took(2, 3, at=ago(10), short=3)])

    supply = bound_supply([line(1, 2), line(2, 3, short=3)], missing, available=-3, backordered=3)

    assert supply == Supply(2, 2)


def test_short_units_that_left_take_from_the_shelf_what_figures_may_still_count_as_short() -> None:
    """Order 2 was short of two, and shipped out of turn once two had come: one is left for order 1."""
    missing = unshown(SNAPSHOT, [took(2, 0, at=ago(54), short=-2)])

    supply = bound_supply([line(1, 2, short=1)], missing, available=2 - 3, backordered=3)

    assert supply == Supply(1, 3)


def test_units_that_lower_the_figures_as_they_are_shipped_may_not_have_yet() -> None:
    missing = unshown(SNAPSHOT, [took(2, 3, at=ago(54))])

    supply = bound_supply([line(1, 3, taken=0)], missing, available=5, backordered=0)

    assert supply == Supply(2, 5)


def test_units_that_have_not_lowered_the_figures_are_not_put_back() -> None:
    supply = bound_supply([line(1, 2, taken=0), line(2, 3)], {}, available=1, backordered=0)

    assert supply == Supply(4, 4)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (Case(0, 0, standing=2), Said(0, is_sure=True)),
        (Case(2, 2), Said(2, is_sure=True)),
        (Case(0, 2), Said(0, is_sure=False)),
        (Case(0, 2, standing=2), Said(2, is_sure=False)),
        (Case(0, 1, standing=2), Said(1, is_sure=False)),
        (Case(1, 2), Said(1, is_sure=True)),
        (Case(1, 3, standing=2), Said(2, is_sure=True)),
    ],
)
def test_what_stands_is_said_as_long_as_it_may_be_true(case: Case, said: Said) -> None:
    assert weigh(case) == said


def test_a_restock_may_have_come_before_an_order_that_the_figures_may_not_show() -> None:
    assert weigh(Case(2, 2, is_unshown=True)) == Said(0, is_sure=False)


@pytest.mark.parametrize(
    ("missing", "behind"),
    [
        ({1: Unshown(0, 0, 0)}, {2, 3}),
        ({2: Unshown(4, 0, 0)}, {3}),
        ({3: Unshown(4, 0, 0)}, set()),
        ({1: Unshown(0, 0, 2)}, set()),
        ({1: Unshown(0, 0, 0, 2)}, set()),
        ({}, set()),
    ],
    ids=[
        "told late",
        "raised",
        "the last of the queue",
        "only gave back",
        "only shipped",
        "all is shown",
    ],
)
def test_whoever_is_served_after_units_that_figures_may_not_show_may_have_been_served(
    missing: dict[int, Unshown], behind: set[int]
) -> None:
    """A restock may have come before the order ahead of them, and the figures show neither."""
    queue = [line(order_id, 1) for order_id in (1, 2, 3)]

    assert behind_unshown(queue, missing) == behind


def test_what_the_platform_called_short_when_it_was_ordered_is_said_at_once() -> None:
    assert weigh(Case(2, 2, is_unshown=True, told_short=2)) == Said(2, is_sure=True)


def test_an_order_that_shows_already_that_it_waits_does_not_look_served() -> None:
    assert weigh(Case(2, 2, is_unshown=True, shows_that_it_waits=True)) == Said(2, is_sure=True)


# No verdict differs from that of any world that the snapshot allows.


@dataclass
class Counters:
    """A store's figures, and the units that really lie there."""

    on_hand: int = 0
    backordered: int = 0
    shelf: int = 0


@dataclass
class Sold:
    """One order, and what the store calls short of it."""

    units: int = 0
    short: int = 0


@dataclass
class Play:
    """A store in which things happen, and the counters after each of them."""

    counters: Counters
    lowers: bool
    lowers_lines: bool = False
    lowers_when_sent: bool = False
    orders: dict[int, Sold] = field(default_factory=dict)
    changes: list[DemandChange] = field(default_factory=list)
    past: list[tuple[datetime, Counters]] = field(default_factory=list)

    def happen(self, kind: str, order_id: int, units: int, at: datetime) -> None:
        """One thing, at that moment."""
        getattr(self, kind)(order_id, units, at)
        one = self.counters
        self.past.append((at, Counters(one.on_hand, one.backordered, one.shelf)))

    def place(self, order_id: int, units: int, at: datetime) -> None:
        """An order takes what is there; the rest is short."""
        if self.lowers_when_sent:
            self.orders.setdefault(order_id, Sold()).units += units
            self.changes.append(took(order_id, 0, at=at))
            return
        short = max(0, units - max(0, self.counters.on_hand))
        self.counters.on_hand -= units - short
        self.counters.backordered += short
        sold = self.orders.setdefault(order_id, Sold())
        sold.units, sold.short = sold.units + units, sold.short + short
        self.changes.append(took(order_id, units, at=at, short=short))

    def take_out(self, order_id: int, units: int, at: datetime, *, restock: bool = True) -> None:
        """Units are taken out of an order, the short ones first."""
        sold = self.orders.get(order_id, Sold())
        units = min(units, sold.units)
        if not units:
            return
        if self.lowers_when_sent:
            sold.units -= units
            return
        short = min(units, sold.short)
        unpaid = min(short, self.counters.backordered)
        sold.units, sold.short = sold.units - units, sold.short - short
        self.counters.backordered -= unpaid
        if restock:
            self.counters.on_hand += units - unpaid
        else:
            self.counters.shelf -= units - unpaid
        self.changes.append(took(order_id, -units, at=at))

    def send(self, order_id: int, units: int, at: datetime) -> None:
        """Units leave the house, those that were there first; not more than are there."""
        sold = self.orders.get(order_id, Sold())
        units = min(units, sold.units)
        if not units:
            return
        if self.lowers_when_sent:
            left = min(units, self.counters.on_hand)
            sold.units -= units
            self.counters.on_hand -= left
            self.counters.shelf -= left
            self.changes.append(took(order_id, units, at=at))
            return
        short = units - min(units, sold.units - sold.short)
        told_short = sum(one.short for one in self.orders.values())
        paid = min(short, max(0, told_short - self.counters.backordered))
        left = min(short - paid, max(0, self.counters.on_hand))
        sold.units, sold.short = sold.units - units, sold.short - short
        self.counters.backordered -= short - paid
        self.counters.on_hand -= left
        self.counters.shelf -= units - short + paid + left
        if short:
            self.changes.append(took(order_id, 0, at=at, short=-short))

    def lose(self, order_id: int, units: int, at: datetime) -> None:
        """Units are taken out of an order and not given back."""
        self.take_out(order_id, units, at, restock=False)

    def restock(self, order_id: int, units: int, at: datetime) -> None:
        """Goods come in."""
        self.counters.on_hand += units
        self.counters.shelf += units
        if not self.lowers:
            return
        paid = min(self.counters.backordered, max(0, self.counters.on_hand))
        self.counters.on_hand -= paid
        self.counters.backordered -= paid
        for sold in self.orders.values() if self.lowers_lines else ():
            of_it = min(paid, sold.short)
            sold.short, paid = sold.short - of_it, paid - of_it

    def lines(self) -> list[Allocatable]:
        """Its open lines."""
        return [
            line(number, one.units, short=one.short, taken=0 if self.lowers_when_sent else None)
            for number, one in self.orders.items()
        ]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("place", "place", "take_out", "lose", "send", "restock")),
        st.integers(1, 4),
        st.integers(1, 4),
        st.integers(0, 300),
    ),
    max_size=10,
)


def play(events: Sequence[tuple[str, int, int, int]], stock: int, kind: int) -> Play:
    """All that happened until the figures were asked for."""
    shop = Play(
        Counters(stock, 0, stock),
        lowers=kind in (1, 2),
        lowers_lines=kind == 2,
        lowers_when_sent=kind == 3,
    )
    shop.past.append((ago(1000), Counters(stock, 0, stock)))
    for what, order_id, units, seconds in sorted(events, key=lambda one: -one[3]):
        shop.happen(what, order_id, units, ago(seconds))
    return shop


@settings(max_examples=400, deadline=None)
@given(events=EVENTS, stock=st.integers(0, 6), kind=st.integers(0, 3), age=st.integers(0, 90))
def test_no_verdict_differs_from_that_of_any_world_that_the_figures_allow(
    events: list[tuple[str, int, int, int]], stock: int, kind: int, age: int
) -> None:
    """The figures are those of any moment since the oldest that they may be of. Units on the shelf can
    serve orders; those that came later than the figures are not seen, which is no fault of theirs."""
    shop = play(events, stock, kind)
    shown = [one for at, one in shop.past if at <= ago(age)][-1]
    missing = unshown(SNAPSHOT, shop.changes)
    lines = shop.lines()

    supply = bound_supply(
        lines,
        missing,
        available=shown.on_hand - shown.backordered,
        backordered=shown.backordered,
    )

    unseen = sum(units for what, _, units, seconds in events if what == "restock" and seconds < age)
    truths = range(shop.counters.shelf - unseen, shop.counters.shelf + 1)
    assert supply.low <= shop.counters.shelf
    assert supply.high >= shop.counters.shelf - unseen
    for true_supply in truths if unseen == 0 else ():
        _agrees(lines, supply, true_supply)


def _agrees(lines: Sequence[Allocatable], supply: Supply, true_supply: int) -> None:
    true = [each.short for each in allocate(lines, on_hand=true_supply)]
    least = [each.short for each in allocate(lines, on_hand=supply.high)]
    most = [each.short for each in allocate(lines, on_hand=supply.low)]
    for real, few, many in zip(true, least, most, strict=True):
        said = weigh(Case(few, many))
        assert few <= real <= many
        assert not said.is_sure or (said.short > 0) is (real > 0)


LAST = datetime(2026, 11, 25, 9, 0, 0, tzinfo=UTC)


def begins_before_last_s(now_s: float, read_s: float | None) -> float:
    """How far a list that is read now reaches back over what the last one, read then, told."""
    at = None if read_s is None else LAST + timedelta(seconds=read_s)
    return (LAST - begin_of_list(LAST, at, now=LAST + timedelta(seconds=now_s))).total_seconds()


def test_a_list_soon_after_another_begins_where_that_ended() -> None:
    assert begins_before_last_s(4.9, read_s=0.1) == 0


def test_one_list_in_five_seconds_reaches_back_over_what_the_search_may_have_shown_late() -> None:
    assert begins_before_last_s(5.0, read_s=4.9) == 10
    assert begins_before_last_s(3600, read_s=None) == 10


@pytest.mark.parametrize(
    ("unbalanced_s", "attempts", "again_s"),
    [
        pytest.param(0, 0, 2, id="soon at first"),
        pytest.param(14, 3, 16, id="ever later"),
        pytest.param(50, 4, 10, id="once at the end of patience"),
        pytest.param(60, 5, 2, id="often right after it"),
        pytest.param(600, 20, 3600, id="hourly at last"),
    ],
)
def test_books_that_do_not_balance_are_read_again(
    unbalanced_s: int, attempts: int, again_s: int
) -> None:
    now = LAST + timedelta(seconds=unbalanced_s)

    assert next_look(LAST, attempts, now) == now + timedelta(seconds=again_s)


def test_patience_lasts_a_minute_and_until_the_list_of_changed_orders_was_read() -> None:
    minute = LAST + PATIENCE

    assert timedelta(seconds=60) == PATIENCE
    assert is_over(LAST, LAST, now=minute)
    assert not is_over(LAST, LAST, now=minute - timedelta(seconds=1))
    assert not is_over(LAST, LAST - timedelta(seconds=1), now=minute)
    assert not is_over(LAST, None, now=minute)
    assert not is_over(None, LAST, now=minute)


def test_orders_we_know_come_under_suspicion_once_those_on_their_way_had_their_time() -> None:
    too_much = [is_suspect_time(count, is_too_much_known=True) for count in range(4)]
    too_little = [is_suspect_time(count, is_too_much_known=False) for count in range(4)]

    assert too_much == [False, True, True, True]
    assert too_little == [False, False, True, True]


def test_an_order_without_routing_an_hour_after_we_saw_it_will_have_none() -> None:
    hour = LAST + timedelta(hours=1)

    assert will_never_be_routed(asked_at=hour + timedelta(seconds=1), first_seen_at=LAST)
    assert not will_never_be_routed(asked_at=hour, first_seen_at=LAST)
    assert not will_never_be_routed(asked_at=None, first_seen_at=LAST)


@pytest.mark.parametrize(
    ("change_s", "is_sure", "stirred_s", "again_s"),
    [
        pytest.param(-30, False, None, 15, id="readings mostly lag less"),
        pytest.param(-85, False, None, 5, id="as soon as the change must show"),
        pytest.param(-85, True, None, None, id="nothing is unsure"),
        pytest.param(-85, True, -40, 50, id="what was told of its stock must show"),
        pytest.param(-85, True, -90, None, id="that shows already"),
    ],
)
def test_an_item_is_read_again_as_soon_as_a_reading_may_tell_more(
    change_s: int, is_sure: bool, stirred_s: int | None, again_s: int | None
) -> None:
    snapshot = Snapshot.asked(LAST, lag=timedelta(seconds=90))
    changes = [DemandChange(1, 2, LAST + timedelta(seconds=change_s), 1)]
    last_event_at = None if stirred_s is None else LAST + timedelta(seconds=stirred_s)

    at = next_reading(snapshot, changes, now=LAST, is_sure=is_sure, last_event_at=last_event_at)

    assert at == (None if again_s is None else LAST + timedelta(seconds=again_s))
