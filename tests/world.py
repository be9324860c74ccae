"""A sandbox shop, our web application and our worker in one process, on a clock that the test holds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import requests
import sqlalchemy as sa
from flask.testing import FlaskClient
from redis import Redis

from app.db import arrivals, stock, variants
from app.pipeline.connecting import connect_shop
from app.pipeline.runtime import Runtime, work_on_shop
from app.platforms.base import Grant
from app.platforms.http import Http
from app.sandbox.bigcommerce.server import SandboxAdapter as StoreAdapter
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.shopify.records import Order, Variant
from app.sandbox.shopify.server import SandboxAdapter
from app.sandbox.shopify.shop import SandboxShop
from app.settings import Settings
from app.web.application import create_app
from tests.timed_redis import TimedRedis

W = TypeVar("W", bound="World")

START = datetime(2026, 11, 25, 9, tzinfo=UTC)


@dataclass
class Clock:
    """Time that passes only when somebody says so."""

    now: datetime = START

    def __call__(self) -> datetime:
        """The moment it is."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class OurClock:
    """The clock of our machines, which may be ahead of the platform's (or behind it) until it is set
    right."""

    platforms: Clock
    ahead: timedelta = timedelta()
    set_at: datetime | None = None

    def __call__(self) -> datetime:
        """The moment it is by our machines."""
        now = self.platforms()
        return now if self.set_at and now >= self.set_at else now + self.ahead


@dataclass
class World:
    """Everything there is, for one shop: a `SandboxShop`, or a `SandboxStore`."""

    shop: Any
    runtime: Runtime
    clock: Clock
    web: FlaskClient
    shop_id: int = 0
    answers: list[int] = field(default_factory=list)
    before_pass: Callable[[], None] = lambda: None
    after_request: Callable[[], None] = lambda: None
    platform: str = "shopify"
    ours: "OurClock" = field(kw_only=True)

    def connect(self) -> None:
        """What a merchant does first."""
        domain = self.shop.domain if self.platform == "shopify" else self.shop.store_hash
        connected = connect_shop(self.runtime, self.platform, domain, self.shop.access_token)
        self.shop_id = connected.shop_id

    def deliver(self) -> int:
        """Post every webhook that is due; returns how many."""
        self.shop.tick()
        due = self.shop.webhooks.take_due(self.clock())
        for delivery in due:
            path = f"/webhooks/{self.platform}"
            answer = self.web.post(path, data=delivery.body, headers=dict(delivery.headers))
            self.answers.append(answer.status_code)
            self.shop.webhooks.answered(delivery, answer.status_code)
        return len(due)

    def work(self) -> float | None:
        """Have a worker do what is due now."""
        again_s: float | None = 0
        while again_s == 0:
            self.before_pass()
            again_s = work_on_shop(self.runtime, self.shop_id)
        return again_s

    def quiet(self, *, at_most_s: float = 900) -> None:
        """Let time pass until every webhook has come and nothing is left before the hourly check."""
        until = self.clock() + timedelta(seconds=at_most_s)
        while self.clock() < until:
            self.deliver()
            again_s = self.work()
            waiting = [delivery.due_at for delivery in self.shop.webhooks.waiting()]
            moments = [moment for moment in [*waiting, *self._routing()] if moment > self.clock()]
            if again_s is not None and again_s < 900:
                moments.append(self.clock() + timedelta(seconds=again_s))
            if not moments:
                return
            self.clock.now = max(min(moments), self.clock() + timedelta(milliseconds=100))
        raise AssertionError(f"still busy after {at_most_s} s")

    def _routing(self) -> list[datetime]:
        orders = self.shop.orders.values()
        return [order.route_due_at for order in orders if getattr(order, "route_due_at", None)]

    def expect(self, variant: Variant, quantity: int, on: str, *, location_id: int | None = None) -> int:
        """Type an arrival; returns its number."""
        with self.runtime.sessions.begin() as session:
            item = variants.find_items(session, self.shop_id, variant.sku)[0]
            pools = stock.pools_of(session, self.shop_id, [item.item_id])[item.item_id]
            place = next(iter(pools)) if location_id is None else location_id
            arrival = arrivals.add_arrival(
                session,
                item,
                location_id=place,
                quantity=quantity,
                expected_on=date.fromisoformat(on),
                reference="",
                now=self.ours(),
            )
        return arrival.id

    def order(self, order_id: int) -> Order:
        """The order as the shop has it."""
        return self.shop.orders[order_id]

    def tags(self, order_id: int) -> set[str]:
        """The order's tags as the shop shows them."""
        return set(self.shop.orders[order_id].tags)

    def note(self, order_id: int) -> str:
        """The order's note as the shop shows it."""
        return self.shop.orders[order_id].note or ""

    def metafields(self, order_id: int) -> dict[str, str]:
        """Our metafields of the order."""
        return {
            key: value
            for (namespace, key), value in self.shop.metafields(order_id).items()
            if "backorder" in namespace
        }


@dataclass
class StoreWorld(World):
    """The same for a BigCommerce store, whose orders have no tags: our words stand on the first line of
    our block."""

    platform: str = "bigcommerce"

    def tags(self, order_id: int) -> set[str]:
        """Our words in the order's staff notes."""
        _, found, after = self.note(order_id).rpartition("[backorder]\n")
        return set(after.partition("\n")[0].split(" ")) if found else set()

    def note(self, order_id: int) -> str:
        """The order's staff notes."""
        return str(self.shop.orders[order_id].staff_notes)


def granted(shop: SandboxShop) -> Grant:
    """What a merchant's consent brings."""
    shop.oauth.install()
    asked = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    pair = shop.oauth.answer(asked | {"code": shop.oauth.new_code(""), "expiring": "1"})
    return Grant(
        pair["access_token"],
        expires_in_s=pair["expires_in"],
        refresh_token=pair["refresh_token"],
        refresh_expires_in_s=pair["refresh_token_expires_in"],
    )


def make_world(engine: sa.Engine, redis: Redis, settings: Settings, **shop_options: object) -> World:
    """A Shopify shop that nobody has connected yet."""
    clock = Clock()
    shop = SandboxShop(clock=clock, client_secret=settings.shopify_client_secret, **shop_options)  # type: ignore[arg-type]
    return open_world(World, shop, clock, (engine, TimedRedis(redis, clock), settings))


def make_store_world(
    engine: sa.Engine, redis: Redis, settings: Settings, /, **store_options: object
) -> StoreWorld:
    """A BigCommerce store that nobody has connected yet."""
    clock, secret = Clock(), settings.bigcommerce_client_secret
    store = SandboxStore(clock=clock, client_secret=secret, **store_options)  # type: ignore[arg-type]
    return open_world(StoreWorld, store, clock, (engine, TimedRedis(redis, clock), settings))


def open_world(
    kind: type[W], shop: Any, clock: Clock, machine: tuple[sa.Engine, TimedRedis, Settings]
) -> W:
    """The rest of a world, around a shop of that kind and its clock."""
    engine, redis, settings = machine
    is_store = issubclass(kind, StoreWorld)
    if is_store:
        # Its webhooks carry the real clock's time where a test's clock is meant.
        settings = settings.model_copy(update={"bigcommerce_signature_tolerance_seconds": 0})
    adapter = StoreAdapter([shop]) if is_store else SandboxAdapter([shop])

    def session() -> requests.Session:
        made = requests.Session()
        made.trust_env = False  # nothing leaves this process; proxies are looked up for each request
        made.mount("https://", adapter)
        made.hooks["response"].append(lambda answer, **_: world.after_request())
        return made

    http, ours = Http(transport=session), OurClock(clock)
    runtime = Runtime(settings, engine, redis, http, clock=ours, sleep=clock.sleep)
    web = create_app(runtime, has_open_pages=True).test_client()
    world = kind(shop, runtime, clock, web, ours=ours)
    return world
