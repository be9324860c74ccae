"""One shop on the wire."""

from collections.abc import Iterator

import pytest
import responses
from redis import Redis

from app.platforms.shopify.client import ShopifyClient
from tests.platforms.shopify.wire import Wire, client_of


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    """Nothing leaves this process."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as requests_mock:
        yield requests_mock


@pytest.fixture
def wire(mocked: responses.RequestsMock) -> Wire:
    """A shop whose answers the test says."""
    return Wire(mocked)


@pytest.fixture
def client(redis: Redis) -> ShopifyClient:
    """A client of that shop."""
    return client_of(redis)
