"""One BigCommerce store as a `Platform`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from app.core.selling import SettingName
from app.platforms.base import (
    BulkWriter,
    ChangedOrders,
    Glance,
    Holder,
    ImportPage,
    Inbound,
    ItemStock,
    OrderAsk,
    OrderChange,
    OrderGone,
    OrderSeen,
    PreWriteRead,
    PurchaseOrder,
    Reservation,
    Seller,
    ShopProfile,
    Subscription,
    Traits,
    VariantSeen,
    WriteResult,
)
from app.platforms.base.refunds import Refunder
from app.platforms.bigcommerce import hooks, profile, reads, writes
from app.platforms.bigcommerce.client import BigCommerceClient
from app.platforms.bigcommerce.refunds import BigCommerceRefunder
from app.platforms.bigcommerce.selling import SCOPE as SELLING_SCOPE
from app.platforms.bigcommerce.selling import BigCommerceSeller
from app.platforms.bigcommerce.store_config_cache import StoreConfigCache

TRAITS = Traits(
    has_tags=False,
    note_limit=65_535,
    has_order_status=True,
    has_refunds=True,
    selling_scope=SELLING_SCOPE,
    tells_selling_scope=False,
    selling_settings=(SettingName.BACKORDER_LIMIT, SettingName.SAFETY_STOCK),
    sells_by_location=True,
)


class BigCommercePlatform:
    """See `app.platforms.base.Platform` for what each method promises. Orders always come whole."""

    def __init__(
        self,
        client: BigCommerceClient,
        store_config: StoreConfigCache,
        *,
        hook_secret: str,
        quiet_s: float,
        news_s: float,
    ) -> None:
        self._client = client
        self._habits = store_config
        self._hook_secret = hook_secret
        self.bulk: BulkWriter | None = None
        self.holds: Holder | None = None
        self.seller: Seller | None = BigCommerceSeller(client, store_config)
        self.refunder: Refunder | None = BigCommerceRefunder(client, store_config)
        self.traits = msgspec.structs.replace(TRAITS, stock_lag_s=quiet_s, batches_news_s=news_s)

    def fetch_profile(self) -> ShopProfile:
        """Who the store is, which scopes we hold and lack, and what its settings limit."""
        return profile.fetch_profile(self._client, self._habits)

    def register_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """A hook for every scope, each with the store's secret header."""
        return hooks.register_webhooks(self._client, address, secret=self._hook_secret)

    def check_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """What the store sends of every scope now."""
        return hooks.check_webhooks(self._client, address, secret=self._hook_secret)

    def fetch_variants(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """Each variant is its own item, but for those that share their product's stock."""
        return reads.fetch_variants(self._habits, variant_ids)

    def fetch_selling_plans(self, plan_ids: Sequence[int]) -> dict[int, bool]:
        """There are none."""
        return {}

    def fetch_codes(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """Those of variants with options take a request for a few products at a time."""
        return reads.fetch_codes(self._habits, variant_ids)

    def fetch_stock(self, item_ids: Sequence[int]) -> list[ItemStock]:
        """The pools of many items, up to a thousand in a request."""
        return reads.fetch_stock(self._client, self._habits, item_ids)

    def fetch_orders(self, asks: Sequence[OrderAsk], *, with_items: bool) -> list[OrderSeen | OrderGone]:
        """These orders; those with near numbers in one request."""
        return reads.fetch_orders(self._client, self._habits, asks)

    def fetch_changed_orders(self, since: datetime) -> ChangedOrders:
        """Orders changed at or after a moment, 250 whole ones in a request."""
        return reads.fetch_changed_orders(self._client, self._habits, since)

    def fetch_open_orders(self, cursor: str | None) -> ImportPage:
        """The next page of the import."""
        return reads.fetch_open_orders(self._client, self._habits, cursor)

    def fetch_inbound(
        self, location_ids: Sequence[int], held: Mapping[int, int], *, scopes: Sequence[str]
    ) -> list[Inbound] | None:
        """BigCommerce keeps no inbound shipments."""
        return None

    def fetch_purchase_orders(
        self, known: Collection[int], *, scopes: Sequence[str]
    ) -> list[PurchaseOrder] | None:
        """BigCommerce keeps no purchase orders."""
        return None

    def fetch_reservations(self, *, scopes: Sequence[str], now: datetime) -> list[Reservation]:
        """BigCommerce commits stock to orders alone."""
        return []

    def look(
        self, asks: Sequence[OrderAsk], item_ids: Sequence[int], *, with_items: bool = False
    ) -> PreWriteRead:
        """Read what is about to be written and why: there is no single request for it here."""
        return reads.look(self._client, self._habits, asks, item_ids)

    def glance(
        self, order_ids: Sequence[int], item_ids: Sequence[int], *, location_id: int | None = None
    ) -> Glance | None:
        """An order is read whole or not at all."""
        return None

    def write(self, changes: Sequence[OrderChange]) -> Iterator[list[WriteResult]]:
        """Metafields of several orders in one request, the note of each in its own."""
        return writes.write(self._client, changes)
