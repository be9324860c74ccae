"""One sandbox store: what a merchant does in it, what time does to it, and what is true of it.

Every method that changes something is one action of a merchant and takes the store's lock.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from app.sandbox.actions import action
from app.sandbox.bigcommerce import orders, stock
from app.sandbox.bigcommerce.access import ALL_SCOPES
from app.sandbox.bigcommerce.books import Books
from app.sandbox.bigcommerce.faults import Faults
from app.sandbox.bigcommerce.limits import Quota
from app.sandbox.bigcommerce.oauth import OAuth
from app.sandbox.bigcommerce.orders import Wanted
from app.sandbox.bigcommerce.projection import Projection
from app.sandbox.bigcommerce.records import (
    Availability,
    Channel,
    Level,
    Location,
    Order,
    Product,
    RequestRecord,
    Settings,
    Tracking,
    Variant,
)
from app.sandbox.bigcommerce.webhooks import WebhookQueue
from app.sandbox.records import JournalEntry

STREAMS = ("ids", "webhooks", "faults")


@dataclass(eq=False)
class SandboxStore:
    """A BigCommerce store with a clock that the caller holds.

    Two stores of one seed and one history are the same to the last digit. `projection_delay_s` is how
    far inventory reads lag; `lowers_backordered` says whether a restock pays off `qty_backordered`, and
    `lowers_lines` whether it does the lines' own with it; `keeps_counter_of_archived` whether an
    archived order's units stay on it; `lists_archived` whether lists tell archived orders.
    `before_request` is called before each API request is looked at: tests slip events in there.
    `requests` notes every API request; `answer_problems` what the specs have against our answers.
    """

    store_hash: str = "sandbox1"
    _: KW_ONLY
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    seed: int = 0
    access_token: str = "bc-sandbox-token"  # noqa: S105  # opens nothing but this stand-in
    client_id: str = "sandbox-client-id"
    client_secret: str = "sandbox-client-secret"  # noqa: S105  # signs nothing but this stand-in's webhooks
    scopes: Collection[str] = ALL_SCOPES
    settings: Settings = field(default_factory=Settings)
    projection_delay_s: float = 0
    lowers_backordered: bool = False
    lowers_lines: bool = False
    keeps_counter_of_archived: bool = False
    lists_archived: bool = False
    quota_requests: int = 150
    metafield_batch_limit: int = 10
    time_zone: str = "Europe/Lisbon"
    locale: str = "en"
    alert_emails: list[str] = field(default_factory=list)
    before_request: Callable[[], None] | None = None
    requests: list[RequestRecord] = field(default_factory=list)
    request_count: int = 0
    answer_problems: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    webhooks: WebhookQueue = field(init=False)
    books: Books = field(init=False)
    faults: Faults = field(init=False)
    quota: Quota = field(init=False)
    oauth: OAuth = field(init=False)

    def __post_init__(self) -> None:
        # Three streams of numbers: turning a fault knob doesn't change which ids are drawn.
        rng, for_webhooks, for_faults = map(self._stream, STREAMS)
        self.store_id = rng.randrange(10**6, 10**7)
        self.webhooks = WebhookQueue(
            self.clock,
            for_webhooks,
            store_hash=self.store_hash,
            store_id=self.store_id,
            secret=self.client_secret,
        )
        self.books = Books(
            self.clock,
            rng,
            settings=self.settings,
            projection=Projection(self.clock, self.projection_delay_s),
            announce=self.webhooks.announce,
        )
        self.books.lowers_backordered = self.lowers_backordered
        self.books.lowers_lines = self.lowers_lines
        self.books.keeps_counter_of_archived = self.keeps_counter_of_archived
        self.books.lists_archived = self.lists_archived
        self.faults = Faults(for_faults)
        self.quota = Quota(self.clock, self.quota_requests)
        self.oauth = OAuth(self)

    def _stream(self, use: str) -> Random:
        return Random(f"{self.seed} {use}")  # noqa: S311  # histories must be repeatable, not secret

    @property
    def domain(self) -> str:
        """The address of its shop front."""
        return f"{self.store_hash}.mybigcommerce.example"

    @property
    def name(self) -> str:
        """The store's name, made of its hash."""
        return f"Store {self.store_hash.title()}"

    @property
    def channel_settings(self) -> dict[str, Any]:
        """Inventory settings that differ for the store's one channel, by name."""
        return self.books.channel_settings

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.time_zone)

    # Catalogue and locations

    @action
    def add_location(self, name: str) -> int:
        """Open a location; the first is the one that everything is shipped from."""
        now, number = self.books.now(), self.books.new_id("Location")
        code = name.upper().replace(" ", "-")
        self.books.locations[number] = Location(number, code, name, now, now)
        self.books.tell("store/inventory/location/created", {"location_id": number})
        return number

    @action
    def disable_location(self, location_id: int) -> None:
        """Close a location. The next one becomes the default."""
        location = self.books.locations[location_id]
        location.is_enabled, location.updated_at = False, self.books.now()
        self.books.tell("store/inventory/location/updated", {"location_id": location_id})

    @action
    def add_product(  # each has a default that most callers keep
        self,
        title: str,
        *,
        sku: str = "",
        stock: Mapping[int, int] | None = None,
        tracking: Tracking = "variant",
        variant_title: str = "",
        product_id: int | None = None,
        backorder_limit: int | None = None,
        safety_stock: int = 0,
        upc: str = "",
        gtin: str = "",
        mpn: str = "",
    ) -> Variant:
        """Put a variant on sale, of a known product if one is named. `stock`: units by location id."""
        product = self.books.products.get(product_id or 0) or self._new_product(title, tracking)
        number, sku_id = self.books.new_id("Variant"), self.books.new_id("Sku")
        variant = Variant(
            number, product.product_id, sku_id, variant_title, product.name, sku, upc, gtin, mpn
        )
        self.books.variants[number] = variant
        product.variant_ids.append(number)
        item_id = self.books.item_id(variant)
        for location_id in self.books.locations if item_id == number else ():
            level = self.books.level(number, location_id)
            self.books.watch(level)
            level.backorder_limit, level.safety_stock = backorder_limit, safety_stock
            level.on_hand = level.shelf = (stock or {}).get(location_id, 0)
        self.books.tell("store/sku/created", self._sku_event(variant))
        return variant

    def _new_product(self, title: str, tracking: Tracking) -> Product:
        now, number = self.books.now(), self.books.new_id("Product")
        product = Product(number, title, tracking, now, now)
        self.books.products[number] = product
        self.books.tell("store/product/created", {"type": "product", "id": number})
        return product

    def _sku_event(self, variant: Variant) -> dict[str, object]:
        sku = {"product_id": variant.product_id, "variant_id": variant.variant_id}
        return {"type": "sku", "id": variant.sku_id, "sku": sku}

    @action
    def delete_product(self, product_id: int) -> None:
        """Take a product off sale for good; orders keep their lines of it."""
        product = self.books.products.pop(product_id)
        for number in product.variant_ids:
            variant = self.books.variants.pop(number)
            self.books.tell("store/sku/deleted", self._sku_event(variant))
            for place in self.books.locations:
                self.books.levels.pop((number, place), None)
        self.books.tell("store/product/deleted", {"type": "product", "id": product_id})

    @action
    def set_tracking(self, product_id: int, tracking: Tracking) -> None:
        """Count a product's stock by variant, by product or not at all."""
        product = self.books.products[product_id]
        product.tracking = tracking
        self._tell_product(product)

    @action
    def set_availability(
        self, product_id: int, availability: Availability, *, release_at: datetime | None = None
    ) -> None:
        """Sell a product, sell it before its release, or not at all."""
        product = self.books.products[product_id]
        product.availability, product.preorder_release_at = availability, release_at
        self._tell_product(product)

    def _tell_product(self, product: Product) -> None:
        product.updated_at = self.books.now()
        self.books.tell("store/product/updated", {"type": "product", "id": product.product_id})

    # Stock

    @action
    def adjust_stock(self, item_id: int, location_id: int, delta: int) -> None:
        """Goods come in, or a count finds fewer."""
        stock.restock(self.books, self.books.level(item_id, location_id), delta)

    @action
    def set_stock(self, item_id: int, location_id: int, quantity: int) -> None:
        """Count what is on hand anew."""
        level = self.books.level(item_id, location_id)
        stock.set_figures(self.books, level, on_hand=quantity, backordered=None)

    @action
    def set_backorder_limit(self, item_id: int, location_id: int, limit: int | None) -> None:
        """Let so many units be sold that are not there; None: any number."""
        level = self.books.level(item_id, location_id)
        self.books.watch(level)
        level.backorder_limit = limit

    # Orders

    @action
    def place_order(
        self,
        lines: Wanted,
        *,
        at: datetime | None = None,
        note: str = "",
        message: str = "",
        channel: Channel = "online",
        pickup_at: int | None = None,
        is_incomplete: bool = False,
        discount: str = "0.0000",
    ) -> int:
        """Order (variant id, quantity) or, for custom ones, (title, quantity). Raises `OutOfStock`."""
        wish = orders.OrderWish(lines, at, note, message, channel, pickup_at, is_incomplete, discount)
        return orders.place(self.books, wish).order_id

    @action
    def pay_order(self, order_id: int) -> None:
        """An incomplete order is paid. Raises `OutOfStock`."""
        orders.pay(self.books, self.books.order(order_id))

    @action
    def edit_order(
        self, order_id: int, quantities: Mapping[int, int] | None = None, *, add: Wanted = ()
    ) -> None:
        """Set the units of lines by line id (0 removes one), and add lines."""
        orders.edit(self.books, self.books.order(order_id), quantities or {}, add)

    @action
    def cancel_order(self, order_id: int, *, restock: bool | None = None) -> None:
        """Cancel an order of which nothing has shipped; None: restock as the store's setting says."""
        orders.cancel(self.books, self.books.order(order_id), restock=restock)

    @action
    def refund(
        self, order_id: int, quantities: Mapping[int, int], *, restock: bool | None = None
    ) -> None:
        """Refund units by line id, unshipped ones first; None: restock as the store's setting says."""
        orders.refund(self.books, self.books.order(order_id), quantities, restock=restock)

    @action
    def set_status(self, order_id: int, status_id: int) -> None:
        """Give an order another status by hand."""
        orders.change_status(self.books, self.books.order(order_id), status_id)

    @action
    def fulfil(self, order_id: int, quantities: Mapping[int, int] | None = None) -> None:
        """Ship units by line id, or all that are outstanding."""
        orders.fulfil(self.books, self.books.order(order_id), quantities)

    @action
    def cancel_fulfilment(self, order_id: int) -> None:
        """Delete the last shipment of an order: its units are to ship again."""
        orders.unfulfil(self.books, self.books.order(order_id))

    @action
    def archive_order(self, order_id: int) -> None:
        """Hide an order from lists."""
        orders.archive(self.books, self.books.order(order_id))

    @action
    def restore_order(self, order_id: int) -> None:
        """Bring an archived order back."""
        orders.restore(self.books, self.books.order(order_id))

    @action
    def delete_order(self, order_id: int) -> None:
        """Delete an order for good."""
        orders.delete(self.books, self.books.order(order_id))

    # What merchants write

    @action
    def edit_note(self, order_id: int, note: str) -> None:
        """Replace an order's staff notes by hand."""
        order = self.books.order(order_id)
        order.staff_notes = note
        self.books.touch(order)

    # The app

    @action
    def uninstall(self) -> None:
        """Throw the app out: it is told so, its token is void and its hooks are gone."""
        self.faults.is_token_revoked, self.oauth.is_installed = True, False
        self.webhooks.announce("store/app/uninstalled", {"type": "store"})
        self.webhooks.subscriptions.clear()

    @action
    def set_scopes(self, scopes: Collection[str]) -> None:
        """Grant other access scopes; BigCommerce tells nobody."""
        self.scopes = scopes

    # Time

    def tick(self) -> None:
        """Do all background work that is due by the clock."""
        with self.lock:
            self.webhooks.tick()

    # What is true

    @property
    def journal(self) -> list[JournalEntry]:
        """Every write that came through the API, in order, and every request that was refused unread."""
        return self.books.journal

    @property
    def orders(self) -> Mapping[int, Order]:
        """All orders by id."""
        return self.books.orders

    @property
    def pools(self) -> Mapping[tuple[int, int], Level]:
        """The true stock of all counted items, by (item id, location id)."""
        with self.lock:
            return {
                key: level for key, level in self.books.levels.items() if self.books.is_tracked(key[0])
            }

    def open_lines(self) -> dict[tuple[int, int], dict[int, int]]:
        """Outstanding units of counted items by pool and order id."""
        found: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        with self.lock:
            for order, line, level in self.books.open_lines():
                found[level.item_id, level.location_id][order.order_id] += line.outstanding
        return {pool: dict(units) for pool, units in found.items()}

    def supply(self) -> dict[tuple[int, int], int]:
        """Units that can serve open orders, by pool: what lies there, less the safety stock."""
        return {pool: level.shelf - level.safety_stock for pool, level in self.pools.items()}

    def metafields(self, order_id: int) -> dict[tuple[str, str], str]:
        """An order's metafields by namespace and key."""
        with self.lock:
            mine = [one for one in self.books.metafields.values() if one.order_id == order_id]
        return {(one.namespace, one.key): one.value for one in mine}
