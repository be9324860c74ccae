"""The cost budget of one shop, shared by all workers.

Shopify gives every app a bucket of points per shop that refills at a steady rate, and says its level
in each answer: shopify.dev/docs/api/usage/limits. The copy in Redis only spares us refusals: where
it is missing, everything is allowed and Shopify itself refuses.
"""

from collections.abc import Callable

import msgspec
from redis import Redis
from redis.exceptions import RedisError

FORGOTTEN_AFTER_S = 3600

# A request dearer than the bucket would never fit, so it waits for a full one.
_RESERVE = """
local known = redis.call('HMGET', KEYS[1], 'available', 'maximum', 'restore_rate', 'at')
if not known[1] then return '0' end
local maximum, rate = tonumber(known[2]), tonumber(known[3])
local cost = math.min(tonumber(ARGV[1]), maximum)
local now = math.max(tonumber(ARGV[2]), tonumber(known[4]))
local available = math.min(maximum, tonumber(known[1]) + (now - tonumber(known[4])) * rate)
if available < cost then return tostring((cost - available) / rate) end
redis.call('HSET', KEYS[1], 'available', tostring(available - cost), 'at', string.format('%.6f', now))
return '0'
"""


class ThrottleStatus(msgspec.Struct, frozen=True, rename="camel"):
    """The bucket as Shopify reports it: points, and points a second."""

    maximum_available: float
    currently_available: float
    restore_rate: float


class Budget:
    """One shop's points. A lost Redis allows everything."""

    def __init__(self, redis: "Redis", shop_domain: str, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._key = f"shopify:budget:{shop_domain}"
        self._clock = clock

    def reserve(self, cost: int) -> float:
        """Take `cost` points, or say in how many seconds they will be there (0: taken)."""
        try:
            wait_s = self._redis.eval(_RESERVE, 1, self._key, str(cost), f"{self._clock():.6f}")
        except RedisError:
            return 0.0
        return float(wait_s)

    def learn(self, status: ThrottleStatus) -> None:
        """Replace what we believe by what Shopify has just said."""
        if status.restore_rate <= 0:
            return
        known = ["available", str(status.currently_available), "maximum", str(status.maximum_available)]
        known += ["restore_rate", str(status.restore_rate), "at", f"{self._clock():.6f}"]
        try:
            with self._redis.pipeline() as pipeline:
                pipeline.hset(self._key, items=known)
                pipeline.expire(self._key, FORGOTTEN_AFTER_S)
                pipeline.execute()
        except RedisError:
            return
