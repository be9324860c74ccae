"""Right under races while restocks pass orders over: random histories of both platforms.

Besides what all histories are held to: nobody is passed over more often than allowed, every unit serves
one order, and at a Shopify shop, where what waits is held, exactly what is short in these turns is.
"""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.histories import History
from tests.journeys.test_held_histories import play as play_held
from tests.journeys.test_histories import play_bigcommerce
from tests.many_histories import naming, what_is_wrong
from tests.passing_histories import PassingHistory, PassingStoreHistory

SAMPLES = [("shopify", 1), ("bigcommerce", 0)]


def play(platform: str, seed: int, engine: sa.Engine, redis: Redis, settings: Settings) -> History:
    """One history from beginning to rest."""
    if platform == "bigcommerce":
        return play_bigcommerce(seed, engine, redis, settings, kind=PassingStoreHistory)
    return play_held(seed, engine, redis, settings, PassingHistory)


@pytest.mark.parametrize(("platform", "seed"), SAMPLES)
def test_every_order_shows_what_follows_from_the_turns_that_were_taken(
    platform: str, seed: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    assert play(platform, seed, clean_pg, redis, settings).verdict() == []


@pytest.mark.full_histories
@pytest.mark.parametrize("platform", ["shopify", "bigcommerce"])
def test_all_histories_with_turns(
    platform: str, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """The same for many seeds."""
    wrong, _ = what_is_wrong(
        platform,
        lambda seed: play(platform, seed, clean_pg, redis, settings),
        clean_pg,
        redis,
        in_words=naming(("orders", "orders passed over")),
    )

    assert wrong == []
