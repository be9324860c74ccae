"""Do the books balance, and which orders must be read to tell?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.balancing import (
    Balance,
    Facts,
    balance_books,
    explain_away,
    is_heard_out,
    is_sold_ahead,
    known_demand,
    stock_positions,
    suspects,
    unlocated_plans,
)
from app.core.books import Verdict
from app.core.freshness import Snapshot
from app.core.locating import to_locate
from app.core.model import QueuePosition
from app.core.passing import Moved, in_turn
from app.core.reckoning import Claim

NOW = datetime(2026, 11, 25, 9, 0, 0, tzinfo=UTC)
ITEM, HERE, THERE = 7, 1, 2
MINUTE = timedelta(seconds=60)


@dataclass(frozen=True)
class Pool:
    """What the platform says of a pool: of so many units, `committed` are taken."""

    available: int
    committed: int | None = 0
    backordered: int | None = None
    location_id: int = HERE


@dataclass(frozen=True)
class Order:
    """What we know of an order for the item."""

    order_id: int
    quantity: int = 1
    at: Mapping[int, int] = field(default_factory=dict)
    is_located: bool = True
    is_doubtful: bool = False
    planned: int = 0
    late: int = 0
    first_seen_at: datetime = NOW - timedelta(hours=2)
    updated_at: datetime = NOW - timedelta(hours=2)
    asked_at: datetime | None = None
    priority: int = 0
    backordered: int = 0
    backordered_at: Mapping[int, int] = field(default_factory=dict)
    taken_at: Mapping[int, int] = field(default_factory=dict)
    waiting_at: Mapping[int, int] = field(default_factory=dict)

    @property
    def placed_at(self) -> datetime:
        """In the order of the numbers."""
        return NOW - timedelta(days=1) + timedelta(seconds=self.order_id)


@dataclass(frozen=True)
class Before:
    """A pool as it was settled before."""

    drift: int = 0
    drift_since: Sequence[Sequence[float]] = ()
    committed: int | None = 0
    is_reckoned: bool = True
    read_at: datetime = NOW - timedelta(hours=1)


NOTHING_BEFORE = {HERE: Before()}


def here(order_id: int, quantity: int = 1, **more: object) -> Order:
    """An order that ships from the first location."""
    return Order(order_id, quantity, {HERE: quantity}, **more)  # type: ignore[arg-type]


def facts(pools: Sequence[Pool], *orders: Order, claims: Sequence[Claim] = ()) -> Facts:
    """What is known of the item, read now."""
    books = known_demand(ITEM, [pool.location_id for pool in pools], orders)
    positions = stock_positions(pools, books)
    return Facts(ITEM, pools, Snapshot(NOW, NOW), orders, books, positions, claims)


def balance(
    what: Facts, before: Mapping[int, Before] = NOTHING_BEFORE, *, has_read: bool = False
) -> Balance:
    """How the books compare."""
    return balance_books(what, before, has_read=has_read, may_wait=True)


# The lines we know


def test_an_order_that_nobody_located_is_at_home_where_there_is_one_location_alone() -> None:
    order = Order(1, 3, is_located=False)

    one, two = known_demand(ITEM, [HERE], [order]), known_demand(ITEM, [HERE, THERE], [order])

    assert ([(line.location_id, line.quantity) for line in one.located], one.unlocated) == (
        [(HERE, 3)],
        0,
    )
    assert (two.located, two.unlocated) == ([], 3)


def test_lines_at_other_locations_are_not_of_these_pools() -> None:
    books = known_demand(ITEM, [HERE], [Order(1, 3, {HERE: 1, THERE: 2})])

    assert [(line.location_id, line.quantity) for line in books.located] == [(HERE, 1)]


# How the books compare


def test_books_balance_if_as_much_is_committed_as_the_orders_take() -> None:
    assert balance(facts([Pool(-1, 3)], here(1, 2), here(2))).verdict is Verdict.BALANCED


@pytest.mark.parametrize(
    ("committed", "verdict"), [(4, Verdict.ORDERS_MISSING), (2, Verdict.COPY_STALE)]
)
def test_more_or_less_may_be_committed_than_we_know(committed: int, verdict: Verdict) -> None:
    assert balance(facts([Pool(-1, committed)], here(1, 2), here(2))).verdict is verdict


def test_orders_newer_than_the_figures_are_left_out_of_the_comparison() -> None:
    newer = here(2, first_seen_at=NOW + timedelta(seconds=1))

    found = balance(facts([Pool(-1, 2)], here(1, 2), newer))

    assert found.is_balanced
    assert [line.order_id for line in found.books.located] == [1]


def test_a_claim_of_the_second_of_the_figures_may_not_be_in_them() -> None:
    claims = [Claim("draft order #D7", 2, NOW, HERE, "draft")]

    assert balance(facts([Pool(-1, 1)], here(1), claims=claims)).is_balanced


def test_a_kind_of_claims_is_dropped_only_once_all_that_may_have_changed_was_read() -> None:
    claims = [Claim("draft order #D7", 2, NOW - MINUTE, HERE, "draft")]
    what = facts([Pool(-1, 1)], here(1), claims=claims)

    assert [balance(what, has_read=read).is_balanced for read in (False, True)] == [False, True]


def test_where_the_platform_commits_nothing_there_is_nothing_to_compare() -> None:
    assert balance(facts([Pool(-1, None, 1)], here(1))).is_balanced


def test_what_nobody_explained_before_is_explained_still() -> None:
    found = balance(facts([Pool(-1, 3)], here(1, 2)), {HERE: Before(drift=1)})

    assert (found.verdict, found.drift) == (Verdict.BALANCED, {HERE: 1})


# What nobody explains


def test_after_patience_what_is_committed_beyond_our_orders_is_kept_with_its_time() -> None:
    what = facts([Pool(-1, 5)], here(1, 2))

    found = explain_away(what, balance(what), NOTHING_BEFORE, now=NOW)

    assert found.is_balanced
    assert (found.drift, found.drift_since) == ({HERE: 3}, {HERE: [(3, NOW.timestamp())]})


def test_of_a_pool_that_nobody_reckoned_only_what_is_more_than_then_came_since() -> None:
    what = facts([Pool(-1, 5)], here(1, 2))
    before = {HERE: Before(committed=4, is_reckoned=False)}

    found = explain_away(what, balance(what), before, now=NOW)

    assert (found.drift, found.drift_since) == ({HERE: 3}, {HERE: [(1, NOW.timestamp())]})


@pytest.mark.parametrize(
    ("since_s", "is_all_readable", "is_over"),
    [(59, True, False), (60, True, True), (5, False, False), (6, False, True)],
)
def test_patience_is_short_where_stock_may_be_committed_to_what_we_may_not_read(
    since_s: int, is_all_readable: bool, is_over: bool
) -> None:
    what = facts([Pool(-1, 5)], here(1, 2))
    since = NOW - timedelta(seconds=since_s)
    seen = Facts(
        ITEM,
        what.pools,
        what.snapshot,
        what.demand,
        what.books,
        what.positions,
        is_all_readable=is_all_readable,
    )

    assert is_heard_out(seen, balance(what), since=since, read_at=since, now=NOW) is is_over


def test_nothing_is_waited_for_once_some_of_what_nobody_explained_is_gone() -> None:
    what = facts([Pool(-1, 4)], here(1, 2))
    found = balance(what, {HERE: Before(drift=5)})

    assert found.is_less
    assert is_heard_out(what, found, since=None, read_at=NOW, now=NOW)
    assert not is_heard_out(what, found, since=None, read_at=NOW - MINUTE, now=NOW)


# Which orders to ask for


def test_only_orders_behind_the_point_where_the_shortage_is_accounted_for_need_a_location() -> None:
    old = [Order(number, 1, is_located=False) for number in range(1, 10)]
    new = [Order(number, 1, {HERE: 1}) for number in range(10, 13)]
    pools = [Pool(-3, 12), Pool(0, 0, location_id=THERE)]

    assert to_locate(facts(pools, *old, *new), everyone=False) == []
    assert len(to_locate(facts(pools, *old, *new), everyone=True)) == 9


def test_a_few_unlocated_orders_are_asked_for_at_least_and_as_many_as_may_be_short() -> None:
    orders = [Order(number, 1, is_located=False) for number in range(1, 21)]

    def asked(short: int) -> int:
        pools = [Pool(-short, short), Pool(0, 0, location_id=THERE)]
        return len(to_locate(facts(pools, *orders), everyone=False))

    assert (asked(1), asked(8)) == (5, 8)


def test_units_that_wait_outside_account_for_no_shortage() -> None:
    """Two are short: not the preorder that is on hold, but the order before it, wherever it lies."""
    ahead = Order(2, 2, {HERE: 2}, planned=2, late=2, waiting_at={HERE: 2})
    pools = [Pool(-2, 2), Pool(0, 0, location_id=THERE)]

    found = to_locate(facts(pools, Order(1, 2, is_located=False), ahead), everyone=False)

    assert [order.order_id for order in found] == [1]


def test_preorders_that_nobody_located_may_account_for_nothing() -> None:
    orders = [Order(number, 1, is_located=False) for number in range(1, 10)]
    ahead = [Order(number, 1, is_located=False, planned=1) for number in range(10, 16)]
    pools = [Pool(-6, 6), Pool(0, 0, location_id=THERE)]

    assert len(to_locate(facts(pools, *orders, *ahead), everyone=False)) == 12


def test_an_order_that_took_the_turn_of_an_older_one_accounts_for_no_shortage_behind_it() -> None:
    """Six are short: the last order's four, and the two of the one that was passed over."""
    covered = [Order(number, 1, is_located=False) for number in range(1, 10)]
    passed = Order(10, 2, is_located=False)
    went_first, last = here(11, 3), here(12, 4)
    what = facts([Pool(-6, 18), Pool(0, 0, location_id=THERE)], *covered, passed, went_first, last)
    turn = QueuePosition(passed.priority, passed.placed_at, passed.order_id)
    lines = in_turn(what.books.located, {11: Moved(turn, 3)})

    found = to_locate(replace(what, books=replace(what.books, located=lines)), everyone=False)

    assert [order.order_id for order in found] == [10]


def test_where_nobody_tells_where_a_reservation_lies_every_order_is_located() -> None:
    """One unit is committed there: the draft's, or one of the order's three."""
    order, younger = Order(1, 3, is_located=False), here(2, 2)
    what = facts([Pool(-1, 5), Pool(0, 1, location_id=THERE)], order, younger)
    reserved = Claim("draft order #D1", 1, NOW)

    assert to_locate(what, everyone=False) == []
    assert to_locate(replace(what, claims=[reserved]), everyone=False) == [order]
    assert to_locate(replace(what, claims=[replace(reserved, location_id=HERE)]), everyone=False) == []


def test_an_order_that_will_never_be_routed_is_not_asked_for() -> None:
    seen = NOW - timedelta(hours=3)
    order = Order(1, 1, is_located=False, first_seen_at=seen, asked_at=NOW)
    pools = [Pool(-1, 1), Pool(0, 0, location_id=THERE)]

    assert to_locate(facts(pools, order), everyone=True) == []


def test_too_much_puts_every_order_under_suspicion_and_too_little_the_doubtful_ones() -> None:
    what = facts([Pool(-1, 2)], here(1), here(2, is_doubtful=True))

    assert suspects(what, Verdict.COPY_STALE, attempts=1) == [1, 2]
    assert suspects(what, Verdict.ORDERS_MISSING, attempts=2) == [2]
    assert suspects(what, Verdict.ORDERS_MISSING, attempts=1) == []


def test_orders_sold_ahead_that_nobody_located_may_ship_by_now() -> None:
    what = facts([Pool(0, 0)], here(1, planned=1), Order(2, 1, is_located=False, planned=1))

    assert is_sold_ahead(what)
    assert [order.order_id for order in unlocated_plans(what)] == [2]


@pytest.mark.parametrize(("skew_s", "is_news"), [(0, False), (-300, True), (300, False)])
def test_whether_an_order_changed_since_the_figures_is_told_by_the_platforms_clock(
    skew_s: int, is_news: bool
) -> None:
    """Five minutes before now by our clock is now by one that is so far behind it: the units sold ahead
    are no explanation then."""
    order = here(1, planned=1, updated_at=NOW - timedelta(minutes=5))
    what = replace(facts([Pool(0, 0)], order), skew=timedelta(seconds=skew_s))

    assert balance(what).is_balanced is not is_news


def test_what_is_committed_besides_is_older_than_the_figures_by_the_platforms_clock() -> None:
    """A claim of five minutes ago by our clock, which is so far ahead, may not be in them yet."""
    claims = [Claim("draft order #D1", 2, NOW - timedelta(minutes=5), HERE, "draft order")]
    what = facts([Pool(0, 1)], here(1), claims=claims)

    assert not balance(what).is_balanced
    assert balance(replace(what, skew=timedelta(minutes=-5))).is_balanced
