"""Every way in which PostgreSQL says that it does not serve now: raised inside of it, by a trigger, with
the code of the error. No webhook is condemned, no row set aside, and a page says that it comes back.
"""

import logging
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from redis import Redis

from app.db.models import DeliveryRow, Order
from app.db.outages import NO_DATABASE
from app.pipeline import doorbell, outages
from app.pipeline.runtime import Runtime
from app.settings import Settings
from tests.tables import end_all_connections
from tests.web.posting import order_body, post
from tests.world import World, make_world
from workers import jobs

# https://www.postgresql.org/docs/current/errcodes-appendix.html
PASSING = {
    "25006": "read-only after a failover",
    "40001": "serialization failure",
    "40P01": "deadlock",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "55P03": "lock not available",
    "57014": "statement timeout",
    "57P01": "shut down by its administrator",
    "57P03": "can not connect now",
    "58030": "input or output error",
    "XX000": "internal error",
    "42P01": "no such table, before the migrations",
    "42703": "no such column, before the migrations",
    "42501": "no right to the table",
}

_TABLES = ("orders", "deliveries", "promises", "events")
# Of a database whose migrations have run these are defects of ours: tests/web/test_failures.py.
_NOT_MIGRATED = ("42P01", "42703")


def break_table(
    engine: sa.Engine, table: str, code: str, *, times: int = 1_000_000
) -> Callable[[], None]:
    """Let every change of the table fail with the code, so many times; returns what mends it."""
    mend = f"DROP TRIGGER IF EXISTS broken ON {table}; DROP SEQUENCE IF EXISTS broken_times"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"{mend}; CREATE SEQUENCE broken_times")
        if code in _NOT_MIGRATED:
            newest = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
            mend += f"; UPDATE alembic_version SET version_num = '{newest}'"  # noqa: S608 -- ours
        connection.exec_driver_sql(
            f"""
            CREATE OR REPLACE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('broken_times') <= {times} THEN
                    RAISE EXCEPTION 'broken by the test' USING ERRCODE = '{code}';
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER broken BEFORE INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION break_it()
            """
        )

    def mended() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(mend)

    return mended


@pytest.fixture(params=PASSING, ids=[name.replace(" ", "-") for name in PASSING.values()])
def code(request: pytest.FixtureRequest) -> str:
    """One of the codes."""
    return str(request.param)


@pytest.fixture
def world(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> World:
    """A connected shop with a mug of which there is one."""
    world = make_world(clean_pg, redis, settings)
    place = world.shop.add_location("Main")
    world.shop.add_product("Blue Mug", sku="MUG", stock={place: 1})
    world.connect()
    world.quiet()
    return world


@pytest.mark.usefixtures("shop_id")
def test_a_webhook_is_sent_again_and_kept_then(
    client: FlaskClient, runtime: Runtime, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    mend = break_table(runtime.engine, "deliveries", code)
    try:
        with caplog.at_level(logging.INFO):
            refused = post(client, order_body())
    finally:
        mend()

    assert (refused.status_code, post(client, order_body()).status_code) == (503, 200)
    assert "Traceback" not in caplog.text


@pytest.mark.usefixtures("shop_id")
@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_webhook_that_gave_way_to_another_transaction_is_kept_at_once(
    client: FlaskClient, runtime: Runtime, code: str
) -> None:
    mend = break_table(runtime.engine, "deliveries", code, times=1)
    try:
        assert post(client, order_body()).status_code == 200
    finally:
        mend()


@pytest.mark.usefixtures("shop_id")
def test_a_webhook_whose_connection_had_just_ended_is_kept_at_once(
    client: FlaskClient, runtime: Runtime, pg_engine: sa.Engine
) -> None:
    """As after a restart of the database or of a pooler. Connections used a moment ago are not tried."""
    assert post(client, order_body()).status_code == 200
    end_all_connections(pg_engine)

    assert post(client, order_body()).status_code == 200


def test_a_worker_condemns_nothing_and_goes_on_later(
    world: World, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    table = _TABLES[list(PASSING).index(code) % len(_TABLES)]
    mug = next(iter(world.shop.books.variants))
    placed = [world.shop.place_order([(mug, 1)]) for _ in range(2)]
    world.deliver()
    before = dict(outages.put_off(world.runtime.redis))
    mend = break_table(world.runtime.engine, table, code)
    jobs.keep(world.runtime)
    try:
        with caplog.at_level(logging.INFO):
            jobs.advance_shop(world.shop_id)
    finally:
        mend()

    assert "Traceback" not in caplog.text
    assert outages.put_off(world.runtime.redis).get("database", 0) == before.get("database", 0) + 1
    with world.runtime.sessions.begin() as session:
        assert not session.scalars(sa.select(DeliveryRow.id).where(DeliveryRow.state == "failed")).all()
        assert not session.scalars(sa.select(Order.order_id).where(Order.problem.is_not(None))).all()
    world.clock.sleep(120)  # what the job still held of the shop ends by itself
    doorbell.ring(world.runtime.redis, world.shop_id)
    world.quiet()
    assert [world.tags(order_id) for order_id in placed] == [set(), {"backordered"}]


def test_each_of_them_counts_as_no_database(runtime: Runtime, code: str) -> None:
    mend = break_table(runtime.engine, "shops", code)
    try:
        with pytest.raises(NO_DATABASE), runtime.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM shops")
    finally:
        mend()
