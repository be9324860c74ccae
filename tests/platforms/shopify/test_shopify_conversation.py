"""Whole conversations with the sandbox shop, which checks every document against the real schema."""

from datetime import UTC, date, datetime, timedelta

import pytest
import requests
from redis import Redis

from app.errors import NeedsMerchant, TryLater
from app.platforms.base import (
    Credentials,
    ImportPage,
    LocatedLine,
    OrderAsk,
    OrderChange,
    OrderSeen,
    Platform,
    Routing,
)
from app.platforms.http import Http
from app.platforms.registry import Outside, connect
from app.platforms.shopify.budget import Budget
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.platform import ShopifyPlatform
from app.platforms.shopify.webhooks import ShopifyWebhooks
from app.sandbox.shopify.cost import Bucket
from app.sandbox.shopify.records import Variant
from app.sandbox.shopify.server import SandboxAdapter
from app.sandbox.shopify.shop import SandboxShop
from app.settings import Settings
from tests.platforms.contract import PlatformContract

DOMAIN = "towels.myshopify.com"
ADDRESS = "https://backline.example/webhooks/shopify"


class Clock:
    """One clock for the shop and for us; sleeping moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Towels:
    """A shop with 5 towels at one location."""

    def __init__(self, clock: Clock, *, rule: str = "documented") -> None:
        self.clock = clock
        self.shop = SandboxShop(DOMAIN, clock=clock, cost_rule=rule, plan="plus")  # type: ignore[arg-type]
        self.location_id = self.shop.add_location("Depot")
        self.towel = self.add("Towel", stock=5)
        self.variant_id, self.item_id = self.towel.variant_id, self.towel.item_id

    def add(self, title: str, *, stock: int = 0) -> Variant:
        return self.shop.add_product(title, sku=title.upper(), stock={self.location_id: stock})

    def place(self, quantity: int, *, variant: Variant | None = None) -> int:
        return self.place_lines([((variant or self.towel).variant_id, quantity)])

    def place_lines(self, lines: list[tuple[int | str, int]]) -> int:
        order_id = self.shop.place_order(lines)
        self.clock.sleep(10)
        self.shop.tick()
        return order_id

    def ship(self, order_id: int) -> None:
        self.shop.fulfil(order_id)

    def cancel(self, order_id: int) -> None:
        self.shop.cancel_order(order_id)

    def fail_once(self) -> None:
        self.shop.faults.once("server_error")

    def lose_answer_once(self) -> None:
        self.shop.faults.once("lose_answer")

    def revoke_token(self) -> None:
        self.shop.faults.is_token_revoked = True


def session_of(store: Towels) -> requests.Session:
    session = requests.Session()
    session.mount("https://", SandboxAdapter([store.shop]))
    return session


def connected(store: Towels, settings: Settings, redis: Redis) -> Platform:
    clock, http = store.clock, Http(transport=lambda: session_of(store))
    outside = Outside(http, redis, clock=clock.seconds, sleep=clock.sleep)
    return connect("shopify", Credentials(1, DOMAIN, store.shop.access_token), settings, outside)


@pytest.fixture
def store() -> Towels:
    return Towels(Clock())


@pytest.fixture
def platform(store: Towels, settings: Settings, redis: Redis) -> Platform:
    return connected(store, settings, redis)


class TestShopifyKeepsThePlatformContract(PlatformContract):
    @pytest.fixture
    def address(self) -> str:
        return ADDRESS


class TestRouting:
    def test_an_order_is_not_routed_at_once(self, platform: Platform, store: Towels) -> None:
        order_id = store.shop.place_order([(store.variant_id, 1)])

        (order,) = platform.fetch_orders([OrderAsk(order_id)], with_items=True)

        assert isinstance(order, OrderSeen)
        assert order.routing == Routing()

    def test_the_books_balance(self, platform: Platform, store: Towels) -> None:
        """What we know of open orders is what the platform says they take."""
        store.ship(store.place(1))
        store.cancel(store.place(1))
        asks = [OrderAsk(store.place(quantity)) for quantity in (2, 4, 3)]

        orders = platform.fetch_orders(asks, with_items=False)
        (stock,) = platform.fetch_stock([store.item_id])

        lines = [line for one in orders if isinstance(one, OrderSeen) for line in one.routing.lines]  # type: ignore[union-attr]
        assert lines == [LocatedLine(store.item_id, store.location_id, n) for n in (2, 4, 3)]
        (pool,) = stock.pools
        assert pool.committed == sum(line.quantity for line in lines)
        assert pool.available + pool.committed == 4

    def test_a_held_part_is_still_to_ship(self, platform: Platform, store: Towels) -> None:
        order_id = store.place(3)
        (part,) = store.shop.fulfillment_orders(order_id)
        store.shop.hold(part.fulfillment_order_id)

        (order,) = platform.fetch_orders([OrderAsk(order_id)], with_items=True)

        assert isinstance(order, OrderSeen)
        assert order.routing is not None
        assert order.routing.lines == (LocatedLine(store.item_id, store.location_id, 3, waiting=3),)
        assert [one.outstanding for one in order.items or ()] == [3]

    def test_a_moved_order_ships_from_where_it_was_moved_to(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.place(3)
        other = store.shop.add_location("Annexe")
        store.shop.set_stock(store.item_id, other, 9)
        (part,) = store.shop.fulfillment_orders(order_id)
        store.shop.move(part.fulfillment_order_id, other)

        (order,) = platform.fetch_orders([OrderAsk(order_id)], with_items=False)

        assert isinstance(order, OrderSeen)
        assert order.routing is not None
        assert order.routing.lines == (LocatedLine(store.item_id, other, 3),)

    def test_an_order_of_many_items_is_read_to_the_last(self, platform: Platform, store: Towels) -> None:
        variants = [store.add(f"Item {number}", stock=1) for number in range(60)]
        order_id = store.place_lines([(variant.variant_id, 1) for variant in variants])

        (order,) = platform.fetch_orders([OrderAsk(order_id)], with_items=True)

        assert isinstance(order, OrderSeen)
        assert order.routing is not None
        assert {one.variant_id for one in order.items or ()} == {one.variant_id for one in variants}
        assert {line.item_id for line in order.routing.lines} == {one.item_id for one in variants}


class TestWriting:
    def test_everything_of_ours_is_written_and_nothing_else(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.place(7)
        store.shop.add_tags(order_id, ["vip"])
        change = OrderChange(
            order_id,
            add_tags=("backordered",),
            note="Expected in December",
            metafields={"status": "backordered", "eta": date(2026, 12, 5), "lines": "[]"},
        )

        ((result,),) = platform.write([change])

        assert result.error is None
        (now,) = platform.look([OrderAsk(order_id)], []).orders
        assert (sorted(now.tags), now.note) == (["backordered", "vip"], "Expected in December")
        shown = {key: value for (_, key), value in store.shop.metafields(order_id).items()}
        assert shown == {"status": "backordered", "eta": "2026-12-05", "lines": "[]"}

    def test_what_was_ours_is_taken_away(self, platform: Platform, store: Towels) -> None:
        order_id = store.place(7)
        store.shop.add_tags(order_id, ["vip"])
        (_,) = platform.write([OrderChange(order_id, ("backordered",), metafields={"status": "x"})])

        (_,) = platform.write(
            [OrderChange(order_id, remove_tags=("backordered",), remove_metafields=("status", "eta"))]
        )

        (now,) = platform.look([OrderAsk(order_id)], []).orders
        assert now.tags == ("vip",)
        assert store.shop.metafields(order_id) == {}


class TestBadDays:
    def test_a_torn_snapshot_is_read_again(self, platform: Platform, store: Towels) -> None:
        store.shop.faults.once("torn_snapshot")

        (stock,) = platform.fetch_stock([store.item_id])

        assert stock.pools[0].available == 5
        assert store.shop.faults.happened["torn_snapshot"] == 1

    def test_a_torn_look_is_taken_again(self, platform: Platform, store: Towels) -> None:
        store.shop.faults.once("torn_snapshot")

        look = platform.look([OrderAsk(store.place(1), 1, 1)], [store.item_id])

        assert look.stock[0].pools[0].available == 4

    def test_html_is_tried_later(self, platform: Platform, store: Towels) -> None:
        store.shop.faults.once("html_error")

        with pytest.raises(TryLater):
            platform.fetch_stock([store.item_id])

    def test_a_closed_shop_is_the_merchants(self, platform: Platform, store: Towels) -> None:
        store.shop.faults.closed_status = 402

        with pytest.raises(NeedsMerchant, match="unpaid"):
            platform.fetch_profile()

    def test_a_missing_scope_is_named(self, platform: Platform, store: Towels) -> None:
        store.shop.set_scopes({"read_orders", "read_products"})

        with pytest.raises(NeedsMerchant, match="read_inventory"):
            platform.fetch_stock([store.item_id])

    def test_an_empty_bucket_is_waited_for_and_never_overdrawn(
        self, platform: Platform, store: Towels
    ) -> None:
        """The first answer tells the budget; from then on no request is refused."""
        store.shop.bucket = Bucket(store.clock, 1000, 10)
        items = [store.add(f"Item {number}").item_id for number in range(28)]

        waits = []
        for _ in range(10):
            try:
                platform.fetch_stock(items)
            except TryLater as later:
                waits.append(later.after_s)
                store.clock.sleep(later.after_s)

        assert waits
        assert {record.status for record in store.shop.requests} == {"ok"}


def import_all(platform: Platform, store: Towels) -> list[ImportPage]:
    pages = [platform.fetch_open_orders(None)]
    while pages[-1].cursor is not None:
        store.clock.sleep(pages[-1].retry_after_s)
        store.shop.tick()
        pages.append(platform.fetch_open_orders(pages[-1].cursor))
    return pages


def test_more_than_a_thousand_open_orders_are_imported_in_bulk(
    platform: Platform, store: Towels
) -> None:
    placed = [store.shop.place_order([(store.variant_id, 1), ("Gift wrapping", 1)]) for _ in range(1010)]

    pages = import_all(platform, store)

    found = [order for page in pages for order in page.orders]
    assert [order.order_id for order in found] == placed
    assert all([one.variant_id for one in order.items or ()] == [store.variant_id] for order in found)
    assert {page.total for page in pages} == {1010}
    assert any(page.retry_after_s for page in pages)


def test_what_the_sandbox_sends_is_read(store: Towels, platform: Platform) -> None:
    """Every webhook of a story is believed and read, with the least fields that we ask for."""
    platform.register_webhooks(ADDRESS)
    order_id = store.place(7)
    store.shop.adjust_stock(store.item_id, store.location_id, 4)
    store.shop.set_policy(store.variant_id, "DENY")
    store.ship(order_id)
    store.cancel(store.place(1))
    store.shop.set_scopes({"read_orders"})
    reader = ShopifyWebhooks("sandbox-client-secret", None)

    read = {}
    for delivery in store.shop.webhooks.waiting():
        answer = reader.read_delivery(delivery.headers, delivery.body)
        read[answer.topic] = answer.problem or len(answer.facts)

    assert {"orders/create", "inventory_levels/update", "products/update", "app/scopes_update"} <= set(
        read
    )
    assert {topic: what for topic, what in read.items() if not isinstance(what, int)} == {}


class NotedBudget(Budget):
    """Notes what is reserved."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, DOMAIN, clock=lambda: 0.0)
        self.reserved: list[int] = []

    def reserve(self, cost: int) -> float:
        self.reserved.append(cost)
        return 0.0


@pytest.mark.parametrize("rule", ["documented", "observed"])
def test_no_request_costs_more_than_we_reserve(rule: str, redis: Redis) -> None:
    """Every operation, under both rules of what Shopify charges."""
    store, budget = Towels(Clock(), rule=rule), NotedBudget(redis)
    client = ShopifyClient(
        DOMAIN,
        store.shop.access_token,
        api_version="2026-10",
        base_url="https://{shop}",
        budget=budget,
        http=Http(transport=lambda: session_of(store)),
        sleep=store.clock.sleep,
    )
    exercise(ShopifyPlatform(client), store)

    asked = [record for record in store.shop.requests if record.operation]
    dearer = [
        (record.operation, record.requested_cost, cost)
        for record, cost in zip(asked, budget.reserved, strict=True)
        if record.requested_cost > cost
    ]
    assert dearer == []
    assert {record.status for record in asked} == {"ok"}


def exercise(platform: Platform, store: Towels) -> None:
    """Call every method once, also with an order too large for a page."""
    small = store.place(3)
    large = store.place_lines([(store.add(f"Item {n}").variant_id, 1) for n in range(30)])
    asks = [OrderAsk(small, 1, 1), OrderAsk(large)]
    platform.fetch_profile()
    platform.register_webhooks(ADDRESS)
    platform.fetch_variants([store.variant_id])
    platform.fetch_stock([store.item_id])
    platform.fetch_orders(asks, with_items=True)
    platform.fetch_orders(asks, with_items=False)
    platform.fetch_changed_orders(datetime(2020, 1, 1, tzinfo=UTC))
    platform.look(asks[:1], [store.item_id])
    platform.look(asks, [store.item_id])
    list(platform.write([OrderChange(small, ("a",), ("b",), "note", remove_metafields=("eta",))]))
    import_all(platform, store)
