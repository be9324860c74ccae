"""How far items are sold: the backorder limit and the safety stock of each location.

https://developer.bigcommerce.com/docs/rest-management/inventory: "Update inventory settings for a
location". Reads follow writes by up to a minute and a half.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from app.core.selling import SettingName
from app.platforms.base.selling import SellingChange, SellingRead, SellingSetting, SoldItem
from app.platforms.bigcommerce import reads
from app.platforms.bigcommerce.answers import InventoryItem, Level
from app.platforms.bigcommerce.client import BigCommerceClient, words_of
from app.platforms.bigcommerce.store_config_cache import StoreConfigCache

SCOPE = "store_inventory"
"""What it takes to write: "Store Inventory, modify"."""
_FIELDS = {SettingName.BACKORDER_LIMIT: "backorder_limit", SettingName.SAFETY_STOCK: "safety_stock"}
_ITEMS_AT_ONCE = 200
_REFUSED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)


class BigCommerceSeller:
    """See `app.platforms.base.selling.Seller` for what each method promises."""

    def __init__(self, client: BigCommerceClient, store_config: StoreConfigCache) -> None:
        self._client = client
        self._habits = store_config

    def try_scope(self) -> bool | None:
        """Nothing is named, of a location that can't exist: nothing changes."""
        path, expected = "/v3/inventory/locations/0/items", [HTTPStatus.FORBIDDEN, *_REFUSED]
        answer = self._client.request("PUT", path, json={"settings": []}, expected=expected)
        return answer.status != HTTPStatus.FORBIDDEN

    def read(self, items: Sequence[SoldItem]) -> SellingRead:
        """One request for all of them, as their stock is read. Of locations that were closed what we
        changed there is read all the same: it is to be given back."""
        kept = {(item.item_id, place) for item in items for place in item.kept_ids}
        found = reads.fetch_inventory(self._client, self._habits, [item.item_id for item in items])
        levels = {
            (item_id, level.location_id): (told, level)
            for item_id, told in found.items()
            for level in told.locations
        }
        settings = [
            setting
            for key, (told, level) in levels.items()
            if level.location_enabled or key in kept
            for setting in _settings(key[0], told, level)
        ]
        return SellingRead(settings, self._gone(kept - levels.keys()))

    def _gone(self, untold: Collection[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        """Stock is not told where an item is not tracked for a while. It is gone with its variant, or
        with the location."""
        if not untold:
            return frozenset()
        variants = self._habits.variants_there({item_id for item_id, _ in untold})
        places = self._habits.locations_there({place for _, place in untold})
        return frozenset(one for one in untold if one[0] not in variants or one[1] not in places)

    def trips(self, changes: Sequence[SellingChange]) -> list[list[SellingChange]]:
        """A request a location."""
        return list(_by_location(changes).values())

    def write(self, changes: Sequence[SellingChange]) -> list[str]:
        """All of a location is done, or nothing."""
        by_location = _by_location(changes)
        refusals = {place: self._write_at(place, some) for place, some in by_location.items()}
        return [refusals[change.setting.target_id] for change in changes]

    def _write_at(self, location_id: int, changes: Sequence[SellingChange]) -> str:
        path = f"/v3/inventory/locations/{location_id}/items"
        for some in _batches(_bodies(changes)):
            answer = self._client.request("PUT", path, json={"settings": some}, expected=_REFUSED)
            if answer.status in _REFUSED:
                return f"{answer.status}, {words_of(answer.body)}"
        return ""


def _by_location(changes: Sequence[SellingChange]) -> Mapping[int, list[SellingChange]]:
    found: dict[int, list[SellingChange]] = defaultdict(list)
    for change in changes:
        found[change.setting.target_id].append(change)
    return found


def _settings(item_id: int, told: InventoryItem, level: Level) -> Iterable[SellingSetting]:
    """Those that the store has: one without backorders of its own tells no limit."""
    if level.settings is None:
        return
    shared = 0 if told.identity.variant_id else told.identity.product_id or 0
    place = level.location_id
    yield SellingSetting(
        item_id, place, SettingName.SAFETY_STOCK, level.settings.safety_stock or 0, shared, place
    )
    if level.settings.backorder_limit is not msgspec.UNSET:
        limit = level.settings.backorder_limit
        yield SellingSetting(item_id, place, SettingName.BACKORDER_LIMIT, limit, shared, place)


def _bodies(changes: Sequence[SellingChange]) -> list[Mapping[str, Any]]:
    """An entry an item, named as its stock is told."""
    found: dict[int, dict[str, Any]] = {}
    for change in changes:
        setting = change.setting
        named = {"product_id": setting.group_id} if setting.group_id else {"variant_id": setting.item_id}
        entry = found.setdefault(setting.item_id, {"identity": named})
        entry[_FIELDS[setting.name]] = change.value
    return list(found.values())


def _batches(bodies: Sequence[Mapping[str, Any]]) -> Iterable[Sequence[Mapping[str, Any]]]:
    return (bodies[start : start + _ITEMS_AT_ONCE] for start in range(0, len(bodies), _ITEMS_AT_ONCE))
