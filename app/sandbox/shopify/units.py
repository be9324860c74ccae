"""What a fulfillment order is made of: units that are put in, taken out, and poured into another."""

from collections.abc import Iterable, Mapping

from app.sandbox.records import Refused
from app.sandbox.shopify import payloads
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import FulfillmentLine, FulfillmentOrder, Order


def open_order_at(books: Books, order: Order, location_id: int) -> FulfillmentOrder | None:
    """The order's fulfillment order at a location that units may still be put into."""
    for candidate in books.fulfillment_orders_of(order):
        if candidate.location_id == location_id and candidate.status in ("OPEN", "IN_PROGRESS"):
            return candidate
    return None


def create(books: Books, order: Order, location_id: int, *, is_routing: bool = True) -> FulfillmentOrder:
    """A new, empty one; `is_routing` if the background worker makes it, which webhooks tell."""
    now = books.now()
    created = FulfillmentOrder(books.new_id("FulfillmentOrder"), order.order_id, location_id, now, now)
    books.fulfillment_orders[created.fulfillment_order_id] = created
    order.fulfillment_order_ids.append(created.fulfillment_order_id)
    if is_routing:
        books.tell("fulfillment_orders/order_routing_complete", lambda: payloads.routed(created))
    return created


def put(books: Books, target: FulfillmentOrder, line_id: int, quantity: int) -> FulfillmentLine:
    """Put units of an order line in; answers the line that they are in."""
    stamp(books, target)
    for part in target.lines:
        if part.line_id == line_id:
            part.total += quantity
            part.remaining += quantity
            return part
    number = books.new_id("FulfillmentOrderLineItem")
    part = FulfillmentLine(number, target.fulfillment_order_id, line_id, quantity, quantity)
    target.lines.append(part)
    return part


def take(books: Books, source: FulfillmentOrder, part: FulfillmentLine, quantity: int) -> None:
    """Take units out again, and the line with its last."""
    part.total -= quantity
    part.remaining -= quantity
    if not part.total:
        source.lines.remove(part)
    stamp(books, source)


def stamp(books: Books, changed: FulfillmentOrder) -> None:
    """Stamp it and let its status follow from what is left of it."""
    changed.updated_at = books.now()
    books.touch(books.orders[changed.order_id])
    if changed.status in ("OPEN", "IN_PROGRESS") and changed.lines:
        shipped = any(part.remaining < part.total for part in changed.lines)
        changed.status = "IN_PROGRESS" if shipped else "OPEN"


def close_if_done(changed: FulfillmentOrder) -> None:
    """Close it once nothing of it is left to ship."""
    if changed.is_open and not any(part.remaining for part in changed.lines):
        changed.holds.clear()
        changed.status = "CLOSED"


def named(
    source: FulfillmentOrder, quantities: Mapping[int, int] | None
) -> list[tuple[FulfillmentLine, int]]:
    """Its lines and how many units of each are meant, by fulfillment line id; None: all that remain.

    Raises:
        Refused: A line is not in it, or has fewer.
    """
    if quantities is None:
        return [(part, part.remaining) for part in source.lines if part.remaining]
    parts = {part.fulfillment_line_id: part for part in source.lines}
    for number, quantity in quantities.items():
        if number not in parts or not 0 < quantity <= parts[number].remaining:
            raise Refused(
                f"fulfillment order {source.fulfillment_order_id} hasn't {quantity} of line {number}"
            )
    return [(parts[number], quantity) for number, quantity in quantities.items()]


def pour(
    books: Books,
    source: FulfillmentOrder,
    target: FulfillmentOrder,
    parts: Iterable[tuple[FulfillmentLine, int]],
) -> list[FulfillmentLine]:
    """Take units out of `source` and put them into `target`; answers the lines that they are in now."""
    poured = []
    for part, quantity in list(parts):
        take(books, source, part, quantity)
        poured.append(put(books, target, part.line_id, quantity))
    close_if_done(source)
    return poured


def by_line(parts: Iterable[tuple[FulfillmentLine, int]]) -> dict[int, int]:
    """Units by fulfillment line id."""
    return {part.fulfillment_line_id: quantity for part, quantity in parts}
