"""The guide to a new platform holds: one folder and one line, and an order is tagged and released."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from redis import Redis

from app.pipeline.connecting import connect_shop
from app.pipeline.runtime import Runtime, work_on_shop
from app.platforms import registry
from app.platforms.base import Credentials, Platform, WebhookReader
from app.platforms.http import Http
from app.sandbox.serving import AppAdapter
from app.settings import Settings
from app.web.application import create_app
from tests.platforms.contract import PlatformContract, WebhookContract
from tests.platforms.third.corner_shop import CornerShop, make_app
from tests.platforms.third.platform import (
    CORNER_SHOP,
    TOPICS,
    CornerPlatform,
    CornerWebhooks,
    signature,
)
from tests.web.visitors import sign_in
from tests.world import Clock

NAME = "corner"


@pytest.fixture
def store() -> CornerShop:
    """5 mugs on the shelf."""
    return CornerShop()


@pytest.fixture
def http(store: CornerShop) -> Http:
    """The way to it, without a socket."""
    return Http(transport=lambda: _session(store))


@pytest.fixture
def platform(store: CornerShop, http: Http) -> Platform:
    """Connected to it."""
    return CornerPlatform(http, Credentials(1, store.domain, store.token))


@pytest.fixture
def address() -> str:
    """Where its webhooks are to go."""
    return "https://backline.test/webhooks/corner"


def _session(store: CornerShop) -> requests.Session:
    made = requests.Session()
    made.mount("https://", AppAdapter(make_app(store)))
    return made


def _headers(store: CornerShop, topic: str, body: bytes) -> dict[str, str]:
    signed = signature(store.domain, topic, body)
    return {"Corner-Shop": store.domain, "Corner-Topic": topic, "Corner-Signature": signed}


class TestTheCornerShopKeepsTheContract(PlatformContract):
    pass


class TestItsWebhooksKeepTheContract(WebhookContract):
    @pytest.fixture
    def reader(self) -> WebhookReader:
        return CornerWebhooks()

    @pytest.fixture
    def deliver(self, store: CornerShop) -> Callable[[str, bytes], tuple[dict[str, str], bytes]]:
        return lambda topic, body: (_headers(store, topic, body), body)

    @pytest.fixture
    def topics(self) -> list[str]:
        return list(TOPICS)

    @pytest.fixture
    def order_topic(self) -> str:
        return "order.changed"

    @pytest.fixture
    def order_body(self, store: CornerShop) -> bytes:
        store.place(2)
        return store.outbox[-1][1]

    @pytest.fixture
    def personal(self) -> list[str]:
        return ["Erika Mustermann"]


class Played:
    """The whole app beside one Corner Shop."""

    def __init__(self, store: CornerShop, runtime: Runtime) -> None:
        self.store = store
        self._runtime = runtime
        self.app = create_app(runtime)
        self._web = self.app.test_client()
        self.shop_id = connect_shop(runtime, NAME, store.domain, store.token).shop_id

    def deliver_and_work(self) -> None:
        """Post what the shop has to tell, and have a worker do what is due, now and a minute on."""
        told, self.store.outbox = self.store.outbox, []
        for topic, body in told:
            answer = self._web.post(
                f"/webhooks/{NAME}", data=body, headers=_headers(self.store, topic, body)
            )
            assert answer.status_code == 200
        for _ in range(12):
            while work_on_shop(self._runtime, self.shop_id) == 0:
                pass
            self._runtime.sleep(5)


@pytest.fixture
def runtime(
    store: CornerShop, http: Http, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> Runtime:
    """Ours, on the shop's clock."""
    clock = Clock()
    store.clock = clock
    return Runtime(settings, clean_pg, redis, http, clock=clock, sleep=clock.sleep)


@pytest.fixture
def played(store: CornerShop, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Played:
    """Connected, with the one line in the registry."""
    platforms: Any = registry.PLATFORMS
    monkeypatch.setitem(platforms, NAME, CORNER_SHOP)
    return Played(store, runtime)


def test_an_order_is_tagged_while_it_is_short_and_released_when_stock_comes(played: Played) -> None:
    first, second = played.store.place(5), played.store.place(2)
    played.deliver_and_work()
    tagged = [played.store.orders[one].tags for one in (first, second)]
    note = played.store.orders[second].note

    played.store.restock(2)
    played.deliver_and_work()

    assert tagged == [[], ["backordered"]]
    assert "Blue Mug" in note
    assert played.store.orders[second].tags == ["backorder-released"]


def test_an_order_of_which_no_webhook_tells_is_found_by_the_books(played: Played) -> None:
    first = played.store.place(5)
    played.store.outbox.clear()
    second = played.store.place(1)

    played.deliver_and_work()

    assert [played.store.orders[one].tags for one in (first, second)] == [[], ["backordered"]]


def test_its_pages_stand_in_no_frame_before_it_names_the_addresses_of_its_admin(
    played: Played, runtime: Runtime
) -> None:
    browser = sign_in(played.app, runtime, played.shop_id, is_embedded=True)

    page = browser.get("/")

    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert (page.status_code, policy["frame-ancestors"], policy["script-src"]) == (
        200,
        "'none'",
        "'self'",
    )
