"""Purchase orders that a worker fetches by itself, through to the date on the order in the shop."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import feeds
from app.pipeline.feeds.network import Network
from app.pipeline.feeds.source import Login, read_address, seal_login
from app.settings import Settings
from tests.feed_servers import file_server, folder_server
from tests.journeys.test_bigcommerce_story import Store, open_store
from tests.pipeline.stage import Stage, open_shop

LINE = "PO-1,MUG-BLUE,40,2026-12-05"


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs, and one order that waits."""
    return open_shop(clean_pg, redis, settings)


def add_feed(stage: Stage | Store, login: Login, network: Network, **values: object) -> None:
    """A feed that is on; the workers reach its server."""
    world = stage.world
    world.runtime = replace(world.runtime, network=network)
    place = read_address(login.url)
    with world.runtime.sessions.begin() as session:
        feeds.add_feed(
            session,
            world.shop_id,
            now=world.clock(),
            name="Mugs Inc.",
            kind=place.kind,
            address=place.shown,
            sealed=seal_login(login, world.runtime.settings.encryption_keys),
            state="on",
            **values,
        )


def test_a_file_at_an_address_dates_the_order(stage: Stage, tmp_path: Path) -> None:
    order_id = stage.ordered()

    with file_server(tmp_path) as server:
        add_feed(stage, Login(server.put(LINE)), server.network)
        stage.settle_down()
        first = stage.world.note(order_id)
        server.put("PO-1,MUG-BLUE,40,2026-12-12")
        stage.pass_hours(24)

    assert "Expected to ship by Dec 5, 2026" in first
    assert "Expected to ship by Dec 12, 2026" in stage.world.note(order_id)


def test_a_file_in_a_folder_dates_the_order(stage: Stage, tmp_path: Path) -> None:
    order_id = stage.ordered()

    with folder_server(tmp_path / "in") as server:
        server.put("orders.csv", LINE)
        login = Login(server.url(), password="in")
        add_feed(stage, login, server.network, host_key=server.host_key)
        stage.settle_down()

    assert "Expected to ship by Dec 5, 2026" in stage.world.note(order_id)


def test_a_file_at_an_address_dates_the_order_of_a_bigcommerce_store(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    store = open_store(clean_pg, redis, settings)
    order_id = store.order(3)
    store.pass_s(240)

    with file_server(tmp_path) as server:
        add_feed(store, Login(server.put(LINE)), server.network)
        store.world.quiet()
        first = store.world.note(order_id)
        server.put("PO-1,MUG-BLUE,40,2026-12-12")
        store.world.clock.sleep(25 * 3600)
        store.world.quiet()

    assert "Expected to ship by Dec 5, 2026" in first
    assert "Expected to ship by Dec 12, 2026" in store.world.note(order_id)
