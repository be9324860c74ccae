"""Who waits longest for an item."""

from itertools import accumulate

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Order, PromiseRow


def served_by(
    session: Session, shop_id: int, item_id: int, location_id: int, *, units: int, most: int
) -> list[int]:
    """The orders, longest waiting first, that so many units more of the item at a location would leave
    short of nothing; none of them if there may be more than `most`."""
    statement = (
        sa.select(PromiseRow.order_id, PromiseRow.short, Order.short)
        .join(
            Order,
            sa.and_(Order.shop_id == PromiseRow.shop_id, Order.order_id == PromiseRow.order_id),
        )
        .where(
            PromiseRow.shop_id == shop_id,
            PromiseRow.item_id == item_id,
            PromiseRow.location_id == location_id,
            PromiseRow.short > 0,
            Order.waits_as != "",
        )
        .order_by(Order.priority.desc(), Order.placed_at, Order.order_id)
        .limit(most + 1)
    )
    rows = session.execute(statement).all()
    taken = accumulate(here for _, here, _ in rows)
    served = [row for row, sum_ in zip(rows, taken, strict=True) if sum_ <= units]
    if len(served) > most:
        return []
    return [order_id for order_id, here, whole in served if here == whole]


def count_waiting_longer(session: Session, row: PromiseRow) -> int:
    """How many orders that come before this line's order still wait for the item at its location."""
    order = session.get_one(Order, (row.shop_id, row.order_id))
    statement = (
        sa.select(sa.func.count())
        .select_from(PromiseRow)
        .join(
            Order,
            sa.and_(Order.shop_id == PromiseRow.shop_id, Order.order_id == PromiseRow.order_id),
        )
        .where(
            PromiseRow.shop_id == row.shop_id,
            PromiseRow.item_id == row.item_id,
            PromiseRow.location_id == row.location_id,
            PromiseRow.short > 0,
            is_before(order),
        )
    )
    return session.scalar(statement) or 0


def is_before(order: Order) -> sa.ColumnElement[bool]:
    """Whether another order is served before this one by priority and age."""
    return sa.or_(
        Order.priority > order.priority,
        sa.and_(
            Order.priority == order.priority,
            sa.tuple_(Order.placed_at, Order.order_id)
            < sa.tuple_(sa.literal(order.placed_at), sa.literal(order.order_id)),
        ),
    )
