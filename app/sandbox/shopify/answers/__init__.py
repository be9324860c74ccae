"""What every readable field of the schema answers, type by type.

A field that is in the schema but not here is an error, so that nothing is made up silently.
"""

from collections.abc import Mapping

from app.sandbox.shopify.answers import fulfillment, inbound, orders, shop, stock
from app.sandbox.shopify.bulk import BulkOperation
from app.sandbox.shopify.call import Answer
from app.sandbox.shopify.records import (
    DraftLine,
    DraftOrder,
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    Item,
    Level,
    Line,
    Location,
    Metafield,
    Order,
    Product,
    SellingPlan,
    Variant,
)
from app.sandbox.shopify.supply_records import (
    InboundShipment,
    InboundTransfer,
    PurchaseLine,
    PurchaseOrder,
    ShipmentLine,
    TransferLine,
)
from app.sandbox.shopify.webhooks import WebhookSubscription

# GraphQL's names of our records, where an interface must be resolved.
TYPE_NAMES: Mapping[type, str] = {
    Order: "Order",
    Line: "LineItem",
    FulfillmentOrder: "FulfillmentOrder",
    FulfillmentLine: "FulfillmentOrderLineItem",
    Hold: "FulfillmentHold",
    Item: "InventoryItem",
    Level: "InventoryLevel",
    Variant: "ProductVariant",
    SellingPlan: "SellingPlan",
    Product: "Product",
    Location: "Location",
    Metafield: "Metafield",
    InboundShipment: "InventoryShipment",
    InboundTransfer: "InventoryTransfer",
    PurchaseOrder: "InventoryPurchaseOrder",
    PurchaseLine: "InventoryPurchaseOrderLineItem",
    TransferLine: "InventoryTransferLineItem",
    DraftOrder: "DraftOrder",
    DraftLine: "DraftOrderLineItem",
    ShipmentLine: "InventoryShipmentLineItem",
    WebhookSubscription: "WebhookSubscription",
    BulkOperation: "BulkOperation",
}

ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    **orders.ANSWERS,
    **fulfillment.ANSWERS,
    **stock.ANSWERS,
    **inbound.ANSWERS,
    **shop.ANSWERS,
}
