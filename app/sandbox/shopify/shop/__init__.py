"""One sandbox shop: what a merchant does in it, what time does to it, and what is true of it.

Every method that changes something is one action of a merchant (one event id) and takes the shop's lock.
"""

import threading
from collections.abc import Callable, Collection
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Literal

from app.sandbox.actions import action
from app.sandbox.shopify import bulk, bulk_writes, cost, payloads, reserving, routing
from app.sandbox.shopify.api import Api
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.bulk import BulkOperation
from app.sandbox.shopify.bulk_writes import StagedUpload
from app.sandbox.shopify.faults import Faults
from app.sandbox.shopify.oauth import OAuth
from app.sandbox.shopify.records import Answered, DraftOrder, FulfillmentOrder, Order, RequestRecord
from app.sandbox.shopify.shop.catalogue import CatalogueActions
from app.sandbox.shopify.shop.fulfillment import FulfillmentActions
from app.sandbox.shopify.shop.inbound import InboundActions
from app.sandbox.shopify.shop.orders import OrderActions
from app.sandbox.shopify.shop.truth import Truth
from app.sandbox.shopify.webhooks import WebhookQueue

ALL_SCOPES = (
    "read_orders",
    "write_orders",
    "read_products",
    "read_inventory",
    "read_locations",
    "read_locales",
    "read_inventory_shipments",
    "read_inventory_transfers",
    "read_draft_orders",
    "read_inventory_purchase_orders",
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "write_third_party_fulfillment_orders",
)

STREAMS = ("ids", "webhooks", "faults")


@dataclass(eq=False)
class SandboxShop(CatalogueActions, InboundActions, OrderActions, FulfillmentActions, Truth):
    """A Shopify shop with a clock that the caller holds.

    Two shops of one seed and one history are the same to the last digit. `bucket_size` (points, points
    a second) replaces the plan's. `before_request` is called before each API request is looked at:
    tests slip events in there. `requests` notes every API request and what it cost. A bulk operation
    begins after `bulk_delay_s`; a bulk mutation then runs `bulk_lines_per_s`.
    """

    domain: str = "sandbox.myshopify.com"
    _: KW_ONLY
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    seed: int = 0
    access_token: str = "shpat_sandbox"  # noqa: S105  # opens nothing but this stand-in
    client_id: str = "sandbox-client-id"
    client_secret: str = "sandbox-client-secret"  # noqa: S105  # signs nothing but this stand-in's webhooks
    scopes: Collection[str] = ALL_SCOPES
    plan: Literal["standard", "advanced", "plus"] = "standard"
    bucket_size: tuple[float, float] | None = None
    cost_rule: cost.Rule = "documented"
    routing_delay_s: float = 5
    bulk_delay_s: float = 10
    bulk_lines_per_s: float = 50
    time_zone: str = "Europe/Lisbon"
    locale: str = "en"
    compliance_address: str | None = None
    before_request: Callable[[], None] | None = None
    requests: list[RequestRecord] = field(default_factory=list)
    request_count: int = 0
    idempotent: dict[str, Answered] = field(default_factory=dict)
    keys_in_progress: set[str] = field(default_factory=set)
    bulk_operations: dict[int, BulkOperation] = field(default_factory=dict)
    staged_uploads: dict[str, StagedUpload] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    webhooks: WebhookQueue = field(init=False)
    books: Books = field(init=False)
    faults: Faults = field(init=False)
    bucket: cost.Bucket = field(init=False)
    api: Api = field(init=False)
    oauth: OAuth = field(init=False)

    def __post_init__(self) -> None:
        # Three streams of numbers: turning a fault knob doesn't change which ids are drawn.
        rng, for_webhooks, for_faults = map(self._stream, STREAMS)
        self.webhooks = WebhookQueue(
            self.clock,
            for_webhooks,
            domain=self.domain,
            secret=self.client_secret,
            compliance_address=self.compliance_address,
        )
        self.books = Books(self.clock, rng, domain=self.domain, announce=self.webhooks.announce)
        self.faults = Faults(for_faults)
        self.bucket = cost.Bucket(self.clock, *(self.bucket_size or cost.PLANS[self.plan]))
        self.created_at = self.books.now()
        self.api = Api(self)
        self.oauth = OAuth(self)

    def _stream(self, use: str) -> Random:
        return Random(f"{self.seed} {use}")  # noqa: S311  # histories must be repeatable, not secret

    @property
    def name(self) -> str:
        """The shop's name, made of its domain."""
        return self.domain.split(".", maxsplit=1)[0].replace("-", " ").title()

    # The app

    @action
    def uninstall(self) -> None:
        """Throw the app out: its token is void, and it is told so."""
        self.faults.is_token_revoked = True
        self.oauth.forget()
        self.books.tell("app/uninstalled", lambda: payloads.uninstalled(self.books, name=self.name))

    @action
    def set_scopes(self, scopes: Collection[str]) -> None:
        """Grant other access scopes."""
        previous, self.scopes = sorted(self.scopes), scopes
        body = payloads.scopes_changed(self.books, previous=previous, current=sorted(self.scopes))
        self.books.tell("app/scopes_update", lambda: body)

    @action
    def request_customer_data(self, order_id: int) -> None:
        """A buyer asks what is known of them."""
        placed = self.books.order(order_id)
        self.books.tell("customers/data_request", lambda: payloads.data_request(self.books, placed))

    @action
    def redact_customer(self, order_id: int) -> None:
        """A buyer is to be forgotten."""
        placed = self.books.order(order_id)
        self.books.tell("customers/redact", lambda: payloads.redact_customer(self.books, placed))

    @action
    def redact_shop(self) -> None:
        """The shop is to be forgotten, two days after it threw the app out."""
        self.books.tell("shop/redact", lambda: payloads.redact_shop(self.books))

    # Time

    def tick(self) -> None:
        """Do all background work that is due by the clock: routing, bulk operations."""
        with self.lock:
            for order in list(self.books.orders.values()):
                if order.route_due_at and order.route_due_at <= self.clock():
                    self._route(order)
            for one in list(self.books.fulfillment_orders.values()):
                if one.status == "SCHEDULED" and one.fulfill_at and one.fulfill_at <= self.clock():
                    self._open_scheduled(one)
            for made in list(self.books.drafts.values()):
                if made.is_reserving and made.reserve_until and made.reserve_until <= self.clock():
                    self._expire(made)
            for operation in list(self.bulk_operations.values()):
                self._advance(operation)

    @action
    def _route(self, order: Order) -> None:
        routing.route(self.books, order)

    @action
    def _open_scheduled(self, scheduled: FulfillmentOrder) -> None:
        routing.open_scheduled(self.books, scheduled)

    @action
    def _expire(self, made: DraftOrder) -> None:
        reserving.expire(self.books, made)

    @action
    def _advance(self, operation: BulkOperation) -> None:
        advance = bulk_writes.advance if operation.kind == "MUTATION" else bulk.advance
        if advance(operation, self.clock()):
            self.books.tell("bulk_operations/finish", lambda: bulk.finished(operation))
