"""What inventory items, their levels, products and locations answer."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLError

from app.sandbox.shopify.answers.fields import (
    always,
    gid_of,
    metafield_of,
    metafields_of,
    text_of,
    time_of,
    value_of,
)
from app.sandbox.shopify.call import Answer, Args, Call, iso, read_gid
from app.sandbox.shopify.paging import Page
from app.sandbox.shopify.payloads import gid, level_gid, sellable
from app.sandbox.shopify.records import QUANTITY_NAMES, Item, Level
from app.sandbox.shopify.terms import searched


def _levels(item: Item, call: Call, args: Args) -> Page:
    searched(call, args, {})
    found = call.books.levels_of(item.item_id)
    shown = [one for one in found if one.is_active or args.get("includeInactive")]
    return call.page(shown, args, key=lambda one: (call.books.locations[one.location_id].level_number,))


def _level_at(item: Item, call: Call, args: Args) -> Level | None:
    level = call.books.levels.get((item.item_id, read_gid(args["locationId"], "Location")[1]))
    return level if level and (level.is_active or args.get("includeInactive")) else None


@dataclass(frozen=True)
class _Quantity:
    """One named quantity as shown, which a torn snapshot makes another than the true one."""

    level: Level
    name: str
    quantity: int


def _quantities(level: Level, call: Call, args: Args) -> list[_Quantity]:
    if unknown := set(args["names"]) - set(QUANTITY_NAMES):
        raise GraphQLError(f"The quantity names {sorted(unknown)} don't exist.")
    shown = call.shop.faults.torn(level.quantities)
    return [_Quantity(level, name, shown[name]) for name in args["names"]]


def _quantity_id(one: _Quantity, call: Call, args: Args) -> str:
    level = one.level
    return gid(
        "InventoryQuantity", zlib.crc32(f"{level.item_id} {level.location_id} {one.name}".encode())
    )


QUANTITY: dict[str, Answer] = {
    "id": _quantity_id,
    "name": value_of("name"),
    "quantity": value_of("quantity"),
    "updatedAt": lambda one, call, args: iso(one.level.changed_at[one.name]),
}

ITEM: dict[str, Answer] = {
    "id": gid_of("InventoryItem", "item_id"),
    "legacyResourceId": text_of("item_id"),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "sku": lambda item, call, args: item.sku or None,
    "tracked": value_of("is_tracked"),
    "requiresShipping": always(True),
    "inventoryLevel": _level_at,
    "inventoryLevels": _levels,
    "variant": lambda item, call, args: call.books.variants[item.variant_id],
    "variants": lambda item, call, args: call.page(
        [call.books.variants[item.variant_id]], args, key=lambda one: (one.variant_id,)
    ),
}

LEVEL: dict[str, Answer] = {
    "id": lambda level, call, args: level_gid(call.books, level),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "isActive": value_of("is_active"),
    "item": lambda level, call, args: call.books.items[level.item_id],
    "location": lambda level, call, args: call.books.locations[level.location_id],
    "quantities": _quantities,
}

VARIANT: dict[str, Answer] = {
    "id": gid_of("ProductVariant", "variant_id"),
    "legacyResourceId": text_of("variant_id"),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "title": lambda variant, call, args: variant.title or "Default Title",
    "displayName": lambda variant, call, args: (
        f"{variant.product_title} - {variant.title or 'Default Title'}"
    ),
    "sku": lambda variant, call, args: variant.sku or None,
    "barcode": lambda variant, call, args: variant.barcode or None,
    "inventoryItem": lambda variant, call, args: call.books.items[variant.item_id],
    "inventoryPolicy": value_of("policy"),
    "inventoryQuantity": lambda variant, call, args: sellable(call.books, variant),
    "product": lambda variant, call, args: call.books.products[variant.product_id],
    "metafield": metafield_of("ProductVariant", "variant_id"),
    "metafields": metafields_of("ProductVariant", "variant_id"),
}

PRODUCT: dict[str, Answer] = {
    "id": gid_of("Product", "product_id"),
    "legacyResourceId": text_of("product_id"),
    "title": value_of("title"),
    "vendor": always(""),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "metafield": metafield_of("Product", "product_id"),
    "metafields": metafields_of("Product", "product_id"),
}

LOCATION: dict[str, Answer] = {
    "id": gid_of("Location", "location_id"),
    "legacyResourceId": text_of("location_id"),
    "name": value_of("name"),
    "isActive": value_of("is_active"),
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "fulfillsOnlineOrders": value_of("is_active"),
    "shipsInventory": value_of("is_active"),
    "deactivatedAt": time_of("deactivated_at"),
    "metafield": metafield_of("Location", "location_id"),
    "metafields": metafields_of("Location", "location_id"),
}


ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    "InventoryItem": ITEM,
    "InventoryLevel": LEVEL,
    "InventoryQuantity": QUANTITY,
    "ProductVariant": VARIANT,
    "Product": PRODUCT,
    "Location": LOCATION,
}
