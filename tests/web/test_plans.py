"""How the database finds what is asked: by an index that begins with the shop, in every table that grows
with orders. What the planner has no index for it reads from end to end, of all shops, and no small
database shows that: so it is told here to do so only where it must, in a database of several shops."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from flask.testing import FlaskClient
from redis import Redis

from app.db import due_items, due_work, migrate, orders, promises, showing
from app.db.models import Shop
from app.pipeline import forgetting
from app.pipeline.runtime import Runtime
from app.platforms.http import Http
from app.services import open_engine
from app.settings import Settings
from tests.benchmarks.contenders import new_database
from tests.filling import analyze, fill_shops, install_shops, keep_long_queues
from tests.world import Clock

# Of each shop many; arrivals, shipments and what people set are few, and their shop alone finds them.
GROWING = {
    *("orders", "order_items", "promises", "shown", "events", "deliveries", "items", "variants"),
    *("pools", "lines", "routes", "demand_changes", "long_queues", "long_queue_pages"),
}
PAGES = [
    "",
    "/orders",
    "/orders?list=short&sort=waited",
    "/orders?list=risk&sort=expected",
    "/orders?q=%2350",
    "/orders?q=mug",
    "/orders?tag=vip",
    "/orders?sku=mug",
    "/orders?supplier=acme",
    "/orders?over=9&by=2026-12-24",
    "/orders?list=all&released=2026-11-24",
    "/orders/pick-list",
    "/incoming",
    "/incoming?show=late",
    "/setup",
    "/alerts",
    "/items",
    "/items?q=mug",
    "/items/1",
    "/items/1?page=2",
    "/items/7",
    "/orders/77",
    "/late-orders",
    "/activity",
    "/activity?q=mug",
    "/deliveries",
]


SHOPS, ORDERS, ITEMS = 20, 200, 50


@pytest.fixture(scope="module")
def full(pg_engine: sa.Engine) -> Iterator[sa.Engine]:
    """A database of its own: what the planner thinks of empty tables changes from day to day."""
    engine = open_engine(new_database(pg_engine.url.render_as_string(hide_password=False), "plans"))
    migrate.upgrade(engine)
    with sa.orm.Session(engine) as session:
        fill_shops(session, install_shops(session, SHOPS), orders=ORDERS, items=ITEMS)
        session.execute(sa.update(Shop).values(regime="us-mitor"))
        for shop_id in session.scalars(sa.select(Shop.id)).all():
            keep_long_queues(session, shop_id, [1])
        session.commit()
    analyze(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def runtime(full: sa.Engine, redis: Redis, settings: Settings) -> Runtime:
    """What works on it."""
    clock = Clock()
    return Runtime(settings, full, redis, Http(), clock=clock, sleep=clock.sleep)


@pytest.fixture
def shop_id(full: sa.Engine) -> int:
    """One shop of several."""
    with full.connect() as connection:
        return (
            connection.execute(sa.select(Shop.id).order_by(Shop.id).offset(SHOPS // 2)).scalars().first()
        )


@pytest.fixture
def asked(runtime: Runtime) -> Iterator[list[tuple[str, Any]]]:
    """The statements and their values, from here on."""
    found: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            found.append((statement, values))

    sa.event.listen(runtime.engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(runtime.engine, "before_cursor_execute", note)


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan and all that it is made of."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def scans(plan: Mapping[str, Any]) -> Iterator[str]:
    """The growing tables that are not found by an index of their shop's, with how they are."""
    for node in nodes(plan):
        table, kind = node.get("Relation Name"), node["Node Type"]
        if table in GROWING and kind not in ("Bitmap Heap Scan", "ModifyTable"):
            if "shop_id" not in node.get("Index Cond", ""):
                yield f"{kind} on {table}"
        elif kind == "Bitmap Index Scan" and "shop_id" not in node.get("Index Cond", ""):
            yield f"{kind} of {node['Index Name']}"


def read_in_full(runtime: Runtime, asked: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """What each statement reads that is no index of the shop's."""
    told = list(asked)
    found = []
    with runtime.engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, values in told:
            (explained,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).one()
            found += [(scan, statement) for scan in scans(explained[0]["Plan"])]
        connection.rollback()
    return found


@pytest.mark.parametrize("path", PAGES)
def test_a_page_finds_a_shops_rows_by_the_shop(
    client: FlaskClient, runtime: Runtime, shop_id: int, asked: list[tuple[str, Any]], path: str
) -> None:
    assert client.get(f"/shops/{shop_id}{path}").status_code == 200

    assert asked
    assert read_in_full(runtime, asked) == []


def test_what_a_worker_asks_each_time_finds_a_shops_rows_by_the_shop(
    runtime: Runtime, shop_id: int, asked: list[tuple[str, Any]]
) -> None:
    now = runtime.clock()
    with runtime.sessions.begin() as session:
        due_work.read(session, shop_id, now=now)
        due_items.look_at_waiting_items(session, shop_id, now=now)
        showing.stale_orders_shown(session, shop_id, seen_since=now)
        promises.waiting_since(session, shop_id, 1)
        orders.order_names(session, shop_id, [1, 2])
        moments = dict.fromkeys(forgetting.KINDS, now)
        session.execute(forgetting._WHICH, {"shop_id": shop_id, **moments})

    assert read_in_full(runtime, asked) == []


JUDGE_ALL = "UPDATE orders SET judge_at = :now WHERE shop_id = :shop"
STATES = {
    "at rest": ["UPDATE orders SET judge_at = NULL WHERE shop_id = :shop"],
    "all orders wait for an item that is due": [
        JUDGE_ALL,
        "UPDATE items SET look_at = :now WHERE shop_id = :shop",
    ],
    "all orders wait for a variant that nobody knows": [
        JUDGE_ALL,
        "UPDATE variants SET is_resolved = false WHERE shop_id = :shop",
    ],
    "all orders can be judged": [JUDGE_ALL],
}


@pytest.mark.parametrize("state", STATES)
def test_a_look_at_a_shop_goes_through_none_of_its_many_orders(
    runtime: Runtime, shop_id: int, asked: list[tuple[str, Any]], state: str
) -> None:
    """It is made before and after each step."""
    with runtime.sessions() as session:
        for statement in STATES[state]:
            session.execute(sa.text(statement), {"shop": shop_id, "now": runtime.clock()})
        due_work.read(session, shop_id, now=runtime.clock())
        statement, values = asked[-1]
        explained = session.connection().exec_driver_sql(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values
        )
        plan = explained.scalar_one()[0]["Plan"]
        session.rollback()

    assert rows_read(plan, "orders") + rows_read(plan, "order_items") < ORDERS / 10


def rows_read(plan: Mapping[str, Any], table: str) -> float:
    """How many rows of a table were looked at, those that were left out included."""
    return sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in nodes(plan)
        if node.get("Relation Name") == table
    )
