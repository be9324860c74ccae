"""Orders that wait for nothing any more, and are dropped."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import LineItemRow, Order, ShownRow
from app.db.statements import Given, Rows, affected_rows


def erase_finished_orders(session: Session, shop_id: int, order_ids: Collection[int]) -> int:
    """Drop our copies of these orders, except those that still wait for stock: without them the books
    would not balance, and they hold no word of the buyer."""
    return _erase(session, shop_id, Order.order_id.in_(order_ids))


def old_finished_orders(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """The orders that nothing is outstanding of, that show nothing of ours and rest since `before`."""
    return _finished(shop_id, ~_is_shown(shop_id), before)


def old_shown_orders(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """Likewise orders that were released so long ago that what they show is their own affair now."""
    return _finished(shop_id, _is_shown(shop_id), before)


def _is_shown(shop_id: Given[int]) -> sa.ColumnElement[bool]:
    return sa.exists().where(ShownRow.shop_id == shop_id, ShownRow.order_id == Order.order_id)


def _finished(shop_id: Given[int], which: sa.ColumnElement[bool], before: Given[datetime]) -> Rows:
    rests = (Order.updated_at < before, Order.write_due_at.is_(None), which)
    return Rows(Order, Order.order_id, (Order.shop_id == shop_id, _is_finished(shop_id), *rests))


def _erase(session: Session, shop_id: int, which: sa.ColumnElement[bool]) -> int:
    where = (Order.shop_id == shop_id, _is_finished(shop_id), which)
    return affected_rows(session, sa.delete(Order).where(*where))


def _is_finished(shop_id: Given[int]) -> sa.ColumnElement[bool]:
    mine = (LineItemRow.shop_id == shop_id, LineItemRow.order_id == Order.order_id)
    waiting = sa.exists().where(*mine, LineItemRow.outstanding > 0)
    # An order of which no item is known has only been heard of: it must be read first.
    known = sa.or_(sa.exists().where(*mine), Order.is_stale.is_(False))
    return sa.or_(Order.is_cancelled, sa.and_(known, ~waiting))
