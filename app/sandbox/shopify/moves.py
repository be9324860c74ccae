"""Fulfillment orders that other locations are to ship, and that are split and merged.

https://shopify.dev/docs/apps/build/orders-fulfillment/order-management-apps/manage-fulfillments
"""

from collections.abc import Iterable, Mapping, Sequence

from app.sandbox.records import Refused
from app.sandbox.shopify import payloads, stock, units
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import (
    FulfillmentLine,
    FulfillmentOrder,
    Line,
    Location,
    LocationForMove,
    Order,
)


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
    units.stamp(books, moved)
    body = payloads.moved(source, moved, origin=origin, requested=units.by_line(parts))
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
    parts = units.named(source, quantities)
    for part, _ in parts:
        if not _is_stocked(books, source, part, location_id):
            title = books.orders[source.order_id].line(part.line_id).title
            raise Refused(f"{location.name} doesn't stock {title}")
    return parts


def _recreate(
    books: Books,
    source: FulfillmentOrder,
    location_id: int,
    parts: Iterable[tuple[FulfillmentLine, int]],
) -> FulfillmentOrder:
    order = books.orders[source.order_id]
    existing = units.open_order_at(books, order, location_id)
    target = units.create(books, order, location_id, is_routing=False)
    if existing and existing is not source:
        units.pour(books, existing, target, units.named(existing, None))
    units.pour(books, source, target, parts)
    return target


def split(books: Books, source: FulfillmentOrder, quantities: Mapping[int, int]) -> FulfillmentOrder:
    """Put the named units into a new fulfillment order; the original keeps the rest."""
    if source.status != "OPEN":
        raise Refused(f"fulfillment order {source.fulfillment_order_id} can't be split")
    parts = units.named(source, quantities)
    if sum(quantities.values()) >= sum(part.remaining for part in source.lines):
        raise Refused("a split must leave something behind")
    target = units.create(books, books.orders[source.order_id], source.location_id, is_routing=False)
    poured = units.pour(books, source, target, parts)
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
        units.pour(books, other, first, units.named(other, None))
    books.tell("fulfillment_orders/merged", lambda: body)
    return first


def set_aside(
    books: Books, source: FulfillmentOrder, quantities: Mapping[int, int]
) -> FulfillmentOrder | None:
    """Free what a partial hold doesn't name: the held part keeps the id. None if all of it is held."""
    held = units.by_line(units.named(source, quantities))
    left = [(part, part.remaining - held.get(part.fulfillment_line_id, 0)) for part in source.lines]
    free = [(part, quantity) for part, quantity in left if quantity]
    if not free:
        return None
    target = units.create(books, books.orders[source.order_id], source.location_id, is_routing=False)
    target.freed_from = source.fulfillment_order_id
    units.pour(books, source, target, free)
    return target


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
    origin, parts = source.location_id, units.named(source, None)
    is_shipped = any(part.remaining < part.total for part in source.lines)
    moved = _recreate(books, source, destination_id, parts) if is_shipped else source
    moved.location_id = destination_id
    units.stamp(books, moved)
    body = payloads.moved(source, moved, origin=origin, requested=units.by_line(parts))
    books.tell("fulfillment_orders/moved", lambda: body)
