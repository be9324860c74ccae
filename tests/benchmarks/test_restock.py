"""How long a restock that releases 1,000 orders takes beside the build before, in one run.

Both builds play the same story in the sandbox shop of their own checkout, on a clock that the story
holds, with the bucket of the standard plan: 2,000 points, and 100 more each second. So the times are
the shop's, not this machine's. Shopify publishes no figure of how fast bulk operations run: the ratio
is shown for several speeds. Printed; what is asserted is that every order was released.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.services import EmbeddedRedis
from tests.benchmarks.contenders import BEFORE, ROOT
from tests.postgres import postgres_server

pytestmark = pytest.mark.benchmark

SCRIPT = Path(__file__).with_name("restock.py")
# Lines a second: none sooner than 10 s after the operation was begun.
SPEEDS = (50, 25, 10)
GOAL = 0.3
ORDERS = 1000


def play(
    checkout: Path, python: Path | str, redis: EmbeddedRedis, **options: object
) -> dict[str, float]:
    """The story, played by one build."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(checkout), "HOME": os.environ["HOME"]}
    with postgres_server() as server:
        command = [str(python), str(SCRIPT), server.url, redis.url, json.dumps(options)]
        done = subprocess.run(command, cwd=checkout, env=environ, check=True, capture_output=True)
    found: dict[str, float] = json.loads(done.stdout.rsplit(b"\n", 2)[1])
    return found


@pytest.fixture(scope="module")
def before(redis_server: EmbeddedRedis) -> dict[str, float] | None:
    """The story as the build of `BACKLINE_BEFORE` plays it; None without one: the times stand alone."""
    if not BEFORE:
        return None
    checkout = Path(BEFORE)
    return play(checkout, checkout / ".venv/bin/python", redis_server, plan="standard")


@pytest.mark.parametrize("lines_per_s", SPEEDS)
def test_a_restock_that_releases_1000_orders(
    before: dict[str, float] | None, redis_server: EmbeddedRedis, lines_per_s: int
) -> None:
    """Released whole, at each speed of bulk operations."""
    now = play(ROOT, sys.executable, redis_server, plan="standard", bulk_lines_per_s=lines_per_s)

    print(f"\n{lines_per_s} lines a second: {in_words(now)}")  # noqa: T201
    if before is not None:
        ratio = now["seconds"] / before["seconds"]
        print(f"before: {in_words(before)}; {ratio:.2f} × (goal {GOAL})")  # noqa: T201
    assert now["released"] == ORDERS


def in_words(run: dict[str, float]) -> str:
    """What one build took."""
    return f"{run['seconds']:.0f} s, {run['points'] / ORDERS:.1f} points each"
