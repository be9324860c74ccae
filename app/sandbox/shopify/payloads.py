"""Webhook bodies, in the shapes Shopify documents for API version 2026-10: the keys that matter.

https://shopify.dev/docs/api/webhooks. Orders carry an invented buyer, as real ones carry a real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.sandbox.buyers import Buyer
    from app.sandbox.shopify.books import Books
    from app.sandbox.shopify.records import (
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
        Order,
        Product,
        Refunded,
        Shipped,
        Variant,
    )

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


def order(books: Books, placed: Order) -> Body:
    """orders/create, updated, cancelled, fulfilled, partially_fulfilled."""
    return {
        "id": placed.order_id,
        "admin_graphql_api_id": gid("Order", placed.order_id),
        "name": placed.name,
        "number": placed.number - 1000,
        "order_number": placed.number,
        "created_at": stamp(placed.created_at),
        "processed_at": stamp(placed.processed_at),
        "updated_at": stamp(placed.updated_at),
        "cancelled_at": stamp(placed.cancelled_at),
        "cancel_reason": placed.cancel_reason and placed.cancel_reason.lower(),
        "closed_at": stamp(placed.closed_at),
        "confirmed": True,
        "currency": "EUR",
        "financial_status": "refunded" if placed.cancelled_at else "paid",
        "fulfillment_status": _fulfillment_status(placed),
        "location_id": None,
        "source_name": {"online": "web", "draft": "shopify_draft_order"}.get(
            placed.channel, placed.channel
        ),
        "tags": ", ".join(placed.tags),
        "test": False,
        "total_price": f"{10 * sum(one.current for one in placed.lines)}.00",
        **_person(placed),
        "line_items": [_line(books, placed, one) for one in placed.lines],
        "fulfillments": [
            *(_parcel(number, parts, "success") for number, parts in placed.parcels.items()),
            *(_parcel(number, parts, "cancelled") for number, parts in placed.cancelled_parcels.items()),
        ],
        "refunds": [{"refund_line_items": [_refunded(one) for one in each]} for each in placed.refunds],
    }


def _parcel(number: int, parts: Sequence[Shipped], status: str) -> Body:
    lines = [{"id": one.line_id, "quantity": one.quantity} for one in parts]
    return {"id": number, "status": status, "line_items": lines}


def _refunded(one: Refunded) -> Body:
    return {"line_item_id": one.line_id, "quantity": one.quantity, "restock_type": one.restock}


def _person(placed: Order) -> Body:
    buyer = placed.buyer
    return {
        "note": placed.note or None,
        "note_attributes": [{"name": "gift message", "value": f"Dear {buyer.first_name}"}],
        "email": buyer.email,
        "contact_email": buyer.email,
        "phone": buyer.phone,
        "browser_ip": "203.0.113.7",
        "customer": {
            "id": buyer.customer_id,
            "first_name": buyer.first_name,
            "last_name": buyer.last_name,
            "email": buyer.email,
            "phone": buyer.phone,
            "admin_graphql_api_id": gid("Customer", buyer.customer_id),
            "default_address": _address(buyer),
        },
        "billing_address": _address(buyer),
        "shipping_address": _address(buyer),
    }


def _address(buyer: Buyer) -> Body:
    return {
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "name": f"{buyer.first_name} {buyer.last_name}",
        "address1": buyer.street,
        "city": buyer.city,
        "phone": buyer.phone,
    }


def _fulfillment_status(placed: Order) -> str | None:
    if not any(one.fulfilled for one in placed.lines):
        return None
    return "partial" if any(one.unfulfilled for one in placed.lines) else "fulfilled"


def _line(books: Books, placed: Order, line: Line) -> Body:
    return {
        "id": line.line_id,
        "admin_graphql_api_id": gid("LineItem", line.line_id),
        "title": line.title,
        "variant_title": line.variant_title or None,
        "name": f"{line.title} - {line.variant_title}" if line.variant_title else line.title,
        "sku": line.sku or None,
        "variant_id": line.variant_id,
        "product_id": line.product_id,
        "product_exists": line.product_id is not None,
        "quantity": line.quantity,
        "current_quantity": line.current,
        "fulfillable_quantity": fulfillable(books, placed, line),
        "fulfillment_service": "manual",
        "fulfillment_status": _line_status(line),
        "variant_inventory_management": "shopify" if books.is_counted(line) else None,
        "requires_shipping": True,
        "price": PRICE,
        "properties": [],
        "selling_plan_id": line.selling_plan_id,
    }


def _line_status(line: Line) -> str | None:
    if not line.fulfilled:
        return None
    return "partial" if line.unfulfilled else "fulfilled"


def fulfillable(books: Books, placed: Order, line: Line) -> int:
    """Units that could be shipped now: held ones are left out, as recorded from live shops, and so are
    scheduled ones and those that a warehouse gave back. All of them stay open and committed."""
    held = sum(
        part.remaining
        for one in books.fulfillment_orders_of(placed)
        if one.status in ("ON_HOLD", "SCHEDULED", "INCOMPLETE")
        for part in one.lines
        if part.line_id == line.line_id
    )
    return line.unfulfilled - held


def edited(placed: Order, edit_id: int, deltas: Mapping[int, int]) -> Body:
    """orders/edited."""
    changes = {
        "additions": [{"id": number, "delta": delta} for number, delta in deltas.items() if delta > 0],
        "removals": [{"id": number, "delta": -delta} for number, delta in deltas.items() if delta < 0],
    }
    at = stamp(placed.updated_at)
    heads = {
        "id": edit_id,
        "app_id": None,
        "created_at": at,
        "committed_at": at,
        "notify_customer": False,
    }
    return {
        "order_edit": {**heads, "order_id": placed.order_id, "staff_note": "", "line_items": changes}
    }


def refund(books: Books, placed: Order, lines: Sequence[tuple[Line, int]], *, restock: str) -> Body:
    """refunds/create."""
    refund_id = books.new_id("Refund")
    return {
        "id": refund_id,
        "admin_graphql_api_id": gid("Refund", refund_id),
        "order_id": placed.order_id,
        "created_at": stamp(books.now()),
        "processed_at": stamp(books.now()),
        "note": f"{placed.buyer.first_name} asked for it",
        "restock": restock != "no_restock",
        "refund_line_items": [
            _refund_line(books, placed, line, quantity, restock) for line, quantity in lines
        ],
        "transactions": [],
        "order_adjustments": [],
    }


def _refund_line(books: Books, placed: Order, line: Line, quantity: int, restock: str) -> Body:
    return {
        "id": books.new_id("RefundLineItem"),
        "line_item_id": line.line_id,
        "location_id": None,
        "quantity": quantity,
        "restock_type": restock,
        "line_item": _line(books, placed, line),
    }


def fulfillment(books: Books, placed: Order, fulfillment_id: int) -> Body:
    """fulfillments/create and update: the line items count what this parcel holds."""
    lines = [
        _line(books, placed, placed.line(one.line_id)) | {"quantity": one.quantity}
        for one in placed.parcels[fulfillment_id]
    ]
    return {
        "id": fulfillment_id,
        "admin_graphql_api_id": gid("Fulfillment", fulfillment_id),
        "order_id": placed.order_id,
        "name": f"{placed.name}.1",
        "status": "success",
        "created_at": stamp(books.now()),
        "updated_at": stamp(books.now()),
        "location_id": None,
        "email": placed.buyer.email,
        "destination": _address(placed.buyer),
        "line_items": lines,
    }


def level(books: Books, stock_level: Level) -> Body:
    """inventory_levels/update and connect: of all quantities only `available`."""
    return {
        "inventory_item_id": stock_level.item_id,
        "location_id": stock_level.location_id,
        "available": stock_level.quantities["available"],
        "updated_at": stamp(stock_level.updated_at),
        "admin_graphql_api_id": level_gid(books, stock_level),
    }


def item(stock_item: Item) -> Body:
    """inventory_items/update."""
    return {
        "id": stock_item.item_id,
        "sku": stock_item.sku or None,
        "created_at": stamp(stock_item.created_at),
        "updated_at": stamp(stock_item.updated_at),
        "requires_shipping": True,
        "cost": None,
        "tracked": stock_item.is_tracked,
        "admin_graphql_api_id": gid("InventoryItem", stock_item.item_id),
    }


def deleted_item(stock_item: Item) -> Body:
    """inventory_items/delete."""
    return {
        "id": stock_item.item_id,
        "admin_graphql_api_id": gid("InventoryItem", stock_item.item_id),
    }


def product(books: Books, changed: Product) -> Body:
    """products/update."""
    variants = [one for one in books.variants.values() if one.product_id == changed.product_id]
    return {
        "id": changed.product_id,
        "admin_graphql_api_id": gid("Product", changed.product_id),
        "title": changed.title,
        "created_at": stamp(changed.created_at),
        "updated_at": stamp(changed.updated_at),
        "status": "active",
        "vendor": "",
        "variants": [_variant(books, one, index) for index, one in enumerate(variants, start=1)],
    }


def _variant(books: Books, one: Variant, position: int) -> Body:
    return {
        "id": one.variant_id,
        "admin_graphql_api_id": gid("ProductVariant", one.variant_id),
        "product_id": one.product_id,
        "title": one.title,
        "sku": one.sku or None,
        "position": position,
        "price": PRICE,
        "inventory_policy": one.policy.lower(),
        "inventory_item_id": one.item_id,
        "inventory_quantity": sellable(books, one),
        "old_inventory_quantity": sellable(books, one),
        "updated_at": stamp(one.updated_at),
    }


def sellable(books: Books, one: Variant) -> int:
    """What is available of a variant over all locations."""
    return sum(each.quantities["available"] for each in books.levels_of(one.item_id) if each.is_active)


def location(closed: Location) -> Body:
    """locations/deactivate."""
    return {
        "id": closed.location_id,
        "name": closed.name,
        "active": closed.is_active,
        "legacy": False,
        "created_at": stamp(closed.created_at),
        "updated_at": stamp(closed.updated_at),
        "admin_graphql_api_id": gid("Location", closed.location_id),
    }


def shipment(books: Books, inbound: InboundShipment) -> Body:
    """The topics inventory_shipments/…; more keys than some of them have."""
    return {
        "id": gid("InventoryShipment", inbound.shipment_id),
        "status": inbound.status,
        "happened_at": stamp(books.now()),
        "tracking": {"arrives_at": stamp(inbound.arrives_at)},
        "line_items": [
            {"id": gid("InventoryShipmentLineItem", one.shipment_line_id), "quantity": one.quantity}
            for one in inbound.lines
        ],
    }


def tracking(books: Books, inbound: InboundShipment) -> Body:
    """inventory_shipments/update_tracking."""
    return {
        "shipment_id": gid("InventoryShipment", inbound.shipment_id),
        "updated_tracking": {"arrives_at": stamp(inbound.arrives_at)},
        "happened_at": stamp(books.now()),
    }


def transfer(books: Books, one: InboundTransfer) -> Body:
    """inventory_transfers/updated."""
    return {
        "id": gid("InventoryTransfer", one.transfer_id),
        "happened_at": stamp(books.now()),
        "origin": one.origin_id and {"id": gid("Location", one.origin_id)},
        "destination": {"id": gid("Location", one.location_id)},
    }


def draft(one: DraftOrder) -> Body:
    """draft_orders/create and update."""
    return {
        "id": one.draft_id,
        "admin_graphql_api_id": gid("DraftOrder", one.draft_id),
        "name": one.name,
        "status": one.status.lower(),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "line_items": [
            {"id": line.draft_line_id, "variant_id": line.variant_id, "quantity": line.quantity}
            for line in one.lines
        ],
    }


def _brief(one: FulfillmentOrder) -> Body:
    return {"id": gid("FulfillmentOrder", one.fulfillment_order_id), "status": one.status.lower()}


def routed(one: FulfillmentOrder) -> Body:
    """fulfillment_orders/order_routing_complete and hold_released."""
    return {"fulfillment_order": _brief(one)}


def cancelled(one: FulfillmentOrder) -> Body:
    """fulfillment_orders/cancelled: after a cancelled order nothing replaces it."""
    return {"fulfillment_order": _brief(one), "replacement_fulfillment_order": None}


def rescheduled(one: FulfillmentOrder) -> Body:
    """fulfillment_orders/rescheduled."""
    return {"fulfillment_order": _brief(one) | {"fulfill_at": stamp(one.fulfill_at)}}


def moved(
    source: FulfillmentOrder, target: FulfillmentOrder, *, origin: int, requested: Mapping[int, int]
) -> Body:
    """fulfillment_orders/moved."""
    return {
        "original_fulfillment_order": _brief(source)
        | {"assigned_location_id": gid("Location", source.location_id)},
        "moved_fulfillment_order": _brief(target)
        | {"assigned_location_id": gid("Location", target.location_id)},
        "destination_location_id": gid("Location", target.location_id),
        "fulfillment_order_line_items_requested": [_units(number, n) for number, n in requested.items()],
        "source_location": {"id": gid("Location", origin)},
    }


def _units(number: int, quantity: int) -> Body:
    return {"id": gid("FulfillmentOrderLineItem", number), "quantity": quantity}


def split(source: FulfillmentOrder, target: FulfillmentOrder, poured: Sequence[FulfillmentLine]) -> Body:
    """fulfillment_orders/split."""
    return {
        "split_line_items": [_units(part.fulfillment_line_id, part.total) for part in poured],
        "fulfillment_order": _brief(source),
        "remaining_fulfillment_order": _brief(target),
        "replacement_fulfillment_order": None,
    }


def merged(target: FulfillmentOrder, everyone: Sequence[FulfillmentOrder]) -> Body:
    """fulfillment_orders/merged: here, and only here, fulfillment orders go by number."""
    return {
        "merge_intents": [
            {
                "fulfillment_order_id": one.fulfillment_order_id,
                "fulfillment_order_line_items": [
                    {"id": part.fulfillment_line_id, "quantity": part.remaining} for part in one.lines
                ],
            }
            for one in everyone
        ],
        "fulfillment_order_merges": {"fulfillment_order": _brief(target)},
    }


def held(books: Books, one: FulfillmentOrder, hold: Hold, *, remaining: FulfillmentOrder | None) -> Body:
    """fulfillment_orders/placed_on_hold: sent for the first hold only."""
    return {
        "fulfillment_order": _brief(one)
        | {"fulfillment_holds": [_hold(books, each) for each in one.holds]},
        "remaining_fulfillment_order": remaining and _brief(remaining),
        "held_fulfillment_order_line_items": [
            _units(part.fulfillment_line_id, part.remaining) for part in one.lines
        ],
        "created_fulfillment_hold": _hold(books, hold),
    }


def hold_event(books: Books, one: FulfillmentOrder, hold: Hold) -> Body:
    """fulfillment_holds/added and released."""
    return {"fulfillment_order": _brief(one), "fulfillment_hold": _hold(books, hold)}


def _hold(books: Books, hold: Hold) -> Body:
    return {
        "id": gid("FulfillmentHold", hold.hold_id),
        "reason": hold.reason.lower(),
        "reason_notes": hold.notes,
        "held_by_requesting_app": False,
        "handle": hold.handle,
        "held_by_app": {"id": gid("App", books.app_id)} if hold.app == "us" else None,
    }


def data_request(books: Books, placed: Order) -> Body:
    """customers/data_request."""
    head = _privacy(books, placed)
    return {
        **head,
        "orders_requested": [placed.order_id],
        "data_request": {"id": books.new_id("DataRequest")},
    }


def redact_customer(books: Books, placed: Order) -> Body:
    """customers/redact."""
    return {**_privacy(books, placed), "orders_to_redact": [placed.order_id]}


def _privacy(books: Books, placed: Order) -> Body:
    buyer = placed.buyer
    customer = {"id": buyer.customer_id, "email": buyer.email, "phone": buyer.phone}
    return {"shop_id": books.shop_id, "shop_domain": books.domain, "customer": customer}


def redact_shop(books: Books) -> Body:
    """shop/redact."""
    return {"shop_id": books.shop_id, "shop_domain": books.domain}


def uninstalled(books: Books, *, name: str) -> Body:
    """app/uninstalled: the shop."""
    heads = {"id": books.shop_id, "name": name, "email": f"owner@{books.domain}"}
    return {**heads, "domain": books.domain, "myshopify_domain": books.domain}


def scopes_changed(books: Books, *, previous: Sequence[str], current: Sequence[str]) -> Body:
    """app/scopes_update."""
    return {
        "id": books.app_id,
        "shop_id": gid("Shop", books.shop_id),
        "previous": list(previous),
        "current": list(current),
        "updated_at": stamp(books.now()),
    }


def bulk_finished(
    operation_gid: str,
    *,
    status: str,
    created_at: datetime,
    completed_at: datetime,
    kind: str,
    error_code: str | None,
) -> Body:
    """bulk_operations/finish."""
    return {
        "admin_graphql_api_id": operation_gid,
        "completed_at": stamp(completed_at),
        "created_at": stamp(created_at),
        "error_code": error_code and error_code.lower(),
        "status": status.lower(),
        "type": kind,
    }
