"""What a person decides about one order. Each leaves an event with who it was."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.db.audit import record_event
from app.db.due_items import items_of_orders, look_at_orders
from app.db.models import Order


def find_order(session: Session, shop_id: int, order_id: int) -> Order | None:
    """The order, to decide about."""
    return session.get(Order, (shop_id, order_id))


def rank_order(session: Session, order: Order, priority: int, *, by: str, now: datetime) -> None:
    """Give the order another priority, which no rule changes any more. Its items are settled again,
    since that moves the queue."""
    if priority == order.priority:
        return
    before, order.priority, order.is_ranked_by_hand = order.priority, priority, True
    cause = f"priority set by {by}"
    look_at_orders(session, order.shop_id, [order.order_id], now=now, cause=cause)
    _record(session, order, "priority", str(before), str(priority), by=by, now=now)


def hold_order(session: Session, order: Order, *, by: str, now: datetime) -> None:
    """Write nothing on the order until it is let go."""
    if order.held_at is None:
        order.held_at = now
        _record(session, order, "held back", "", "nothing is written", by=by, now=now)


def let_go(session: Session, order: Order, *, by: str, now: datetime) -> None:
    """Write on the order again whatever it should show."""
    if order.held_at is not None:
        order.held_at, order.write_due_at = None, now
        _record(session, order, "let go", "nothing is written", "", by=by, now=now)


def retry_order(session: Session, order: Order, *, by: str, now: datetime) -> None:
    """Compare the order with what it shows now, after a look at the stock of its items, whatever made
    that wait."""
    order.write_due_at, order.attempts = now, 0
    for item in items_of_orders(session, order.shop_id, [order.order_id])[order.order_id]:
        item.stock_due_at, item.cause = now, f"retry asked for by {by}"
    _record(session, order, "retry", order.problem or "", "", by=by, now=now)


def _record(
    session: Session, order: Order, kind: str, before: str, after: str, *, by: str, now: datetime
) -> None:
    record_event(
        session,
        order.shop_id,
        kind,
        at=now,
        order_id=order.order_id,
        before=before,
        after=after,
        why=f"decided by {by}",
    )
