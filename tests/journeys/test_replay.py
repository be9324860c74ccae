"""A history is a function of its seed: what one run finds, the next one finds again."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.histories import History
from tests.journeys.test_moving_histories import play
from tests.shuffled import shuffled
from tests.tables import empty_tables
from tests.timed_redis import TimedRedis
from tests.world import Clock


def told(history: History) -> Sequence[object]:
    """Everything that was asked of the platform and written to it, and what was found wrong."""
    asked = [(one.at, one.operation) for one in history.shop.requests]
    return [history.verdict(), asked, history.shop.journal, history.world.answers, history.counts]


@pytest.mark.parametrize(("platform", "seed"), [("shopify", 2), ("bigcommerce", 5)])
def test_a_history_is_the_same_in_whatever_order_rows_come(
    platform: str, seed: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """Where a statement leaves the order of its rows open, the database's plan and what was there before
    would decide what happens."""
    machine = clean_pg, redis, settings
    with shuffled(clean_pg, 0.25):
        first = told(play(platform, seed, machine, steps=24))
    empty_tables(clean_pg)
    redis.flushdb()

    with shuffled(clean_pg, 0.75):
        second = told(play(platform, seed, machine, steps=24))

    assert first == second


def test_what_redis_keeps_for_a_minute_is_gone_after_a_minute_of_the_play(redis: Redis) -> None:
    """However long the play takes: an hour of it passes in a second."""
    clock = Clock()
    timed = TimedRedis(redis, clock)
    timed.set("settings", "as read", ex=60)

    clock.sleep(59)
    before = timed.get("settings")
    clock.sleep(1)

    assert (before, timed.get("settings")) == (b"as read", None)
    assert redis.get("settings") is None
