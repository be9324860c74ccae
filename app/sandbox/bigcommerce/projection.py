"""What inventory reads show: the truth of some time ago.

The inventory API answers from a projection that follows writes and orders by up to a minute; orders are
shown as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.sandbox.bigcommerce.records import Level


@dataclass(frozen=True)
class Figures:
    """A level as it is shown."""

    on_hand: int = 0
    backordered: int = 0
    safety_stock: int = 0
    backorder_limit: int | None = None


@dataclass
class Projection:
    """The figures of every level with the moment from which they are shown."""

    clock: Callable[[], datetime]
    delay_s: float = 0
    _coming: dict[tuple[int, int], list[tuple[datetime, Figures]]] = field(default_factory=dict)

    def follow(self, level: Level) -> None:
        """Take over what a level has become; what was on its way before is shown before."""
        figures = Figures(level.on_hand, level.backordered, level.safety_stock, level.backorder_limit)
        coming = self._coming.setdefault((level.item_id, level.location_id), [])
        if coming and coming[-1][1] == figures:
            return
        at = self.clock() + timedelta(seconds=self.delay_s)
        coming.append((max([at, *(due for due, _ in coming)]), figures))

    def shown(self, item_id: int, location_id: int) -> Figures:
        """What a read shows now."""
        coming = self._coming.get((item_id, location_id), [])
        now = self.clock()
        while len(coming) > 1 and coming[1][0] <= now:
            del coming[0]
        return coming[0][1] if coming and coming[0][0] <= now else Figures()

    def due_at(self) -> datetime | None:
        """When reads next change by themselves; None if they show the truth."""
        now = self.clock()
        return min(
            (at for coming in self._coming.values() for at, _ in coming if at > now), default=None
        )
