"""Bodies about stock, products, places and goods on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.sandbox.shopify.payloads.words import PRICE, Body, gid, level_gid, stamp

if TYPE_CHECKING:
    from app.sandbox.shopify.books import Books
    from app.sandbox.shopify.records import Item, Level, Location, Product, Variant
from app.sandbox.shopify.supply_records import InboundShipment, InboundTransfer


def level(books: Books, stock_level: Level) -> Body:
    """inventory_levels/update and connect: of all quantities only `available`."""
    return {
        "inventory_item_id": stock_level.item_id,
        "location_id": stock_level.location_id,
        "available": stock_level.quantities["available"],
        "updated_at": stamp(stock_level.updated_at),
        "admin_graphql_api_id": level_gid(books, stock_level),
    }


def item(stock_item: Item) -> Body:
    """inventory_items/update."""
    return {
        "id": stock_item.item_id,
        "sku": stock_item.sku or None,
        "created_at": stamp(stock_item.created_at),
        "updated_at": stamp(stock_item.updated_at),
        "requires_shipping": True,
        "cost": None,
        "tracked": stock_item.is_tracked,
        "admin_graphql_api_id": gid("InventoryItem", stock_item.item_id),
    }


def deleted_item(stock_item: Item) -> Body:
    """inventory_items/delete."""
    return {
        "id": stock_item.item_id,
        "admin_graphql_api_id": gid("InventoryItem", stock_item.item_id),
    }


def product(books: Books, changed: Product) -> Body:
    """products/update."""
    variants = [one for one in books.variants.values() if one.product_id == changed.product_id]
    return {
        "id": changed.product_id,
        "admin_graphql_api_id": gid("Product", changed.product_id),
        "title": changed.title,
        "created_at": stamp(changed.created_at),
        "updated_at": stamp(changed.updated_at),
        "status": "active",
        "vendor": "",
        "variants": [_variant(books, one, index) for index, one in enumerate(variants, start=1)],
    }


def _variant(books: Books, one: Variant, position: int) -> Body:
    return {
        "id": one.variant_id,
        "admin_graphql_api_id": gid("ProductVariant", one.variant_id),
        "product_id": one.product_id,
        "title": one.title,
        "sku": one.sku or None,
        "barcode": one.barcode or None,
        "position": position,
        "price": PRICE,
        "inventory_policy": one.policy.lower(),
        "inventory_item_id": one.item_id,
        "inventory_quantity": sellable(books, one),
        "old_inventory_quantity": sellable(books, one),
        "updated_at": stamp(one.updated_at),
    }


def sellable(books: Books, one: Variant) -> int:
    """What is available of a variant over all locations."""
    return sum(each.quantities["available"] for each in books.levels_of(one.item_id) if each.is_active)


def location(closed: Location) -> Body:
    """locations/deactivate."""
    return {
        "id": closed.location_id,
        "name": closed.name,
        "active": closed.is_active,
        "legacy": False,
        "created_at": stamp(closed.created_at),
        "updated_at": stamp(closed.updated_at),
        "admin_graphql_api_id": gid("Location", closed.location_id),
    }


def shipment(books: Books, inbound: InboundShipment) -> Body:
    """The topics inventory_shipments/…; more keys than some of them have."""
    return {
        "id": gid("InventoryShipment", inbound.shipment_id),
        "status": inbound.status,
        "happened_at": stamp(books.now()),
        "tracking": {"arrives_at": stamp(inbound.arrives_at)},
        "line_items": [
            {"id": gid("InventoryShipmentLineItem", one.shipment_line_id), "quantity": one.quantity}
            for one in inbound.lines
        ],
    }


def tracking(books: Books, inbound: InboundShipment) -> Body:
    """inventory_shipments/update_tracking."""
    return {
        "shipment_id": gid("InventoryShipment", inbound.shipment_id),
        "updated_tracking": {"arrives_at": stamp(inbound.arrives_at)},
        "happened_at": stamp(books.now()),
    }


def transfer(books: Books, one: InboundTransfer) -> Body:
    """inventory_transfers/updated."""
    return {
        "id": gid("InventoryTransfer", one.transfer_id),
        "happened_at": stamp(books.now()),
        "origin": one.origin_id and {"id": gid("Location", one.origin_id)},
        "destination": {"id": gid("Location", one.location_id)},
    }
