"""What each list can be searched by."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from app.sandbox.shopify.books import Books
from app.sandbox.shopify.call import Args, Call
from app.sandbox.shopify.orders import SOURCE_NAMES, display_status
from app.sandbox.shopify.records import Order
from app.sandbox.shopify.search import Term, compile_search
from app.sandbox.shopify.supply_records import InboundTransfer


def searched(call: Call, args: Args, terms: Mapping[str, Term]) -> Callable[[Any], bool]:
    """The test that the `query` argument asks for."""
    return compile_search(args.get("query"), terms, zone=ZoneInfo(call.shop.time_zone))


def _order_words(order: Order) -> list[str]:
    if order.cancelled_at:
        return ["cancelled", "closed"]
    return ["closed"] if order.closed_at else ["open", "not_closed"]


def _fulfillment_words(call: Call, order: Order) -> list[str]:
    status = display_status(call.books, order).lower()
    words = {
        "unfulfilled": ["unfulfilled", "unshipped"],
        "partially_fulfilled": ["partial", "unfulfilled"],
        "fulfilled": ["fulfilled", "shipped"],
        "on_hold": ["on_hold", "unfulfilled"],
    }
    return words.get(status, [status])


def order_terms(call: Call) -> Mapping[str, Term]:
    """What orders can be searched by."""
    return {
        "id": Term(lambda order: order.order_id, "id"),
        "name": Term(lambda order: [order.name, str(order.number)]),
        "created_at": Term(lambda order: order.created_at, "time"),
        "updated_at": Term(lambda order: order.updated_at, "time"),
        "processed_at": Term(lambda order: order.processed_at, "time"),
        "status": Term(_order_words),
        "fulfillment_status": Term(lambda order: _fulfillment_words(call, order)),
        "tag": Term(lambda order: [tag.casefold() for tag in order.tags]),
        "sku": Term(lambda order: [line.sku.casefold() for line in order.lines]),
        "source_name": Term(lambda order: SOURCE_NAMES[order.channel]),
    }


FULFILLMENT_ORDER_TERMS: Mapping[str, Term] = {
    "id": Term(lambda one: one.fulfillment_order_id, "id"),
    "status": Term(lambda one: one.status.lower()),
    "updated_at": Term(lambda one: one.updated_at, "time"),
    "assigned_location_id": Term(lambda one: one.location_id, "id"),
}

ITEM_TERMS: Mapping[str, Term] = {
    "id": Term(lambda one: one.item_id, "id"),
    "sku": Term(lambda one: one.sku.casefold()),
    "created_at": Term(lambda one: one.created_at, "time"),
    "updated_at": Term(lambda one: one.updated_at, "time"),
}

VARIANT_TERMS: Mapping[str, Term] = {
    "id": Term(lambda one: one.variant_id, "id"),
    "sku": Term(lambda one: one.sku.casefold()),
    "product_id": Term(lambda one: one.product_id, "id"),
    "updated_at": Term(lambda one: one.updated_at, "time"),
}

LOCATION_TERMS: Mapping[str, Term] = {
    "id": Term(lambda one: one.location_id, "id"),
    "name": Term(lambda one: one.name.casefold()),
    "active": Term(lambda one: str(one.is_active).casefold()),
}

SHIPMENT_TERMS: Mapping[str, Term] = {
    "id": Term(lambda one: one.shipment_id, "id"),
    "status": Term(lambda one: one.status.casefold()),
    "destination_id": Term(lambda one: one.location_id, "id"),
}


def transfer_status(books: Books, transfer: InboundTransfer) -> str:
    """Shopify's word for how far a transfer is, which is as far as its shipments are."""
    shipments = [books.shipments[one] for one in transfer.shipment_ids]
    if transfer.is_canceled:
        return "CANCELED"
    if not shipments:
        return "READY_TO_SHIP"
    is_over = all(one.status == "RECEIVED" for one in shipments)
    return "TRANSFERRED" if is_over else "IN_PROGRESS"


def transfer_terms(call: Call) -> Mapping[str, Term]:
    """How transfers are searched for."""
    return {
        "id": Term(lambda one: one.transfer_id, "id"),
        "status": Term(lambda one: transfer_status(call.books, one).casefold()),
        "destination_id": Term(lambda one: one.location_id, "id"),
        "origin_id": Term(lambda one: one.origin_id or 0, "id"),
    }


DRAFT_TERMS: Mapping[str, Term] = {
    "id": Term(lambda one: one.draft_id, "id"),
    "status": Term(lambda one: one.status.casefold()),
    "created_at": Term(lambda one: one.created_at, "time"),
    "updated_at": Term(lambda one: one.updated_at, "time"),
}

OPERATION_TERMS: Mapping[str, Term] = {
    "id": Term(lambda one: one.operation_id, "id"),
    "status": Term(lambda one: one.status.casefold()),
    "operation_type": Term(lambda one: one.kind.casefold()),
    "created_at": Term(lambda one: one.created_at, "time"),
}

SUBSCRIPTION_TERMS: Mapping[str, Term] = {
    "id": Term(lambda one: one.subscription_id, "id"),
    "created_at": Term(lambda one: one.created_at, "time"),
    "updated_at": Term(lambda one: one.updated_at, "time"),
}
