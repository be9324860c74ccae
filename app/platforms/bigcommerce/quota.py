"""The quota of requests of one store, shared by all apps on it, and by all our workers.

BigCommerce counts requests in windows of 30 seconds and says in every answer how many are left and
when the window ends: developer.bigcommerce.com/docs/start/best-practices/api-rate-limits. The copy in
Redis only spares us refusals: where it is missing, BigCommerce itself refuses.
"""

from collections.abc import Callable, Mapping

from redis import Redis
from redis.exceptions import RedisError

_TAKE = """
local known = redis.call('HMGET', KEYS[1], 'left', 'ends_at')
if not known[1] then return '0' end
local now, ends_at = tonumber(ARGV[1]), tonumber(known[2])
if now >= ends_at then redis.call('DEL', KEYS[1]) return '0' end
if tonumber(known[1]) < 1 then return tostring(ends_at - now) end
redis.call('HINCRBY', KEYS[1], 'left', -1)
return '0'
"""

_LEFT = "X-Rate-Limit-Requests-Left"
_RESET_MS = "X-Rate-Limit-Time-Reset-Ms"
_RETRY_AFTER_S = "X-Retry-After"
_LONGEST_S = 3600.0


class Quota:
    """One store's window. A lost Redis allows everything."""

    def __init__(self, redis: "Redis", store_hash: str, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._key = f"bigcommerce:quota:{store_hash}"
        self._clock = clock

    def take(self) -> float:
        """Take one request, or say in how many seconds the next window begins (0: taken)."""
        try:
            return float(self._redis.eval(_TAKE, 1, self._key, f"{self._clock():.3f}"))
        except RedisError:
            return 0.0

    def learn(self, headers: Mapping[str, str]) -> None:
        """Replace what we believe by what BigCommerce has just said; nothing where it says nothing."""
        left, reset_s = _number(headers.get(_LEFT)), reset_after_s(headers)
        if left is None or reset_s is None:
            return
        known = ["left", str(int(left)), "ends_at", f"{self._clock() + reset_s:.3f}"]
        try:
            with self._redis.pipeline() as pipeline:
                pipeline.hset(self._key, items=known)
                pipeline.expire(self._key, int(reset_s) + 1)
                pipeline.execute()
        except RedisError:
            return


def reset_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until the store may be asked again: the longer of both headers, None without any."""
    reset_ms, retry_s = _number(headers.get(_RESET_MS)), _number(headers.get(_RETRY_AFTER_S))
    told = [one for one in (None if reset_ms is None else reset_ms / 1000, retry_s) if one is not None]
    return min(max(told), _LONGEST_S) if told else None


def _number(text: str | None) -> float | None:
    """A header's number, at least 0; None where it is absent or nonsense."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None
