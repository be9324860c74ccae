"""What a shop consists of: plain mutable records, changed only by the modules beside this one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from app.sandbox.buyers import Buyer
from app.sandbox.records import Refused

Policy = Literal["CONTINUE", "DENY"]
Channel = Literal["online", "pos", "draft"]
Restock = Literal["cancel", "no_restock", "return"]

ON_HAND_PARTS = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")
QUANTITY_NAMES = (*ON_HAND_PARTS, "on_hand", "incoming")


@dataclass
class Location:
    """A place that holds stock; `level_number` is the number Shopify puts into InventoryLevel gids."""

    location_id: int
    level_number: int
    name: str
    created_at: datetime
    updated_at: datetime
    deactivated_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether it still takes orders."""
        return self.deactivated_at is None


@dataclass
class Product:
    """A product: here just a title over its variants."""

    product_id: int
    title: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Item:
    """An inventory item: what stock is counted for. Exactly one variant sells it."""

    item_id: int
    variant_id: int
    sku: str
    is_tracked: bool
    created_at: datetime
    updated_at: datetime


@dataclass
class Variant:
    """A variant on sale; `policy` says whether the online shop may sell more than is available."""

    variant_id: int
    item_id: int
    product_id: int
    title: str
    product_title: str
    sku: str
    policy: Policy
    created_at: datetime
    updated_at: datetime
    barcode: str = ""


@dataclass
class Level:
    """The stock of one item at one location: every quantity by name, and when it last changed."""

    item_id: int
    location_id: int
    quantities: dict[str, int]
    changed_at: dict[str, datetime]
    created_at: datetime
    updated_at: datetime
    is_active: bool = True


@dataclass(frozen=True)
class SellingPlan:
    """What buyers commit to when they buy, and when stock is reserved for that: as it is sold, or no
    sooner than it is fulfilled (`reserves_late`)."""

    plan_id: int
    reserves_late: bool


@dataclass
class Line:
    """A line item. `open_at` maps a location to the units it is still to ship.

    `quantity` never shrinks: `removed` units were cancelled, edited away or refunded before shipping,
    `returned` ones refunded after. Custom lines have neither variant nor item. Of a line that a selling
    plan reserves no sooner than it is fulfilled (`reserves_late`), `uncommitted_at` are those of
    `open_at` that no stock is committed to yet.
    """

    line_id: int
    variant_id: int | None
    product_id: int | None
    item_id: int | None
    title: str
    variant_title: str
    sku: str
    quantity: int = 0
    fulfilled: int = 0
    removed: int = 0
    returned: int = 0
    open_at: dict[int, int] = field(default_factory=dict)
    selling_plan_id: int | None = None
    reserves_late: bool = False
    uncommitted_at: dict[int, int] = field(default_factory=dict)

    @property
    def current(self) -> int:
        """Units still part of the order, shipped ones included."""
        return self.quantity - self.removed - self.returned

    @property
    def unfulfilled(self) -> int:
        """Units still to ship."""
        return self.quantity - self.removed - self.fulfilled


@dataclass(frozen=True)
class Shipped:
    """Units of one line that left one location in one parcel, and the fulfillment order they were in."""

    fulfillment_order_id: int
    location_id: int
    line_id: int
    quantity: int


@dataclass(frozen=True)
class Refunded:
    """Units of one line that one refund names, and how it restocked them."""

    line_id: int
    quantity: int
    restock: str


@dataclass
class Order:
    """One order. `route_due_at` is when the background worker next looks at it; `parcels` are what was
    shipped and still is, `cancelled_parcels` what was and is not, by fulfillment id; `refunds` what each
    refund names, `refunds_told` how the API tells of it, `refunded` the money that went back by the API.
    `gateway` took the buyer's money (`manual`: staff did; empty: nobody has yet)."""

    order_id: int
    number: int
    channel: Channel
    buyer: Buyer
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    note: str
    tags: list[str]
    lines: list[Line] = field(default_factory=list)
    fulfillment_order_ids: list[int] = field(default_factory=list)
    parcels: dict[int, list[Shipped]] = field(default_factory=dict)
    cancelled_parcels: dict[int, list[Shipped]] = field(default_factory=dict)
    refunds: list[list[Refunded]] = field(default_factory=list)
    refunds_told: list[dict[str, Any]] = field(default_factory=list)
    route_due_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    closed_at: datetime | None = None
    is_edited: bool = False
    has_refund: bool = False
    refunded: Decimal = Decimal()
    gateway: str = "shopify_payments"

    @property
    def name(self) -> str:
        """What merchants call the order."""
        return f"#{self.number}"

    def line(self, line_id: int) -> Line:
        """Its line of that id."""
        for line in self.lines:
            if line.line_id == line_id:
                return line
        raise Refused(f"order {self.name} has no line {line_id}")


@dataclass(frozen=True)
class Answered:
    """A request that was named by a key, and what it was answered."""

    wish: Mapping[str, Any]
    answer: dict[str, Any]


@dataclass
class Hold:
    """A fulfillment hold; `app` is who placed it: "us", another app's name, None for a person."""

    hold_id: int
    reason: str
    handle: str | None
    notes: str | None
    app: str | None


@dataclass
class FulfillmentLine:
    """Units of one order line in one fulfillment order."""

    fulfillment_line_id: int
    fulfillment_order_id: int
    line_id: int
    total: int
    remaining: int


@dataclass
class FulfillmentOrder:
    """What one location is to ship of one order.

    `freed_from` is the fulfillment order whose partial hold left this one as the free part.
    """

    fulfillment_order_id: int
    order_id: int
    location_id: int
    created_at: datetime
    updated_at: datetime
    status: str = "OPEN"
    lines: list[FulfillmentLine] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    freed_from: int | None = None
    fulfill_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything of it may still be shipped."""
        return self.status not in ("CLOSED", "CANCELLED")


@dataclass
class DraftLine:
    """Units of one variant in a draft order, at the location they are reserved at."""

    draft_line_id: int
    variant_id: int
    item_id: int
    quantity: int
    location_id: int


@dataclass
class DraftOrder:
    """An order that staff prepare; `is_reserving` while its units are committed to it."""

    draft_id: int
    name: str
    created_at: datetime
    updated_at: datetime
    status: str = "OPEN"
    reserve_until: datetime | None = None
    is_reserving: bool = False
    lines: list[DraftLine] = field(default_factory=list)


@dataclass
class Metafield:
    """A metafield of any owner; `namespace` is resolved: `$app:x` is stored as `app--<app id>--x`."""

    metafield_id: int
    owner_gid: str
    namespace: str
    key: str
    type: str
    value: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class RequestRecord:
    """One API request: what it asked, what it cost, how it ended ("ok", "THROTTLED", "401", ...)."""

    number: int
    at: datetime
    operation: str
    requested_cost: int
    actual_cost: int
    status: str


@dataclass(frozen=True)
class LocationForMove:
    """A location that a fulfillment order may be moved to, and which of the lines that were asked about
    it could ship. `message` says why not all."""

    location: Location
    movable: bool
    message: str | None
    available: tuple[FulfillmentLine, ...]
    unavailable: tuple[FulfillmentLine, ...]
