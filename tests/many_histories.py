"""Many histories one after the other, with what they come to. BACKLINE_HISTORIES names the seeds."""

import os
from collections import Counter
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from redis import Redis

from tests.histories import History
from tests.tables import empty_tables

FIRST, END = map(int, os.environ.get("BACKLINE_HISTORIES", "0:500").split(":"))
# So many are played before what they come to so far is told.
_TOLD_EVERY = 10


def what_is_wrong(
    label: str,
    play: Callable[[int], History],
    engine: sa.Engine,
    redis: Redis,
    *,
    in_words: Callable[[Counter[str]], str],
) -> tuple[list[str], Counter[str]]:
    """Play the history of each seed in empty tables. Returns what was found wrong in all of them, and
    what they came to, of which `in_words` makes a sentence."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for seed in range(FIRST, END):
        history = play(seed)
        found = [f"{label} seed {seed}: {text}" for text in history.verdict()]
        late = [f"{label} seed {seed}: {text}" for text in history.too_late]
        print(*found, *late, sep="\n", end="\n" if found or late else "", flush=True)  # noqa: T201
        counts += history.counts
        counts["orders"] += len(history.world.shop.orders)
        counts["requests"] += len(history.world.shop.requests)
        counts["webhooks"] += len(history.world.answers)
        counts["wrong"] += len(found)
        wrong += found
        empty_tables(engine)
        redis.flushdb()
        if (seed + 1 - FIRST) % _TOLD_EVERY == 0 or seed + 1 == END:
            print(f"\n{label} {FIRST} to {seed}: {in_words(counts)}", flush=True)  # noqa: T201
    return wrong, counts


def naming(names: Sequence[str]) -> Callable[[Counter[str]], str]:
    """How many of each of these there were."""
    return lambda counts: ", ".join(f"{counts[name]} {name}" for name in names)
