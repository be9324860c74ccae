"""Orders to suppliers. Shopify lets apps read them; it keeps neither a day of arrival nor what came.

https://shopify.dev/docs/api/admin-graphql/2026-10/objects/InventoryPurchaseOrder
"""

from collections.abc import Mapping
from datetime import datetime

from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import Location
from app.sandbox.shopify.supply_records import PurchaseLine, PurchaseOrder


def order(
    books: Books,
    location: Location,
    quantities: Mapping[int, int],
    *,
    supplier: str,
    at: datetime | None,
) -> PurchaseOrder:
    """Goods are ordered; no webhook tells of it."""
    lines = [
        PurchaseLine(books.new_id("InventoryPurchaseOrderLineItem"), item_id, quantity)
        for item_id, quantity in quantities.items()
    ]
    made = PurchaseOrder(
        books.new_id("InventoryPurchaseOrder"),
        f"#PO{len(books.purchase_orders) + 1}",
        supplier,
        location.location_id,
        books.now(),
        at,
        lines,
    )
    books.purchase_orders[made.purchase_order_id] = made
    return made
