"""Keep what was decided of an item that many wait for, so that no page decides it once more."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.core.decide import Decided, PoolState
from app.core.queue_view import as_lines, outside_at, sum_up
from app.core.reckoning import Key
from app.db.long_queues import Kept, keep_queues
from app.db.models import Shop, StockItem
from app.pipeline.context import zone_of

# A page works out a shorter one faster than it could tell that it is out of date.
LONG = 500


def keep_long_queue(
    session: Session,
    shop: Shop,
    item: StockItem,
    decided: Mapping[int, Sequence[Decided]],
    *,
    states: Mapping[int, PoolState],
    waiting: Mapping[Key, int],
    today: date,
    now: datetime,
) -> None:
    """Keep the queues of an item that many wait for; one that was kept once is until nobody waits."""
    if not item.has_long_queue and sum(map(len, decided.values())) + len(waiting) < LONG:
        return
    zone, kept = zone_of(shop.time_zone), {}
    for location_id, queue in decided.items():
        outside = outside_at(waiting, location_id)
        sums = sum_up(queue, states[location_id], today=today, zone=zone, outside=len(outside))
        kept[location_id] = Kept(sums, as_lines(queue), outside)
    keep_queues(session, shop.id, item.item_id, kept, now=now)
    item.has_long_queue = True


def forget_long_queue(session: Session, item: StockItem, *, now: datetime) -> None:
    """Nobody waits for the item."""
    if item.has_long_queue:
        keep_queues(session, item.shop_id, item.item_id, {}, now=now)
        item.has_long_queue = False
