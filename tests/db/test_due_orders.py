"""Which orders are due, and in which order they are told."""

from sqlalchemy.orm import Session

from app.db.due_orders import due_orders, judge_orders, orders_changing_status
from app.db.models import Shop
from tests.builders import NOW
from tests.db.waiting import placed, sells


def test_orders_are_written_in_the_order_of_the_queue(session: Session, shop: Shop) -> None:
    """By priority, then by age: not as the database happens to find them."""
    sells(session, shop)
    for order_id, priority in ((1, 0), (3, 0), (2, 0), (4, 1)):
        placed(session, shop, order_id, short=1, priority=priority)
    judge_orders(session, shop.id, [1, 2, 3, 4], at=NOW)

    changing = orders_changing_status(session, shop.id, now=NOW, limit=9)
    still_due = due_orders(session, shop.id, {1, 2, 3, 4}, now=NOW)

    assert [order.order_id for order in changing] == [4, 1, 2, 3]
    assert [order.order_id for order in still_due] == [4, 1, 2, 3]
