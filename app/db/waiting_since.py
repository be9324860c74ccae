"""Since when a line waits, which is seldom the moment at which that was noticed."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Order, Shop
from app.db.statements import chunks

# A line that is found short so soon after its order became known has been short since the purchase;
# later, stock has run out for it meanwhile. An import takes its time.
_SOON, _SOON_IN_IMPORT = timedelta(minutes=10), timedelta(hours=2)


def began_waiting(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime
) -> dict[int, datetime]:
    """Since when lines of these orders wait that are found short now for the first time, by order: the
    purchase, or, where they had their stock until lately, now."""
    installed_at = session.scalar(sa.select(Shop.installed_at).where(Shop.id == shop_id))
    found: dict[int, datetime] = {}
    columns = sa.select(Order.order_id, Order.placed_at, Order.first_seen_at)
    for some in chunks(order_ids):
        where = (Order.shop_id == shop_id, Order.order_id.in_(some))
        for order_id, placed_at, first_seen_at in session.execute(columns.where(*where)):
            is_imported = installed_at is not None and placed_at < installed_at
            soon = _SOON_IN_IMPORT if is_imported else _SOON
            found[order_id] = placed_at if now - first_seen_at <= soon else now
    return found
