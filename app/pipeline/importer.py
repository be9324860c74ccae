"""The open orders a shop has when it connects, page by page; an interrupted import goes on where it
was."""

from app.core.states import ImportState
from app.db import orders, shops
from app.errors import TryLater
from app.pipeline.context import ShopContext


def import_step(context: ShopContext) -> bool:
    """Take in the next page. Returns whether an import is running. Raises `TryLater` while the
    platform is still preparing it."""
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        if shop.import_state != ImportState.RUNNING:
            return False
        cursor = shop.import_cursor
    page = context.platform.fetch_open_orders(cursor)
    with context.transaction() as session:
        now = context.clock()
        orders.upsert_orders(
            session, context.shop_id, page.orders, now=now, cause="import of open orders", is_read=True
        )
        shop = shops.get_shop(session, context.shop_id)
        shop.import_cursor, shop.import_total = page.cursor, page.total
        shop.import_done += len(page.orders)
        if page.cursor is None:
            shop.import_state = ImportState.DONE
    if page.cursor is not None and not page.orders and page.retry_after_s:
        message = "The platform is still preparing the list of open orders"
        raise TryLater(message, after_s=page.retry_after_s)
    return True
