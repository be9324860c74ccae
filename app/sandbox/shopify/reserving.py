"""Who commits units besides orders: draft orders that reserve, and transfers to other locations.

Since 2026-08-05 both count as `committed`, no longer as `reserved`
(https://shopify.dev/changelog). A draft's units are committed until `reserve_until`, or until it is
completed or deleted; a transfer's at its origin, until they are shipped or it is canceled.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from app.sandbox.records import Refused
from app.sandbox.shopify import inbound, payloads, stock
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import DraftLine, DraftOrder
from app.sandbox.shopify.supply_records import InboundTransfer, TransferLine


def draft(
    books: Books, lines: Sequence[tuple[int, int]], *, reserve_until: datetime | None
) -> DraftOrder:
    """Staff prepare an order, (variant id, quantity), and may have its units reserved."""
    now = books.now()
    made = DraftOrder(
        books.new_id("DraftOrder"), f"#D{len(books.drafts) + 1}", now, now, reserve_until=reserve_until
    )
    books.drafts[made.draft_id] = made
    for variant_id, quantity in lines:
        item_id = books.variants[variant_id].item_id
        place, _ = stock.choose_location(books, item_id, quantity=quantity)
        number = books.new_id("DraftOrderLineItem")
        made.lines.append(DraftLine(number, variant_id, item_id, quantity, place))
    if reserve_until is not None:
        _reserve(books, made, 1)
    books.tell("draft_orders/create", partial(payloads.draft, made))
    return made


def _reserve(books: Books, made: DraftOrder, sign: int) -> None:
    made.is_reserving = sign > 0
    for line in made.lines:
        level = books.level(line.item_id, line.location_id)
        if level and books.item(line.item_id).is_tracked:
            units = sign * line.quantity
            stock.shift(books, level, available=-units, committed=units)


def set_reserve_until(books: Books, made: DraftOrder, reserve_until: datetime | None) -> None:
    """Staff reserve the units of an open draft, longer, or no more."""
    if made.status == "COMPLETED":
        raise Refused(f"{made.name} is completed")
    if made.is_reserving:
        _reserve(books, made, -1)
    made.reserve_until, made.updated_at = reserve_until, books.now()
    if reserve_until is not None and reserve_until > books.clock():
        _reserve(books, made, 1)
    books.tell("draft_orders/update", partial(payloads.draft, made))


def expire(books: Books, made: DraftOrder) -> None:
    """Its reservation is over; `reserve_until` keeps standing there."""
    _reserve(books, made, -1)


def close(books: Books, made: DraftOrder) -> None:
    """It became an order: what it had reserved is given back in the moment in which that is placed."""
    if made.status == "COMPLETED":
        raise Refused(f"{made.name} is completed already")
    if made.is_reserving:
        _reserve(books, made, -1)
    made.status, made.updated_at = "COMPLETED", books.now()
    books.tell("draft_orders/update", partial(payloads.draft, made))


def delete(books: Books, made: DraftOrder) -> None:
    """Staff throw a draft away."""
    if made.is_reserving:
        _reserve(books, made, -1)
    del books.drafts[made.draft_id]
    books.tell("draft_orders/delete", lambda: {"id": made.draft_id})


def open_transfer(
    books: Books, origin_id: int, destination_id: int, quantities: Mapping[int, int]
) -> InboundTransfer:
    """Units are to go from one location to another: committed where they are (by item id)."""
    if origin_id == destination_id:
        raise Refused("a transfer goes to another location")
    made = inbound.transfer(books, books.locations[destination_id], [], reference=None)
    made.origin_id = origin_id
    for item_id, quantity in quantities.items():
        level = books.level(item_id, origin_id)
        if level is None:
            raise Refused(f"item {item_id} isn't stocked there")
        made.lines.append(TransferLine(books.new_id("InventoryTransferLineItem"), item_id, quantity))
        stock.shift(books, level, available=-quantity, committed=quantity)
    _tell(books, "inventory_transfers/ready_to_ship", made)
    return made


def ship_transfer(books: Books, made: InboundTransfer) -> None:
    """All that is left of it leaves, and is on its way to its destination."""
    left = {line.item_id: line.unshipped for line in made.lines if line.unshipped}
    if made.is_canceled or not left:
        raise Refused(f"{made.name} has nothing to ship")
    for line in made.lines:
        _uncommit(books, made, line, is_shipped=True)
        line.shipped = line.quantity
    place = books.locations[made.location_id]
    made.shipment_ids.append(inbound.expect(books, place, left, arrives_at=None).shipment_id)
    _tell(books, "inventory_shipments/mark_in_transit", made)


def cancel_transfer(books: Books, made: InboundTransfer) -> None:
    """What has not left stays, and is free again."""
    if made.is_canceled or not any(line.unshipped for line in made.lines):
        raise Refused(f"{made.name} can't be canceled")
    for line in made.lines:
        _uncommit(books, made, line, is_shipped=False)
    made.is_canceled = True
    _tell(books, "inventory_transfers/cancel", made)


def _uncommit(books: Books, made: InboundTransfer, line: TransferLine, *, is_shipped: bool) -> None:
    level = books.level(line.item_id, made.origin_id or 0)
    if level:
        stock.shift(
            books, level, committed=-line.unshipped, available=0 if is_shipped else line.unshipped
        )


def _tell(books: Books, topic: str, made: InboundTransfer) -> None:
    books.tell(topic, lambda: payloads.transfer(books, made))
