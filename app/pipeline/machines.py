"""Which processes of ours are alive, as far as Redis knows."""

from dataclasses import dataclass

from redis import Redis
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from rq import Worker

from app.pipeline import doorbell

_PROBE = "backline:probe"
_PROBE_S = 60


@dataclass(frozen=True, slots=True)
class Machines:
    """`workers` is how many worker processes are alive, None if nobody knows; `redis_problem` says why
    no work is handed out and what to do about it, nothing if all is well."""

    workers: int | None
    has_clock: bool
    redis_problem: str = ""


def look_at_machines(redis: Redis) -> Machines:
    """Ask Redis, which must let us write too. To RQ each thread of a worker process is a worker."""
    try:
        alive = {(worker.hostname, worker.pid) for worker in Worker.all(connection=redis)}
        has_clock = doorbell.is_clock_running(redis)
        redis.set(_PROBE, 1, ex=_PROBE_S)
    except OutOfMemoryError:
        problem = "Redis is full: raise its `maxmemory`, or take away what else it holds."
        return Machines(len(alive), has_clock, problem)
    except ReadOnlyError:
        problem = "Redis takes no changes: REDIS_URL names a replica. Name the primary."
        return Machines(len(alive), has_clock, problem)
    except (AuthenticationError, NoPermissionError) as error:
        problem = f"Redis refuses us: {error}. Correct the user and password in REDIS_URL."
        return Machines(None, has_clock=False, redis_problem=problem)
    except ResponseError as error:
        problem = f"Redis answers with an error: {error}. Correct REDIS_URL, or look at the server."
        return Machines(None, has_clock=False, redis_problem=problem)
    except RedisError as error:
        return Machines(None, has_clock=False, redis_problem=f"Redis can't be reached: {error}.")
    return Machines(len(alive), has_clock)
