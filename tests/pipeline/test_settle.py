"""What is decided from figures that may be older than the orders: at a store whose readings lag."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import promises, shops
from app.pipeline.context import ShopContext
from app.pipeline.settle import settle_item
from app.settings import Settings
from tests.journeys.test_bigcommerce_story import QUIET_S, Store, open_store

SLOW_S = QUIET_S - 5


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A store whose readings lag nearly as long as they may."""
    return open_store(clean_pg, redis, settings, projection_delay_s=SLOW_S)


def desk_of(store: Store) -> ShopContext:
    """A worker at the store."""
    runtime = store.world.runtime
    with runtime.sessions.begin() as session:
        assert shops.take_lease(session, store.world.shop_id, "a test", now=store.world.clock())
    return ShopContext(
        store.world.shop_id,
        "a test",
        runtime.sessions,
        runtime.connect,
        store.world.clock,
        runtime.settings.app_url,
    )


def short_orders(store: Store) -> set[int]:
    """Who is called short of mugs."""
    with store.world.runtime.sessions.begin() as session:
        rows = promises.promises_of_item(session, store.world.shop_id, store.mug.variant_id)
        return {row.order_id for row in rows.values() if row.short}


@pytest.mark.parametrize("thought_about_s", [0, 30])
def test_figures_do_not_become_newer_by_being_thought_about(
    store: Store, thought_about_s: float
) -> None:
    """Read 80 seconds after an order, they may be from before it, and from before the restock that it
    was served from: whether that is decided at once or half a minute later."""
    store.order()
    waiting = store.order()
    store.pass_s(2 * QUIET_S)
    assert short_orders(store) == {waiting}
    store.restock(2)
    served = store.order()
    store.pass_s(10)
    store.world.clock.sleep(70)
    context, asked_at = desk_of(store), store.world.clock()
    (stock,) = context.platform.fetch_stock([store.mug.variant_id])

    store.world.clock.sleep(thought_about_s)
    with context.transaction():
        pass
    settle_item(context, stock, asked_at=asked_at)

    assert served not in short_orders(store)


def test_an_item_is_looked_at_again_as_soon_as_figures_must_show_the_order(store: Store) -> None:
    store.order()
    waiting = store.order()
    store.pass_s(2 * QUIET_S)
    store.restock(2)
    store.order()

    store.pass_s(QUIET_S + 10)

    assert store.world.tags(waiting) == {"backorder-released"}


def test_a_line_that_may_be_served_keeps_what_it_shows_until_figures_can_tell(store: Store) -> None:
    """An order before one that waits is cancelled; nobody tells whether its unit was given back."""
    first = store.order()
    waiting = store.order()
    store.pass_s(2 * QUIET_S)

    store.world.shop.cancel_order(first, restock=False)
    shown = set()
    for _ in range(2 * QUIET_S):
        store.pass_s(1)
        shown |= store.world.tags(waiting)

    assert shown == {"backordered"}


def test_the_age_of_a_reading_is_the_setting_of_the_store(store: Store) -> None:
    assert desk_of(store).platform.traits.stock_lag_s == timedelta(seconds=QUIET_S).total_seconds()


def test_an_item_that_somebody_waits_for_is_decided_by_one_reading_of_its_shop(store: Store) -> None:
    store.order()
    waiting = store.order()
    store.pass_s(2 * QUIET_S)
    context, asked_at = desk_of(store), store.world.clock()
    (stock,) = context.platform.fetch_stock([store.mug.variant_id])
    read: list[str] = []

    def note(*told: object) -> None:
        if re.search(r"FROM shops\s+WHERE shops.id =", str(told[2])):
            read.append(str(told[2]))

    engine = store.world.runtime.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    settle_item(context, stock, asked_at=asked_at)
    sa.event.remove(engine, "before_cursor_execute", note)

    assert short_orders(store) == {waiting}
    assert len(read) == 1
