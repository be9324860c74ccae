"""Which access scope opens what: any one of those named is enough.

https://shopify.dev/docs/api/usage/access-scopes, per type and field as published for 2026-10.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

FULFILLMENT_READ = (
    "read_assigned_fulfillment_orders",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "read_marketplace_fulfillment_orders",
)
FULFILLMENT_WRITE = ("write_merchant_managed_fulfillment_orders", "write_third_party_fulfillment_orders")

# Ours are all shipped by the merchant: apps with another scope alone see none of them.
OWN_FULFILLMENT_READ = "read_merchant_managed_fulfillment_orders"

ORDERS = ("read_orders", "read_marketplace_orders", "read_quick_sale")

OLD_ORDERS = "read_all_orders"
OLD_AFTER = timedelta(days=60)

TYPES: Mapping[str, tuple[str, ...]] = {
    "Order": ORDERS,
    "LineItem": ("read_orders", "read_marketplace_orders"),
    "FulfillmentOrder": FULFILLMENT_READ,
    "FulfillmentOrderLineItem": FULFILLMENT_READ[:3],
    "FulfillmentHold": FULFILLMENT_READ,
    "FulfillmentOrderLocationForMove": FULFILLMENT_READ[:3],
    "InventoryItem": ("read_inventory", "read_products"),
    "InventoryLevel": ("read_inventory",),
    "InventoryShipment": ("read_inventory_shipments",),
    "InventoryShipmentLineItem": ("read_inventory_shipments",),
    "InventoryTransfer": ("read_inventory_transfers",),
    "InventoryTransferLineItem": ("read_inventory_transfers",),
    "InventoryPurchaseOrder": ("read_inventory_purchase_orders",),
    "InventoryPurchaseOrderLineItem": ("read_inventory_purchase_orders",),
    "DraftOrder": ("read_draft_orders",),
    "DraftOrderLineItem": ("read_draft_orders",),
    "Location": ("read_locations", "read_inventory", "read_markets_home"),
    "Product": ("read_products",),
    "ProductVariant": ("read_products",),
    "SellingPlan": ("read_products",),
    "ShopLocale": ("read_locales", "read_markets_home"),
}

FIELDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("FulfillmentHold", "heldByApp"): ("read_apps",),
    ("Location", "name"): ("read_locations", "read_markets_home"),
    ("Location", "isActive"): ("read_locations",),
    ("Location", "createdAt"): ("read_locations",),
    ("Location", "updatedAt"): ("read_locations",),
    ("Location", "deactivatedAt"): ("read_locations",),
    ("Location", "fulfillsOnlineOrders"): ("read_locations",),
    ("Location", "shipsInventory"): ("read_locations",),
    ("QueryRoot", "ordersCount"): ("read_orders", "read_marketplace_orders"),
    ("Mutation", "orderUpdate"): ("write_orders",),
    ("Mutation", "fulfillmentOrderHold"): FULFILLMENT_WRITE,
    ("Mutation", "fulfillmentOrderReleaseHold"): FULFILLMENT_WRITE,
    ("Mutation", "fulfillmentOrderMove"): FULFILLMENT_WRITE,
    ("Mutation", "refundCreate"): ("write_orders",),
    ("Mutation", "productVariantsBulkUpdate"): ("write_products",),
}

# What may be tagged or given metafields, and the scope that takes.
OWNER_WRITE: Mapping[str, str] = {
    "Order": "write_orders",
    "ProductVariant": "write_products",
    "Product": "write_products",
    "Location": "write_locations",
    "Shop": "",
    "AppInstallation": "",
}

# The first word of a webhook topic, and the scope without which it can't be subscribed to.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "orders": ORDERS,
    "refunds": ORDERS,
    "draft_orders": ("read_draft_orders",),
    "fulfillments": ("read_fulfillments", *ORDERS),
    "fulfillment_orders": FULFILLMENT_READ,
    "fulfillment_holds": FULFILLMENT_READ,
    "inventory_levels": ("read_inventory",),
    "inventory_items": ("read_inventory", "read_products"),
    "inventory_shipments": ("read_inventory_shipments",),
    "inventory_transfers": ("read_inventory_transfers",),
    "products": ("read_products",),
    "locations": ("read_locations",),
}


def is_open(granted: Collection[str], wanted: Collection[str]) -> bool:
    """Whether the granted scopes include one of those wanted. A write scope includes its read scope."""
    if not wanted:
        return True
    return any(scope in granted or scope.replace("read_", "write_", 1) in granted for scope in wanted)


def words(wanted: Collection[str]) -> str:
    """The scopes as Shopify names them in a refusal."""
    return " or ".join(f"`{scope}`" for scope in wanted) + " access scope."
