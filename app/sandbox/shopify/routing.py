"""Fulfillment orders: who ships what. A background worker makes them some time after the order.

https://shopify.dev/docs/apps/build/orders-fulfillment/order-management-apps/manage-fulfillments
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from app.sandbox.records import Refused
from app.sandbox.shopify import payloads, stock
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import (
    FulfillmentLine,
    FulfillmentOrder,
    Line,
    Location,
    LocationForMove,
    Order,
    Shipped,
)


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
                    or _open_at(books, order, location_id)
                    or _create(books, order, location_id)
                )
                _add(books, target, line.line_id, missing)
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


def _open_at(books: Books, order: Order, location_id: int) -> FulfillmentOrder | None:
    for candidate in books.fulfillment_orders_of(order):
        if candidate.location_id == location_id and candidate.status in ("OPEN", "IN_PROGRESS"):
            return candidate
    return None


def _create(
    books: Books, order: Order, location_id: int, *, is_routing: bool = True
) -> FulfillmentOrder:
    now = books.now()
    created = FulfillmentOrder(books.new_id("FulfillmentOrder"), order.order_id, location_id, now, now)
    books.fulfillment_orders[created.fulfillment_order_id] = created
    order.fulfillment_order_ids.append(created.fulfillment_order_id)
    if is_routing:
        books.tell("fulfillment_orders/order_routing_complete", lambda: payloads.routed(created))
    return created


def _add(books: Books, target: FulfillmentOrder, line_id: int, quantity: int) -> FulfillmentLine:
    _changed(books, target)
    for part in target.lines:
        if part.line_id == line_id:
            part.total += quantity
            part.remaining += quantity
            return part
    number = books.new_id("FulfillmentOrderLineItem")
    part = FulfillmentLine(number, target.fulfillment_order_id, line_id, quantity, quantity)
    target.lines.append(part)
    return part


def _take(books: Books, source: FulfillmentOrder, part: FulfillmentLine, quantity: int) -> None:
    part.total -= quantity
    part.remaining -= quantity
    if not part.total:
        source.lines.remove(part)
    _changed(books, source)


def _changed(books: Books, changed: FulfillmentOrder) -> None:
    """Stamp it and let its status follow from what is left of it."""
    changed.updated_at = books.now()
    books.touch(books.orders[changed.order_id])
    if changed.status in ("OPEN", "IN_PROGRESS") and changed.lines:
        shipped = any(part.remaining < part.total for part in changed.lines)
        changed.status = "IN_PROGRESS" if shipped else "OPEN"


def _close_if_done(changed: FulfillmentOrder) -> None:
    if changed.is_open and not any(part.remaining for part in changed.lines):
        changed.holds.clear()
        changed.status = "CLOSED"


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
                _take(books, source, part, taken)
        _close_if_done(source)


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
    _changed(books, source)
    _close_if_done(source)


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


def locations_for_move(
    books: Books, source: FulfillmentOrder, lines: Sequence[FulfillmentLine]
) -> list[LocationForMove]:
    """Every other active location, with what of these lines it stocks."""
    others = (one for one in books.locations.values() if one.location_id != source.location_id)
    return [_for_move(books, source, one, lines) for one in others if one.is_active]


def _for_move(
    books: Books, source: FulfillmentOrder, location: Location, lines: Sequence[FulfillmentLine]
) -> LocationForMove:
    able = [one for one in lines if _is_stocked(books, source, one, location.location_id)]
    rest = [one for one in lines if one not in able]
    is_open = source.status in ("OPEN", "IN_PROGRESS")
    message = f"{location.name} doesn't stock all of these items." if rest else None
    if not is_open:
        message = "The fulfillment order can't be moved in its state."
    return LocationForMove(location, bool(able) and is_open, message, tuple(able), tuple(rest))


def _is_stocked(books: Books, source: FulfillmentOrder, part: FulfillmentLine, location_id: int) -> bool:
    line = books.orders[source.order_id].line(part.line_id)
    is_bound = bool(line.item_id) and books.is_counted(line)
    return not is_bound or books.level(line.item_id or 0, location_id) is not None


def move(
    books: Books,
    source: FulfillmentOrder,
    location_id: int,
    *,
    quantities: Mapping[int, int] | None = None,
) -> FulfillmentOrder:
    """Let another location ship it, or only some units (by fulfillment line id).

    Moved whole and untouched, a fulfillment order keeps its id; else its units go into a new one, and
    an active one that the order already has there is closed and recreated in it.
    """
    parts = _movable(books, source, location_id, quantities)
    order, origin = books.orders[source.order_id], source.location_id
    is_whole = all(part.total == quantity for part, quantity in parts) and len(parts) == len(
        source.lines
    )
    for part, quantity in parts:
        _relocate_units(books, order.line(part.line_id), origin, location_id, quantity)
    moved = source if is_whole else _recreate(books, source, location_id, parts)
    moved.location_id = location_id
    _changed(books, moved)
    body = payloads.moved(source, moved, origin=origin, requested=_units(parts))
    books.tell("fulfillment_orders/moved", lambda: body)
    return moved


def _relocate_units(books: Books, line: Line, origin: int, location_id: int, quantity: int) -> None:
    """Those that no stock is committed to are committed nowhere else either."""
    waiting = min(quantity, line.uncommitted_at.get(origin, 0))
    stock.uncommit(books, line, origin, quantity=quantity)
    stock.commit(books, line, location_id, quantity=waiting, is_reserved=False)
    stock.commit(books, line, location_id, quantity=quantity - waiting)


def _movable(
    books: Books, source: FulfillmentOrder, location_id: int, quantities: Mapping[int, int] | None
) -> list[tuple[FulfillmentLine, int]]:
    location = books.locations[location_id]
    if (
        source.status not in ("OPEN", "IN_PROGRESS")
        or location_id == source.location_id
        or not location.is_active
    ):
        raise Refused(
            f"fulfillment order {source.fulfillment_order_id} can't be moved to {location.name}"
        )
    parts = _named_parts(source, quantities)
    for part, _ in parts:
        if not _is_stocked(books, source, part, location_id):
            title = books.orders[source.order_id].line(part.line_id).title
            raise Refused(f"{location.name} doesn't stock {title}")
    return parts


def _named_parts(
    source: FulfillmentOrder, quantities: Mapping[int, int] | None
) -> list[tuple[FulfillmentLine, int]]:
    if quantities is None:
        return [(part, part.remaining) for part in source.lines if part.remaining]
    parts = {part.fulfillment_line_id: part for part in source.lines}
    for number, quantity in quantities.items():
        if number not in parts or not 0 < quantity <= parts[number].remaining:
            raise Refused(
                f"fulfillment order {source.fulfillment_order_id} hasn't {quantity} of line {number}"
            )
    return [(parts[number], quantity) for number, quantity in quantities.items()]


def _recreate(
    books: Books,
    source: FulfillmentOrder,
    location_id: int,
    parts: Iterable[tuple[FulfillmentLine, int]],
) -> FulfillmentOrder:
    order = books.orders[source.order_id]
    existing = _open_at(books, order, location_id)
    target = _create(books, order, location_id, is_routing=False)
    if existing and existing is not source:
        _pour(books, existing, target, _named_parts(existing, None))
    _pour(books, source, target, parts)
    return target


def _pour(
    books: Books,
    source: FulfillmentOrder,
    target: FulfillmentOrder,
    parts: Iterable[tuple[FulfillmentLine, int]],
) -> list[FulfillmentLine]:
    poured = []
    for part, quantity in list(parts):
        _take(books, source, part, quantity)
        poured.append(_add(books, target, part.line_id, quantity))
    _close_if_done(source)
    return poured


def split(books: Books, source: FulfillmentOrder, quantities: Mapping[int, int]) -> FulfillmentOrder:
    """Put the named units into a new fulfillment order; the original keeps the rest."""
    if source.status != "OPEN":
        raise Refused(f"fulfillment order {source.fulfillment_order_id} can't be split")
    parts = _named_parts(source, quantities)
    if sum(quantities.values()) >= sum(part.remaining for part in source.lines):
        raise Refused("a split must leave something behind")
    target = _create(books, books.orders[source.order_id], source.location_id, is_routing=False)
    poured = _pour(books, source, target, parts)
    books.tell("fulfillment_orders/split", lambda: payloads.split(source, target, poured))
    return target


def merge(books: Books, everyone: Sequence[FulfillmentOrder]) -> FulfillmentOrder:
    """Put several open fulfillment orders of one order and place into the first; the others close."""
    places = {(one.order_id, one.location_id) for one in everyone}
    if not everyone[1:] or len(places) > 1 or any(one.status != "OPEN" for one in everyone):
        raise Refused("only open fulfillment orders of one order and location can be merged")
    first = everyone[0]
    body = payloads.merged(first, everyone)
    for other in everyone[1:]:
        _pour(books, other, first, _named_parts(other, None))
    books.tell("fulfillment_orders/merged", lambda: body)
    return first


def set_aside(
    books: Books, source: FulfillmentOrder, quantities: Mapping[int, int]
) -> FulfillmentOrder | None:
    """Free what a partial hold doesn't name: the held part keeps the id. None if all of it is held."""
    held = _units(_named_parts(source, quantities))
    left = [(part, part.remaining - held.get(part.fulfillment_line_id, 0)) for part in source.lines]
    free = [(part, quantity) for part, quantity in left if quantity]
    if not free:
        return None
    target = _create(books, books.orders[source.order_id], source.location_id, is_routing=False)
    target.freed_from = source.fulfillment_order_id
    _pour(books, source, target, free)
    return target


def _units(parts: Iterable[tuple[FulfillmentLine, int]]) -> dict[int, int]:
    """Units by fulfillment line id."""
    return {part.fulfillment_line_id: quantity for part, quantity in parts}


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
            _pour(books, free, released, _named_parts(free, None))
    _changed(books, released)


def reschedule(books: Books, scheduled: FulfillmentOrder) -> None:
    """Its date changed."""
    _changed(books, scheduled)
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
    _changed(books, scheduled)
    topic = "fulfillment_orders/scheduled_fulfillment_order_ready"
    books.tell(topic, lambda: payloads.routed(scheduled))


def give_back(books: Books, source: FulfillmentOrder) -> None:
    """The warehouse can't ship what is left of it: the merchant decides, and its units stay open."""
    if source.status not in ("OPEN", "IN_PROGRESS") or not any(part.remaining for part in source.lines):
        raise Refused(f"fulfillment order {source.fulfillment_order_id} is not being shipped")
    source.status = "INCOMPLETE"
    _changed(books, source)
    topic = "fulfillment_orders/fulfillment_service_failed_to_complete"
    books.tell(topic, lambda: payloads.routed(source))


def take_up_again(books: Books, source: FulfillmentOrder) -> None:
    """The merchant has what a warehouse gave back shipped after all."""
    if source.status != "INCOMPLETE":
        raise Refused(f"fulfillment order {source.fulfillment_order_id} was not given back")
    source.status = "OPEN"
    _changed(books, source)


def relocate(books: Books, order: Order, location_id: int, destination_id: int) -> None:
    """Hand all open units of a location that closes to another, and their fulfillment orders."""
    for line in order.lines:
        if quantity := line.open_at.get(location_id, 0):
            _relocate_units(books, line, location_id, destination_id, quantity)
            books.touch(order)
    for source in list(books.fulfillment_orders_of(order)):
        if source.is_open and source.location_id == location_id:
            _rehouse(books, source, destination_id)


def _rehouse(books: Books, source: FulfillmentOrder, destination_id: int) -> None:
    origin, parts = source.location_id, _named_parts(source, None)
    is_shipped = any(part.remaining < part.total for part in source.lines)
    moved = _recreate(books, source, destination_id, parts) if is_shipped else source
    moved.location_id = destination_id
    _changed(books, moved)
    body = payloads.moved(source, moved, origin=origin, requested=_units(parts))
    books.tell("fulfillment_orders/moved", lambda: body)
