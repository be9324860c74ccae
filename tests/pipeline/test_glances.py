"""What is read of orders just before they are written: their marks, where that is enough."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop, order_reads


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """An order waits for a mug."""
    return open_shop(clean_pg, redis, settings, then=let_one_wait)


def let_one_wait(stage: Stage) -> None:
    """It is seen and written."""
    stage.ordered()
    stage.world.clock.sleep(60)


def release(stage: Stage) -> list[str]:
    """A mug comes in; the single orders that are read before the order is released."""
    since = len(stage.world.shop.requests)
    stage.restock(1)
    stage.settle_down()
    return order_reads(stage.world, since=since)


def test_an_order_that_has_not_changed_is_glanced_at(stage: Stage) -> None:
    (order_id,) = stage.world.shop.orders

    assert release(stage) == ["GlanceAt"]
    assert stage.world.tags(order_id) == {"backorder-released"}


def test_an_order_that_changed_untold_is_looked_at(stage: Stage) -> None:
    """No webhook told that it was cancelled, and the list of changed orders does not show it yet."""
    (order_id,) = stage.world.shop.orders
    stage.world.shop.webhooks.knobs.loss_rate = 1
    stage.world.shop.cancel_order(order_id)
    stage.world.shop.webhooks.knobs.loss_rate = 0
    stage.world.shop.faults.search_lag_s[order_id] = 60

    assert "LookWhole" in release(stage)
    assert stage.world.tags(order_id) == set()


def test_an_order_of_an_item_kept_at_two_locations_is_looked_at(stage: Stage) -> None:
    """It may have been moved, which leaves no mark on it."""
    (order_id,) = stage.world.shop.orders
    back = stage.world.shop.add_location("Back")
    stage.world.shop.set_stock(stage.mug.item_id, back, 0)
    stage.settle_down()

    assert "Glance" not in release(stage)
    assert stage.world.tags(order_id) == {"backorder-released"}
