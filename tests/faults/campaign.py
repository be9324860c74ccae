"""A campaign: Shopify shops and as many BigCommerce stores live by seeds, real processes serve them on a
PostgreSQL and a Redis of their own, and faults strike. What people do there is random too, and an oracle
that shares no code with the product says what each order must show once all is calm.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import requests
import sqlalchemy as sa
from flask.testing import FlaskClient

from app.db import migrate
from app.db.models import DeliveryRow
from app.pipeline.machines import look_at_machines
from app.pipeline.runtime import Runtime, build_runtime
from app.sandbox.bigcommerce import server as bigcommerce
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.shopify import server as shopify
from app.sandbox.shopify.shop import SandboxShop
from app.services import EmbeddedRedis, free_port, leashed, open_engine
from app.settings import load_settings
from tests.faults.living import Post, Unwatched, UnwatchedStore, WallClock, bring_to_life
from tests.postgres import PostgresServer, postgres_server
from tests.world import OurClock, StoreWorld, World

SECRET = "the-secret-of-the-campaigns"
PATIENCE_S = 300
"""Nothing here must take so long: half of it is a dead worker's lease, and ever longer pauses."""
CALM_S = 3
_ACT_EVERY_S = 0.2
_DEPLOY_S = 10
# Of many shops a few are busy at a time: what matters is how many there are.
_BUSY_AT_ONCE = 10


@dataclass
class Host:
    """What looks after processes: each in a session of its own, with a log, started again if it ends.
    `folders` are those of processes of another build."""

    environ: Mapping[str, str]
    home: Path
    folders: Mapping[str, Path] = field(default_factory=dict)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        """Start `web`, `clock`, `worker-3`."""
        with (self.home / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                leashed([sys.executable, "-m", "app.cli", name.partition("-")[0]]),
                env={**os.environ, **self.environ},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folders.get(name),
            )

    def kill(self, name: str) -> None:
        """SIGKILL to it and to all that it has started."""
        process = self.running.pop(name)
        # The leash's watcher is of the group as well, so the number is still the group's.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdin is not None
        process.stdin.close()

    def retire(self, name: str) -> None:
        """What hosts do at a deployment: SIGTERM, and some time to end."""
        process = self.running[name]
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_DEPLOY_S)
        self.kill(name)

    def look_after(self) -> None:
        """Start again what ended by itself."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                self.ended[name] += 1
                self.kill(name)
                self.start(name)

    def stop(self) -> None:
        """End all of them."""
        for name in list(self.running):
            self.kill(name)

    def said(self, lines: int = 15) -> str:
        """The ends of all logs."""
        return "\n".join(
            f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
            for log in sorted(self.home.glob("*.log"))
        )


@dataclass
class Campaign:
    """All there is. `random` draws what strikes; what people do is drawn by the histories."""

    seed: int
    postgres: PostgresServer
    redis: EmbeddedRedis
    host: Host
    runtime: Runtime
    histories: dict[str, Unwatched] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    recovered_s: dict[str, list[float]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    _late: set[str] = field(default_factory=set)
    """Histories in which something was not right when last looked at: they are looked at first."""

    def __post_init__(self) -> None:
        """The same seed, the same faults."""
        self.random = random.Random(f"{self.seed} faults")  # noqa: S311 -- repeatable, not secret

    def wait_for_processes(self, workers: int) -> None:
        """Until web and clock are at work, and so many workers."""
        give_up_at = time.monotonic() + PATIENCE_S
        while not self._are_at_work(workers):
            assert time.monotonic() < give_up_at, f"{self.name}: {self.host.said()}"
            time.sleep(0.1)

    def _are_at_work(self, workers: int) -> bool:
        machines = look_at_machines(self.runtime.redis)
        try:
            is_served = requests.get(f"{self.runtime.settings.app_url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False
        return is_served and machines.has_clock and machines.workers >= workers

    def live(self, seconds: float) -> None:
        """People go on buying, and staff working."""
        until = time.monotonic() + seconds
        all_of_them = list(self.histories.values())
        while time.monotonic() < until:
            for history in self.random.sample(all_of_them, min(_BUSY_AT_ONCE, len(all_of_them))):
                with history.shop.lock:
                    history.happen()
            self.host.look_after()
            time.sleep(_ACT_EVERY_S)

    def play(self, strikes: Mapping[str, Callable[["Campaign"], AbstractContextManager[None]]]) -> None:
        """One to three faults at once, while people go on; then they cease, and all comes right."""
        began = time.monotonic()
        with ExitStack() as stack:
            for strike in strikes.values():
                stack.enter_context(strike(self))
            self.live(self.random.uniform(2, 4) * max(1, len(self.histories) / _BUSY_AT_ONCE / 2))
        ceased = time.monotonic()
        self.come_to_rest(" and ".join(strikes))
        for name in strikes:
            self.faults[name] += 1
            self.recovered_s.setdefault(name, []).append(time.monotonic() - ceased)
        print(  # noqa: T201 -- read with -s
            f"seed {self.seed}: {' and '.join(strikes) or 'no fault'}: {ceased - began:.1f} s, "
            f"right after {time.monotonic() - ceased:.1f} s",
            flush=True,
        )

    def come_to_rest(self, after: str) -> None:
        """Until every webhook is worked off and every order shows what it must; fails after a while."""
        give_up_at = time.monotonic() + PATIENCE_S
        while next(self._problems(), None):
            self.host.look_after()
            assert time.monotonic() < give_up_at, (
                f"{self.name} after {after}: {self.problems()}\n{self.host.said()}"
            )
            time.sleep(0.2)

    def problems(self) -> list[str]:
        """What is not yet, or not right."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        """One after another: the first says already that more time must pass."""
        if not all(post.is_done() for post in self.posts):
            answers = sum((post.answers for post in self.posts), Counter[str]())
            yield f"webhooks not taken in: {dict(answers)}"
            return
        for name, history in sorted(self.histories.items(), key=lambda one: one[0] not in self._late):
            texts = history.verdict()
            (self._late.add if texts else self._late.discard)(name)
            yield from (f"{name}: {text}" for text in texts)
        try:
            yield from self.undone()
        except sa.exc.OperationalError as error:
            yield f"no database: {error}"

    def undone(self) -> list[str]:
        """Webhooks that were answered 200 and are not kept, or not worked off."""
        with self.runtime.engine.connect() as connection:
            rows = connection.execute(
                sa.select(DeliveryRow.delivery_id, DeliveryRow.body_hash, DeliveryRow.state)
            ).all()
        ids, hashes = {row.delivery_id for row in rows}, {row.body_hash for row in rows}
        acknowledged = {one for post in self.posts for one in post.acknowledged}
        lost = [one for one in acknowledged if one[0] not in ids and one[1] not in hashes]
        late = Counter(row.state for row in rows if row.state not in ("done", "ignored"))
        poisoned = {number for number in ids if number.startswith("poison")}
        known = {number for number, _ in acknowledged}
        return [
            *(f"lost: {one}" for one in lost),
            *(f"{count} webhooks {state}" for state, count in late.items() if state == "due"),
            *(
                f"failed: {row.delivery_id}"
                for row in rows
                if row.state == "failed" and row.delivery_id not in poisoned
            ),
            *(f"nobody sent {number}" for number in ids - known - poisoned),
        ]

    def doubled(self) -> list[str]:
        """Webhooks kept twice, and writes made twice."""
        with self.runtime.engine.connect() as connection:
            ids = connection.execute(sa.select(DeliveryRow.shop_id, DeliveryRow.delivery_id)).all()
        kept = [f"{number} is kept {times} times" for number, times in Counter(ids).items() if times > 1]
        return kept + [text for history in self.histories.values() for text in history.doubled()]

    @property
    def name(self) -> str:
        """How to play it again."""
        pairs = len(self.histories) // 2
        again = f"BACKLINE_CAMPAIGN={self.seed} BACKLINE_CAMPAIGN_PAIRS={pairs} plays it again"
        return f"seed {self.seed} ({again})"


@contextmanager
def campaign(
    seed: int, home: Path, *, pairs: int = 1, folders: Mapping[str, Path] = MappingProxyType({})
) -> Iterator[Campaign]:
    """All of it, at work and at rest; two workers. Its histories' seeds are the `pairs` from
    `seed * pairs` on, each for a shop and for a store. `folders` are those of processes of another
    build."""
    home.mkdir(exist_ok=True)
    seeds = range(seed * pairs, (seed + 1) * pairs)
    clock = WallClock()
    shops = {number: _shop(number, clock) for number in seeds}
    stores = {number: _store(number, clock) for number in seeds}
    with ExitStack() as stack:
        server = stack.enter_context(
            postgres_server(made_with=["--wal-segsize=1"], options=["-c", "max_connections=80"])
        )
        redis = stack.enter_context(EmbeddedRedis(home / "redis"))
        base_urls = [_served(stack, shopify.serve(list(shops.values()), port=0))]
        base_urls.append(_served(stack, bigcommerce.serve(list(stores.values()), port=0)))
        host = Host(environment(home, server.url, redis.url, base_urls), home, folders)
        stack.callback(host.stop)
        _migrate(server.url)
        runtime = build_runtime(load_settings(host.environ))
        stack.callback(runtime.redis.close)
        stack.callback(runtime.engine.dispose)
        made = Campaign(seed, server, redis, host, runtime)
        for process in ("web", "clock", "worker-1", "worker-2"):
            host.start(process)
        made.wait_for_processes(workers=2)
        no_web, told = cast(FlaskClient, None), cast(Any, clock)
        ours = OurClock(told)
        for number in seeds:
            given = (runtime, told, no_web)
            _open(made, Unwatched(World(shops[number], *given, ours=ours), number))
            _open(made, UnwatchedStore(StoreWorld(stores[number], *given, ours=ours), number))
        bring_to_life(stack, list(made.histories.values()))
        made.come_to_rest("the beginning")
        yield made


def _shop(number: int, clock: WallClock) -> SandboxShop:
    return SandboxShop(
        f"campaign-{number}.myshopify.com",
        clock=clock,
        seed=number,
        client_secret=SECRET,
        bucket_size=(1e6, 1e6),
        routing_delay_s=0.5,
    )


def _store(number: int, clock: WallClock) -> SandboxStore:
    return SandboxStore(
        f"campaign{number}", clock=clock, seed=number, client_secret=SECRET, quota_requests=100_000
    )


def _open(made: Campaign, history: Unwatched) -> None:
    made.posts.append(Post(history.shop))
    made.histories[f"{history.world.platform}, history {history.seed}"] = history


def _served(stack: ExitStack, running: Any) -> str:
    stack.callback(running.stop)
    return str(running.base_url)


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate.upgrade(engine)
    engine.dispose()


def environment(home: Path, database_url: str, redis_url: str, base_urls: list[str]) -> dict[str, str]:
    """What the processes are told."""
    port = free_port()
    return {
        "BACKLINE_HOME": str(home),
        "DATABASE_URL": database_url,
        "DATABASE_CONNECTIONS": "6",
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "APP_URL": f"http://127.0.0.1:{port}",
        "WEB_CONCURRENCY": "1",
        "WORKER_THREADS": "2",
        "SECRET_KEY": "a secret key for the campaigns alone",
        "ENCRYPTION_KEYS": "-pEar7LVZhLcZgrACGOUiQnu8sCifIacbkpOmmXWhw4=",
        "SHOPIFY_CLIENT_SECRET": SECRET,
        "SHOPIFY_BASE_URL": f"{base_urls[0]}/{{shop}}",
        "BIGCOMMERCE_CLIENT_SECRET": SECRET,
        "BIGCOMMERCE_API_URL": base_urls[1],
        # The stand-in's figures do not lag here.
        "BIGCOMMERCE_QUIET_SECONDS": "2",
        "BIGCOMMERCE_NEWS_SECONDS": "2",
    }
