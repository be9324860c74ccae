"""What v3 answers, but for metafields and hooks: inventory, locations, the catalogue, settings."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from app.sandbox.bigcommerce import payloads, stock
from app.sandbox.bigcommerce.call import NOT_FOUND, ApiError, Call, Handler, NotModelled, Reply
from app.sandbox.bigcommerce.records import Level, Product, Variant

MOST_ITEMS, MOST_ADJUSTED = 1000, 2000
IDENTITIES = ("variant_id", "product_id", "sku")


# Inventory


def _items(call: Call) -> list[Variant]:
    """Counted items, of those that the query names."""
    wanted = {name: call.words(f"{name}:in") for name in IDENTITIES}
    found = []
    for variant in call.books.variants.values():
        if not call.books.is_tracked(variant.variant_id):
            continue
        identity = payloads.inventory_item(call.books, variant, [])["identity"]
        if all(ids is None or str(identity.get(name, "")) in ids for name, ids in wanted.items()):
            found.append(variant)
    return found


def _list_items(call: Call) -> Reply:
    call.honour(*(f"{name}:in" for name in IDENTITIES), "location_id:in", "page", "limit")
    wanted = call.numbers("location_id:in")
    places = [place for place in call.books.locations if wanted is None or place in wanted]
    return call.paged(
        _items(call), lambda one: payloads.inventory_item(call.books, one, places), most=MOST_ITEMS
    )


def _list_location_items(call: Call) -> Reply:
    call.honour(*(f"{name}:in" for name in IDENTITIES), "page", "limit")
    place = call.ids["location_id"]
    if place not in call.books.locations:
        raise ApiError(404, NOT_FOUND)
    return call.paged(
        _items(call), lambda one: payloads.location_item(call.books, one, place), most=MOST_ITEMS
    )


def _put_location_items(call: Call) -> Reply:
    if status := call.store.faults.settings_status:
        raise ApiError(status, "The settings can't be set.")
    for setting in call.sent["settings"]:
        level = _level(call, setting["identity"], call.ids["location_id"])
        for name in setting.keys() - {"identity", "safety_stock", "backorder_limit"}:
            raise NotModelled(f"an item's {name}")
        call.books.watch(level)
        level.safety_stock = setting.get("safety_stock", level.safety_stock)
        level.backorder_limit = setting.get("backorder_limit", level.backorder_limit)
        limit = f"limit {level.backorder_limit}, safety stock {level.safety_stock}"
        call.books.write("selling set", None, f"item {level.item_id}: {limit}", request=call.number)
    return Reply({"transaction_id": _transaction(call)})


def _level(call: Call, identity: Mapping[str, Any], location_id: int) -> Level:
    """The level that an identity names, by the id that its product is tracked by."""
    named = [(name, identity[name]) for name in IDENTITIES if name in identity]
    if len(named) != 1:
        raise ApiError(422, "[An item is named by exactly one of sku, variant_id and product_id]")
    (name, value), books = named[0], call.books
    for variant in books.variants.values():
        if getattr(variant, name) != value:
            continue
        tracking = books.products[variant.product_id].tracking
        is_single = len(books.products[variant.product_id].variant_ids) == 1
        item_id = books.item_id(variant)
        if item_id is None or ((name, tracking) in MISNAMED and not is_single):
            advice = f"is tracked by {tracking}, please update stock by {tracking} id"
            raise ApiError(422, f"[Item with {name} {value} {advice}]")
        return books.level(item_id, location_id)
    raise ApiError(422, f"[Item with {name} {value} does not exist]")


MISNAMED = {("variant_id", "product"), ("product_id", "variant")}


def _adjust_absolute(call: Call) -> Reply:
    def apply(level: Level, item: Mapping[str, Any]) -> None:
        backordered = item.get("qty_backordered")
        stock.set_figures(call.books, level, on_hand=item["quantity"], backordered=backordered)

    return _adjust(call, apply)


def _adjust_relative(call: Call) -> Reply:
    def apply(level: Level, item: Mapping[str, Any]) -> None:
        if item.get("quantity") == 0:
            raise ApiError(422, "[quantity must not be 0]")
        if level.free + item.get("quantity", 0) < 0:
            raise ApiError(422, "[Stock can't be adjusted below the safety stock]")
        more = item.get("qty_backordered")
        stock.set_figures(
            call.books,
            level,
            on_hand=level.on_hand + item.get("quantity", 0),
            backordered=None if more is None else level.backordered + more,
        )

    return _adjust(call, apply)


def _adjust(call: Call, apply: Callable[[Level, Mapping[str, Any]], None]) -> Reply:
    """All of a request or nothing of it; what it did shows in reads when the projection has followed."""
    items = call.sent["items"]
    if len(items) > MOST_ADJUSTED:
        raise ApiError(422, f"[At most {MOST_ADJUSTED} items can be adjusted at once]")
    for level, item in [(_level(call, item, item["location_id"]), item) for item in items]:
        apply(level, item)
        what = f"item {level.item_id} at {level.location_id}"
        call.books.write("stock adjusted", None, what, request=call.number)
    return Reply({"transaction_id": _transaction(call)})


def _transaction(call: Call) -> str:
    return f"{call.number:08}-0000-4000-8000-000000000000"


def _list_locations(call: Call) -> Reply:
    call.honour("location_id:in", "is_active", "is_default", "page", "limit")
    wanted = call.numbers("location_id:in")
    default = call.books.default_location()
    shown = [
        place
        for place in call.books.locations.values()
        if (wanted is None or place.location_id in wanted)
        and call.query.get("is_active", str(place.is_enabled)).lower() == str(place.is_enabled).lower()
        and (call.query.get("is_default", "").lower() != "true" or place.location_id == default)
    ]
    return call.paged(shown, payloads.location)


# Catalogue


def _list_variants(call: Call) -> Reply:
    call.honour("id", "sku", "product_id:in", "page", "limit", "include_fields")
    wanted, products = call.numbers("id"), call.numbers("product_id:in")
    skus = call.words("sku")
    found = [
        one
        for one in call.books.variants.values()
        if (wanted is None or one.variant_id in wanted)
        and (products is None or one.product_id in products)
        and (skus is None or one.sku in skus)
    ]
    return call.paged(found, lambda one: _only(call, payloads.variant(call.books, one)))


def _only(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    """The fields asked for; the id is always among them."""
    wanted = call.words("include_fields")
    return {k: v for k, v in shown.items() if wanted is None or k in wanted | {"id", "variants"}}


def _list_product_variants(call: Call) -> Reply:
    call.honour("page", "limit")
    product = _product(call)
    found = [call.books.variants[number] for number in product.variant_ids]
    return call.paged(found, lambda one: payloads.variant(call.books, one))


def _product(call: Call) -> Product:
    product = call.books.products.get(call.ids["product_id"])
    if product is None:
        raise ApiError(404, NOT_FOUND)
    return product


def _list_products(call: Call) -> Reply:
    call.honour("id", "id:in", "page", "limit", "include", "include_fields", "availability")
    _refuse_includes(call)
    wanted = call.numbers("id:in") or call.numbers("id")
    found = [
        one
        for one in call.books.products.values()
        if (wanted is None or one.product_id in wanted)
        and call.query.get("availability", one.availability) == one.availability
    ]
    return call.paged(found, lambda one: _shown_product(call, one))


def _refuse_includes(call: Call) -> None:
    if (call.words("include") or set()) - {"variants"}:
        raise NotModelled("including anything but variants")


def _shown_product(call: Call, product: Product) -> dict[str, Any]:
    include = call.words("include") or set()
    return _only(call, payloads.product(call.books, product, with_variants="variants" in include))


def _get_product(call: Call) -> Reply:
    call.honour("include", "include_fields")
    _refuse_includes(call)
    return Reply({"data": _shown_product(call, _product(call)), "meta": {}})


# Settings


def _get_settings(call: Call) -> Reply:
    """Those that are modelled. The switch of native backorders is no field; it brings some along."""
    call.honour("channel_id")
    settings = asdict(call.books.settings)
    if "channel_id" in call.query:
        overridden = dict.fromkeys(settings) | call.books.channel_settings
        overridden.pop("has_native_backorders")
        return Reply({"data": overridden, "meta": {}})
    texts = ("show_quantity_on_backorder", "show_quantity_on_hand", "show_backorder_message")
    more = dict.fromkeys(texts, True) if settings.pop("has_native_backorders") else {}
    return Reply({"data": settings | more, "meta": {}})


def _put_settings(call: Call) -> Reply:
    settings = call.books.settings
    known = set(asdict(settings)) - {"has_native_backorders"}
    for name in call.sent.keys() - known:
        raise NotModelled(f"the setting {name}")
    for name, value in call.sent.items():
        setattr(settings, name, value)
    return _get_settings(call)


def _get_profile(call: Call) -> Reply:
    shown = {
        "store_name": call.store.name,
        "store_email": "merchant@sandbox.example",
        "store_address": "",
        "store_address_type": "Warehouse",
        "store_phone": "",
    }
    return Reply({"data": shown, "meta": {}})


def _get_locale(call: Call) -> Reply:
    shown = {"default_shopper_language": call.store.locale, "store_country": "Portugal"}
    return Reply({"data": shown, "meta": {}})


HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("GET", "/inventory/items"): _list_items,
    ("GET", "/inventory/locations/{location_id}/items"): _list_location_items,
    ("PUT", "/inventory/locations/{location_id}/items"): _put_location_items,
    ("PUT", "/inventory/adjustments/absolute"): _adjust_absolute,
    ("POST", "/inventory/adjustments/relative"): _adjust_relative,
    ("GET", "/inventory/locations"): _list_locations,
    ("GET", "/catalog/variants"): _list_variants,
    ("GET", "/catalog/products"): _list_products,
    ("GET", "/catalog/products/{product_id}"): _get_product,
    ("GET", "/catalog/products/{product_id}/variants"): _list_product_variants,
    ("GET", "/settings/inventory"): _get_settings,
    ("PUT", "/settings/inventory"): _put_settings,
    ("GET", "/settings/store/profile"): _get_profile,
    ("GET", "/settings/store/locale"): _get_locale,
}
