"""A sandbox store that sells towels, and our platform connected to it."""

from datetime import UTC, datetime, timedelta

import requests
from redis import Redis

from app.platforms.base import Credentials, Platform
from app.platforms.http import Http
from app.platforms.registry import Outside, connect
from app.sandbox.bigcommerce.records import Variant
from app.sandbox.bigcommerce.server import SandboxAdapter
from app.sandbox.bigcommerce.store import SandboxStore
from app.settings import Settings

STORE = "towels1"
ADDRESS = "https://backline.example/webhooks/bigcommerce"


class Clock:
    """One clock for the store and for us; sleeping moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment it is."""
        return self.now

    def seconds(self) -> float:
        """The same, in Unix seconds."""
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class Towels:
    """A store with 5 towels at one location."""

    def __init__(self, clock: Clock, **options: object) -> None:
        self.clock = clock
        self.shop = SandboxStore(STORE, clock=clock, **options)  # type: ignore[arg-type]
        self.location_id = self.shop.add_location("Depot")
        self.towel = self.add("Towel", stock=5)
        self.variant_id, self.item_id = self.towel.variant_id, self.towel.variant_id

    def add(self, title: str, *, stock: int = 0, **options: object) -> Variant:
        """Put one more product on sale."""
        places = {self.location_id: stock}
        return self.shop.add_product(title, sku=title.upper(), stock=places, **options)  # type: ignore[arg-type]

    def place(self, quantity: int, *, variant: Variant | None = None) -> int:
        """A buyer orders; returns the order's number."""
        self.clock.sleep(1)
        return self.shop.place_order([((variant or self.towel).variant_id, quantity)])

    def ship(self, order_id: int) -> None:
        """Ship all of an order."""
        self.shop.fulfil(order_id)

    def cancel(self, order_id: int) -> None:
        """Cancel an order."""
        self.shop.cancel_order(order_id)

    def fail_once(self) -> None:
        """Answer the next request with a server error."""
        self.shop.faults.once("server_error")

    def lose_answer_once(self) -> None:
        """Do what the next request asks, and break the connection before answering."""
        self.shop.faults.once("lose_answer")

    def revoke_token(self) -> None:
        """Refuse the token from now on."""
        self.shop.faults.is_token_revoked = True


def connected(store: Towels, settings: Settings, redis: Redis) -> Platform:
    """Our side, in this process."""

    def session() -> requests.Session:
        made = requests.Session()
        made.mount("https://", SandboxAdapter([store.shop]))
        return made

    outside = Outside(Http(transport=session), redis, clock=store.clock.seconds, sleep=store.clock.sleep)
    return connect("bigcommerce", Credentials(1, STORE, store.shop.access_token), settings, outside)
