"""What a merchant does with goods on their way, from suppliers or between locations."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.sandbox.actions import action
from app.sandbox.shopify import inbound, purchasing, reserving
from app.sandbox.shopify.shop.part import ShopPart
from app.sandbox.shopify.supply_records import InboundShipment, InboundTransfer, PurchaseOrder


class InboundActions(ShopPart):
    """Shipments, transfers and purchase orders."""

    @action
    def expect_shipment(
        self, location_id: int, quantities: Mapping[int, int], *, arrives_at: datetime | None = None
    ) -> InboundShipment:
        """Announce goods on their way, by item id."""
        return inbound.expect(
            self.books, self.books.locations[location_id], quantities, arrives_at=arrives_at
        )

    @action
    def receive_shipment(self, shipment_id: int, quantities: Mapping[int, int] | None = None) -> None:
        """Take goods in, all that are outstanding if not said otherwise (by item id)."""
        inbound.receive(self.books, self.books.shipments[shipment_id], quantities)

    @action
    def reject_rest(self, shipment_id: int) -> None:
        """What is outstanding of a shipment will not come."""
        inbound.reject_rest(self.books, self.books.shipments[shipment_id])

    @action
    def reschedule_shipment(self, shipment_id: int, arrives_at: datetime | None) -> None:
        """The carrier names another day, or none."""
        inbound.reschedule(self.books, self.books.shipments[shipment_id], arrives_at)

    @action
    def delete_shipment(self, shipment_id: int) -> None:
        """A shipment was a mistake."""
        inbound.delete(self.books, self.books.shipments[shipment_id])

    @action
    def add_transfer(
        self, location_id: int, shipment_ids: Sequence[int], *, reference: str | None = None
    ) -> InboundTransfer:
        """Shipments are parts of one transfer, which may have the merchant's own name."""
        place = self.books.locations[location_id]
        return inbound.transfer(self.books, place, shipment_ids, reference=reference)

    @action
    def order_goods(
        self,
        location_id: int,
        quantities: Mapping[int, int],
        *,
        supplier: str,
        ordered_at: datetime | None = None,
        supplier_skus: Mapping[int, str] = {},
    ) -> PurchaseOrder:
        """Order goods of a supplier, by item id; a draft where no moment of ordering is given."""
        place = self.books.locations[location_id]
        made = purchasing.order(self.books, place, quantities, supplier=supplier, at=ordered_at)
        for line in made.lines:
            line.supplier_sku = supplier_skus.get(line.item_id, "")
        return made

    @action
    def link_transfer(self, purchase_order_id: int, transfer_id: int) -> None:
        """A transfer brings goods of a purchase order."""
        self.books.purchase_orders[purchase_order_id].transfer_ids.append(transfer_id)

    @action
    def archive_purchase_order(self, purchase_order_id: int) -> None:
        """It is over, whatever came of it."""
        self.books.purchase_orders[purchase_order_id].archived_at = self.books.now()

    @action
    def open_transfer(
        self, origin_id: int, destination_id: int, quantities: Mapping[int, int]
    ) -> InboundTransfer:
        """Send units (by item id) from one location to another, once they are shipped."""
        return reserving.open_transfer(self.books, origin_id, destination_id, quantities)

    @action
    def ship_transfer(self, transfer_id: int) -> None:
        """The rest of a transfer leaves its origin."""
        reserving.ship_transfer(self.books, self.books.transfers[transfer_id])

    @action
    def cancel_transfer(self, transfer_id: int) -> None:
        """A transfer does not happen."""
        reserving.cancel_transfer(self.books, self.books.transfers[transfer_id])
