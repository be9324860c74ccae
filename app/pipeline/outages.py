"""What is counted while Redis or the database is away: jobs that were put off."""

import contextlib
import threading
from collections import Counter
from collections.abc import Mapping

from redis import Redis
from redis.exceptions import RedisError

_KEY = "backline:put-off"

_lock = threading.Lock()
_uncounted: Counter[str] = Counter()


def count_put_off(redis: Redis, by: str) -> None:
    """One job more could not be done because of `by` ("database", "redis"). What Redis can't be told
    now it is told with the next one."""
    with _lock, contextlib.suppress(RedisError):
        _uncounted[by] += 1
        for name, times in list(_uncounted.items()):
            redis.hincrby(_KEY, name, times)
            del _uncounted[name]


def put_off(redis: Redis) -> Mapping[str, int]:
    """How many jobs were put off, by what was away. Raises `RedisError`."""
    counted: dict[bytes, bytes] = redis.hgetall(_KEY)  # type: ignore[assignment]  # not its async client
    return {name.decode(): int(times) for name, times in counted.items()}
