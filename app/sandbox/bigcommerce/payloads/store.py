"""The store itself, and metafields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.sandbox.bigcommerce.payloads.words import Json, iso_date

if TYPE_CHECKING:
    from app.sandbox.bigcommerce.records import Metafield
    from app.sandbox.bigcommerce.store import SandboxStore


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
        "timezone": _time_zone(store),
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


def _time_zone(store: SandboxStore) -> Json:
    offset = store.clock().astimezone(store.zone).utcoffset()
    return {
        "name": store.time_zone,
        "raw_offset": int(offset.total_seconds()) if offset else 0,
        "dst_offset": 0,
        "dst_correction": False,
        "date_format": {
            "display": "M j, Y",
            "export": "M j, Y",
            "extended_display": "M j, Y @ g:i A",
        },
    }
