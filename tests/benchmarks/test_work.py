"""What the work costs, beside the build before where BACKLINE_BUILD_BEFORE names a checkout of it (with
a .venv of its own). Both are measured in one run, by `workbench.py`; ratios are printed, none asserted.

    pytest -n0 -s -m benchmark tests/benchmarks/test_work.py
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.services import EmbeddedRedis

pytestmark = pytest.mark.benchmark

HERE = Path(__file__).parents[2]
BENCH = Path(__file__).with_name("workbench.py")
AT_MOST_S = 900


@pytest.fixture
def databases(pg_engine: sa.Engine) -> Iterator[dict[str, str]]:
    """An empty database for each of the two builds."""
    urls = {}
    with pg_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in ("now", "before"):
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS bench_{name} WITH (FORCE)"))
            connection.execute(sa.text(f"CREATE DATABASE bench_{name}"))
            url = pg_engine.url.set(database=f"bench_{name}")
            urls[name] = url.render_as_string(hide_password=False)
        yield urls
        for name in ("now", "before"):
            connection.execute(sa.text(f"DROP DATABASE bench_{name} WITH (FORCE)"))


def run(build: Path, python: str, url: str, redis_url: str, *words: str) -> dict[str, float]:
    """One measurement in one build."""
    told = {
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "PYTHONPATH": str(build),
        "SECRET_KEY": "a secret key for the benchmarks alone",
        "ENCRYPTION_KEYS": "-pEar7LVZhLcZgrACGOUiQnu8sCifIacbkpOmmXWhw4=",
    }
    answer = subprocess.run(
        [python, str(BENCH), *words],
        cwd=build,
        env=os.environ | told,
        check=True,
        capture_output=True,
        text=True,
        timeout=AT_MOST_S,
    )
    found: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("what", "count"),
    [
        ("absorb", 20_000),
        ("absorb", 100_000),
        ("backlog", 100_000),
        ("empty-jobs", 300),
        ("sweep", 10_000),
        ("hourly", 100),
        ("hourly", 10_000),
        ("shops", 1),
        ("shops", 100),
        ("shops", 10_000),
    ],
)
def test_work(databases: dict[str, str], redis_server: EmbeddedRedis, what: str, count: int) -> None:
    """One line a build, and their ratio."""
    words = (what, str(count))
    now = run(HERE, sys.executable, databases["now"], redis_server.url, *words)
    print(f"\n{what} {count}, now:    {shown(now)}")  # noqa: T201
    before = os.environ.get("BACKLINE_BUILD_BEFORE")
    if before:
        build = Path(before)
        python = str(build / ".venv" / "bin" / "python")
        then = run(build, python, databases["before"], redis_server.url, *words)
        ratios = {name: now[name] / then[name] for name in now}
        print(f"{what} {count}, before: {shown(then)}")  # noqa: T201
        print(f"{what} {count}, ratio:  {shown(ratios)}")  # noqa: T201
    assert all(figure > 0 for figure in now.values())


def shown(figures: dict[str, float]) -> str:
    """In a line."""
    return ", ".join(f"{name} {figure:.4g}" for name, figure in figures.items())
