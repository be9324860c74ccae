"""What every readable field of the schema answers, type by type.

A field that is in the schema but not here is an error, so that nothing is made up silently.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from app.sandbox.shopify import marks
from app.sandbox.shopify.bulk import BulkOperation
from app.sandbox.shopify.call import Answer, Args, Call, iso, read_gid
from app.sandbox.shopify.nodes import find_node, sees_fulfillment_orders
from app.sandbox.shopify.orders import SOURCE_NAMES, display_status
from app.sandbox.shopify.paging import Page
from app.sandbox.shopify.payloads import PRICE, fulfillable, gid, level_gid, sellable
from app.sandbox.shopify.records import (
    QUANTITY_NAMES,
    DraftLine,
    DraftOrder,
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    InboundShipment,
    InboundTransfer,
    Item,
    Level,
    Line,
    Location,
    Metafield,
    Order,
    Product,
    PurchaseLine,
    PurchaseOrder,
    ShipmentLine,
    TransferLine,
    Variant,
)
from app.sandbox.shopify.terms import FULFILLMENT_ORDER_TERMS, searched, transfer_status
from app.sandbox.shopify.webhooks import API_VERSION, WebhookSubscription

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


def _id(kind: str, attribute: str) -> Answer:
    return lambda record, call, args: gid(kind, getattr(record, attribute))


def _number(attribute: str) -> Answer:
    return lambda record, call, args: str(getattr(record, attribute))


def _of(attribute: str) -> Answer:
    return lambda record, call, args: getattr(record, attribute)


def _at(attribute: str) -> Answer:
    return lambda record, call, args: iso(getattr(record, attribute))


def _always(value: Any) -> Answer:
    return lambda record, call, args: value


def _metafield(kind: str, attribute: str) -> Answer:
    def answer(record: Any, call: Call, args: Args) -> Metafield | None:
        owner = gid(kind, getattr(record, attribute))
        return marks.find_metafield(call.books, owner, args.get("namespace"), key=args["key"])

    return answer


def _metafields(kind: str, attribute: str) -> Answer:
    def answer(record: Any, call: Call, args: Args) -> Page:
        found = marks.metafields_of(call.books, gid(kind, getattr(record, attribute)))
        if args.get("namespace"):
            namespace = marks.resolve_namespace(call.books, args["namespace"])
            found = [one for one in found if one.namespace == namespace]
        if args.get("keys") is not None:
            wanted = {_full_key(call, key) for key in args["keys"]}
            found = [one for one in found if (one.namespace, one.key) in wanted]
        return call.page(found, args, key=lambda one: (one.metafield_id,))

    return answer


def _full_key(call: Call, text: str) -> tuple[str, str]:
    namespace, _, key = text.rpartition(".")
    return marks.resolve_namespace(call.books, namespace or None), key


# Orders


def _fulfillment_orders_of(order: Order, call: Call, args: Args) -> Page:
    found = call.books.fulfillment_orders_of(order) if sees_fulfillment_orders(call) else []
    test = searched(call, args, FULFILLMENT_ORDER_TERMS)
    if args.get("displayable"):
        found = [one for one in found if one.lines]
    return call.page(filter(test, found), args, key=lambda one: (one.fulfillment_order_id,))


def _financial_status(order: Order, call: Call, args: Args) -> str:
    if order.cancelled_at:
        return "REFUNDED"
    return "PARTIALLY_REFUNDED" if order.has_refund else "PAID"


ORDER: dict[str, Answer] = {
    "id": _id("Order", "order_id"),
    "legacyResourceId": _number("order_id"),
    "name": _of("name"),
    "number": _of("number"),
    "note": lambda order, call, args: order.note or None,
    "tags": lambda order, call, args: list(order.tags),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "processedAt": _at("processed_at"),
    "cancelledAt": _at("cancelled_at"),
    "cancelReason": _of("cancel_reason"),
    "closedAt": _at("closed_at"),
    "closed": lambda order, call, args: order.closed_at is not None,
    "confirmed": _always(True),
    "edited": _of("is_edited"),
    "test": _always(False),
    "currentSubtotalLineItemsQuantity": lambda order, call, args: sum(
        line.current for line in order.lines
    ),
    "displayFulfillmentStatus": lambda order, call, args: display_status(call.books, order),
    "displayFinancialStatus": _financial_status,
    "fulfillable": lambda order, call, args: any(line.unfulfilled for line in order.lines),
    "requiresShipping": _always(True),
    "sourceName": lambda order, call, args: SOURCE_NAMES[order.channel],
    "lineItems": lambda order, call, args: call.page(order.lines, args, key=lambda one: (one.line_id,)),
    "fulfillmentOrders": _fulfillment_orders_of,
    "metafield": _metafield("Order", "order_id"),
    "metafields": _metafields("Order", "order_id"),
}


LINE_ITEM: dict[str, Answer] = {
    "id": _id("LineItem", "line_id"),
    "name": lambda line, call, args: (
        f"{line.title} - {line.variant_title}" if line.variant_title else line.title
    ),
    "title": _of("title"),
    "variantTitle": lambda line, call, args: line.variant_title or None,
    "sku": lambda line, call, args: line.sku or None,
    "quantity": _of("quantity"),
    "currentQuantity": _of("current"),
    "unfulfilledQuantity": _of("unfulfilled"),
    "fulfillableQuantity": lambda line, call, args: fulfillable(
        call.books, call.books.order_of_line(line), line
    ),
    "nonFulfillableQuantity": _of("removed"),
    "refundableQuantity": _of("current"),
    "requiresShipping": _always(True),
    "product": lambda line, call, args: call.books.products.get(line.product_id),
    "variant": lambda line, call, args: call.books.variants.get(line.variant_id),
    "vendor": _always(None),
    "originalUnitPriceSet": _always(PRICE),
    "sellingPlan": lambda line, call, args: line if line.selling_plan_id else None,
}

SELLING_PLAN: dict[str, Answer] = {
    "name": _always("Pre-order"),
    "sellingPlanId": _id("SellingPlan", "selling_plan_id"),
}

DRAFT_ORDER: dict[str, Answer] = {
    "id": _id("DraftOrder", "draft_id"),
    "legacyResourceId": _number("draft_id"),
    "name": _of("name"),
    "status": _of("status"),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "completedAt": _always(None),
    "reserveInventoryUntil": _at("reserve_until"),
    "lineItems": lambda draft, call, args: call.page(
        draft.lines, args, key=lambda line: (line.draft_line_id,)
    ),
    "metafield": _metafield("DraftOrder", "draft_id"),
    "metafields": _metafields("DraftOrder", "draft_id"),
}

DRAFT_ORDER_LINE: dict[str, Answer] = {
    "id": _id("DraftOrderLineItem", "draft_line_id"),
    "quantity": _of("quantity"),
    "variant": lambda line, call, args: call.books.variants.get(line.variant_id),
}

MONEY_BAG: dict[str, Answer] = {
    "shopMoney": lambda amount, call, args: amount,
    "presentmentMoney": lambda amount, call, args: amount,
}

MONEY: dict[str, Answer] = {
    "amount": lambda amount, call, args: amount,
    "currencyCode": _always("EUR"),
}


# Fulfillment orders


def supported_actions(one: FulfillmentOrder) -> list[str]:
    """What may be done with a fulfillment order in its state."""
    if one.status == "ON_HOLD":
        return ["RELEASE_HOLD", "HOLD"]
    if one.status == "OPEN":
        return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", "SPLIT", "MERGE"]
    return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE"] if one.status == "IN_PROGRESS" else []


FULFILLMENT_ORDER: dict[str, Answer] = {
    "id": _id("FulfillmentOrder", "fulfillment_order_id"),
    "assignedLocation": lambda one, call, args: call.books.locations[one.location_id],
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "fulfillAt": _at("fulfill_at"),
    "fulfillBy": _always(None),
    "fulfillmentHolds": lambda one, call, args: list(one.holds),
    "lineItems": lambda one, call, args: call.page(
        one.lines, args, key=lambda part: (part.fulfillment_line_id,)
    ),
    "order": lambda one, call, args: call.books.orders[one.order_id],
    "orderId": _id("Order", "order_id"),
    "orderName": lambda one, call, args: call.books.orders[one.order_id].name,
    "orderProcessedAt": lambda one, call, args: iso(call.books.orders[one.order_id].processed_at),
    "requestStatus": _always("UNSUBMITTED"),
    "status": _of("status"),
    "supportedActions": lambda one, call, args: supported_actions(one),
}

ASSIGNED_LOCATION: dict[str, Answer] = {
    "location": lambda location, call, args: location,
    "name": _of("name"),
}

SUPPORTED_ACTION: dict[str, Answer] = {
    "action": lambda action, call, args: action,
    "externalUrl": _always(None),
}


def _line_of(part: FulfillmentLine, call: Call) -> Line:
    order_id = call.books.fulfillment_orders[part.fulfillment_order_id].order_id
    return call.books.orders[order_id].line(part.line_id)


def _via_line(answer: Callable[[Line, Call], Any]) -> Answer:
    return lambda part, call, args: answer(_line_of(part, call), call)


FULFILLMENT_ORDER_LINE: dict[str, Answer] = {
    "id": _id("FulfillmentOrderLineItem", "fulfillment_line_id"),
    "inventoryItemId": _via_line(lambda line, call: line.item_id and gid("InventoryItem", line.item_id)),
    "lineItem": _via_line(lambda line, call: line),
    "productTitle": _via_line(lambda line, call: line.title),
    "remainingQuantity": _of("remaining"),
    "requiresShipping": _always(True),
    "sku": _via_line(lambda line, call: line.sku or None),
    "totalQuantity": _of("total"),
    "variant": _via_line(lambda line, call: call.books.variants.get(line.variant_id or 0)),
    "variantTitle": _via_line(lambda line, call: line.variant_title or None),
    "vendor": _always(None),
}

HOLD: dict[str, Answer] = {
    "id": _id("FulfillmentHold", "hold_id"),
    "displayReason": lambda hold, call, args: hold.reason.replace("_", " ").capitalize(),
    "handle": _of("handle"),
    "heldByApp": lambda hold, call, args: call.shop if hold.app == "us" else None,
    "heldByRequestingApp": lambda hold, call, args: hold.app == "us",
    "reason": _of("reason"),
    "reasonNotes": _of("notes"),
}


# Stock


def _levels(item: Item, call: Call, args: Args) -> Page:
    searched(call, args, {})
    found = call.books.levels_of(item.item_id)
    shown = [one for one in found if one.is_active or args.get("includeInactive")]
    return call.page(shown, args, key=lambda one: (call.books.locations[one.location_id].level_number,))


def _level_at(item: Item, call: Call, args: Args) -> Level | None:
    level = call.books.levels.get((item.item_id, read_gid(args["locationId"], "Location")[1]))
    return level if level and (level.is_active or args.get("includeInactive")) else None


@dataclass(frozen=True)
class _Quantity:
    """One named quantity as shown, which a torn snapshot makes another than the true one."""

    level: Level
    name: str
    quantity: int


def _quantities(level: Level, call: Call, args: Args) -> list[_Quantity]:
    if unknown := set(args["names"]) - set(QUANTITY_NAMES):
        raise GraphQLError(f"The quantity names {sorted(unknown)} don't exist.")
    shown = call.shop.faults.torn(level.quantities)
    return [_Quantity(level, name, shown[name]) for name in args["names"]]


def _quantity_id(one: _Quantity, call: Call, args: Args) -> str:
    level = one.level
    return gid(
        "InventoryQuantity", zlib.crc32(f"{level.item_id} {level.location_id} {one.name}".encode())
    )


QUANTITY: dict[str, Answer] = {
    "id": _quantity_id,
    "name": _of("name"),
    "quantity": _of("quantity"),
    "updatedAt": lambda one, call, args: iso(one.level.changed_at[one.name]),
}

ITEM: dict[str, Answer] = {
    "id": _id("InventoryItem", "item_id"),
    "legacyResourceId": _number("item_id"),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "sku": lambda item, call, args: item.sku or None,
    "tracked": _of("is_tracked"),
    "requiresShipping": _always(True),
    "inventoryLevel": _level_at,
    "inventoryLevels": _levels,
    "variant": lambda item, call, args: call.books.variants[item.variant_id],
    "variants": lambda item, call, args: call.page(
        [call.books.variants[item.variant_id]], args, key=lambda one: (one.variant_id,)
    ),
}

LEVEL: dict[str, Answer] = {
    "id": lambda level, call, args: level_gid(call.books, level),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "isActive": _of("is_active"),
    "item": lambda level, call, args: call.books.items[level.item_id],
    "location": lambda level, call, args: call.books.locations[level.location_id],
    "quantities": _quantities,
}

VARIANT: dict[str, Answer] = {
    "id": _id("ProductVariant", "variant_id"),
    "legacyResourceId": _number("variant_id"),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "title": lambda variant, call, args: variant.title or "Default Title",
    "displayName": lambda variant, call, args: (
        f"{variant.product_title} - {variant.title or 'Default Title'}"
    ),
    "sku": lambda variant, call, args: variant.sku or None,
    "inventoryItem": lambda variant, call, args: call.books.items[variant.item_id],
    "inventoryPolicy": _of("policy"),
    "inventoryQuantity": lambda variant, call, args: sellable(call.books, variant),
    "product": lambda variant, call, args: call.books.products[variant.product_id],
    "metafield": _metafield("ProductVariant", "variant_id"),
    "metafields": _metafields("ProductVariant", "variant_id"),
}

PRODUCT: dict[str, Answer] = {
    "id": _id("Product", "product_id"),
    "legacyResourceId": _number("product_id"),
    "title": _of("title"),
    "vendor": _always(""),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "metafield": _metafield("Product", "product_id"),
    "metafields": _metafields("Product", "product_id"),
}

LOCATION: dict[str, Answer] = {
    "id": _id("Location", "location_id"),
    "legacyResourceId": _number("location_id"),
    "name": _of("name"),
    "isActive": _of("is_active"),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "fulfillsOnlineOrders": _of("is_active"),
    "shipsInventory": _of("is_active"),
    "deactivatedAt": _at("deactivated_at"),
    "metafield": _metafield("Location", "location_id"),
    "metafields": _metafields("Location", "location_id"),
}

SHIPMENT: dict[str, Answer] = {
    "id": _id("InventoryShipment", "shipment_id"),
    "name": _of("name"),
    "status": _of("status"),
    "tracking": lambda shipment, call, args: shipment,
    "lineItems": lambda shipment, call, args: call.page(
        shipment.lines, args, key=lambda line: (line.shipment_line_id,)
    ),
    "lineItemTotalQuantity": lambda shipment, call, args: sum(line.quantity for line in shipment.lines),
    "totalReceivedQuantity": lambda shipment, call, args: sum(
        line.accepted + line.rejected for line in shipment.lines
    ),
    "totalAcceptedQuantity": lambda shipment, call, args: sum(line.accepted for line in shipment.lines),
    "totalRejectedQuantity": lambda shipment, call, args: sum(line.rejected for line in shipment.lines),
    "dateCreated": _at("created_at"),
    "dateShipped": _at("created_at"),
    "dateReceived": _at("received_at"),
}

SHIPMENT_TRACKING: dict[str, Answer] = {
    "arrivesAt": _at("arrives_at"),
    "company": _always(None),
    "trackingNumber": _always(None),
    "trackingUrl": _always(None),
}

SHIPMENT_LINE: dict[str, Answer] = {
    "id": _id("InventoryShipmentLineItem", "shipment_line_id"),
    "inventoryItem": lambda line, call, args: call.books.items.get(line.item_id),
    "quantity": _of("quantity"),
    "acceptedQuantity": _of("accepted"),
    "rejectedQuantity": _of("rejected"),
    "unreceivedQuantity": _of("unreceived"),
}

TRANSFER: dict[str, Answer] = {
    "id": _id("InventoryTransfer", "transfer_id"),
    "name": _of("name"),
    "referenceName": _of("reference"),
    "status": lambda transfer, call, args: transfer_status(call.books, transfer),
    "dateCreated": _at("created_at"),
    "shipments": lambda transfer, call, args: call.page(
        [call.books.shipments[one] for one in transfer.shipment_ids],
        args,
        key=lambda one: (one.shipment_id,),
    ),
    "origin": lambda transfer, call, args: call.books.locations.get(transfer.origin_id),
    "destination": lambda transfer, call, args: call.books.locations.get(transfer.location_id),
    "totalQuantity": lambda transfer, call, args: sum(line.quantity for line in transfer.lines),
    "lineItems": lambda transfer, call, args: call.page(
        transfer.lines, args, key=lambda line: (line.transfer_line_id,)
    ),
    "metafield": _metafield("InventoryTransfer", "transfer_id"),
    "metafields": _metafields("InventoryTransfer", "transfer_id"),
}


PURCHASE_ORDER: dict[str, Answer] = {
    "id": _id("InventoryPurchaseOrder", "purchase_order_id"),
    "name": _of("name"),
    "status": _of("status"),
    "archivedAt": _at("archived_at"),
    "dateCreated": _at("created_at"),
    "orderedAt": _at("ordered_at"),
    "destination": lambda order, call, args: call.books.locations.get(order.location_id),
    "origin": lambda order, call, args: order,
    "lineItems": lambda order, call, args: call.page(
        order.lines, args, key=lambda line: (line.purchase_line_id,)
    ),
    "transfers": lambda order, call, args: call.page(
        [call.books.transfers[one] for one in order.transfer_ids],
        args,
        key=lambda one: (one.transfer_id,),
    ),
}

SUPPLIER_SNAPSHOT: dict[str, Answer] = {"supplierName": _of("supplier")}

PURCHASE_LINE: dict[str, Answer] = {
    "id": _id("InventoryPurchaseOrderLineItem", "purchase_line_id"),
    "inventoryItem": lambda line, call, args: call.books.items.get(line.item_id),
    "supplierSku": _always(None),
    "totalQuantity": _of("quantity"),
}


TRANSFER_LINE: dict[str, Answer] = {
    "id": _id("InventoryTransferLineItem", "transfer_line_id"),
    "inventoryItem": lambda line, call, args: call.books.items.get(line.item_id),
    "totalQuantity": _of("quantity"),
    "shippedQuantity": _of("shipped"),
}

LOCATION_SNAPSHOT: dict[str, Answer] = {
    "location": lambda location, call, args: location,
    "name": _of("name"),
    "snapshottedAt": _at("updated_at"),
}

# The shop, the app, and what they keep

JSON_TYPES = ("json", "number_integer", "boolean")

METAFIELD: dict[str, Answer] = {
    "id": _id("Metafield", "metafield_id"),
    "legacyResourceId": _number("metafield_id"),
    "namespace": _of("namespace"),
    "key": _of("key"),
    "type": _of("type"),
    "value": _of("value"),
    "jsonValue": lambda one, call, args: json.loads(one.value) if one.type in JSON_TYPES else one.value,
    "compareDigest": lambda one, call, args: marks.digest(one),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
    "ownerType": lambda one, call, args: read_gid(one.owner_gid)[0].upper(),
    "owner": lambda one, call, args: find_node(call, one.owner_gid),
}

SHOP: dict[str, Answer] = {
    "id": lambda shop, call, args: gid("Shop", shop.books.shop_id),
    "name": _of("name"),
    "myshopifyDomain": _of("domain"),
    "ianaTimezone": _of("time_zone"),
    "currencyCode": _always("EUR"),
    "primaryDomain": lambda shop, call, args: shop,
    "plan": lambda shop, call, args: shop,
    "email": lambda shop, call, args: f"owner@{shop.domain}",
    "contactEmail": lambda shop, call, args: f"owner@{shop.domain}",
    "createdAt": _at("created_at"),
    "updatedAt": _at("created_at"),
    "url": lambda shop, call, args: f"https://{shop.domain}",
    "metafield": lambda shop, call, args: marks.find_metafield(
        call.books, gid("Shop", shop.books.shop_id), args.get("namespace"), key=args["key"]
    ),
    "metafields": lambda shop, call, args: _metafields("Shop", "shop_id")(shop.books, call, args),
}

SHOP_PLAN: dict[str, Answer] = {
    "displayName": lambda shop, call, args: shop.plan.capitalize(),
    "publicDisplayName": lambda shop, call, args: shop.plan.capitalize(),
    "partnerDevelopment": _always(False),
    "shopifyPlus": lambda shop, call, args: shop.plan == "plus",
}

DOMAIN: dict[str, Answer] = {
    "id": lambda shop, call, args: gid("Domain", shop.books.shop_id),
    "host": _of("domain"),
    "sslEnabled": _always(True),
    "url": lambda shop, call, args: f"https://{shop.domain}",
}

APP_INSTALLATION: dict[str, Answer] = {
    "id": lambda shop, call, args: gid("AppInstallation", shop.books.app_id),
    "accessScopes": lambda shop, call, args: sorted(shop.scopes),
    "app": lambda shop, call, args: shop,
    "metafield": lambda shop, call, args: marks.find_metafield(
        call.books, gid("AppInstallation", shop.books.app_id), args.get("namespace"), key=args["key"]
    ),
    "metafields": lambda shop, call, args: _metafields("AppInstallation", "app_id")(
        shop.books, call, args
    ),
}

APP: dict[str, Answer] = {
    "id": lambda shop, call, args: gid("App", shop.books.app_id),
    "handle": _always("backline"),
    "title": _always("Backline"),
    "apiKey": _of("client_id"),
}

ACCESS_SCOPE: dict[str, Answer] = {
    "handle": lambda scope, call, args: scope,
    "description": lambda scope, call, args: scope.replace("_", " ").capitalize(),
}

SUBSCRIPTION: dict[str, Answer] = {
    "id": _id("WebhookSubscription", "subscription_id"),
    "legacyResourceId": _number("subscription_id"),
    "topic": lambda one, call, args: one.topic.replace("/", "_").upper(),
    "uri": _of("uri"),
    "filter": _of("filter"),
    "format": _always("JSON"),
    "includeFields": lambda one, call, args: list(one.include_fields),
    "metafieldNamespaces": _always([]),
    "name": _of("name"),
    "apiVersion": _always({"displayName": API_VERSION, "handle": API_VERSION, "supported": True}),
    "createdAt": _at("created_at"),
    "updatedAt": _at("updated_at"),
}

BULK_OPERATION: dict[str, Answer] = {
    "id": _id("BulkOperation", "operation_id"),
    "status": _of("status"),
    "type": _of("kind"),
    "errorCode": _of("error_code"),
    "query": _of("query"),
    "url": _of("url"),
    "partialDataUrl": _of("partial_data_url"),
    "fileSize": lambda one, call, args: None if one.result is None else str(len(one.result)),
    "objectCount": lambda one, call, args: str(one.object_count),
    "rootObjectCount": lambda one, call, args: str(one.root_object_count),
    "createdAt": _at("created_at"),
    "completedAt": _at("completed_at"),
}

STAGED_UPLOAD: dict[str, Answer] = {
    "parameters": _of("parameters"),
    "resourceUrl": lambda upload, call, args: f"{upload.url}/{upload.key}",
    "url": _of("url"),
}

SHOP_LOCALE: dict[str, Answer] = {
    "locale": lambda locale, call, args: locale,
    "name": lambda locale, call, args: locale,
    "primary": _always(True),
    "published": _always(True),
}

ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    "Order": ORDER,
    "LineItem": LINE_ITEM,
    "LineItemSellingPlan": SELLING_PLAN,
    "DraftOrder": DRAFT_ORDER,
    "DraftOrderLineItem": DRAFT_ORDER_LINE,
    "LocationSnapshot": LOCATION_SNAPSHOT,
    "InventoryPurchaseOrder": PURCHASE_ORDER,
    "InventoryPurchaseOrderLineItem": PURCHASE_LINE,
    "InventorySupplierSnapshot": SUPPLIER_SNAPSHOT,
    "InventoryTransferLineItem": TRANSFER_LINE,
    "MoneyBag": MONEY_BAG,
    "MoneyV2": MONEY,
    "FulfillmentOrder": FULFILLMENT_ORDER,
    "FulfillmentOrderAssignedLocation": ASSIGNED_LOCATION,
    "FulfillmentOrderSupportedAction": SUPPORTED_ACTION,
    "FulfillmentOrderLineItem": FULFILLMENT_ORDER_LINE,
    "FulfillmentHold": HOLD,
    "InventoryItem": ITEM,
    "InventoryLevel": LEVEL,
    "InventoryQuantity": QUANTITY,
    "ProductVariant": VARIANT,
    "Product": PRODUCT,
    "Location": LOCATION,
    "InventoryShipment": SHIPMENT,
    "InventoryShipmentTracking": SHIPMENT_TRACKING,
    "InventoryShipmentLineItem": SHIPMENT_LINE,
    "InventoryTransfer": TRANSFER,
    "Metafield": METAFIELD,
    "Shop": SHOP,
    "ShopPlan": SHOP_PLAN,
    "ShopLocale": SHOP_LOCALE,
    "Domain": DOMAIN,
    "App": APP,
    "AppInstallation": APP_INSTALLATION,
    "AccessScope": ACCESS_SCOPE,
    "WebhookSubscription": SUBSCRIPTION,
    "BulkOperation": BULK_OPERATION,
    "StagedMediaUploadTarget": STAGED_UPLOAD,
}
