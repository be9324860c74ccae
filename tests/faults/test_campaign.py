"""Nothing stops it: random faults against random histories of both platforms, in real processes.

At the end of each campaign nothing acknowledged is lost, nothing is doubled, and every order shows what
it must. `BACKLINE_CAMPAIGN=7` plays the campaign of that seed alone, `BACKLINE_CAMPAIGN=0:50`
those of many, and `BACKLINE_CAMPAIGN_PAIRS=25` each with that many shops and as many stores, every one
with a history of its own.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import median

import pytest

from tests.faults.campaign import CALM_S, Campaign, campaign
from tests.faults.strikes import STRIKES

ASKED = os.environ.get("BACKLINE_CAMPAIGN", "")
FIRST, _, END = (ASKED or "0:25").partition(":")
PAIRS = int(os.environ.get("BACKLINE_CAMPAIGN_PAIRS", "2"))
SEEDS = range(int(FIRST), int(END or int(FIRST) + 1))
SAMPLE = SEEDS if ASKED else (0,)
ROUNDS = 4


def rounds_of(seed: int) -> list[Sequence[str]]:
    """Which faults strike, in which order: every kind once in five seeds, each alone; and two kinds at
    the same time."""
    kinds = list(STRIKES)
    Random(f"{seed // 5} kinds").shuffle(kinds)  # noqa: S311 -- repeatable, not secret
    mine = kinds[seed % 5 * ROUNDS :][:ROUNDS]
    both = Random(f"{seed} both").sample(_COMBINED, 2)  # noqa: S311
    return [*([kind] for kind in mine), both]


# Faults that stop the same thing do not strike together: each would end the other's.
_COMBINED = [
    "web killed",
    "worker killed",
    "Redis away",
    "slow platforms",
    "lying platforms",
    "disk full",
]


def play(seed: int, home: Path, *, last: int | None = None) -> Campaign:
    """One campaign from beginning to rest, or so many of its last rounds; fails with its seed and what
    was wrong."""
    with campaign(seed, home, pairs=PAIRS) as played:
        for kinds in rounds_of(seed)[-last if last else None :]:
            played.play({kind: STRIKES[kind] for kind in kinds})
        time.sleep(CALM_S)
        found = [*played.problems(), *played.doubled()]
        assert found == [], f"{played.name}: {found}\n{played.host.said()}"
    return played


def summary(campaigns: Sequence[Campaign]) -> str:
    """How much was played."""
    histories = [history for one in campaigns for history in one.histories.values()]
    orders = sum(len(history.shop.orders) for history in histories)
    webhooks = sum(len(post.acknowledged) for one in campaigns for post in one.posts)
    writes = sum(len(history.writes()) for history in histories)
    return (
        f"{len(campaigns)} campaigns, {len(histories)} histories, {orders} orders, {webhooks} webhooks, "
        f"{writes} writes"
    )


def table(campaigns: Sequence[Campaign]) -> str:
    """How long after the end of each kind of fault everything was right again."""
    lines = ["| fault | times | right again after, median | longest |", "|---|---|---|---|"]
    for kind in STRIKES:
        took = sorted(s for one in campaigns for s in one.recovered_s.get(kind, []))
        if took:
            lines.append(f"| {kind} | {len(took)} | {median(took):.1f} s | {took[-1]:.1f} s |")
    return "\n".join(lines)


@pytest.mark.parametrize("seed", SAMPLE)
def test_faults_lose_nothing_double_nothing_and_leave_nothing_wrong(seed: int, tmp_path: Path) -> None:
    played = play(seed, tmp_path / "home", last=None if ASKED else 3)

    assert sum(len(post.acknowledged) for post in played.posts) > 0
    assert all(history.shop.orders for history in played.histories.values())
    print(f"\n{summary([played])}\n{table([played])}")  # noqa: T201 -- read with -s


@pytest.mark.full_histories
def test_all_campaigns(tmp_path: Path) -> None:
    """The same for many seeds, or for those that BACKLINE_CAMPAIGN names."""
    wrong, played = [], []
    for seed in SEEDS:
        try:
            played.append(play(seed, tmp_path / str(seed)))
        except AssertionError as error:
            wrong.append(f"{error}")
            print(error, flush=True)  # noqa: T201
    print(f"\n{summary(played)}\n{table(played)}", flush=True)  # noqa: T201

    assert wrong == []
