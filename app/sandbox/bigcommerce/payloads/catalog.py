"""Products, variants and stock, by API v3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.sandbox.bigcommerce.payloads.words import PRICE, Json, iso_date, native_fields

if TYPE_CHECKING:
    from app.sandbox.bigcommerce.books import Books
    from app.sandbox.bigcommerce.records import Location, Product, Variant


def inventory_item(books: Books, variant: Variant, location_ids: Sequence[int]) -> Json:
    """An item and its figures as the projection shows them."""
    product = books.products[variant.product_id]
    identity: Json = {"product_id": variant.product_id, "variant_id": variant.variant_id}
    identity |= {"sku": variant.sku, "sku_id": variant.sku_id}
    if product.tracking == "product" and len(product.variant_ids) > 1:
        identity = {"product_id": variant.product_id, "sku": variant.sku}
    return {
        "identity": identity,
        "locations": [_figures(books, variant.variant_id, place) for place in location_ids],
    }


def location_item(books: Books, variant: Variant, location_id: int) -> Json:
    """The same, of one location."""
    whole = inventory_item(books, variant, [location_id])
    (figures,) = whole["locations"]
    return {"identity": whole["identity"], **figures}


UNLIMITED = 10**9


def _figures(books: Books, item_id: int, location_id: int) -> Json:
    """Where there is no limit, what could be sold is a very large number."""
    place, shown = books.locations[location_id], books.projection.shown(item_id, location_id)
    free = shown.on_hand - shown.safety_stock
    more = UNLIMITED if shown.backorder_limit is None else shown.backorder_limit - shown.backordered
    return {
        "location_id": location_id,
        "location_code": place.code,
        "location_name": place.label,
        "location_enabled": place.is_enabled,
        "available_to_sell": free + (more if books.settings.has_native_backorders else 0),
        "total_inventory_onhand": shown.on_hand,
        **native_fields(books, qty_backordered=shown.backordered),
        "settings": {
            "safety_stock": shown.safety_stock,
            "is_in_stock": free > 0,
            "warning_level": 0,
            "bin_picking_number": "",
            **native_fields(books, backorder_limit=shown.backorder_limit, backorder_message=None),
        },
    }


def location(one: Location) -> Json:
    """A location."""
    return {
        "id": one.location_id,
        "code": one.code,
        "label": one.label,
        "description": "",
        "managed_by_external_source": False,
        "type_id": "PHYSICAL",
        "enabled": one.is_enabled,
        "time_zone": "Europe/Lisbon",
        "created_at": iso_date(one.created_at),
        "updated_at": iso_date(one.updated_at),
        "storefront_visibility": True,
        "special_hours": [],
    }


def variant(books: Books, one: Variant) -> Json:
    """A variant."""
    level = books.projection.shown(one.variant_id, books.default_location())
    return {
        "id": one.variant_id,
        "product_id": one.product_id,
        "sku": one.sku,
        "sku_id": one.sku_id,
        "price": PRICE,
        "calculated_price": PRICE,
        "purchasing_disabled": False,
        "purchasing_disabled_message": "",
        "upc": one.upc,
        "gtin": one.gtin,
        "mpn": one.mpn,
        "inventory_level": level.on_hand,
        "inventory_warning_level": 0,
        "bin_picking_number": "",
        "option_values": [
            {"id": one.variant_id, "label": one.title, "option_id": 1, "option_display_name": "Kind"}
        ]
        if one.title
        else [],
    }


def _codes_of_product(variants: Sequence[Variant]) -> Json:
    """A product without options and its only variant are told the same codes."""
    if len(variants) > 1:
        return {"upc": "", "gtin": "", "mpn": ""}
    return {"upc": variants[0].upc, "gtin": variants[0].gtin, "mpn": variants[0].mpn}


def product(books: Books, one: Product, *, with_variants: bool) -> Json:
    """A product."""
    variants = [books.variants[number] for number in one.variant_ids]
    levels = [
        books.projection.shown(number, books.default_location()).on_hand for number in one.variant_ids
    ]
    shown = {
        "id": one.product_id,
        "name": one.name,
        "type": "physical",
        "sku": variants[0].sku,
        **_codes_of_product(variants),
        "description": "",
        "weight": 1,
        "price": PRICE,
        "calculated_price": PRICE,
        "inventory_level": max(0, sum(levels)),
        "inventory_warning_level": 0,
        "inventory_tracking": one.tracking,
        "is_visible": True,
        "availability": one.availability,
        "availability_description": "",
        "preorder_release_date": iso_date(one.preorder_release_at) if one.preorder_release_at else None,
        "preorder_message": one.preorder_message,
        "is_preorder_only": False,
        "date_created": iso_date(one.created_at),
        "date_modified": iso_date(one.updated_at),
    }
    # A product with options has none: null by the specs' words, but not by their schema.
    shown |= {"base_variant_id": one.base_variant_id} if len(one.variant_ids) == 1 else {}
    return shown | ({"variants": [variant(books, each) for each in variants]} if with_variants else {})
