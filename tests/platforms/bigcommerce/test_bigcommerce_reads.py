"""What is read from a store: orders, variants, stock."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
import responses
from redis import Redis

from app.errors import NeedsMerchant, TryLater
from app.platforms.base import (
    ImportPage,
    ItemStock,
    LineItem,
    LinePart,
    LocatedLine,
    OrderAsk,
    OrderGone,
    OrderSeen,
    Platform,
    Pool,
    VariantSeen,
)
from app.platforms.bigcommerce.answers import Line, OrderBody, moment, read
from app.platforms.bigcommerce.reads import OPEN_STATUSES
from app.platforms.http import Http
from app.platforms.registry import Credentials, Outside, connect
from app.settings import Settings
from tests.platforms.bigcommerce.towels import STORE, Clock, Towels, connected

SHARED = Path(__file__).parents[4] / "shared" / "payloads" / "bigcommerce" / "orders"
SHIPPED_OR_COMPLETED, GIVEN_UP, INCOMPLETE = (2, 10), (4, 5, 6), 0


def fetch(platform: Platform, order_id: int) -> OrderSeen:
    (order,) = platform.fetch_orders([OrderAsk(order_id)], with_items=True)
    assert isinstance(order, OrderSeen)
    return order


def located(order: OrderSeen) -> tuple[LocatedLine, ...]:
    """Its lines, whatever line items they are made of."""
    assert order.routing is not None
    return tuple(msgspec.structs.replace(line, parts=()) for line in order.routing.lines)


def asked(store: Towels) -> list[str]:
    return [one.operation for one in store.shop.requests]


def line_id(store: Towels, order_id: int) -> int:
    return store.shop.orders[order_id].lines[0].line_id


class TestOrders:
    def test_an_order_is_read_in_our_words(self, platform: Platform, store: Towels) -> None:
        order_id = store.place(7)
        line = store.shop.orders[order_id].lines[0]

        assert fetch(platform, order_id) == OrderSeen(
            order_id=order_id,
            name=f"#{order_id}",
            placed_at=datetime(2026, 11, 25, 9, 0, 1, tzinfo=UTC),
            updated_at=datetime(2026, 11, 25, 9, 0, 1, tzinfo=UTC),
            is_cancelled=False,
            items=(
                LineItem(
                    line.line_id,
                    store.variant_id,
                    7,
                    7,
                    "Towel",
                    "TOWEL",
                    backordered=2,
                    unit_price=100_000,
                ),
            ),
            routing=fetch(platform, order_id).routing,
            blocks="",
            marks=frozenset({"channel:1", "source:www"}),
        )
        assert located(fetch(platform, order_id)) == (
            LocatedLine(store.item_id, store.location_id, 7, backordered=2, lowers_stock=True),
        )

    def test_near_numbers_are_read_in_one_request_with_the_same_result(
        self, platform: Platform, store: Towels
    ) -> None:
        placed = [store.place(1) for _ in range(5)]
        single = [fetch(platform, one) for one in placed]
        store.shop.requests.clear()

        together = platform.fetch_orders([OrderAsk(one) for one in placed[::-1]], with_items=True)

        assert together == single[::-1]
        assert asked(store) == ["GET /v2/orders"]

    def test_far_numbers_are_read_by_themselves(self, platform: Platform, store: Towels) -> None:
        placed = [store.place(1) for _ in range(120)]
        fetch(platform, placed[0])
        store.shop.requests.clear()

        orders = platform.fetch_orders([OrderAsk(placed[0]), OrderAsk(placed[-1])], with_items=True)

        assert [order.order_id for order in orders] == [placed[0], placed[-1]]
        assert asked(store) == [f"GET /v2/orders/{placed[0]}", f"GET /v2/orders/{placed[-1]}"]

    def test_an_order_asked_for_twice_is_answered_twice(self, platform: Platform, store: Towels) -> None:
        order_id = store.place(1)

        first, second = platform.fetch_orders([OrderAsk(order_id)] * 2, with_items=True)

        assert first == second

    def test_archived_and_deleted_orders_are_gone_however_they_are_read(
        self, platform: Platform, store: Towels
    ) -> None:
        archived, deleted, there = (store.place(1) for _ in range(3))
        store.shop.archive_order(archived)
        store.shop.delete_order(deleted)

        several = platform.fetch_orders(
            [OrderAsk(archived), OrderAsk(deleted), OrderAsk(there)], with_items=True
        )
        single = platform.fetch_orders([OrderAsk(archived)], with_items=True)

        assert several[:2] == [OrderGone(archived), OrderGone(deleted)]
        assert several[2].order_id == there
        assert single == [OrderGone(archived)]

    def test_custom_products_are_left_out(self, platform: Platform, store: Towels) -> None:
        order_id = store.shop.place_order([("Embroidery", 2), (store.variant_id, 1)])

        order = fetch(platform, order_id)

        assert [one.variant_id for one in order.items or ()] == [store.variant_id]
        assert [one.item_id for one in located(order)] == [store.item_id]

    def test_a_pickup_waits_at_its_own_location(self, platform: Platform, store: Towels) -> None:
        shop_id = store.shop.add_location("Shop")
        order_id = store.shop.place_order([(store.variant_id, 1)], pickup_at=shop_id)

        assert [one.location_id for one in located(fetch(platform, order_id))] == [shop_id]

    def test_an_order_that_names_an_item_twice_is_added_up(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.shop.place_order([(store.variant_id, 4), (store.variant_id, 3)])

        order = fetch(platform, order_id)

        assert located(order) == (
            LocatedLine(store.item_id, store.location_id, 7, backordered=2, lowers_stock=True),
        )
        assert [one.ordered for one in order.items or ()] == [4, 3]
        assert order.routing is not None
        parts = [
            LinePart(item.line_id, *units)
            for item, units in zip(order.items or (), [(4, 0), (3, 2)], strict=True)
        ]
        assert [line.parts for line in order.routing.lines] == [tuple(parts)]

    def test_a_part_that_shipped_is_no_longer_outstanding(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.place(7)
        store.shop.fulfil(order_id, {line_id(store, order_id): 5})

        order = fetch(platform, order_id)

        assert [(one.ordered, one.outstanding, one.backordered) for one in order.items or ()] == [
            (7, 2, 2)
        ]
        assert located(order) == (
            LocatedLine(store.item_id, store.location_id, 2, backordered=2, lowers_stock=True),
        )

    def test_what_was_refunded_is_no_longer_part_of_it(self, platform: Platform, store: Towels) -> None:
        order_id = store.place(7)
        store.shop.refund(order_id, {line_id(store, order_id): 3})

        order = fetch(platform, order_id)

        assert [(one.ordered, one.outstanding) for one in order.items or ()] == [(4, 4)]
        assert not order.is_cancelled

    def test_an_incomplete_order_claims_nothing_until_it_is_paid(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.shop.place_order([(store.variant_id, 2)], is_incomplete=True)
        unpaid = fetch(platform, order_id)
        store.shop.pay_order(order_id)
        paid = fetch(platform, order_id)

        assert (unpaid.is_cancelled, located(unpaid)) == (False, ())
        assert [(one.ordered, one.outstanding) for one in unpaid.items or ()] == [(0, 0)]
        assert [(one.ordered, one.outstanding) for one in paid.items or ()] == [(2, 2)]
        assert [one.quantity for one in located(paid)] == [2]

    @pytest.mark.parametrize("status_id", range(15))
    def test_a_status_says_whether_anything_is_to_ship(
        self, platform: Platform, store: Towels, status_id: int
    ) -> None:
        order_id = store.place(2)
        # Set without what the store would do with it: whatever the lines say, the status decides.
        store.shop.orders[order_id].status_id = status_id

        order = fetch(platform, order_id)

        assert order.is_cancelled == (status_id in GIVEN_UP)
        if status_id in (*SHIPPED_OR_COMPLETED, INCOMPLETE):
            assert located(order) == ()
        elif status_id not in GIVEN_UP:
            assert [one.quantity for one in located(order)] == [2]

    def test_every_status_is_known(self) -> None:
        assert {*OPEN_STATUSES, *SHIPPED_OR_COMPLETED, *GIVEN_UP, INCOMPLETE} == set(range(15))

    def test_a_store_without_native_backorders_calls_nothing_short(
        self, platform: Platform, store: Towels
    ) -> None:
        store.shop.settings.has_native_backorders = False
        order_id = store.shop.place_order([(store.variant_id, 7)], channel="manual")

        assert [one.backordered for one in located(fetch(platform, order_id))] == [0]

    def test_a_store_without_a_location_is_the_merchants(
        self, platform: Platform, store: Towels
    ) -> None:
        order_id = store.place(1)
        store.shop.books.default_location = lambda: 0  # type: ignore[method-assign]

        with pytest.raises(NeedsMerchant, match="default location"):
            fetch(platform, order_id)


class TestChangedOrders:
    def changes(self, platform: Platform, since: datetime) -> list[list[int]]:
        pages = []
        for _ in range(10):
            changed = platform.fetch_changed_orders(since)
            pages.append([order.order_id for order in changed.orders])
            assert list(changed.updated_at) == pages[-1]
            since = changed.seen_until
            if changed.is_complete:
                return pages
        pytest.fail("it never ends")

    def test_more_than_a_page_is_read_on_from_where_it_ended(
        self, platform: Platform, store: Towels
    ) -> None:
        since = store.clock()
        placed = [store.place(1) for _ in range(260)]

        first, second = self.changes(platform, since)

        assert first == placed[:250]
        assert second == placed[249:]

    def test_a_bulk_edit_within_one_second_hides_nothing(
        self, platform: Platform, store: Towels
    ) -> None:
        placed = [store.shop.place_order([(store.variant_id, 1)]) for _ in range(510)]

        pages = self.changes(platform, store.clock())

        assert sorted({one for page in pages for one in page}) == placed

    def test_nothing_new_leaves_the_moment_as_it_is(self, platform: Platform, store: Towels) -> None:
        store.place(1)
        since = store.clock() + timedelta(seconds=1, microseconds=5)

        changed = platform.fetch_changed_orders(since)

        assert (changed.orders, changed.seen_until, changed.is_complete) == ((), since, True)

    def test_closed_orders_are_told_too(self, platform: Platform, store: Towels) -> None:
        since = store.clock()
        shipped, cancelled = store.place(1), store.place(1)
        store.ship(shipped)
        store.cancel(cancelled)

        changed = platform.fetch_changed_orders(since)

        assert {order.order_id for order in changed.orders} == {shipped, cancelled}


class TestImport:
    def pages(self, platform: Platform) -> Iterator[ImportPage]:
        page = platform.fetch_open_orders(None)
        yield page
        while page.cursor is not None:
            page = platform.fetch_open_orders(page.cursor)
            yield page

    def test_it_goes_through_all_pages_of_all_open_statuses(
        self, platform: Platform, store: Towels
    ) -> None:
        placed = [store.place(1) for _ in range(280)]
        for order_id, status_id in zip(placed, count(0), strict=False):
            if status_id < 15:
                store.shop.orders[order_id].status_id = status_id
        closed = {placed[status_id] for status_id in range(15) if status_id not in OPEN_STATUSES}

        pages = list(self.pages(platform))

        found = [order.order_id for page in pages for order in page.orders]
        assert sorted(found) == sorted(set(placed) - closed)
        assert {page.total for page in pages} == {len(found)}
        assert max(len(page.orders) for page in pages) == 250

    def test_an_empty_store_is_imported(self, platform: Platform) -> None:
        assert [order for page in self.pages(platform) for order in page.orders] == []


class TestStock:
    def stock(self, platform: Platform, item_id: int) -> ItemStock:
        (stock,) = platform.fetch_stock([item_id])
        return stock

    def test_more_than_a_thousand_items_are_read_in_two_requests(
        self, platform: Platform, store: Towels
    ) -> None:
        items = [store.add(f"Towel {n}", stock=n).variant_id for n in range(1010)]
        store.shop.requests.clear()

        stock = platform.fetch_stock(items)

        assert [one.pools[0].on_hand for one in stock] == list(range(1010))
        assert asked(store).count("GET /v3/inventory/items") == 2

    def test_orders_short_at_placement_lie_below_zero(self, platform: Platform, store: Towels) -> None:
        store.place(7)

        assert self.stock(platform, store.item_id) == ItemStock(
            store.item_id,
            is_tracked=True,
            pools=(Pool(store.location_id, "Depot", on_hand=0, available=-2, backordered=2),),
            sku="TOWEL",
        )

    def test_where_shipping_lowers_stock_open_orders_have_taken_nothing(
        self, platform: Platform, store: Towels
    ) -> None:
        store.shop.settings.update_stock_behavior = "order_completed_or_shipped"
        order_id = store.place(7)

        (pool,) = self.stock(platform, store.item_id).pools

        assert (pool.on_hand, pool.available, pool.backordered) == (5, 5, 0)
        assert located(fetch(platform, order_id)) == (
            LocatedLine(store.item_id, store.location_id, 7, lowers_stock=False),
        )

    def test_without_native_backorders_what_is_oversold_lies_below_zero(
        self, platform: Platform, store: Towels
    ) -> None:
        store.shop.settings.has_native_backorders = False
        store.shop.place_order([(store.variant_id, 7)], channel="manual")

        (pool,) = self.stock(platform, store.item_id).pools

        assert (pool.on_hand, pool.available, pool.backordered) == (-2, -2, 0)

    def test_safety_stock_serves_nobody(self, platform: Platform, store: Towels) -> None:
        robe = store.add("Robe", stock=5, safety_stock=2)

        (pool,) = self.stock(platform, robe.variant_id).pools

        assert (pool.on_hand, pool.available) == (5, 3)

    def test_a_location_that_is_closed_serves_nobody(self, platform: Platform, store: Towels) -> None:
        shop_id = store.shop.add_location("Shop")
        store.shop.set_stock(store.item_id, shop_id, 3)
        assert [one.on_hand for one in self.stock(platform, store.item_id).pools] == [5, 3]

        store.shop.disable_location(shop_id)

        assert [one.location_id for one in self.stock(platform, store.item_id).pools] == [
            store.location_id
        ]

    def test_figures_that_lag_are_told_as_they_are(self, platform: Platform, store: Towels) -> None:
        store.shop.books.projection.delay_s = 60
        store.place(7)
        before = self.stock(platform, store.item_id).pools[0].available
        store.clock.sleep(61)

        assert (before, self.stock(platform, store.item_id).pools[0].available) == (5, -2)

    @pytest.mark.parametrize("tracking", ["product", "variant"])
    def test_a_product_without_options_is_tracked_either_way(
        self, platform: Platform, store: Towels, tracking: str
    ) -> None:
        robe = store.add("Robe", stock=4, tracking=tracking)

        assert [one.on_hand for one in self.stock(platform, robe.variant_id).pools] == [4]
        assert platform.fetch_variants([robe.variant_id]) == [
            VariantSeen(
                robe.variant_id, robe.variant_id, "Robe", "ROBE", product_id=robe.product_id, codes=()
            )
        ]

    def test_a_look_reads_the_notes_last(self, platform: Platform, store: Towels) -> None:
        order_id = store.place(1)
        platform.look([OrderAsk(order_id)], [store.item_id])
        store.shop.requests.clear()

        (now,) = platform.look([OrderAsk(order_id)], [store.item_id]).orders

        assert (now.note, now.tags, now.status_id) == ("", (), 11)
        assert asked(store) == ["GET /v3/inventory/items", f"GET /v2/orders/{order_id}"]


class TestLongOrders:
    """BigCommerce does not say how many lines an order's consignments tell."""

    BASE = f"https://api.bigcommerce.com/stores/{STORE}"

    def line(self, number: int) -> dict[str, Any]:
        return {"id": number, "variant_id": 1000 + number, "quantity": 1, "name": f"Towel {number}"}

    @pytest.fixture
    def mocked(self) -> Iterator[responses.RequestsMock]:
        with responses.RequestsMock() as requests_mock:
            yield requests_mock

    @pytest.fixture
    def on_the_wire(self, settings: Settings, redis: Redis) -> Platform:
        return connect("bigcommerce", Credentials(1, STORE, "token"), settings, Outside(Http(), redis))

    @pytest.mark.parametrize("consignments", ["link", "cut"])
    def test_lines_that_are_not_told_are_read_page_by_page(
        self, mocked: responses.RequestsMock, on_the_wire: Platform, consignments: str
    ) -> None:
        pickup = {"location": {"id": 9}, "line_items": [self.line(300)]}
        cut = {"pickups": [pickup], "shipping": [{"line_items": [self.line(n) for n in range(1, 51)]}]}
        order = {
            "id": 7,
            "date_created": "Wed, 25 Nov 2026 09:00:00 +0000",
            "date_modified": "Wed, 25 Nov 2026 09:00:00 +0000",
            "status_id": 11,
            "items_total": 300,
            "consignments": cut if consignments == "cut" else {"url": "https://x", "resource": "/x"},
        }
        pages = [[self.line(n) for n in range(1, 251)], [self.line(n) for n in range(251, 301)]]
        mocked.get(f"{self.BASE}/v2/orders/7", json=order)
        mocked.get(f"{self.BASE}/v3/inventory/locations", json={"data": [{"id": 2}]})
        mocked.get(f"{self.BASE}/v3/settings/inventory", json={"data": {}})
        for number, page in enumerate(pages, start=1):
            matcher = responses.matchers.query_param_matcher({"page": number, "limit": 250})
            mocked.get(f"{self.BASE}/v2/orders/7/products", json=page, match=[matcher])

        seen = fetch(on_the_wire, 7)

        places = {one.item_id: one.location_id for one in located(seen)}
        assert sorted(places) == list(range(1001, 1301))
        assert places[1300] == (9 if consignments == "cut" else 2)
        assert {places[item] for item in range(1001, 1300)} == {2}
        assert len(seen.items or ()) == 300


@pytest.mark.parametrize("text", ["", "soon", "2026-11-25T09:00:00Z", "Wed, 99 Nov 2026 09:00:00 +0000"])
def test_a_time_that_is_none_is_tried_later(text: str) -> None:
    with pytest.raises(TryLater):
        moment(text)


def test_a_time_is_read_in_utc() -> None:
    assert moment("Wed, 25 Nov 2026 10:00:00 +0100") == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert moment("Wed, 25 Nov 2026 09:00:00 -0000") == datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.mark.skipif(not SHARED.exists(), reason="the documented orders are not beside this checkout")
def test_archived_orders_do_not_wait_whether_lists_tell_them_or_not(
    settings: Settings, redis: Redis
) -> None:
    store = Towels(Clock(), quota_requests=300, lists_archived=True)
    platform = connected(store, settings, redis)
    archived, began = store.place(2), store.clock()
    store.clock.sleep(5)
    store.shop.archive_order(archived)

    changed = platform.fetch_changed_orders(began)
    page = platform.fetch_open_orders(None)
    while page.cursor is not None and not page.orders:
        page = platform.fetch_open_orders(page.cursor)

    assert (changed.orders, page.orders) == ((), ())
    assert changed.seen_until > began
    assert platform.fetch_orders([OrderAsk(archived)], with_items=True) == [OrderGone(archived)]


def test_the_documented_order_and_products_are_read() -> None:
    order = read(json.loads((SHARED / "order_Resp.json").read_bytes()), OrderBody)
    lines: Mapping[int, Line] = {
        line.id: line
        for line in read(
            json.loads((SHARED / "orderProductsCollection_Resp.json").read_bytes()), list[Line]
        )
    }

    assert (order.id, order.items_total, order.is_whole) == (218, 4, False)
    assert lines[65].outstanding == 1
