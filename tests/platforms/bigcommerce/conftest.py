"""A store and our platform connected to it. Whatever is asked and answered must be by the specs."""

from collections.abc import Iterator

import pytest
from redis import Redis

from app.platforms.base import Platform
from app.settings import Settings
from tests.platforms.bigcommerce.towels import ADDRESS, Clock, Towels, connected


@pytest.fixture
def store() -> Iterator[Towels]:
    """5 towels, 300 requests in a window."""
    towels = Towels(Clock(), quota_requests=300)
    yield towels
    assert towels.shop.answer_problems == []
    assert [entry for entry in towels.shop.journal if entry.kind == "refused by the specs"] == []


@pytest.fixture
def platform(store: Towels, settings: Settings, redis: Redis) -> Platform:
    """Connected to the store."""
    return connected(store, settings, redis)


@pytest.fixture
def address() -> str:
    """Where its webhooks are to go."""
    return ADDRESS
