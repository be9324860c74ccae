"""A shop with a clock that tests turn, and a client that speaks to its API without a socket."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from app.sandbox.shopify.server import SandboxAdapter
from app.sandbox.shopify.shop import SandboxShop
from tests.sandbox.clock import Clock

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(clock: Clock) -> SandboxShop:
    shop = SandboxShop(clock=clock)
    shop.add_location("Main")
    shop.add_location("Back")
    return shop


@pytest.fixture
def main(shop: SandboxShop) -> int:
    return next(iter(shop.books.locations))


@pytest.fixture
def back(shop: SandboxShop) -> int:
    return list(shop.books.locations)[1]


@pytest.fixture
def route(shop: SandboxShop, clock: Clock) -> Callable[[int], list[int]]:
    """Let the background worker run; the ids of the order's open fulfillment orders."""

    def run(order_id: int) -> list[int]:
        clock.advance(shop.routing_delay_s)
        shop.tick()
        return [one.fulfillment_order_id for one in shop.fulfillment_orders(order_id) if one.is_open]

    return run


@pytest.fixture
def session(shop: SandboxShop) -> requests.Session:
    session = requests.Session()
    session.mount("https://", SandboxAdapter([shop]))
    session.headers["X-Shopify-Access-Token"] = shop.access_token
    return session


@pytest.fixture
def post(session: requests.Session, shop: SandboxShop) -> Callable[..., requests.Response]:
    def send(query: str, **variables: Any) -> requests.Response:
        address = f"https://{shop.domain}/admin/api/2026-10/graphql.json"
        return session.post(address, json={"query": query, "variables": variables}, timeout=5)

    return send


@pytest.fixture
def ask(post: Callable[..., requests.Response]) -> Ask:
    def send(query: str, **variables: Any) -> dict[str, Any]:
        answer: dict[str, Any] = post(query, **variables).json()
        return answer

    return send
