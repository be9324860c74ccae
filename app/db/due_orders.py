"""Orders that must be compared with what they show."""

import sqlalchemy as sa

from app.db.models import IN_BULK, NAMES, SELLS, Item, Order, OrderItemRow, Variant


def is_settled() -> sa.ColumnElement[bool]:
    """The condition on `Order` that none of its items must still be looked at: only then can it be
    judged, from all of them together."""
    unsettled = (
        sa.select(OrderItemRow.order_id)
        .join(Variant, NAMES)
        .outerjoin(Item, SELLS)
        .where(OrderItemRow.shop_id == Order.shop_id, OrderItemRow.order_id == Order.order_id)
        .where(sa.or_(Item.look_at.is_not(None), Variant.is_resolved.is_(False)))
    )
    return ~unsettled.correlate(Order).exists()


def is_ready() -> sa.ColumnElement[bool]:
    """The condition on `Order` that it can be judged, and that neither a person nor a write of many
    orders holds it back."""
    return sa.and_(is_settled(), Order.held_at.is_(None), Order.bulk != IN_BULK)
