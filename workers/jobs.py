"""The jobs: each calls one function of the app. They carry ids, never objects."""

from collections.abc import Callable

import structlog
from redis.exceptions import RedisError

from app.db.outages import NO_DATABASE
from app.logs import first_line
from app.pipeline import outages, runtime
from app.pipeline.runtime import Runtime, build_runtime
from app.settings import load_settings

log = structlog.get_logger()

_kept: list[Runtime] = []


def keep(machine: Runtime) -> None:
    """From here on the jobs of this process share its engine and clients. A job that finds none kept
    builds its own, and lets go of it."""
    _kept[:] = [machine]


def advance_shop(shop_id: int) -> None:
    """Work on a shop that rang, for a slice of time."""
    _run(runtime.advance_shop, shop_id)


def continue_shop(shop_id: int) -> None:
    """Work on a shop whose slices are long: more of the same, or behind a platform that is slow."""
    _run(runtime.continue_shop, shop_id)


def _run(act: Callable[[Runtime, int], None], shop_id: int) -> None:
    if _kept:
        _act(act, _kept[0], shop_id)
        return
    machine = build_runtime(load_settings())
    try:
        _act(act, machine, shop_id)
    finally:
        machine.engine.dispose()


def _act(act: Callable[[Runtime, int], None], machine: Runtime, shop_id: int) -> None:
    """Where the database or Redis goes away the job is over: what it left undone is due again by its
    rows, and the sweep rings once both are back."""
    try:
        act(machine, shop_id)
    except (*NO_DATABASE, RedisError) as error:
        away = "redis" if isinstance(error, RedisError) else "database"
        log.warning("a job is put off", away=away, shop_id=shop_id, error=first_line(error))
        outages.count_put_off(machine.redis, away)
