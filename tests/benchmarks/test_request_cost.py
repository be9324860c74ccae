"""What Backline costs a BigCommerce store, in requests: 150 in 30 seconds are for all apps together.

Printed; what is asserted is that the work is right.
"""

from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from redis import Redis

from app.sandbox.bigcommerce.records import Variant
from app.settings import Settings
from tests.world import StoreWorld, make_store_world

pytestmark = pytest.mark.benchmark

NewStore = Callable[..., tuple[StoreWorld, list[Variant]]]


@pytest.fixture
def new_store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> NewStore:
    """Makes a connected store with one location and an item for each figure of `stock`, whose figures
    lag by a minute."""

    def make(stock: list[int]) -> tuple[StoreWorld, list[Variant]]:
        world = make_store_world(clean_pg, redis, settings, projection_delay_s=60)
        place = world.shop.add_location("Main")
        items = [
            world.shop.add_product(f"Item {n}", sku=f"SKU-{n}", stock={place: units})
            for n, units in enumerate(stock)
        ]
        world.clock.sleep(60)
        world.connect()
        world.quiet()
        return world, items

    return make


def sell(world: StoreWorld, items: list[Variant], *, count: int, every_s: float) -> list[int]:
    """Orders of one unit, round the items, webhooks and worker after each."""
    placed = []
    for number in range(count):
        variant = items[number % len(items)]
        placed.append(world.shop.place_order([(variant.variant_id, 1)]))
        world.clock.sleep(every_s)
        world.deliver()
        world.work()
    world.quiet(at_most_s=3600)
    return placed


def report(title: str, world: StoreWorld, since: int, per: int, goal: float) -> None:
    """One line: requests each, and which they were."""
    sent = Counter(
        " ".join(part for part in request.operation.split("/") if not part.isdecimal())
        for request in world.shop.requests[since:]
    )
    parts = ", ".join(f"{name} {count}" for name, count in sent.most_common(8))
    print(f"\n{title}: {sum(sent.values()) / per:.2f} requests each (goal {goal}); {parts}")  # noqa: T201


@pytest.mark.parametrize("every_s", [0.1, 1.0, 60.0])
def test_orders_in_stock(new_store: NewStore, every_s: float) -> None:
    """300 orders of 20 items, all in stock."""
    world, items = new_store([1000] * 20)
    since = len(world.shop.requests)

    placed = sell(world, items, count=300, every_s=every_s)

    report(f"in-stock order, one each {every_s} s", world, since, 300, 0.2)
    assert not any(world.tags(order_id) for order_id in placed)


@pytest.mark.parametrize("every_s", [0.5, 5.0])
def test_orders_that_become_backordered_and_are_released(new_store: NewStore, every_s: float) -> None:
    """100 orders of one item that has 20; then 80 come in."""
    world, items = new_store([20])
    since = len(world.shop.requests)
    placed = sell(world, items, count=100, every_s=every_s)
    report(f"backordered order, one each {every_s} s", world, since, 80, 6)
    tagged = [bool(world.tags(order_id)) for order_id in placed]

    since = len(world.shop.requests)
    world.shop.adjust_stock(items[0].item_id, next(iter(world.shop.pools))[1], 80)
    world.quiet(at_most_s=3600)

    report("release", world, since, 80, 4)
    assert tagged == [False] * 20 + [True] * 80
    assert [world.tags(order_id) for order_id in placed[20:]] == [{"backorder-released"}] * 80
