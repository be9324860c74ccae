"""Keeps the processes of one machine running: one that ended is started again, ever later, and said."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from redis import Redis
from redis.exceptions import RedisError

from app.local import Children
from app.services import EmbeddedRedis

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
# Whoever ran for so long was well: the next start need not wait.
_WELL_S = 60.0


@dataclass
class _Patience:
    """When one process may be started again."""

    pause_s: float = _FIRST_PAUSE_S
    began_at: float = field(default_factory=time.monotonic)
    again_at: float | None = None

    def put_off(self, now: float) -> float:
        """It has ended: how long to wait, in seconds."""
        if now - self.began_at > _WELL_S:
            self.pause_s = _FIRST_PAUSE_S
        pause_s, self.pause_s = self.pause_s, min(2 * self.pause_s, _LONGEST_PAUSE_S)
        self.again_at = now + pause_s
        return pause_s


class Keeper:
    """Looks after the children of this process, and after its own Redis where there is one. `tell` gets
    a sentence for whoever watches."""

    def __init__(
        self,
        children: Children,
        client: Redis,
        tell: Callable[[str], None],
        *,
        own_redis: EmbeddedRedis | None = None,
    ) -> None:
        self._children, self._client, self._tell, self._redis = children, client, tell, own_redis
        self._patience: dict[str, _Patience] = {}
        self._has_redis = True

    def tend(self) -> None:
        """Start what has ended, if its time has come. Call it every second or so."""
        if self._redis is not None and self._redis.process_id is None:
            self._tend("redis", "Redis ended", self._redis.revive)
        for name, code in self._children.ended().items():
            what = f"The {name} process ended with {code} (see {self._children.log_of(name)})"
            self._tend(name, what, partial(self._children.start, name))
        self._listen()

    def _listen(self) -> None:
        """Say when Redis goes away, and when it is back."""
        with contextlib.suppress(RedisError):
            self._client.ping()
            if not self._has_redis:
                self._has_redis = True
                self._tell("Redis answers: work goes on.")
            return
        if self._has_redis:
            self._has_redis = False
            self._tell("Redis does not answer: webhooks are kept, and worked on once it is back.")

    def _tend(self, name: str, what: str, start: Callable[[], object]) -> None:
        now = time.monotonic()
        patience = self._patience.setdefault(name, _Patience())
        if patience.again_at is None:
            pause_s = patience.put_off(now)
            self._tell(f"{what}: it is started again in {pause_s:.0f} s.")
        elif now >= patience.again_at:
            patience.again_at, patience.began_at = None, now
            start()
