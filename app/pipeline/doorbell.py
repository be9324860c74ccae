"""The doorbell: Redis only says "look"; what there is to do stands in the database.

A flag per shop keeps rings from piling up: it is set before a job is enqueued, and the job clears it
before it looks, so that a ring which comes while a job runs enqueues the next one. RQ's own
`unique=True` would drop that ring.
"""

import time
from collections.abc import Collection
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

QUEUE = "backline"
JOB = "workers.jobs.advance_shop"
_OPTIONS = {"job_timeout": 300, "result_ttl": 0, "failure_ttl": 86400}

# How often the clock rings every shop that has work; later wishes than this wait for it.
SWEEP_S = 15

# Longer than any queue should be; a flag whose job was lost with its worker must not silence the
# shop for ever. Until then the sweep's ring is dropped as well.
_FLAG_S = 60


def ring(redis: Redis, shop_id: int, *, after_s: float = 0) -> bool:
    """Have a worker look at the shop, now or a little later. Returns False if Redis can't be reached:
    nothing is lost, the sweep rings again."""
    if after_s <= 0:
        return ring_all(redis, [shop_id])
    try:
        _ring_later(redis, shop_id, after_s)
    except RedisError:
        return False
    return True


def ring_all(redis: Redis, shop_ids: Collection[int]) -> bool:
    """Have a worker look at each of the shops now, as `ring` does: one call for those that have rung
    already, however many they are."""
    try:
        flags = redis.pipeline(transaction=False)
        for shop_id in shop_ids:
            flags.set(f"backline:rung:{shop_id}", 1, nx=True, ex=_FLAG_S)
        for shop_id, is_first in zip(shop_ids, flags.execute(), strict=True):
            if is_first:
                Queue(QUEUE, connection=redis).enqueue(JOB, shop_id, **_OPTIONS)
    except RedisError:
        return False
    return True


def _ring_later(redis: Redis, shop_id: int, after_s: float) -> None:
    """One ring a second is enough: many jobs may wish for the same one."""
    second = int(time.time() + after_s)
    if redis.set(f"backline:later:{shop_id}:{second}", 1, nx=True, ex=int(after_s) + _FLAG_S):
        Queue(QUEUE, connection=redis).enqueue_in(timedelta(seconds=after_s), JOB, shop_id, **_OPTIONS)


def answer(redis: Redis, shop_id: int) -> None:
    """A job has come: from here on a new ring enqueues a new one."""
    redis.delete(f"backline:rung:{shop_id}")
