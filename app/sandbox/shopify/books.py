"""The state of one shop, and the rule by which a change becomes webhooks.

A change is made in any number of steps; `close_action` then says once, to everybody, what it came to:
one event id for all its topics, one orders/updated an order, one inventory_levels/update a level, and
that only if `available` is not what it was.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from app.sandbox.records import JournalEntry, Refused
from app.sandbox.shopify import payloads
from app.sandbox.shopify.records import (
    DraftOrder,
    FulfillmentOrder,
    Item,
    Level,
    Line,
    Location,
    Metafield,
    Order,
    Product,
    SellingPlan,
    Variant,
)
from app.sandbox.shopify.supply_records import InboundShipment, InboundTransfer, PurchaseOrder

Payload = Mapping[str, Any]


class Announce(Protocol):
    """Where webhooks go: the body is built only if somebody subscribed to the topic."""

    def __call__(self, topic: str, build: Callable[[], Payload], *, event_id: str) -> None: ...


class Books:
    """Everything a shop knows."""

    def __init__(
        self, clock: Callable[[], datetime], rng: random.Random, *, domain: str, announce: Announce
    ) -> None:
        self.clock = clock
        self.random = rng
        self.domain = domain
        self.shop_id = rng.randrange(10**10, 10**11)
        self.app_id = rng.randrange(10**10, 10**11)
        self.locations: dict[int, Location] = {}
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.items: dict[int, Item] = {}
        self.levels: dict[tuple[int, int], Level] = {}
        self.orders: dict[int, Order] = {}
        self.fulfillment_orders: dict[int, FulfillmentOrder] = {}
        self.shipments: dict[int, InboundShipment] = {}
        self.transfers: dict[int, InboundTransfer] = {}
        self.purchase_orders: dict[int, PurchaseOrder] = {}
        self.drafts: dict[int, DraftOrder] = {}
        self.selling_plans: dict[int, SellingPlan] = {}
        self.metafields: dict[tuple[str, str, str], Metafield] = {}
        self.metafields_by_owner: dict[str, list[Metafield]] = defaultdict(list)
        self.journal: list[JournalEntry] = []
        self.placed_count = 0
        self._announce = announce
        self._last_ids: dict[str, int] = {}
        self._touched: dict[int, Order] = {}
        self._available_before: dict[tuple[int, int], int] = {}
        self._told: list[tuple[str, Callable[[], Payload]]] = []
        self._levels_of: dict[int, list[Level]] = defaultdict(list)

    def now(self) -> datetime:
        """The time, in the whole seconds that Shopify shows."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def new_id(self, kind: str) -> int:
        """A fresh id, rising and up to 18 digits long, as real ones are."""
        last = self._last_ids.get(kind) or self.random.randrange(10**17, 9 * 10**17)
        self._last_ids[kind] = last + self.random.randrange(1, 10**6)
        return self._last_ids[kind]

    def order(self, order_id: int) -> Order:
        """The order of that id."""
        if order_id not in self.orders:
            raise Refused(f"there is no order {order_id}")
        return self.orders[order_id]

    def find_line(self, line_id: int) -> Line | None:
        """The order line of that id."""
        lines = (line for order in self.orders.values() for line in order.lines)
        return next((line for line in lines if line.line_id == line_id), None)

    def order_of_line(self, wanted: Line) -> Order:
        """The order that a line belongs to."""
        return next(order for order in self.orders.values() if wanted in order.lines)

    def fulfillment_order(self, fulfillment_order_id: int) -> FulfillmentOrder:
        """The fulfillment order of that id."""
        if fulfillment_order_id not in self.fulfillment_orders:
            raise Refused(f"there is no fulfillment order {fulfillment_order_id}")
        return self.fulfillment_orders[fulfillment_order_id]

    def fulfillment_orders_of(self, order: Order) -> list[FulfillmentOrder]:
        """An order's fulfillment orders, closed ones included, oldest first."""
        return [self.fulfillment_orders[i] for i in order.fulfillment_order_ids]

    def item(self, item_id: int) -> Item:
        """The inventory item of that id."""
        if item_id not in self.items:
            raise Refused(f"there is no inventory item {item_id}")
        return self.items[item_id]

    def level(self, item_id: int, location_id: int) -> Level | None:
        """The item's stock there, if that location stocks it."""
        level = self.levels.get((item_id, location_id))
        return level if level and level.is_active else None

    def levels_of(self, item_id: int) -> list[Level]:
        """All levels of an item, inactive ones included, in the order they were made."""
        return self._levels_of[item_id]

    def add_level(self, level: Level) -> None:
        """Enter a new level."""
        self.levels[level.item_id, level.location_id] = level
        self._levels_of[level.item_id].append(level)

    def forget_levels(self, item_id: int) -> None:
        """Drop all levels of an item that is gone."""
        for level in self._levels_of.pop(item_id, []):
            del self.levels[level.item_id, level.location_id]

    def add_metafield(self, metafield: Metafield) -> None:
        """Enter a new metafield."""
        self.metafields[metafield.owner_gid, metafield.namespace, metafield.key] = metafield
        self.metafields_by_owner[metafield.owner_gid].append(metafield)

    def drop_metafield(self, metafield: Metafield) -> None:
        """Delete a metafield."""
        del self.metafields[metafield.owner_gid, metafield.namespace, metafield.key]
        self.metafields_by_owner[metafield.owner_gid].remove(metafield)

    def forget_owner(self, owner_gid: str) -> None:
        """Delete all metafields of an owner that is gone."""
        for metafield in list(self.metafields_by_owner.pop(owner_gid, [])):
            del self.metafields[owner_gid, metafield.namespace, metafield.key]

    def is_counted(self, line: Line) -> bool:
        """Whether the line's units are taken from tracked stock."""
        return line.item_id is not None and self.items[line.item_id].is_tracked

    def touch(self, order: Order) -> None:
        """The order changed."""
        self._touched[order.order_id] = order

    def watch(self, level: Level) -> None:
        """Remember what was available before this action changes it."""
        self._available_before.setdefault(
            (level.item_id, level.location_id), level.quantities["available"]
        )

    def tell(self, topic: str, build: Callable[[], Payload]) -> None:
        """Announce this topic when the action is over."""
        self._told.append((topic, build))

    def close_action(self) -> None:
        """Bump what changed and announce it."""
        now, event_id = self.now(), f"{self.random.getrandbits(128):032x}"
        touched = list(self._touched.values())
        for order in touched:
            order.updated_at = now
        for topic, build in [*self._told, *self._order_topics(touched), *self._stock_topics()]:
            self._announce(topic, build, event_id=event_id)
        self._touched, self._available_before, self._told = {}, {}, []

    def _order_topics(self, touched: Iterable[Order]) -> Iterable[tuple[str, Callable[[], Payload]]]:
        for order in touched:
            if order.order_id in self.orders:
                yield "orders/updated", partial(payloads.order, self, order)

    def _stock_topics(self) -> Iterable[tuple[str, Callable[[], Payload]]]:
        products: dict[int, Product] = {}
        for key, before in self._available_before.items():
            level = self.levels[key]
            if level.quantities["available"] == before:
                continue
            yield "inventory_levels/update", partial(payloads.level, self, level)
            product_id = self.variants[self.items[level.item_id].variant_id].product_id
            products[product_id] = self.products[product_id]
        for product in products.values():
            product.updated_at = self.now()
            yield "products/update", partial(payloads.product, self, product)
