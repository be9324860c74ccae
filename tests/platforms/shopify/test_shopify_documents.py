"""Every document is valid in Shopify's real schema, and none may cost more than a request may."""

import gzip
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from app.platforms.base import OrderChange
from app.platforms.shopify import (
    aliases,
    bulk,
    goods_queries,
    holds,
    moves,
    queries,
    reads,
    refunds,
    selling,
    subscriptions,
    writes,
)
from app.platforms.shopify.topics import TOPICS, enum_name
from app.sandbox.shopify.prune import whole_schema

ROOT = Path(__file__).parents[3]
ADDED = ROOT / "app" / "sandbox" / "shopify" / "purchase-orders.graphql"
FULL = ROOT.parent / "shared" / "contracts" / "shopify" / "admin-2026-10.graphql.gz"

FULL_CHANGE = OrderChange(1, ("a",), ("b",), "note", {"status": "backordered"}, ("eta",))
SUBSCRIBE = [
    aliases.Part("w0", subscriptions.CREATE, {}),
    aliases.Part("w1", subscriptions.UPDATE, {}),
]
KEPT = vars(queries) | vars(goods_queries) | vars(selling) | vars(refunds)
DOCUMENTS = {
    name: value.document if isinstance(value, queries.OrderQuery) else value
    for name, value in KEPT.items()
    if isinstance(value, queries.OrderQuery)
    or (isinstance(value, str) and value.startswith(("query ", "mutation ")))
} | {
    "BULK_OPEN_ORDERS": queries.BULK_OPEN_ORDERS,
    "write": aliases.document_of(writes.parts_of(FULL_CHANGE, 0) + writes.parts_of(FULL_CHANGE, 1)),
    "register": aliases.document_of(SUBSCRIBE),
    "holds": aliases.document_of(
        [aliases.Part("h0", holds.HOLD, {}), aliases.Part("r0", holds.RELEASE, {})]
    ),
    "move": aliases.document_of([aliases.Part("m0", moves.MOVE, {})]),
    "selling": aliases.document_of([aliases.Part("p1", selling.SET_POLICY, {})]),
    "bulk add": bulk.document_of_line(writes.ADD_TAGS),
    "bulk remove": bulk.document_of_line(writes.REMOVE_TAGS),
}


@pytest.fixture(scope="module")
def pruned() -> GraphQLSchema:
    return build_schema(whole_schema(), assume_valid=True)


@pytest.fixture(scope="module")
def full() -> GraphQLSchema:
    if not FULL.exists():
        pytest.skip("the full schema is not beside this checkout")
    """Without the types that Shopify added after the copy was made, which we wrote down ourselves."""
    sdl = gzip.decompress(FULL.read_bytes()).decode()
    assert "InventoryPurchaseOrder" not in sdl, "the copy has them now: remove purchase-orders.graphql"
    return build_schema(sdl + ADDED.read_text(), assume_valid=True)


def test_every_document_is_found() -> None:
    assert {
        "ORDERS",
        "LOOK",
        "STOCK",
        "CHANGED_ORDERS",
        "SUBSCRIPTIONS",
        "SHIPMENTS",
    } <= DOCUMENTS.keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_valid_in_the_pruned_schema(pruned: GraphQLSchema, name: str) -> None:
    assert validate(pruned, parse(DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_valid_in_the_full_schema(full: GraphQLSchema, name: str) -> None:
    assert validate(full, parse(DOCUMENTS[name])) == []


def test_every_topic_can_be_subscribed_to(full: GraphQLSchema) -> None:
    known = full.type_map["WebhookSubscriptionTopic"].values  # type: ignore[attr-defined]

    assert [
        name for name, topic in TOPICS.items() if topic.is_subscribed and enum_name(name) not in known
    ] == []


def test_no_fixed_request_is_dearer_than_allowed() -> None:
    fixed = {name: cost for name, cost in KEPT.items() if name.endswith("_COST")}

    assert {name for name, cost in fixed.items() if cost > queries.MOST_POINTS} == set()


@pytest.mark.parametrize("query", [queries.ORDERS, queries.ROUTINGS, queries.SHOWN])
@pytest.mark.parametrize("size", reads.ORDER_SIZES)
def test_one_order_of_any_size_fits_into_a_request(
    query: queries.OrderQuery, size: queries.OrderSize
) -> None:
    assert query.cost(size) <= queries.MOST_POINTS


@pytest.mark.parametrize("levels", reads.LEVEL_COUNTS)
def test_one_item_of_any_number_of_levels_fits_into_a_request(levels: int) -> None:
    assert queries.stock_cost(levels) <= queries.MOST_POINTS
