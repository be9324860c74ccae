"""Right though the app is removed and installed again: random histories of both platforms.

Besides what all histories with killed workers are held to, the app is away for a while, and what it had
changed before is given back in the end.
"""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.histories import History
from tests.journeys.test_moving_histories import play as play_with_kills
from tests.leaving_histories import LeavingHistory, LeavingStoreHistory
from tests.many_histories import naming, what_is_wrong

COUNTED = (
    *("orders", "uninstall", "install_again", "workers killed", "holds placed", "moves"),
    "items whose selling was stopped",
)
# 27: a draft reserves a unit, nobody tells where. 7: an order is archived while the app is away.
SAMPLES = [("shopify", 27), ("bigcommerce", 7)]


def play(platform: str, seed: int, machine: tuple[sa.Engine, Redis, Settings]) -> History:
    """One history from beginning to rest."""
    return play_with_kills(platform, seed, machine, kinds=(LeavingHistory, LeavingStoreHistory))


@pytest.mark.parametrize(("platform", "seed"), SAMPLES)
def test_every_order_is_right_though_the_app_was_away(
    platform: str, seed: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    assert play(platform, seed, (clean_pg, redis, settings)).verdict() == []


@pytest.mark.full_histories
@pytest.mark.parametrize("platform", ["shopify", "bigcommerce"])
def test_all_histories_in_which_the_app_was_away(
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
