"""BigCommerce's answers, read into our words.

Only the fields we use are named, so nothing of a buyer can get through. Numbers may come as strings.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, TypeVar

import msgspec

from app.core.bounds import within_reach
from app.core.item_codes import CodeKind, ItemCode
from app.core.note import digest_of_blocks, own_words
from app.errors import TryLater
from app.platforms.base import LineItem, LinePart, LocatedLine, OrderSeen, Pool, Routing
from app.platforms.http import jittered_s
from app.platforms.text import printable, ten_thousandths

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
T = TypeVar("T")

INCOMPLETE = 0
"""Not placed yet: the buyer is still paying. It has taken no stock."""
CANCELLED = frozenset({4, 5, 6})
"""Refunded, Cancelled, Declined: nothing of it is shipped any more, and its stock is given back."""
SHIPPED = frozenset({2, 10})
"""Shipped, Completed: whatever its lines say, nothing is outstanding."""


class Line(msgspec.Struct):
    """One product of an order. `quantity` counts shipped and refunded units too; a custom product has
    no variant."""

    id: Id
    quantity: int
    variant_id: int | None = None
    product_id: int | None = None
    name: str = ""
    sku: str | None = None
    base_price: str | float | None = None
    quantity_shipped: int = 0
    quantity_refunded: int = 0
    quantity_backordered: int | None = None

    @property
    def ordered(self) -> int:
        """Units still part of the order."""
        return max(0, self.quantity - self.quantity_refunded)

    @property
    def outstanding(self) -> int:
        """Units not shipped. Which units were refunded is not told: those on the shelf, we assume."""
        return max(0, self.quantity - self.quantity_refunded - self.quantity_shipped)


class _Place(msgspec.Struct):
    id: Id


class Pickup(msgspec.Struct):
    location: _Place | None = None
    line_items: list[Line] = []


class Shipping(msgspec.Struct):
    line_items: list[Line] = []


class Consignments(msgspec.Struct):
    """Where an order's lines go. Downloads and gift certificates are not shipped from anywhere."""

    pickups: list[Pickup] = []
    shipping: list[Shipping] = []
    downloads: list[Shipping] = []

    def every_line(self) -> Iterator[Line]:
        """All lines that are told, wherever they go."""
        for pickup in self.pickups:
            yield from pickup.line_items
        for part in (*self.shipping, *self.downloads):
            yield from part.line_items


class OrderBody(msgspec.Struct):
    """An order with its lines, as `include=consignments.line_items` tells it."""

    id: Id
    date_created: str
    date_modified: str
    status_id: int
    items_total: int = 0
    is_deleted: bool = False
    staff_notes: str | None = None
    channel_id: int | None = None
    order_source: str | None = None
    consignments: Consignments | None = None

    @property
    def channel_of_settings(self) -> int | None:
        """The channel whose inventory settings hold for it, None for those of the store: they hold for
        what staff order by hand, wherever that is."""
        return None if self.order_source == "manual" else self.channel_id

    def every_line(self) -> Iterator[Line]:
        """All lines that are told."""
        return (self.consignments or Consignments()).every_line()

    @property
    def is_whole(self) -> bool:
        """Whether all its lines are told; a long order's may have to be read by themselves."""
        if self.consignments is None:
            return False
        return sum(line.quantity for line in self.every_line()) >= self.items_total


class Identity(msgspec.Struct):
    """Which variant of which product an inventory item is of."""

    variant_id: int | None = None
    product_id: int | None = None
    sku: str | None = None


class StockSettings(msgspec.Struct):
    """What a store sets of an item at a location. Without native backorders it tells no limit."""

    safety_stock: int | None = None
    backorder_limit: int | msgspec.UnsetType | None = msgspec.UNSET


class Level(msgspec.Struct):
    """An item at one location. `qty_backordered` is missing in a store without native backorders."""

    location_id: Id
    total_inventory_onhand: int
    location_name: str | None = None
    location_enabled: bool = True
    qty_backordered: int | None = None
    settings: StockSettings | None = None


class InventoryItem(msgspec.Struct):
    """The stock of one variant at all its locations."""

    identity: Identity
    locations: list[Level] = []


class Variant(msgspec.Struct):
    """What is sold of a product. Its codes are None where no answer of the catalog told them."""

    id: Id
    product_id: Id
    sku: str | None = None
    upc: str | None = None
    gtin: str | None = None
    mpn: str | None = None


class Product(msgspec.Struct):
    """How a product's stock is tracked: `none`, `product`, or `variant`. `base_variant_id` is the one
    variant of a product without options. Where variants share the product's stock, `first_variant_id`,
    the lowest of theirs, stands for the one item that they sell: BigCommerce has no id for it."""

    id: Id
    name: str = ""
    inventory_tracking: str = "none"
    base_variant_id: int | None = None
    first_variant_id: int | None = None
    upc: str | None = None
    gtin: str | None = None
    mpn: str | None = None

    @property
    def is_tracked(self) -> bool:
        """Whether its stock is counted at all."""
        return self.inventory_tracking != "none"

    @property
    def is_shared(self) -> bool:
        """Whether its variants sell the same stock."""
        return self.inventory_tracking == "product" and not self.base_variant_id

    def counts(self, item_id: int) -> bool:
        """Whether an item of it has stock of its own."""
        return self.is_tracked and self.item_of(item_id) == item_id

    def item_of(self, variant_id: int) -> int:
        """The item whose stock a variant of it sells."""
        return (self.first_variant_id or variant_id) if self.is_shared else variant_id


def codes_of(told: Product | Variant) -> tuple[ItemCode, ...] | None:
    """What it is called besides its SKU; None where that was not told. The catalog tells an empty text
    where there is nothing."""
    codes = (
        (CodeKind.BARCODE, told.upc),
        (CodeKind.BARCODE, told.gtin),
        (CodeKind.PART_NUMBER, told.mpn),
    )
    if all(text is None for _, text in codes):
        return None
    printed = ((kind, printable(text).strip()) for kind, text in codes)
    return tuple(dict.fromkeys(ItemCode(kind, text) for kind, text in printed if text))


def read(body: Any, type_: type[T]) -> T:
    """An answer as what it should be. Raises `TryLater`: a platform that answers otherwise is being
    changed or is broken, and nothing of it may be believed."""
    try:
        return msgspec.convert(body, type_, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        message = f"BigCommerce answered in an unexpected way: {error}"
        raise TryLater(message, after_s=jittered_s(), is_failure=True) from error


class StockRules(msgspec.Struct, frozen=True):
    """By the store's settings of today: whether orders lower stock when they are placed, and whether it
    follows when they are edited."""

    lowers_at_placement: bool = True
    follows_edits: bool = True


def order_seen(
    order: OrderBody, *, default_location_id: int, products: Mapping[int, Product], rules: StockRules
) -> OrderSeen:
    """An order in our words. Of one that is still being paid for nothing is ordered yet."""
    lines = list(_lines(order, default_location_id))
    is_begun = order.status_id != INCOMPLETE
    is_open = is_begun and order.status_id not in SHIPPED
    return OrderSeen(
        order_id=order.id,
        name=f"#{order.id}",
        placed_at=moment(order.date_created),
        updated_at=moment(order.date_modified),
        is_cancelled=order.status_id in CANCELLED,
        items=tuple(_item(line, is_begun=is_begun, is_open=is_open) for _, line in lines),
        routing=Routing(tuple(_located(lines, products, rules)) if is_open else (), (order.id,)),
        blocks=digest_of_blocks(order.staff_notes or ""),
        marks=_marks(order),
    )


def _marks(order: OrderBody) -> frozenset[str]:
    """What rules can name: words of staff notes, the channel and what the order came by. These are
    written like words, so that one field takes all of them."""
    channel = frozenset() if order.channel_id is None else frozenset({f"channel:{order.channel_id}"})
    source = frozenset({f"source:{order.order_source}"} if order.order_source else ())
    return own_words(order.staff_notes or "") | channel | source


def _lines(order: OrderBody, default_location_id: int) -> Iterator[tuple[int, Line]]:
    """Its lines with the location that serves them: a pickup's own, and for what is shipped the default
    one, since BigCommerce tells no other."""
    parts = order.consignments or Consignments()
    for pickup in parts.pickups:
        place = pickup.location.id if pickup.location else default_location_id
        yield from ((place, line) for line in pickup.line_items if line.variant_id)
    for shipping in parts.shipping:
        yield from ((default_location_id, line) for line in shipping.line_items if line.variant_id)


def _item(line: Line, *, is_begun: bool, is_open: bool) -> LineItem:
    outstanding = line.outstanding if is_open else 0
    return LineItem(
        line_id=line.id,
        variant_id=line.variant_id or 0,
        ordered=line.ordered if is_begun else 0,
        outstanding=outstanding,
        title=printable(line.name),
        sku=printable(line.sku or ""),
        backordered=min(outstanding, line.quantity_backordered or 0),
        unit_price=ten_thousandths(line.base_price),
    )


def _located(
    lines: Iterable[tuple[int, Line]], products: Mapping[int, Product], rules: StockRules
) -> Iterator[LocatedLine]:
    """The outstanding units by item and location; an order may name an item twice. What is not counted
    lowers nothing."""
    parts: dict[tuple[int, int], list[LinePart]] = defaultdict(list)
    counted: set[int] = set()
    for place, line in lines:
        variant_id, product = line.variant_id or 0, products.get(line.product_id or 0)
        key = (product.item_of(variant_id) if product else variant_id, place)
        counted |= {key[0]} if product and product.is_tracked else set()
        if line.outstanding:
            backordered = min(line.outstanding, line.quantity_backordered or 0)
            parts[key].append(LinePart(line.id, line.outstanding, backordered))
    for where, some in sorted(parts.items()):
        quantity, short = sum(one.quantity for one in some), sum(one.backordered for one in some)
        lowers = rules.lowers_at_placement and where[0] in counted
        yield LocatedLine(*where, quantity, short, lowers, rules.follows_edits, tuple(some))


def pools_of(item: InventoryItem) -> tuple[Pool, ...]:
    """The pools of an item at its active locations; safety stock serves nobody."""
    return tuple(_pool(level) for level in item.locations if level.location_enabled)


def _pool(level: Level) -> Pool:
    safety_stock = (level.settings.safety_stock or 0) if level.settings else 0
    backordered = level.qty_backordered or 0
    return Pool(
        location_id=level.location_id,
        location_name=printable(level.location_name or ""),
        on_hand=level.total_inventory_onhand,
        available=level.total_inventory_onhand - safety_stock - backordered,
        backordered=backordered,
        safety_stock=safety_stock,
    )


def moment(text: str) -> datetime:
    """A moment as v2 writes it: RFC 2822. Raises `TryLater` for anything else."""
    try:
        told = parsedate_to_datetime(text)
    except ValueError as error:
        message = f"BigCommerce sent an invalid time: {text!r}"
        raise TryLater(message, after_s=jittered_s(), is_failure=True) from error
    return within_reach(told if told.tzinfo else told.replace(tzinfo=UTC))
