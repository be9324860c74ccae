"""The hourly check: what no webhook told. Webhooks may be lost, and days pass without one."""

from datetime import timedelta

from app.db import inbox, mirror, shops
from app.pipeline.desk import Desk
from app.pipeline.reading import read_changed_orders

_EVERY = timedelta(hours=1)
_DELIVERIES_KEPT = timedelta(days=30)
_FINISHED_ORDERS_KEPT = timedelta(days=60)


def reconcile(desk: Desk) -> bool:
    """Once an hour: read the orders that changed, look again at every item that open orders name, and
    forget what nobody needs any more. Returns whether it was time."""
    with desk.transaction() as session:
        if shops.get_shop(session, desk.shop_id).reconcile_at > desk.clock():
            return False
    read_changed_orders(desk, cause="hourly check")
    with desk.transaction() as session:
        now = desk.clock()
        mirror.look_at_waiting_items(session, desk.shop_id, now=now)
        inbox.forget_deliveries(session, desk.shop_id, before=now - _DELIVERIES_KEPT)
        mirror.forget_finished_orders(session, desk.shop_id, before=now - _FINISHED_ORDERS_KEPT)
        shops.get_shop(session, desk.shop_id).reconcile_at = now + _EVERY
    return True
