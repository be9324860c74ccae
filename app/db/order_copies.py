"""Copies of many orders at once: one read and one write a table, however many they are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import LineItemRow, Order, SellingPlanRow, Variant
from app.db.statements import affected_rows, chunks, is_one_of, put_rows
from app.platforms.base import LineItem, OrderSeen, Routing


@dataclass(slots=True)
class OrderCopy:
    """What we know of an order, as far as a copy of it may change that, and its line items by their ids.

    `is_written`: it stands in the database as it is here. `has_items`: so do line items, which new ones
    replace (`has_new_items`). `routing` is what the last copy that told one said; by it the order is
    located (`is_to_be_located`) unless it changed since.
    """

    name: str
    placed_at: datetime
    updated_at: datetime
    priority: int
    is_ranked_by_hand: bool
    is_cancelled: bool
    is_gone: bool
    is_located: bool
    is_stale: bool
    first_seen_at: datetime
    seen_at: datetime
    asked_at: datetime | None
    tags: str = ""
    items: Mapping[int, LineItem] = field(default_factory=dict)
    is_written: bool = True
    has_items: bool = False
    has_new_items: bool = False
    routing: Routing | None = None
    is_to_be_located: bool = False


_COLUMNS = (
    "name",
    "placed_at",
    "updated_at",
    "priority",
    "is_ranked_by_hand",
    "is_cancelled",
    "is_gone",
    "is_located",
    "is_stale",
    "first_seen_at",
    "seen_at",
    "asked_at",
    "tags",
)
# What a copy changes; the rest is written for a new order alone.
_CHANGED = tuple(name for name in _COLUMNS if name not in ("is_ranked_by_hand", "first_seen_at"))
_ITEM_COLUMNS = (
    "line_id",
    "variant_id",
    "ordered",
    "outstanding",
    "title",
    "sku",
    "backordered",
    "unit_price",
    "selling_plan_id",
)


_LONGEST_TAGS = 4000


def kept_tags(tags: Collection[str]) -> str:
    """Tags as they are kept: in lower case, each between two line breaks, so that one is found whole."""
    kept = sorted({tag.strip().lower() for tag in tags} - {""})
    joined = "".join(f"\n{tag}" for tag in kept)[:_LONGEST_TAGS]
    return f"{joined}\n" if joined else ""


def begin(copy: OrderSeen, *, now: datetime) -> OrderCopy:
    """An order that we hear of for the first time."""
    return OrderCopy(
        name=copy.name,
        placed_at=copy.placed_at,
        updated_at=copy.updated_at,
        priority=0,
        is_ranked_by_hand=False,
        is_cancelled=copy.is_cancelled,
        is_gone=False,
        is_located=False,
        is_stale=copy.items is None,
        first_seen_at=now,
        seen_at=now,
        asked_at=None,
        is_written=False,
    )


def read(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, OrderCopy]:
    """What we know of these orders."""
    columns = [getattr(Order, name) for name in ("order_id", *_COLUMNS)]
    found: dict[int, OrderCopy] = {}
    for some in chunks(order_ids):
        where = (Order.shop_id == shop_id, is_one_of(Order.order_id, some))
        for order_id, *values in session.execute(sa.select(*columns).where(*where)):
            found[order_id] = OrderCopy(*values)
    _read_items(session, shop_id, found)
    return found


def _read_items(session: Session, shop_id: int, orders: Mapping[int, OrderCopy]) -> None:
    columns = [getattr(LineItemRow, name) for name in ("order_id", *_ITEM_COLUMNS)]
    items: dict[int, dict[int, LineItem]] = {order_id: {} for order_id in orders}
    for some in chunks(orders.keys()):
        where = (LineItemRow.shop_id == shop_id, is_one_of(LineItemRow.order_id, some))
        for order_id, *values in session.execute(sa.select(*columns).where(*where)):
            item = LineItem(*values)
            items[order_id][item.line_id] = item
    for order_id, order in orders.items():
        order.items, order.has_items = items[order_id], bool(items[order_id])


def write(session: Session, shop_id: int, orders: Mapping[int, OrderCopy]) -> None:
    """Write those that changed, their line items, and the variants that these name first."""
    rows = [
        {"shop_id": shop_id, "order_id": order_id} | {name: getattr(order, name) for name in _COLUMNS}
        for order_id, order in orders.items()
        if not order.is_written
    ]
    if not rows:
        return
    # What the session holds back would overwrite this later.
    session.flush()
    put_rows(session, Order, rows, overwrite=_CHANGED)
    renewed = {order_id: order for order_id, order in orders.items() if order.has_new_items}
    _replace_items(session, shop_id, renewed)
    _forget_loaded(session)


def _replace_items(session: Session, shop_id: int, orders: Mapping[int, OrderCopy]) -> None:
    for some in chunks([order_id for order_id, order in orders.items() if order.has_items]):
        where = (LineItemRow.shop_id == shop_id, is_one_of(LineItemRow.order_id, some))
        affected_rows(session, sa.delete(LineItemRow).where(*where))
    items = [(order_id, item) for order_id, order in orders.items() for item in order.items.values()]
    variants = [
        {"shop_id": shop_id, "variant_id": variant_id, "is_resolved": False}
        for variant_id in sorted({item.variant_id for _, item in items})
    ]
    put_rows(session, Variant, variants)
    plans = sorted({item.selling_plan_id for _, item in items if item.selling_plan_id})
    put_rows(session, SellingPlanRow, [{"shop_id": shop_id, "plan_id": one} for one in plans])
    put_rows(session, LineItemRow, [_item_row(shop_id, order_id, item) for order_id, item in items])


def _item_row(shop_id: int, order_id: int, item: LineItem) -> dict[str, Any]:
    return {"shop_id": shop_id, "order_id": order_id} | {
        name: getattr(item, name) for name in _ITEM_COLUMNS
    }


def _forget_loaded(session: Session) -> None:
    """What the session has loaded before of these tables is read anew."""
    for row in list(session.identity_map.values()):
        if isinstance(row, Order | LineItemRow):
            session.expire(row)
