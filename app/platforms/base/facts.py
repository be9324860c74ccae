"""What a webhook says has changed, in our words."""

from datetime import datetime
from enum import StrEnum

import msgspec

from app.core.item_codes import ItemCode


class _Fact(msgspec.Struct, frozen=True, tag_field="kind"):
    """One thing a webhook says has changed. Stored as JSON: ids, quantities, dates, the tags of orders
    and product names only, never a buyer's data."""


class LineItem(msgspec.Struct, frozen=True):
    """One line item of an order as the platform names it.

    `ordered` counts the units still part of the order (shipped ones included, removed ones not);
    `outstanding` those of them not yet shipped; `backordered` those of the outstanding ones that the
    platform itself calls short since they were placed (0 where it does not say). `unit_price` is that
    of one unit before discounts, in ten-thousandths of the shop's currency (None: not told).
    `selling_plan_id` is the plan it was bought by, which may commit no stock to it before it ships (0:
    none, None: not told). Custom items have no variant and are left out.
    """

    line_id: int
    variant_id: int
    ordered: int
    outstanding: int
    title: str
    sku: str = ""
    backordered: int = 0
    unit_price: int | None = None
    selling_plan_id: int | None = None


class LinePart(msgspec.Struct, frozen=True):
    """What one line item of an order adds to a `LocatedLine`."""

    line_id: int
    quantity: int
    backordered: int = 0


class LocatedLine(msgspec.Struct, frozen=True):
    """Outstanding units of one stock item of an order, at the location that is to ship them;
    `backordered` as in `LineItem`, `waiting` of them are on hold or scheduled for a later day.

    `lowers_stock`: whether units that are ordered lower what is available at once, by the settings of
    today (None: the platform counts what orders take by itself). `follows_edits`: whether units that
    staff add to an order later do. `parts`: the line items it is made of; an order may name an item
    twice. Only told where what orders take depends on settings.
    """

    item_id: int
    location_id: int
    quantity: int
    backordered: int = 0
    lowers_stock: bool | None = None
    follows_edits: bool = True
    parts: tuple[LinePart, ...] = ()
    waiting: int = 0


class Routing(msgspec.Struct, frozen=True):
    """Where an order's outstanding units are to ship from. `route_ids` are the platform's own ids of
    the parts (Shopify: fulfillment orders), by which later webhooks name them. An order that the
    platform has not routed yet has neither lines nor routes."""

    lines: tuple[LocatedLine, ...] = ()
    route_ids: tuple[int, ...] = ()


class OrderSeen(_Fact, frozen=True, tag="order seen"):
    """A copy of one order. `items`, `routing`, `tags` (all the order carries) or `blocks` (the digest of
    our blocks in its note, see `app.core.note`; never the note) is None where the source does not tell
    them. `marks` is what a merchant's rules can name where orders have no tags; they are used when the
    order is read, and never kept."""

    order_id: int
    name: str
    placed_at: datetime
    updated_at: datetime
    is_cancelled: bool
    items: tuple[LineItem, ...] | None = None
    routing: Routing | None = None
    tags: tuple[str, ...] | None = None
    blocks: str | None = None
    marks: frozenset[str] | None = None


class OrderTouched(_Fact, frozen=True, tag="order touched"):
    """Something about this order changed; the webhook does not say what, so it must be read."""

    order_id: int


class OrderGone(_Fact, frozen=True, tag="order gone"):
    """The order was deleted on the platform."""

    order_id: int


class RoutingChanged(_Fact, frozen=True, tag="routing changed"):
    """Parts of an order were routed, moved, split, merged or cancelled, or held, or let go. Some may be
    unknown to us. `hold` is the name of the hold that was placed, empty where it has none or one was let
    go; None where it is about none. `moved_to` is the location that they were moved to."""

    route_ids: tuple[int, ...]
    hold: str | None = None
    moved_to: int | None = None


class StockMoved(_Fact, frozen=True, tag="stock moved"):
    """An item's stock changed somewhere. `available_hint` is the webhook's own number, of the location
    where it tells one: they may only decide how soon we look and at what, never what we do."""

    item_id: int
    available_hint: int | None = None
    location_id: int | None = None


class ProductStockMoved(_Fact, frozen=True, tag="product stock moved"):
    """Stock of a product changed somewhere; the webhook does not say of which variant."""

    product_id: int


class ItemChanged(_Fact, frozen=True, tag="item changed"):
    """An item's settings (tracked or not, its code) changed."""

    item_id: int


class VariantSeen(_Fact, frozen=True, tag="variant seen"):
    """Which stock item a variant sells; `item_id` is None where it has none. `product_id` is told
    where webhooks name the product alone. `codes` are its codes besides the SKU; None: not told."""

    variant_id: int
    item_id: int | None
    title: str
    sku: str = ""
    is_tracked: bool = True
    product_id: int | None = None
    codes: tuple[ItemCode, ...] | None = None


class InboundChanged(_Fact, frozen=True, tag="inbound changed"):
    """Goods on their way to the shop changed: a shipment, or a transfer of several. Which ones can be
    read, so all are read, together with those that no webhook tells."""


class LocationGone(_Fact, frozen=True, tag="location gone"):
    """A location was deactivated: its pools serve nobody any more."""

    location_id: int


class ShopGone(_Fact, frozen=True, tag="shop gone"):
    """The merchant uninstalled the app: its token is void and all work for the shop stops."""


class ScopesChanged(_Fact, frozen=True, tag="scopes changed"):
    """The access scopes that the merchant grants now."""

    scopes: tuple[str, ...]


class PrivacyKind(StrEnum):
    """The three compliance requests."""

    DATA_REQUEST = "data request"
    REDACT_CUSTOMER = "redact customer"
    REDACT_SHOP = "redact shop"


class PrivacyRequest(_Fact, frozen=True, tag="privacy request"):
    """A compliance request; `order_ids` are the orders it names."""

    request: PrivacyKind
    order_ids: tuple[int, ...] = ()


Fact = (
    OrderSeen
    | OrderTouched
    | OrderGone
    | RoutingChanged
    | StockMoved
    | ProductStockMoved
    | ItemChanged
    | VariantSeen
    | InboundChanged
    | LocationGone
    | ShopGone
    | ScopesChanged
    | PrivacyRequest
)
