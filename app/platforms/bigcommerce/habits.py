"""What a store does the same way every day: read seldom, and kept in Redis for a while."""

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import TypeVar

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from app.errors import NeedsMerchant
from app.platforms.bigcommerce.answers import Product, read
from app.platforms.bigcommerce.client import BigCommerceClient, check

KEPT_S = 600
PRODUCTS_AT_ONCE = 250
AT_SHIPMENT = "order_completed_or_shipped"

T = TypeVar("T")


class _Settings(msgspec.Struct):
    update_stock_behavior: str | None = None


class SettingsBody(msgspec.Struct):
    """What `/v3/settings/inventory` answers, as far as we read it."""

    data: _Settings


class _Location(msgspec.Struct):
    id: int


class _LocationsBody(msgspec.Struct):
    data: list[_Location] = []


class Habits:
    """One store's. Without Redis they are read once for each instance."""

    def __init__(self, client: BigCommerceClient, redis: "Redis") -> None:
        self._client = client
        self._redis = redis
        self._key = f"bigcommerce:habits:{client.store_hash}"
        self._told: dict[str, bytes] = {}

    def is_stock_lowered_at_placement(self) -> bool:
        """Whether an order lowers stock when it is placed; else when it is shipped or completed. A token
        that may not read the settings leaves us the usual way."""
        return self._kept("stock behaviour", self._fetch_stock_behavior, str) != AT_SHIPMENT

    def _fetch_stock_behavior(self) -> str:
        answer = self._client.request("GET", "/v3/settings/inventory", expected=[HTTPStatus.FORBIDDEN])
        if answer.status == HTTPStatus.FORBIDDEN:
            return "unknown"
        return (
            read(check(answer, what="reading the settings"), SettingsBody).data.update_stock_behavior
            or ""
        )

    def default_location_id(self) -> int:
        """The location that ships what names no other. Raises `NeedsMerchant` if there is none."""
        return self._kept("default location", self._fetch_default_location, int)

    def _fetch_default_location(self) -> int:
        body = self._client.get("/v3/inventory/locations", {"is_default": "true"})
        locations = read(body, _LocationsBody).data
        if not locations:
            message = "The store has no default location: choose one in Settings, Inventory, Locations."
            raise NeedsMerchant(message)
        return locations[0].id

    def products(self, product_ids: Collection[int]) -> dict[int, Product]:
        """How these products are tracked, by id; those that do not exist are missing."""
        wanted = {one for one in product_ids if one}
        known = {
            one: msgspec.json.decode(raw, type=Product)
            for one in wanted
            if (raw := self._find(f"product {one}"))
        }
        unknown = sorted(wanted - known.keys())
        for start in range(0, len(unknown), PRODUCTS_AT_ONCE):
            for product in self._fetch_products(unknown[start : start + PRODUCTS_AT_ONCE]):
                known[product.id] = product
                self._keep(f"product {product.id}", msgspec.json.encode(product))
        return known

    def _fetch_products(self, product_ids: list[int]) -> list[Product]:
        params = {
            "id:in": ",".join(map(str, product_ids)),
            "include_fields": "name,inventory_tracking,base_variant_id",
        }
        pages = self._client.pages("/v3/catalog/products", params, limit=PRODUCTS_AT_ONCE)
        return [product for page in pages for product in read(page, list[Product])]

    def _kept(self, name: str, fetch: Callable[[], T], type_: type[T]) -> T:
        raw = self._find(name)
        if raw is not None:
            return msgspec.json.decode(raw, type=type_)
        told = fetch()
        self._keep(name, msgspec.json.encode(told))
        return told

    def _find(self, name: str) -> bytes | None:
        if name not in self._told:
            try:
                raw = self._redis.get(f"{self._key}:{name}")
            except RedisError:
                return None
            if raw is None:
                return None
            self._told[name] = raw if isinstance(raw, bytes) else raw.encode()
        return self._told[name]

    def _keep(self, name: str, raw: bytes) -> None:
        self._told[name] = raw
        try:
            self._redis.set(f"{self._key}:{name}", raw, ex=KEPT_S)
        except RedisError:
            return
