"""Beginnings that many tests share (a connected shop, a sale that went wrong), played once in a process.
What the platform, the database and Redis hold then is kept, and brought back for each test in a quarter
to a sixtieth of the time. Every test still has a world of its own: nothing of it is shared.
"""

import copy
import copyreg
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.tables import empty_tables
from tests.timed_redis import TimedRedis
from tests.world import World, open_world

Machine: TypeAlias = tuple[sa.Engine, Redis, Settings]
W = TypeVar("W", bound=World)
T = TypeVar("T")


@dataclass(frozen=True)
class _Moment:
    kind: type[World]
    held: Any
    rows: Mapping[str, bytes]
    numbers: Mapping[str, int]
    keys: Mapping[bytes, tuple[int, bytes]]


_moments: dict[tuple[str, str], _Moment] = {}

# A copy's lock is a lock of its own, that nobody holds.
copyreg.pickle(type(threading.Lock()), lambda _: (threading.Lock, ()))  # type: ignore[arg-type]
copyreg.pickle(type(threading.RLock()), lambda _: (threading.RLock, ()))  # type: ignore[arg-type]


def begin(machine: Machine, name: str, play: Callable[[], tuple[W, T]]) -> tuple[W, T]:
    """What `play` comes to on empty tables and an empty Redis: a world, and what of its shop a test has
    names for. `name` says all that it depends on, but the settings. Where something is there already or
    on SQLite it is played."""
    engine, redis, settings = machine
    assert " at 0x" not in name, "an address in memory is no name"
    if not _is_empty(engine, redis):
        return play()
    key = (name, str(settings.model_dump(exclude={"home", "database_url"})))
    if key not in _moments:
        _moments[key] = _moment(engine, redis, play())
        empty_tables(engine)
        redis.flushall()
    return cast(tuple[W, T], _bring_back(_moments[key], machine))


def go_on(machine: Machine, name: str, play: Callable[[], tuple[W, T]]) -> tuple[W, T]:
    """What `play` makes of a world that has just begun, and rests: played once, too. `name` is that of
    the beginning, with all that happens in it."""
    engine, redis, settings = machine
    key = (name, str(settings.model_dump(exclude={"home", "database_url"})))
    if key not in _moments:
        begun = play()
        _moments[key] = _moment(engine, redis, begun)
        return begun
    empty_tables(engine)
    redis.flushall()
    return cast(tuple[W, T], _bring_back(_moments[key], machine))


def name_of(play: Callable[..., object] | None) -> str:
    """What names a step of a beginning: the function that plays it. One that holds something, or has no
    name of its own, does not say all that it depends on."""
    if play is None:
        return ""
    assert getattr(play, "__closure__", "") is None, "a function of a module, that holds nothing"
    assert "<" not in play.__qualname__, "a function of a module, that has a name"
    return f", {play.__module__}.{play.__qualname__}"


def _is_empty(engine: sa.Engine, redis: Redis) -> bool:
    if engine.dialect.name != "postgresql" or redis.dbsize():
        return False
    with engine.connect() as connection:
        return not connection.exec_driver_sql("SELECT EXISTS (SELECT FROM shops)").scalar_one()


def _moment(engine: sa.Engine, redis: Redis, begun: tuple[World, object]) -> _Moment:
    world, things = begun
    assert isinstance(world.runtime.redis, TimedRedis)
    held = (world.shop, world.clock, world.shop_id, world.answers, world.runtime.redis.ends, things)
    rows, numbers = _rows_of(engine)
    keys = {key: (max(0, redis.pttl(key)), redis.dump(key)) for key in redis.scan_iter()}
    return _Moment(type(world), copy.deepcopy(held), rows, numbers, keys)


def _bring_back(moment: _Moment, machine: Machine) -> tuple[World, object]:
    engine, redis, settings = machine
    shop, clock, shop_id, answers, ends, things = copy.deepcopy(moment.held)
    _fill(engine, moment)
    with redis.pipeline() as pipeline:
        for key, (ends_in_ms, value) in moment.keys.items():
            pipeline.restore(key, ends_in_ms, value)
        pipeline.execute()
    world = open_world(moment.kind, shop, clock, (engine, TimedRedis(redis, clock, ends), settings))
    world.shop_id, world.answers = shop_id, answers
    return world, things


def _rows_of(engine: sa.Engine) -> tuple[Mapping[str, bytes], Mapping[str, int]]:
    """What each table holds, those that others refer to first, and how far each sequence is."""
    from app.db.models import Base  # noqa: PLC0415 -- as in conftest

    rows = {}
    with engine.begin() as connection:
        cursor = _cursor(connection)
        for table in Base.metadata.sorted_tables:
            with cursor.copy(f'COPY "{table.name}" TO STDOUT (FORMAT BINARY)') as copied:
                rows[table.name] = b"".join(map(bytes, copied))
            if cursor.rowcount == 0:
                del rows[table.name]
        asked = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
        numbers = {row.sequencename: row.last_value for row in connection.exec_driver_sql(asked)}
    return rows, numbers


def _fill(engine: sa.Engine, moment: _Moment) -> None:
    with engine.begin() as connection:
        cursor = _cursor(connection)
        for name, data in moment.rows.items():
            with cursor.copy(f'COPY "{name}" FROM STDIN (FORMAT BINARY)') as copied:
                copied.write(data)
        numbers = ", ".join(f"setval('{name}', {number})" for name, number in moment.numbers.items())
        if numbers:
            cursor.execute(f"SELECT {numbers}")


def _cursor(connection: sa.Connection) -> Any:
    return connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
