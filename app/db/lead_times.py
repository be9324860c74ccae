"""What a shop's received arrivals teach about its suppliers."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.lead_times import Delivery, Experience
from app.db.models import ArrivalRow

# What is older says nothing of today, and bounds what a settling item reads.
_REMEMBERED = timedelta(days=730)
_AT_MOST = 2000


def experience_of(
    session: Session, shop_id: int, *, now: datetime, local_day: Callable[[datetime], date]
) -> Experience:
    """What the deliveries of the last two years teach, the newest 2,000 of them; `local_day` is the
    day it was in the shop. An arrival whose day of receipt nobody wrote down teaches nothing."""
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.state == "received",
        ArrivalRow.received_at > now - _REMEMBERED,
        ArrivalRow.item_id.is_not(None),
    )
    rows = session.scalars(
        sa.select(ArrivalRow).where(*where).order_by(ArrivalRow.received_at.desc()).limit(_AT_MOST)
    )
    deliveries = [
        Delivery(
            row.item_id, row.supplier, row.ordered_on, row.first_expected_on, local_day(row.received_at)
        )
        for row in rows
        if row.item_id is not None and row.received_at is not None
    ]
    return Experience(deliveries, today=local_day(now))


def supplier_of(session: Session, shop_id: int, item_id: int) -> str:
    """Who delivered the item last or is about to; empty where nobody said."""
    where = (ArrivalRow.shop_id == shop_id, ArrivalRow.item_id == item_id, ArrivalRow.supplier != "")
    newest = sa.select(ArrivalRow.supplier).where(*where).order_by(ArrivalRow.id.desc()).limit(1)
    return session.scalar(newest) or ""
