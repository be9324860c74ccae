"""One Shopify shop as a `Platform`."""

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
from app.platforms.shopify import (
    glances,
    imports,
    inbound,
    looks,
    profile,
    purchase_orders,
    reads,
    reservations,
    subscriptions,
    writes,
)
from app.platforms.shopify.bulk import ShopifyBulk
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.holds import ShopifyHolds
from app.platforms.shopify.refunds import ShopifyRefunder
from app.platforms.shopify.selling import SCOPE as SELLING_SCOPE
from app.platforms.shopify.selling import ShopifySeller

# A longer note is refused.
TRAITS = Traits(
    has_tags=True,
    note_limit=5000,
    has_holds=True,
    can_move=True,
    has_refunds=True,
    may_email_refunds=True,
    webhook_list_every_s=12 * 3600,
    reservation_scopes=profile.RESERVATION_SCOPES,
    selling_scope=SELLING_SCOPE,
    selling_settings=(SettingName.POLICY,),
    order_reach=profile.ORDER_REACH,
)


class ShopifyPlatform:
    """See `app.platforms.base.Platform` for what each method promises."""

    def __init__(self, client: ShopifyClient, *, bulk_from: int = 0) -> None:
        self._client = client
        self.traits = msgspec.structs.replace(TRAITS, bulk_from=bulk_from)
        self.bulk: BulkWriter | None = ShopifyBulk(client)
        self.holds: Holder | None = ShopifyHolds(client)
        self.seller: Seller | None = ShopifySeller(client)
        self.refunder: Refunder | None = ShopifyRefunder(client)

    def fetch_profile(self) -> ShopProfile:
        """Who the shop is and which scopes we hold and lack."""
        return profile.fetch_profile(self._client)

    def register_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """Subscribe every topic but the compliance ones, which the app's configuration sets."""
        return subscriptions.register_webhooks(self._client, address, scopes=scopes)

    def check_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """What the shop sends of those topics now."""
        return subscriptions.check_webhooks(self._client, address, scopes=scopes)

    def fetch_variants(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """Which items these variants sell, 250 in a request."""
        return reads.fetch_variants(self._client, variant_ids)

    def fetch_selling_plans(self, plan_ids: Sequence[int]) -> dict[int, bool]:
        """Whether these plans reserve stock no sooner than it is fulfilled."""
        return reads.fetch_selling_plans(self._client, plan_ids)

    def fetch_codes(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """Every reading of a variant tells its barcode."""
        return self.fetch_variants(variant_ids)

    def fetch_stock(self, item_ids: Sequence[int]) -> list[ItemStock]:
        """The pools of many items, some thirty in a request."""
        return reads.fetch_stock(self._client, item_ids)

    def fetch_orders(self, asks: Sequence[OrderAsk], *, with_items: bool) -> list[OrderSeen | OrderGone]:
        """The routing of these orders, and their items where asked."""
        return reads.fetch_orders(self._client, asks, with_items=with_items)

    def fetch_changed_orders(self, since: datetime) -> ChangedOrders:
        """Orders changed at or after a moment. Shopify's search lags by some seconds: ask again from
        a little before `seen_until`."""
        return reads.fetch_changed_orders(self._client, since)

    def fetch_open_orders(self, cursor: str | None) -> ImportPage:
        """The next step of the import: a page, or a part of a bulk file."""
        return imports.fetch_open_orders(self._client, cursor)

    def fetch_inbound(
        self, location_ids: Sequence[int], held: Mapping[int, int], *, scopes: Sequence[str]
    ) -> list[Inbound] | None:
        """Inbound shipments, which carry the name of the transfer that they belong to."""
        return inbound.fetch_inbound(self._client, location_ids, held, scopes=scopes)

    def fetch_purchase_orders(
        self, known: Collection[int], *, scopes: Sequence[str]
    ) -> list[PurchaseOrder] | None:
        """Those that are marked as ordered and not archived, with the shipments of their transfers."""
        return purchase_orders.fetch_purchase_orders(self._client, known, scopes=scopes)

    def fetch_reservations(self, *, scopes: Sequence[str], now: datetime) -> list[Reservation]:
        """Draft orders that reserve, and open transfers from the shop's locations."""
        return reservations.fetch_reservations(self._client, scopes=scopes, now=now)

    def look(
        self, asks: Sequence[OrderAsk], item_ids: Sequence[int], *, with_items: bool = False
    ) -> PreWriteRead:
        """Read what is about to be written and why. Orders come with routing."""
        return looks.look(self._client, asks, item_ids, with_items=with_items)

    def glance(
        self, order_ids: Sequence[int], item_ids: Sequence[int], *, location_id: int | None = None
    ) -> Glance | None:
        """A point for each order; with stock in one request where it fits."""
        if location_id is not None:
            return glances.glance_at(self._client, order_ids, item_ids, location_id=location_id)
        return glances.glance(self._client, order_ids, item_ids)

    def write(self, changes: Sequence[OrderChange]) -> Iterator[list[WriteResult]]:
        """Send changes, up to 25 orders in a request."""
        return writes.write(self._client, changes)
