"""Our copy of the shop's orders, and of the stock they wait for."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.orm import Session

from app.db import (
    due_items,
    due_orders,
    finished_orders,
    open_demand,
    orders,
    routes,
    selling_plans,
    showing,
    stale_orders,
    stock,
    variants,
)
from app.db.due_items import LOOK_LATER, LOOK_MUCH_LATER, PLENTY
from app.db.models import LineItemRow, Order, PoolRow, Shop, ShownRow, StockItem, Variant
from app.db.open_demand import Outstanding
from app.db.statements import delete_some
from app.platforms.base import LineItem, LocatedLine, OrderSeen, Routing, VariantSeen
from tests.builders import (
    ITEM,
    LOCATION,
    NOW,
    item_stock,
    minute,
    order_item,
    order_seen,
    pool,
    routed,
    seconds,
    shown,
    shown_item,
)
from tests.db.stock import (
    all_settled,
    item,
    judged_at,
    known_item,
    order,
    promised,
    record_stock,
    say_short,
    see,
    units,
)

LATER, MUCH_LATER = NOW + LOOK_LATER, NOW + LOOK_MUCH_LATER


def test_an_older_copy_never_overwrites_a_newer_one(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(2), updated=5))

    changed = see(session, shop, order_seen(order_item(9), updated=4))

    assert changed == set()
    assert units(session, shop) == [2]
    assert order(session, shop).updated_at == seconds(5)


def test_a_newer_copy_replaces_the_older_one(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(2), order_item(1, number=2, variant=22)))

    changed = see(session, shop, order_seen(order_item(3), updated=1), at=9)

    assert changed == {1}
    assert units(session, shop) == [3]
    assert (order(session, shop).updated_at, order(session, shop).seen_at) == (seconds(1), seconds(9))


def test_copies_of_one_call_are_taken_one_after_the_other(session: Session, shop: Shop) -> None:
    copies = [order_seen(order_item(units), updated=at) for units, at in ((1, 1), (3, 3), (2, 2))]

    see(session, shop, *copies)

    assert units(session, shop) == [3]


def test_two_different_copies_of_one_second_must_be_read(session: Session, shop: Shop) -> None:
    """Which of them is newer can't be told."""
    see(session, shop, order_seen(order_item(2)))

    see(session, shop, order_seen(order_item(3)))
    assert order(session, shop).is_stale

    see(session, shop, order_seen(order_item(2)), is_read=True)
    assert not order(session, shop).is_stale
    assert units(session, shop) == [2]


def test_a_cancellation_within_the_same_second_must_be_read_too(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(2)))

    see(session, shop, order_seen(order_item(2), is_cancelled=True))

    assert order(session, shop).is_stale


def test_the_echo_of_our_own_write_changes_nothing(session: Session, shop: Shop) -> None:
    known_item(session, shop, has_queue=True)
    see(session, shop, order_seen(order_item(2), routing=routed(2)))
    say_short(session, shop, (1, 2))
    showing.record_shown(session, shop.id, 1, shown(shown_item(2, of=2)), now=NOW)
    item(session, shop).stock_due_at = None

    changed = see(session, shop, order_seen(order_item(2), updated=3), at=3)

    assert changed == set()
    assert item(session, shop).stock_due_at is None
    assert judged_at(session, shop) == {1: None}
    assert order(session, shop).is_located


def test_the_same_webhook_twice_changes_nothing(session: Session, shop: Shop) -> None:
    copy = order_seen(order_item(2))
    see(session, shop, copy)

    assert see(session, shop, copy) == set()
    assert not order(session, shop).is_stale


def test_a_copy_without_items_must_be_read(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(knows_items=False))
    assert order(session, shop).is_stale

    see(session, shop, order_seen(order_item(1)), is_read=True)
    assert not order(session, shop).is_stale


def test_a_webhook_does_not_clear_what_must_be_read(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(2)))
    orders.mark_stale(session, shop.id, [1], now=NOW, cause="a test")

    see(session, shop, order_seen(order_item(2), updated=1))

    assert order(session, shop).is_stale


def test_reading_where_an_order_ships_from_does_not_tell_what_it_holds(
    session: Session, shop: Shop
) -> None:
    see(session, shop, order_seen(order_item(2)))
    orders.mark_stale(session, shop.id, [1], now=NOW, cause="a test")

    see(session, shop, order_seen(knows_items=False, routing=routed(2), updated=1), is_read=True)

    assert (order(session, shop).is_stale, order(session, shop).is_located) == (True, True)
    assert units(session, shop) == [2]


def test_an_order_whose_items_change_is_located_anew(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(2), routing=routed(2)))
    stale_orders.mark_asked(session, shop.id, [1], now=NOW)

    see(session, shop, order_seen(order_item(3), updated=1))

    assert (order(session, shop).is_located, order(session, shop).asked_at) == (False, None)


def test_an_order_that_the_platform_has_not_routed_is_not_located(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(2), routing=Routing()))

    assert not order(session, shop).is_located


@pytest.mark.parametrize(
    ("headroom", "has_queue", "ordered", "stock_due_at"),
    [  # what is free · does somebody wait · how much is ordered · when to look
        pytest.param(5, False, 5, LATER, id="there is enough: a look at leisure"),
        pytest.param(PLENTY, False, 1, LATER, id="there was plenty: a look at leisure"),
        pytest.param(PLENTY + 1, False, 1, MUCH_LATER, id="there is plenty: no hurry"),
        pytest.param(5, False, 6, NOW, id="more than is free: now"),
        pytest.param(None, False, 1, NOW, id="nobody knows what is free: now"),
        pytest.param(0, False, 1, NOW, id="nothing is free: now"),
        pytest.param(5, True, 1, NOW, id="somebody waits: now"),
    ],
)
def test_more_demand_asks_for_a_look_at_the_stock(
    session: Session,
    shop: Shop,
    *,
    headroom: int | None,
    has_queue: bool,
    ordered: int,
    stock_due_at: datetime,
) -> None:
    known_item(session, shop, headroom=headroom, has_queue=has_queue)

    see(session, shop, order_seen(order_item(ordered)))

    assert item(session, shop).stock_due_at == stock_due_at
    assert item(session, shop).headroom == (None if headroom is None else headroom - ordered)


def test_many_small_orders_use_up_what_is_free(session: Session, shop: Shop) -> None:
    known_item(session, shop, headroom=2)

    see(session, shop, *[order_seen(order_item(1), order=number) for number in (1, 2)])
    assert item(session, shop).stock_due_at == LATER

    see(session, shop, order_seen(order_item(1), order=3))
    assert item(session, shop).stock_due_at == NOW


def ranked(session: Session, shop: Shop, *tags: str, updated: int = 1) -> int:
    """The priority of an order that comes with these tags."""
    copy = order_seen(order_item(2), updated=updated)
    see(session, shop, msgspec.structs.replace(copy, tags=tags))
    return order(session, shop).priority


def test_a_tag_that_the_merchant_puts_moves_an_order_in_the_queue(session: Session, shop: Shop) -> None:
    shop.priority_rules = [{"tag": "vip", "priority": 10}]
    known_item(session, shop, has_queue=True)
    see(session, shop, order_seen(order_item(2)))
    item(session, shop).stock_due_at = None

    assert ranked(session, shop, "Vip") == 10
    assert item(session, shop).stock_due_at is not None


def test_who_loses_the_tag_loses_the_priority(session: Session, shop: Shop) -> None:
    shop.priority_rules = [{"tag": "vip", "priority": 10}]

    assert ranked(session, shop, "vip") == 10
    assert ranked(session, shop, "gift", updated=2) == 0


def test_a_source_that_tells_no_tags_leaves_the_priority(session: Session, shop: Shop) -> None:
    shop.priority_rules = [{"tag": "vip", "priority": 10}]
    ranked(session, shop, "vip")

    see(session, shop, order_seen(order_item(3), updated=2))

    assert order(session, shop).priority == 10


def test_no_rule_changes_what_a_person_set(session: Session, shop: Shop) -> None:
    shop.priority_rules = [{"tag": "vip", "priority": 10}]
    ranked(session, shop, "gift")
    row = order(session, shop)
    row.priority, row.is_ranked_by_hand = 3, True

    assert ranked(session, shop, "vip", updated=2) == 3


def test_an_earlier_wish_to_look_stands(session: Session, shop: Shop) -> None:
    known_item(session, shop).stock_due_at = seconds(-5)

    see(session, shop, order_seen(order_item(1)))

    assert item(session, shop).stock_due_at == seconds(-5)


@pytest.mark.parametrize(("has_queue", "stock_due_at"), [(False, None), (True, NOW)])
@pytest.mark.parametrize(
    "copy",
    [order_seen(order_item(1), updated=1), order_seen(order_item(3), updated=1, is_cancelled=True)],
    ids=["shipped or taken out", "cancelled"],
)
def test_less_demand_matters_only_where_somebody_waits(
    session: Session, shop: Shop, copy: OrderSeen, has_queue: bool, stock_due_at: datetime | None
) -> None:
    row = known_item(session, shop, headroom=9)
    see(session, shop, order_seen(order_item(3)))
    row.stock_due_at, row.has_queue = None, has_queue
    session.flush()

    see(session, shop, copy)

    assert item(session, shop).stock_due_at == stock_due_at
    assert item(session, shop).headroom == 6


def test_an_order_that_shows_something_is_judged_again_when_it_changes(
    session: Session, shop: Shop
) -> None:
    see(session, shop, *[order_seen(order_item(2), order=number) for number in (1, 2, 3)])
    showing.record_shown(session, shop.id, 1, shown(shown_item(2, of=2)), now=NOW)
    say_short(session, shop, (2, 1))
    all_settled(session, shop, [1, 2, 3])

    see(
        session,
        shop,
        *[order_seen(order_item(1), order=number, updated=1) for number in (1, 2, 3)],
        at=7,
    )

    assert judged_at(session, shop) == {1: 7, 2: 7, 3: None}


def test_a_part_that_went_elsewhere_is_located_anew(session: Session, shop: Shop) -> None:
    known_item(session, shop, has_queue=True)
    see(session, shop, order_seen(order_item(2), routing=routed(2, route=51)))
    see(session, shop, order_seen(order_item(2), order=2, routing=routed(2, route=52)))
    item(session, shop).stock_due_at = None

    routes.unroute(session, shop.id, [51], now=seconds(3), cause="moved")

    assert not order(session, shop, 1).is_located
    assert order(session, shop, 2).is_located
    assert item(session, shop).stock_due_at == seconds(3)


def test_a_part_we_do_not_know_may_be_what_an_item_waits_for(session: Session, shop: Shop) -> None:
    waiting, settled, late = (known_item(session, shop, item=n, variant=n) for n in (1, 2, 3))
    waiting.unbalanced_since, waiting.stock_due_at = NOW, seconds(30)
    late.stock_due_at = seconds(30)
    session.flush()

    routes.unroute(session, shop.id, [99], now=seconds(3), cause="moved")

    looks = [item(session, shop, number).stock_due_at for number in (1, 2, 3)]
    assert looks == [seconds(3), None, seconds(30)]
    assert settled.stock_due_at is None


@pytest.mark.parametrize(
    ("hint", "has_queue", "stock_due_at"),
    [
        (PLENTY, False, MUCH_LATER),
        (PLENTY - 1, False, LATER),
        (0, False, LATER),
        (-1, False, NOW),
        (None, False, LATER),  # 5 were free before
        (None, True, NOW),
        (3, True, NOW),
    ],
)
def test_the_number_in_a_stock_webhook_says_only_how_soon_to_look(
    session: Session, shop: Shop, hint: int | None, has_queue: bool, stock_due_at: datetime
) -> None:
    known_item(session, shop, headroom=5, has_queue=has_queue)

    due_items.move_stock(session, shop.id, {ITEM: hint, 999: -5}, now=NOW, cause="a test")

    assert (item(session, shop).stock_due_at, item(session, shop).headroom) == (stock_due_at, 5)
    assert session.get(StockItem, (shop.id, 999)) is None


def test_a_touched_order_must_be_read_before_it_matters(session: Session, shop: Shop) -> None:
    known_item(session, shop, has_queue=True)
    see(session, shop, order_seen(order_item(2)))
    stale_orders.mark_asked(session, shop.id, [1], now=NOW)
    item(session, shop).stock_due_at = None

    orders.mark_stale(session, shop.id, [1], now=seconds(2), cause="a test")

    assert (order(session, shop).is_stale, order(session, shop).asked_at) == (True, None)
    assert item(session, shop).stock_due_at == seconds(2)


@pytest.mark.parametrize("routing", [routed(2), None], ids=["located", "not located"])
def test_a_deleted_order_leaves_nothing_to_do_but_for_those_behind_it(
    session: Session, shop: Shop, routing: Routing | None
) -> None:
    known_item(session, shop, has_queue=True)
    see(session, shop, order_seen(order_item(2), routing=routing))
    say_short(session, shop, (1, 2))
    showing.record_shown(session, shop.id, 1, shown(shown_item(2, of=2)), now=NOW)
    item(session, shop).stock_due_at = None

    orders.forget_orders(session, shop.id, [1], now=seconds(2), cause="deleted")

    assert (order(session, shop).is_gone, order(session, shop).write_due_at) == (True, None)
    assert promised(session, shop) == {}
    assert open_demand.open_demand(session, shop.id, [ITEM]) == {ITEM: []}
    assert item(session, shop).stock_due_at == seconds(2)
    assert see(session, shop, order_seen(order_item(5), updated=99)) == set()
    due_orders.judge_showing(session, shop.id, ITEM, at=seconds(3))
    assert order(session, shop).write_due_at is None


def test_an_order_that_was_gone_and_is_read_again_is_there_again(session: Session, shop: Shop) -> None:
    """One that was archived and is restored."""
    known_item(session, shop)
    see(session, shop, order_seen(order_item(2), routing=routed(2)))
    orders.forget_orders(session, shop.id, [1], now=seconds(2), cause="archived")

    again = order_seen(order_item(2), updated=99, routing=routed(2))
    changed = see(session, shop, again, at=99, is_read=True)

    assert (changed, order(session, shop).is_gone) == ({1}, False)
    demand = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]
    assert [one.order_id for one in demand] == [1]


def test_open_demand_is_what_orders_wait_for(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    known_item(session, shop, item=32, variant=22)
    in_two_places = Routing((LocatedLine(ITEM, 41, 1), LocatedLine(ITEM, 42, 3)), (51,))
    see(
        session, shop,
        order_seen(order_item(2), order_item(3, number=2, variant=22), order=1),
        order_seen(order_item(4), order=2, routing=in_two_places),
        order_seen(order_item(9), order=3, is_cancelled=True),
        order_seen(order_item(0, ordered=5), order=4),
    )  # fmt: skip

    found = open_demand.open_demand(session, shop.id, [ITEM, 32, 33])

    assert {each.order_id: (each.quantity, dict(each.at)) for each in found[ITEM]} == {
        1: (2, {}),
        2: (4, {41: 1, 42: 3}),
    }
    assert [(each.order_id, each.quantity, each.placed_at) for each in found[32]] == [(1, 3, minute(1))]
    assert found[33] == []


def test_whether_a_plan_reserves_late_is_sure_until_its_order_is_routed_anew(
    session: Session, shop: Shop
) -> None:
    """Once routed it may have been let go since, and stock be committed to it."""
    known_item(session, shop)
    sold = msgspec.structs.replace(order_item(2), selling_plan_id=7)
    see(session, shop, order_seen(sold))
    selling_plans.keep_plans(session, shop.id, [7], {7: True}, now=NOW)
    new = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]
    held = Routing((LocatedLine(ITEM, LOCATION, 2, waiting=2),), (51,))
    see(session, shop, order_seen(sold, updated=1, routing=held))
    kept_back = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]

    routes.unroute(session, shop.id, [51], now=NOW, cause="a hold ended")

    rerouted = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]
    assert [(one.planned, one.late) for one in (*new, *kept_back, *rerouted)] == [(2, 2), (2, 2), (2, 0)]


def test_a_plan_that_reserves_as_it_sells_is_like_none(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, order_seen(msgspec.structs.replace(order_item(2), selling_plan_id=7)))

    selling_plans.keep_plans(session, shop.id, [7], {7: False}, now=NOW)

    (demand,) = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]
    assert (demand.planned, demand.late) == (0, 0)


def test_plans_are_asked_about_once_a_day_and_what_was_known_of_one_that_is_gone_stays(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    see(session, shop, order_seen(msgspec.structs.replace(order_item(2), selling_plan_id=7)))
    at_first = selling_plans.unread_plans(session, shop.id, now=NOW)
    selling_plans.keep_plans(session, shop.id, [7], {7: True}, now=NOW)
    soon = selling_plans.unread_plans(session, shop.id, now=NOW + timedelta(hours=23))
    late = selling_plans.unread_plans(session, shop.id, now=NOW + timedelta(hours=25))

    selling_plans.keep_plans(session, shop.id, [7], {}, now=NOW + timedelta(hours=25))

    (demand,) = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]
    assert (at_first, soon, late, demand.late) == ([7], [], [7], 2)


def test_two_line_items_of_one_variant_are_one_demand(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, order_seen(order_item(2), order_item(3, number=2)))

    (demand,) = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]

    assert demand.quantity == 5


def test_a_stale_order_may_take_units_whatever_our_copy_says(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, order_seen(order_item(0, ordered=2)))
    orders.mark_stale(session, shop.id, [1], now=NOW, cause="a test")

    (demand,) = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]

    assert (demand.order_id, demand.quantity, demand.is_stale) == (1, 0, True)


def test_where_it_shipped_from_before_is_no_demand_once_an_order_is_located_anew(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    see(session, shop, order_seen(order_item(5), routing=routed(5)))

    see(session, shop, order_seen(order_item(3), updated=1))

    (demand,) = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]
    assert (demand.quantity, demand.at, demand.is_located) == (3, {}, False)


def test_the_open_units_of_an_order_are_told_by_item_and_location(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, order_seen(order_item(2), order_item(1, number=2, variant=99), routing=routed(2)))
    see(session, shop, order_seen(order_item(4), order=2, is_cancelled=True))

    assert open_demand.outstanding_of(session, shop.id, [1, 2, 3]) == {
        1: Outstanding(False, False, {(ITEM, LOCATION): 2}),
        2: Outstanding(True, False, {}),
    }


def test_an_order_is_located_only_once_all_of_it_is_routed(session: Session, shop: Shop) -> None:
    """Units that an edit adds are routed in the background."""
    known_item(session, shop)

    see(session, shop, order_seen(order_item(4), routing=routed(2)))
    see(session, shop, order_seen(order_item(4), order=2, routing=routed(4)))

    told = open_demand.outstanding_of(session, shop.id, [1, 2])
    assert (told[1].is_located, told[2].is_located) == (False, True)


def test_reads_ask_for_no_more_than_an_order_has(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(1), order_item(1, number=2), routing=routed(1)))

    assert orders.order_sizes(session, shop.id, [1, 2]) == {1: (2, 1), 2: (0, 0)}


def test_a_variant_is_asked_about_once(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(1, variant=21), order_item(1, variant=22, number=2)))
    assert variants.unresolved_variants(session, shop.id, limit=9) == [21, 22]

    told = [
        VariantSeen(21, ITEM, "Blue Mug", "MUG"),
        VariantSeen(22, None, "Gift card"),
        VariantSeen(23, 33, "X"),
    ]
    variants.upsert_variants(session, shop.id, told, now=seconds(1), only_known=True)

    assert variants.unresolved_variants(session, shop.id, limit=9) == []
    assert (item(session, shop).stock_due_at, item(session, shop).sku) == (seconds(1), "MUG")
    assert session.get(Variant, (shop.id, 23)) is None
    assert session.get(StockItem, (shop.id, 33)) is None


def test_an_item_is_found_by_its_code_whatever_its_case(session: Session, shop: Shop) -> None:
    known_item(session, shop)

    assert [found.item_id for found in variants.find_items(session, shop.id, "mug-Blue")] == [ITEM]
    assert variants.find_items(session, shop.id, "mug") == []


def test_items_are_looked_at_in_the_order_they_became_due(session: Session, shop: Shop) -> None:
    for number, at in ((1, 0), (2, -5), (3, 1), (4, -9)):
        known_item(session, shop, item=number, variant=number).stock_due_at = seconds(at)
    known_item(session, shop, item=5, variant=5)

    due = due_items.due_items(session, shop.id, now=NOW, limit=2)

    assert [each.item_id for each in due] == [4, 2]
    assert [each.item_id for each in due_items.due_items(session, shop.id, now=NOW, limit=9)] == [
        4,
        2,
        1,
    ]


def test_an_item_that_fails_is_tried_later_and_later_at_most_hourly(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    waits = []

    for _ in range(10):
        due_items.quarantine(session, shop.id, ITEM, "it broke", now=NOW)
        stock_due_at = item(session, shop).stock_due_at
        assert stock_due_at is not None
        waits.append((stock_due_at - NOW).total_seconds())

    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert [each.problem for each in due_items.stuck_items(session, shop.id)] == ["it broke"]


def test_the_pools_of_an_item_are_replaced_by_what_was_read(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    record_stock(session, shop.id, item_stock(pool(1, at=41), pool(2, at=42)), {})

    record_stock(session, shop.id, item_stock(pool(-3, committed=5, at=42)), {42: 4}, at=1)

    session.expire_all()
    pools = stock.pools_of(session, shop.id, [ITEM])
    assert list(pools[ITEM]) == [42]
    row = pools[ITEM][42]
    assert (row.available, row.committed, row.drift, row.read_at) == (-3, 5, 4, seconds(1))
    assert [drifting.location_id for drifting, _ in stock.drifting_pools(session, shop.id)] == [42]


def test_an_item_without_pools_has_none(session: Session, shop: Shop) -> None:
    record_stock(session, shop.id, item_stock(pool(1)), {})

    record_stock(session, shop.id, item_stock(), {})

    assert session.scalars(sa.select(PoolRow).where(PoolRow.shop_id == shop.id)).all() == []


def test_an_order_is_read_if_the_platform_has_a_newer_one(session: Session, shop: Shop) -> None:
    see(session, shop, *[order_seen(order=number, updated=5) for number in (1, 2, 3)], at=9)

    told = {1: seconds(4), 2: seconds(5), 3: seconds(6), 4: seconds(1)}

    assert stale_orders.outdated_orders(session, shop.id, told, []) == [3, 4]


def test_an_order_of_an_item_in_question_is_read_if_it_may_have_changed_within_the_second_of_our_copy(
    session: Session, shop: Shop
) -> None:
    """Once: an order that has been asked for since is not."""
    known_item(session, shop, item=1, variant=1)
    known_item(session, shop, item=2, variant=2)
    see(session, shop, order_seen(order_item(1, variant=1), order=1, updated=5), at=5)
    see(session, shop, order_seen(order_item(1, variant=1), order=2, updated=5), at=7)
    see(session, shop, order_seen(order_item(1, variant=2), order=3, updated=5), at=5)
    told = {number: seconds(5) for number in (1, 2, 3)}

    assert stale_orders.outdated_orders(session, shop.id, told, [1]) == [1]
    assert stale_orders.outdated_orders(session, shop.id, told, []) == []
    stale_orders.mark_asked(session, shop.id, [1], now=seconds(5))
    assert stale_orders.outdated_orders(session, shop.id, told, [1]) == []


def test_how_soon_a_copy_was_made_after_a_change_is_told_by_the_platforms_clock(
    session: Session, shop: Shop
) -> None:
    """Ours is five minutes ahead, and the copy was made within the second of the change."""
    known_item(session, shop, item=1, variant=1)
    shop.skew_s = -300
    session.flush()
    see(session, shop, order_seen(order_item(1, variant=1), order=1, updated=5), at=305)
    told = {1: seconds(5)}

    def outdated() -> list[int]:
        return stale_orders.outdated_orders(session, shop.id, told, [1], skew=shop.skew)

    stale_orders.mark_asked(session, shop.id, [1], now=seconds(304))
    assert outdated() == [1]
    stale_orders.mark_asked(session, shop.id, [1], now=seconds(305))
    assert outdated() == []


def test_an_untouched_order_as_large_as_our_copy_hides_nothing(session: Session, shop: Shop) -> None:
    """What happened to one in the second of our copy would show: it is read only if something does."""
    known_item(session, shop, item=1, variant=1)
    for number in (1, 2, 3):
        see(session, shop, order_seen(order_item(1, variant=1), order=number, updated=5), at=5)
    copy = order_seen(order_item(1, variant=1), order=4, updated=5)
    see(session, shop, replace(copy, is_cancelled=True), at=5)
    told = {number: seconds(5) for number in (1, 2, 3, 4)}
    units = order_item(1, variant=1).ordered

    untouched = {1: units, 2: units + 1, 4: units}

    assert stale_orders.outdated_orders(session, shop.id, told, [1], untouched=untouched) == [2, 3, 4]


def test_an_untouched_order_that_changed_after_our_copy_is_read(session: Session, shop: Shop) -> None:
    known_item(session, shop, item=1, variant=1)
    copy = order_seen(order_item(1, variant=1), order=1, updated=5)
    see(session, shop, copy, at=9)
    units = {1: order_item(1, variant=1).ordered}

    assert stale_orders.outdated_orders(session, shop.id, {1: seconds(6)}, [1], untouched=units) == [1]


def test_an_item_whose_settings_changed_is_looked_at_at_once(session: Session, shop: Shop) -> None:
    known_item(session, shop, headroom=500)

    due_items.look_at_item(session, shop.id, ITEM, now=NOW, cause="a test")

    assert item(session, shop).stock_due_at == NOW


def test_stock_of_a_product_moves_all_its_items(session: Session, shop: Shop) -> None:
    for number in (1, 2, 3):
        told = VariantSeen(number, number, "Mug", product_id=7 if number < 3 else 8)
        variants.upsert_variants(session, shop.id, [told], now=NOW, only_known=False)
        row = item(session, shop, number)
        row.stock_due_at, row.has_queue = None, True
    session.flush()

    due_items.move_stock_of_product(session, shop.id, 7, now=seconds(1), cause="a test")

    assert [item(session, shop, number).stock_due_at for number in (1, 2, 3)] == [seconds(1)] * 2 + [
        None
    ]


def test_copies_seen_since_are_trusted(session: Session, shop: Shop) -> None:
    see(session, shop, order_seen(order_item(1), order=1), at=0)
    see(session, shop, order_seen(order_item(1), order=2), at=9)

    stale_orders.mark_unseen_stale(session, shop.id, [1, 2], seen_before=seconds(5))

    assert (order(session, shop, 1).is_stale, order(session, shop, 2).is_stale) == (True, False)


def test_once_the_app_is_back_every_order_with_something_open_is_read_again(
    session: Session, shop: Shop
) -> None:
    see(session, shop, order_seen(order_item(1), order=1), order_seen(order_item(0), order=2))
    see(session, shop, order_seen(order_item(1), order=3, is_cancelled=True))

    stale_orders.mark_open_stale(session, shop.id)

    assert [order(session, shop, number).is_stale for number in (1, 2, 3)] == [True, False, False]


def test_the_hourly_check_looks_at_whatever_open_orders_name(session: Session, shop: Shop) -> None:
    known_item(session, shop, item=1, variant=1, has_queue=True)
    known_item(session, shop, item=2, variant=2)
    known_item(session, shop, item=3, variant=3)
    known_item(session, shop, item=4, variant=4, has_queue=True).stock_due_at = seconds(-5)
    see(session, shop, order_seen(order_item(1, variant=2), order_item(0, variant=3, number=2)))
    item(session, shop, 2).stock_due_at = None

    due_items.look_at_waiting_items(session, shop.id, now=NOW)

    looks = [item(session, shop, number).stock_due_at for number in (1, 2, 3, 4)]
    assert looks == [NOW, LATER, None, seconds(-5)]


def test_all_items_of_an_order_can_be_looked_at(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    see(session, shop, order_seen(order_item(1), order_item(1, number=2)))
    item(session, shop).stock_due_at = None

    due_items.look_at_orders(session, shop.id, [1, 2], now=seconds(4), cause="a test")

    assert item(session, shop).stock_due_at == seconds(4)
    assert [each.item_id for each in due_items.items_of_orders(session, shop.id, [1])[1]] == [ITEM]


def test_whoever_waited_at_a_closed_location_is_looked_at(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    known_item(session, shop, item=32, variant=22)
    record_stock(session, shop.id, item_stock(pool(1, at=41)), {})
    record_stock(session, shop.id, item_stock(pool(1, at=42), item=32), {})

    due_items.look_at_location(session, shop.id, 41, now=seconds(4), cause="a test")

    assert (item(session, shop).stock_due_at, item(session, shop, 32).stock_due_at) == (seconds(4), None)


@pytest.mark.parametrize(
    ("copy", "is_kept"),
    [
        pytest.param(order_seen(order_item(0, ordered=1)), False, id="all shipped"),
        pytest.param(order_seen(order_item(1), is_cancelled=True), False, id="cancelled"),
        pytest.param(order_seen(order_item(1)), True, id="still waits"),
        pytest.param(order_seen(knows_items=False), True, id="must be read first"),
    ],
)
def test_only_finished_orders_are_erased(
    session: Session, shop: Shop, copy: OrderSeen, is_kept: bool
) -> None:
    see(session, shop, copy, order_seen(order=2))

    assert finished_orders.erase_finished_orders(session, shop.id, [1]) == (not is_kept)

    kept = set(orders.held_orders(session, shop.id, [1, 2]))
    assert kept == ({1, 2} if is_kept else {2})


def test_an_old_order_is_forgotten_once_nothing_of_ours_is_shown_on_it(
    session: Session, shop: Shop
) -> None:
    see(
        session,
        shop,
        *[order_seen(order=number) for number in (1, 2, 3)],
        order_seen(order=4, updated=60),
    )
    showing.record_shown(session, shop.id, 2, shown(), now=NOW)
    due_orders.judge_orders(session, shop.id, [3], at=NOW)

    old = finished_orders.old_finished_orders(shop.id, before=NOW + timedelta(seconds=1))
    assert delete_some(session, old) == 1

    assert set(session.scalars(sa.select(Order.order_id).where(Order.shop_id == shop.id))) == {2, 3, 4}
    assert orders.order_names(session, shop.id, [1, 2]) == {2: "#2"}


def test_a_released_order_is_forgotten_later_with_what_it_shows_and_one_that_waits_never(
    session: Session, shop: Shop
) -> None:
    see(session, shop, *[order_seen(order=number) for number in (1, 2)])
    waiting = order_seen(order_item(1), order=3)
    see(session, shop, waiting)
    for number in (1, 2, 3):
        showing.record_shown(session, shop.id, number, shown(), now=NOW)
    due_orders.judge_orders(session, shop.id, [2], at=NOW)

    old = finished_orders.old_shown_orders(shop.id, before=NOW + timedelta(seconds=1))
    assert delete_some(session, old) == 1

    assert set(session.scalars(sa.select(Order.order_id).where(Order.shop_id == shop.id))) == {2, 3}
    shows = sa.select(ShownRow.order_id).where(ShownRow.shop_id == shop.id)
    assert set(session.scalars(shows)) == {2, 3}


@pytest.mark.parametrize(
    "act",
    [
        lambda session, shop, ids: due_orders.judge_orders(session, shop.id, ids, at=NOW),
        lambda session, shop, ids: stale_orders.mark_unseen_stale(
            session, shop.id, ids, seen_before=NOW
        ),
    ],
    ids=["judge", "distrust"],
)
def test_an_item_may_have_more_orders_than_a_statement_takes_values(
    session: Session, shop: Shop, act: Callable[[Session, Shop, range], None]
) -> None:
    """PostgreSQL takes 65,535."""
    problem = None

    try:
        act(session, shop, range(70_000))
    except sa.exc.OperationalError as error:  # its own text holds all the values
        problem = str(error.orig)

    assert problem is None


def test_a_recheck_is_a_look_when_its_time_has_come(session: Session, shop: Shop) -> None:
    known_item(session, shop).settle_again_at = seconds(90)
    known_item(session, shop, item=32, variant=22).settle_again_at = seconds(91)

    due_items.begin_rechecks(session, shop.id, now=seconds(90))

    due = [each.item_id for each in due_items.due_items(session, shop.id, now=seconds(90), limit=9)]
    assert due == [ITEM]
    assert item(session, shop).settle_again_at is None
    assert item(session, shop, 32).settle_again_at == seconds(91)


def test_a_recheck_does_not_put_off_an_earlier_look(session: Session, shop: Shop) -> None:
    row = known_item(session, shop)
    row.settle_again_at, row.stock_due_at, row.cause = seconds(90), seconds(80), "delivery 7"

    due_items.begin_rechecks(session, shop.id, now=seconds(90))

    assert (item(session, shop).stock_due_at, item(session, shop).cause) == (seconds(80), "delivery 7")


def test_what_is_told_of_an_items_stock_is_remembered_with_its_time(
    session: Session, shop: Shop
) -> None:
    known_item(session, shop)
    due_items.move_stock(session, shop.id, {ITEM: None}, now=seconds(7), cause="a test")
    see(session, shop, order_seen(order_item(2)), at=9)

    assert item(session, shop).last_event_at == seconds(7)


def test_units_short_at_placement_are_kept_with_the_line(session: Session, shop: Shop) -> None:
    known_item(session, shop)
    told = LineItem(1, 21, 3, 3, "Blue Mug", "MUG-BLUE", backordered=2)
    routing = Routing((LocatedLine(ITEM, LOCATION, 3, backordered=2),), (51,))

    see(session, shop, order_seen(told))
    (untold,) = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]
    see(session, shop, order_seen(told, updated=1, routing=routing))
    (located,) = open_demand.open_demand(session, shop.id, [ITEM])[ITEM]

    assert (untold.backordered, untold.backordered_at) == (2, {})
    assert (located.backordered, located.backordered_at) == (2, {LOCATION: 2})


def test_a_price_that_is_not_told_again_stays_known_and_changes_nothing(
    session: Session, shop: Shop
) -> None:
    see(session, shop, order_seen(order_item(2, price=100_000), routing=routed(2)))
    session.flush()
    the_order = session.get_one(Order, (shop.id, 1))
    assert the_order.is_located

    see(session, shop, order_seen(order_item(2), updated=1))

    row = session.scalars(sa.select(LineItemRow)).one()
    assert (row.unit_price, the_order.is_located) == (100_000, True)


def test_a_price_that_becomes_known_is_kept_and_asks_for_nothing(session: Session, shop: Shop) -> None:
    """A reading tells none, the webhook after it does: the order must not be read once more for that."""
    see(session, shop, order_seen(order_item(2), routing=routed(2)), is_read=True)
    session.flush()
    the_order = session.get_one(Order, (shop.id, 1))

    assert not see(session, shop, order_seen(order_item(2, price=100_000)))

    row = session.scalars(sa.select(LineItemRow)).one()
    assert (row.unit_price, the_order.is_located, the_order.is_stale) == (100_000, True, False)
