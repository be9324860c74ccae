"""How long an order of a small shop waits for its tag while one shop drains 100,000 deliveries and the
platform of another takes ten seconds for each answer. Real processes: web, clock and two workers.

    BACKLINE_BUILD_BEFORE=../before pytest -n0 -s -m benchmark tests/benchmarks/test_fairness.py
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from app.db import migrate
from app.db.models import DeliveryRow
from app.pipeline import doorbell
from app.pipeline.connecting import connect_shop
from app.pipeline.runtime import Runtime, build_runtime
from app.sandbox.deliveries import WebhookSender
from app.sandbox.shopify.server import serve
from app.sandbox.shopify.shop import SandboxShop
from app.services import EmbeddedRedis, leashed, open_engine
from app.settings import load_settings
from tests.benchmarks.contenders import ROOT, new_database
from tests.benchmarks.workbench import peak_mib_of, tell_orders
from tests.live import SECRET, environment

pytestmark = pytest.mark.benchmark

BACKLOG = 100_000
SMALL_SHOPS = 4
EVERY_S = 0.5
AT_LEAST, AT_MOST = 100, 200
SLOW_S = 10
BEFORE = os.environ.get("BACKLINE_BUILD_BEFORE")
BUILDS = {"now": ROOT} | ({"before": Path(BEFORE)} if BEFORE else {})


class Town:
    """One large shop, one with a slow platform, and small ones."""

    def __init__(self) -> None:
        names = ["large", "slow", *(f"small-{number}" for number in range(SMALL_SHOPS))]
        options = {"client_secret": SECRET, "bucket_size": (1e6, 1e6), "routing_delay_s": 0.1}
        self.shops = [SandboxShop(f"{name}.myshopify.com", **options) for name in names]  # type: ignore[arg-type]
        self.large, self.slow, *self.small = self.shops
        self.mugs = {}
        for shop in (self.slow, *self.small):
            place = shop.add_location("Store")
            self.mugs[shop.domain] = shop.add_product("Mug", sku="MUG", stock={place: 0}).variant_id
        place = self.large.add_location("Warehouse")
        self.sold = [
            self.large.add_product(f"Mug {number}", stock={place: 10**6}).variant_id
            for number in range(300)
        ]
        self.placed: list[tuple[SandboxShop, int, datetime]] = []

    def order(self, shop: SandboxShop) -> int:
        """Somebody buys a mug that is out of stock."""
        order_id = shop.place_order([(self.mugs[shop.domain], 1)])
        shop.tick()
        return order_id

    def order_from_a_small_one(self) -> None:
        """Each in its turn; noted."""
        shop = self.small[len(self.placed) % len(self.small)]
        self.placed.append((shop, self.order(shop), shop.clock()))

    def waits_s(self) -> list[float]:
        """How long each order waited for its tag; one that has none waits still."""
        tagged = {
            (shop, entry.order_id): entry.at
            for shop in self.small
            for entry in shop.journal
            if entry.kind == "tag added"
        }
        return [
            (tagged.get((shop, order_id), shop.clock()) - at).total_seconds()
            for shop, order_id, at in self.placed
        ]

    def is_all_tagged(self) -> bool:
        """Of the small ones' orders; the shops route theirs meanwhile."""
        for shop in self.small:
            shop.tick()
        return all(shop.orders[order_id].tags for shop, order_id, _ in self.placed)


@contextmanager
def processes(checkout: Path, home: Path, workers: int) -> Iterator[list[int]]:
    """Web, clock and workers of a build, told by this process's environment; the workers' ids."""
    python = sys.executable if checkout == ROOT else str(checkout / ".venv" / "bin" / "python")
    ids = []
    with ExitStack() as stack:
        for number, name in enumerate(["web", "clock", *["worker"] * workers]):
            log = stack.enter_context((home / f"{number}-{name}.log").open("wb"))
            process = subprocess.Popen(
                leashed([python, "-m", "app.cli", name]),
                cwd=checkout,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            stack.callback(_end, process)
            ids += [process.pid] if name == "worker" else []
        yield ids


def _end(process: "subprocess.Popen[bytes]") -> None:
    """A worker that waits for the slow platform is not waited for."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdin is not None
    process.stdin.close()


def backlog(runtime: Runtime, shop_id: int) -> int:
    """Deliveries that wait."""
    where = (DeliveryRow.shop_id == shop_id, DeliveryRow.state == "due")
    with runtime.sessions.begin() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(DeliveryRow).where(*where)) or 0


def wait_for_web(url: str) -> None:
    """Bounded."""
    for _ in range(300):
        try:
            if requests.get(f"{url}/healthz", timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    pytest.fail(f"{url} does not answer")


@pytest.mark.parametrize("threads", ["1", None], ids=["one-thread-each", "as-shipped"])
@pytest.mark.parametrize("build", BUILDS)
def test_fairness(  # noqa: PLR0917 -- four of them are fixtures
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    durable_pg_url: str,
    redis_server: EmbeddedRedis,
    build: str,
    threads: str | None,
) -> None:
    """A worker of one thread is the least there is; as shipped a worker has several."""
    town = Town()
    running = serve(town.shops, port=0)
    engine = open_engine(new_database(durable_pg_url, f"fairness_{build}"))
    for name, value in environment(tmp_path, engine, redis_server.url, running.base_url).items():
        monkeypatch.setenv(name, value)
    if threads is not None:
        monkeypatch.setenv("WORKER_THREADS", threads)
    runtime = build_runtime(load_settings())
    runtime.redis.flushall()
    migrate.upgrade(engine)
    senders = [WebhookSender(shop.webhooks, pause_s=0.01) for shop in town.shops]
    try:
        with processes(BUILDS[build], tmp_path, workers=2) as workers:
            wait_for_web(runtime.settings.app_url)
            ids = [
                connect_shop(runtime, "shopify", shop.domain, shop.access_token).shop_id
                for shop in town.shops
            ]
            for sender in senders:
                sender.start()
            drained_s = play(town, runtime, ids[0])
            peaks = [peak_mib_of(worker) for worker in workers]
    finally:
        for sender in senders:
            sender.stop()
        running.stop()
        runtime.engine.dispose()
        engine.dispose()

    report(build, threads, town.waits_s(), drained_s)
    held = " and ".join(f"{peak:.0f}" for peak in peaks)
    print(f"the workers held {held} MiB at most")  # noqa: T201
    assert len(town.placed) >= AT_LEAST


def play(town: Town, runtime: Runtime, large_id: int) -> float:
    """The day; returns how long the backlog took (seconds), or how long it was watched."""
    for shop in town.small:
        town.order(shop)
    time.sleep(5)
    town.slow.faults.slow_s = SLOW_S
    tell_orders(runtime, large_id, BACKLOG, town.sold)
    doorbell.ring(runtime.redis, large_id)
    began, drained_s = time.monotonic(), 0.0
    while len(town.placed) < AT_LEAST or (not drained_s and len(town.placed) < AT_MOST):
        town.order_from_a_small_one()
        if len(town.placed) % 4 == 0:
            town.order(town.slow)
            if not drained_s and not backlog(runtime, large_id):
                drained_s = time.monotonic() - began
        until = time.monotonic() + EVERY_S
        while time.monotonic() < until:
            town.is_all_tagged()
            time.sleep(0.02)
    give_up_at = time.monotonic() + 60
    while not town.is_all_tagged() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return drained_s or time.monotonic() - began


def report(build: str, threads: str | None, waits_s: Sequence[float], drained_s: float) -> None:
    """In a line."""
    ordered = sorted(waits_s)
    p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    each = f"{threads or 'the usual number of'} thread(s) each"
    print(  # noqa: T201
        f"\n{build}, two workers of {each}: placed → tagged p50 {p50:.2f} s, p99 {p99:.2f} s, most "
        f"{ordered[-1]:.2f} s, {len(ordered)} orders; the backlog of {BACKLOG} took {drained_s:.0f} s"
    )
