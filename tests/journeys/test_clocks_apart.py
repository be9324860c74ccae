"""Right though our clock is not: histories like those of `test_histories.py`, while the clock of our
machines is minutes or an hour ahead of the platform's or behind it, from before the install on.

Some are set right in the middle, as NTP does. BACKLINE_CLOCKS_APART names how far ahead our clock is in
the campaign of many of them, in seconds.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.histories import History
from tests.journeys.test_histories import Prepare, play_bigcommerce, play_shopify
from tests.many_histories import naming, what_is_wrong
from tests.world import START, World

PLAYS: dict[str, Callable[..., History]] = {"shopify": play_shopify, "bigcommerce": play_bigcommerce}
# By which seconds after the beginning our clock has been set right; a history takes some minutes.
SET_AFTER_S = 70


class Sample(NamedTuple):
    """A history, by how many seconds our clock is ahead in it, and after how many it is set right."""

    platform: str
    seed: int
    ahead_s: int
    set_after_s: int | None = None


# Those ahead had something wrong while nobody knew the platform's time.
SAMPLES = [
    Sample("bigcommerce", 3, -3600),
    Sample("bigcommerce", 2, 300, SET_AFTER_S),
    Sample("shopify", 2, 3600),
]
AHEAD_S = [int(one) for one in os.environ.get("BACKLINE_CLOCKS_APART", "300,-300,3600,-3600").split(",")]


def apart(ahead_s: float, *, set_after_s: float | None = None) -> Prepare:
    """Our clock is ahead by so much, and is set right so long after the beginning."""

    def prepare(world: World) -> None:
        world.ours.ahead = timedelta(seconds=ahead_s)
        if set_after_s is not None:
            world.ours.set_at = START + timedelta(seconds=set_after_s)

    return prepare


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: "-".join(map(str, one)))
def test_every_order_shows_what_the_oracle_says_whatever_our_clock_does(
    sample: Sample, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    prepare = apart(sample.ahead_s, set_after_s=sample.set_after_s)

    history = PLAYS[sample.platform](sample.seed, clean_pg, redis, settings, prepare=prepare)

    assert history.verdict() == []


@pytest.mark.full_histories
@pytest.mark.parametrize("platform", PLAYS)
def test_many_with_clocks_apart(
    platform: str, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    def play(seed: int) -> History:
        prepare = apart(AHEAD_S[seed // 2 % len(AHEAD_S)])
        return PLAYS[platform](seed, clean_pg, redis, settings, prepare=prepare)

    wrong, _ = what_is_wrong(
        f"{platform}, clocks apart",
        play,
        clean_pg,
        redis,
        in_words=naming(("orders", "webhooks", "wrong")),
    )

    assert wrong == []
