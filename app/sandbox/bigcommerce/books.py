"""The state of one store, and the rule by which a change becomes webhooks.

A change is made in any number of steps; `close_action` then says once, to everybody, what it came to.
https://docs.bigcommerce.com/developer/docs/integrations/webhooks/events
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from app.sandbox.bigcommerce.projection import Projection
from app.sandbox.bigcommerce.records import (
    Level,
    Line,
    Location,
    Metafield,
    Order,
    Product,
    Settings,
    Variant,
)
from app.sandbox.records import JournalEntry, Refused

Payload = Mapping[str, Any]
CHANNEL_ID = 1


class Announce(Protocol):
    """Where webhooks go."""

    def __call__(self, scope: str, data: Payload) -> None: ...


class Books:
    """Everything a store knows."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        rng: random.Random,
        *,
        settings: Settings,
        projection: Projection,
        announce: Announce,
    ) -> None:
        self.clock = clock
        self.random = rng
        self.settings = settings
        self.projection = projection
        self.lowers_backordered = False
        self.lowers_lines = False
        self.keeps_counter_of_archived = False
        self.lists_archived = False
        self.channel_settings: dict[str, Any] = {}
        self.locations: dict[int, Location] = {}
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.levels: dict[tuple[int, int], Level] = {}
        self.orders: dict[int, Order] = {}
        self.metafields: dict[int, Metafield] = {}
        self.journal: list[JournalEntry] = []
        self._announce = announce
        self._last_ids: dict[str, int] = {}
        self._touched: dict[int, Order] = {}
        self._told: list[tuple[str, Payload]] = []
        self._before: dict[tuple[int, int], Level] = {}
        self._by_order: set[tuple[int, int]] = set()

    def now(self) -> datetime:
        """The time, in the whole seconds that BigCommerce shows."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def new_id(self, kind: str) -> int:
        """The next id of a kind; they count up by one."""
        last = self._last_ids.get(kind) or self.random.randrange(100, 900)
        self._last_ids[kind] = last + 1
        return last + 1

    def order(self, order_id: int) -> Order:
        """The order of that id."""
        if order_id not in self.orders:
            raise Refused(f"there is no order {order_id}")
        return self.orders[order_id]

    def default_location(self) -> int:
        """Where everything that is shipped comes from."""
        for location in self.locations.values():
            if location.is_enabled:
                return location.location_id
        raise Refused("the store has no location")

    def item_id(self, variant: Variant) -> int | None:
        """The item whose stock a variant sells, None if it isn't counted."""
        product = self.products[variant.product_id]
        return {
            "none": None,
            "product": product.base_variant_id,
            "variant": variant.variant_id,
        }[product.tracking]

    def is_tracked(self, item_id: int) -> bool:
        """Whether the stock of an item is counted at all."""
        return self.item_id(self.variants[item_id]) == item_id

    def setting(self, name: str, order: Order) -> Any:
        """What is set for an order: by its channel, where that differs; for manual ones by the store."""
        told = None if order.channel == "manual" else self.channel_settings.get(name)
        return getattr(self.settings, name) if told is None else told

    def level(self, item_id: int, location_id: int) -> Level:
        """The stock of an item at a location."""
        if item_id not in self.variants or location_id not in self.locations:
            raise Refused(f"there is no item {item_id} at location {location_id}")
        return self.levels.setdefault((item_id, location_id), Level(item_id, location_id))

    def level_of(self, line: Line) -> Level | None:
        """The stock that a line is served from, None if nothing of it is counted."""
        variant = self.variants.get(line.variant_id)
        item_id = self.item_id(variant) if variant else None
        return None if item_id is None else self.level(item_id, line.location_id)

    def open_lines(self) -> Iterator[tuple[Order, Line, Level]]:
        """Every line of counted stock that is still to ship."""
        for order in self.orders.values():
            for line in order.lines if order.is_open else ():
                level = self.level_of(line)
                if level and line.outstanding:
                    yield order, line, level

    def open_lines_of(self, wanted: Level) -> Iterator[tuple[Order, Line]]:
        """Those that are served from one level."""
        return ((order, line) for order, line, level in self.open_lines() if level is wanted)

    def touch(self, order: Order) -> None:
        """The order changed."""
        self._touched[order.order_id] = order

    def watch(self, level: Level, *, by_order: bool = False) -> None:
        """Remember what a level was before this action changes it."""
        key = (level.item_id, level.location_id)
        self._before.setdefault(key, replace(level))
        if by_order:
            self._by_order.add(key)

    def tell(self, scope: str, data: Payload) -> None:
        """Announce this when the action is over."""
        self._told.append((scope, data))

    def tell_order(self, event: str, order: Order, **more: Any) -> None:
        """Announce an order's event under both its scopes, which name the order differently."""
        self.tell(f"store/order/{event}", {"type": "order", "id": order.order_id, **more})
        self.tell(f"store/channel/{CHANNEL_ID}/order/{event}", {"order_id": order.order_id, **more})

    def write(self, kind: str, order: Order | None, detail: str, *, request: int) -> None:
        """Note a write that came through the API."""
        order_id = order.order_id if order else None
        self.journal.append(JournalEntry(self.clock(), kind, order_id, detail, request))

    def close_action(self) -> None:
        """Bump what changed and announce it; reads of stock follow in their own time."""
        for order in list(self._touched.values()):
            order.updated_at = self.now()
            if order.order_id in self.orders:
                self.tell_order("updated", order)
        for key, before in self._before.items():
            level = self.levels[key]
            self.projection.follow(level)
            if level != before:
                self._tell_stock(level)
        told, self._told = self._told, []
        self._touched, self._before, self._by_order = {}, {}, set()
        for scope, data in told:
            self._announce(scope, data)

    def _tell_stock(self, level: Level) -> None:
        """`method` and `value` are as doubtful as the documents about them; nothing may rest on them."""
        key = (level.item_id, level.location_id)
        variant = self.variants[level.item_id]
        by_order = key in self._by_order
        moved = level.on_hand - self._before[key].on_hand
        hint = {
            "product_id": variant.product_id,
            "method": "relative" if by_order else "absolute",
            "value": moved if by_order else level.on_hand,
        }
        is_sku = self.products[variant.product_id].tracking == "variant"
        data = {
            "type": "sku" if is_sku else "product",
            "id": variant.sku_id if is_sku else variant.product_id,
            "inventory": {**hint, "variant_id": variant.variant_id} if is_sku else hint,
        }
        kind = data["type"]
        self.tell(f"store/{kind}/inventory/updated", data)
        if by_order:
            self.tell(f"store/{kind}/inventory/order/updated", data)
        place = {"variant_id": variant.variant_id, "product_id": variant.product_id}
        self.tell(
            "store/channel/*/inventory/product/stock_changed",
            {**place, "location_id": level.location_id},
        )
