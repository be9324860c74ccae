"""Short ways to fill the mirror."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.books import stock_position
from app.core.model import Basis, Promise
from app.db import due_orders, orders, promises, variants
from app.db.models import LineItemRow, Order, PromiseRow, Shop, StockItem
from app.db.stock import record_stock as db_record_stock
from app.platforms.base import ItemStock, OrderSeen, VariantSeen
from tests.builders import ITEM, LOCATION, NOW, line, seconds

VARIANT = 21


def known_item(
    session: Session,
    shop: Shop,
    *,
    item: int = ITEM,
    variant: int = VARIANT,
    headroom: int | None = 5,
    has_queue: bool = False,
) -> StockItem:
    """An item that a variant sells, settled."""
    told = VariantSeen(variant, item, "Blue Mug", "MUG-BLUE")
    variants.upsert_variants(session, shop.id, [told], now=NOW, only_known=False)
    row = session.get_one(StockItem, (shop.id, item))
    row.stock_due_at, row.headroom, row.has_queue = None, headroom, has_queue
    session.flush()
    return row


def record_stock(
    session: Session, shop_id: int, stock: ItemStock, drift: Mapping[int, int], *, at: float = 0
) -> None:
    """Record pools that no line of ours lies in, so many seconds after now; `drift` by location."""
    positions = {
        pool.location_id: stock_position((), available=pool.available, committed=pool.committed)
        for pool in stock.pools
    }
    db_record_stock(session, shop_id, stock, positions, drift, now=seconds(at))


def see(
    session: Session, shop: Shop, *copies: OrderSeen, at: float = 0, is_read: bool = False
) -> set[int]:
    """Take copies so many seconds after now."""
    seen = orders.upsert_orders(
        session, shop.id, copies, now=seconds(at), cause="a test", is_read=is_read
    )
    session.flush()
    return seen


def order(session: Session, shop: Shop, order_id: int = 1) -> Order:
    """Our copy of an order as the database has it."""
    session.flush()
    session.expire_all()
    return session.get_one(Order, (shop.id, order_id))


def units(session: Session, shop: Shop, order_id: int = 1) -> list[int]:
    """The outstanding units of its line items."""
    where = (LineItemRow.shop_id == shop.id, LineItemRow.order_id == order_id)
    statement = sa.select(LineItemRow.outstanding).where(*where).order_by(LineItemRow.line_id)
    return list(session.scalars(statement))


def item(session: Session, shop: Shop, item_id: int = ITEM) -> StockItem:
    """An item as the database has it."""
    session.flush()
    session.expire_all()
    return session.get_one(StockItem, (shop.id, item_id))


def say_short(
    session: Session,
    shop: Shop,
    *made: tuple[int, int],
    item: int = ITEM,
    at: float = 0,
    location: int = LOCATION,
) -> None:
    """Say that so many units of these orders are short, dates unknown, and all others covered."""
    said = [
        (
            Promise(
                line(9, order=order_id, at=location)._replace(item_id=item), short, None, Basis.UNKNOWN
            ),
            "words",
        )
        for order_id, short in made
    ]
    promises.record_promises(session, shop.id, item, said, now=seconds(at), cause="a test")
    session.flush()
    session.expire_all()


def promised(session: Session, shop: Shop) -> dict[int, int]:
    """How many units of each order are said to be short."""
    session.flush()
    rows = session.scalars(sa.select(PromiseRow).where(PromiseRow.shop_id == shop.id))
    return {row.order_id: row.short for row in rows}


def to_judge(session: Session, shop: Shop, *, at: float = 0) -> list[int]:
    """Ids of the orders that would be judged, in turn."""
    session.flush()
    return [
        due.order_id for due in due_orders.orders_to_judge(session, shop.id, now=seconds(at), limit=99)
    ]


def judged_at(session: Session, shop: Shop) -> dict[int, float | None]:
    """By order, how many seconds after now it is due to be judged."""
    session.flush()
    rows = session.execute(sa.select(Order.order_id, Order.write_due_at).where(Order.shop_id == shop.id))
    return {order_id: None if at is None else (at - NOW).total_seconds() for order_id, at in rows}


def all_settled(session: Session, shop: Shop, order_ids: Collection[int]) -> None:
    """Nothing is due of these orders."""
    due_orders.judge_orders(session, shop.id, order_ids, at=None)
    session.expire_all()
