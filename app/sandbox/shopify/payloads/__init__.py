"""Webhook bodies, in the shapes Shopify documents for API version 2026-10: the keys that matter.

https://shopify.dev/docs/api/webhooks. Orders carry an invented buyer, as real ones carry a real one.
"""

from app.sandbox.shopify.payloads.orders import draft, edited, fulfillable, fulfillment, order, refund
from app.sandbox.shopify.payloads.routing import (
    cancelled,
    held,
    hold_event,
    merged,
    moved,
    rescheduled,
    routed,
    split,
)
from app.sandbox.shopify.payloads.shops import (
    bulk_finished,
    data_request,
    redact_customer,
    redact_shop,
    scopes_changed,
    uninstalled,
)
from app.sandbox.shopify.payloads.stock import (
    deleted_item,
    item,
    level,
    location,
    product,
    sellable,
    shipment,
    tracking,
    transfer,
)
from app.sandbox.shopify.payloads.words import PRICE, Body, gid, level_gid, stamp

__all__ = [
    "PRICE",
    "Body",
    "bulk_finished",
    "cancelled",
    "data_request",
    "deleted_item",
    "draft",
    "edited",
    "fulfillable",
    "fulfillment",
    "gid",
    "held",
    "hold_event",
    "item",
    "level",
    "level_gid",
    "location",
    "merged",
    "moved",
    "order",
    "product",
    "redact_customer",
    "redact_shop",
    "refund",
    "rescheduled",
    "routed",
    "scopes_changed",
    "sellable",
    "shipment",
    "split",
    "stamp",
    "tracking",
    "transfer",
    "uninstalled",
]
