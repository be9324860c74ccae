"""What is true of a shop: what tests compare the app's doing with."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from app.sandbox.records import JournalEntry
from app.sandbox.shopify import marks, payloads
from app.sandbox.shopify.records import FulfillmentOrder, Level, Order
from app.sandbox.shopify.shop.part import ShopPart


class Truth(ShopPart):
    """Reads everything, changes nothing."""

    @property
    def journal(self) -> list[JournalEntry]:
        """Every write that came through the API, in order."""
        return self.books.journal

    @property
    def orders(self) -> Mapping[int, Order]:
        """All orders by id."""
        return self.books.orders

    @property
    def pools(self) -> Mapping[tuple[int, int], Level]:
        """All active levels by (item id, location id)."""
        with self.lock:
            return {key: level for key, level in self.books.levels.items() if level.is_active}

    def fulfillment_orders(self, order_id: int) -> list[FulfillmentOrder]:
        """An order's fulfillment orders, closed ones included."""
        return self.books.fulfillment_orders_of(self.books.order(order_id))

    def open_lines(self) -> dict[tuple[int, int], dict[int, int]]:
        """Open units of tracked items by pool and order id, those not yet routed included."""
        found: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        with self.lock:
            lines = [(order, line) for order in self.books.orders.values() for line in order.lines]
            for order, line in lines:
                for location_id, quantity in line.open_at.items():
                    if line.item_id is not None and self.books.is_counted(line):
                        found[line.item_id, location_id][order.order_id] += quantity
        return {pool: dict(units) for pool, units in found.items()}

    def committed_lines(self) -> dict[tuple[int, int], dict[int, int]]:
        """Of `open_lines` those that stock is committed to."""
        found = self.open_lines()
        with self.lock:
            lines = [(order, line) for order in self.books.orders.values() for line in order.lines]
            for order, line in lines:
                for location_id, quantity in line.uncommitted_at.items():
                    pool = (line.item_id or 0, location_id)
                    if order.order_id in found.get(pool, {}):
                        found[pool][order.order_id] -= quantity
        kept = {pool: {one: n for one, n in units.items() if n} for pool, units in found.items()}
        return {pool: units for pool, units in kept.items() if units}

    def reservations(self) -> dict[tuple[int, int], list[tuple[datetime, str, int]]]:
        """Units committed to draft orders and transfers by pool: since when, to what, how many."""
        found: dict[tuple[int, int], list[tuple[datetime, str, int]]] = defaultdict(list)
        with self.lock:
            for made in self.books.drafts.values():
                for line in made.lines if made.is_reserving else ():
                    item = self.books.items.get(line.item_id)  # its product may have been deleted
                    if item is not None and item.is_tracked:
                        told = (made.created_at, made.name, line.quantity)
                        found[line.item_id, line.location_id].append(told)
            for one in self.books.transfers.values():
                for part in () if one.is_canceled or one.origin_id is None else one.lines:
                    if part.unshipped:
                        told = (one.created_at, one.name, part.unshipped)
                        found[part.item_id, one.origin_id or 0].append(told)
        return dict(found)

    def metafields(self, order_id: int) -> dict[tuple[str, str], str]:
        """An order's metafields by resolved namespace and key."""
        owner = payloads.gid("Order", order_id)
        return {(one.namespace, one.key): one.value for one in marks.metafields_of(self.books, owner)}
