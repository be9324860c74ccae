"""What a shop's arrivals, received and overdue, teach about its suppliers."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.lead_times import Delivery, Experience
from app.core.states import ArrivalSource, ArrivalState
from app.db.due_items import ask_for_look, lock_item
from app.db.models import ArrivalRow, Shop, StockItem

# What is older says nothing of today, and bounds what a settling item reads.
_REMEMBERED = timedelta(days=730)
_AT_MOST = 2000
# What is longer overdue was lost, or nobody closed it.
_FORGOTTEN = timedelta(days=180)


def experience_of(
    session: Session, shop_id: int, *, now: datetime, local_day: Callable[[datetime], date]
) -> Experience:
    """What the deliveries of the last two years teach, the newest 2,000 of them, and those that are open
    still; `local_day` is the day it was in the shop. An arrival whose day of receipt nobody wrote down
    teaches nothing."""
    today = local_day(now)
    received = (ArrivalRow.state == ArrivalState.RECEIVED, ArrivalRow.received_at > now - _REMEMBERED)
    is_open = (
        ArrivalRow.state == ArrivalState.EXPECTED,
        ArrivalRow.first_expected_on > today - _FORGOTTEN,
    )
    is_ordered = (
        ArrivalRow.source == ArrivalSource.ORDER,
        ArrivalRow.state == ArrivalState.UNDATED,
        ArrivalRow.ordered_on > today - _FORGOTTEN,
    )
    deliveries = [
        Delivery(
            row.item_id or 0,
            row.supplier,
            row.ordered_on,
            None if row.source == ArrivalSource.ORDER else row.first_expected_on,
            None
            if row.state != ArrivalState.RECEIVED or row.received_at is None
            else local_day(row.received_at),
        )
        for row in [
            *_newest(session, shop_id, *received, by=ArrivalRow.received_at),
            *_newest(session, shop_id, *is_open, by=ArrivalRow.first_expected_on),
            *_newest(session, shop_id, *is_ordered, by=ArrivalRow.ordered_on),
        ]
    ]
    return Experience(deliveries, today=today)


def _newest(
    session: Session, shop_id: int, *where: sa.ColumnElement[bool], by: InstrumentedAttribute[Any]
) -> Sequence[ArrivalRow]:
    known = (ArrivalRow.shop_id == shop_id, ArrivalRow.item_id.is_not(None), *where)
    return session.scalars(
        sa.select(ArrivalRow).where(*known).order_by(by.desc(), ArrivalRow.id).limit(_AT_MOST)
    ).all()


def supplier_of(session: Session, shop_id: int, item_id: int) -> str:
    """Who delivered the item last or is about to; empty where nobody said."""
    where = (ArrivalRow.shop_id == shop_id, ArrivalRow.item_id == item_id, ArrivalRow.supplier != "")
    newest = sa.select(ArrivalRow.supplier).where(*where).order_by(ArrivalRow.id.desc()).limit(1)
    return session.scalar(newest) or ""


def set_lead_time(session: Session, item: StockItem, days: int | None, *, now: datetime) -> None:
    """The item's own lead time in calendar days; its promises are made anew."""
    item = lock_item(session, item.shop_id, item.item_id)
    item.lead_time_days = days
    ask_for_look(item, at=now, cause="lead time set")


def set_shop_lead_time(session: Session, shop: Shop, days: int | None, *, now: datetime) -> None:
    """The lead time of every item that has none of its own."""
    shop.lead_time_days = days
    where = (StockItem.shop_id == shop.id, StockItem.has_queue)
    for item in session.scalars(sa.select(StockItem).where(*where).with_for_update()):
        ask_for_look(item, at=now, cause="lead time set")
