"""Fulfillment orders: who ships what. A background worker makes them some time after the order.

https://shopify.dev/docs/apps/build/orders-fulfillment/order-management-apps/manage-fulfillments
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from app.sandbox.records import Refused
from app.sandbox.shopify import payloads, stock, units
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import FulfillmentLine, FulfillmentOrder, Line, Order, Shipped


def routed(books: Books, order: Order, line: Line, location_id: int) -> int:
    """Units of a line that fulfillment orders of a location already hold."""
    return sum(
        part.remaining
        for fulfillment_order in books.fulfillment_orders_of(order)
        if fulfillment_order.is_open and fulfillment_order.location_id == location_id
        for part in fulfillment_order.lines
        if part.line_id == line.line_id
    )


def route(books: Books, order: Order) -> None:
    """The background worker: give every open unit a fulfillment order."""
    order.route_due_at = None
    for line in order.lines:
        for location_id, quantity in line.open_at.items():
            missing = quantity - routed(books, order, line, location_id)
            if missing > 0:
                target = (
                    _kept_back(books, order, line, location_id)
                    or units.open_order_at(books, order, location_id)
                    or units.create(books, order, location_id)
                )
                units.put(books, target, line.line_id, missing)
                books.touch(order)


def _kept_back(books: Books, order: Order, line: Line, location_id: int) -> FulfillmentOrder | None:
    """Units that are added to a preorder before it is let go wait with the others: if they were ready
    to be fulfilled, stock would be committed to them."""
    if not line.uncommitted_at.get(location_id):
        return None
    held = (
        one
        for one in books.fulfillment_orders_of(order)
        if one.status in ("ON_HOLD", "SCHEDULED") and one.location_id == location_id
    )
    return next((one for one in held if any(part.line_id == line.line_id for part in one.lines)), None)


def withdraw(books: Books, order: Order, line: Line, *, quantity: int, restock: bool) -> None:
    """Take open units off a line, those without a fulfillment order first."""
    line.removed += quantity
    books.touch(order)
    unrouted = {place: n - routed(books, order, line, place) for place, n in line.open_at.items()}
    for location_id in sorted(unrouted, key=lambda place: (-unrouted[place], place)):
        taken = min(line.open_at[location_id], quantity)
        if not taken:
            continue
        _withdraw_routed(books, order, (line, location_id), quantity=taken - unrouted[location_id])
        stock.uncommit(books, line, location_id, quantity=taken, restock=restock)
        quantity -= taken


def _withdraw_routed(books: Books, order: Order, place: tuple[Line, int], *, quantity: int) -> None:
    line, location_id = place
    for source in books.fulfillment_orders_of(order):
        if not source.is_open or source.location_id != location_id:
            continue
        for part in [part for part in source.lines if part.line_id == line.line_id]:
            taken = max(0, min(part.remaining, quantity))
            quantity -= taken
            if taken:
                units.take(books, source, part, taken)
        units.close_if_done(source)


def shippable(books: Books, order: Order) -> list[tuple[FulfillmentOrder, FulfillmentLine]]:
    """Everything that may be shipped now: routed, not held."""
    return [
        (fulfillment_order, part)
        for fulfillment_order in books.fulfillment_orders_of(order)
        if fulfillment_order.status in ("OPEN", "IN_PROGRESS")
        for part in fulfillment_order.lines
        if part.remaining
    ]


def ship(books: Books, order: Order, wanted: Mapping[int, int] | None) -> list[Shipped]:
    """Ship units by line id, or everything that may be."""
    left = None if wanted is None else dict(wanted)
    shipped: list[Shipped] = []
    for source, part in shippable(books, order):
        quantity = part.remaining if left is None else min(part.remaining, left.get(part.line_id, 0))
        if not quantity:
            continue
        if left is not None:
            left[part.line_id] -= quantity
        _ship_part(books, source, part, quantity)
        shipped.append(Shipped(source.fulfillment_order_id, source.location_id, part.line_id, quantity))
    if not shipped:
        raise Refused(f"nothing of order {order.name} can be shipped now")
    return shipped


def _ship_part(books: Books, source: FulfillmentOrder, part: FulfillmentLine, quantity: int) -> None:
    line = books.orders[source.order_id].line(part.line_id)
    stock.reserve(books, line, source.location_id, quantity=quantity)
    stock.uncommit(books, line, source.location_id, quantity=quantity, restock=False)
    line.fulfilled += quantity
    part.remaining -= quantity
    units.stamp(books, source)
    units.close_if_done(source)


def unship(books: Books, order: Order, shipped: Iterable[Shipped]) -> None:
    """A parcel turns out never to have left: its units are open again, in a new fulfillment order."""
    for unit in shipped:
        line = order.line(unit.line_id)
        line.fulfilled -= unit.quantity
        stock.recommit(books, line, unit.location_id, quantity=unit.quantity)
        source = books.fulfillment_orders[unit.fulfillment_order_id]
        for part in source.lines:
            if part.line_id == unit.line_id:
                part.total -= unit.quantity
        source.lines = [part for part in source.lines if part.total]
    route(books, order)


def reopen(books: Books, released: FulfillmentOrder) -> None:
    """Its last hold is gone: it is open again, or waits for its day, and takes back the part that a
    partial hold had freed."""
    is_for_later = released.fulfill_at is not None and released.fulfill_at > books.clock()
    released.status = "SCHEDULED" if is_for_later else "OPEN"
    if not is_for_later:
        _reserve(books, released)
    for free in books.fulfillment_orders_of(books.orders[released.order_id]):
        is_untouched = free.status == "OPEN" and free.location_id == released.location_id
        if free.freed_from == released.fulfillment_order_id and is_untouched:
            units.pour(books, free, released, units.named(free, None))
    units.stamp(books, released)


def reschedule(books: Books, scheduled: FulfillmentOrder) -> None:
    """Its date changed."""
    units.stamp(books, scheduled)
    books.tell("fulfillment_orders/rescheduled", lambda: payloads.rescheduled(scheduled))


def _reserve(books: Books, opened: FulfillmentOrder) -> None:
    """Lines of plans that reserve on fulfilment are committed once nothing holds them back any more."""
    order = books.orders[opened.order_id]
    for part in opened.lines:
        line = order.line(part.line_id)
        stock.reserve(books, line, opened.location_id, quantity=part.remaining)


def schedule(books: Books, source: FulfillmentOrder, fulfill_at: datetime) -> None:
    """Ship it on a later day."""
    if source.status != "OPEN":
        raise Refused(f"fulfillment order {source.fulfillment_order_id} can't be scheduled")
    source.status, source.fulfill_at = "SCHEDULED", fulfill_at
    reschedule(books, source)


def open_scheduled(books: Books, scheduled: FulfillmentOrder) -> None:
    """Its day has come."""
    scheduled.status = "OPEN"
    _reserve(books, scheduled)
    units.stamp(books, scheduled)
    topic = "fulfillment_orders/scheduled_fulfillment_order_ready"
    books.tell(topic, lambda: payloads.routed(scheduled))


def give_back(books: Books, source: FulfillmentOrder) -> None:
    """The warehouse can't ship what is left of it: the merchant decides, and its units stay open."""
    if source.status not in ("OPEN", "IN_PROGRESS") or not any(part.remaining for part in source.lines):
        raise Refused(f"fulfillment order {source.fulfillment_order_id} is not being shipped")
    source.status = "INCOMPLETE"
    units.stamp(books, source)
    topic = "fulfillment_orders/fulfillment_service_failed_to_complete"
    books.tell(topic, lambda: payloads.routed(source))


def take_up_again(books: Books, source: FulfillmentOrder) -> None:
    """The merchant has what a warehouse gave back shipped after all."""
    if source.status != "INCOMPLETE":
        raise Refused(f"fulfillment order {source.fulfillment_order_id} was not given back")
    source.status = "OPEN"
    units.stamp(books, source)
