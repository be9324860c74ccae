"""What becoming backordered and a release cost, one order at a time, at several paces and by both rules
that the sandbox charges by: Shopify's documented table, and what recordings of live shops show.

Points are those really charged. Printed; what is asserted is that the work is right.
"""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from redis import Redis

from app.core.holds import Policy
from app.db import shops
from app.db.preferences import change_preferences
from app.sandbox.shopify.records import Variant
from app.settings import Settings
from tests.benchmarks.test_api_cost import points
from tests.world import World, make_world

pytestmark = pytest.mark.benchmark

ORDERS = 40
HALF_A_DAY_S = 12 * 3600
"""At slow paces so long is measured: the list of webhooks is read as often."""


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


def report(title: str, world: World, since: int, goal: float, *, orders: int) -> None:
    """One line of the table, and where the points went."""
    spent = points(world, since)
    parts = ", ".join(f"{name} {cost / orders:.1f}" for name, cost in spent.most_common(7))
    print(f"\n{title}: {sum(spent.values()) / orders:.1f} points each (goal {goal}); {parts}")  # noqa: T201


@pytest.mark.parametrize("rule", ["documented", "observed"])
@pytest.mark.parametrize("every_s", [1.0, 5.0, 60.0, 600.0])
def test_orders_one_at_a_time(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, rule: str, every_s: float
) -> None:
    """Each order of an item that has none becomes backordered; then units come in one by one."""
    world, mug, place = open_for_business(clean_pg, redis, settings, rule)

    sell_and_restock(world, mug, place, f"{rule}, one in {every_s:.0f} s", every_s=every_s, more=0)


@pytest.mark.parametrize("rule", ["documented", "observed"])
@pytest.mark.parametrize("policy", list(Policy))
def test_orders_that_are_held(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, policy: Policy, rule: str
) -> None:
    """The same at one pace, with each policy of holds: what a hold and its release add (goal: 25)."""
    world, mug, place = open_for_business(clean_pg, redis, settings, rule)
    with world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, world.shop_id)
        change_preferences(session, shop, {"holds": policy}, by="a benchmark", now=world.clock())

    sell_and_restock(world, mug, place, f"{rule}, holds {policy}", every_s=60.0, more=MORE[policy])

    parts = [part for order in world.shop.orders for part in world.shop.fulfillment_orders(order)]
    assert not any(part.holds for part in parts)


MORE = {Policy.OFF: 0, Policy.SHORT: 25, Policy.ORDER: 25}


def open_for_business(
    engine: sa.Engine, redis: Redis, settings: Settings, rule: str
) -> tuple[World, Variant, int]:
    """A shop that has no mug left, the mug and the place."""
    world = make_world(engine, redis, settings, cost_rule=rule)
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Mug", sku="MUG", stock={place: 0})
    world.connect()
    world.quiet()
    return world, mug, place


def sell_and_restock(
    world: World, mug: Variant, place: int, title: str, *, every_s: float, more: int
) -> None:
    """Mugs are ordered, then they come in. To be held and released may cost `more` in both together."""
    placed: list[int] = []
    orders = ORDERS if every_s < 600 else int(HALF_A_DAY_S / every_s)

    def sell() -> None:
        placed.append(world.shop.place_order([(mug.variant_id, 1)]))

    since = len(world.shop.requests)
    for _ in range(orders):
        pace(world, every_s, sell)
    world.quiet(at_most_s=3600)
    report(f"{title}: becoming backordered", world, since, 45 + more, orders=orders)
    assert all(world.tags(order_id) == {"backordered"} for order_id in placed)

    since = len(world.shop.requests)
    for _ in range(orders):
        pace(world, every_s, lambda: world.shop.adjust_stock(mug.item_id, place, 1))
    world.quiet(at_most_s=3600)
    report(f"{title}: a release", world, since, 40 + more, orders=orders)
    assert all(world.tags(order_id) == {"backorder-released"} for order_id in placed)
