"""Right under races while restocks pass orders over: random histories of both platforms.

Besides what all histories are held to: nobody is passed over more often than allowed, every unit serves
one order, and at a Shopify shop, where what waits is held, exactly what is short in these turns is.
"""

from collections import Counter

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.histories import History
from tests.journeys.test_held_histories import END, FIRST
from tests.journeys.test_held_histories import play as play_held
from tests.journeys.test_histories import play_bigcommerce
from tests.passing_histories import PassingHistory, PassingStoreHistory
from tests.tables import empty_tables

SAMPLES = [("shopify", 1), ("shopify", 2), ("bigcommerce", 0), ("bigcommerce", 1)]


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
    """The same for many seeds; BACKLINE_HISTORIES names others."""
    counts: Counter[str] = Counter()
    wrong = []
    for seed in range(FIRST, END):
        history = play(platform, seed, clean_pg, redis, settings)
        found = [f"{platform} seed {seed}: {text}" for text in history.verdict()]
        counts += history.counts
        counts["orders"] += len(history.world.shop.orders)
        print(*found, sep="\n", end="\n" if found else "", flush=True)  # noqa: T201
        wrong += found
        empty_tables(clean_pg)
        redis.flushdb()
        if (seed + 1 - FIRST) % 10 == 0 or seed + 1 == END:
            told = ", ".join(f"{counts[name]} {name}" for name in ("orders", "orders passed over"))
            print(f"\n{platform} {FIRST} to {seed}: {told}", flush=True)  # noqa: T201

    assert wrong == []
