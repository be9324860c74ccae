"""What queries cost, checked against sums done by hand, and the bucket they are paid from."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse

from app.sandbox.shopify import cost
from app.sandbox.shopify.api import executable_schema
from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.shop import SandboxShop

Ask = Callable[..., dict[str, Any]]

# The part of Shopify's schema that the example reported by the community asks for.
REPORTED = build_schema(
    """
    type QueryRoot { product(id: ID!): Product }
    type Product { id: ID! variants(first: Int): ProductVariantConnection! }
    type ProductVariantConnection {
        nodes: [ProductVariant!]! edges: [ProductVariantEdge!]! pageInfo: PageInfo!
    }
    type ProductVariantEdge { node: ProductVariant! }
    type ProductVariant { id: ID! inventoryItem: InventoryItem! }
    type InventoryItem { id: ID! tracked: Boolean! }
    type PageInfo { hasNextPage: Boolean! }
    schema { query: QueryRoot }
    """
)


def _price(query: str, rule: cost.Rule, schema: Any = None, **variables: Any) -> int:
    schema = schema or executable_schema()
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return cost.requested(cost.plan(schema, document, operation), variables, rule=rule)


def test_the_query_reported_to_cost_25_costs_25() -> None:
    query = """query($id: ID!) { product(id: $id) { variants(first: 250) {
        nodes { inventoryItem { id tracked } } } } }"""

    # 1 for the product, 2 for the connection, floor(2 ln 250) = 11 variants of 2 objects each.
    assert _price(query, "observed", REPORTED) == 1 + 2 + 11 * 2


def test_documented_a_connection_costs_its_page_size() -> None:
    query = "{ orders(first: 10) { nodes { id lineItems(first: 5) { nodes { id variant { id } } } } } }"

    assert _price(query, "documented") == 10 * (1 + 5 * (1 + 1))


def test_edges_are_free_and_page_info_is_an_object_once() -> None:
    query = "{ orders(first: 10) { edges { cursor node { id } } pageInfo { hasNextPage } } }"

    assert _price(query, "documented") == 10 + 1
    assert _price(query, "observed") == 2 + 4


def test_a_count_costs_10_when_observed() -> None:
    assert _price("{ ordersCount { count } }", "observed") == 10
    assert _price("{ ordersCount { count } }", "documented") == 1


def test_nodes_pay_for_every_id_at_the_dearest_type() -> None:
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { id
        ... on Order { lineItems(first: 3) { nodes { id } } } ... on Location { name } } }"""

    assert _price(query, "documented", ids=["a", "b", "c", "d"]) == 4 * (1 + 3)


def test_a_list_of_objects_counts_as_one() -> None:
    query = '{ inventoryLevel(id: "x") { quantities(names: ["available", "on_hand"]) { name } } }'

    assert _price(query, "documented") == 2


def test_mutations_cost_10_each_whatever_plain_objects_they_return() -> None:
    query = """mutation { a: tagsAdd(id: "1", tags: []) { node { id } userErrors { message } }
        b: tagsRemove(id: "1", tags: []) { userErrors { message } } }"""

    assert _price(query, "documented") == 20
    assert _price(query, "observed") == 20


def test_what_is_skipped_costs_nothing() -> None:
    query = (
        "query($deep: Boolean!) { orders(first: 10) @include(if: $deep) { nodes { id } } shop { name } }"
    )

    assert _price(query, "documented", deep=False) == 1
    assert _price(query, "documented", deep=True) == 11


def test_the_actual_cost_counts_what_came_back_and_the_rest_returns(
    shop: SandboxShop, main: int, ask: Ask
) -> None:
    mug = shop.add_product("Mug", stock={main: 9})
    for _ in range(2):
        shop.place_order([(mug.variant_id, 1)])

    answer = ask(
        "{ orders(first: 50) { nodes { id lineItems(first: 5) { nodes { id variant { id } } } } } }"
    )

    # Two orders with a line and a variant each, of 50 times 1 + 5 * 2 asked for.
    paid = {"requestedQueryCost": 550, "actualQueryCost": 2 * (1 + 2)}
    assert answer["extensions"]["cost"] == {
        **paid,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 1994, "restoreRate": 100.0},
    }


def test_a_query_over_1000_points_is_refused(shop: SandboxShop, ask: Ask) -> None:
    answer = ask("{ orders(first: 250) { nodes { lineItems(first: 5) { nodes { id } } } } }")

    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert answer["errors"][0]["extensions"]["cost"] == 1500
    assert "data" not in answer


def test_an_empty_bucket_throttles_until_time_refills_it(shop: SandboxShop, ask: Ask, clock) -> None:  # type: ignore[no-untyped-def]
    shop.bucket = cost.Bucket(clock, maximum=25, restore_rate=5)
    order = gid("Order", shop.place_order([("Gift wrap", 1)]))
    write = 'mutation($id: ID!) { tagsAdd(id: $id, tags: ["x"]) { userErrors { message } } }'
    for _ in range(2):
        ask(write, id=order)

    throttled = ask(write, id=order)
    clock.advance(1)
    served = ask(write, id=order)

    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert throttled["extensions"]["cost"] == {
        "requestedQueryCost": 10,
        "actualQueryCost": None,
        "throttleStatus": {"maximumAvailable": 25.0, "currentlyAvailable": 5, "restoreRate": 5.0},
    }
    assert served["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 0
    assert [one.status for one in shop.requests] == ["ok", "ok", "THROTTLED", "ok"]


def test_the_bucket_never_holds_more_than_its_size(clock) -> None:  # type: ignore[no-untyped-def]
    bucket = cost.Bucket(clock, maximum=100, restore_rate=10)
    bucket.spend(30)

    clock.advance(3600)

    assert bucket.available() == 100


@pytest.mark.parametrize(("plan", "size", "rate"), [("standard", 2000, 100), ("plus", 20000, 1000)])
def test_plans_have_their_own_bucket(clock, plan: str, size: float, rate: float) -> None:  # type: ignore[no-untyped-def]
    shop = SandboxShop(clock=clock, plan=plan)  # type: ignore[arg-type]

    assert (shop.bucket.maximum, shop.bucket.restore_rate) == (size, rate)
