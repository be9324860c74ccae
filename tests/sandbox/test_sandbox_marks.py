"""Tags, notes, metafields and holds, as an app writes them."""

from collections.abc import Callable
from typing import Any

import pytest

from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.shop import SandboxShop

Ask = Callable[..., dict[str, Any]]
Route = Callable[[int], list[int]]

TAGS_ADD = """mutation($id: ID!, $tags: [String!]!) {
    tagsAdd(id: $id, tags: $tags) { node { ... on Order { tags } } userErrors { field message } } }"""
TAGS_REMOVE = TAGS_ADD.replace("tagsAdd", "tagsRemove")
NOTE = """mutation($input: OrderInput!) { orderUpdate(input: $input) {
    order { note } userErrors { field message } } }"""
METAFIELDS = """mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
    metafields { namespace key value type } userErrors { field message code elementIndex } } }"""
HOLD = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
    fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
    fulfillmentHold { id handle heldByRequestingApp } fulfillmentOrder { id status }
    remainingFulfillmentOrder { id status } userErrors { code field message } } }"""


@pytest.fixture
def order_id(shop: SandboxShop) -> int:
    return shop.place_order([("Gift wrap", 3)], tags=["vip", "Fragile"])


def test_tags_come_back_sorted(shop: SandboxShop, order_id: int, ask: Ask) -> None:
    answer = ask(TAGS_ADD, id=gid("Order", order_id), tags=["backordered", "zebra"])

    assert answer["data"]["tagsAdd"]["node"]["tags"] == ["backordered", "Fragile", "vip", "zebra"]


def test_adding_a_tag_ignores_case(shop: SandboxShop, order_id: int, ask: Ask) -> None:
    before = shop.orders[order_id].updated_at

    ask(TAGS_ADD, id=gid("Order", order_id), tags=["VIP", "FRAGILE"])

    assert shop.orders[order_id].tags == ["Fragile", "vip"]
    assert (shop.journal, shop.orders[order_id].updated_at) == ([], before)


def test_removing_a_tag_respects_case(shop: SandboxShop, order_id: int, ask: Ask) -> None:
    ask(TAGS_REMOVE, id=gid("Order", order_id), tags=["VIP", "Fragile"])

    assert shop.orders[order_id].tags == ["vip"]
    assert [(one.kind, one.detail, one.request) for one in shop.journal] == [
        ("tag removed", "Fragile", 1)
    ]


def test_tagging_an_order_that_is_gone_is_a_user_error(ask: Ask) -> None:
    answer = ask(TAGS_ADD, id=gid("Order", 1), tags=["x"])

    assert answer["data"]["tagsAdd"] == {
        "node": None,
        "userErrors": [{"field": ["id"], "message": "Order does not exist"}],
    }


@pytest.mark.parametrize(("length", "is_taken"), [(5000, True), (5001, False)])
def test_a_note_holds_5000_characters(
    shop: SandboxShop, order_id: int, ask: Ask, length: int, is_taken: bool
) -> None:
    answer = ask(NOTE, input={"id": gid("Order", order_id), "note": "x" * length})

    assert (answer["data"]["orderUpdate"]["userErrors"] == []) is is_taken
    assert len(shop.orders[order_id].note) == (length if is_taken else 0)


def test_updating_tags_overwrites_them(shop: SandboxShop, order_id: int, ask: Ask) -> None:
    ask(NOTE, input={"id": gid("Order", order_id), "tags": ["new"]})

    assert shop.orders[order_id].tags == ["new"]
    assert [(one.kind, one.detail) for one in shop.journal] == [
        ("tag added", "new"),
        ("tag removed", "Fragile"),
        ("tag removed", "vip"),
    ]


@pytest.mark.parametrize("write", ["tag", "note", "metafield"])
def test_every_write_moves_updated_at(
    shop: SandboxShop, order_id: int, ask: Ask, clock, write: str
) -> None:  # type: ignore[no-untyped-def]
    clock.advance(60)
    order = gid("Order", order_id)
    calls = {
        "tag": lambda: ask(TAGS_ADD, id=order, tags=["x"]),
        "note": lambda: ask(NOTE, input={"id": order, "note": "x"}),
        "metafield": lambda: ask(METAFIELDS, m=[_metafield(order_id)]),
    }

    calls[write]()

    assert shop.orders[order_id].updated_at == clock.now


def _metafield(order_id: int, **changes: object) -> dict[str, object]:
    plain = {"namespace": "$app:backorder", "key": "eta", "type": "date", "value": "2026-12-05"}
    return {"ownerId": gid("Order", order_id), **plain, **changes}


def test_an_app_metafield_is_stored_resolved_and_read_by_either_name(
    shop: SandboxShop, order_id: int, ask: Ask
) -> None:
    resolved = f"app--{shop.books.app_id}--backorder"

    ask(METAFIELDS, m=[_metafield(order_id)])
    answer = ask(
        """query($id: ID!, $resolved: String) { order(id: $id) {
             a: metafield(namespace: "$app:backorder", key: "eta") { namespace value }
             b: metafield(namespace: $resolved, key: "eta") { namespace value }
             all: metafields(first: 5, keys: ["$app:backorder.eta"]) { nodes { key } } } }""",
        id=gid("Order", order_id),
        resolved=resolved,
    )

    shown = {"namespace": resolved, "value": "2026-12-05"}
    assert answer["data"]["order"] == {"a": shown, "b": shown, "all": {"nodes": [{"key": "eta"}]}}
    assert shop.metafields(order_id) == {(resolved, "eta"): "2026-12-05"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": "5 December"}, "INVALID_VALUE"),
        ({"value": "2026-13-05"}, "INVALID_VALUE"),
        ({"type": "json", "value": "{"}, "INVALID_VALUE"),
        ({"type": "single_line_text_field", "value": "two\nlines"}, "INVALID_VALUE"),
        ({"value": ""}, "BLANK"),
        ({"type": "mood"}, "INVALID_TYPE"),
        ({"compareDigest": "stale"}, "STALE_OBJECT"),
        ({"key": "a"}, "INVALID"),
    ],
)
def test_one_bad_metafield_refuses_them_all(
    shop: SandboxShop, order_id: int, ask: Ask, changes: dict[str, object], code: str
) -> None:
    answer = ask(METAFIELDS, m=[_metafield(order_id, key="good"), _metafield(order_id, **changes)])

    (problem,) = answer["data"]["metafieldsSet"]["userErrors"]
    assert (problem["code"], problem["elementIndex"]) == (code, 1)
    assert shop.metafields(order_id) == {}


def test_a_null_digest_means_only_if_new(shop: SandboxShop, order_id: int, ask: Ask) -> None:
    fresh = ask(METAFIELDS, m=[_metafield(order_id, compareDigest=None)])
    again = ask(METAFIELDS, m=[_metafield(order_id, compareDigest=None)])

    assert fresh["data"]["metafieldsSet"]["userErrors"] == []
    assert again["data"]["metafieldsSet"]["userErrors"][0]["code"] == "STALE_OBJECT"


def test_deleting_a_metafield_that_is_not_there_is_no_error(
    shop: SandboxShop, order_id: int, ask: Ask
) -> None:
    ask(METAFIELDS, m=[_metafield(order_id)])
    query = """mutation($m: [MetafieldIdentifierInput!]!) { metafieldsDelete(metafields: $m) {
        deletedMetafields { key namespace } userErrors { message } } }"""
    keys = [
        {"ownerId": gid("Order", order_id), "namespace": "$app:backorder", "key": k}
        for k in ("eta", "none")
    ]

    answer = ask(query, m=keys)

    namespace = f"app--{shop.books.app_id}--backorder"
    assert answer["data"]["metafieldsDelete"]["deletedMetafields"] == [
        {"key": "eta", "namespace": namespace},
        None,
    ]
    assert shop.metafields(order_id) == {}


def test_an_app_holds_part_of_a_fulfillment_order_and_releases_its_own_hold(
    shop: SandboxShop, order_id: int, ask: Ask, route: Route
) -> None:
    (number,) = route(order_id)
    part = shop.fulfillment_orders(order_id)[0].lines[0]
    units = [{"id": gid("FulfillmentOrderLineItem", part.fulfillment_line_id), "quantity": 2}]
    wish = {"reason": "INVENTORY_OUT_OF_STOCK", "handle": "backline", "fulfillmentOrderLineItems": units}

    held = ask(HOLD, id=gid("FulfillmentOrder", number), hold=wish)["data"]["fulfillmentOrderHold"]
    twice = ask(HOLD, id=gid("FulfillmentOrder", number), hold=wish)["data"]["fulfillmentOrderHold"]
    released = ask(
        """mutation($id: ID!, $holds: [ID!]) { fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) {
             fulfillmentOrder { status } userErrors { message } } }""",
        id=gid("FulfillmentOrder", number),
        holds=[held["fulfillmentHold"]["id"]],
    )

    assert held["fulfillmentOrder"] == {"id": gid("FulfillmentOrder", number), "status": "ON_HOLD"}
    assert held["remainingFulfillmentOrder"]["status"] == "OPEN"
    assert twice["userErrors"][0]["code"] == "DUPLICATE_FULFILLMENT_HOLD_HANDLE"
    assert released["data"]["fulfillmentOrderReleaseHold"]["fulfillmentOrder"]["status"] == "OPEN"
    assert [one.kind for one in shop.journal] == ["hold placed", "hold released"]
