"""The JSON of a store: v2 with dates of mails and decimals in strings, v3 with ISO dates and numbers.

Written after the documented shapes; fields that nobody here can change have the values of a plain order.
A store without native backorders is assumed to show none of their fields, as before 2026.
"""

from app.sandbox.bigcommerce.payloads.catalog import (
    UNLIMITED,
    inventory_item,
    location,
    location_item,
    product,
    variant,
)
from app.sandbox.bigcommerce.payloads.orders import (
    address,
    consignments,
    order,
    order_product,
    shipment,
    status,
)
from app.sandbox.bigcommerce.payloads.store import metafield, store_information
from app.sandbox.bigcommerce.payloads.words import NOTHING, PRICE, Json, iso_date, link, mail_date, money

__all__ = [
    "NOTHING",
    "PRICE",
    "UNLIMITED",
    "Json",
    "address",
    "consignments",
    "inventory_item",
    "iso_date",
    "link",
    "location",
    "location_item",
    "mail_date",
    "metafield",
    "money",
    "order",
    "order_product",
    "product",
    "shipment",
    "status",
    "store_information",
    "variant",
]
