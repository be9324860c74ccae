"""The two things that a platform offers, and what sets it apart."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from app.core.selling import SettingName
from app.platforms.base.access import ShopProfile, Subscription
from app.platforms.base.facts import Fact, OrderGone, OrderSeen, VariantSeen
from app.platforms.base.holds import Holder
from app.platforms.base.orders import (
    BulkPart,
    BulkState,
    ChangedOrders,
    Glance,
    ImportPage,
    OrderAsk,
    OrderChange,
    PreWriteRead,
    WriteResult,
)
from app.platforms.base.refunds import Refunder
from app.platforms.base.selling import Seller
from app.platforms.base.stock import Inbound, ItemStock, PurchaseOrder, Reservation, ReservationKind


class Delivery(msgspec.Struct, frozen=True):
    """One verified webhook delivery.

    `facts` is empty where the topic is not ours (`is_ignored`) or the body could not be read
    (`problem` says why, in words for the status page).
    """

    shop_domain: str
    topic: str
    delivery_id: str
    event_id: str | None
    body_hash: str
    triggered_at: datetime | None
    facts: tuple[Fact, ...] = ()
    is_ignored: bool = False
    problem: str | None = None


class WebhookReader(Protocol):
    """The web side of a platform: it verifies and reads one request, without any network."""

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify the raw body, then read it. Raises `RejectedWebhook` if it can't be believed; an
        unreadable but genuine body is returned with its `problem`."""
        ...


class OrderReach(msgspec.Struct, frozen=True):
    """Orders placed more than so many `days` ago are shown to an app that holds `scope` alone: to others
    they look as if they had been deleted."""

    days: int
    scope: str


class Traits(msgspec.Struct, frozen=True):
    """What sets a platform apart, as far as the pipeline must know.

    `has_tags`: orders carry tags, and one write sets them together with note and metafields; else our
    words stand on the first line of our block in the note, and the metafields are written after it.
    `note_limit`: characters a note holds. `has_holds`: parts of orders can be held back from shipping.
    `has_refunds`: units that were not shipped can be canceled, and the money for them given back;
    with `may_email_refunds` we say whether the platform tells the buyer.
    `can_move`: staff can ship a part of an order from another location.
    `stock_lag_s`: how long a reading of stock may be behind what orders already say (see
    `app.core.freshness`).
    `batches_news_s`: webhooks of orders tell an id alone, so news are read as one list of changed
    orders, at most once in so many seconds (0: webhooks tell the orders themselves). `bulk_from`: how
    many orders must change their tags at once for the platform to write them in the background (0:
    never). Fewer are written sooner the ordinary way.
    `webhook_list_every_s`: how seldom the list of its webhooks is read while nothing speaks against
    them (0: at every hourly check). Shopify charges a point for each of some forty that it lists.
    `has_order_status`: an app may give orders a status of the merchant's own while they wait.
    `reservation_scopes`: what units may be committed to besides orders, by the scope that lets us read
    it; shops do without, and are told what can't be seen. `selling_scope` is what it takes to change
    how items are sold that are out of stock, empty where we can't; without
    `tells_selling_scope` only trying shows whether we hold it. `selling_settings` are what can be set
    of it, by location with `sells_by_location`. `order_reach`: how far back orders are shown (None: all
    of them).
    """

    has_tags: bool
    note_limit: int
    has_holds: bool = False
    can_move: bool = False
    stock_lag_s: float = 0
    batches_news_s: float = 0
    bulk_from: int = 0
    webhook_list_every_s: float = 0
    has_order_status: bool = False
    reservation_scopes: Mapping[str, ReservationKind] = {}
    has_refunds: bool = False
    may_email_refunds: bool = False
    selling_scope: str = ""
    tells_selling_scope: bool = True
    selling_settings: tuple[SettingName, ...] = ()
    sells_by_location: bool = False
    order_reach: OrderReach | None = None


class BulkWriter(Protocol):
    """Writing the tags of many orders in the background. Methods raise as those of `Platform`."""

    def begin(self, changes: Sequence[OrderChange]) -> Iterator[BulkPart]:
        """Begin to write the tags of the changes, and nothing else of them; yields each operation as it
        has begun, so that its id can be kept before the next one."""
        ...

    def begun_since(self, moment: datetime) -> list[int]:
        """The operations of ours that write, begun at or after a moment, whatever became of them."""
        ...

    def state(self, operation_id: int) -> BulkState:
        """How far it is. One that no longer exists is over and not done."""
        ...

    def results(self, operation_id: int) -> dict[int, str | None]:
        """What became of the lines of one that is done, by their number from 0: the platform's refusal
        in words, None where it did as told."""
        ...

    def cancel(self, operation_id: int) -> None:
        """Ask for its end. What was written by then stays."""
        ...


class Platform(Protocol):
    """One shop's platform, ready to be called. Every method may raise `TryLater` (throttled, slow,
    failing) or `NeedsMerchant` (token void, scope missing, shop closed)."""

    traits: Traits
    bulk: BulkWriter | None
    holds: Holder | None
    seller: Seller | None
    refunder: Refunder | None

    def fetch_profile(self) -> ShopProfile:
        """Who the shop is and which scopes we hold and lack."""
        ...

    def register_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """Make the shop send every topic we need to `address`, those that take a scope of their own
        only where `scopes` holds it; keeps what is already right."""
        ...

    def check_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """How each topic that `register_webhooks` would see to stands at the platform now: kept, or what
        is wrong with it. It changes nothing."""
        ...

    def fetch_variants(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """Which items these variants sell. A variant that no longer exists comes back with no item."""
        ...

    def fetch_selling_plans(self, plan_ids: Sequence[int]) -> Mapping[int, bool]:
        """Whether the platform commits stock to what these plans sold no sooner than it may ship. Plans
        that no longer exist are left out; asked only where orders name plans."""
        ...

    def fetch_codes(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """The same with the codes that they have besides their SKUs, where a request of its own tells
        them; as many of these variants as a few requests can tell of."""
        ...

    def fetch_stock(self, item_ids: Sequence[int]) -> list[ItemStock]:
        """The pools of many items. A torn snapshot is read again; an item that no longer exists
        comes back untracked, without pools."""
        ...

    def fetch_orders(self, asks: Sequence[OrderAsk], *, with_items: bool) -> list[OrderSeen | OrderGone]:
        """The routing of these orders, and their items where asked; one answer an order."""
        ...

    def fetch_changed_orders(self, since: datetime) -> ChangedOrders:
        """Which orders changed at or after a moment, whatever their state."""
        ...

    def fetch_open_orders(self, cursor: str | None) -> ImportPage:
        """The next part of all open orders, with items, without routing."""
        ...

    def fetch_inbound(
        self, location_ids: Sequence[int], held: Mapping[int, int], *, scopes: Sequence[str]
    ) -> list[Inbound] | None:
        """All shipments on their way to these locations, and those of `held` (the location of each by
        its id) whatever became of them. None where `scopes` do not let us ask, or there are none."""
        ...

    def fetch_purchase_orders(
        self, known: Collection[int], *, scopes: Sequence[str]
    ) -> list[PurchaseOrder] | None:
        """All orders to suppliers that are open at the platform, but for those that are `known` to have
        come whole. None where `scopes` do not let us ask, or there are none."""
        ...

    def fetch_reservations(self, *, scopes: Sequence[str], now: datetime) -> list[Reservation]:
        """Everything that is no order and that units are committed to `now`, as far as `scopes` let us
        ask."""
        ...

    def look(
        self, asks: Sequence[OrderAsk], item_ids: Sequence[int], *, with_items: bool = False
    ) -> PreWriteRead:
        """Read, in one request where it fits, what is about to be written and why: the orders with
        their routing (and their items where asked), their note and tags, and the items' stock."""
        ...

    def glance(
        self, order_ids: Sequence[int], item_ids: Sequence[int], *, location_id: int | None = None
    ) -> Glance | None:
        """As `look`, at the least that can be read of the orders; None where a look costs no more. With
        a location only the pools there are read, without its name."""
        ...

    def write(self, changes: Sequence[OrderChange]) -> Iterator[list[WriteResult]]:
        """Send changes, several orders in one request; yields the results of each request as it is
        answered, so that what was written can be recorded before the next one."""
        ...
