"""How long whole pages take, in a shop with 100,000 open orders beside 200 shops of 5,000 each.

Printed, never asserted: `pytest -n0 -s -m benchmark tests/benchmarks/test_pages.py`. With
BACKLINE_PAGES_DATABASE (a PostgreSQL URL) the database stays, and is filled only if it is empty.
"""

import os
import time
from collections.abc import Iterator
from statistics import median

import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from flask.testing import FlaskClient
from redis import Redis

from app.db import migrate
from app.db.models import Shop
from app.pipeline.runtime import Runtime
from app.platforms.http import Http
from app.services import collect_garbage_seldom, open_engine
from app.settings import Settings
from app.web.application import create_app
from tests.benchmarks.contenders import new_database
from tests.builders import installed_shop
from tests.filling import analyze, fill_shops, install_shops, keep_long_queues
from tests.world import Clock

pytestmark = pytest.mark.benchmark

LARGE, EACH = 100_000, 5_000
SHOPS = int(os.environ.get("BACKLINE_PAGES_SHOPS", "200"))
TIMES = 5
KEPT = os.environ.get("BACKLINE_PAGES_DATABASE")

PAGES = {
    "overview": "",
    "overview of all shops": "/",
    "orders": "/orders",
    "orders, long": "/orders?list=risk&sort=expected",
    "search by number": "/orders?q=%2350",
    "search by item": "/orders?q=sku-377",
    "late orders": "/late-orders",
    "items": "/items",
    "items, search": "/items?q=mug",
    "item of 1 in 250 orders": "/items/377",
    "item of every second order": "/items/1",
    "its 500th page, or last": "/items/1?page=500",
    "order": "/orders/777",
    "activity": "/activity",
    "activity of an item": "/activity?q=sku-377",
}


def fill(engine: sa.Engine) -> None:
    """All shops, with statistics as they are after a while."""
    with sa.orm.Session(engine) as session:
        large = installed_shop(session, "large.myshopify.com").id
        fill_shops(session, [large], orders=LARGE)
        others = install_shops(session, SHOPS)
        fill_shops(session, others, orders=EACH)
        for shop_id in (large, others[0]):
            keep_long_queues(session, shop_id, [1])
        session.execute(sa.update(Shop).values(regime="us-mitor"))
        session.commit()
    analyze(engine)


@pytest.fixture(scope="module")
def full(durable_pg_url: str) -> Iterator[sa.Engine]:
    """The database."""
    engine = open_engine(KEPT or new_database(durable_pg_url, "pages"))
    migrate.upgrade(engine)
    with engine.connect() as connection:
        is_empty = connection.scalar(sa.text("SELECT count(*) FROM shops")) == 0
    if is_empty:
        fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def client(full: sa.Engine, redis: Redis, settings: Settings) -> FlaskClient:
    """A browser; its pages are made in this process, which is set as the web's are."""
    collect_garbage_seldom()
    clock = Clock()
    runtime = Runtime(settings, full, redis, Http(), clock=clock, sleep=clock.sleep)
    return create_app(runtime, has_open_pages=True).test_client()


@pytest.mark.parametrize("which", [0, 1], ids=["large", "one-of-many"])
def test_pages(full: sa.Engine, client: FlaskClient, which: int) -> None:
    """The middle of several times, and how many statements a page asks."""
    with full.connect() as connection:
        ids = list(connection.scalars(sa.select(Shop.id).order_by(Shop.id)))
    counted: list[str] = []
    sa.event.listen(full, "before_cursor_execute", lambda *told: counted.append(told[2]))
    for name, path in PAGES.items():
        url = path if path == "/" else f"/shops/{ids[which]}{path}"
        took = []
        for _ in range(TIMES):
            counted.clear()
            began = time.perf_counter()
            answer = client.get(url)
            took.append(1000 * (time.perf_counter() - began))
            assert answer.status_code == 200, (name, answer.status_code)
        print(  # noqa: T201
            f"{name:30s} {median(took):7.0f} ms, at most {max(took):7.0f} ms, {len(counted)} statements"
        )
