"""What is decided of an item that many wait for is kept for its page."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import long_queues
from app.db.models import StockItem
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has no mug left."""
    return open_shop(clean_pg, redis, settings)


def kept(stage: Stage) -> list[int]:
    """The orders of the queue that is kept."""
    key = (stage.world.shop_id, stage.mug.item_id, stage.main)
    with stage.world.runtime.sessions.begin() as session:
        return [line.order_id for line in long_queues.read_page(session, *key, 1)]


def is_long(stage: Stage) -> None:
    """So many waited that the queue is kept from now on."""
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(StockItem).values(has_long_queue=True))


def test_a_short_queue_is_not_kept(stage: Stage) -> None:
    stage.ordered()

    assert kept(stage) == []


def test_a_long_queue_is_kept_as_decided_until_nobody_waits(stage: Stage) -> None:
    first = stage.ordered()
    is_long(stage)

    second = stage.ordered()
    with_both = kept(stage)
    stage.restock(1)
    stage.settle_down()
    with_one_served = kept(stage)
    stage.world.shop.cancel_order(second)
    stage.settle_down()

    assert with_both == [first, second]
    assert with_one_served[-1:] == [second]
    assert kept(stage) == []
