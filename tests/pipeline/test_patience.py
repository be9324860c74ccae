"""A platform that fails is asked ever more seldom, and at once again when it serves."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import shops
from app.pipeline.runtime import work_on_shop
from app.platforms.http import LONGEST_GROWN_S, grown_s
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with a mug, at rest."""
    return open_shop(clean_pg, redis, settings)


def wait_of(stage: Stage) -> float:
    """Work once; for how many seconds the shop is then left alone."""
    work_on_shop(stage.world.runtime, stage.world.shop_id)
    with stage.world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, stage.world.shop_id)
        until, now = shop.wait_until, stage.world.clock()
    return max(0.0, (until - now).total_seconds()) if until else 0.0


def test_the_waits_grow_to_minutes_and_end_when_the_platform_serves(stage: Stage) -> None:
    stage.world.shop.faults.server_error_rate = 1
    stage.order()
    stage.world.deliver()
    waits = []
    for _ in range(12):
        waits.append(wait_of(stage))
        stage.world.clock.sleep(waits[-1] + 0.01)
    stage.world.shop.faults.server_error_rate = 0
    stage.settle_down()
    stage.world.shop.faults.once("server_error")
    stage.order()
    stage.world.deliver()
    after = wait_of(stage)

    assert 1 <= waits[0] <= 5
    assert waits[7] >= 64
    assert all(LONGEST_GROWN_S / 2 <= wait <= LONGEST_GROWN_S for wait in waits[9:])
    assert len(set(waits[9:])) == 3  # jittered
    assert after <= 5


def test_what_a_platform_asks_for_is_what_it_gets(stage: Stage) -> None:
    """Being throttled is no failure."""
    stage.world.shop.faults.rate_limited_rate = 1
    stage.order()
    stage.world.deliver()

    waits = []
    for _ in range(6):
        waits.append(wait_of(stage))
        stage.world.clock.sleep(waits[-1] + 0.01)

    assert waits == pytest.approx([stage.world.shop.faults.retry_after_s] * 6, abs=0.01)


def test_a_wait_is_never_shorter_than_what_was_asked_for() -> None:
    assert grown_s(3600, 5) == 3600
    assert grown_s(3, 1) == 3
    assert grown_s(3, 10_000) <= LONGEST_GROWN_S
