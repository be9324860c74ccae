"""One sandbox shop: what a merchant does in it, what time does to it, and what is true of it.

Every method that changes something is one action of a merchant (one event id) and takes the shop's lock.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Literal

from app.sandbox.actions import action
from app.sandbox.records import JournalEntry, Refused
from app.sandbox.shopify import (
    bulk,
    bulk_writes,
    cost,
    holds,
    inbound,
    marks,
    orders,
    payloads,
    purchasing,
    reserving,
    routing,
    stock,
)
from app.sandbox.shopify.api import Api
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.bulk import BulkOperation
from app.sandbox.shopify.bulk_writes import StagedUpload
from app.sandbox.shopify.faults import Faults
from app.sandbox.shopify.oauth import OAuth
from app.sandbox.shopify.records import (
    Channel,
    DraftOrder,
    FulfillmentOrder,
    InboundShipment,
    InboundTransfer,
    Item,
    Level,
    Location,
    Order,
    Policy,
    Product,
    PurchaseOrder,
    RequestRecord,
    Restock,
    Variant,
)
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
class SandboxShop:
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

    # Catalogue and locations

    @action
    def add_location(self, name: str) -> int:
        """Open a location; earlier ones are preferred when an order is placed."""
        now = self.books.now()
        location = Location(
            self.books.new_id("Location"), self.books.new_id("InventoryLevel"), name, now, now
        )
        self.books.locations[location.location_id] = location
        return location.location_id

    @action
    def add_product(  # each has a default that most callers keep
        self,
        title: str,
        *,
        sku: str = "",
        stock: Mapping[int, int] | None = None,
        policy: Policy = "CONTINUE",
        tracked: bool = True,
        variant_title: str = "",
        product_id: int | None = None,
    ) -> Variant:
        """Put a variant on sale, of a known product if one is named. `stock`: units by location id."""
        now = self.books.now()
        product = self.books.products.get(product_id or 0) or self._new_product(title)
        variant_id, item_id = self.books.new_id("ProductVariant"), self.books.new_id("InventoryItem")
        variant = Variant(
            variant_id, item_id, product.product_id, variant_title, product.title, sku, policy, now, now
        )
        self.books.variants[variant_id] = variant
        self.books.items[item_id] = Item(item_id, variant_id, sku, tracked, now, now)
        for location_id, quantity in (stock or {}).items():
            self._set(item_id, location_id, quantity, "available")
        return variant

    def _new_product(self, title: str) -> Product:
        now = self.books.now()
        product = Product(self.books.new_id("Product"), title, now, now)
        self.books.products[product.product_id] = product
        return product

    @action
    def set_policy(self, variant_id: int, policy: Policy) -> None:
        """Let the online shop oversell a variant, or not."""
        variant = self.books.variants[variant_id]
        variant.policy, variant.updated_at = policy, self.books.now()
        product = self.books.products[variant.product_id]
        self.books.tell("products/update", lambda: payloads.product(self.books, product))

    @action
    def set_tracked(self, item_id: int, *, is_tracked: bool) -> None:
        """Count an item's stock from now on, or stop counting it."""
        stock.set_tracked(self.books, self.books.item(item_id), is_tracked=is_tracked)

    @action
    def delete_product(self, product_id: int) -> None:
        """Take a product off sale for good. Orders keep their lines of it, of no variant any more; its
        items and all that was counted of them are gone."""
        product = self.books.products.pop(product_id)
        variants = [one for one in self.books.variants.values() if one.product_id == product_id]
        for variant in variants:
            stock.delete_item(self.books, self.books.items[variant.item_id])
            del self.books.variants[variant.variant_id]
        self.books.tell("products/delete", lambda: {"id": product.product_id})

    @action
    def deactivate_location(self, location_id: int, *, destination_id: int | None = None) -> None:
        """Close a location. Stock and open work go to another, the first active one if none is named."""
        location = self.books.locations[location_id]
        others = [
            one.location_id
            for one in self.books.locations.values()
            if one.is_active and one is not location
        ]
        if not location.is_active or not others:
            raise Refused(f"{location.name} can't be deactivated")
        self._relocate(location, destination_id or others[0])
        location.deactivated_at = location.updated_at = self.books.now()
        self.books.tell("locations/deactivate", lambda: payloads.location(location))

    def _relocate(self, location: Location, destination_id: int) -> None:
        destination = self.books.locations[destination_id]
        levels = [
            one
            for one in self.books.levels.values()
            if one.is_active and one.location_id == location.location_id
        ]
        for level in levels:
            stock.connect(self.books, self.books.items[level.item_id], destination)
        for order in list(self.books.orders.values()):
            routing.relocate(self.books, order, location.location_id, destination_id)
        for level in levels:
            target = stock.connect(self.books, self.books.items[level.item_id], destination)
            stock.pour(self.books, level, target)
            stock.close_level(self.books, level)

    # Stock

    @action
    def adjust_stock(
        self, item_id: int, location_id: int, delta: int, *, name: str = "available"
    ) -> None:
        """Correct stock: `available` changes what is on hand; damaged, reserved, ... come out of it."""
        stock.adjust(self.books, self._level(item_id, location_id), delta, name=name)

    @action
    def set_stock(
        self,
        item_id: int,
        location_id: int,
        quantity: int,
        *,
        name: Literal["available", "on_hand"] = "available",
    ) -> None:
        """Count stock anew; a location that didn't stock the item does so now."""
        self._set(item_id, location_id, quantity, name)

    def _set(self, item_id: int, location_id: int, quantity: int, name: str) -> None:
        level = stock.connect(self.books, self.books.item(item_id), self.books.locations[location_id])
        stock.set_to(self.books, level, quantity, name=name)

    def _level(self, item_id: int, location_id: int) -> Level:
        level = self.books.level(item_id, location_id)
        if level is None:
            raise Refused(f"item {item_id} isn't stocked at location {location_id}")
        return level

    @action
    def expect_shipment(
        self, location_id: int, quantities: Mapping[int, int], *, arrives_at: datetime | None = None
    ) -> InboundShipment:
        """Announce goods on their way, by item id."""
        return inbound.expect(
            self.books, self.books.locations[location_id], quantities, arrives_at=arrives_at
        )

    @action
    def receive_shipment(self, shipment_id: int, quantities: Mapping[int, int] | None = None) -> None:
        """Take goods in, all that are outstanding if not said otherwise (by item id)."""
        inbound.receive(self.books, self.books.shipments[shipment_id], quantities)

    @action
    def reject_rest(self, shipment_id: int) -> None:
        """What is outstanding of a shipment will not come."""
        inbound.reject_rest(self.books, self.books.shipments[shipment_id])

    @action
    def reschedule_shipment(self, shipment_id: int, arrives_at: datetime | None) -> None:
        """The carrier names another day, or none."""
        inbound.reschedule(self.books, self.books.shipments[shipment_id], arrives_at)

    @action
    def delete_shipment(self, shipment_id: int) -> None:
        """A shipment was a mistake."""
        inbound.delete(self.books, self.books.shipments[shipment_id])

    @action
    def add_transfer(
        self, location_id: int, shipment_ids: Sequence[int], *, reference: str | None = None
    ) -> InboundTransfer:
        """Shipments are parts of one transfer, which may have the merchant's own name."""
        place = self.books.locations[location_id]
        return inbound.transfer(self.books, place, shipment_ids, reference=reference)

    @action
    def order_goods(
        self,
        location_id: int,
        quantities: Mapping[int, int],
        *,
        supplier: str,
        ordered_at: datetime | None = None,
    ) -> PurchaseOrder:
        """Order goods of a supplier, by item id; a draft where no moment of ordering is given."""
        place = self.books.locations[location_id]
        return purchasing.order(self.books, place, quantities, supplier=supplier, at=ordered_at)

    @action
    def link_transfer(self, purchase_order_id: int, transfer_id: int) -> None:
        """A transfer brings goods of a purchase order."""
        self.books.purchase_orders[purchase_order_id].transfer_ids.append(transfer_id)

    @action
    def archive_purchase_order(self, purchase_order_id: int) -> None:
        """It is over, whatever came of it."""
        self.books.purchase_orders[purchase_order_id].archived_at = self.books.now()

    # Reservations that are no orders

    @action
    def draft_order(
        self, lines: Sequence[tuple[int, int]], *, reserve_until: datetime | None = None
    ) -> int:
        """Prepare an order, (variant id, quantity), and reserve its units until then. Its id."""
        return reserving.draft(self.books, lines, reserve_until=reserve_until).draft_id

    @action
    def reserve_draft(self, draft_id: int, reserve_until: datetime | None) -> None:
        """Reserve the units of a draft until then, or no more."""
        reserving.set_reserve_until(self.books, self.books.drafts[draft_id], reserve_until)

    @action
    def complete_draft(self, draft_id: int) -> int:
        """Make an order of a draft: the order's id."""
        made = self.books.drafts[draft_id]
        reserving.close(self.books, made)
        lines = [(line.variant_id, line.quantity) for line in made.lines]
        wish = orders.OrderWish(lines, channel="draft")
        return orders.place(self.books, wish, routing_delay_s=self.routing_delay_s).order_id

    @action
    def delete_draft(self, draft_id: int) -> None:
        """Throw a draft away."""
        reserving.delete(self.books, self.books.drafts[draft_id])

    @action
    def open_transfer(
        self, origin_id: int, destination_id: int, quantities: Mapping[int, int]
    ) -> InboundTransfer:
        """Send units (by item id) from one location to another, once they are shipped."""
        return reserving.open_transfer(self.books, origin_id, destination_id, quantities)

    @action
    def ship_transfer(self, transfer_id: int) -> None:
        """The rest of a transfer leaves its origin."""
        reserving.ship_transfer(self.books, self.books.transfers[transfer_id])

    @action
    def cancel_transfer(self, transfer_id: int) -> None:
        """A transfer does not happen."""
        reserving.cancel_transfer(self.books, self.books.transfers[transfer_id])

    # Orders

    @action
    def place_order(
        self,
        lines: Sequence[tuple[int | str, int]],
        *,
        processed_at: datetime | None = None,
        note: str = "",
        tags: Sequence[str] = (),
        channel: Channel = "online",
        selling_plan_id: int | None = None,
        reserves_on_fulfilment: bool = False,
    ) -> int:
        """Order (variant id, quantity) or, for custom lines, (title, quantity). Raises `OutOfStock`."""
        plan = selling_plan_id, reserves_on_fulfilment
        wish = orders.OrderWish(lines, processed_at, note, tags, channel, *plan)
        return orders.place(self.books, wish, routing_delay_s=self.routing_delay_s).order_id

    @action
    def edit_order(
        self,
        order_id: int,
        quantities: Mapping[int, int] | None = None,
        *,
        add: Sequence[tuple[int | str, int]] = (),
        restock: bool = True,
    ) -> None:
        """Set the current units of lines by line id (0 removes), and add lines."""
        wish = orders.EditWish(quantities or {}, add, restock)
        orders.edit(self.books, self.books.order(order_id), wish, routing_delay_s=self.routing_delay_s)

    @action
    def cancel_order(self, order_id: int, *, restock: bool = True, reason: str = "CUSTOMER") -> None:
        """Cancel an order of which nothing has shipped."""
        orders.cancel(self.books, self.books.order(order_id), restock=restock, reason=reason)

    @action
    def refund(
        self,
        order_id: int,
        quantities: Mapping[int, int],
        *,
        restock: Restock = "cancel",
        location_id: int | None = None,
    ) -> None:
        """Refund units by line id: `cancel` unshipped, `return` shipped ones, `no_restock` either."""
        orders.refund(
            self.books, self.books.order(order_id), quantities, restock=restock, location_id=location_id
        )

    @action
    def fulfil(self, order_id: int, quantities: Mapping[int, int] | None = None) -> None:
        """Ship units by line id, or all that is routed and not held."""
        orders.fulfil(self.books, self.books.order(order_id), quantities)

    @action
    def cancel_fulfilment(self, order_id: int) -> None:
        """Cancel the last parcel of an order: its units are open again, in new fulfillment orders."""
        orders.unfulfil(self.books, self.books.order(order_id))

    @action
    def delete_order(self, order_id: int) -> None:
        """Delete an order."""
        orders.delete(self.books, self.books.order(order_id))

    @action
    def close_order(self, order_id: int) -> None:
        """Archive an order."""
        orders.close(self.books, self.books.order(order_id))

    # Fulfillment orders

    @action
    def move(
        self, fulfillment_order_id: int, location_id: int, *, quantities: Mapping[int, int] | None = None
    ) -> int:
        """Ship from elsewhere, whole or some units by fulfillment line id. Returns its id now."""
        source = self.books.fulfillment_order(fulfillment_order_id)
        moved = routing.move(self.books, source, location_id, quantities=quantities)
        return moved.fulfillment_order_id

    @action
    def split(self, fulfillment_order_id: int, quantities: Mapping[int, int]) -> int:
        """Split units (by fulfillment line id) off into a new fulfillment order: its id."""
        source = self.books.fulfillment_order(fulfillment_order_id)
        return routing.split(self.books, source, quantities).fulfillment_order_id

    @action
    def merge(self, fulfillment_order_ids: Sequence[int]) -> int:
        """Merge open fulfillment orders into the first: its id."""
        everyone = [self.books.fulfillment_order(number) for number in fulfillment_order_ids]
        return routing.merge(self.books, everyone).fulfillment_order_id

    @action
    def hold(
        self,
        fulfillment_order_id: int,
        *,
        reason: str = "OTHER",
        handle: str | None = None,
        app: str | None = None,
        quantities: Mapping[int, int] | None = None,
    ) -> int:
        """Hold as a person or another app; `quantities` by fulfillment line id. The hold's id."""
        target = self.books.fulfillment_order(fulfillment_order_id)
        hold, _ = holds.place(self.books, target, holds.HoldWish(reason, handle, None, app, quantities))
        return hold.hold_id

    @action
    def release_hold(self, fulfillment_order_id: int, hold_ids: Collection[int] | None = None) -> None:
        """Release these holds, or everybody's."""
        holds.release(self.books, self.books.fulfillment_order(fulfillment_order_id), hold_ids)

    @action
    def reschedule(self, fulfillment_order_id: int, fulfill_at: datetime) -> None:
        """Ship it on another day."""
        scheduled = self.books.fulfillment_order(fulfillment_order_id)
        scheduled.fulfill_at = fulfill_at
        routing.reschedule(self.books, scheduled)

    @action
    def schedule(self, fulfillment_order_id: int, fulfill_at: datetime) -> None:
        """Ship an open one on a later day: it opens again by itself then."""
        routing.schedule(self.books, self.books.fulfillment_order(fulfillment_order_id), fulfill_at)

    @action
    def give_back(self, fulfillment_order_id: int) -> None:
        """A warehouse can't ship what is left of one: it is incomplete."""
        routing.give_back(self.books, self.books.fulfillment_order(fulfillment_order_id))

    @action
    def take_up_again(self, fulfillment_order_id: int) -> None:
        """Have an incomplete one shipped after all."""
        routing.take_up_again(self.books, self.books.fulfillment_order(fulfillment_order_id))

    # What merchants write

    @action
    def edit_note(self, order_id: int, note: str) -> None:
        """Replace an order's note by hand."""
        marks.set_note(self.books, self.books.order(order_id), note)

    @action
    def add_tags(self, order_id: int, tags: Sequence[str]) -> None:
        """Tag an order by hand."""
        marks.add_tags(self.books, self.books.order(order_id), tags)

    @action
    def remove_tags(self, order_id: int, tags: Sequence[str]) -> None:
        """Untag an order by hand."""
        marks.remove_tags(self.books, self.books.order(order_id), tags)

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

    # What is true

    @property
    def journal(self) -> list[JournalEntry]:
        """Every write that came through the API, in order."""
        return self.books.journal

    @property
    def orders(self) -> Mapping[int, Order]:
        """All orders by id."""
        return self.books.orders

    @property
    def pools(self) -> Mapping[tuple[int, int], Level]:
        """All active levels by (item id, location id)."""
        with self.lock:
            return {key: level for key, level in self.books.levels.items() if level.is_active}

    def fulfillment_orders(self, order_id: int) -> list[FulfillmentOrder]:
        """An order's fulfillment orders, closed ones included."""
        return self.books.fulfillment_orders_of(self.books.order(order_id))

    def open_lines(self) -> dict[tuple[int, int], dict[int, int]]:
        """Open units of tracked items by pool and order id, those not yet routed included."""
        found: dict[tuple[int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        with self.lock:
            lines = [(order, line) for order in self.books.orders.values() for line in order.lines]
            for order, line in lines:
                for location_id, quantity in line.open_at.items():
                    if line.item_id is not None and self.books.is_counted(line):
                        found[line.item_id, location_id][order.order_id] += quantity
        return {pool: dict(units) for pool, units in found.items()}

    def committed_lines(self) -> dict[tuple[int, int], dict[int, int]]:
        """Of `open_lines` those that stock is committed to."""
        found = self.open_lines()
        with self.lock:
            lines = [(order, line) for order in self.books.orders.values() for line in order.lines]
            for order, line in lines:
                for location_id, quantity in line.uncommitted_at.items():
                    pool = (line.item_id or 0, location_id)
                    if order.order_id in found.get(pool, {}):
                        found[pool][order.order_id] -= quantity
        kept = {pool: {one: n for one, n in units.items() if n} for pool, units in found.items()}
        return {pool: units for pool, units in kept.items() if units}

    def reservations(self) -> dict[tuple[int, int], list[tuple[datetime, str, int]]]:
        """Units committed to draft orders and transfers by pool: since when, to what, how many."""
        found: dict[tuple[int, int], list[tuple[datetime, str, int]]] = defaultdict(list)
        with self.lock:
            for made in self.books.drafts.values():
                for line in made.lines if made.is_reserving else ():
                    item = self.books.items.get(line.item_id)  # its product may have been deleted
                    if item is not None and item.is_tracked:
                        told = (made.created_at, made.name, line.quantity)
                        found[line.item_id, line.location_id].append(told)
            for one in self.books.transfers.values():
                for part in () if one.is_canceled or one.origin_id is None else one.lines:
                    if part.unshipped:
                        told = (one.created_at, one.name, part.unshipped)
                        found[part.item_id, one.origin_id or 0].append(told)
        return dict(found)

    def metafields(self, order_id: int) -> dict[tuple[str, str], str]:
        """An order's metafields by resolved namespace and key."""
        owner = payloads.gid("Order", order_id)
        return {(one.namespace, one.key): one.value for one in marks.metafields_of(self.books, owner)}
