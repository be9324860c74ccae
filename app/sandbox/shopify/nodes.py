"""Finding records: by global id, and which of them this app may see at all."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.sandbox.shopify import access
from app.sandbox.shopify.call import GID, Call, read_gid
from app.sandbox.shopify.records import FulfillmentOrder, Level, Order


def is_readable(call: Call, order: Order) -> bool:
    """Orders older than 60 days take a scope of their own."""
    has_all = access.is_open(call.shop.scopes, [access.OLD_ORDERS])
    return has_all or order.created_at >= call.shop.clock() - access.OLD_AFTER


def readable_orders(call: Call) -> list[Order]:
    """The orders this app may read."""
    return [order for order in call.books.orders.values() if is_readable(call, order)]


def sees_fulfillment_orders(call: Call) -> bool:
    """Without the scope of those who ship, Shopify leaves the fulfillment orders out, silently."""
    return access.is_open(call.shop.scopes, [access.OWN_FULFILLMENT_READ])


def visible_fulfillment_orders(call: Call) -> Iterable[FulfillmentOrder]:
    """All fulfillment orders this app may see."""
    return call.books.fulfillment_orders.values() if sees_fulfillment_orders(call) else ()


STORES: Mapping[str, Callable[[Call], Mapping[int, Any]]] = {
    "Order": lambda call: call.books.orders,
    "FulfillmentOrder": lambda call: (
        call.books.fulfillment_orders if sees_fulfillment_orders(call) else {}
    ),
    "InventoryItem": lambda call: call.books.items,
    "ProductVariant": lambda call: call.books.variants,
    "Product": lambda call: call.books.products,
    "Location": lambda call: call.books.locations,
    "DraftOrder": lambda call: call.books.drafts,
    "SellingPlan": lambda call: call.books.selling_plans,
    "InventoryTransfer": lambda call: call.books.transfers,
    "InventoryPurchaseOrder": lambda call: call.books.purchase_orders,
    "InventoryShipment": lambda call: call.books.shipments,
    "WebhookSubscription": lambda call: call.shop.webhooks.subscriptions,
    "BulkOperation": lambda call: call.shop.bulk_operations,
}


def find_node(call: Call, text: str) -> Any:
    """The record of a global id, None if there is none; its type's access scope is needed."""
    kind, number = read_gid(text)
    call.demand(access.TYPES.get(kind, ()), what="node")
    if kind == "InventoryLevel":
        return find_level(call, text)
    if kind == "Shop":
        return call.shop if number == call.books.shop_id else None
    if kind == "LineItem":
        return call.books.find_line(number)
    return find_one(call, kind, number) if kind in STORES else None


def find_one(call: Call, kind: str, number: int) -> Any:
    """The record of that type and number, if this app may see it."""
    found = STORES[kind](call).get(number)
    return None if isinstance(found, Order) and not is_readable(call, found) else found


def find_level(call: Call, text: str) -> Level | None:
    """The inventory level of a gid that names both location and item."""
    match = GID.fullmatch(text)
    if not match or not match[3]:
        return None
    levels = call.books.levels_of(int(match[3]))
    number = int(match[2])
    return next(
        (one for one in levels if call.books.locations[one.location_id].level_number == number), None
    )
