"""The doorbell: Redis only says "look"; what there is to do stands in the database.

A flag per shop keeps rings from piling up: it is set before a job is enqueued, and the job clears it
before it looks, so that a ring which comes after its look enqueues the next one. RQ's own
`unique=True` would drop that ring. While a worker has the shop the flag is set as well: what is told
then is found by its last look, for which the flag is cleared once more.

There are two queues. A ring is a job in the quick one. A shop that has more to do when its slice is
over, or whose platform is slow, goes on in the long one, which never more than half of the workers look
at, of whichever process: so it holds nobody up. A slow platform is not waited for in the quick one: no
call begins there when the turn is over. In each queue the shop that waited longest comes next.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

QUICK = "backline-quick"
LONG = "backline-long"
JOB = "workers.jobs.advance_shop"
LONG_JOB = "workers.jobs.continue_shop"
# Jobs carry ids alone. RQ's default, pickle, would let whoever can write to Redis run code here.
SERIALIZER = JSONSerializer
_OPTIONS = {"job_timeout": 300, "result_ttl": 0, "failure_ttl": 86400}

# How often the clock rings every shop that has work; later wishes than this wait for it.
SWEEP_S = 15

# A clock that has not been heard of for so long is not running.
_CLOCK_S = 4 * SWEEP_S

# Longer than any queue should be; a flag whose job was lost with its worker must not silence the
# shop for ever. Until then the sweep's ring is dropped as well.
_FLAG_S = 60

# How long a shop counts as one whose slices are long.
_LONG_S = 600

# Who looks at the long queue, until when.
_PLACES = "backline:long-places"
_PLACE_S = 60
_RQ_WORKERS = "rq:workers"
_TAKE_PLACE = """
local now = tonumber(redis.call('TIME')[1])
local till = now + tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. till, '+inf')
local most = math.max(1, math.floor(redis.call('SCARD', KEYS[2]) / 2))
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= most then
  return 0
end
redis.call('ZADD', KEYS[1], till, ARGV[1])
return 1
"""

# While somebody works on a shop, rings for it are dropped, for so long at most: its worker ends that
# when it lets go, and then looks once more. A killed one's shop can be rung again by then.
_HUSH_S = 5
_TAKEN = "taken"
# Clears a flag, unless it says so: a job that finds the shop taken must not have it rung again.
_CLEAR_RUNG = f"if redis.call('GET', KEYS[1]) ~= '{_TAKEN}' then redis.call('DEL', KEYS[1]) end"


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
            # Who rang before has a job in the queue that has not looked yet: it will see this too.
            if is_first:
                quick_queue(redis).enqueue(JOB, shop_id, **_OPTIONS)
    except RedisError:
        return False
    return True


def _ring_later(redis: Redis, shop_id: int, after_s: float) -> None:
    """One ring a second is enough: many jobs may wish for the same one."""
    second = int(time.time() + after_s)
    if redis.set(f"backline:later:{shop_id}:{second}", 1, nx=True, ex=int(after_s) + _FLAG_S):
        quick_queue(redis).enqueue_in(timedelta(seconds=after_s), JOB, shop_id, **_OPTIONS)


def ring_long(redis: Redis, shop_id: int) -> bool:
    """Have a worker go on with the shop when those that take long have their turn. Until then it need
    not be rung. Returns False if Redis can't be reached."""
    try:
        redis.set(f"backline:rung:{shop_id}", 1, ex=_FLAG_S)
        if redis.set(f"backline:rung-long:{shop_id}", 1, nx=True, ex=_FLAG_S):
            long_queue(redis).enqueue(LONG_JOB, shop_id, **_OPTIONS)
    except RedisError:
        return False
    return True


def answer(redis: Redis, shop_id: int) -> bool:
    """A job has come: from here on a new ring enqueues a new one, unless somebody works on the shop.
    Returns whether its last slice took long."""
    asked = redis.pipeline(transaction=False)
    asked.eval(_CLEAR_RUNG, 1, f"backline:rung:{shop_id}")
    asked.exists(_long_key(shop_id))
    return bool(asked.execute()[1])


def answer_long(redis: Redis, shop_id: int) -> None:
    """A job of the long queue has come."""
    told = redis.pipeline(transaction=False)
    told.eval(_CLEAR_RUNG, 1, f"backline:rung:{shop_id}")
    told.delete(f"backline:rung-long:{shop_id}")
    told.execute()


def hush(redis: Redis, shop_id: int) -> None:
    """Somebody works on the shop: until it is let go (see `let_go`) it need not be rung. Without Redis
    nothing rings."""
    with suppress(RedisError):
        redis.set(f"backline:rung:{shop_id}", _TAKEN, ex=_HUSH_S)


def let_go(redis: Redis, shop_id: int) -> None:
    """Whoever worked on the shop has let it go, and is about to look whether there is more: what comes
    from here on rings."""
    with suppress(RedisError):
        redis.delete(f"backline:rung:{shop_id}")


def note_pace(redis: Redis, shop_id: int, *, is_long: bool) -> None:
    """Remember for a while whether the shop's slices take long."""
    if is_long:
        redis.set(_long_key(shop_id), 1, ex=_LONG_S)
    else:
        redis.delete(_long_key(shop_id))


def _long_key(shop_id: int) -> str:
    return f"backline:long:{shop_id}"


def take_long_place(redis: Redis, worker: str) -> bool:
    """Whether the worker may look at the long queue: no more than half of those that RQ knows may, and
    one always may. It has the place until `leave_long_place`, or, if it is killed, for a minute by
    Redis's clock; one that was taken for longer was taken before that was set back."""
    return bool(redis.eval(_TAKE_PLACE, 2, _PLACES, _RQ_WORKERS, worker, _PLACE_S))


def leave_long_place(redis: Redis, worker: str) -> None:
    """The worker looks at the quick queue alone."""
    redis.zrem(_PLACES, worker)


def quick_queue(redis: Redis) -> Queue:
    """Where a ring lands."""
    return Queue(QUICK, connection=redis, serializer=SERIALIZER)


def long_queue(redis: Redis) -> Queue:
    """Where shops whose slices take long go on."""
    return Queue(LONG, connection=redis, serializer=SERIALIZER)


def show_clock(redis: Redis) -> None:
    """The clock runs."""
    redis.set("backline:clock", 1, ex=_CLOCK_S)


def is_clock_running(redis: Redis) -> bool:
    """Whether a clock was heard of lately."""
    return bool(redis.exists("backline:clock"))
