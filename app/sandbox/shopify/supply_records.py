"""What is on its way to a shop: plain mutable records, changed only by the modules beside this one."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class ShipmentLine:
    """Units of one item in one inbound shipment."""

    shipment_line_id: int
    item_id: int
    quantity: int
    accepted: int = 0
    rejected: int = 0

    @property
    def unreceived(self) -> int:
        """Units that are still to come."""
        return self.quantity - self.accepted - self.rejected


@dataclass
class InboundShipment:
    """Goods on their way to a location."""

    shipment_id: int
    name: str
    location_id: int
    arrives_at: datetime | None
    created_at: datetime
    lines: list[ShipmentLine]
    received_at: datetime | None = None

    @property
    def status(self) -> str:
        """Shopify's word for how far it is."""
        if not any(line.unreceived for line in self.lines):
            return "RECEIVED"
        has_begun = any(line.unreceived < line.quantity for line in self.lines)
        return "PARTIALLY_RECEIVED" if has_begun else "IN_TRANSIT"


@dataclass
class PurchaseLine:
    """Units of one item that a supplier was asked for."""

    purchase_line_id: int
    item_id: int
    quantity: int
    supplier_sku: str = ""


@dataclass
class PurchaseOrder:
    """An order to a supplier; without `ordered_at` it is a draft."""

    purchase_order_id: int
    name: str
    supplier: str
    location_id: int
    created_at: datetime
    ordered_at: datetime | None
    lines: list[PurchaseLine]
    transfer_ids: list[int] = field(default_factory=list)
    archived_at: datetime | None = None

    @property
    def status(self) -> str:
        """Shopify's word for how far it is; whether it came, nobody says."""
        return "DRAFT" if self.ordered_at is None else "ORDERED"


@dataclass
class TransferLine:
    """Units of one item that a transfer takes from its origin."""

    transfer_line_id: int
    item_id: int
    quantity: int
    shipped: int = 0

    @property
    def unshipped(self) -> int:
        """Units that are still where they were, committed to the transfer."""
        return self.quantity - self.shipped


@dataclass
class InboundTransfer:
    """Shipments to one location that the merchant knows by one name, from one of the shop's own where
    it has an origin."""

    transfer_id: int
    name: str
    location_id: int
    created_at: datetime
    shipment_ids: list[int]
    reference: str | None = None
    origin_id: int | None = None
    lines: list[TransferLine] = field(default_factory=list)
    is_canceled: bool = False
