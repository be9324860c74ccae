"""What a store consists of: plain mutable records, changed only by the modules beside this one."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from app.sandbox.buyers import Buyer
from app.sandbox.records import Refused

Tracking = Literal["none", "product", "variant"]
Availability = Literal["available", "disabled", "preorder"]
Channel = Literal["online", "manual"]
StockBehavior = Literal["order_placed", "order_completed_or_shipped"]

INCOMPLETE, PENDING, SHIPPED, PARTIALLY_SHIPPED, REFUNDED, CANCELLED, DECLINED = range(7)
AWAITING_PICKUP, COMPLETED, AWAITING_FULFILLMENT, PARTIALLY_REFUNDED = 8, 10, 11, 14

STATUSES = (
    "Incomplete",
    "Pending",
    "Shipped",
    "Partially Shipped",
    "Refunded",
    "Cancelled",
    "Declined",
    "Awaiting Payment",
    "Awaiting Pickup",
    "Awaiting Shipment",
    "Completed",
    "Awaiting Fulfillment",
    "Manual Verification Required",
    "Disputed",
    "Partially Refunded",
)
# An order of these has no claim on stock; one of those has none any more.
OFFLINE = frozenset({"bankdeposit", "custom"})
VOID = frozenset({INCOMPLETE, REFUNDED, CANCELLED, DECLINED})
DONE = frozenset({SHIPPED, COMPLETED})


@dataclass
class Settings:
    """The inventory settings of the store. `has_native_backorders` is the switch of 2026; no field of
    the API shows it by itself."""

    has_native_backorders: bool = True
    update_stock_behavior: StockBehavior = "order_placed"
    edit_order_stock_adjustment: bool = True
    refund_order_stock_adjustment: bool = True


@dataclass
class Location:
    """A place that holds stock. The first one is the default: all that is shipped comes from there."""

    location_id: int
    code: str
    label: str
    created_at: datetime
    updated_at: datetime
    is_enabled: bool = True


@dataclass
class Product:
    """A product and its variants; one without options has its base variant alone."""

    product_id: int
    name: str
    tracking: Tracking
    created_at: datetime
    updated_at: datetime
    availability: Availability = "available"
    preorder_release_at: datetime | None = None
    preorder_message: str = ""
    variant_ids: list[int] = field(default_factory=list)

    @property
    def base_variant_id(self) -> int:
        """The variant that a product without options is sold as."""
        return self.variant_ids[0]


@dataclass
class Variant:
    """What is sold and counted. An item is a variant; tracked by product, all share the base variant's
    stock."""

    variant_id: int
    product_id: int
    sku_id: int
    title: str
    product_title: str
    sku: str
    upc: str = ""
    gtin: str = ""
    mpn: str = ""

    @property
    def item_id(self) -> int:
        """The item it is."""
        return self.variant_id


@dataclass
class Level:
    """The stock of one item at one location.

    `on_hand`, `backordered` and the settings are BigCommerce's own figures. `shelf` counts the units
    that lie there, promised to orders or not: BigCommerce has no such figure, and every sum of the
    others must agree with it. A `backorder_limit` of None is no limit.
    """

    item_id: int
    location_id: int
    safety_stock: int = 0
    backorder_limit: int | None = None
    on_hand: int = 0
    backordered: int = 0
    shelf: int = 0

    @property
    def free(self) -> int:
        """Units that an order can have at once."""
        return max(0, self.on_hand - self.safety_stock)


@dataclass
class Line:
    """An order product. `backordered` are those of its outstanding units that were short when they
    were ordered. `has_taken`: on-hand was lowered for it when it was placed, but for `untaken` units
    that were added since without adjusting stock. Custom products have variant and product 0."""

    line_id: int
    variant_id: int
    product_id: int
    title: str
    sku: str
    location_id: int
    is_pickup: bool
    quantity: int = 0
    shipped: int = 0
    refunded: int = 0
    backordered: int = 0
    has_taken: bool = False
    untaken: int = 0

    @property
    def outstanding(self) -> int:
        """Units still to ship; a refund takes unshipped units first."""
        return max(0, self.quantity - self.shipped - self.refunded)

    @property
    def current(self) -> int:
        """Units still part of the order, shipped ones included."""
        return self.quantity - self.refunded


@dataclass
class Shipment:
    """A parcel: units by line id."""

    shipment_id: int
    created_at: datetime
    units: dict[int, int]


@dataclass
class Order:
    """One order. An archived one is hidden from lists, not from who knows its id. The buyer paid
    `store_credit` of it, and the rest by `provider` (`OFFLINE`: outside of BigCommerce; empty: not at
    all)."""

    order_id: int
    channel: Channel
    buyer: Buyer
    created_at: datetime
    updated_at: datetime
    staff_notes: str
    customer_message: str
    discount: str
    status_id: int = INCOMPLETE
    lines: list[Line] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    refund_count: int = 0
    refunds: list[dict[str, Any]] = field(default_factory=list)
    provider: str = "testgateway"
    store_credit: float = 0
    is_archived: bool = False

    @property
    def name(self) -> str:
        """What merchants call the order."""
        return f"#{self.order_id}"

    @property
    def note(self) -> str:
        """The text that staff and apps write."""
        return self.staff_notes

    @property
    def is_open(self) -> bool:
        """Whether its outstanding units have a claim on stock."""
        return not self.is_archived and self.status_id not in VOID | DONE

    def line(self, line_id: int) -> Line:
        """Its line of that id."""
        for line in self.lines:
            if line.line_id == line_id:
                return line
        raise Refused(f"order {self.name} has no line {line_id}")


@dataclass
class Metafield:
    """A metafield of an order."""

    metafield_id: int
    order_id: int
    namespace: str
    key: str
    value: str
    permission_set: str
    description: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class RequestRecord:
    """One API request: what it called, and how it ended (a status, or "reset" or "lost")."""

    number: int
    at: datetime
    operation: str
    status: str
