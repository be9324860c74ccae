"""Webhooks: who is told what, signed how, and what becomes of a delivery that fails."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from app.sandbox.shopify.shop import SandboxShop

Ask = Callable[..., dict[str, Any]]
Route = Callable[[int], list[int]]

SUBSCRIBE = """mutation($topic: WebhookSubscriptionTopic!, $w: WebhookSubscriptionInput!) {
    webhookSubscriptionCreate(topic: $topic, webhookSubscription: $w) {
        webhookSubscription { id topic uri } userErrors { field message } } }"""
ADDRESS = "https://backline.example/webhooks/shopify"
TOPICS = [
    "ORDERS_CREATE",
    "ORDERS_UPDATED",
    "ORDERS_EDITED",
    "ORDERS_CANCELLED",
    "ORDERS_DELETE",
    "ORDERS_FULFILLED",
    "ORDERS_PARTIALLY_FULFILLED",
    "REFUNDS_CREATE",
    "INVENTORY_LEVELS_UPDATE",
    "INVENTORY_LEVELS_CONNECT",
    "INVENTORY_LEVELS_DISCONNECT",
    "INVENTORY_ITEMS_UPDATE",
    "PRODUCTS_UPDATE",
    "FULFILLMENTS_CREATE",
    "FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE",
    "FULFILLMENT_ORDERS_MOVED",
    "FULFILLMENT_ORDERS_SPLIT",
    "FULFILLMENT_ORDERS_MERGED",
    "FULFILLMENT_ORDERS_CANCELLED",
    "FULFILLMENT_ORDERS_RESCHEDULED",
    "FULFILLMENT_ORDERS_PLACED_ON_HOLD",
    "FULFILLMENT_ORDERS_HOLD_RELEASED",
    "LOCATIONS_DEACTIVATE",
    "APP_UNINSTALLED",
    "APP_SCOPES_UPDATE",
]


@pytest.fixture
def subscribed(shop: SandboxShop, ask: Ask) -> SandboxShop:
    for topic in TOPICS:
        answer = ask(SUBSCRIBE, topic=topic, w={"uri": ADDRESS})
        assert answer["data"]["webhookSubscriptionCreate"]["userErrors"] == []
    return shop


def _topics(shop: SandboxShop) -> list[str]:
    return [one.topic for one in shop.webhooks.take_due(shop.clock())]


def test_an_order_tells_everybody_concerned(subscribed: SandboxShop, main: int) -> None:
    mug = subscribed.add_product("Mug", stock={main: 3})
    _topics(subscribed)

    subscribed.place_order([(mug.variant_id, 5)])

    due = subscribed.webhooks.take_due(subscribed.clock())
    assert [one.topic for one in due] == [
        "orders/create",
        "orders/updated",
        "inventory_levels/update",
        "products/update",
    ]
    assert len({one.headers["X-Shopify-Event-Id"] for one in due}) == 1
    assert len({one.headers["X-Shopify-Webhook-Id"] for one in due}) == 4
    level = json.loads(due[2].body)
    assert (level["available"], level["inventory_item_id"], level["location_id"]) == (
        -2,
        mug.item_id,
        main,
    )


@pytest.mark.parametrize(
    ("act", "topics"),
    [
        ("edit", {"orders/edited", "orders/updated"}),
        (
            "cancel",
            {"orders/cancelled", "orders/updated", "refunds/create", "fulfillment_orders/cancelled"},
        ),
        ("refund", {"refunds/create", "orders/updated"}),
        ("fulfil", {"fulfillments/create", "orders/fulfilled", "orders/updated"}),
        ("partly", {"fulfillments/create", "orders/partially_fulfilled", "orders/updated"}),
        ("hold", {"fulfillment_orders/placed_on_hold", "orders/updated"}),
        ("split", {"fulfillment_orders/split", "orders/updated"}),
        ("delete", {"orders/delete"}),
        ("note", {"orders/updated"}),
    ],
)
def test_each_act_sends_its_topics(
    subscribed: SandboxShop, route: Route, act: str, topics: set[str]
) -> None:
    order_id = subscribed.place_order([("Gift wrap", 3)])
    (number,) = route(order_id)
    line_id = subscribed.orders[order_id].lines[0].line_id
    part = subscribed.fulfillment_orders(order_id)[0].lines[0].fulfillment_line_id
    _topics(subscribed)
    acts: dict[str, Callable[[], Any]] = {
        "edit": lambda: subscribed.edit_order(order_id, {line_id: 2}),
        "cancel": lambda: subscribed.cancel_order(order_id),
        "refund": lambda: subscribed.refund(order_id, {line_id: 1}),
        "fulfil": lambda: subscribed.fulfil(order_id),
        "partly": lambda: subscribed.fulfil(order_id, {line_id: 1}),
        "hold": lambda: subscribed.hold(number),
        "split": lambda: subscribed.split(number, {part: 1}),
        "delete": lambda: subscribed.delete_order(order_id),
        "note": lambda: subscribed.edit_note(order_id, "hello"),
    }

    acts[act]()

    assert set(_topics(subscribed)) == topics


def test_a_closed_location_says_where_its_work_came_from_and_went(
    subscribed: SandboxShop, main: int, back: int, route: Route
) -> None:
    mug = subscribed.add_product("Mug", stock={main: 3})
    route(subscribed.place_order([(mug.variant_id, 1)]))
    _topics(subscribed)

    subscribed.deactivate_location(main)

    due = {one.topic: json.loads(one.body) for one in subscribed.webhooks.take_due(subscribed.clock())}
    moved = due["fulfillment_orders/moved"]
    assert moved["source_location"] == {"id": f"gid://shopify/Location/{main}"}
    assert moved["destination_location_id"] == f"gid://shopify/Location/{back}"
    assert due["locations/deactivate"]["id"] == main
    assert due["inventory_levels/disconnect"] == {"inventory_item_id": mug.item_id, "location_id": main}


def test_stock_is_announced_only_when_available_changes(
    subscribed: SandboxShop, main: int, route: Route
) -> None:
    mug = subscribed.add_product("Mug", stock={main: 9})
    order_id = subscribed.place_order([(mug.variant_id, 2)])
    route(order_id)
    _topics(subscribed)

    subscribed.fulfil(order_id)
    shipped = _topics(subscribed)
    subscribed.adjust_stock(mug.item_id, main, 1)

    assert "inventory_levels/update" not in shipped
    assert _topics(subscribed) == ["inventory_levels/update", "products/update"]


def test_our_own_writes_come_back(subscribed: SandboxShop, ask: Ask) -> None:
    order_id = subscribed.place_order([("Gift wrap", 1)])
    _topics(subscribed)
    query = 'mutation($id: ID!) { tagsAdd(id: $id, tags: ["x"]) { userErrors { message } } }'

    ask(query, id=f"gid://shopify/Order/{order_id}")
    ask(query, id=f"gid://shopify/Order/{order_id}")

    assert _topics(subscribed) == ["orders/updated"]


def test_the_signature_is_over_the_raw_body(subscribed: SandboxShop) -> None:
    subscribed.place_order([("Gift wrap", 1)], note="naïve ünïcode")

    delivery = subscribed.webhooks.take_due(subscribed.clock())[0]

    digest = hmac.new(b"sandbox-client-secret", delivery.body, hashlib.sha256).digest()
    assert delivery.headers["X-Shopify-Hmac-Sha256"] == base64.b64encode(digest).decode()
    assert delivery.headers["X-Shopify-Shop-Domain"] == subscribed.domain
    assert delivery.headers["X-Shopify-API-Version"] == "2026-10"
    assert delivery.address == ADDRESS


def test_headers_may_be_unprefixed(subscribed: SandboxShop) -> None:
    subscribed.webhooks.knobs.uses_unprefixed_headers = True

    subscribed.place_order([("Gift wrap", 1)])

    headers = subscribed.webhooks.take_due(subscribed.clock())[0].headers
    assert headers["Shopify-Topic"] == "orders/create"
    assert "X-Shopify-Topic" not in headers


def test_order_bodies_carry_a_buyer(subscribed: SandboxShop) -> None:
    order_id = subscribed.place_order([("Gift wrap", 1)], note="ring twice")

    body = json.loads(subscribed.webhooks.take_due(subscribed.clock())[0].body)

    buyer = subscribed.orders[order_id].buyer
    assert (body["email"], body["note"]) == (buyer.email, "ring twice")
    assert body["shipping_address"]["address1"] == buyer.street
    assert body["line_items"][0]["fulfillable_quantity"] == 1


def test_a_failed_delivery_is_tried_eight_more_times_within_four_hours(
    subscribed: SandboxShop, clock
) -> None:  # type: ignore[no-untyped-def]
    subscribed.webhooks.subscriptions = dict([next(iter(subscribed.webhooks.subscriptions.items()))])
    subscribed.place_order([("Gift wrap", 1)])
    start, tries, bodies = clock.now, 0, set()

    while waiting := subscribed.webhooks.waiting():
        clock.now = waiting[0].due_at
        for delivery in subscribed.webhooks.take_due(clock.now):
            tries += 1
            bodies.add((delivery.body, delivery.headers["X-Shopify-Webhook-Id"]))
            subscribed.webhooks.answered(delivery, 503)

    assert (tries, len(bodies)) == (9, 1)
    assert (clock.now - start).total_seconds() == pytest.approx(4 * 3600)
    assert subscribed.webhooks.subscriptions == {}


@pytest.mark.parametrize(("status", "again"), [(200, 0), (204, 0), (302, 1), (401, 1), (None, 1)])
def test_anything_but_2xx_fails(subscribed: SandboxShop, status: int | None, again: int) -> None:
    subscribed.place_order([("Gift wrap", 1)])
    delivery, *_ = subscribed.webhooks.take_due(subscribed.clock())

    subscribed.webhooks.answered(delivery, status)

    assert len(subscribed.webhooks.waiting()) == again


def test_deliveries_can_be_lost_doubled_and_late(subscribed: SandboxShop, clock) -> None:  # type: ignore[no-untyped-def]
    subscribed.webhooks.knobs.loss_rate = 1
    subscribed.place_order([("Gift wrap", 1)])
    lost = subscribed.webhooks.waiting()
    subscribed.webhooks.knobs.loss_rate = 0
    subscribed.webhooks.knobs.duplicate_rate = 1
    subscribed.webhooks.knobs.delay_s = (10, 20)

    subscribed.place_order([("Gift wrap", 1)])

    assert lost == []
    assert subscribed.webhooks.take_due(clock.now) == []
    clock.advance(20)
    due = subscribed.webhooks.take_due(clock.now)
    ids = [one.headers["X-Shopify-Webhook-Id"] for one in due]
    assert sorted(ids) == sorted(2 * list(set(ids)))


def test_compliance_topics_come_without_a_subscription(shop: SandboxShop) -> None:
    shop.webhooks.compliance_address = ADDRESS
    order_id = shop.place_order([("Gift wrap", 1)])

    shop.request_customer_data(order_id)
    shop.redact_customer(order_id)
    shop.redact_shop()

    due = shop.webhooks.take_due(shop.clock())
    assert [one.topic for one in due] == ["customers/data_request", "customers/redact", "shop/redact"]
    assert json.loads(due[1].body)["orders_to_redact"] == [order_id]


def test_an_address_is_subscribed_once_a_topic(subscribed: SandboxShop, ask: Ask) -> None:
    answer = ask(SUBSCRIBE, topic="ORDERS_CREATE", w={"uri": ADDRESS})

    assert answer["data"]["webhookSubscriptionCreate"]["userErrors"][0]["field"] == [
        "webhookSubscription",
        "uri",
    ]


def test_a_topic_needs_its_scope(shop: SandboxShop, ask: Ask) -> None:
    shop.scopes = {"read_products"}

    answer = ask(SUBSCRIBE, topic="ORDERS_CREATE", w={"uri": ADDRESS})

    assert answer["data"]["webhookSubscriptionCreate"]["userErrors"][0]["field"] == ["topic"]
    assert shop.webhooks.subscriptions == {}


def test_subscriptions_can_be_listed_changed_and_deleted(shop: SandboxShop, ask: Ask) -> None:
    made = ask(SUBSCRIBE, topic="ORDERS_CREATE", w={"uri": ADDRESS})
    number = made["data"]["webhookSubscriptionCreate"]["webhookSubscription"]["id"]

    ask(
        """mutation($id: ID!, $w: WebhookSubscriptionInput!) { webhookSubscriptionUpdate(id: $id,
             webhookSubscription: $w) { userErrors { message } } }""",
        id=number,
        w={"uri": "https://new.example/hook"},
    )
    listed = ask("{ webhookSubscriptions(first: 5) { nodes { topic uri } } }")
    ask(
        "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId } }",
        id=number,
    )

    nodes = listed["data"]["webhookSubscriptions"]["nodes"]
    assert nodes == [{"topic": "ORDERS_CREATE", "uri": "https://new.example/hook"}]
    assert shop.webhooks.subscriptions == {}


def test_uninstalling_voids_the_token_and_says_so(subscribed: SandboxShop, ask: Ask) -> None:
    subscribed.uninstall()

    assert _topics(subscribed) == ["app/uninstalled"]
    assert ask("{ shop { name } }")["errors"].startswith("[API] Invalid API key")
