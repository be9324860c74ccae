"""Right though workers are killed: random histories of both platforms. Restocks pass orders over, half
of them stop selling on, and the Shopify shop holds what waits and moves it to where it is in stock.

Besides what all histories are held to: no units of an order are moved twice from one place, none to
where they were not free, no move is forgotten, nothing waits in the end that another location has, and
all holds and settings are given back once the merchant wants them no more.
"""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.sandbox.shopify.shop import ALL_SCOPES
from app.settings import Settings
from tests.histories import History
from tests.journeys.test_held_histories import STEPS
from tests.journeys.test_histories import play_bigcommerce
from tests.many_histories import naming, what_is_wrong
from tests.moving_histories import KilledStoreHistory, MovingHistory
from tests.world import make_world

COUNTED = (
    *("orders", "moves", "workers killed", "holds placed", "orders passed over"),
    "items whose selling was stopped",
)
# 44: a draft reserves units of an item that is not counted, and then is.
SAMPLES = [("shopify", 44), ("bigcommerce", 1)]


def play(
    platform: str,
    seed: int,
    machine: tuple[sa.Engine, Redis, Settings],
    *,
    kinds: tuple[type[MovingHistory], type[KilledStoreHistory]] = (MovingHistory, KilledStoreHistory),
    steps: int = STEPS,
) -> History:
    """One history from beginning to rest, of the kind for that platform."""
    of_shop, of_store = kinds
    if platform == "bigcommerce":
        return play_bigcommerce(seed, *machine, kind=of_store, steps=steps)
    domain, scopes = f"moving-{seed}.myshopify.com", (*ALL_SCOPES, "write_products")
    world = make_world(*machine, seed=seed, domain=domain, scopes=scopes)
    history = of_shop(world, seed, locations=2)
    history.play(steps)
    return history


@pytest.mark.parametrize(("platform", "seed"), SAMPLES)
def test_every_order_is_right_though_workers_are_killed(
    platform: str, seed: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    assert play(platform, seed, (clean_pg, redis, settings)).verdict() == []


@pytest.mark.full_histories
@pytest.mark.parametrize("platform", ["shopify", "bigcommerce"])
def test_all_histories_with_killed_workers(
    platform: str, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """The same for many seeds."""
    wrong, _ = what_is_wrong(
        platform,
        lambda seed: play(platform, seed, (clean_pg, redis, settings)),
        clean_pg,
        redis,
        in_words=naming(COUNTED),
    )

    assert wrong == []
