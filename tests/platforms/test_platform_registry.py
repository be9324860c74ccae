"""The table of platforms."""

from typing import Any

import pytest
from redis import Redis

from app.platforms.base import Credentials
from app.platforms.http import Http
from app.platforms.registry import PLATFORMS, Outside, connect, webhook_reader
from app.settings import Settings


@pytest.mark.parametrize("name", PLATFORMS)
def test_connecting_sends_nothing(name: str, settings: Settings, redis: Redis) -> None:
    def refuse() -> Any:
        raise AssertionError("a session was built")

    outside = Outside(http=Http(transport=refuse), redis=redis)

    platform = connect(name, Credentials(1, "towels.myshopify.com", "token"), settings, outside)

    assert PLATFORMS[name].traits.has_tags is platform.traits.has_tags
    webhook_reader(name, settings)


def test_a_token_does_not_show() -> None:
    credentials = Credentials(1, "towels.myshopify.com", "shpat_secret")

    assert "shpat_secret" not in f"{credentials} {credentials!r}"
