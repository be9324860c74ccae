"""The whole way of a BigCommerce product whose variants share one stock."""

import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.world import make_store_world


def test_buyers_of_two_sizes_wait_in_one_queue(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    world = make_store_world(clean_pg, redis, settings, quota_requests=100_000)
    main = world.shop.add_location("Main")
    small = world.shop.add_product("Robe", sku="ROBE-S", stock={main: 1}, tracking="product")
    large = world.shop.add_product("Robe", sku="ROBE-L", product_id=small.product_id)
    world.connect()
    world.quiet()

    first, second, third = (
        world.shop.place_order([(robe.variant_id, 1)]) for robe in (large, small, large)
    )
    world.quiet()

    assert [world.tags(order_id) for order_id in (first, second, third)] == [
        set(),
        {"backordered"},
        {"backordered"},
    ]

    world.shop.adjust_stock(small.variant_id, main, 1)
    world.quiet()

    assert [world.tags(order_id) for order_id in (first, second, third)] == [
        set(),
        {"backorder-released"},
        {"backordered"},
    ]
    assert world.shop.answer_problems == []
