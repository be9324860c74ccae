"""The platform's own figures of its stock, and what is on its way or reserved."""

from datetime import datetime
from enum import StrEnum

import msgspec


class Pool(msgspec.Struct, frozen=True):
    """One item at one location, in the platform's own figures of one snapshot.

    `available` is what is free to sell; below zero by the units short. What open orders take shows in
    one of three ways (see `app.core.books.StockPosition`): `committed` where the platform counts all
    their units (Shopify); `backordered` where it counts those short at placement, the others having left
    `on_hand` (BigCommerce); neither, where open orders have not lowered `available` at all.
    `safety_stock` units are on hand and not available.
    """

    location_id: int
    location_name: str
    on_hand: int
    available: int
    committed: int | None = None
    backordered: int | None = None
    safety_stock: int = 0


class ItemStock(msgspec.Struct, frozen=True):
    """All pools of one item, read in one go. An untracked item has none that matter."""

    item_id: int
    is_tracked: bool
    pools: tuple[Pool, ...]
    sku: str = ""


class InboundLine(msgspec.Struct, frozen=True):
    """Units of one item in a shipment: `accepted` were taken in, `unreceived` are still to come; the
    rest was rejected."""

    line_id: int
    item_id: int
    sku: str
    quantity: int
    accepted: int
    unreceived: int


class Inbound(msgspec.Struct, frozen=True):
    """Goods on their way to a location, as the platform tells them. `names` are what the merchant may
    call them, their own word first. Without lines it no longer exists."""

    shipment_id: int
    location_id: int
    names: tuple[str, ...] = ()
    arrives_at: datetime | None = None
    lines: tuple[InboundLine, ...] = ()
    received_at: datetime | None = None


class PurchaseLine(msgspec.Struct, frozen=True):
    """Units of one item in an order to a supplier, who calls it by a SKU of its own."""

    line_id: int
    item_id: int
    sku: str
    quantity: int
    supplier_sku: str = ""


class PurchaseOrder(msgspec.Struct, frozen=True):
    """An order to a supplier that is open at the platform. It knows no day of arrival and nothing of
    what came: the shipments that belong to it do. `location_id` is where it goes, as far as the platform
    tells."""

    order_id: int
    name: str
    supplier: str
    ordered_at: datetime
    location_id: int | None
    lines: tuple[PurchaseLine, ...]
    shipment_ids: tuple[int, ...] = ()


class ReservationKind(StrEnum):
    """What units may be committed to besides orders."""

    DRAFT = "draft order"
    TRANSFER = "transfer"


class Reservation(msgspec.Struct, frozen=True):
    """Units of an item that are committed to something that is no order, which merchants know by `name`.
    `placed_at` is since when, as far as the platform tells; `location_id` is None where it does not."""

    kind: ReservationKind
    source_id: int
    name: str
    item_id: int
    quantity: int
    placed_at: datetime
    location_id: int | None = None
