"""Reads: nothing torn, nothing incomplete, and no request dearer than allowed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.errors import TryLater
from app.platforms.base import (
    ItemStock,
    LineItem,
    LocatedLine,
    OrderAsk,
    OrderGone,
    OrderSeen,
    Pool,
    Routing,
    VariantSeen,
)
from app.platforms.shopify import queries
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.platform import ShopifyPlatform
from tests.platforms.shopify.shapes import item, level, line, nodes, number_in, order, route
from tests.platforms.shopify.wire import Wire

MORNING = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.fixture
def platform(client: ShopifyClient) -> ShopifyPlatform:
    return ShopifyPlatform(client)


def asked_ids(variables: dict[str, Any]) -> list[int]:
    return [number_in(gid) for gid in variables["ids"]]


def read_one(platform: ShopifyPlatform, wire: Wire, node: dict[str, Any]) -> OrderSeen:
    wire.answers["Orders"] = lambda variables: {"nodes": [node]}
    (seen,) = platform.fetch_orders([OrderAsk(1)], with_items=True)
    assert isinstance(seen, OrderSeen)
    return seen


class TestVariants:
    def test_a_variant_tells_its_item(self, platform: ShopifyPlatform, wire: Wire) -> None:
        node = {
            "id": "gid://shopify/ProductVariant/1",
            "title": "Blue",
            "product": {"title": "Mug"},
            "inventoryItem": {"id": "gid://shopify/InventoryItem/9", "sku": None, "tracked": False},
        }
        wire.answers["Variants"] = lambda variables: {"nodes": [node, None]}

        assert platform.fetch_variants([1, 2]) == [
            VariantSeen(1, 9, "Mug - Blue", "", is_tracked=False, codes=()),
            VariantSeen(2, None, "", "", is_tracked=False),
        ]

    def test_250_variants_are_asked_for_at_once(self, platform: ShopifyPlatform, wire: Wire) -> None:
        wire.answers["Variants"] = lambda variables: {"nodes": [None for _ in variables["ids"]]}

        platform.fetch_variants(range(1, 302))

        assert [len(asked.variables["ids"]) for asked in wire.asked] == [250, 51]

    def test_nothing_is_asked_for_nothing(self, platform: ShopifyPlatform, wire: Wire) -> None:
        assert platform.fetch_variants([]) == []
        assert platform.fetch_stock([]) == []
        assert platform.fetch_orders([], with_items=True) == []
        assert wire.asked == []


class TestSellingPlans:
    def test_a_plan_tells_when_it_reserves_and_a_deleted_one_nothing(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        reserves = {1: {"reserve": "ON_FULFILLMENT"}, 2: {"reserve": "ON_SALE"}, 3: None}
        nodes = [
            {"id": f"gid://shopify/SellingPlan/{number}", "inventoryPolicy": policy}
            for number, policy in reserves.items()
        ]
        wire.answers["SellingPlans"] = lambda variables: {"nodes": [*nodes, None]}

        assert platform.fetch_selling_plans([1, 2, 3, 4]) == {1: True, 2: False, 3: False}


class TestStock:
    def test_a_pool_is_read_in_one_snapshot(self, platform: ShopifyPlatform, wire: Wire) -> None:
        found = item(1, level(7, available=-2, committed=5, reserved=1))
        wire.answers["Stock"] = lambda variables: {"nodes": [found]}

        (stock,) = platform.fetch_stock([1])

        pool = Pool(7, "Depot 7", on_hand=4, available=-2, committed=5)
        assert stock == ItemStock(1, is_tracked=True, pools=(pool,), sku="SKU-1")

    def test_a_torn_item_alone_is_read_again(self, platform: ShopifyPlatform, wire: Wire) -> None:
        torn = iter([True])

        def answer(variables: dict[str, Any]) -> Any:
            whole = {1: item(1, level(available=1)), 2: item(2, level(available=2))}
            if next(torn, False):
                whole[2] = item(2, level(available=2, on_hand=3))
            return {"nodes": [whole[number] for number in asked_ids(variables)]}

        wire.answers["Stock"] = answer

        stock = platform.fetch_stock([1, 2])

        assert [one.pools[0].available for one in stock] == [1, 2]
        assert [asked_ids(asked.variables) for asked in wire.asked] == [[1, 2], [2]]

    def test_an_item_torn_each_time_is_tried_later(self, platform: ShopifyPlatform, wire: Wire) -> None:
        wire.answers["Stock"] = lambda variables: {"nodes": [item(1, level(available=2, on_hand=3))]}

        with pytest.raises(TryLater) as later:
            platform.fetch_stock([1])

        assert later.value.after_s == 2
        assert len(wire.asked) == 4

    def test_a_deleted_item_is_untracked(self, platform: ShopifyPlatform, wire: Wire) -> None:
        wire.answers["Stock"] = lambda variables: {"nodes": [None]}

        assert platform.fetch_stock([1]) == [ItemStock(1, is_tracked=False, pools=())]

    def test_an_untracked_item_has_no_pools(self, platform: ShopifyPlatform, wire: Wire) -> None:
        wire.answers["Stock"] = lambda variables: {"nodes": [item(1, level(), tracked=False)]}

        assert platform.fetch_stock([1]) == [ItemStock(1, is_tracked=False, pools=(), sku="SKU-1")]

    def test_a_closed_location_serves_nobody(self, platform: ShopifyPlatform, wire: Wire) -> None:
        found = item(1, level(7, available=1), level(8, available=9, is_active=False))
        wire.answers["Stock"] = lambda variables: {"nodes": [found]}

        (stock,) = platform.fetch_stock([1])

        assert [pool.location_id for pool in stock.pools] == [7]

    def test_an_item_at_many_locations_is_read_to_the_last(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        levels = [level(number, available=number) for number in range(1, 301)]

        def whole(variables: dict[str, Any]) -> Any:
            start = int(variables["after"] or 0)
            end = start + 250
            found = item(1) | {
                "inventoryLevels": nodes(*levels[start:end], more="250" if end < 300 else None)
            }
            return {"inventoryItem": found}

        wire.answers["Stock"] = lambda variables: {"nodes": [item(1, *levels[: variables["levels"]])]}
        wire.answers["WholeStock"] = whole

        (stock,) = platform.fetch_stock([1])

        assert [pool.location_id for pool in stock.pools] == list(range(1, 301))
        assert wire.names() == ["Stock", "Stock", "Stock", "WholeStock", "WholeStock"]

    def test_items_are_asked_for_within_the_points_of_a_request(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        wire.answers["Stock"] = lambda variables: {"nodes": [None for _ in variables["ids"]]}

        stock = platform.fetch_stock(list(range(1, 101)))

        assert [one.item_id for one in stock] == list(range(1, 101))
        for asked in wire.asked:
            assert len(asked.variables["ids"]) * queries.stock_cost(asked.variables["levels"]) <= 900


class TestOrders:
    def test_an_order_is_read_with_items_and_routing(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        custom = line(2, variant=None)
        node = order(lineItems=nodes(line(1), custom), fulfillmentOrders=nodes(route(5, {9: 2})))

        assert read_one(platform, wire, node) == OrderSeen(
            order_id=1,
            name="#1",
            placed_at=MORNING - timedelta(hours=1),
            updated_at=MORNING,
            is_cancelled=False,
            items=(LineItem(1, 1, ordered=3, outstanding=2, title="Mug - Blue", sku="MUG"),),
            routing=Routing((LocatedLine(9, 7, 2),), route_ids=(5,)),
            blocks="",
        )

    def test_open_parts_are_summed_by_item_and_location(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        routes = [
            route(1, {9: 2}),
            route(2, {9: 1, 8: 0}, status="ON_HOLD"),
            route(3, {9: 4}, status="IN_PROGRESS", location=6),
            route(4, {9: 8}, status="SCHEDULED"),
            route(5, {9: 16}, status="INCOMPLETE"),
            route(6, {9: 32}, status="WHATEVER_COMES_NEXT"),
        ]
        seen = read_one(platform, wire, order(lineItems=nodes(), fulfillmentOrders=nodes(*routes)))

        assert seen.routing == Routing(
            (LocatedLine(9, 6, 4), LocatedLine(9, 7, 59, waiting=9)), (1, 2, 3, 4, 5, 6)
        )

    @pytest.mark.parametrize("status", ["CLOSED", "CANCELLED"])
    def test_a_finished_part_ships_nothing_but_shows_that_the_order_was_routed(
        self, platform: ShopifyPlatform, wire: Wire, status: str
    ) -> None:
        routes = nodes(route(1, {9: 2}, status=status))
        seen = read_one(platform, wire, order(lineItems=nodes(), fulfillmentOrders=routes))

        assert seen.routing == Routing(lines=(), route_ids=(1,))

    def test_an_order_not_yet_routed_has_no_routes(self, platform: ShopifyPlatform, wire: Wire) -> None:
        seen = read_one(platform, wire, order(lineItems=nodes(), fulfillmentOrders=nodes()))

        assert seen.routing == Routing()

    def test_a_part_without_location_or_item_ships_nothing(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        itemless = route(2, {9: 1})
        itemless["lineItems"]["nodes"][0]["inventoryItemId"] = None
        routes = nodes(route(1, {9: 2}, location=None), itemless)
        seen = read_one(platform, wire, order(lineItems=nodes(), fulfillmentOrders=routes))

        assert seen.routing == Routing(lines=(), route_ids=(1, 2))

    def test_a_deleted_order_is_gone(self, platform: ShopifyPlatform, wire: Wire) -> None:
        wire.answers["Routings"] = lambda variables: {"nodes": [None]}

        assert platform.fetch_orders([OrderAsk(1)], with_items=False) == [OrderGone(1)]

    def test_without_items_none_are_asked_for(self, platform: ShopifyPlatform, wire: Wire) -> None:
        wire.answers["Routings"] = lambda variables: {"nodes": [order(fulfillmentOrders=nodes())]}

        (seen,) = platform.fetch_orders([OrderAsk(1)], with_items=False)

        assert isinstance(seen, OrderSeen)
        assert seen.items is None
        assert "title" not in wire.asked[0].document

    def test_small_orders_share_a_request_and_answers_keep_the_order_of_the_asks(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        wire.answers["Orders"] = lambda variables: {
            "nodes": [
                order(number, lineItems=nodes(), fulfillmentOrders=nodes())
                for number in asked_ids(variables)
            ]
        }
        asks = [
            OrderAsk(number, item_count=2 if number % 2 else 20, route_count=1)
            for number in range(1, 61)
        ]

        seen = platform.fetch_orders(asks, with_items=True)

        assert [one.order_id for one in seen] == list(range(1, 61))
        for asked in wire.asked:
            size = queries.OrderSize(asked.variables["items"], asked.variables["routes"])
            assert len(asked.variables["ids"]) * queries.order_cost(size) <= 900
        assert len(wire.asked) == 1 + 10

    @pytest.mark.parametrize("count", [2, 3, 4, 5, 9, 10, 24, 25, 199, 200, 450])
    def test_an_order_is_complete_however_wrong_the_guess(
        self, platform: ShopifyPlatform, wire: Wire, count: int
    ) -> None:
        shop = LargeOrder(items=count, routes=1)
        shop.answer_on(wire)

        (seen,) = platform.fetch_orders([OrderAsk(1, item_count=1, route_count=1)], with_items=True)

        assert isinstance(seen, OrderSeen)
        assert seen.items is not None
        assert seen.routing is not None
        assert [one.line_id for one in seen.items] == list(range(1, count + 1))
        assert [one.item_id for one in seen.routing.lines] == list(range(1, count + 1))

    @pytest.mark.parametrize("count", [1, 2, 7, 8, 50, 120])
    def test_an_order_in_many_parts_is_complete(
        self, platform: ShopifyPlatform, wire: Wire, count: int
    ) -> None:
        shop = LargeOrder(items=1, routes=count)
        shop.answer_on(wire)

        (seen,) = platform.fetch_orders([OrderAsk(1, item_count=1, route_count=1)], with_items=True)

        assert isinstance(seen, OrderSeen)
        assert seen.routing == Routing((LocatedLine(1, 7, count),), tuple(range(1, count + 1)))
        assert len(seen.items or ()) == 1

    def test_an_order_that_changes_between_its_pages_is_tried_later(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        shop = LargeOrder(items=300, routes=1)
        shop.answer_on(wire)
        wire.answers["UpdatedAt"] = lambda variables: {"order": {"updatedAt": "2026-11-20T10:00:01Z"}}

        with pytest.raises(TryLater):
            platform.fetch_orders([OrderAsk(1)], with_items=True)


class LargeOrder:
    """A shop with one order, that cuts lists where they are asked to be cut."""

    def __init__(self, *, items: int, routes: int) -> None:
        self.lines = [line(number) for number in range(1, items + 1)]
        parts = dict.fromkeys(range(1, items + 1), 1)
        self.routes = [route(number, parts) for number in range(1, routes + 1)]

    def answer_on(self, wire: Wire) -> None:
        wire.answers |= {
            "Orders": lambda variables: {"nodes": [self.cut(variables)]},
            "WholeOrder": self.whole,
            "RouteLines": self.route_lines,
            "UpdatedAt": lambda variables: {"order": {"updatedAt": order()["updatedAt"]}},
        }

    def cut(self, variables: dict[str, Any]) -> dict[str, Any]:
        items, routes = variables["items"], variables["routes"]
        cut = [one | {"lineItems": {"nodes": one["lineItems"]["nodes"][:items]}} for one in self.routes]
        return order(lineItems={"nodes": self.lines[:items]}, fulfillmentOrders={"nodes": cut[:routes]})

    def whole(self, variables: dict[str, Any]) -> dict[str, Any]:
        bare = [{key: value for key, value in one.items() if key != "lineItems"} for one in self.routes]
        lines = page(self.lines, after=variables["itemsAfter"], first=200)
        return {
            "order": order(
                lineItems=lines, fulfillmentOrders=page(bare, after=variables["routesAfter"], first=50)
            )
        }

    def route_lines(self, variables: dict[str, Any]) -> dict[str, Any]:
        found = next(one for one in self.routes if one["id"] == variables["id"])
        return {
            "fulfillmentOrder": {
                "lineItems": page(found["lineItems"]["nodes"], after=variables["after"], first=250)
            }
        }


def page(found: list[Any], *, after: str | None, first: int) -> dict[str, Any]:
    """As Shopify pages: an empty page has no cursor."""
    start = int(after or 0)
    end = min(start + first, len(found))
    info = {"hasNextPage": end < len(found), "endCursor": str(end) if start < end else None}
    return {"nodes": found[start:end], "pageInfo": info}


def stamp(number: int, second: int = 0) -> dict[str, Any]:
    """An order of three units of which little more than the last change is told."""
    return {
        "id": f"gid://shopify/Order/{number}",
        "updatedAt": f"2026-11-20T10:00:0{second}Z",
        "cancelledAt": None,
        "edited": False,
        "displayFulfillmentStatus": "UNFULFILLED",
        "currentSubtotalLineItemsQuantity": 3,
        "note": "Call first",
        "tags": ["vip"],
    }


class TestChangedOrders:
    def test_one_page_says_where_to_ask_from_next(self, platform: ShopifyPlatform, wire: Wire) -> None:
        wire.answers["ChangedOrders"] = lambda variables: {
            "orders": nodes(stamp(1, 1), stamp(2, 2), more="c")
        }

        changed = platform.fetch_changed_orders(MORNING)

        assert list(changed.updated_at) == [1, 2]
        assert changed.seen_until == MORNING + timedelta(seconds=2)
        assert not changed.is_complete

    def test_it_says_which_orders_were_neither_shipped_nor_cancelled_nor_edited(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        touches = (
            {"cancelledAt": "2026-11-20T10:00:00Z"},
            {"edited": True},
            {"displayFulfillmentStatus": "PARTIALLY_FULFILLED"},
            {"displayFulfillmentStatus": "ON_HOLD"},
        )
        touched = [stamp(number, 1) | one for number, one in enumerate(touches, start=2)]
        wire.answers["ChangedOrders"] = lambda variables: {"orders": nodes(stamp(1), *touched)}

        changed = platform.fetch_changed_orders(MORNING)

        assert (changed.untouched, len(changed.updated_at)) == ({1: 3}, 5)

    def test_the_moment_is_asked_for_in_utc_and_quoted(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        wire.answers["ChangedOrders"] = lambda variables: {"orders": nodes()}
        since = datetime.fromisoformat("2026-11-20T12:30:00.5+02:30")

        changed = platform.fetch_changed_orders(since)

        assert wire.asked[0].variables["query"] == "updated_at:>='2026-11-20T10:00:00Z'"
        assert (changed.updated_at, changed.seen_until, changed.is_complete) == ({}, since, True)

    def test_a_second_with_more_changes_than_a_page_is_read_on(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        """Else the next call would ask for the same page for ever."""
        pages = {
            None: nodes(stamp(1), more="a"),
            "a": nodes(stamp(2), more="b"),
            "b": nodes(stamp(3, 1), more="c"),
        }
        wire.answers["ChangedOrders"] = lambda variables: {"orders": pages[variables["after"]]}

        changed = platform.fetch_changed_orders(MORNING)

        assert list(changed.updated_at) == [1, 2, 3]
        assert changed.seen_until == MORNING + timedelta(seconds=1)
        assert not changed.is_complete


class TestLook:
    def test_orders_and_stock_come_in_one_request(self, platform: ShopifyPlatform, wire: Wire) -> None:
        shown = order(1, note="Call first", tags=["vip"], fulfillmentOrders=nodes(route(5, {9: 2})))
        wire.answers["Look"] = lambda variables: {
            "orders": [shown, None],
            "stock": [item(9, level(available=1))],
        }

        look = platform.look([OrderAsk(1, 1, 1), OrderAsk(2, 1, 1)], [9])

        (now,) = look.orders
        assert (now.note, now.tags) == ("Call first", ("vip",))
        assert now.order.routing == Routing((LocatedLine(9, 7, 2),), (5,))
        assert look.stock[0].pools[0].available == 1
        assert len(wire.asked) == 1

    def test_a_torn_look_is_taken_again_as_a_whole(self, platform: ShopifyPlatform, wire: Wire) -> None:
        levels = iter([level(available=1, on_hand=2), level(available=2)])
        shown = order(1, note=None, tags=[], fulfillmentOrders=nodes())
        wire.answers["Look"] = lambda variables: {"orders": [shown], "stock": [item(9, next(levels))]}

        look = platform.look([OrderAsk(1, 1, 1)], [9])

        assert look.stock[0].pools[0].available == 2
        assert look.orders[0].note == ""
        assert wire.names() == ["Look", "Look"]

    def test_a_look_torn_each_time_is_tried_later(self, platform: ShopifyPlatform, wire: Wire) -> None:
        torn = item(9, level(available=1, on_hand=2))
        wire.answers["Look"] = lambda variables: {"orders": [], "stock": [torn]}

        with pytest.raises(TryLater):
            platform.look([], [9])

    def test_what_does_not_fit_into_one_request_is_asked_for_in_several_the_stock_last(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        wire.answers["Shown"] = lambda variables: {
            "nodes": [
                order(n, note="", tags=[], fulfillmentOrders=nodes()) for n in asked_ids(variables)
            ]
        }
        wire.answers["Stock"] = lambda variables: {
            "nodes": [item(n, level()) for n in asked_ids(variables)]
        }

        look = platform.look([OrderAsk(n, 1, 1) for n in range(1, 91)], list(range(1, 41)))

        assert len(look.orders) == 90
        assert len(look.stock) == 40
        assert wire.names() == ["Shown", "Shown", "Stock", "Stock"]

    def test_a_list_that_may_go_on_is_read_to_its_end(
        self, platform: ShopifyPlatform, wire: Wire
    ) -> None:
        shown = order(
            1, note="", tags=[], fulfillmentOrders=nodes(*(route(n, {9: 1}) for n in range(1, 4)))
        )

        def cut(variables: dict[str, Any]) -> Any:
            return shown | {
                "fulfillmentOrders": {
                    "nodes": shown["fulfillmentOrders"]["nodes"][: variables["routes"]]
                }
            }

        wire.answers["Look"] = lambda variables: {
            "orders": [cut(variables)],
            "stock": [item(9, level())],
        }
        wire.answers["Shown"] = lambda variables: {"nodes": [cut(variables)]}
        wire.answers["Stock"] = lambda variables: {"nodes": [item(9, level())]}

        look = platform.look([OrderAsk(1, 1, 1)], [9])

        assert look.orders[0].order.routing == Routing((LocatedLine(9, 7, 3),), (1, 2, 3))
