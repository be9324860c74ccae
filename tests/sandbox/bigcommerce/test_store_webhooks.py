"""Hooks: who is told what, signed how, and what becomes of a delivery that fails."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from app.sandbox.bigcommerce.records import Variant
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.bigcommerce.webhooks import RETRY_AFTER_S
from app.sandbox.deliveries import PendingDelivery
from tests.sandbox.clock import Clock

Call = Callable[..., requests.Response]
Take = Callable[[], list[PendingDelivery]]

ADDRESS = "https://backline.example/webhooks/bigcommerce"
SCOPES = [
    "store/order/created",
    "store/order/updated",
    "store/order/archived",
    "store/order/statusUpdated",
    "store/order/refund/created",
    "store/channel/1/order/updated",
    "store/shipment/created",
    "store/shipment/deleted",
    "store/product/inventory/updated",
    "store/product/updated",
    "store/sku/inventory/updated",
    "store/sku/inventory/order/updated",
    "store/channel/*/inventory/product/stock_changed",
    "store/inventory/location/updated",
    "store/app/uninstalled",
]


@pytest.fixture
def hook(call: Call) -> Callable[..., int]:
    """Ask for a hook; its id."""

    def make(scope: str, destination: str = ADDRESS, **more: object) -> int:
        answer = call("POST", "/v3/hooks", json={"scope": scope, "destination": destination, **more})
        number: int = answer.json()["data"]["id"]
        return number

    return make


@pytest.fixture
def take(store: SandboxStore) -> Take:
    """Take what is due."""
    return lambda: store.webhooks.take_due(store.clock())


@pytest.fixture
def subscribed(store: SandboxStore, hook: Callable[..., int]) -> SandboxStore:
    for scope in SCOPES:
        hook(scope, headers={"X-Secret": "s3cret"})
    return store


def _data(delivery: PendingDelivery) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(delivery.body)["data"]
    return data


@pytest.mark.parametrize(
    ("act", "scopes"),
    [
        ("edit", {"updated"}),
        ("note", {"updated"}),
        ("cancel", {"updated", "statusUpdated"}),
        ("refund", {"updated", "statusUpdated", "refund/created"}),
        ("fulfil", {"updated", "statusUpdated", "shipment"}),
        ("archive", {"updated", "archived"}),
    ],
)
def test_each_act_on_an_order_tells_its_scopes(
    subscribed: SandboxStore, take: Take, act: str, scopes: set[str]
) -> None:
    order_id = subscribed.place_order([("Gift wrap", 3)])
    line_id = subscribed.orders[order_id].lines[0].line_id
    placed = [one.topic for one in take()]

    acts: dict[str, Callable[[], None]] = {
        "edit": lambda: subscribed.edit_order(order_id, {line_id: 2}),
        "note": lambda: subscribed.edit_note(order_id, "VIP"),
        "cancel": lambda: subscribed.cancel_order(order_id),
        "refund": lambda: subscribed.refund(order_id, {line_id: 1}),
        "fulfil": lambda: subscribed.fulfil(order_id),
        "archive": lambda: subscribed.archive_order(order_id),
    }
    acts[act]()

    told = {one.topic for one in take()} - {"store/channel/1/order/updated"}
    names = {name if name == "shipment" else f"order/{name}" for name in scopes}
    assert placed == ["store/order/created"]
    assert told == {f"store/{name}/created" if name == "shipment" else f"store/{name}" for name in names}


def test_an_order_is_named_differently_by_its_two_scopes(subscribed: SandboxStore, take: Take) -> None:
    order_id = subscribed.place_order([("Gift wrap", 1)])
    take()

    subscribed.edit_note(order_id, "VIP")

    data = {one.topic: _data(one) for one in take()}
    assert data == {
        "store/order/updated": {"type": "order", "id": order_id},
        "store/channel/1/order/updated": {"order_id": order_id},
    }


def test_ids_may_come_as_strings(subscribed: SandboxStore, take: Take) -> None:
    subscribed.webhooks.knobs.has_string_ids = True

    order_id = subscribed.place_order([("Gift wrap", 1)])

    (delivery,) = take()
    assert _data(delivery) == {"type": "order", "id": str(order_id)}


def test_a_status_change_tells_both_statuses(subscribed: SandboxStore, take: Take) -> None:
    order_id = subscribed.place_order([("Gift wrap", 1)], is_incomplete=True)
    created = [_data(one) for one in take()]

    subscribed.pay_order(order_id)

    told = {one.topic: _data(one) for one in take()}
    assert created == [{"type": "order", "id": order_id}]
    assert told["store/order/statusUpdated"]["status"] == {
        "previous_status_id": 0,
        "new_status_id": 11,
    }


def test_stock_is_told_by_sku_or_by_product_and_with_its_location(
    subscribed: SandboxStore, mug: Variant, main: int, take: Take
) -> None:
    towel = subscribed.add_product("Towel", tracking="product")
    take()

    subscribed.adjust_stock(mug.item_id, main, 2)
    by_sku = {one.topic: _data(one) for one in take()}
    subscribed.adjust_stock(towel.item_id, main, 2)
    by_product = {one.topic: _data(one) for one in take()}
    subscribed.place_order([(mug.variant_id, 1)])
    by_order = {one.topic for one in take()}

    stock_changed = "store/channel/*/inventory/product/stock_changed"
    assert set(by_sku) == {"store/sku/inventory/updated", stock_changed}
    assert by_sku["store/sku/inventory/updated"]["inventory"]["variant_id"] == mug.variant_id
    assert by_sku[stock_changed] == {
        "variant_id": mug.variant_id,
        "product_id": mug.product_id,
        "location_id": main,
    }
    assert set(by_product) == {"store/product/inventory/updated", stock_changed}
    assert "store/sku/inventory/order/updated" in by_order


def test_a_restock_that_orders_swallow_is_told_all_the_same(
    subscribed: SandboxStore, mug: Variant, main: int, take: Take
) -> None:
    subscribed.books.lowers_backordered = True
    subscribed.place_order([(mug.variant_id, 8)])
    take()

    subscribed.adjust_stock(mug.item_id, main, 3)

    assert subscribed.pools[mug.item_id, main].on_hand == 0
    assert "store/channel/*/inventory/product/stock_changed" in {one.topic for one in take()}


def test_our_own_note_comes_back_as_an_update(subscribed: SandboxStore, call: Call, take: Take) -> None:
    order_id = subscribed.place_order([("Gift wrap", 1)])
    take()

    call("PUT", f"/v2/orders/{order_id}", json={"staff_notes": "ours"})

    assert {one.topic for one in take()} == {"store/order/updated", "store/channel/1/order/updated"}


def test_products_and_locations_say_that_they_changed(
    subscribed: SandboxStore, mug: Variant, annex: int, take: Take
) -> None:
    take()

    subscribed.set_tracking(mug.product_id, "none")
    subscribed.disable_location(annex)

    assert [(one.topic, _data(one)) for one in take()] == [
        ("store/product/updated", {"type": "product", "id": mug.product_id}),
        ("store/inventory/location/updated", {"location_id": annex}),
    ]


def test_the_envelope_names_the_store_and_a_hash_of_what_it_says(
    subscribed: SandboxStore, take: Take
) -> None:
    order_id = subscribed.place_order([("Gift wrap", 1)])
    take()

    for note in ("a", "b"):
        subscribed.edit_note(order_id, note)

    bodies = [json.loads(one.body) for one in take() if one.topic == "store/order/updated"]
    assert bodies[0]["producer"] == f"stores/{subscribed.store_hash}"
    assert bodies[0]["store_id"] == str(subscribed.store_id)
    assert bodies[0]["created_at"] == int(subscribed.clock().timestamp())
    assert bodies[0]["hash"] == bodies[1]["hash"]


def test_each_callback_carries_the_hooks_headers_and_the_signature(
    subscribed: SandboxStore, take: Take
) -> None:
    subscribed.place_order([("Gift wrap", 1)])

    (delivery,) = take()

    headers = delivery.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + delivery.body
    digest = hmac.digest(subscribed.client_secret.encode(), signed, hashlib.sha256)
    assert headers["X-Secret"] == "s3cret"
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_signatures_can_be_switched_off(subscribed: SandboxStore, take: Take) -> None:
    subscribed.webhooks.knobs.is_signed = False

    subscribed.place_order([("Gift wrap", 1)])

    (delivery,) = take()
    assert [name for name in delivery.headers if name.startswith("webhook-")] == []


@pytest.mark.parametrize("keeps", [False, True])
def test_a_retry_is_the_same_message_signed_when_it_is_sent_or_when_it_was_first(
    subscribed: SandboxStore, take: Take, clock: Clock, keeps: bool
) -> None:
    subscribed.webhooks.knobs.keeps_first_timestamp = keeps
    subscribed.place_order([("Gift wrap", 1)])
    (first,) = take()

    subscribed.webhooks.answered(first, 500)
    clock.advance(RETRY_AFTER_S[0])
    (second,) = take()

    assert (second.body, second.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])
    is_same = second.headers["webhook-signature"] == first.headers["webhook-signature"]
    assert is_same is keeps


def test_after_the_last_retry_the_hook_is_deactivated_until_it_is_put(
    store: SandboxStore, hook: Callable[..., int], call: Call, take: Take, clock: Clock
) -> None:
    number = hook("store/order/created")
    store.place_order([("Gift wrap", 1)])
    tries = 0

    while due := take():
        tries += 1
        store.webhooks.answered(due[0], None)
        waiting = store.webhooks.waiting()
        clock.now = waiting[0].due_at if waiting else clock.now

    (shown,) = call("GET", "/v3/hooks/admin").json()["data"]["hooks_list"]
    assert tries == 1 + len(RETRY_AFTER_S)
    assert (shown["status"], shown["is_active"]) == ("deactivated", False)
    store.place_order([("Gift wrap", 1)])
    assert store.webhooks.waiting() == []
    call("PUT", f"/v3/hooks/{number}", json={"is_active": True})
    store.place_order([("Gift wrap", 1)])
    assert len(take()) == 1
    (shown,) = call("GET", "/v3/hooks/admin").json()["data"]["hooks_list"]
    assert shown["status"] == "active"


def test_a_hook_that_is_quiet_for_90_days_is_deactivated(
    store: SandboxStore, hook: Callable[..., int], call: Call, clock: Clock
) -> None:
    hook("store/order/created")
    clock.advance(timedelta(days=60).total_seconds())
    store.place_order([("Gift wrap", 1)])

    clock.advance(timedelta(days=90).total_seconds())
    store.tick()
    kept = call("GET", "/v3/hooks?is_active=true").json()["data"]
    clock.advance(1)
    store.tick()

    assert len(kept) == 1
    assert call("GET", "/v3/hooks?is_active=true").json()["data"] == []


def test_a_destination_that_fails_too_often_is_not_called_for_three_minutes(
    store: SandboxStore, hook: Callable[..., int], call: Call, take: Take, clock: Clock
) -> None:
    hook("store/order/created")
    for _ in range(100):
        store.place_order([("Gift wrap", 1)])

    for number, delivery in enumerate(take()):
        store.webhooks.answered(delivery, 200 if number % 100 < 89 else 500)
    store.place_order([("Gift wrap", 1)])
    blocked = call("GET", "/v3/hooks/admin").json()["data"]["blocked_domains"]
    during = take()
    clock.advance(181)

    assert [(one["destination"], one["time_left"]) for one in blocked] == [("backline.example", 180)]
    assert during == []
    assert len(take()) == 12


def test_deliveries_may_be_late_doubled_and_lost(
    store: SandboxStore, hook: Callable[..., int], take: Take, clock: Clock
) -> None:
    hook("store/order/created")
    knobs = store.webhooks.knobs
    knobs.loss_rate = 1
    store.place_order([("Gift wrap", 1)])
    lost = store.webhooks.waiting()
    knobs.loss_rate, knobs.duplicate_rate, knobs.delay_s = 0, 1, (10, 20)

    store.place_order([("Gift wrap", 1)])

    assert (lost, take()) == ([], [])
    clock.advance(20)
    first, second = take()
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@pytest.mark.parametrize(
    ("scope", "destination"),
    [
        ("store/order/created", ADDRESS),
        ("store/nothing", ADDRESS),
        ("orders/create", ADDRESS),
        ("store/order/updated", "http://backline.example/webhooks"),
        ("store/order/updated", "https://backline.example:8443/webhooks"),
    ],
)
def test_hooks_that_bigcommerce_would_not_make_are_refused(
    store: SandboxStore, hook: Callable[..., int], call: Call, scope: str, destination: str
) -> None:
    hook("store/order/created")

    answer = call("POST", "/v3/hooks", json={"scope": scope, "destination": destination})

    assert answer.status_code == 422
    assert len(store.webhooks.subscriptions) == 1


def test_a_scope_has_ten_hooks_at_most(
    store: SandboxStore, hook: Callable[..., int], call: Call
) -> None:
    for number in range(10):
        hook("store/order/created", f"https://{number}.example/")

    answer = call("POST", "/v3/hooks", json={"scope": "store/order/created", "destination": ADDRESS})

    assert answer.status_code == 422


def test_hooks_can_be_listed_changed_and_deleted(
    store: SandboxStore, hook: Callable[..., int], call: Call
) -> None:
    number = hook("store/order/created", headers={"X-Secret": "old"})

    call("PUT", f"/v3/hooks/{number}", json={"headers": {"X-Secret": "new"}})
    (listed,) = call("GET", "/v3/hooks", params={"scope": "store/order/created"}).json()["data"]
    call("DELETE", f"/v3/hooks/{number}")

    assert (listed["id"], listed["headers"]) == (number, {"X-Secret": "new"})
    assert store.webhooks.subscriptions == {}
    assert call("GET", f"/v3/hooks/{number}").status_code == 404


def test_a_wildcard_hears_everything_below_it(
    store: SandboxStore, hook: Callable[..., int], call: Call, take: Take
) -> None:
    hook("store/order/*")
    order_id = store.place_order([("Gift wrap", 1)])

    fields = {"namespace": "backorder", "key": "status", "value": "x", "permission_set": "read"}
    call("POST", f"/v3/orders/{order_id}/metafields", json=fields)

    assert [one.topic for one in take()] == ["store/order/created", "store/order/metafield/created"]


def test_uninstalling_tells_so_once_voids_the_token_and_takes_the_hooks(
    subscribed: SandboxStore, call: Call, take: Take
) -> None:
    subscribed.uninstall()

    assert [one.topic for one in take()] == ["store/app/uninstalled"]
    assert subscribed.webhooks.subscriptions == {}
    assert call("GET", "/v2/time").status_code == 401
