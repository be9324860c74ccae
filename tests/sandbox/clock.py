"""A clock for sandboxes."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Time stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
