"""What Backline costs a shop, in API points as the sandbox charges them by Shopify's documented rule.

Points are those really charged (`actualQueryCost`). Printed; what is asserted is that the work is right.
"""

from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from redis import Redis

from app.sandbox.shopify.records import Variant
from app.settings import Settings
from tests.world import World, make_world

pytestmark = pytest.mark.benchmark


@pytest.fixture
def new_world(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Callable[..., World]:
    """Makes a connected shop with one location and an item for each figure of `stock`."""

    def make(stock: list[int], **options: object) -> tuple[World, list[Variant]]:
        world = make_world(clean_pg, redis, settings, **options)
        place = world.shop.add_location("Main")
        items = [
            world.shop.add_product(f"Item {n}", sku=f"SKU-{n}", stock={place: units})
            for n, units in enumerate(stock)
        ]
        world.connect()
        world.quiet()
        return world, items

    return make


def points(world: World, since: int) -> Counter[str]:
    """Points charged since a request number, by operation."""
    spent: Counter[str] = Counter()
    for request in world.shop.requests[since:]:
        spent[request.operation] += int(request.actual_cost or 0)
    return spent


def sell(
    world: World, variants: list[Variant], *, count: int, every_s: float, visit: int = 1
) -> list[int]:
    """Orders of one unit, round the items; webhooks and worker come after each, or each `visit`-th."""
    placed = []
    for number in range(count):
        placed.append(world.shop.place_order([(variants[number % len(variants)].variant_id, 1)]))
        world.clock.sleep(every_s)
        if number % visit == 0:
            world.deliver()
            world.work()
    world.quiet(at_most_s=3600)
    return placed


def report(title: str, spent: Counter[str], per: int, goal: float) -> None:
    """One line of the table, and where the points went."""
    each = sum(spent.values()) / per
    parts = ", ".join(f"{name} {cost}" for name, cost in spent.most_common(6))
    print(f"\n{title}: {each:.2f} points each (goal {goal}); {parts}")  # noqa: T201


@pytest.mark.parametrize("every_s", [0.1, 1.0])
def test_orders_in_stock(new_world: Callable[..., tuple[World, list[Variant]]], every_s: float) -> None:
    """1,000 orders of 20 items, all in stock, and the hourly check that comes after them."""
    world, items = new_world([1000] * 20)
    since = len(world.shop.requests)

    placed = sell(world, items, count=1000, every_s=every_s)
    report(f"in-stock order, one each {every_s} s", points(world, since), 1000, 1)
    since = len(world.shop.requests)
    world.clock.sleep(3600)
    world.quiet()

    report("its hourly check", points(world, since), 1000, 1)
    assert not any(world.tags(order_id) for order_id in placed)


@pytest.mark.parametrize(("every_s", "visit"), [(0.1, 5), (5.0, 1)])
def test_orders_that_become_backordered(
    new_world: Callable[..., tuple[World, list[Variant]]], every_s: float, visit: int
) -> None:
    """300 orders of one item that has 100: find, tag, note. Requests take no time here; in a shop the
    four that a visit makes take half a second."""
    world, items = new_world([100], plan="plus")
    since = len(world.shop.requests)

    placed = sell(world, items, count=300, every_s=every_s, visit=visit)

    report(f"backordered order, one each {every_s} s", points(world, since), 200, 45)
    assert [bool(world.tags(order_id)) for order_id in placed] == [False] * 100 + [True] * 200


def test_a_restock_that_releases_1000_orders(
    new_world: Callable[..., tuple[World, list[Variant]]],
) -> None:
    """Points per release, and the time against what the bucket of a standard shop allows. Webhooks come
    while the worker works."""
    world, items = new_world([0], plan="standard")
    placed = sell(world, items, count=1000, every_s=0.5, visit=100)
    assert all(world.tags(order_id) == {"backordered"} for order_id in placed)
    world.clock.sleep(60)
    since, began = len(world.shop.requests), world.clock()
    world.shop.before_request = world.deliver

    world.shop.adjust_stock(items[0].item_id, next(iter(world.shop.pools))[1], 1000)
    world.quiet(at_most_s=3600)

    done = max(entry.at for entry in world.shop.journal)
    took_s = (done - began).total_seconds()
    spent = points(world, since)
    least_s = (sum(spent.values()) - world.shop.bucket.maximum) / world.shop.bucket.restore_rate
    report("release", spent, 1000, 30)
    print(  # noqa: T201
        f"1,000 releases took {took_s:.0f} s of shop time; the points they cost allow {least_s:.0f} s: "
        f"{took_s / least_s:.2f} × (goal 1.1)"
    )
    assert all(world.tags(order_id) == {"backorder-released"} for order_id in placed)
