"""Right under races with holds: random histories of a Shopify shop in which what waits is held."""

import os
from collections import Counter

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.held_histories import HeldHistory
from tests.tables import empty_tables
from tests.world import make_world

FIRST, END = map(int, os.environ.get("BACKLINE_HISTORIES", "0:500").split(":"))
SAMPLE = range(12)
STEPS = 40


def play(
    seed: int,
    engine: sa.Engine,
    redis: Redis,
    settings: Settings,
    kind: type[HeldHistory] = HeldHistory,
) -> HeldHistory:
    """One history from beginning to rest; every second one of each policy has two locations."""
    world = make_world(engine, redis, settings, seed=seed, domain=f"held-{seed}.myshopify.com")
    history = kind(world, seed, locations=1 + seed // 2 % 2)
    history.play(STEPS)
    return history


@pytest.mark.parametrize("seed", SAMPLE)
def test_what_waits_and_nothing_else_is_on_hold(
    seed: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """Besides, every order shows what it should, and nobody else's hold was touched."""
    assert play(seed, clean_pg, redis, settings).verdict() == []


@pytest.mark.full_histories
def test_all_histories_with_holds(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> None:
    """The same for many seeds; BACKLINE_HISTORIES names others."""
    counts: Counter[str] = Counter()
    wrong = []
    for seed in range(FIRST, END):
        history = play(seed, clean_pg, redis, settings)
        found = [f"seed {seed}: {text}" for text in history.verdict()]
        counts += history.counts
        counts["orders"] += len(history.world.shop.orders)
        print(*found, sep="\n", end="\n" if found else "", flush=True)  # noqa: T201
        wrong += found
        empty_tables(clean_pg)
        redis.flushdb()
        if (seed + 1 - FIRST) % 10 == 0:
            told = ("orders", "holds placed", "holds lifted", "holds of ours that somebody released")
            print(f"\n{FIRST} to {seed}: {', '.join(f'{counts[n]} {n}' for n in told)}", flush=True)  # noqa: T201

    assert wrong == []
