"""After a clock that was ahead has been set back, moments stand in the database that are further ahead
than anything is ever planned: a shop would be left alone for as long as the clock was wrong."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.models import BulkWriteRow, FeedRow, HoldCheckRow, Order, SellingCheckRow, Shop, StockItem
from app.db.shops import LEASE

# The longest that a platform's wish for patience is granted, and that a check is planned ahead; and by
# how much a clock may go back without anything but that being late.
_LONGEST_WAIT = timedelta(hours=1)
_LONGEST_PAUSE = timedelta(hours=1)
_SLACK = timedelta(minutes=5)

_OF_SHOPS = (Shop.poll_due_at, Shop.inbound_at)
_OF_ROWS = (
    StockItem.stock_due_at,
    StockItem.settle_again_at,
    Order.write_due_at,
    BulkWriteRow.due_at,
    HoldCheckRow.due_at,
    SellingCheckRow.due_at,
    FeedRow.due_at,
)


def bring_forward(session: Session, *, now: datetime) -> Sequence[int]:
    """Shorten what is too far ahead, and where the hourly check is, look at everything of the shop now:
    looking early does no harm. Returns the ids of those shops; none, mostly.

    A lease is not ended: whoever has it may be at work, and renews it by the clock as it is now.
    """
    _shorten(session, Shop.lease_until, LEASE, slack=LEASE, now=now)
    _shorten(session, Shop.wait_until, _LONGEST_WAIT, slack=_SLACK, now=now)
    ahead = sa.select(Shop.id).where(Shop.hourly_check_at > now + _LONGEST_PAUSE + _SLACK)
    shop_ids = session.scalars(ahead).all()
    if shop_ids:
        for moment in _OF_ROWS:
            _make_due(session, moment, moment.class_.shop_id.in_(shop_ids), now=now)
        for moment in _OF_SHOPS:
            _make_due(session, moment, Shop.id.in_(shop_ids), now=now)
        _make_due(session, Shop.hourly_check_at, Shop.id.in_(shop_ids), now=now)
    return shop_ids


def _shorten(
    session: Session,
    moment: InstrumentedAttribute[datetime | None],
    longest: timedelta,
    *,
    slack: timedelta,
    now: datetime,
) -> None:
    too_far = moment > now + longest + slack
    session.execute(sa.update(moment.class_).where(too_far).values({moment: now + longest}))


def _make_due(
    session: Session,
    moment: "InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]",
    mine: sa.ColumnElement[bool],
    *,
    now: datetime,
) -> None:
    session.execute(sa.update(moment.class_).where(mine, moment > now).values({moment: now}))
