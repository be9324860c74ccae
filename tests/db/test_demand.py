"""What orders took of an item's figures, and who can't be judged until the figures show it."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.freshness import DemandChange
from app.db import orders
from app.db.demand import changes_since, doubts_about, keep_doubts, lines_of
from app.db.models import Shop
from app.platforms.base import LinePart, LocatedLine, OrderSeen, Routing
from tests.builders import ITEM, LOCATION, NOW, order_item, order_seen, routed, seconds
from tests.db.stock import known_item, see


def copy(
    quantity: int,
    *,
    ordered: int | None = None,
    lowers: bool = True,
    follows: bool = True,
    short: int = 0,
    updated: int = 0,
    order: int = 1,
) -> OrderSeen:
    """An order of one item, read with the settings of the store."""
    part = LinePart(1, quantity, short)
    line = LocatedLine(ITEM, LOCATION, quantity, short, lowers, follows, (part,))
    routing = Routing((line,) if quantity else (), (order,))
    item = order_item(quantity, ordered=ordered or quantity, backordered=short)
    return order_seen(item, order=order, updated=updated, routing=routing)


def taken(session: Session, shop: Shop, order_id: int = 1) -> Sequence[int]:
    """The units of an order that have lowered the figures."""
    lines = lines_of(session, shop.id, [order_id])[order_id]
    return [units.taken for parts in lines.values() for units in parts.values()]


def changes(session: Session, shop: Shop) -> list[tuple[int, int]]:
    """When, in seconds since the beginning, which change was over, and how many units it took."""
    found = changes_since(session, shop.id, ITEM, since=seconds(-5))
    return [(int((one.at - NOW).total_seconds()), one.units) for one in found]


def test_what_an_order_takes_is_remembered_with_the_second_in_which_it_did(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)

    see(session, shop, copy(3, short=2, updated=4), at=20)

    assert changes_since(session, shop.id, ITEM, since=seconds(4)) == [
        DemandChange(1, LOCATION, seconds(5), 3, 2)
    ]
    assert changes_since(session, shop.id, ITEM, since=seconds(5)) == []


def test_when_an_order_took_units_is_told_by_the_platforms_clock_and_judged_by_ours(
    session: Session, shop: Shop
) -> None:
    """Ours is five minutes ahead: what happened a second ago there must not look that old here."""
    known_item(session, shop)
    shop.skew_s = -300
    session.flush()

    see(session, shop, copy(3, updated=4), at=320)

    (change,) = changes_since(session, shop.id, ITEM, since=seconds(230), skew=shop.skew)
    assert change.at == seconds(305)
    assert changes_since(session, shop.id, ITEM, since=seconds(305), skew=shop.skew) == []


def test_what_a_deleted_order_gave_back_is_told_by_the_platforms_clock(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    see(session, shop, copy(3, updated=4), at=4)
    shop.skew_s = 60
    session.flush()

    orders.forget_orders(session, shop.id, [1], now=seconds(9), cause="a test")

    assert changes(session, shop)[-1] == (69, -3)


def test_a_copy_that_says_the_same_changes_nothing_and_forgets_nothing(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    see(session, shop, copy(3), at=1)

    see(session, shop, copy(3, lowers=False, updated=7), at=9)

    assert taken(session, shop) == [3]
    assert changes(session, shop) == [(1, 3)]


def test_units_that_staff_add_while_stock_does_not_follow_edits_are_wanted_but_not_taken(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    see(session, shop, copy(3), at=1)

    see(session, shop, copy(5, follows=False, updated=7), at=9)

    assert taken(session, shop) == [3]
    assert changes(session, shop) == [(1, 3), (8, 0)]


def test_units_that_were_never_taken_leave_untold_also_beside_another_line_item_of_the_same_item(
    session: Session, shop: Shop
) -> None:
    """An order of two, to which one is added on a line item of its own, which is shipped."""
    known_item(session, shop)
    see(session, shop, of_line_items((2, 2)), at=1)
    see(session, shop, of_line_items((2, 2), (1, 1), updated=2), at=3)

    see(session, shop, of_line_items((2, 2), (0, 1), updated=4), at=5)

    assert taken(session, shop) == [2]


def of_line_items(*units: tuple[int, int], updated: int = 0) -> OrderSeen:
    """An order that names its item so often, each time with units outstanding and ordered, in a store
    where stock does not follow edits."""
    told = [
        order_item(outstanding, ordered=ordered, number=number)
        for number, (outstanding, ordered) in enumerate(units, start=1)
    ]
    parts = tuple(LinePart(one.line_id, one.outstanding) for one in told if one.outstanding)
    quantity = sum(one.quantity for one in parts)
    line = LocatedLine(ITEM, LOCATION, quantity, 0, lowers_stock=True, follows_edits=False, parts=parts)
    return order_seen(*told, updated=updated, routing=Routing((line,), (1,)))


def test_units_that_are_added_and_shipped_between_two_reads_are_told_apart(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    see(session, shop, of_line_items((3, 3)), at=1)

    see(session, shop, of_line_items((4, 5), updated=4), at=5)

    assert taken(session, shop) == [2]


@pytest.mark.parametrize(
    ("outstanding", "ordered", "given_back"), [(1, 5, 0), (2, 4, 1), (0, 0, 3), (1, 2, 2)]
)
def test_units_that_are_taken_out_are_remembered_shipped_ones_are_not(
    session: Session, shop: Shop, outstanding: int, ordered: int, given_back: int
) -> None:
    known_item(session, shop)
    see(session, shop, copy(3, ordered=5), at=1)

    told = order_item(outstanding, ordered=ordered)
    parts = (LinePart(1, outstanding),)
    line = LocatedLine(ITEM, LOCATION, outstanding, 0, lowers_stock=True, parts=parts)
    routing = Routing((line,) if outstanding else (), (1,))
    see(session, shop, order_seen(told, updated=8, routing=routing), at=9)

    assert changes(session, shop) == [(1, 3), *([(9, -given_back)] if given_back else [])]


def test_units_that_were_short_and_were_shipped_are_remembered_as_such(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    see(session, shop, copy(3, short=2), at=1)

    see(session, shop, copy(0, ordered=3, updated=8), at=9)

    assert changes_since(session, shop.id, ITEM, since=seconds(5)) == [
        DemandChange(1, LOCATION, seconds(9), 0, -2)
    ]


def test_what_lowers_stock_as_it_is_shipped_is_remembered_then(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, copy(3, lowers=False), at=1)

    see(session, shop, copy(1, ordered=3, lowers=False, updated=8), at=9)

    assert changes(session, shop) == [(1, 0), (9, 2)]


def test_units_that_staff_added_without_adjusting_stock_lower_nothing_when_they_are_shipped(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    see(session, shop, copy(1), at=1)
    see(session, shop, copy(3, follows=False, updated=4), at=5)

    see(session, shop, copy(0, ordered=3, follows=False, updated=8), at=9)

    assert changes(session, shop) == [(1, 1), (5, 0)]


def test_a_deleted_order_may_have_given_back_all_it_took(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, copy(3), at=1)

    orders.forget_orders(session, shop.id, [1], now=seconds(9), cause="a test")

    assert changes(session, shop) == [(1, 3), (9, -3)]


def test_where_the_platform_counts_by_itself_what_orders_take_nothing_is_remembered(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)

    see(session, shop, order_seen(order_item(2), routing=routed(2)))

    assert changes(session, shop) == []
    assert lines_of(session, shop.id, [1]) == {}


def test_changes_that_every_figure_shows_are_forgotten(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, copy(3), at=1)

    changes_since(session, shop.id, ITEM, since=seconds(4000))

    assert session.scalar(sa.text("SELECT count(*) FROM demand_changes")) == 0


def test_an_order_is_doubtful_until_the_last_of_its_items_is_sure(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(2)))
    keep_doubts(session, shop.id, ITEM, [1], until=seconds(30))
    keep_doubts(session, shop.id, ITEM + 1, [1], until=seconds(60))

    both = doubts_about(session, shop.id, [1, 2])
    keep_doubts(session, shop.id, ITEM + 1, [], until=seconds(90))
    one = doubts_about(session, shop.id, [1, 2])

    assert both == {1: {ITEM: seconds(30), ITEM + 1: seconds(60)}}
    assert one == {1: {ITEM: seconds(30)}}
