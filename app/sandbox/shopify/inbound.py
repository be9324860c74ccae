"""Goods on their way: inbound shipments, and transfers of several.

https://shopify.dev/docs/api/admin-graphql/latest/objects/InventoryShipment
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.sandbox.records import Refused
from app.sandbox.shopify import payloads
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import Location
from app.sandbox.shopify.stock import connect, shift
from app.sandbox.shopify.supply_records import InboundShipment, InboundTransfer, ShipmentLine


def expect(
    books: Books, location: Location, quantities: Mapping[int, int], *, arrives_at: datetime | None
) -> InboundShipment:
    """Goods are on their way to a location."""
    lines = [
        ShipmentLine(books.new_id("InventoryShipmentLineItem"), item_id, quantity)
        for item_id, quantity in quantities.items()
    ]
    for line in lines:
        shift(books, connect(books, books.item(line.item_id), location), incoming=line.quantity)
    number = len(books.shipments) + 1
    shipment = InboundShipment(
        books.new_id("InventoryShipment"),
        f"#S{number:04}",
        location.location_id,
        arrives_at,
        books.now(),
        lines,
    )
    books.shipments[shipment.shipment_id] = shipment
    _tell(books, "inventory_shipments/create", shipment)
    return shipment


def receive(books: Books, shipment: InboundShipment, quantities: Mapping[int, int] | None) -> None:
    """Goods have come in, all that is outstanding unless said otherwise."""
    for line in shipment.lines:
        arrived = line.unreceived if quantities is None else quantities.get(line.item_id, 0)
        if arrived > line.unreceived:
            raise Refused(f"only {line.unreceived} of item {line.item_id} are still to come")
        level = connect(books, books.item(line.item_id), books.locations[shipment.location_id])
        shift(books, level, incoming=-arrived, available=arrived)
        line.accepted += arrived
    shipment.received_at = books.now()
    _tell(books, "inventory_shipments/receive_items", shipment)


def reject_rest(books: Books, shipment: InboundShipment) -> None:
    """What is outstanding came broken, or never: nothing more comes of it."""
    for line in shipment.lines:
        rest = line.unreceived
        level = connect(books, books.item(line.item_id), books.locations[shipment.location_id])
        shift(books, level, incoming=-rest)
        line.rejected += rest
    shipment.received_at = books.now()
    _tell(books, "inventory_shipments/receive_items", shipment)


def reschedule(books: Books, shipment: InboundShipment, arrives_at: datetime | None) -> None:
    """The carrier names another day, or none."""
    shipment.arrives_at = arrives_at
    books.tell("inventory_shipments/update_tracking", lambda: payloads.tracking(books, shipment))


def delete(books: Books, shipment: InboundShipment) -> None:
    """It was a mistake."""
    for line in shipment.lines:
        level = connect(books, books.item(line.item_id), books.locations[shipment.location_id])
        shift(books, level, incoming=-line.unreceived)
    del books.shipments[shipment.shipment_id]
    for transfer in books.transfers.values():
        if shipment.shipment_id in transfer.shipment_ids:
            transfer.shipment_ids.remove(shipment.shipment_id)
    _tell(books, "inventory_shipments/delete", shipment)


def transfer(
    books: Books, location: Location, shipment_ids: Sequence[int], *, reference: str | None
) -> InboundTransfer:
    """Shipments are parts of one transfer; `reference` is the merchant's own word for it."""
    made = InboundTransfer(
        books.new_id("InventoryTransfer"),
        f"#T{len(books.transfers) + 1:04}",
        location.location_id,
        books.now(),
        list(shipment_ids),
        reference,
    )
    books.transfers[made.transfer_id] = made
    books.tell("inventory_transfers/updated", lambda: payloads.transfer(books, made))
    return made


def _tell(books: Books, topic: str, shipment: InboundShipment) -> None:
    books.tell(topic, lambda: payloads.shipment(books, shipment))
