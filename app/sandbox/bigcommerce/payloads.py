"""The JSON of a store: v2 with dates of mails and decimals in strings, v3 with ISO dates and numbers.

Written after the documented shapes; fields that nobody here can change have the values of a plain order.
A store without native backorders is assumed to show none of their fields, as before 2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from app.sandbox.bigcommerce.records import DONE, STATUSES, VOID

if TYPE_CHECKING:
    from app.sandbox.bigcommerce.books import Books
    from app.sandbox.bigcommerce.records import (
        Line,
        Location,
        Metafield,
        Order,
        Product,
        Shipment,
        Variant,
    )
    from app.sandbox.bigcommerce.store import SandboxStore
    from app.sandbox.buyers import Buyer

Json = dict[str, Any]
PRICE = 10
NOTHING = "0.0000"


def mail_date(at: datetime | None) -> str:
    """A v2 date."""
    return format_datetime(at.astimezone(UTC)) if at else ""


def iso_date(at: datetime) -> str:
    """A v3 date."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def money(amount: float) -> str:
    """A v2 amount."""
    return f"{amount:.4f}"


def order(store: SandboxStore, one: Order, *, consignments: Json | None) -> Json:
    """An order; its products are a link, its consignments another unless they are given."""
    number = one.order_id
    total = PRICE * sum(line.current for line in one.lines) - float(one.discount)
    return {
        "id": number,
        "customer_id": one.buyer.customer_id,
        "date_created": mail_date(one.created_at),
        "date_modified": mail_date(one.updated_at),
        "date_shipped": mail_date(
            one.shipments[-1].created_at if one.status_id in DONE and one.shipments else None
        ),
        "cart_id": f"00000000-0000-4000-8000-{number:012}",
        "status_id": one.status_id,
        "status": STATUSES[one.status_id],
        "custom_status": STATUSES[one.status_id],
        "subtotal_ex_tax": money(total),
        "subtotal_inc_tax": money(total),
        "subtotal_tax": NOTHING,
        "total_ex_tax": money(total),
        "total_inc_tax": money(total),
        "total_tax": NOTHING,
        "base_shipping_cost": NOTHING,
        "shipping_cost_ex_tax": NOTHING,
        "shipping_cost_inc_tax": NOTHING,
        "discount_amount": one.discount,
        "coupon_discount": NOTHING,
        "items_total": sum(line.quantity for line in one.lines),
        "items_shipped": sum(line.shipped for line in one.lines),
        "payment_method": "Credit Card",
        "payment_status": "" if one.status_id in VOID else "captured",
        "refunded_amount": money(PRICE * sum(line.refunded for line in one.lines)),
        "order_is_digital": False,
        "currency_code": "EUR",
        "currency_id": 1,
        "default_currency_code": "EUR",
        "staff_notes": one.staff_notes,
        "customer_message": one.customer_message,
        "shipping_address_count": 1,
        "billing_address": {**address(one.buyer), "form_fields": []},
        "is_deleted": one.is_archived,
        "is_email_opt_in": False,
        "order_source": "www" if one.channel == "online" else "manual",
        "channel_id": 1,
        "external_source": None,
        "external_id": None,
        "external_order_id": "",
        "customer_locale": store.locale,
        **_native(store.books, backorder_shipping_expectation_message=None),
        "products": link(store, f"/orders/{number}/products"),
        "shipping_addresses": link(store, f"/orders/{number}/shipping_addresses"),
        "coupons": link(store, f"/orders/{number}/coupons"),
        "fees": link(store, f"/orders/{number}/fees"),
        "consignments": consignments or link(store, f"/orders/{number}/consignments"),
    }


def _native(books: Books, **fields: Any) -> Json:
    """Fields that only a store with native backorders has."""
    return fields if books.settings.has_native_backorders else {}


def link(store: SandboxStore, resource: str) -> Json:
    """Where more is to be had."""
    return {
        "url": f"https://api.bigcommerce.com/stores/{store.store_hash}/v2{resource}",
        "resource": resource,
    }


def address(buyer: Buyer) -> Json:
    """Where a buyer lives."""
    return {
        "first_name": buyer.first_name,
        "last_name": buyer.last_name,
        "company": "",
        "street_1": buyer.street,
        "street_2": "",
        "city": buyer.city,
        "state": "",
        "zip": "4000-001",
        "country": "Portugal",
        "country_iso2": "PT",
        "phone": buyer.phone,
        "email": buyer.email,
    }


def consignments(store: SandboxStore, one: Order, *, with_lines: bool) -> Json:
    """Who is to fetch what where, and what is to be sent."""
    pickups: dict[int, list[Line]] = {}
    sent: list[Line] = []
    for line in one.lines:
        (pickups.setdefault(line.location_id, []) if line.is_pickup else sent).append(line)

    def lines(chosen: Sequence[Line]) -> list[Json]:
        if with_lines:
            return [order_product(store.books, one, line) for line in chosen]
        return [link(store, f"/orders/{one.order_id}/products/{line.line_id}") for line in chosen]

    return {
        "pickups": [
            {
                "id": one.order_id * 10 + place,
                "pickup_method_id": 1,
                "pickup_method_display_name": "Pick up in store",
                "location": _pickup_location(store.books, place),
                "line_items": lines(chosen),
            }
            for place, chosen in pickups.items()
        ],
        "shipping": [_shipping(one, sent) | {"line_items": lines(sent)}] if sent else [],
        "downloads": [],
        "email": {"gift_certificates": []},
    }


def _pickup_location(books: Books, location_id: int) -> Json:
    place = books.locations[location_id]
    return {"id": location_id, "name": place.label, "code": place.code, "country_alpha2": "PT"}


def _shipping(one: Order, sent: Sequence[Line]) -> Json:
    return {
        "id": one.order_id * 10,
        **address(one.buyer),
        "shipping_method": "Standard",
        "items_total": sum(line.quantity for line in sent),
        "items_shipped": sum(line.shipped for line in sent),
        "base_cost": 0,
        "cost_ex_tax": 0,
        "cost_inc_tax": 0,
    }


def order_product(books: Books, one: Order, line: Line) -> Json:
    """One line of an order."""
    is_custom = not line.variant_id
    return {
        "id": line.line_id,
        "order_id": one.order_id,
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "order_pickup_method_id": 1 if line.is_pickup else 0,
        "order_address_id": 0 if line.is_pickup else one.order_id * 10,
        "name": line.title,
        "name_customer": line.title,
        "name_merchant": line.title,
        "sku": line.sku,
        "upc": "",
        "type": "physical",
        "base_price": money(PRICE),
        "price_ex_tax": money(PRICE),
        "price_inc_tax": money(PRICE),
        "price_tax": NOTHING,
        "total_ex_tax": money(PRICE * line.quantity),
        "total_inc_tax": money(PRICE * line.quantity),
        "total_tax": NOTHING,
        "weight": "1.0000",
        "quantity": line.quantity,
        "quantity_shipped": line.shipped,
        "quantity_refunded": line.refunded,
        "is_refunded": bool(line.refunded) and not line.current,
        **_native(books, quantity_backordered=line.backordered, backorder_message=None),
        "option_set_id": None if is_custom else 1,
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "applied_discounts": [],
        "product_options": [],
        "configurable_fields": [],
    }


def shipment(one: Order, parcel: Shipment) -> Json:
    """One parcel."""
    return {
        "id": parcel.shipment_id,
        "order_id": one.order_id,
        "customer_id": one.buyer.customer_id,
        "order_address_id": one.order_id * 10,
        "date_created": mail_date(parcel.created_at),
        "tracking_number": "",
        "shipping_method": "Standard",
        "shipping_provider": "",
        "comments": "",
        "billing_address": address(one.buyer),
        "shipping_address": address(one.buyer),
        "items": [
            {"order_product_id": number, "product_id": one.line(number).product_id, "quantity": quantity}
            for number, quantity in parcel.units.items()
        ],
    }


def status(status_id: int) -> Json:
    """An order status; merchants may relabel it, which is not modelled."""
    name = STATUSES[status_id]
    return {
        "id": status_id,
        "name": name,
        "system_label": name,
        "custom_label": name,
        "system_description": "",
    }


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
        **_native(books, qty_backordered=shown.backordered),
        "settings": {
            "safety_stock": shown.safety_stock,
            "is_in_stock": free > 0,
            "warning_level": 0,
            "bin_picking_number": "",
            **_native(books, backorder_limit=shown.backorder_limit, backorder_message=None),
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
        "upc": "",
        "inventory_level": level.on_hand,
        "inventory_warning_level": 0,
        "bin_picking_number": "",
        "option_values": [
            {"id": one.variant_id, "label": one.title, "option_id": 1, "option_display_name": "Kind"}
        ]
        if one.title
        else [],
    }


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


def metafield(store: SandboxStore, one: Metafield) -> Json:
    """A metafield of an order."""
    return {
        "id": one.metafield_id,
        "resource_type": "order",
        "resource_id": one.order_id,
        "namespace": one.namespace,
        "key": one.key,
        "value": one.value,
        "permission_set": one.permission_set,
        "description": one.description,
        "date_created": iso_date(one.created_at),
        "date_modified": iso_date(one.updated_at),
        "owner_client_id": store.client_id,
    }


def store_information(store: SandboxStore) -> Json:
    """The store's profile."""
    offset = store.clock().astimezone(store.zone).utcoffset()
    return {
        "id": store.store_hash,
        "store_id": store.store_id,
        "account_uuid": "00000000-0000-4000-8000-000000000001",
        "domain": store.domain,
        "secure_url": f"https://{store.domain}",
        "control_panel_base_url": f"https://{store.domain}",
        "status": "live",
        "name": store.name,
        "first_name": "Sand",
        "last_name": "Box",
        "address": "",
        "country": "Portugal",
        "country_code": "PT",
        "phone": "",
        "admin_email": "merchant@sandbox.example",
        "order_email": "orders@sandbox.example",
        "timezone": {
            "name": store.time_zone,
            "raw_offset": int(offset.total_seconds()) if offset else 0,
            "dst_offset": 0,
            "dst_correction": False,
            "date_format": {
                "display": "M j, Y",
                "export": "M j, Y",
                "extended_display": "M j, Y @ g:i A",
            },
        },
        "language": store.locale,
        "currency": "EUR",
        "currency_symbol": "€",
        "decimal_places": 2,
        "plan_name": "Standard",
        "plan_level": "Standard",
        "plan_is_trial": False,
        "logo": [],
        "default_channel_id": 1,
        "features": {"stencil_enabled": True, "multi_storefront_enabled": False},
    }
