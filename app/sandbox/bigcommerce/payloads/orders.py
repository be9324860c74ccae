"""Orders, their addresses and parcels, by API v2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.sandbox.bigcommerce.payloads.words import (
    NOTHING,
    PRICE,
    Json,
    link,
    mail_date,
    money,
    native_fields,
)
from app.sandbox.bigcommerce.records import DONE, STATUSES, VOID

if TYPE_CHECKING:
    from app.sandbox.bigcommerce.books import Books
    from app.sandbox.bigcommerce.records import Line, Order, Shipment
    from app.sandbox.bigcommerce.store import SandboxStore
    from app.sandbox.buyers import Buyer


def order(store: SandboxStore, one: Order, *, consignments: Json | None) -> Json:
    """An order; its products are a link, its consignments another unless they are given."""
    number = one.order_id
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
        **_amounts(one),
        "items_total": sum(line.quantity for line in one.lines),
        "items_shipped": sum(line.shipped for line in one.lines),
        "order_is_digital": False,
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
        **native_fields(store.books, backorder_shipping_expectation_message=None),
        "products": link(store, f"/orders/{number}/products"),
        "shipping_addresses": link(store, f"/orders/{number}/shipping_addresses"),
        "coupons": link(store, f"/orders/{number}/coupons"),
        "fees": link(store, f"/orders/{number}/fees"),
        "consignments": consignments or link(store, f"/orders/{number}/consignments"),
    }


def _amounts(one: Order) -> Json:
    total = PRICE * sum(line.current for line in one.lines) - float(one.discount)
    return {
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
        "payment_method": "Credit Card",
        "payment_status": "" if one.status_id in VOID else "captured",
        "refunded_amount": money(PRICE * sum(line.refunded for line in one.lines)),
        "currency_code": "EUR",
        "currency_id": 1,
        "default_currency_code": "EUR",
        "store_credit_amount": money(one.store_credit),
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
        **native_fields(books, quantity_backordered=line.backordered, backorder_message=None),
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
