"""Selling when out of stock at a store that takes its time: nothing of ours is lost sight of."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.pipeline.advance import BUSY_S
from app.pipeline.runtime import work_on_shop
from app.settings import Settings
from tests.pipeline.stage import Stage
from tests.pipeline.test_selling import open_selling, policy, rows
from tests.pipeline.test_selling_bigcommerce import Store, open_store


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A store whose inventory reads follow its writes a minute later."""
    return open_store(clean_pg, redis, settings)


def test_what_was_written_late_is_not_taken_for_somebody_elses_while_it_does_not_show(
    store: Store,
) -> None:
    """The second location's request comes long after what was to be sent was kept."""
    second = make_two_short_places(store)
    store.world.after_request = lambda: slow_down(store, 50)
    store.wish(selling="dated")
    store.world.work()
    store.wish(most_stopped_items=60)
    for _ in range(30):
        store.world.clock.sleep(5)
        store.world.work()
    store.rest()
    told, ours = {kind for kind, _ in store.events()}, store.world.shop.pools[store.robe.item_id, second]
    limit = ours.backorder_limit
    store.choose(selling="off")

    assert (told, limit, ours.backorder_limit, store.limits) == ({"selling stopped"}, 0, None, (None, 0))


def test_what_was_written_late_and_never_answered_is_given_back(store: Store) -> None:
    second = make_two_short_places(store)
    store.world.after_request = lambda: slow_down(store, 50, loses_next=True)
    store.wish(selling="dated")
    store.world.work()
    limit = store.world.shop.pools[store.robe.item_id, second].backorder_limit
    store.wish(selling="off")
    for _ in range(30):
        store.world.clock.sleep(5)
        store.world.work()
    store.rest()

    given_back = store.world.shop.pools[store.robe.item_id, second].backorder_limit
    assert (limit, given_back, store.limits) == (0, None, (None, 0))


def make_two_short_places(store: Store) -> int:
    """Nothing is left at either location, and selling is the merchant's alone; returns the second."""
    store.choose(selling="off")
    second = store.world.shop.add_location("Second")
    store.world.shop.adjust_stock(store.robe.item_id, second, 1)
    store.world.shop.adjust_stock(store.robe.item_id, second, -1)
    store.order(2)
    return second


def slow_down(store: Store, seconds: float, *, loses_next: bool = False) -> None:
    """Have the answer to the first change of a setting take so long, and the next one's never come."""
    asked = store.world.shop.requests[-1].operation
    if asked.startswith("PUT") and asked.endswith("/items") and "/locations/0/" not in asked:
        store.world.after_request = lambda: None
        store.world.clock.sleep(seconds)
        if loses_next:
            store.world.shop.faults.once("lose_answer")


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A Shopify shop that sells mugs on although none is left, and lets us stop that."""
    return open_selling(clean_pg, redis, settings)


def test_a_worker_that_has_lost_the_shop_while_it_waited_sends_nothing_more(stage: Stage) -> None:
    """Variants that were refused together are sent again one by one. Meanwhile another worker takes the
    shop over, and the merchant switches selling off."""
    cup = stage.world.shop.add_product("Cup", stock={stage.main: 0}, product_id=stage.mug.product_id)
    stage.world.shop.faults.refused_variants = {cup.variant_id}
    stage.settle_down()
    stage.world.shop.place_order([(stage.mug.variant_id, 5), (cup.variant_id, 1)])

    def take_over() -> None:
        if "productVariantsBulkUpdate" in stage.world.shop.requests[-1].operation:
            stage.world.after_request = lambda: None
            stage.world.clock.sleep(61)
            stage.choose(selling="off")

    stage.world.after_request = take_over
    stage.settle_down()
    stage.pass_hours()

    assert (policy(stage), rows(stage)) == ("CONTINUE", [])


def test_a_slow_platform_is_written_to_for_as_long_as_the_shop_is_ours(store: Store) -> None:
    """Each request renews the lease: nobody else takes the shop over between two of them."""
    second = make_two_short_places(store)
    others: list[float | None] = []

    def try_to_take_over() -> None:
        if store.world.shop.requests[-1].operation.startswith("PUT"):
            store.world.clock.sleep(40)
            others.append(work_on_shop(store.world.runtime, store.world.shop_id))

    store.world.after_request = try_to_take_over
    store.wish(selling="dated")
    store.world.work()
    store.world.after_request = lambda: None

    pool = store.world.shop.pools[store.robe.item_id, second]
    assert (store.limits, pool.backorder_limit) == ((0, 0), 0)
    assert others[-2:] == [BUSY_S, BUSY_S]
