"""The clock: it rings shops whose next step is due, and those that wished to be rung at a moment.

It rings by itself, not by a job, so that no queue holds it up. All times (retries, the hourly check)
stand in the database; a second clock does no harm, for a shop that has rung is not rung again.
"""

import threading
import time

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.scheduler import RQScheduler
from sqlalchemy.exc import SQLAlchemyError

from app.logs import first_line
from app.pipeline.doorbell import QUICK, SERIALIZER, SWEEP_S, show_clock
from app.pipeline.runtime import Runtime, ring_shops_with_work

_TICK_S = 0.5
_LONGEST_PAUSE_S = 30.0

log = structlog.get_logger()


def run_clock(runtime: Runtime, redis_url: str, stop: threading.Event) -> None:
    """Tick until told to stop; through times without Redis or the database, trying again ever later."""
    pause_s = _TICK_S
    while not stop.is_set():
        began = time.monotonic()
        try:
            with Redis.from_url(redis_url, socket_timeout=10) as connection:
                _tick_until_it_breaks(runtime, connection, stop)
        except (RedisError, SQLAlchemyError) as error:
            pause_s = _TICK_S if time.monotonic() - began > _LONGEST_PAUSE_S else pause_s
            log.warning(
                "the clock can't use Redis or the database", error=first_line(error), again_s=pause_s
            )
            stop.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _tick_until_it_breaks(runtime: Runtime, connection: Redis, stop: threading.Event) -> None:
    later = RQScheduler([QUICK], connection, logging_level="WARNING", serializer=SERIALIZER)
    sweep_at = 0.0
    while not stop.wait(_TICK_S):
        if time.monotonic() >= sweep_at:
            sweep_at = time.monotonic() + SWEEP_S
            ring_shops_with_work(runtime)
            show_clock(connection)
            # The lock of another clock's lasts a minute; ours is made to last longer.
            later.acquire_locks()  # type: ignore[no-untyped-call]  # RQ is published half typed
        if later.acquired_locks:
            later.enqueue_scheduled_jobs()  # type: ignore[no-untyped-call]
