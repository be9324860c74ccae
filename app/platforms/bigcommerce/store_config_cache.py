"""What a store does the same way every day: read seldom, and kept in Redis for a while."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import TypeVar

import msgspec
from msgspec.structs import replace
from redis import Redis
from redis.exceptions import RedisError

from app.core.item_codes import ItemCode
from app.errors import NeedsMerchant
from app.platforms.bigcommerce.answers import InventoryItem, Product, StockRules, Variant, codes_of, read
from app.platforms.bigcommerce.client import BigCommerceClient, Params, check

KEPT_S = 600
# Orders that come within so long after a setting was changed may be taken for ones of before.
SETTINGS_KEPT_S = 60
MOST_ON_A_PAGE = 250
AT_SHIPMENT = "order_completed_or_shipped"

T = TypeVar("T")
Kept = TypeVar("Kept", Product, Variant)


class _Settings(msgspec.Struct):
    update_stock_behavior: str | None = None
    edit_order_stock_adjustment: bool | None = None


class SettingsBody(msgspec.Struct):
    """What `/v3/settings/inventory` answers, as far as we read it."""

    data: _Settings


class _Location(msgspec.Struct):
    id: int


class _LocationsBody(msgspec.Struct):
    data: list[_Location] = []


class StoreConfigCache:
    """One store's. Without Redis they are read once for each instance."""

    def __init__(self, client: BigCommerceClient, redis: "Redis") -> None:
        self._client = client
        self._redis = redis
        self._key = f"bigcommerce:habits:{client.store_hash}"
        self._told: dict[str, bytes] = {}

    def stock_rules(self, channel_id: int | None = None) -> StockRules:
        """How stock follows the orders of a channel (None: of the store itself). A token that may not
        read the settings leaves us the usual way."""
        told = self._settings(None)
        own = _Settings() if channel_id is None else self._settings(channel_id)
        behavior = own.update_stock_behavior or told.update_stock_behavior
        edits = own.edit_order_stock_adjustment
        if edits is None:
            edits = told.edit_order_stock_adjustment
        return StockRules(lowers_at_placement=behavior != AT_SHIPMENT, follows_edits=edits is not False)

    def _settings(self, channel_id: int | None) -> _Settings:
        """What is set, of a channel only where it differs."""
        name = f"settings {channel_id or 'of the store'}"
        return self._kept(
            name, partial(self._fetch_settings, channel_id), _Settings, for_s=SETTINGS_KEPT_S
        )

    def _fetch_settings(self, channel_id: int | None) -> _Settings:
        params: Params = {} if channel_id is None else {"channel_id": channel_id}
        answer = self._client.request(
            "GET", "/v3/settings/inventory", params=params, expected=[HTTPStatus.FORBIDDEN]
        )
        if answer.status == HTTPStatus.FORBIDDEN:
            return _Settings()
        return read(check(answer, what="reading the settings"), SettingsBody).data

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

    def locations_there(self, location_ids: Collection[int]) -> set[int]:
        """Which of these locations exist, closed ones too. Whether a list without a word on that tells
        of closed ones is not documented: they are asked for by themselves."""
        found: set[int] = set()
        for more in ({}, {"is_active": "false"}):
            wanted = {"location_id:in": _listed(sorted(location_ids)), **more}
            for page in self._client.pages("/v3/inventory/locations", wanted, limit=MOST_ON_A_PAGE):
                found |= {one.id for one in read(page, list[_Location])}
        return found

    def products(self, product_ids: Collection[int]) -> dict[int, Product]:
        """How these products are tracked, by id; those that do not exist are missing."""
        return self._kept_each("product", product_ids, self._fetch_products, Product)

    def products_anew(self, product_ids: Collection[int]) -> dict[int, Product]:
        """The same, asked for whatever is known."""
        found = self._fetch_products(sorted(product_ids)) if product_ids else []
        for product in found:
            self._keep(f"product {product.id}", msgspec.json.encode(product), for_s=_kept_s(product))
        return {product.id: product for product in found}

    def _fetch_products(self, product_ids: Sequence[int]) -> list[Product]:
        params = {
            "id:in": _listed(product_ids),
            "include_fields": "name,inventory_tracking,base_variant_id,upc,gtin,mpn",
        }
        pages = self._client.pages("/v3/catalog/products", params, limit=MOST_ON_A_PAGE)
        products = [product for page in pages for product in read(page, list[Product])]
        first = self._fetch_first_variants([product.id for product in products if product.is_shared])
        return [replace(product, first_variant_id=first.get(product.id)) for product in products]

    def _fetch_first_variants(self, product_ids: Sequence[int]) -> dict[int, int]:
        if not product_ids:
            return {}
        first: dict[int, int] = {}
        for variant in self._list_variants({"product_id:in": _listed(product_ids)}):
            first[variant.product_id] = min(variant.id, first.get(variant.product_id, variant.id))
        return first

    def codes_of_variants(self, product_ids: Collection[int]) -> dict[int, tuple[ItemCode, ...]]:
        """The codes of all variants of these products, asked for anew."""
        which = {"product_id:in": _listed(sorted(product_ids))}
        return {one.id: codes_of(one) or () for one in self._list_variants(which)}

    def variants(self, variant_ids: Collection[int]) -> dict[int, Variant]:
        """Of which products these variants are, by id; those that do not exist are missing."""
        return self._kept_each("variant", variant_ids, self._fetch_variants, Variant)

    def variants_there(self, variant_ids: Collection[int]) -> set[int]:
        """Which of these variants exist, whatever is known."""
        return {one.id for one in self._fetch_variants(sorted(variant_ids))}

    def learn_variants(self, told: Collection[Variant]) -> None:
        """Keep what orders tell of the variants they name, where it is not known."""
        new = {f"variant {one.id}": one for one in told}
        self._look_up(list(new))
        for name in new.keys() - self._told.keys():
            self._keep(name, msgspec.json.encode(new[name]))

    def _fetch_variants(self, variant_ids: Sequence[int]) -> list[Variant]:
        """The catalog finds one variant by its id, or those of products: many are found where their
        stock is counted, the others one by one."""
        found = {one.id: one for one in self._fetch_counted(variant_ids)}
        for variant_id in variant_ids:
            if variant_id not in found:
                found |= {one.id: one for one in self._list_variants({"id": variant_id})}
        return list(found.values())

    def _fetch_counted(self, variant_ids: Sequence[int]) -> Iterator[Variant]:
        params = {"variant_id:in": _listed(variant_ids)}
        for page in self._client.pages("/v3/inventory/items", params, limit=MOST_ON_A_PAGE):
            for item in read(page, list[InventoryItem]):
                named = item.identity
                if named.variant_id and named.product_id:
                    yield Variant(named.variant_id, named.product_id, named.sku)

    def _list_variants(self, which: Params) -> Iterator[Variant]:
        params = {**which, "include_fields": "product_id,sku,upc,gtin,mpn"}
        for page in self._client.pages("/v3/catalog/variants", params, limit=MOST_ON_A_PAGE):
            yield from read(page, list[Variant])

    def _kept_each(
        self,
        kind: str,
        ids: Collection[int],
        fetch: Callable[[list[int]], list[Kept]],
        type_: type[Kept],
    ) -> dict[int, Kept]:
        wanted = {one: f"{kind} {one}" for one in ids if one}
        self._look_up(list(wanted.values()))
        known = {
            one: msgspec.json.decode(self._told[name], type=type_)
            for one, name in wanted.items()
            if name in self._told
        }
        unknown = sorted(wanted.keys() - known.keys())
        for start in range(0, len(unknown), MOST_ON_A_PAGE):
            for told in fetch(unknown[start : start + MOST_ON_A_PAGE]):
                known[told.id] = told
                self._keep(wanted[told.id], msgspec.json.encode(told), for_s=_kept_s(told))
        return known

    def _kept(self, name: str, fetch: Callable[[], T], type_: type[T], *, for_s: int = KEPT_S) -> T:
        self._look_up([name])
        if name in self._told:
            return msgspec.json.decode(self._told[name], type=type_)
        told = fetch()
        self._keep(name, msgspec.json.encode(told), for_s=for_s)
        return told

    def _look_up(self, names: Sequence[str]) -> None:
        """Learn what Redis knows of what we do not."""
        unknown = [name for name in names if name not in self._told]
        if not unknown:
            return
        try:
            known = self._redis.mget([f"{self._key}:{name}" for name in unknown])
        except RedisError:
            return
        for name, raw in zip(unknown, known, strict=True):
            if raw is not None:
                self._told[name] = raw if isinstance(raw, bytes) else raw.encode()

    def _keep(self, name: str, raw: bytes, *, for_s: int = KEPT_S) -> None:
        self._told[name] = raw
        try:
            self._redis.set(f"{self._key}:{name}", raw, ex=for_s)
        except RedisError:
            return


def _kept_s(told: Product | Variant) -> int:
    """What is not counted may be from one moment to the next, and orders then lower its stock."""
    is_uncounted = isinstance(told, Product) and not told.is_tracked
    return SETTINGS_KEPT_S if is_uncounted else KEPT_S


def _listed(ids: Sequence[int]) -> str:
    return ",".join(map(str, ids))
