"""When the selling plans that orders name reserve stock."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import SellingPlanRow

_READ_AGAIN_AFTER = timedelta(days=1)
# One request of each platform takes so many.
_AT_ONCE = 250


def unread_plans(session: Session, shop_id: int, *, now: datetime) -> Sequence[int]:
    """Plans that nobody has asked about, or not for a day: merchants may change them."""
    is_old = sa.or_(SellingPlanRow.read_at.is_(None), SellingPlanRow.read_at < now - _READ_AGAIN_AFTER)
    return session.scalars(
        sa.select(SellingPlanRow.plan_id)
        .where(SellingPlanRow.shop_id == shop_id, is_old)
        .order_by(SellingPlanRow.plan_id)
        .limit(_AT_ONCE)
    ).all()


def keep_plans(
    session: Session,
    shop_id: int,
    asked: Sequence[int],
    told: Mapping[int, bool],
    *,
    now: datetime,
) -> None:
    """Remember what was told of the plans `asked` for. Of one that is gone what was known stays."""
    where = (SellingPlanRow.shop_id == shop_id, SellingPlanRow.plan_id.in_(asked))
    for row in session.scalars(sa.select(SellingPlanRow).where(*where)):
        row.reserves_late, row.read_at = told.get(row.plan_id, row.reserves_late), now
