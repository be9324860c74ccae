"""Shopify's GraphQL answers as typed values, and our values made of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from app.core.bounds import within_reach
from app.core.note import digest_of_blocks
from app.platforms.base import (
    ItemStock,
    LineItem,
    LocatedLine,
    OrderNow,
    OrderSeen,
    Pool,
    Routing,
    VariantSeen,
)
from app.platforms.shopify.ids import number_of
from app.platforms.shopify.payloads import Moment, barcodes
from app.platforms.shopify.queries import OrderSize
from app.platforms.shopify.titles import full_title
from app.platforms.text import printable, ten_thousandths

T = TypeVar("T")

_DELETED_PLAN = 1

OVER = frozenset({"CLOSED", "CANCELLED"})
"""Nothing more ships from fulfillment orders in these states. Whatever else they are called (on hold,
scheduled, in progress, given back as incomplete, or what is not known yet), their units stay open."""
WAITING = frozenset({"ON_HOLD", "SCHEDULED"})
"""What selling plans may have kept back: no stock is committed before it opens, if the plan says so."""

ON_HAND_PARTS = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")
QUANTITY_NAMES = ["on_hand", *ON_HAND_PARTS]


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    """Whether a list goes on, and from where."""

    has_next_page: bool = False
    end_cursor: str | None = None


class Nodes(msgspec.Struct, Generic[T], frozen=True, rename="camel"):
    """A connection. Where pageInfo was not asked for, its length tells whether it may go on."""

    nodes: tuple[T, ...] = ()
    page_info: PageInfo = PageInfo()


class Stamp(msgspec.Struct, frozen=True, rename="camel"):
    """An order of which only the time of its last change is needed, and what costs no more: how many
    units it has, whether anything but its units and its marks has changed since it was placed, and what
    stands on it."""

    id: str
    updated_at: Moment
    cancelled_at: Moment | None
    edited: bool
    display_fulfillment_status: str
    current_subtotal_line_items_quantity: int
    note: str | None
    tags: tuple[str, ...]

    @property
    def untouched_units(self) -> int | None:
        """Its units if it was neither cancelled nor edited, and nothing of it shipped, held or
        scheduled."""
        is_whole = self.display_fulfillment_status == "UNFULFILLED"
        is_untouched = is_whole and self.cancelled_at is None and not self.edited
        return self.current_subtotal_line_items_quantity if is_untouched else None


class Ref(msgspec.Struct, frozen=True):
    """Something of which only the id is needed."""

    id: str


class _Money(msgspec.Struct, frozen=True, rename="camel"):
    amount: str


class _Price(msgspec.Struct, frozen=True, rename="camel"):
    shop_money: _Money


class _Plan(msgspec.Struct, frozen=True, rename="camel"):
    selling_plan_id: str | None = None


class LineItemNode(msgspec.Struct, frozen=True, rename="camel"):
    """A line item of an order; with its price where that was asked for."""

    id: str
    current_quantity: int
    unfulfilled_quantity: int
    title: str
    variant_title: str | None = None
    sku: str | None = None
    variant: Ref | None = None
    original_unit_price_set: _Price | None = None
    selling_plan: _Plan | UnsetType | None = UNSET


class RouteLine(msgspec.Struct, frozen=True, rename="camel"):
    """A line of a fulfillment order; without an item where the variant was deleted."""

    remaining_quantity: int
    inventory_item_id: str | None = None


class AssignedLocation(msgspec.Struct, frozen=True):
    """Where a fulfillment order ships from; without a location once that was deleted."""

    location: Ref | None = None


class RouteNode(msgspec.Struct, frozen=True, rename="camel"):
    """A fulfillment order."""

    id: str
    status: str
    assigned_location: AssignedLocation
    line_items: Nodes[RouteLine] = Nodes()


class OrderNode(msgspec.Struct, frozen=True, rename="camel"):
    """An order; None in the parts that the query did not ask for."""

    id: str
    name: str
    processed_at: Moment
    updated_at: Moment
    cancelled_at: Moment | None = None
    note: str | None = None
    tags: tuple[str, ...] | None = None
    line_items: Nodes[LineItemNode] | None = None
    fulfillment_orders: Nodes[RouteNode] | None = None


class _LocationNode(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    is_active: bool


class _Quantity(msgspec.Struct, frozen=True):
    name: str
    quantity: int


class LevelNode(msgspec.Struct, frozen=True):
    """An item's stock at one location."""

    location: _LocationNode
    quantities: tuple[_Quantity, ...]


class LevelThere(msgspec.Struct, frozen=True):
    """An item's stock at a location that was asked for."""

    quantities: tuple[_Quantity, ...]


class StockThere(msgspec.Struct, frozen=True):
    """An inventory item with its level there; None where it has none."""

    id: str
    tracked: bool
    level: LevelThere | None
    sku: str | None = None


class StockNode(msgspec.Struct, frozen=True, rename="camel"):
    """An inventory item with its levels."""

    id: str
    tracked: bool
    inventory_levels: Nodes[LevelNode]
    sku: str | None = None


class _ItemNode(msgspec.Struct, frozen=True):
    id: str
    tracked: bool
    sku: str | None = None


class _ProductNode(msgspec.Struct, frozen=True):
    title: str


class VariantNode(msgspec.Struct, frozen=True, rename="camel"):
    """A variant with its product's title and its inventory item."""

    id: str
    title: str
    product: _ProductNode
    inventory_item: _ItemNode
    barcode: str | None = None


class _Policy(msgspec.Struct, frozen=True):
    reserve: str


class PlanNode(msgspec.Struct, frozen=True, rename="camel"):
    """A selling plan and when it reserves stock; without a policy it does so when it sells."""

    id: str
    inventory_policy: _Policy | None

    @property
    def reserves_late(self) -> bool:
        """Whether no stock is committed before what it sold may be fulfilled."""
        return self.inventory_policy is not None and self.inventory_policy.reserve == "ON_FULFILLMENT"


def typed(value: Any, kind: type[T]) -> T:
    """A part of an answer as its type. Raises `msgspec.ValidationError`: a defect of ours."""
    return msgspec.convert(value, type=kind)


def optional(value: Any, kind: type[T]) -> T | None:
    """As `typed`, for a part that is null where the thing no longer exists."""
    return None if value is None else typed(value, kind)


def is_complete(order: OrderNode, size: OrderSize) -> bool:
    """Whether no list of the order is as long as the query asked for."""
    items = order.line_items or Nodes()
    routes = order.fulfillment_orders or Nodes()
    return (
        len(items.nodes) < size.items
        and len(routes.nodes) < size.routes
        and all(len(route.line_items.nodes) < size.items for route in routes.nodes)
    )


def order_seen(order: OrderNode) -> OrderSeen:
    """Our copy of an order."""
    items, routes = order.line_items, order.fulfillment_orders
    return OrderSeen(
        order_id=number_of(order.id),
        name=printable(order.name),
        placed_at=within_reach(order.processed_at),
        updated_at=within_reach(order.updated_at),
        is_cancelled=order.cancelled_at is not None,
        items=None if items is None else order_items(items.nodes),
        routing=None if routes is None else routing(routes.nodes),
        tags=order.tags,
        blocks=digest_of_blocks(order.note or ""),
    )


def order_now(order: OrderNode) -> OrderNow:
    """An order with what it shows."""
    return OrderNow(order=order_seen(order), note=order.note or "", tags=order.tags or ())


def order_items(lines: Iterable[LineItemNode]) -> tuple[LineItem, ...]:
    """The line items that sell a variant."""
    return tuple(
        LineItem(
            line_id=number_of(line.id),
            variant_id=number_of(line.variant.id),
            ordered=line.current_quantity,
            outstanding=line.unfulfilled_quantity,
            title=full_title(line.title, line.variant_title),
            sku=printable(line.sku),
            unit_price=_price(line.original_unit_price_set),
            selling_plan_id=_plan(line.selling_plan),
        )
        for line in lines
        if line.variant is not None
    )


def _plan(plan: _Plan | UnsetType | None) -> int | None:
    """0 for a line bought without one. A plan that was deleted has no id any more."""
    if plan is UNSET:
        return None
    number = None if plan is None or plan.selling_plan_id is None else number_of(plan.selling_plan_id)
    return (0 if plan is None else _DELETED_PLAN) if number is None else number


def _price(price: _Price | None) -> int | None:
    return None if price is None else ten_thousandths(price.shop_money.amount)


def routing(routes: Sequence[RouteNode]) -> Routing:
    """What is still to ship, summed by item and location.

    `route_ids` names closed parts too: late webhooks still name them, and an order that was shipped
    must not look like one that was not routed yet.
    """
    quantities: Counter[tuple[int, int]] = Counter()
    waiting: Counter[tuple[int, int]] = Counter()
    for route in routes:
        location = route.assigned_location.location
        if route.status in OVER or location is None:
            continue
        for line in route.line_items.nodes:
            if line.inventory_item_id is not None and line.remaining_quantity > 0:
                key = number_of(line.inventory_item_id), number_of(location.id)
                quantities[key] += line.remaining_quantity
                waiting[key] += line.remaining_quantity if route.status in WAITING else 0
    lines = (
        LocatedLine(*place, quantity, waiting=waiting[place])
        for place, quantity in sorted(quantities.items())
    )
    route_ids = sorted(number_of(route.id) for route in routes)
    return Routing(lines=tuple(lines), route_ids=tuple(route_ids))


def item_stock(item: StockNode) -> ItemStock | None:
    """The pools of an item at its active locations; None if a snapshot was torn."""
    levels = [level for level in item.inventory_levels.nodes if level.location.is_active]
    pools = [_pool(level) for level in levels] if item.tracked else []
    whole = [pool for pool in pools if pool is not None]
    if len(whole) < len(pools):
        return None
    return ItemStock(number_of(item.id), item.tracked, tuple(whole), printable(item.sku))


def stock_there(item: StockThere, location: str) -> ItemStock | None:
    """An item with its pool at that location alone; None if it has none there, or was torn."""
    if item.level is None:
        return None
    level = LevelNode(_LocationNode(location, name="", is_active=True), item.level.quantities)
    return item_stock(StockNode(item.id, item.tracked, Nodes((level,)), item.sku))


def _pool(level: LevelNode) -> Pool | None:
    """One pool; None where on hand is not the sum of its parts, so that they are of two moments."""
    named = Counter({quantity.name: quantity.quantity for quantity in level.quantities})
    if named["on_hand"] != sum(named[part] for part in ON_HAND_PARTS):
        return None
    return Pool(
        location_id=number_of(level.location.id),
        location_name=printable(level.location.name),
        on_hand=named["on_hand"],
        available=named["available"],
        committed=named["committed"],
    )


def variant_seen(variant: VariantNode) -> VariantSeen:
    """Which item a variant sells."""
    item = variant.inventory_item
    return VariantSeen(
        variant_id=number_of(variant.id),
        item_id=number_of(item.id),
        title=full_title(variant.product.title, variant.title),
        sku=printable(item.sku),
        is_tracked=item.tracked,
        codes=barcodes(variant.barcode),
    )
