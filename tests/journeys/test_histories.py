"""Right under races: random histories of a shop through the whole pipeline, on PostgreSQL.

Webhooks come late, twice, out of order, or (2 %) never; things happen between the worker's requests.
"""

import os
from collections import Counter

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.histories import History
from tests.tables import empty_tables
from tests.world import make_world

SAMPLE = 50
FIRST, END = map(int, os.environ.get("BACKLINE_HISTORIES", "0:500").split(":"))


def play(seed: int, engine: sa.Engine, redis: Redis, settings: Settings) -> History:
    """One history from beginning to rest."""
    world = make_world(engine, redis, settings, seed=seed, domain=f"history-{seed}.myshopify.com")
    history = History(world, seed, locations=1 + seed % 2)
    history.play(steps=40)
    return history


@pytest.mark.parametrize("seed", range(SAMPLE))
def test_every_order_shows_what_the_oracle_says(
    seed: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """And no tag was put on, or taken off, an order of which that was not true when it was looked at."""
    history = play(seed, clean_pg, redis, settings)

    assert history.verdict() == []


@pytest.mark.full_histories
def test_all_histories(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> None:
    """The same for many seeds, with the figures of all of them; BACKLINE_HISTORIES names others."""
    counts: Counter[str] = Counter()
    wrong = []
    for seed in range(FIRST, END):
        history = play(seed, clean_pg, redis, settings)
        counts += history.counts
        counts["orders"] += len(history.world.shop.orders)
        counts["requests"] += len(history.world.shop.requests)
        counts["webhooks"] += len(history.world.answers)
        found = [f"seed {seed}: {text}" for text in history.verdict()]
        print(*found, sep="\n", end="\n" if found else "", flush=True)  # noqa: T201
        wrong += found
        empty_tables(clean_pg)
    figures = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    print(f"\nhistories {FIRST} to {END - 1}: {figures}; wrong: {len(wrong)}")  # noqa: T201

    assert wrong == []
