"""What time it is, the same on every machine: the database's time.

Leases, due rows and the age of figures are moments that one process writes and another compares with its
own. So that machines whose clocks differ, and one whose clock is set while it runs, mean the same
moment, each process hears from the database what time it is, and goes on from there by the clock of
this machine that nobody sets.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

# What an answer takes on its way, and what clocks differ by that are kept right by NTP.
_CLOSE_S = 1.0


class SharedClock:
    """The moment it is, in UTC. Until something was heard, and where there is no server, that is what
    this machine says. `wall` and `steady` count seconds: since 1970, and since whenever."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._steady = wall, steady
        self._began_s: float | None = None
        self.ahead_s = 0.0
        """By how much this machine's own clock was ahead of the database's when last heard."""

    def __call__(self) -> datetime:
        """The moment it is."""
        seconds = self._wall() if self._began_s is None else self._began_s + self._steady()
        return datetime.fromtimestamp(seconds, UTC)

    def hear(self, seconds: float) -> None:
        """The database says that it is so many seconds after 1970. Small differences are left alone, so
        that time does not go to and fro."""
        self.ahead_s = self._wall() - seconds
        began_s = seconds - self._steady()
        if self._began_s is None or abs(began_s - self._began_s) > _CLOSE_S:
            self._began_s = began_s
