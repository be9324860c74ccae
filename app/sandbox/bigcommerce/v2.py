"""What v2 answers: orders, statuses, the store itself. Bare lists, and 204 for an empty one."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.sandbox.bigcommerce import orders, payloads
from app.sandbox.bigcommerce.call import (
    NOT_FOUND,
    ApiError,
    Call,
    Handler,
    NotModelled,
    Reply,
    read_date,
)
from app.sandbox.bigcommerce.records import STATUSES, Order
from app.sandbox.bigcommerce.stock import Shortage
from app.sandbox.records import Refused

OUT_OF_STOCK = (
    "Quantities of one or more products are out of stock or did not meet quantity requirements."
)

FILTERS: Mapping[str, Callable[[Order, str], bool]] = {
    "min_id": lambda order, text: order.order_id >= int(text),
    "max_id": lambda order, text: order.order_id <= int(text),
    "status_id": lambda order, text: order.status_id == int(text),
    "customer_id": lambda order, text: order.buyer.customer_id == int(text),
    "channel_id": lambda order, text: text == "1",
    "min_date_created": lambda order, text: order.created_at >= read_date(text),
    "max_date_created": lambda order, text: order.created_at <= read_date(text),
    "min_date_modified": lambda order, text: order.updated_at >= read_date(text),
    "max_date_modified": lambda order, text: order.updated_at <= read_date(text),
}

SORTS: Mapping[str, Callable[[Order], int | datetime]] = {
    "id": lambda order: order.order_id,
    "date_created": lambda order: order.created_at,
    "date_modified": lambda order: order.updated_at,
    "status_id": lambda order: order.status_id,
    "customer_id": lambda order: order.buyer.customer_id,
}


def _list_orders(call: Call) -> Reply:
    call.honour(*FILTERS, "sort", "page", "limit", "include", "consignment_structure")
    found = sorted(_found(call), key=lambda order: order.order_id)
    name, _, direction = call.query.get("sort", "id").partition(":")
    if name not in SORTS:
        raise NotModelled(f"sorting by {name}")
    found.sort(key=SORTS[name], reverse=direction == "desc")
    return call.part(found, lambda order: _order(call, order))


def _found(call: Call) -> list[Order]:
    """Archived orders are in no list, or in all: see `SandboxStore.lists_archived`."""
    wanted = [(FILTERS[name], text) for name, text in call.query.items() if name in FILTERS]
    return [
        order
        for order in call.books.orders.values()
        if (call.books.lists_archived or not order.is_archived)
        and all(fits(order, text) for fits, text in wanted)
    ]


def _order(call: Call, order: Order) -> dict[str, Any]:
    include = call.words("include") or set()
    if include - {"consignments", "consignments.line_items"}:
        raise NotModelled("including fees")
    if not include:
        return payloads.order(call.store, order, consignments=None)
    if call.query.get("consignment_structure") != "object":
        raise NotModelled("consignments in a list: ask for consignment_structure=object")
    with_lines = "consignments.line_items" in include
    whole = payloads.consignments(call.store, order, with_lines=with_lines)
    return payloads.order(call.store, order, consignments=whole)


def _get_order(call: Call) -> Reply:
    call.honour("include", "consignment_structure")
    return Reply(_order(call, call.order()))


def _count_orders(call: Call) -> Reply:
    call.honour(*FILTERS)
    found = _found(call)
    counts = [sum(order.status_id == number for order in found) for number in range(len(STATUSES))]
    statuses = [
        payloads.status(number) | {"count": count, "sort_order": number}
        for number, count in enumerate(counts)
    ]
    return Reply({"statuses": statuses, "count": len(found)})


def _put_order(call: Call) -> Reply:
    """Change an order. Fields that an app should not send do their harm here too, and are noted."""
    order, sent = call.order(), dict(call.sent or {})
    for name in sent.keys() - WRITES.keys():
        raise NotModelled(f"writing an order's {name}")
    for name, value in sent.items():
        WRITES[name](call, order, value)
    return Reply(_order(call, order))


def _write_notes(call: Call, order: Order, text: str) -> None:
    order.staff_notes = text
    call.books.touch(order)
    call.books.write("note written", order, text, request=call.number)


def _write_status(call: Call, order: Order, status_id: int) -> None:
    orders.change_status(call.books, order, status_id)
    call.books.write("status set", order, str(status_id), request=call.number)


def _write_message(call: Call, order: Order, text: str) -> None:
    order.customer_message = text
    call.books.touch(order)
    call.books.write("buyer's message overwritten", order, text, request=call.number)


def _write_products(call: Call, order: Order, products: list[dict[str, Any]]) -> None:
    """Sending `products` takes all discounts off the order."""
    known = {line.line_id for line in order.lines}
    if any(product.get("id") not in known or "quantity" not in product for product in products):
        raise NotModelled("products other than the order's own, with their quantity")
    order.discount = payloads.NOTHING
    call.books.write("discounts lost", order, "", request=call.number)
    orders.edit(call.books, order, {product["id"]: product["quantity"] for product in products}, ())


def _write_fees(call: Call, order: Order, fees: list[Any]) -> None:
    """Sending `fees` replaces them all; the sandbox's orders have none."""
    call.books.write("fees replaced", order, str(len(fees)), request=call.number)


WRITES: Mapping[str, Callable[[Call, Order, Any], None]] = {
    "staff_notes": _write_notes,
    "status_id": _write_status,
    "customer_message": _write_message,
    "products": _write_products,
    "fees": _write_fees,
}


def _list_products(call: Call) -> Reply:
    call.honour("page", "limit")
    order = call.order()
    return call.part(order.lines, lambda line: payloads.order_product(call.books, order, line))


def _list_shipments(call: Call) -> Reply:
    call.honour("page", "limit")
    order = call.order()
    return call.part(order.shipments, lambda parcel: payloads.shipment(order, parcel))


def refusal(error: Refused) -> ApiError:
    """How the API words what a merchant may not do."""
    if isinstance(error, Shortage):
        message = (
            "Quantities of one or more products are out of stock or did not meet quantity requirements."
        )
        return ApiError(409, message, {"errors": [error.details()]})
    return ApiError(404, NOT_FOUND) if "there is no" in str(error) else ApiError(422, str(error))


HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("GET", "/orders"): _list_orders,
    ("GET", "/orders/count"): _count_orders,
    ("GET", "/orders/{order_id}"): _get_order,
    ("PUT", "/orders/{order_id}"): _put_order,
    ("GET", "/orders/{order_id}/products"): _list_products,
    ("GET", "/orders/{order_id}/shipments"): _list_shipments,
    ("GET", "/order_statuses"): lambda call: Reply([payloads.status(n) for n in range(len(STATUSES))]),
    ("GET", "/store"): lambda call: Reply(payloads.store_information(call.store)),
    ("GET", "/time"): lambda call: Reply({"time": int(call.store.clock().timestamp())}),
}
