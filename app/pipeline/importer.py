"""The open orders a shop has when it connects, page by page; an interrupted import goes on where it
was."""

from app.db import mirror, shops
from app.errors import TryLater
from app.pipeline.desk import Desk


def import_step(desk: Desk) -> bool:
    """Take in the next page. Returns whether an import is running. Raises `TryLater` while the
    platform is still preparing it."""
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
        if shop.import_state != "running":
            return False
        cursor = shop.import_cursor
    page = desk.platform.fetch_open_orders(cursor)
    with desk.transaction() as session:
        now = desk.clock()
        mirror.see_orders(
            session, desk.shop_id, page.orders, now=now, cause="import of open orders", is_read=True
        )
        shop = shops.get_shop(session, desk.shop_id)
        shop.import_cursor, shop.import_total = page.cursor, page.total
        shop.import_done += len(page.orders)
        if page.cursor is None:
            shop.import_state = "done"
    if page.cursor is not None and not page.orders and page.retry_after_s:
        message = "The platform is still preparing the list of open orders"
        raise TryLater(message, after_s=page.retry_after_s)
    return True
