"""A Redis in which what is kept for a while is kept by a test's clock, not by that of the machine."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from redis import Redis


class TimedRedis(Redis):
    """The same server as another client's. A value that was set for so many seconds is gone when so many
    have passed on the clock: what a play comes to must not depend on how long it takes."""

    def __init__(
        self, redis: Redis, clock: Callable[[], datetime], ends: dict[object, datetime] | None = None
    ) -> None:
        super().__init__(connection_pool=redis.connection_pool)
        self._clock = clock
        self.ends = ends or {}

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """See `Redis`; of the ways to say how long, `SET … EX` alone is known."""
        self._forget_what_has_ended()
        if args[0] == "TTL" and args[1] in self.ends:
            return round((self.ends[args[1]] - self._clock()).total_seconds())
        if args[0] != "SET" or "EX" not in args:
            return super().execute_command(*args, **options)
        at = args.index("EX")
        done = super().execute_command(*args[:at], *args[at + 2 :], **options)
        if done:
            self.ends[args[1]] = self._clock() + timedelta(seconds=args[at + 1])
        return done

    def _forget_what_has_ended(self) -> None:
        now = self._clock()
        ended = [key for key, end in self.ends.items() if end <= now]
        for key in ended:
            del self.ends[key]
        if ended:
            super().execute_command("DEL", *ended)
