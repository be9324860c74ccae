"""Who a store is, what our token may do there, and what its settings keep us from doing."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from app.platforms.base import ShopProfile
from app.platforms.bigcommerce.answers import InventoryItem, Product, read
from app.platforms.bigcommerce.client import Answer, BigCommerceClient, Params
from app.platforms.bigcommerce.store_config_cache import AT_SHIPMENT, SettingsBody, StoreConfigCache


class _Probe(NamedTuple):
    """A request that only its scope opens, and that changes nothing."""

    method: str
    path: str
    params: Params | None = None
    body: Any = None


_STORE_SCOPE = "store_v2_information_read_only"

# BigCommerce does not tell what a token may do: each scope is tried by what it opens. That orders may be
# written and not only read shows in the answer about one that can't exist: 404, not 403.
_PROBES: Mapping[str, _Probe] = {
    _STORE_SCOPE: _Probe("GET", "/v2/store"),
    "store_v2_orders": _Probe("PUT", "/v2/orders/0", body={"staff_notes": ""}),
    "store_v2_products_read_only": _Probe(
        "GET", "/v3/catalog/products", {"limit": 1, "include_fields": "name"}
    ),
    "store_inventory_read_only": _Probe("GET", "/v3/inventory/items", {"limit": 1}),
    "store_locations_read_only": _Probe("GET", "/v3/inventory/locations", {"limit": 1}),
}
_NO_SUCH_ORDER = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_SETTINGS_SCOPE = "store_channel_settings_read_only"


class _Zone(msgspec.Struct):
    name: str = ""


class _Store(msgspec.Struct):
    name: str = ""
    language: str = ""
    currency: str = ""
    timezone: _Zone = msgspec.field(default_factory=_Zone)


def fetch_profile(client: BigCommerceClient, store_config: StoreConfigCache) -> ShopProfile:
    """The store's own words about itself, which scopes we hold and lack, and what its settings limit."""
    answers = {scope: _try(client, probe) for scope, probe in _PROBES.items()}
    held = [scope for scope, answer in answers.items() if answer.status != HTTPStatus.FORBIDDEN]
    missing = [scope for scope in _PROBES if scope not in held]
    store = read(answers[_STORE_SCOPE].body, _Store) if _STORE_SCOPE in held else _Store()
    return ShopProfile(
        domain=client.store_hash,
        name=store.name,
        time_zone=store.timezone.name or "UTC",
        locale=store.language or "en",
        scopes=tuple(held),
        missing_scopes=tuple(missing),
        api_version="v2/v3",
        limits=() if missing else tuple(_limits(client, store_config)),
        currency=store.currency,
    )


def _try(client: BigCommerceClient, probe: _Probe) -> Answer:
    refusals = [HTTPStatus.FORBIDDEN, *(_NO_SUCH_ORDER if probe.body else ())]
    return client.request(
        probe.method, probe.path, params=probe.params, json=probe.body, expected=refusals
    )


def _limits(client: BigCommerceClient, store_config: StoreConfigCache) -> list[str]:
    """What does not work as things are, each with what to do."""
    return [
        text for text in (_of_settings(client), _of_backorders(client), _of_tracking(client)) if text
    ]


def _of_settings(client: BigCommerceClient) -> str:
    answer = client.request("GET", "/v3/settings/inventory", expected=[HTTPStatus.FORBIDDEN])
    if answer.status == HTTPStatus.FORBIDDEN:
        return (
            f"The token may not read the inventory settings: grant {_SETTINGS_SCOPE}. Until then stock "
            "is taken to go down when an order is placed, which is BigCommerce's default."
        )
    if read(answer.body, SettingsBody).data.update_stock_behavior == AT_SHIPMENT:
        return (
            "Stock goes down when an order is shipped or completed. That works; but the storefront goes "
            "on selling what is owed to earlier orders. To stop that choose, in Settings, Inventory, to "
            "lower stock when an order is placed."
        )
    return ""


def _of_backorders(client: BigCommerceClient) -> str:
    items = _some(client, "/v3/inventory/items", InventoryItem)
    if not items or any(level.qty_backordered is not None for item in items for level in item.locations):
        return ""
    return (
        "BigCommerce's own backorders are off: buyers can't order more than is in stock, so only "
        "manual, edited and imported orders can be short. To sell ahead, switch on backorders in "
        "Settings, Inventory, and set a backorder limit on your products."
    )


def _of_tracking(client: BigCommerceClient) -> str:
    products = _some(client, "/v3/catalog/products", Product, include_fields="inventory_tracking")
    if products and not any(one.is_tracked for one in products):
        return (
            "None of the products looked at is tracked, so nothing can be short. Switch on stock "
            "tracking for your products (Products, Inventory)."
        )
    return ""


def _some(client: BigCommerceClient, path: str, type_: Any, **params: str) -> list[Any]:
    """The first page: enough to see how a store is kept."""
    return read(next(client.pages(path, params, limit=250)), list[type_])
