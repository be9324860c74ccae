"""Bodies of Shopify's webhooks, read into facts.

Only the fields we use are named, so nothing of a buyer can get through. Examples of every body:
shopify.dev/docs/api/webhooks. Each reader takes the raw bytes and raises `UNREADABLE` if they are not
what Shopify documents.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from app.core.bounds import is_within_reach, within_reach
from app.core.item_codes import CodeKind, ItemCode
from app.core.note import digest_of_blocks
from app.platforms.base import (
    Fact,
    InboundChanged,
    ItemChanged,
    LineItem,
    LocationGone,
    OrderGone,
    OrderSeen,
    OrderTouched,
    PrivacyKind,
    PrivacyRequest,
    RoutingChanged,
    ScopesChanged,
    ShopGone,
    StockMoved,
    VariantSeen,
)
from app.platforms.shopify.ids import number_in, number_of
from app.platforms.shopify.titles import full_title
from app.platforms.text import printable, ten_thousandths

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Quantity = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]

Reader = Callable[[bytes], tuple[Fact, ...]]

_NOT_SHIPPED = frozenset({"cancelled", "error", "failure"})


class _LineItem(msgspec.Struct):
    id: Id
    title: str
    quantity: Quantity
    variant_id: Id | None = None
    variant_title: str | None = None
    sku: str | None = None
    price: str | None = None
    current_quantity: Quantity | None = None
    fulfillable_quantity: Quantity | None = None
    selling_plan_id: Id | UnsetType | None = UNSET


class _ParcelLine(msgspec.Struct):
    id: Id
    quantity: Quantity


class _Parcel(msgspec.Struct):
    status: str | None = None
    line_items: list[_ParcelLine] | None = None


class _RefundLine(msgspec.Struct):
    line_item_id: Id
    quantity: Quantity
    restock_type: str = ""


class _Refund(msgspec.Struct):
    refund_line_items: list[_RefundLine] | None = None


class _Order(msgspec.Struct):
    id: Id
    name: str
    created_at: Moment
    updated_at: Moment
    processed_at: Moment | None = None
    cancelled_at: Moment | None = None
    tags: str | None = None
    note: str | UnsetType | None = UNSET
    line_items: list[_LineItem] | None = None
    fulfillments: list[_Parcel] | None = None
    refunds: list[_Refund] | None = None


def read_order(body: bytes) -> tuple[Fact, ...]:
    """A whole order. `items` is None if the subscription leaves `line_items` out, as are `tags` and
    `blocks`: of the note nothing else is kept. Where
    the body does not tell how many units of a line are open, the order is to be read as well."""
    order = msgspec.json.decode(body, type=_Order)
    lines = order.line_items or []
    units = {line.id: open_units(line, order) for line in lines}
    seen = OrderSeen(
        order_id=order.id,
        name=printable(order.name),
        placed_at=within_reach(order.processed_at or order.created_at),
        updated_at=_changed_at(order),
        is_cancelled=order.cancelled_at is not None,
        items=None if order.line_items is None else tuple(_items(lines, units)),
        tags=None if order.tags is None else tuple(_tags(order.tags)),
        blocks=None if isinstance(order.note, UnsetType) else digest_of_blocks(order.note or ""),
    )
    is_told = all(one.is_sure for one in units.values())
    return (seen,) if is_told else (seen, OrderTouched(order.id))


class OpenUnits(NamedTuple):
    """How many units of a line are still to ship, at least; `is_sure` if it is exactly so many."""

    at_least: int
    is_sure: bool


def open_units(line: _LineItem, order: _Order) -> OpenUnits:
    """What was ordered, less what was taken out and what was shipped.

    `fulfillable_quantity` leaves out the units on hold, which stay open and committed: it is no more
    than a lower bound. `current_quantity` leaves out what was refunded after it had been shipped too,
    so that is added again; a refund that moved no stock does not say which units it was for.
    """
    ordered = line.quantity if line.current_quantity is None else line.current_quantity
    least = ordered if line.fulfillable_quantity is None else line.fulfillable_quantity
    most, parcels = ordered, order.fulfillments
    if parcels is not None and all(parcel.line_items is not None for parcel in parcels):
        shipped = _shipped(line, parcels)
        returned, unclear = _refunded(line, order.refunds) if shipped else (0, 0)
        least = max(min(least, ordered), ordered + returned - shipped)
        most = min(ordered, ordered + returned + unclear - shipped)
    return OpenUnits(max(0, least), is_sure=least >= most)


def _shipped(line: _LineItem, parcels: Iterable[_Parcel]) -> int:
    return sum(
        part.quantity
        for parcel in parcels
        if parcel.status not in _NOT_SHIPPED
        for part in parcel.line_items or ()
        if part.id == line.id
    )


def _refunded(line: _LineItem, refunds: Iterable[_Refund] | None) -> tuple[int, int]:
    """Units of a line that were refunded after they had been shipped, and those that may have been."""
    returned = unclear = 0
    for part in (part for refund in refunds or () for part in refund.refund_line_items or ()):
        if part.line_item_id == line.id and part.restock_type == "return":
            returned += part.quantity
        elif part.line_item_id == line.id and part.restock_type != "cancel":
            unclear += part.quantity
    return returned, unclear


def _changed_at(order: _Order) -> datetime:
    """One that is far ahead would make every later word about the order an old one."""
    if not is_within_reach(order.updated_at):
        raise msgspec.ValidationError("No order was changed then - at `$.updated_at`")
    return within_reach(order.updated_at)


def _tags(told: str) -> Iterator[str]:
    """A tag holds no comma: Shopify parts them by one."""
    return (printable(tag.strip()) for tag in told.split(",") if tag.strip())


def _items(line_items: list[_LineItem], units: Mapping[int, OpenUnits]) -> Iterator[LineItem]:
    for line in line_items:
        if line.variant_id is None:
            continue  # a custom item: no stock is counted for it
        yield LineItem(
            line_id=line.id,
            variant_id=line.variant_id,
            ordered=line.quantity if line.current_quantity is None else line.current_quantity,
            outstanding=units[line.id].at_least,
            title=full_title(line.title, line.variant_title),
            sku=printable(line.sku),
            unit_price=ten_thousandths(line.price),
            selling_plan_id=None if line.selling_plan_id is UNSET else line.selling_plan_id or 0,
        )


class _Numbered(msgspec.Struct):
    id: Id


class _OfOrder(msgspec.Struct):
    order_id: Id


class _Edited(msgspec.Struct):
    order_edit: _OfOrder


def read_edit(body: bytes) -> tuple[Fact, ...]:
    """Which order was edited: the body tells only differences."""
    return (OrderTouched(msgspec.json.decode(body, type=_Edited).order_edit.order_id),)


def read_part_of_order(body: bytes) -> tuple[Fact, ...]:
    """Which order a refund or a fulfillment belongs to."""
    return (OrderTouched(msgspec.json.decode(body, type=_OfOrder).order_id),)


def read_order_gone(body: bytes) -> tuple[Fact, ...]:
    """Which order was deleted."""
    return (OrderGone(msgspec.json.decode(body, type=_Numbered).id),)


class _Level(msgspec.Struct):
    inventory_item_id: Id
    available: Quantity | None = None
    location_id: Id | None = None


def read_level(body: bytes) -> tuple[Fact, ...]:
    """Whose stock moved. Disconnecting a location tells no number."""
    level = msgspec.json.decode(body, type=_Level)
    return (StockMoved(level.inventory_item_id, level.available, level.location_id),)


def read_item(body: bytes) -> tuple[Fact, ...]:
    """Which item's settings changed."""
    return (ItemChanged(msgspec.json.decode(body, type=_Numbered).id),)


class _Variant(msgspec.Struct):
    id: Id
    title: str | None = None
    sku: str | None = None
    barcode: str | UnsetType | None = UNSET
    inventory_item_id: Id | None = None
    inventory_management: str | UnsetType | None = UNSET


class _Product(msgspec.Struct):
    title: str
    variants: list[_Variant] = []


def read_product(body: bytes) -> tuple[Fact, ...]:
    """What each variant sells: at most the first 100, the rest is read when an order names it.

    Newer versions leave `inventory_management` out; null means that stock is not counted.
    """
    product = msgspec.json.decode(body, type=_Product)
    return tuple(
        VariantSeen(
            variant_id=variant.id,
            item_id=variant.inventory_item_id,
            title=full_title(product.title, variant.title),
            sku=printable(variant.sku),
            is_tracked=variant.inventory_management is not None,
            codes=None if variant.barcode is UNSET else barcodes(variant.barcode),
        )
        for variant in product.variants
    )


def barcodes(text: str | None) -> tuple[ItemCode, ...]:
    """Shopify's field for a barcode as codes of an item."""
    code = printable(text).strip()
    return (ItemCode(CodeKind.BARCODE, code),) if code else ()


def read_routing(body: bytes) -> tuple[Fact, ...]:
    """Every fulfillment order that the body names, under whatever key."""
    named = sorted(set(_route_ids(msgspec.json.decode(body))))
    if not named:
        raise msgspec.ValidationError("No fulfillment order is named")
    return (RoutingChanged(tuple(named)),)


def read_hold(body: bytes) -> tuple[Fact, ...]:
    """The same, with the name of the hold that was placed."""
    (changed,) = read_routing(body)
    assert isinstance(changed, RoutingChanged)  # noqa: S101  # by the function above
    placed = msgspec.json.decode(body, type=_HoldPlaced).created_fulfillment_hold
    return (RoutingChanged(changed.route_ids, (placed and placed.handle) or ""),)


def read_move(body: bytes) -> tuple[Fact, ...]:
    """The same, with the location that it was moved to."""
    (changed,) = read_routing(body)
    assert isinstance(changed, RoutingChanged)  # noqa: S101  # by the function above
    told = msgspec.json.decode(body, type=_Moved).destination_location_id
    moved_to = number_of(told) if told else None
    return (msgspec.structs.replace(changed, moved_to=moved_to),)


class _Moved(msgspec.Struct):
    destination_location_id: str | None = None


class _Hold(msgspec.Struct):
    handle: str | None = None


class _HoldPlaced(msgspec.Struct):
    created_fulfillment_hold: _Hold | None = None


def _route_ids(root: Any) -> Iterator[int]:
    """Most topics name them as `id: gid://shopify/FulfillmentOrder/…`; merge intents by number."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        if isinstance(node, dict):
            waiting.extend(node.values())
            yield from _own_route_ids(node)


def _own_route_ids(node: dict[str, Any]) -> Iterator[int]:
    for key in ("id", "fulfillment_order_id"):
        value = node.get(key)
        if isinstance(value, str):
            value = number_in(value, kind="FulfillmentOrder")
        elif key == "id":
            continue  # a bare number could be anything's
        if type(value) is int and 0 < value < 2**63:
            yield value


class _Inbound(msgspec.Struct):
    id: str = ""
    shipment_id: str = ""


def read_inbound(body: bytes) -> tuple[Fact, ...]:
    """A shipment or transfer changed; its figures are read from the platform. One topic of all,
    inventory_shipments/update_tracking, names it `shipment_id`."""
    inbound = msgspec.json.decode(body, type=_Inbound)
    if number_in(inbound.id or inbound.shipment_id) is None:
        raise msgspec.ValidationError("No shipment or transfer is named")
    return (InboundChanged(),)


def read_location_gone(body: bytes) -> tuple[Fact, ...]:
    """Which location was deactivated or deleted."""
    return (LocationGone(msgspec.json.decode(body, type=_Numbered).id),)


class _Anything(msgspec.Struct):
    """An object of which nothing is needed."""


def read_shop_gone(body: bytes) -> tuple[Fact, ...]:
    """The body is the shop; which one is already known and checked."""
    msgspec.json.decode(body, type=_Anything)
    return (ShopGone(),)


class _Scopes(msgspec.Struct):
    current: tuple[str, ...]


def read_scopes(body: bytes) -> tuple[Fact, ...]:
    """The scopes granted now."""
    current = msgspec.json.decode(body, type=_Scopes).current
    return (ScopesChanged(tuple(printable(scope) for scope in current)),)


class _Privacy(msgspec.Struct):
    orders_requested: tuple[Id, ...] = ()
    orders_to_redact: tuple[Id, ...] = ()


def read_privacy(kind: PrivacyKind) -> Reader:
    """A reader of one compliance request: of the customer's data only the order ids are taken."""

    def read(body: bytes) -> tuple[Fact, ...]:
        request = msgspec.json.decode(body, type=_Privacy)
        return (PrivacyRequest(kind, request.orders_requested + request.orders_to_redact),)

    return read
