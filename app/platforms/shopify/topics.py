"""Which webhook topics we want, what of them, and who reads them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.platforms.base import PrivacyKind
from app.platforms.shopify import payloads
from app.platforms.shopify.payloads import Reader

ORDER_FIELDS = (
    "id",
    "name",
    "created_at",
    "updated_at",
    "processed_at",
    "cancelled_at",
    "tags",
    "note",
    "line_items.id",
    "line_items.title",
    "line_items.quantity",
    "line_items.price",
    "line_items.variant_id",
    "line_items.variant_title",
    "line_items.sku",
    "line_items.current_quantity",
    "line_items.fulfillable_quantity",
    "line_items.selling_plan_id",
    "fulfillments.status",
    "fulfillments.line_items.id",
    "fulfillments.line_items.quantity",
    "refunds.refund_line_items.line_item_id",
    "refunds.refund_line_items.quantity",
    "refunds.refund_line_items.restock_type",
)
PRODUCT_FIELDS = (
    "id",
    "title",
    "updated_at",
    "variants.id",
    "variants.title",
    "variants.sku",
    "variants.barcode",
    "variants.inventory_item_id",
    "variants.inventory_management",
)
REFUND_FIELDS = ("id", "order_id", "created_at", "processed_at")
PART_FIELDS = ("id", "order_id", "updated_at")


class Topic(NamedTuple):
    """How a topic is read and which fields of its body we ask for (none: the body is small, take all).

    `updated_at` is asked for wherever there is one: without it Shopify may take two changes for
    duplicates (shopify.dev/docs/apps/build/webhooks/customize/modify-payloads).
    """

    read: Reader
    fields: tuple[str, ...] = ()
    is_subscribed: bool = True
    optional_scope: str | None = None

    def is_wanted(self, scopes: Sequence[str]) -> bool:
        """Whether we subscribe it with these scopes. A refused subscription would ask the merchant for
        a scope that a shop can do without."""
        return self.is_subscribed and (self.optional_scope is None or self.optional_scope in scopes)


def _compliance(kind: PrivacyKind) -> Topic:
    """Compliance topics are set in the app's configuration, not by the API."""
    return Topic(payloads.read_privacy(kind), is_subscribed=False)


def _inbound(resource: str, *actions: str) -> dict[str, Topic]:
    topic = Topic(payloads.read_inbound, optional_scope=f"read_{resource}")
    return {f"{resource}/{action}": topic for action in actions}


# What comes in is told by stock that rises: inventory_shipments/receive_items takes a scope of its own,
# read_inventory_shipments_received_items, and tells no more.
_INBOUND = _inbound(
    "inventory_shipments",
    "add_items",
    "create",
    "delete",
    "mark_in_transit",
    "remove_items",
    "update_item_quantities",
    "update_tracking",
) | _inbound(
    "inventory_transfers",
    "add_items",
    "cancel",
    "complete",
    "ready_to_ship",
    "remove_items",
    "update_item_quantities",
    "updated",
)

TOPICS: Mapping[str, Topic] = _INBOUND | {
    "orders/create": Topic(payloads.read_order, ORDER_FIELDS),
    "orders/updated": Topic(payloads.read_order, ORDER_FIELDS),
    "orders/cancelled": Topic(payloads.read_order, ORDER_FIELDS),
    "orders/fulfilled": Topic(payloads.read_order, ORDER_FIELDS),
    "orders/partially_fulfilled": Topic(payloads.read_order, ORDER_FIELDS),
    "orders/edited": Topic(payloads.read_edit),
    "orders/delete": Topic(payloads.read_order_gone),
    "refunds/create": Topic(payloads.read_part_of_order, REFUND_FIELDS),
    "fulfillments/create": Topic(payloads.read_part_of_order, PART_FIELDS),
    "fulfillments/update": Topic(payloads.read_part_of_order, PART_FIELDS),
    "inventory_levels/update": Topic(payloads.read_level),
    "inventory_levels/connect": Topic(payloads.read_level),
    "inventory_levels/disconnect": Topic(payloads.read_level),
    "inventory_items/update": Topic(payloads.read_item, ("id", "updated_at")),
    "inventory_items/delete": Topic(payloads.read_item),
    "products/update": Topic(payloads.read_product, PRODUCT_FIELDS),
    "fulfillment_orders/order_routing_complete": Topic(payloads.read_routing),
    "fulfillment_orders/moved": Topic(payloads.read_move),
    "fulfillment_orders/split": Topic(payloads.read_routing),
    "fulfillment_orders/merged": Topic(payloads.read_routing),
    "fulfillment_orders/cancelled": Topic(payloads.read_routing),
    "fulfillment_orders/rescheduled": Topic(payloads.read_routing),
    "fulfillment_orders/placed_on_hold": Topic(payloads.read_hold),
    "fulfillment_orders/hold_released": Topic(payloads.read_hold),
    "fulfillment_orders/scheduled_fulfillment_order_ready": Topic(payloads.read_routing),
    "fulfillment_orders/fulfillment_service_failed_to_complete": Topic(payloads.read_routing),
    "locations/deactivate": Topic(payloads.read_location_gone, ("id", "updated_at")),
    "locations/delete": Topic(payloads.read_location_gone),
    "app/uninstalled": Topic(payloads.read_shop_gone, ("id", "myshopify_domain", "updated_at")),
    "app/scopes_update": Topic(payloads.read_scopes),
    "customers/data_request": _compliance(PrivacyKind.DATA_REQUEST),
    "customers/redact": _compliance(PrivacyKind.REDACT_CUSTOMER),
    "shop/redact": _compliance(PrivacyKind.REDACT_SHOP),
}


def enum_name(topic: str) -> str:
    """The topic's name in GraphQL's WebhookSubscriptionTopic."""
    return topic.replace("/", "_").upper()
