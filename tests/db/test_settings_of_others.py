"""A database whose owner has set other defaults: everything is kept and read as anywhere else."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import migrate
from app.db.engine import open_database
from app.settings import Settings
from tests.pipeline.stage import open_shop

DEFAULTS = {
    "dates": ("DateStyle", "German, DMY"),
    "intervals": ("IntervalStyle", "iso_8601"),
    "a time zone": ("TimeZone", "Asia/Kolkata"),
    "isolation": ("default_transaction_isolation", "serializable"),
    "binary values": ("bytea_output", "escape"),
    "strings": ("standard_conforming_strings", "off"),
}


@pytest.fixture
def database(pg_engine: sa.Engine, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """One with such a default, migrated."""
    name, value = request.param
    with pg_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS of_others")
        connection.exec_driver_sql("CREATE DATABASE of_others")
        connection.exec_driver_sql(f"ALTER DATABASE of_others SET {name} = '{value}'")
    engine = open_database(pg_engine.url.set(database="of_others").render_as_string(hide_password=False))
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("database", DEFAULTS.values(), ids=DEFAULTS, indirect=True)
def test_whatever_a_database_is_set_to_work_goes_on(
    database: sa.Engine, redis: Redis, settings: Settings
) -> None:
    stage = open_shop(database, redis, settings)
    first, second = stage.ordered(), stage.ordered()
    arrival = stage.world.expect(stage.mug, 3, "2026-12-05")
    stage.settle_down()
    stage.expect_instead(arrival, 3, "2026-12-07")
    stage.settle_down()
    shown = stage.looks_like(first)
    stage.restock(1)
    stage.settle_down()

    assert "backordered" in shown[0]
    assert "Dec 7, 2026" in shown[1]
    assert stage.world.tags(first) == {"backorder-released"}
    assert stage.world.tags(second) == {"backordered"}
    assert "Blue Mug" in stage.order_page(second)
