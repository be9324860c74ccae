"""The real processes (web, worker, clock) beside a sandbox shop that is served over HTTP."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.local import running_processes
from app.pipeline.connecting import connect_shop
from app.pipeline.runtime import Runtime, build_runtime
from app.sandbox.deliveries import PendingDelivery, WebhookSender
from app.sandbox.shopify.server import serve
from app.sandbox.shopify.shop import SandboxShop
from app.services import EmbeddedRedis, free_port
from app.settings import Settings, load_settings

SECRET = "the-secret-of-the-live-tests"


@dataclass
class Live:
    """A shop whose webhooks reach our web process, on the clock of the wall."""

    shop: SandboxShop
    runtime: Runtime
    shop_id: int = 0
    answered_at: dict[tuple[str, int], datetime] = field(default_factory=dict)

    def wait_for(self, is_so: Callable[[], bool], *, at_most_s: float) -> None:
        """Until something is so; fails after a while."""
        give_up_at = time.monotonic() + at_most_s
        while not is_so():
            assert time.monotonic() < give_up_at, f"not so after {at_most_s} s"
            time.sleep(0.005)

    def wait_for_tag(self, order_id: int, tag: str, *, at_most_s: float = 30) -> None:
        """Until the shop shows the tag."""
        self.wait_for(lambda: tag in self.shop.orders[order_id].tags, at_most_s=at_most_s)


def environment(home: Path, engine: sa.Engine, redis_url: str, base_url: str) -> dict[str, str]:
    """What the processes are told."""
    port = free_port()
    return {
        "BACKLINE_HOME": str(home),
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "APP_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": "a secret key for the live tests alone",
        "ENCRYPTION_KEYS": "-pEar7LVZhLcZgrACGOUiQnu8sCifIacbkpOmmXWhw4=",
        "SHOPIFY_CLIENT_SECRET": SECRET,
        "SHOPIFY_BASE_URL": f"{base_url}/{{shop}}",
    }


@contextmanager
def served_shop(
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    engine: sa.Engine,
    redis: EmbeddedRedis,
    **options: object,
) -> Iterator[Live]:
    """A shop on HTTP and a runtime of this process that reaches it; no worker yet."""
    shop = SandboxShop(client_secret=SECRET, **options)  # type: ignore[arg-type]
    running = serve([shop], port=0)
    home.mkdir(exist_ok=True)
    for name, value in environment(home, engine, redis.url, running.base_url).items():
        monkeypatch.setenv(name, value)
    runtime = build_runtime(load_settings())
    try:
        yield Live(shop, runtime)
    finally:
        runtime.engine.dispose()
        runtime.redis.close()
        running.stop()


@contextmanager
def live_shop(
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    engine: sa.Engine,
    redis: EmbeddedRedis,
    **options: object,
) -> Iterator[Live]:
    """The same with web, worker and clock running, and the shop's webhooks on their way."""
    with (
        served_shop(monkeypatch, home, engine, redis, **options) as live,
        started(live.runtime.settings),
    ):
        _note_answers(live)
        sender = WebhookSender(live.shop.webhooks, pause_s=0.002)
        sender.start()
        try:
            yield live
        finally:
            sender.stop()


@contextmanager
def started(settings: Settings) -> Iterator[None]:
    """Web, worker and clock as real processes."""
    with running_processes(settings, settings.redis_url or ""):
        yield


def connect(live: Live) -> None:
    """What the merchant does first, once the shop has something to sell."""
    live.shop_id = connect_shop(
        live.runtime, "shopify", live.shop.domain, live.shop.access_token
    ).shop_id


def _note_answers(live: Live) -> None:
    """When each order's first webhook was answered."""
    queue = live.shop.webhooks
    inner = queue.answered

    def answered(delivery: PendingDelivery, status: int | None) -> None:
        if status == 200 and delivery.topic == "orders/create":
            number = int(delivery.body.split(b'"id": ', 1)[1].split(b",", 1)[0])
            live.answered_at.setdefault((delivery.topic, number), datetime.now(UTC))
        inner(delivery, status)

    queue.answered = answered  # type: ignore[method-assign]
