"""Settings of a store that change while orders are open: what an order has taken stays taken."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.sandbox.bigcommerce.records import Settings as StoreSettings
from app.settings import Settings
from tests.journeys.test_bigcommerce_story import Store, open_store


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A store with four mugs that lowers stock when an order is placed."""
    store = open_store(clean_pg, redis, settings)
    store.restock(3)
    store.world.quiet()
    return store


def a_minute_later(store: Store, redis: Redis) -> None:
    """What is kept of the store's settings for a minute is no more."""
    for key in redis.scan_iter("bigcommerce:habits:*settings*"):
        redis.delete(key)
    store.world.quiet()


def said(store: Store, order_id: int) -> str:
    """What the order says of mugs, one line; nothing if it does not wait."""
    lines = store.world.note(order_id).split("\n")
    return next((line for line in lines if "Blue Mug" in line), "")


def test_units_that_staff_add_without_adjusting_stock_wait_for_it(store: Store, redis: Redis) -> None:
    store.restock(-1)
    store.world.shop.settings.edit_order_stock_adjustment = False
    order_id = store.order(3)
    store.world.quiet()
    line = store.world.shop.orders[order_id].lines[0]
    assert said(store, order_id) == ""

    store.world.shop.edit_order(order_id, {line.line_id: 5})
    store.world.quiet()

    assert said(store, order_id) == "2 of 5 × Blue Mug (MUG-BLUE): no date known yet"


def test_a_unit_that_was_added_without_adjusting_stock_is_shipped_without_it(
    store: Store, redis: Redis
) -> None:
    """Staff add it as a line item of its own. It was never counted, so four mugs are still there for
    five that are wanted."""
    store.world.shop.settings.edit_order_stock_adjustment = False
    first = store.order(2)
    store.world.quiet()
    store.world.shop.edit_order(first, add=[(store.mug.variant_id, 1)])
    store.world.quiet()
    added = store.world.shop.orders[first].lines[1]
    store.world.shop.fulfil(first, {added.line_id: 1})
    store.world.quiet()

    second = store.order(3)
    store.world.quiet()

    assert said(store, first) == ""
    assert said(store, second) == "1 of 3 × Blue Mug (MUG-BLUE): no date known yet"


def test_units_that_are_added_to_an_order_whose_stock_had_left_before_we_knew_it_wait_for_stock(
    store: Store,
) -> None:
    """Two of four mugs have left, and the gift wrap has not; the mug that is added without adjusting
    stock, and two that are bought then, want three of the two that are left."""
    shop = store.world.shop
    shop.settings.edit_order_stock_adjustment = False
    first = shop.place_order([(store.mug.variant_id, 2), ("Gift wrap", 1)])
    mugs = shop.orders[first].lines[0]
    shop.fulfil(first, {mugs.line_id: 2})
    store.world.quiet()
    shop.edit_order(first, {mugs.line_id: 3})
    store.world.quiet()

    second = store.order(2)
    store.world.quiet()

    assert said(store, first) == ""
    assert said(store, second) == "1 of 2 × Blue Mug (MUG-BLUE): no date known yet"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("order_placed", "order_completed_or_shipped"),
        ("order_completed_or_shipped", "order_placed"),
    ],
)
def test_who_is_short_stays_so_when_stock_is_to_be_lowered_at_another_time(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, before: str, after: str
) -> None:
    """Four mugs, two orders of three, and one more after the change."""
    store = open_store(clean_pg, redis, settings, settings=StoreSettings(update_stock_behavior=before))
    store.restock(3)
    store.world.quiet()
    first, second = store.order(3), store.order(3)
    store.world.quiet()
    assert (said(store, first), said(store, second)[:6]) == ("", "2 of 3")

    store.world.shop.settings.update_stock_behavior = after
    a_minute_later(store, redis)
    third = store.order()
    store.world.quiet()
    store.world.clock.sleep(3600)
    store.world.quiet()

    assert (said(store, first), said(store, second)[:6]) == ("", "2 of 3")
    assert said(store, third) == "1 × Blue Mug (MUG-BLUE): no date known yet"


def test_a_channel_may_lower_stock_at_another_time_than_the_store(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """Its own orders lower it when they are shipped; those that staff make by hand at once."""
    store = open_store(clean_pg, redis, settings)
    store.restock(3)
    store.world.shop.channel_settings["update_stock_behavior"] = "order_completed_or_shipped"
    by_hand = store.order(3, channel="manual")
    bought = store.order(3)
    store.world.quiet()

    assert (said(store, by_hand), said(store, bought)[:6]) == ("", "2 of 3")


def test_orders_of_before_a_products_stock_was_counted_have_taken_none_of_it(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    store = open_store(clean_pg, redis, settings)
    shop = store.world.shop
    shop.set_tracking(store.mug.product_id, "none")
    store.world.quiet()
    first, second = store.order(), store.order(2)
    store.world.quiet()
    assert said(store, first) == said(store, second) == ""

    shop.set_tracking(store.mug.product_id, "variant")
    store.world.quiet()

    assert said(store, first) == ""
    assert said(store, second) == "2 × Blue Mug (MUG-BLUE): no date known yet"


def test_units_that_stay_on_the_counter_of_an_archived_order_are_nobodys_claim(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """The counter says that two are short; but the only open order has all three that are there."""
    store = open_store(clean_pg, redis, settings, keeps_counter_of_archived=True)
    gone = store.order(3)
    store.world.quiet()
    store.world.shop.archive_order(gone)
    store.restock(2)
    store.world.quiet()
    order_id = store.order(3)
    store.world.quiet()

    assert store.world.shop.pools[store.mug.variant_id, store.main].backordered == 2
    assert said(store, order_id) == ""


@pytest.mark.parametrize("restocked", [0, 1])
def test_an_order_that_was_archived_and_is_restored_waits_again_in_its_turn(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, restocked: int
) -> None:
    """Three mugs, for an older order of four and one of two. What it said before it was archived is put
    right, too, where a restock serves it at once."""
    store = open_store(clean_pg, redis, settings)
    store.restock(2)
    older, younger = store.order(4), store.order(2)
    store.world.quiet()
    store.world.shop.archive_order(older)
    store.world.quiet()
    assert said(store, younger) == ""

    store.world.shop.restore_order(older)
    if restocked:
        store.restock(restocked)
    store.world.quiet()

    short = "" if restocked else "1 of 4 × Blue Mug (MUG-BLUE): no date known yet"
    assert said(store, older) == short
    assert said(store, younger) == "2 × Blue Mug (MUG-BLUE): no date known yet"
    assert store.world.tags(older) == {"backorder-released" if restocked else "backordered"}
    assert store.world.metafields(older)["status"] == ("released" if restocked else "backordered")


def test_how_many_are_short_behind_an_order_that_is_archived_is_right_a_minute_later(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """Nobody tells whether it gives its units back: the figures do, once they must show it. That the
    next order is short is certain all the while; of how many units is not."""
    keeps = StoreSettings(refund_order_stock_adjustment=False)
    options = {"settings": keeps, "keeps_counter_of_archived": True, "projection_delay_s": 20}
    store = open_store(clean_pg, redis, settings, **options)
    store.restock(2)
    store.world.quiet()
    first = store.order(4)
    store.pass_s(15)
    second = store.order(6)
    store.pass_s(15)
    store.order(5)
    store.pass_s(15)
    store.world.shop.archive_order(first)

    store.world.quiet()

    assert said(store, second) == "6 × Blue Mug (MUG-BLUE): no date known yet"


def test_numbers_are_right_where_a_restock_lowers_what_its_orders_count_as_backordered(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """Orders show a restock at once, the stock figures a minute later."""
    store = open_store(clean_pg, redis, settings, lowers_backordered=True, lowers_lines=True)
    orders = [store.order(), *(store.order(3) for _ in range(4))]
    store.world.quiet()
    late_ones, late = orders[2:], set()
    store.world.after_request = lambda: late.add(tuple(said(store, one) for one in late_ones))

    store.restock(3)
    store.world.quiet()

    assert late == {("3 × Blue Mug (MUG-BLUE): no date known yet",) * 3}
    assert [store.world.tags(one) for one in orders[:2]] == [set(), {"backorder-released"}]
