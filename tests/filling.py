"""Shops as they are after a while, written straight into PostgreSQL: its planner chooses by data."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import shops
from app.db.models import StockItem
from app.pipeline.long_queues import keep_long_queue
from app.pipeline.whatif import standing_of
from tests.builders import NOW, TODAY, installed_shop

# Every order waits for two items, one of which is in every second order. One in 50 failed, one in
# 50 is held back, one in ten is about to be written, one in five has no date.
_FILL = [
    """INSERT INTO items (shop_id, item_id, sku, title, is_tracked, has_queue, attempts)
       SELECT s, i, 'SKU-' || i, 'Mug no. ' || i, true, true, 0
       FROM generate_series(CAST(:first AS bigint), :last) s,
         generate_series(1, CAST(:items AS bigint)) i""",
    """INSERT INTO variants (shop_id, variant_id, item_id, is_resolved)
       SELECT s, i, i, true
       FROM generate_series(CAST(:first AS bigint), :last) s,
         generate_series(1, CAST(:items AS bigint)) i""",
    """INSERT INTO pools (shop_id, item_id, location_id, location_name, on_hand, available, committed,
         supply, read_at, drift, is_reckoned)
       SELECT s, i, 1, 'Main', 0, -9, 9, 0, CAST(:now AS timestamptz), 0, true
       FROM generate_series(CAST(:first AS bigint), :last) s,
         generate_series(1, CAST(:items AS bigint)) i""",
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
       SELECT s, n, l, CASE WHEN l = 1 THEN n % :items + 1 ELSE 1 + n % 2 END, 1, 1, 0, 'Mug', 'SKU'
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, :orders) n,
         generate_series(1, 2) l""",
    """INSERT INTO promises (shop_id, order_id, item_id, location_id, short, expected_on, basis, words,
         short_since)
       SELECT s, n, CASE WHEN l = 1 THEN n % (:items - 2) + 3 ELSE 1 + n % 2 END, 1, 1,
         CASE WHEN n % 5 > 0 THEN CAST(:today AS date) + n % 90 END,
         CASE WHEN n % 5 > 0 THEN 'lead time' ELSE 'unknown' END, 'words', CAST(:now AS timestamptz)
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, :orders) n,
         generate_series(1, 2) l WHERE n % 25 <> 24""",
    """INSERT INTO events (shop_id, at, kind, order_id, item_id, before, after, why, counts_as,
         counted_in)
       SELECT s, :now - e * interval '20 seconds',
         CASE WHEN e % 2 = 0 THEN 'shown' ELSE 'promise' END, e % :orders + 1, e % :items + 1,
         'nothing', 'backordered 2026-12-05', 'why', CASE WHEN e % 2 = 0 THEN 'backordered' END,
         CAST(extract(epoch FROM :now - e * interval '20 seconds') AS bigint) / 900 * 900
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, 2 * :orders) e""",
    """INSERT INTO lines (shop_id, order_id, item_id, location_id, quantity, backordered, waiting)
       SELECT shop_id, order_id, item_id, 1, 1, 0, 1 FROM promises
       WHERE shop_id BETWEEN :first AND :last""",
    """UPDATE pools SET committed = told.units, available = -told.units
       FROM (SELECT shop_id, item_id, sum(quantity) AS units FROM lines
             WHERE shop_id BETWEEN CAST(:first AS bigint) AND :last GROUP BY shop_id, item_id) AS told
       WHERE pools.shop_id = told.shop_id AND pools.item_id = told.item_id""",
    """INSERT INTO routes (shop_id, route_id, order_id)
       SELECT shop_id, order_id, order_id FROM orders WHERE shop_id BETWEEN :first AND :last""",
    """INSERT INTO shown (shop_id, order_id, shown, written_at)
       SELECT shop_id, order_id, '{}', CAST(:now AS timestamptz) FROM orders
       WHERE shop_id BETWEEN :first AND :last""",
    """INSERT INTO demand_changes (shop_id, order_id, item_id, location_id, at, units, short)
       SELECT s, n, n % :items + 1, 1, CAST(:now AS timestamptz), 1, 0
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, :orders / 20) n""",
    """INSERT INTO deliveries (shop_id, delivery_id, topic, event_id, body_hash, received_at, facts,
         state)
       SELECT s, 'delivery-' || n, 'orders/create', 'event-' || n, 'hash',
         :now - n * interval '1 second',
         '[]', CASE n % 100 WHEN 1 THEN 'due' WHEN 2 THEN 'failed' ELSE 'done' END
       FROM generate_series(CAST(:first AS bigint), :last) s, generate_series(1, :orders) n""",
]


def install_shops(session: Session, count: int) -> list[int]:
    """So many shops with nothing due."""
    return [installed_shop(session, f"shop-{number}.myshopify.com").id for number in range(count)]


def fill_shops(session: Session, shop_ids: Sequence[int], *, orders: int, items: int = 500) -> None:
    """So many open orders and items in each of these shops, whose ids follow each other."""
    told = {"first": shop_ids[0], "last": shop_ids[-1], "orders": orders, "items": items}
    for statement in _FILL:
        session.execute(sa.text(statement), {**told, "now": NOW, "today": TODAY})


def keep_long_queues(session: Session, shop_id: int, item_ids: Sequence[int]) -> None:
    """What a worker keeps of these items' queues when it settles them, however short they are."""
    shop = shops.get_shop(session, shop_id)
    for item_id in item_ids:
        item = session.get_one(StockItem, (shop_id, item_id))
        item.has_long_queue = True
        standing = standing_of(session, shop, item, now=NOW)
        keep_long_queue(
            *(session, shop, item, standing.decide()),
            states=standing.states,
            waiting=standing.waiting,
            today=standing.today,
            now=NOW,
        )


def analyze(engine: sa.Engine) -> None:
    """The statistics that a database has gathered by itself after a while."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
