"""The request quota: so many in each window, shared by all apps on a store, told in every answer.

https://docs.bigcommerce.com/developer/docs/admin/getting-started/api-rate-limits
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class Quota:
    """Windows follow one another by the store's clock; the first begins with the first request."""

    clock: Callable[[], datetime]
    requests: int = 150
    window_s: float = 30
    left: int = 0
    _ends_at: datetime | None = None

    def spend(self, requests: int = 1) -> bool:
        """Count requests; False if there was no room for them."""
        now = self.clock()
        if self._ends_at is None or now >= self._ends_at:
            self._ends_at, self.left = now + timedelta(seconds=self.window_s), self.requests
        has_room = self.left >= requests
        self.left -= requests if has_room else 0
        return has_room

    def reset_s(self) -> float:
        """Until the window ends."""
        return max(0, (self._ends_at - self.clock()).total_seconds()) if self._ends_at else 0

    def headers(self) -> dict[str, str]:
        """What every answer says about it."""
        return {
            "X-Rate-Limit-Time-Window-Ms": f"{self.window_s * 1000:.0f}",
            "X-Rate-Limit-Time-Reset-Ms": f"{self.reset_s() * 1000:.0f}",
            "X-Rate-Limit-Requests-Quota": str(self.requests),
            "X-Rate-Limit-Requests-Left": str(self.left),
        }
