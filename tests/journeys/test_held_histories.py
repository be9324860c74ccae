"""Right under races with holds: random histories of a Shopify shop in which what waits is held."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.held_histories import HeldHistory
from tests.many_histories import naming, what_is_wrong
from tests.world import make_world

COUNTED = ("orders", "holds placed", "holds lifted", "holds of ours that somebody released")
SAMPLE = range(4)  # both policies, with one location and with two
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
    """The same for many seeds."""
    wrong, _ = what_is_wrong(
        "held",
        lambda seed: play(seed, clean_pg, redis, settings),
        clean_pg,
        redis,
        in_words=naming(COUNTED),
    )

    assert wrong == []
