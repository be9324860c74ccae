"""Bodies about orders, with an invented buyer as real ones carry a real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.sandbox.shopify.payloads.words import PRICE, Body, gid, stamp

if TYPE_CHECKING:
    from app.sandbox.buyers import Buyer
    from app.sandbox.shopify.books import Books
    from app.sandbox.shopify.records import DraftOrder, Line, Order, Refunded, Shipped


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
