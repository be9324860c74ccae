"""How long the status pages' questions take in PostgreSQL, in a shop with 100,000 open orders.

Printed, never asserted: `pytest -n0 -s -m benchmark tests/benchmarks/test_page_queries.py`.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import day_counts
from app.db.models import Shop
from app.db.pages import activity, order, orders, overview
from app.db.pages.orders import Wanted
from app.db.pages.paging import Cursor, PageRequest
from tests.builders import NOW, TODAY, days, installed_shop
from tests.tables import empty_tables

pytestmark = pytest.mark.benchmark

ORDERS = 100_000
TIMES = 7

# Every order waits for two of 2,000 items, one of which is in every second order. One in 50 failed, one
# in 50 is held back, one in ten is about to be written, one in five has no date.
_FILL = [
    """INSERT INTO items (shop_id, item_id, sku, title, is_tracked, has_queue, attempts)
       SELECT :shop, i, 'SKU-' || i, 'Mug no. ' || i, true, true, 0 FROM generate_series(1, 2000) i""",
    """INSERT INTO variants (shop_id, variant_id, item_id, is_resolved)
       SELECT :shop, i, i, true FROM generate_series(1, 2000) i""",
    """INSERT INTO orders (shop_id, order_id, name, placed_at, updated_at, first_seen_at, seen_at,
         priority, is_cancelled, is_gone, is_located, is_stale, attempts, short, short_since,
         expected_on, unbacked_on, problem, held_at, judge_at, released_on)
       SELECT :shop, n, '#' || n, :now - n * interval '1 minute', :now, :now, :now, n % 3, false, false,
         true, false, 0, CASE WHEN n % 25 = 24 THEN 0 ELSE 2 END, :now - n * interval '50 seconds',
         CASE WHEN n % 5 > 0 THEN CAST(:today AS date) + n % 90 END,
         CASE WHEN n % 5 > 2 THEN CAST(:today AS date) + n % 90 END,
         CASE WHEN n % 50 = 1 THEN 'refused' END, CASE WHEN n % 50 = 2 THEN :now END,
         CASE WHEN n % 10 = 3 THEN :now END, CASE WHEN n % 25 = 24 THEN CAST(:today AS date) END
       FROM generate_series(1, :orders) n""",
    """INSERT INTO order_items (shop_id, order_id, line_id, variant_id, ordered, outstanding,
         backordered, title, sku)
       SELECT :shop, n, l, CASE WHEN l = 1 THEN n % 2000 + 1 ELSE 1 + n % 2 END, 1, 1, 0, 'Mug', 'SKU'
       FROM generate_series(1, :orders) n, generate_series(1, 2) l""",
    """INSERT INTO promises (shop_id, order_id, item_id, location_id, short, expected_on, basis, words,
         short_since)
       SELECT :shop, n, CASE WHEN l = 1 THEN n % 1998 + 3 ELSE 1 + n % 2 END, 1, 1,
         CASE WHEN n % 5 > 0 THEN CAST(:today AS date) + n % 90 END,
         CASE WHEN n % 5 > 0 THEN 'lead time' ELSE 'unknown' END, 'words', :now
       FROM generate_series(1, :orders) n, generate_series(1, 2) l WHERE n % 25 <> 24""",
    """INSERT INTO events (shop_id, at, kind, order_id, item_id, before, after, why)
       SELECT :shop, :now - e * interval '20 seconds',
         CASE WHEN e % 2 = 0 THEN 'shown' ELSE 'promise' END, e % :orders + 1, e % 2000 + 1,
         'nothing', 'backordered 2026-12-05', 'why'
       FROM generate_series(1, 5 * :orders) e""",
    """INSERT INTO deliveries (shop_id, delivery_id, topic, body_hash, received_at, facts, state)
       SELECT :shop, d, 'orders/create', d, :now - d * interval '5 seconds', '[]',
         CASE WHEN d < 100 THEN 'due' WHEN d % 1000 = 0 THEN 'failed' ELSE 'done' END
       FROM generate_series(1, 3 * :orders) d""",
]


@pytest.fixture(scope="module")
def big(pg_engine: sa.Engine) -> Iterator[tuple[Session, Shop]]:
    """The shop, beside a small one, with statistics as they are after a while."""
    with Session(pg_engine) as session:
        shop = installed_shop(session, "big.myshopify.com")
        values = {"shop": shop.id, "now": NOW, "today": TODAY, "orders": ORDERS}
        for statement in _FILL:
            session.execute(sa.text(statement), values)
        day_counts.count_events(session, shop.id, since=NOW - timedelta(days=32))
        session.commit()
        with pg_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))
        yield session, shop
    empty_tables(pg_engine)


def measure(name: str, act: Callable[[], object]) -> float:
    """Print how long it takes, in the middle of several times."""
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        act()
        took.append((time.perf_counter() - start) * 1000)
    print(f"{name:60s} {median(took):8.1f} ms, at most {max(took):8.1f} ms")  # noqa: T201
    return median(took)


def test_time_of_every_list(big: tuple[Session, Shop]) -> None:
    """Every list by every sort: its first page, and one from the middle."""
    session, shop = big
    for list_name in orders.LISTS:
        for sort_name in orders.SORTS:
            middle = {
                "placed_at": NOW - timedelta(minutes=ORDERS // 2),
                "short_since": NOW - timedelta(seconds=50 * ORDERS // 2),
                "expected_on": days(45),
            }[orders.SORTS[sort_name].column.key]
            for where, turn in (
                ("first", PageRequest()),
                ("middle", PageRequest(Cursor(middle, ORDERS // 2))),
            ):
                wanted = Wanted(TODAY, list_name, sort_name, turn=turn)
                measure(
                    f"{list_name} by {sort_name}, {where} page",
                    lambda wanted=wanted: orders.list_orders(session, shop.id, wanted),  # type: ignore[misc]
                )


@pytest.mark.parametrize(
    "text", ["#5", "#99999", "50000", "sku-1777", "sku-1", "mug no. 1", "mug", "nothing of the kind"]
)
def test_time_of_a_search(big: tuple[Session, Shop], text: str) -> None:
    """In each list."""
    session, shop = big
    for list_name in orders.LISTS:
        wanted = Wanted(TODAY, list_name, "placed", text)
        measure(
            f"“{text}” in {list_name}",
            lambda wanted=wanted: orders.list_orders(session, shop.id, wanted),  # type: ignore[misc]
        )


def test_time_of_the_rest(big: tuple[Session, Shop]) -> None:
    """Counts of lists, the overview's figures, one order, activity."""
    session, shop = big
    month = [days(back) for back in range(-29, 1)]
    since, zone = NOW - timedelta(days=30), ZoneInfo("Europe/Lisbon")
    measure("counts of the lists", lambda: orders.count_lists(session, shop.id, today=TODAY))
    measure("overview: totals", lambda: overview.count_waiting(session, shop.id))
    measure(
        "overview: 30 days, 65,000 events",
        lambda: day_counts.count_days(session, shop.id, days=month, since=since, zone=zone),
    )
    measure("overview: inbox", lambda: overview.read_inbox(session, shop.id))
    measure("overview: trouble", lambda: overview.read_trouble(session, shop))
    measure("order: items", lambda: order.read_items(session, shop.id, 7))
    measure("order: events", lambda: order.read_events(session, shop.id, 7))
    for name, wanted in {
        "all": activity.Wanted(),
        "a kind": activity.Wanted(kind="shown"),
        "a kind that never happened": activity.Wanted(kind="drift"),
        "an order": activity.Wanted(text="777"),
        "an item": activity.Wanted(text="sku-777"),
        "many items": activity.Wanted(text="mug"),
    }.items():
        measure(
            f"activity: {name}",
            lambda wanted=wanted: activity.list_events(session, shop.id, wanted),  # type: ignore[misc]
        )
