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
from app.services import open_engine
from app.settings import Settings
from app.web.application import create_app
from tests.benchmarks.contenders import new_database
from tests.builders import NOW, TODAY, installed_shop
from tests.world import Clock

pytestmark = pytest.mark.benchmark

LARGE, EACH = 100_000, 5_000
SHOPS = int(os.environ.get("BACKLINE_PAGES_SHOPS", "200"))
TIMES = 5
KEPT = os.environ.get("BACKLINE_PAGES_DATABASE")

# Every order waits for two of 500 items, one of which is in every second order. One in 50 failed, one in
# 50 is held back, one in ten is about to be written, one in five has no date.
_FILL = [
    """INSERT INTO items (shop_id, item_id, sku, title, is_tracked, has_queue, attempts)
       SELECT s, i, 'SKU-' || i, 'Mug no. ' || i, true, true, 0
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, 500) i""",
    """INSERT INTO variants (shop_id, variant_id, item_id, is_resolved)
       SELECT s, i, i, true
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, 500) i""",
    """INSERT INTO pools (shop_id, item_id, location_id, location_name, on_hand, available, committed,
         supply, read_at, drift, is_reckoned)
       SELECT s, i, 1, 'Main', 0, -9, 9, 0, CAST(:now AS timestamptz), 0, true
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, 500) i""",
    """INSERT INTO orders (shop_id, order_id, name, placed_at, updated_at, first_seen_at, seen_at,
         priority, is_cancelled, is_gone, is_located, is_stale, attempts, short, short_since,
         expected_on, unbacked_on, problem, held_at, judge_at, released_on)
       SELECT s, n, '#' || n, :now - n * interval '1 minute', :now, :now, :now, n % 3, false, false,
         true, false, 0, CASE WHEN n % 25 = 24 THEN 0 ELSE 2 END, :now - n * interval '50 seconds',
         CASE WHEN n % 5 > 0 THEN CAST(:today AS date) + n % 90 END,
         CASE WHEN n % 5 > 2 THEN CAST(:today AS date) + n % 90 END,
         CASE WHEN n % 50 = 1 THEN 'refused' END,
         CASE WHEN n % 50 = 2 THEN CAST(:now AS timestamptz) END,
         CASE WHEN n % 10 = 3 THEN CAST(:now AS timestamptz) END,
         CASE WHEN n % 25 = 24 THEN CAST(:today AS date) END
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, :orders) n""",
    """INSERT INTO order_items (shop_id, order_id, line_id, variant_id, ordered, outstanding,
         backordered, title, sku)
       SELECT s, n, l, CASE WHEN l = 1 THEN n % 500 + 1 ELSE 1 + n % 2 END, 1, 1, 0, 'Mug', 'SKU'
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, :orders) n,
         generate_series(1, 2) l""",
    """INSERT INTO promises (shop_id, order_id, item_id, location_id, short, expected_on, basis, words,
         short_since)
       SELECT s, n, CASE WHEN l = 1 THEN n % 498 + 3 ELSE 1 + n % 2 END, 1, 1,
         CASE WHEN n % 5 > 0 THEN CAST(:today AS date) + n % 90 END,
         CASE WHEN n % 5 > 0 THEN 'lead time' ELSE 'unknown' END, 'words', CAST(:now AS timestamptz)
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, :orders) n,
         generate_series(1, 2) l WHERE n % 25 <> 24""",
    """INSERT INTO events (shop_id, at, kind, order_id, item_id, before, after, why)
       SELECT s, :now - e * interval '20 seconds',
         CASE WHEN e % 2 = 0 THEN 'shown' ELSE 'promise' END, e % :orders + 1, e % 500 + 1,
         'nothing', 'backordered 2026-12-05', 'why'
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, 2 * :orders) e""",
]

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
    "order": "/orders/777",
    "activity": "/activity",
    "activity of an item": "/activity?q=sku-377",
}


def fill(engine: sa.Engine) -> None:
    """All shops, with statistics as they are after a while."""
    with sa.orm.Session(engine) as session:
        names = ["large", *(f"shop-{number}" for number in range(SHOPS))]
        ids = [installed_shop(session, f"{name}.myshopify.com").id for name in names]
        session.execute(sa.update(Shop).values(regime="us-mitor"))
        for first, last, orders in ((ids[0], ids[0], LARGE), (ids[1], ids[-1], EACH)):
            told = {"first": first, "last": last, "orders": orders, "now": NOW, "today": TODAY}
            for statement in _FILL:
                session.execute(sa.text(statement), told)
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


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
    """A browser."""
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
