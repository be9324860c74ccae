"""What all webhook bodies have in common: ids, moments, a price."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.sandbox.shopify.books import Books
    from app.sandbox.shopify.records import Level

Body = dict[str, Any]
PRICE = "10.00"


def gid(kind: str, number: int) -> str:
    """Shopify's global id."""
    return f"gid://shopify/{kind}/{number}"


def level_gid(books: Books, stock_level: Level) -> str:
    """The gid of an inventory level: the number is the location's, the item stands in the query."""
    number = books.locations[stock_level.location_id].level_number
    return f"gid://shopify/InventoryLevel/{number}?inventory_item_id={stock_level.item_id}"


def stamp(at: datetime | None) -> str | None:
    """A REST timestamp."""
    return at.isoformat(timespec="seconds") if at else None
