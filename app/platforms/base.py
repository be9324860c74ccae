"""What every platform gives us, in our words: facts from webhooks, copies from reads, writes.

Ids are the platform's own numbers. A new platform is one folder that offers `WebhookReader` and
`Platform`, and one line in `app.platforms.registry`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

import msgspec


class _Fact(msgspec.Struct, frozen=True, tag_field="kind"):
    """One thing a webhook says has changed. Stored as JSON: ids, quantities, dates, the tags of orders
    and product names only, never a buyer's data."""


class OrderItem(msgspec.Struct, frozen=True):
    """One line item of an order as the platform names it.

    `ordered` counts the units still part of the order (shipped ones included, removed ones not);
    `outstanding` those of them not yet shipped; `backordered` those of the outstanding ones that the
    platform itself calls short since they were placed (0 where it does not say). `unit_price` is that
    of one unit before discounts, in ten-thousandths of the shop's currency (None: not told).
    `selling_plan_id` is the plan it was bought by, which may commit no stock to it before it ships (0:
    none, None: not told). Custom items have no variant and are left out.
    """

    line_id: int
    variant_id: int
    ordered: int
    outstanding: int
    title: str
    sku: str = ""
    backordered: int = 0
    unit_price: int | None = None
    selling_plan_id: int | None = None


class LinePart(msgspec.Struct, frozen=True):
    """What one line item of an order adds to a `LocatedLine`."""

    line_id: int
    quantity: int
    backordered: int = 0


class LocatedLine(msgspec.Struct, frozen=True):
    """Outstanding units of one stock item of an order, at the location that is to ship them;
    `backordered` as in `OrderItem`, `waiting` of them are on hold or scheduled for a later day.

    `lowers_stock`: whether units that are ordered lower what is available at once, by the settings of
    today (None: the platform counts what orders take by itself). `follows_edits`: whether units that
    staff add to an order later do. `parts`: the line items it is made of; an order may name an item
    twice. Only told where what orders take depends on settings.
    """

    item_id: int
    location_id: int
    quantity: int
    backordered: int = 0
    lowers_stock: bool | None = None
    follows_edits: bool = True
    parts: tuple[LinePart, ...] = ()
    waiting: int = 0


class Routing(msgspec.Struct, frozen=True):
    """Where an order's outstanding units are to ship from. `route_ids` are the platform's own ids of
    the parts (Shopify: fulfillment orders), by which later webhooks name them. An order that the
    platform has not routed yet has neither lines nor routes."""

    lines: tuple[LocatedLine, ...] = ()
    route_ids: tuple[int, ...] = ()


class OrderSeen(_Fact, frozen=True, tag="order seen"):
    """A copy of one order. `items`, `routing`, `tags` (all the order carries) or `blocks` (the digest of
    our blocks in its note, see `app.core.note`; never the note) is None where the source does not tell
    them."""

    order_id: int
    name: str
    placed_at: datetime
    updated_at: datetime
    is_cancelled: bool
    items: tuple[OrderItem, ...] | None = None
    routing: Routing | None = None
    tags: tuple[str, ...] | None = None
    blocks: str | None = None


class OrderTouched(_Fact, frozen=True, tag="order touched"):
    """Something about this order changed; the webhook does not say what, so it must be read."""

    order_id: int


class OrderGone(_Fact, frozen=True, tag="order gone"):
    """The order was deleted on the platform."""

    order_id: int


class RoutingChanged(_Fact, frozen=True, tag="routing changed"):
    """Parts of an order were routed, moved, split, merged or cancelled. Some may be unknown to us."""

    route_ids: tuple[int, ...]


class StockMoved(_Fact, frozen=True, tag="stock moved"):
    """An item's stock changed somewhere. `available_hint` is the webhook's own number: it may only
    decide how soon we look, never what we do."""

    item_id: int
    available_hint: int | None = None


class ProductStockMoved(_Fact, frozen=True, tag="product stock moved"):
    """Stock of a product changed somewhere; the webhook does not say of which variant."""

    product_id: int


class ItemChanged(_Fact, frozen=True, tag="item changed"):
    """An item's settings (tracked or not, its code) changed."""

    item_id: int


class VariantSeen(_Fact, frozen=True, tag="variant seen"):
    """Which stock item a variant sells; `item_id` is None where it has none. `product_id` is told
    where webhooks name the product alone."""

    variant_id: int
    item_id: int | None
    title: str
    sku: str = ""
    is_tracked: bool = True
    product_id: int | None = None


class InboundChanged(_Fact, frozen=True, tag="inbound changed"):
    """Goods on their way to the shop changed: a shipment, or a transfer of several. Which ones can be
    read, so all are read, together with those that no webhook tells."""


class LocationGone(_Fact, frozen=True, tag="location gone"):
    """A location was deactivated: its pools serve nobody any more."""

    location_id: int


class ShopGone(_Fact, frozen=True, tag="shop gone"):
    """The merchant uninstalled the app: its token is void and all work for the shop stops."""


class ScopesChanged(_Fact, frozen=True, tag="scopes changed"):
    """The access scopes that the merchant grants now."""

    scopes: tuple[str, ...]


class PrivacyKind(StrEnum):
    """The three compliance requests."""

    DATA_REQUEST = "data request"
    REDACT_CUSTOMER = "redact customer"
    REDACT_SHOP = "redact shop"


class PrivacyRequest(_Fact, frozen=True, tag="privacy request"):
    """A compliance request; `order_ids` are the orders it names."""

    request: PrivacyKind
    order_ids: tuple[int, ...] = ()


Fact = (
    OrderSeen
    | OrderTouched
    | OrderGone
    | RoutingChanged
    | StockMoved
    | ProductStockMoved
    | ItemChanged
    | VariantSeen
    | InboundChanged
    | LocationGone
    | ShopGone
    | ScopesChanged
    | PrivacyRequest
)


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


class Pool(msgspec.Struct, frozen=True):
    """One item at one location, in the platform's own figures of one snapshot.

    `available` is what is free to sell; below zero by the units short. What open orders take shows in
    one of three ways (see `app.core.books.Account`): `committed` where the platform counts all their
    units (Shopify); `backordered` where it counts those short at placement, the others having left
    `on_hand` (BigCommerce); neither, where open orders have not lowered `available` at all.
    """

    location_id: int
    location_name: str
    on_hand: int
    available: int
    committed: int | None = None
    backordered: int | None = None


class ItemStock(msgspec.Struct, frozen=True):
    """All pools of one item, read in one go. An untracked item has none that matter."""

    item_id: int
    is_tracked: bool
    pools: tuple[Pool, ...]
    sku: str = ""


class InboundLine(msgspec.Struct, frozen=True):
    """Units of one item in a shipment: `accepted` were taken in, `unreceived` are still to come; the
    rest was rejected."""

    line_id: int
    item_id: int
    sku: str
    quantity: int
    accepted: int
    unreceived: int


class Inbound(msgspec.Struct, frozen=True):
    """Goods on their way to a location, as the platform tells them. `names` are what the merchant may
    call them, their own word first. Without lines it no longer exists."""

    shipment_id: int
    location_id: int
    names: tuple[str, ...] = ()
    arrives_at: datetime | None = None
    lines: tuple[InboundLine, ...] = ()


class ReservationKind(StrEnum):
    """What units may be committed to besides orders."""

    DRAFT = "draft order"
    TRANSFER = "transfer"


class Reservation(msgspec.Struct, frozen=True):
    """Units of an item that are committed to something that is no order, which merchants know by `name`.
    `placed_at` is since when, as far as the platform tells; `location_id` is None where it does not."""

    kind: ReservationKind
    source_id: int
    name: str
    item_id: int
    quantity: int
    placed_at: datetime
    location_id: int | None = None


class OrderAsk(msgspec.Struct, frozen=True):
    """Which order to read, and how large we expect it to be, so that a batch asks for no more.

    `item_count` is the number of line items we know (0: unknown), `route_count` that of its routed
    parts (0: unknown). The answer is complete however wrong the guess.
    """

    order_id: int
    item_count: int = 0
    route_count: int = 0


class OrderNow(msgspec.Struct, frozen=True):
    """An order immediately before it is written: its state, and what it shows. `status_id` is the
    order status where the platform lets an app set one."""

    order: OrderSeen
    note: str
    tags: tuple[str, ...]
    status_id: int | None = None


class Look(msgspec.Struct, frozen=True):
    """One reading of the orders about to be written and of the stock that decided about them.
    Orders that no longer exist are missing from `orders`."""

    orders: tuple[OrderNow, ...]
    stock: tuple[ItemStock, ...]


class OrderChange(msgspec.Struct, frozen=True):
    """Everything to write on one order. An empty field is left as it is; `note` is the whole new
    text, `metafields` maps our keys to new values, `remove_metafields` lists keys to delete,
    `status_id` is the order status to set."""

    order_id: int
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    note: str | None = None
    metafields: Mapping[str, str | date] = {}
    remove_metafields: tuple[str, ...] = ()
    status_id: int | None = None


class WriteResult(msgspec.Struct, frozen=True):
    """What became of one order's change; `error` is the platform's refusal in words, None if done."""

    order_id: int
    error: str | None = None


class ChangedOrders(msgspec.Struct, frozen=True):
    """Which orders changed since a moment, oldest change first: when each last did, by id.

    `seen_until` is where to ask from next time; `is_complete` is False if more changed than one
    answer holds. `orders` are whole copies of them, where the platform's list tells as much: those
    need not be read again. `untouched` are those of which the list tells that nothing was shipped,
    cancelled or edited since they were placed, with the units that they have now: a copy that says the
    same is right, whatever second it is of.
    """

    updated_at: Mapping[int, datetime]
    seen_until: datetime
    is_complete: bool
    orders: tuple[OrderSeen, ...] = ()
    untouched: Mapping[int, int] = {}


class ImportPage(msgspec.Struct, frozen=True):
    """One step of the initial import. `cursor` is what to pass to the next step (None: finished),
    `total` the number of open orders expected. An empty page with a cursor means: still being
    prepared, come back in `retry_after_s`."""

    orders: tuple[OrderSeen, ...]
    cursor: str | None
    total: int
    retry_after_s: float = 0


class ShopProfile(msgspec.Struct, frozen=True):
    """What the platform says of the shop and of our access to it. `currency` is an ISO 4217 code, empty
    where it is not told. `limits` says in sentences what does
    not work with the shop's present settings, and which one to change."""

    domain: str
    name: str
    time_zone: str
    locale: str
    scopes: tuple[str, ...]
    missing_scopes: tuple[str, ...]
    api_version: str
    limits: tuple[str, ...] = ()
    currency: str = ""


class Subscription(msgspec.Struct, frozen=True):
    """One webhook topic and what became of registering it: `created`, `kept`, `updated`, or the
    platform's refusal in words."""

    topic: str
    outcome: str

    @property
    def is_right(self) -> bool:
        """Whether the topic is sent to us now."""
        return self.outcome in ("created", "kept", "updated")


class Traits(msgspec.Struct, frozen=True):
    """What sets a platform apart, as far as the pipeline must know.

    `has_tags`: orders carry tags, and one write sets them together with note and metafields; else our
    words stand on the first line of our block in the note, and the metafields are written after it.
    `note_limit`: characters a note holds. `stock_lag_s`: how long a reading of stock may be behind what
    orders already say (see `app.core.freshness`).
    `batches_news_s`: webhooks of orders tell an id alone, so news are read as one list of changed
    orders, at most once in so many seconds (0: webhooks tell the orders themselves). `bulk_from`: how
    many orders must change their tags at once for the platform to write them in the background (0:
    never). Fewer are written sooner the ordinary way.
    `reservation_scopes`: what units may be committed to besides orders, by the scope that lets us read
    it; shops do without, and are told what can't be seen.
    """

    has_tags: bool
    note_limit: int
    stock_lag_s: float = 0
    batches_news_s: float = 0
    bulk_from: int = 0
    reservation_scopes: Mapping[str, ReservationKind] = {}


class OrderGlance(msgspec.Struct, frozen=True):
    """The least that can be read of an order: its marks and when it last changed. `untouched_units` are
    those it has, where nothing of it was shipped, cancelled or edited since it was placed; else None."""

    now: OrderNow
    untouched_units: int | None


class Glance(msgspec.Struct, frozen=True):
    """Orders and stock as they are at one moment, of the orders the marks alone. Orders that no longer
    exist are missing."""

    orders: tuple[OrderGlance, ...] = ()
    stock: tuple[ItemStock, ...] = ()


class BulkPart(msgspec.Struct, frozen=True):
    """One operation that the platform has begun, over these orders in this order; where it refused to
    begin, `operation_id` is None and `problem` says why."""

    operation_id: int | None
    order_ids: tuple[int, ...]
    problem: str = ""


class BulkState(msgspec.Struct, frozen=True):
    """How far an operation is: `is_over` whatever became of it, `is_done` if all of its lines were
    run."""

    is_over: bool
    is_done: bool


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

    def fetch_profile(self) -> ShopProfile:
        """Who the shop is and which scopes we hold and lack."""
        ...

    def register_webhooks(self, address: str, *, scopes: Sequence[str] = ()) -> list[Subscription]:
        """Make the shop send every topic we need to `address`, those that take a scope of their own
        only where `scopes` holds it; keeps what is already right."""
        ...

    def fetch_variants(self, variant_ids: Sequence[int]) -> list[VariantSeen]:
        """Which items these variants sell. A variant that no longer exists comes back with no item."""
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

    def fetch_reservations(self, *, scopes: Sequence[str], now: datetime) -> list[Reservation]:
        """Everything that is no order and that units are committed to `now`, as far as `scopes` let us
        ask."""
        ...

    def look(
        self, asks: Sequence[OrderAsk], item_ids: Sequence[int], *, with_items: bool = False
    ) -> Look:
        """Read, in one request where it fits, what is about to be written and why: the orders with
        their routing (and their items where asked), their note and tags, and the items' stock."""
        ...

    def glance(self, order_ids: Sequence[int], item_ids: Sequence[int]) -> Glance | None:
        """As `look`, at the least that can be read of the orders; None where a look costs no more."""
        ...

    def write(self, changes: Sequence[OrderChange]) -> Iterator[list[WriteResult]]:
        """Send changes, several orders in one request; yields the results of each request as it is
        answered, so that what was written can be recorded before the next one."""
        ...


class Grant(msgspec.Struct, frozen=True):
    """What a platform gave us access with: a token, how long it lasts (None: until it is revoked), and
    what renews it, for how long. A token that ends and has no refresh token is asked for anew with the
    app's own credentials. What it may do, the shop's profile tells."""

    access_token: str
    expires_in_s: float | None = None
    refresh_token: str | None = None
    refresh_expires_in_s: float | None = None

    def __repr__(self) -> str:
        """Without the tokens, as `Credentials`."""
        return f"Grant(expires_in_s={self.expires_in_s!r})"


class Credentials(msgspec.Struct, frozen=True):
    """What it takes to call one shop: our id of it, the platform's name of it, its access token.

    `renew` takes a token that the platform refused and returns another one; it raises `NeedsMerchant`
    where there is none.
    """

    shop_id: int
    domain: str
    token: str
    renew: Callable[[str], str] | None = None

    def __repr__(self) -> str:
        """Without the token: this value may end up in a traceback or a log."""
        return f"Credentials(shop_id={self.shop_id}, domain={self.domain!r})"
