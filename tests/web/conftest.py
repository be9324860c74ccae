"""The web application on PostgreSQL and Redis, for one installed shop with no platform behind."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from redis import Redis

from app.db import shops
from app.pipeline.runtime import Runtime
from app.platforms.http import Http
from app.settings import Settings
from app.web.application import create_app
from tests.web.posting import DOMAIN
from tests.world import Clock


@pytest.fixture
def runtime(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Runtime:
    """What the web process works with."""
    clock = Clock()
    return Runtime(settings, clean_pg, redis, Http(), clock=clock, sleep=clock.sleep)


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    """The application with its status pages."""
    return create_app(runtime, has_open_pages=True).test_client()


@pytest.fixture
def install(runtime: Runtime) -> Callable[[str], int]:
    """Installs a shop by its domain; returns its id."""

    def install(domain: str) -> int:
        with runtime.sessions.begin() as session:
            shop = shops.install_shop(session, platform="shopify", domain=domain, now=runtime.clock())
            # Far away, so that only what a webhook brought is work.
            shop.hourly_check_at = runtime.clock().replace(year=2030)
            shop.subscribed_at = runtime.clock()
            session.flush()
            return shop.id

    return install


@pytest.fixture
def shop_id(install: Callable[[str], int]) -> int:
    """The shop that the webhooks are about."""
    return install(DOMAIN)
