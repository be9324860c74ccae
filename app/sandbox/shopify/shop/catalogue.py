"""What a merchant does with products, locations and the stock that is counted."""

from collections.abc import Mapping
from typing import Literal

from app.sandbox.actions import action
from app.sandbox.records import Refused
from app.sandbox.shopify import moves, payloads, stock
from app.sandbox.shopify.records import Item, Level, Location, Policy, Product, Variant
from app.sandbox.shopify.shop.part import ShopPart


class CatalogueActions(ShopPart):
    """Products, locations, and stock counts."""

    @action
    def add_location(self, name: str) -> int:
        """Open a location; earlier ones are preferred when an order is placed."""
        now = self.books.now()
        location = Location(
            self.books.new_id("Location"), self.books.new_id("InventoryLevel"), name, now, now
        )
        self.books.locations[location.location_id] = location
        return location.location_id

    @action
    def add_product(  # each has a default that most callers keep
        self,
        title: str,
        *,
        sku: str = "",
        stock: Mapping[int, int] | None = None,
        policy: Policy = "CONTINUE",
        tracked: bool = True,
        variant_title: str = "",
        product_id: int | None = None,
        barcode: str = "",
    ) -> Variant:
        """Put a variant on sale, of a known product if one is named. `stock`: units by location id."""
        now = self.books.now()
        product = self.books.products.get(product_id or 0) or self._new_product(title)
        variant_id, item_id = self.books.new_id("ProductVariant"), self.books.new_id("InventoryItem")
        variant = Variant(
            variant_id, item_id, product.product_id, variant_title, product.title, sku, policy, now, now
        )
        variant.barcode = barcode
        self.books.variants[variant_id] = variant
        self.books.items[item_id] = Item(item_id, variant_id, sku, tracked, now, now)
        for location_id, quantity in (stock or {}).items():
            self._set(item_id, location_id, quantity, "available")
        return variant

    def _new_product(self, title: str) -> Product:
        now = self.books.now()
        product = Product(self.books.new_id("Product"), title, now, now)
        self.books.products[product.product_id] = product
        return product

    @action
    def set_barcode(self, variant_id: int, barcode: str) -> None:
        """The merchant enters a variant's barcode."""
        variant = self.books.variants[variant_id]
        variant.barcode, variant.updated_at = barcode, self.books.now()
        product = self.books.products[variant.product_id]
        self.books.tell("products/update", lambda: payloads.product(self.books, product))

    @action
    def set_policy(self, variant_id: int, policy: Policy) -> None:
        """Let the online shop oversell a variant, or not."""
        variant = self.books.variants[variant_id]
        variant.policy, variant.updated_at = policy, self.books.now()
        product = self.books.products[variant.product_id]
        self.books.tell("products/update", lambda: payloads.product(self.books, product))

    @action
    def set_tracked(self, item_id: int, *, is_tracked: bool) -> None:
        """Count an item's stock from now on, or stop counting it."""
        stock.set_tracked(self.books, self.books.item(item_id), is_tracked=is_tracked)

    @action
    def delete_product(self, product_id: int) -> None:
        """Take a product off sale for good. Orders keep their lines of it, of no variant any more; its
        items and all that was counted of them are gone."""
        product = self.books.products.pop(product_id)
        variants = [one for one in self.books.variants.values() if one.product_id == product_id]
        for variant in variants:
            stock.delete_item(self.books, self.books.items[variant.item_id])
            del self.books.variants[variant.variant_id]
        self.books.tell("products/delete", lambda: {"id": product.product_id})

    @action
    def deactivate_location(self, location_id: int, *, destination_id: int | None = None) -> None:
        """Close a location. Stock and open work go to another, the first active one if none is named."""
        location = self.books.locations[location_id]
        others = [
            one.location_id
            for one in self.books.locations.values()
            if one.is_active and one is not location
        ]
        if not location.is_active or not others:
            raise Refused(f"{location.name} can't be deactivated")
        self._relocate(location, destination_id or others[0])
        location.deactivated_at = location.updated_at = self.books.now()
        self.books.tell("locations/deactivate", lambda: payloads.location(location))

    def _relocate(self, location: Location, destination_id: int) -> None:
        destination = self.books.locations[destination_id]
        levels = [
            one
            for one in self.books.levels.values()
            if one.is_active and one.location_id == location.location_id
        ]
        for level in levels:
            stock.connect(self.books, self.books.items[level.item_id], destination)
        for order in list(self.books.orders.values()):
            moves.relocate(self.books, order, location.location_id, destination_id)
        for level in levels:
            target = stock.connect(self.books, self.books.items[level.item_id], destination)
            stock.pour(self.books, level, target)
            stock.close_level(self.books, level)

    @action
    def adjust_stock(
        self, item_id: int, location_id: int, delta: int, *, name: str = "available"
    ) -> None:
        """Correct stock: `available` changes what is on hand; damaged, reserved, ... come out of it."""
        stock.adjust(self.books, self._level(item_id, location_id), delta, name=name)

    @action
    def set_stock(
        self,
        item_id: int,
        location_id: int,
        quantity: int,
        *,
        name: Literal["available", "on_hand"] = "available",
    ) -> None:
        """Count stock anew; a location that didn't stock the item does so now."""
        self._set(item_id, location_id, quantity, name)

    def _level(self, item_id: int, location_id: int) -> Level:
        level = self.books.level(item_id, location_id)
        if level is None:
            raise Refused(f"item {item_id} isn't stocked at location {location_id}")
        return level
