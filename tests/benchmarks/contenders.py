"""Web processes to be measured beside each other: ours, the build before it, and the floor."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from app.services import free_port, leashed

ROOT = Path(__file__).parents[2]
# A checkout of the build before, with a .venv of its own: `git worktree add PATH COMMIT`.
BEFORE = os.environ.get("BACKLINE_BEFORE")

_INSTALL = """
from datetime import UTC, datetime
from app.db import shops
from app.pipeline.runtime import build_runtime
from app.settings import load_settings
now = datetime.now(UTC)
with build_runtime(load_settings()).sessions.begin() as session:
    shop = shops.install_shop(session, platform="shopify", domain="mugs.myshopify.com", now=now)
    shop.subscribed_at, shop.hourly_check_at = now, now.replace(year=2030)
"""


@dataclass(frozen=True)
class Contender:
    """A web process that is running, with whatever it started."""

    name: str
    url: str
    session_id: int

    def cpu_s(self) -> float:
        """Processor time so far, in user and kernel mode, of every process of its session."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.session_id:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(
    name: str, command: Sequence[str], environ: Mapping[str, str], log: Path, *, cwd: Path = ROOT
) -> Iterator[Contender]:
    """The process, until the end of the `with` block."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    told = {**os.environ, **environ, "PORT": port, "APP_URL": url, "HOME": str(log.parent)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            leashed([word.format(port=port) for word in command]),
            env=told,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(url, process, log)
        yield Contender(name, url, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)
        assert process.stdin is not None
        process.stdin.close()


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up_at = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < give_up_at:
        with contextlib.suppress(requests.RequestException):
            requests.get(f"{url}/healthz", timeout=1)
            return
        time.sleep(0.1)
    pytest.fail(f"{url} does not answer:\n{log.read_text()}")


def floor(cluster_url: str, secret: str, home: Path) -> contextlib.AbstractContextManager[Contender]:
    """Flask and gunicorn, two processes of eight threads."""
    url = new_database(cluster_url, "floor")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE floor (delivery_id text PRIMARY KEY, topic text, body bytea)")
        )
    engine.dispose()
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--workers", "2", "--threads", "8"]
    command += ["--bind", "127.0.0.1:{port}", "--keep-alive", "60", "tests.benchmarks.floor:app"]
    environ = {"FLOOR_DATABASE": plain, "SHOPIFY_CLIENT_SECRET": secret}
    return serving("floor", command, environ, home / "floor.log")


def backline(
    name: str, checkout: Path, environ: Mapping[str, str], cluster_url: str, home: Path
) -> contextlib.AbstractContextManager[Contender]:
    """`backline web` of a checkout, as it ships, with one shop."""
    python = str(checkout / ".venv" / "bin" / "python") if checkout != ROOT else sys.executable
    own = {**environ, "DATABASE_URL": new_database(cluster_url, name), "BACKLINE_HOME": str(home / name)}
    told = {**os.environ, **own}
    for words in (["-m", "app.cli", "release"], ["-c", _INSTALL]):
        subprocess.run([python, *words], env=told, cwd=checkout, check=True, capture_output=True)
    return serving(name, [python, "-m", "app.cli", "web"], own, home / f"{name}.log", cwd=checkout)


def new_database(cluster_url: str, name: str) -> str:
    """An empty one; returns its URL."""
    engine = sa.create_engine(cluster_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return sa.make_url(cluster_url).set(database=name).render_as_string(hide_password=False)
