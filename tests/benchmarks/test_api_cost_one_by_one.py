"""What becoming backordered and a release cost, one order at a time, at several paces and by both rules
that the sandbox charges by: Shopify's documented table, and what recordings of live shops show.

Points are those really charged. Printed; what is asserted is that the work is right.
"""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.benchmarks.test_api_cost import points
from tests.world import World, make_world

pytestmark = pytest.mark.benchmark

ORDERS = 40


def pace(world: World, every_s: float, act: Callable[[], object]) -> None:
    """Act, then let so many seconds pass; webhooks and worker come when they are due."""
    act()
    until = world.clock().timestamp() + every_s
    while (left_s := until - world.clock().timestamp()) > 0:
        world.deliver()
        again_s = world.work() or left_s
        due = (
            one.due_at.timestamp() - world.clock().timestamp() for one in world.shop.webhooks.waiting()
        )
        world.clock.sleep(max(0.05, min([left_s, again_s, *(s for s in due if s > 0)])))


def report(title: str, world: World, since: int, goal: float) -> None:
    """One line of the table, and where the points went."""
    spent = points(world, since)
    parts = ", ".join(f"{name} {cost / ORDERS:.1f}" for name, cost in spent.most_common(7))
    print(f"\n{title}: {sum(spent.values()) / ORDERS:.1f} points each (goal {goal}); {parts}")  # noqa: T201


@pytest.mark.parametrize("rule", ["documented", "observed"])
@pytest.mark.parametrize("every_s", [1.0, 5.0, 60.0, 600.0])
def test_orders_one_at_a_time(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, rule: str, every_s: float
) -> None:
    """Each order of an item that has none becomes backordered; then units come in one by one."""
    world = make_world(clean_pg, redis, settings, cost_rule=rule)
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Mug", sku="MUG", stock={place: 0})
    world.connect()
    world.quiet()
    placed: list[int] = []

    def sell() -> None:
        placed.append(world.shop.place_order([(mug.variant_id, 1)]))

    since = len(world.shop.requests)
    for _ in range(ORDERS):
        pace(world, every_s, sell)
    world.quiet(at_most_s=3600)
    report(f"{rule}: becoming backordered, one in {every_s:.0f} s", world, since, 45)
    assert all(world.tags(order_id) == {"backordered"} for order_id in placed)

    since = len(world.shop.requests)
    for _ in range(ORDERS):
        pace(world, every_s, lambda: world.shop.adjust_stock(mug.item_id, place, 1))
    world.quiet(at_most_s=3600)
    report(f"{rule}: a release, one in {every_s:.0f} s", world, since, 40)
    assert all(world.tags(order_id) == {"backorder-released"} for order_id in placed)
