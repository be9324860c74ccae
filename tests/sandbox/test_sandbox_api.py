"""The GraphQL endpoint: what it answers, and what it refuses as Shopify would."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from app.sandbox.shopify.answers import ANSWERS
from app.sandbox.shopify.api import executable_schema
from app.sandbox.shopify.mutations import MUTATIONS
from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.queries import QUERY_ROOT
from app.sandbox.shopify.shop import ALL_SCOPES, SandboxShop

Ask = Callable[..., dict[str, Any]]
Post = Callable[..., requests.Response]
Route = Callable[[int], list[int]]


def _names(answer: dict[str, Any]) -> list[str]:
    return [one["name"] for one in answer["data"]["orders"]["nodes"]]


def test_every_field_of_the_schema_has_an_answer() -> None:
    schema = executable_schema()
    answered = {**ANSWERS, "QueryRoot": QUERY_ROOT, "Mutation": MUTATIONS}

    missing = [
        f"{name}.{field}"
        for name, answers in answered.items()
        for field in schema.type_map[name].fields  # type: ignore[attr-defined]
        if field not in answers
    ]

    assert missing == []


def test_an_unknown_field_is_refused_before_anything_runs(ask: Ask) -> None:
    answer = ask("{ orders(first: 1) { nodes { id backorderedAt } } }")

    assert "data" not in answer
    assert answer["errors"][0]["message"] == "Field 'backorderedAt' doesn't exist on type 'Order'"
    assert answer["errors"][0]["extensions"]["code"] == "undefinedField"


def test_nodes_keep_the_order_asked_for_and_are_null_where_gone(
    shop: SandboxShop, main: int, ask: Ask
) -> None:
    mug = shop.add_product("Mug", sku="MUG", stock={main: 3})
    order_id = shop.place_order([(mug.variant_id, 1)])
    ids = [gid("Order", 1), gid("InventoryItem", mug.item_id), gid("Order", order_id)]

    answer = ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)

    assert answer["data"]["nodes"] == [
        None,
        {"__typename": "InventoryItem", "id": ids[1]},
        {"__typename": "Order", "id": ids[2]},
    ]


def test_a_stock_query_shows_the_pools(shop: SandboxShop, main: int, back: int, ask: Ask) -> None:
    mug = shop.add_product("Mug", sku="MUG", stock={main: 1, back: 0})
    shop.place_order([(mug.variant_id, 3)])

    answer = ask(
        """query($id: ID!) { inventoryItem(id: $id) { tracked sku inventoryLevels(first: 10) { nodes {
             id location { id }
             quantities(names: ["available", "committed", "on_hand"]) { name quantity } } } } }""",
        id=gid("InventoryItem", mug.item_id),
    )

    levels = answer["data"]["inventoryItem"]["inventoryLevels"]["nodes"]
    shown = {one["location"]["id"]: [q["quantity"] for q in one["quantities"]] for one in levels}
    assert shown == {gid("Location", main): [-2, 3, 1], gid("Location", back): [0, 0, 0]}
    assert all(one["id"].endswith(f"?inventory_item_id={mug.item_id}") for one in levels)


def test_an_order_shows_lines_and_where_they_ship_from(
    shop: SandboxShop, main: int, ask: Ask, route: Route
) -> None:
    mug = shop.add_product("Mug", sku="MUG", stock={main: 1})
    order_id = shop.place_order([(mug.variant_id, 3), ("Gift wrap", 1)], note="ring twice")
    route(order_id)
    shop.refund(order_id, {shop.orders[order_id].lines[0].line_id: 1})

    answer = ask(
        """query($id: ID!) { order(id: $id) { name note displayFulfillmentStatus
             lineItems(first: 5) { nodes {
               title quantity currentQuantity unfulfilledQuantity variant { id } } }
             fulfillmentOrders(first: 5) { nodes { status orderId supportedActions { action }
               assignedLocation { name location { id } } lineItems(first: 5) {
                 nodes { inventoryItemId remainingQuantity totalQuantity } } } } } }""",
        id=gid("Order", order_id),
    )

    order = answer["data"]["order"]
    variant = {"id": gid("ProductVariant", mug.variant_id)}
    assert (order["name"], order["note"], order["displayFulfillmentStatus"]) == (
        "#1001",
        "ring twice",
        "UNFULFILLED",
    )
    assert [tuple(line.values()) for line in order["lineItems"]["nodes"]] == [
        ("Mug", 3, 2, 2, variant),
        ("Gift wrap", 1, 1, 1, None),
    ]
    (part,) = order["fulfillmentOrders"]["nodes"]
    assert part["assignedLocation"] == {"name": "Main", "location": {"id": gid("Location", main)}}
    assert {"action": "HOLD"} in part["supportedActions"]
    assert [tuple(line.values()) for line in part["lineItems"]["nodes"]] == [
        (gid("InventoryItem", mug.item_id), 2, 2),
        (None, 1, 1),
    ]


def test_pages_follow_each_other_and_survive_new_orders(shop: SandboxShop, main: int, ask: Ask) -> None:
    mug = shop.add_product("Mug", stock={main: 1})
    for _ in range(5):
        shop.place_order([(mug.variant_id, 1)])
    query = """query($after: String) { orders(first: 2, after: $after, sortKey: ID) {
        nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""

    first = ask(query)
    after_first = first["data"]["orders"]["pageInfo"]["endCursor"]
    shop.delete_order(next(iter(shop.orders)))
    second = ask(query, after=after_first)
    third = ask(query, after=second["data"]["orders"]["pageInfo"]["endCursor"])

    assert [_names(first), _names(second), _names(third)] == [
        ["#1001", "#1002"],
        ["#1003", "#1004"],
        ["#1005"],
    ]
    assert second["data"]["orders"]["pageInfo"]["hasPreviousPage"]
    assert not third["data"]["orders"]["pageInfo"]["hasNextPage"]


def test_last_reads_from_the_end_and_reverse_turns_the_list(
    shop: SandboxShop, main: int, ask: Ask
) -> None:
    mug = shop.add_product("Mug", stock={main: 1})
    for _ in range(3):
        shop.place_order([(mug.variant_id, 1)])

    last = ask("{ orders(last: 2) { nodes { name } } }")
    reverse = ask("{ orders(first: 2, reverse: true) { nodes { name } } }")

    assert _names(last) == ["#1002", "#1003"]
    assert _names(reverse) == ["#1003", "#1002"]


@pytest.mark.parametrize("size", ["first: 251", "first: -1", "first: 1, last: 1", ""])
def test_a_page_has_one_size_of_at_most_250(ask: Ask, size: str) -> None:
    arguments = f"({size})" if size else ""

    answer = ask(f"{{ locations{arguments} {{ edges {{ cursor }} }} }}")

    assert answer["errors"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status:open", ["#1002", "#1003"]),
        ("status:cancelled", ["#1001"]),
        ("NOT status:open", ["#1001"]),
        ("name:#1003", ["#1003"]),
        ("tag:Gift AND status:open", ["#1002"]),
        ("name:1001 OR name:'#1003'", ["#1001", "#1003"]),
        ("(name:1001 OR name:1002) AND status:open", ["#1002"]),
        ("updated_at:>='2026-11-25T10:00:20Z'", ["#1001", "#1003"]),
        ("created_at:<'2026-11-25T10:00:10+00:00'", ["#1001"]),
        ("fulfillment_status:unfulfilled", ["#1001", "#1002", "#1003"]),
    ],
)
def test_orders_can_be_searched(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    shop: SandboxShop, main: int, ask: Ask, clock, query: str, found: list[str]
) -> None:
    mug = shop.add_product("Mug", stock={main: 1})
    first = shop.place_order([(mug.variant_id, 1)])
    clock.advance(10)
    shop.place_order([(mug.variant_id, 1)], tags=["gift"])
    clock.advance(10)
    shop.place_order([(mug.variant_id, 1)])
    shop.cancel_order(first)

    answer = ask(
        "query($q: String) { orders(first: 9, query: $q, sortKey: ID) { nodes { name } } }", q=query
    )

    assert _names(answer) == found


def test_an_archived_order_is_no_longer_open(shop: SandboxShop, ask: Ask) -> None:
    order_id = shop.place_order([("Gift wrap", 1)])

    shop.close_order(order_id)

    assert _names(ask('{ orders(first: 5, query: "status:open") { nodes { name } } }')) == []
    assert _names(ask('{ orders(first: 5, query: "status:closed") { nodes { name } } }')) == ["#1001"]


def test_an_unquoted_timestamp_is_cut_and_read_in_shop_time(
    clock, ask: Ask, shop: SandboxShop, main: int
) -> None:  # type: ignore[no-untyped-def]
    shop.time_zone = "America/New_York"
    mug = shop.add_product("Mug", stock={main: 1})
    shop.place_order([(mug.variant_id, 1)])

    quoted = ask(
        """{ orders(first: 1, query: "updated_at:>='2026-11-25T09:59:00Z'") { nodes { name } } }"""
    )
    unquoted = ask('{ orders(first: 1, query: "updated_at:>=2026-11-25T09:59:00Z") { nodes { name } } }')

    assert (_names(quoted), _names(unquoted)) == (["#1001"], [])


@pytest.mark.parametrize(
    "query", ["colour:red", "teapot", "(status:open", "status:open AND", "updated_at:>'soon'"]
)
def test_a_search_it_does_not_understand_is_an_error(ask: Ask, query: str) -> None:
    answer = ask("query($q: String) { orders(first: 9, query: $q) { nodes { name } } }", q=query)

    assert answer["errors"]


def test_a_missing_scope_denies_access(shop: SandboxShop, ask: Ask) -> None:
    shop.scopes = {"read_products"}

    answer = ask("{ orders(first: 1) { nodes { id } } }")

    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "`read_orders`" in answer["errors"][0]["message"]


def test_a_write_scope_includes_reading(shop: SandboxShop, ask: Ask) -> None:
    shop.scopes = {"write_orders"}

    answer = ask("{ orders(first: 1) { nodes { id } } }")

    assert answer["data"] == {"orders": {"nodes": []}}


def test_tagging_needs_the_write_scope(shop: SandboxShop, main: int, ask: Ask) -> None:
    shop.scopes = set(ALL_SCOPES) - {"write_orders"}
    order_id = shop.place_order([("Gift wrap", 1)])

    answer = ask(
        'mutation($id: ID!) { tagsAdd(id: $id, tags: ["x"]) { userErrors { message } } }',
        id=gid("Order", order_id),
    )

    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert shop.orders[order_id].tags == []


def test_without_the_shippers_scope_fulfillment_orders_are_left_out_silently(
    shop: SandboxShop, ask: Ask, route: Route
) -> None:
    order_id = shop.place_order([("Gift wrap", 1)])
    route(order_id)
    shop.scopes = {"read_orders", "read_third_party_fulfillment_orders"}

    answer = ask(
        "query($id: ID!) { order(id: $id) { fulfillmentOrders(first: 5) { nodes { id } } } }",
        id=gid("Order", order_id),
    )

    assert answer["data"]["order"]["fulfillmentOrders"]["nodes"] == []


def test_the_app_can_read_its_scopes_and_the_shop(shop: SandboxShop, ask: Ask) -> None:
    answer = ask(
        """{ currentAppInstallation { accessScopes { handle } }
             shop { name myshopifyDomain ianaTimezone currencyCode primaryDomain { host }
               plan { shopifyPlus } }
             shopLocales { locale primary } }"""
    )

    assert {one["handle"] for one in answer["data"]["currentAppInstallation"]["accessScopes"]} == set(
        ALL_SCOPES
    )
    assert answer["data"]["shop"]["myshopifyDomain"] == shop.domain
    assert answer["data"]["shopLocales"] == [{"locale": "en", "primary": True}]


def test_inbound_shipments_say_when_goods_arrive(shop: SandboxShop, main: int, ask: Ask, clock) -> None:  # type: ignore[no-untyped-def]
    mug = shop.add_product("Mug", stock={main: 0})
    shop.expect_shipment(main, {mug.item_id: 6}, arrives_at=clock.now)

    answer = ask(
        """{ inventoryShipments(first: 5) { nodes { status tracking { arrivesAt }
             lineItems(first: 5) { nodes { inventoryItem { id } quantity unreceivedQuantity } } } } }"""
    )

    (shipment,) = answer["data"]["inventoryShipments"]["nodes"]
    assert shipment["tracking"]["arrivesAt"] == "2026-11-25T10:00:00Z"
    assert shipment["lineItems"]["nodes"][0] == {
        "inventoryItem": {"id": gid("InventoryItem", mug.item_id)},
        "quantity": 6,
        "unreceivedQuantity": 6,
    }


def test_the_answer_names_the_api_version_served(post: Post) -> None:
    assert post("{ shop { name } }").headers["X-Shopify-API-Version"] == "2026-10"


@pytest.mark.parametrize(
    ("asked", "status", "served"), [("2025-01", 200, "2026-01"), ("2027-01", 404, None)]
)
def test_an_old_version_falls_forward_and_a_future_one_is_unknown(
    session: requests.Session, shop: SandboxShop, asked: str, status: int, served: str | None
) -> None:
    address = f"https://{shop.domain}/admin/api/{asked}/graphql.json"

    answer = session.post(address, json={"query": "{ shop { name } }"}, timeout=5)

    assert (answer.status_code, answer.headers.get("X-Shopify-API-Version")) == (status, served)


def test_orders_older_than_60_days_take_a_scope_of_their_own(shop: SandboxShop, ask: Ask, clock) -> None:  # type: ignore[no-untyped-def]
    number = gid("Order", shop.place_order([("Gift wrap", 1)]))
    query = "query($id: ID!) { order(id: $id) { name } orders(first: 5) { nodes { name } } }"
    clock.advance(61 * 24 * 3600)

    hidden = ask(query, id=number)
    shop.scopes = {*ALL_SCOPES, "read_all_orders"}
    shown = ask(query, id=number)

    assert hidden["data"] == {"order": None, "orders": {"nodes": []}}
    assert shown["data"] == {"order": {"name": "#1001"}, "orders": {"nodes": [{"name": "#1001"}]}}


def test_a_wrong_token_is_401(session: requests.Session, post: Post) -> None:
    session.headers["X-Shopify-Access-Token"] = "stolen"

    assert post("{ shop { name } }").status_code == 401


def test_every_request_is_numbered_and_noted(shop: SandboxShop, ask: Ask) -> None:
    ask("query Who { shop { name } }")
    ask("{ nonsense }")

    assert [(one.number, one.operation, one.status) for one in shop.requests] == [
        (1, "Who", "ok"),
        (2, "", "invalid"),
    ]


def test_events_can_be_slipped_in_before_a_request(shop: SandboxShop, ask: Ask) -> None:
    shop.before_request = lambda: (shop.place_order([("Gift wrap", 1)]), None)[1]

    answer = ask("{ orders(first: 5) { nodes { name } } }")

    assert _names(answer) == ["#1001"]
