"""A restock that releases few orders: the stock is read once, with the orders that it may serve."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """Two orders wait for a mug each, since a minute."""
    return open_shop(clean_pg, redis, settings, then=let_two_wait)


def let_two_wait(stage: Stage) -> None:
    """Both are seen and written."""
    stage.ordered()
    stage.ordered()
    stage.world.clock.sleep(60)


def requests(stage: Stage, since: int) -> list[str]:
    """What was asked of the shop from a request on."""
    return [one.operation for one in stage.world.shop.requests[since:]]


def shown(stage: Stage) -> list[set[str]]:
    """The tags of all orders."""
    return [stage.world.tags(order_id) for order_id in stage.world.shop.orders]


def take_away(stage: Stage, *, after: str, held_up_s: float = 0) -> None:
    """Once that has been asked, a mug is taken off the shelf, which no webhook tells."""

    def happen() -> None:
        if (
            stage.world.shop.requests[-1].operation == after
            and not stage.world.shop.webhooks.knobs.loss_rate
        ):
            stage.world.shop.webhooks.knobs.loss_rate = 1
            stage.restock(-1)
            stage.world.clock.sleep(held_up_s)

    stage.world.after_request = happen


WRITES = "orderUpdate tagsAdd tagsRemove"
RELEASED, WAITING = {"backorder-released"}, {"backordered"}


def test_what_decides_a_release_is_read_once(stage: Stage) -> None:
    since = len(stage.world.shop.requests)

    stage.restock(1)
    stage.settle_down()

    assert requests(stage, since) == ["ChangedOrders", "GlanceAt", f"mutation {WRITES}"]
    assert shown(stage) == [RELEASED, WAITING]


def test_nothing_is_decided_by_what_the_webhook_told(stage: Stage) -> None:
    """It tells of two units, one of which has gone by the time that the stock is read."""
    take_away(stage, after="ChangedOrders")
    stage.restock(2)

    stage.settle_down()

    assert shown(stage) == [RELEASED, WAITING]


def test_all_pools_are_read_where_the_webhooks_tell_of_two(stage: Stage) -> None:
    back = stage.world.shop.add_location("Back")
    since = len(stage.world.shop.requests)

    stage.restock(1)
    stage.world.shop.set_stock(stage.mug.item_id, back, 0)
    stage.settle_down()

    assert "Stock" in requests(stage, since)
    assert "GlanceAt" not in requests(stage, since)
    assert shown(stage) == [RELEASED, WAITING]


def test_a_reading_that_has_grown_old_is_not_written_by(stage: Stage) -> None:
    """The worker was held up after it."""
    take_away(stage, after="GlanceAt", held_up_s=5)
    stage.restock(1)

    stage.settle_down()

    assert "backorder-released" not in {entry.detail for entry in stage.world.shop.journal}
    assert shown(stage) == [WAITING, WAITING]


def test_many_are_released_the_ordinary_way(stage: Stage) -> None:
    """They are written in several requests, between which the stock is looked at again."""
    for _ in range(9):
        stage.ordered()
    since = len(stage.world.shop.requests)

    stage.restock(11)
    stage.settle_down()

    assert "GlanceAt" not in requests(stage, since)
    assert shown(stage) == [RELEASED] * 11
