"""Bad days, bulk operations and real sockets."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from app.sandbox.deliveries import WebhookSender
from app.sandbox.shopify.faults import Fault
from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.records import ON_HAND_PARTS
from app.sandbox.shopify.server import serve
from app.sandbox.shopify.shop import SandboxShop
from app.sandbox.shopify.webhooks import WebhookSubscription

Ask = Callable[..., dict[str, Any]]
Post = Callable[..., requests.Response]

TAG = 'mutation($id: ID!) { tagsAdd(id: $id, tags: ["x"]) { userErrors { message } } }'


@pytest.fixture
def order_id(shop: SandboxShop) -> int:
    return shop.place_order([("Gift wrap", 1)])


@pytest.mark.parametrize(("fault", "statuses"), [("server_error", {500, 503}), ("html_error", {502})])
def test_a_failing_server_has_changed_nothing(
    shop: SandboxShop, order_id: int, post: Post, fault: Fault, statuses: set[int]
) -> None:
    shop.faults.once(fault)

    answer = post(TAG, id=gid("Order", order_id))

    assert answer.status_code in statuses
    assert shop.orders[order_id].tags == []
    assert post(TAG, id=gid("Order", order_id)).status_code == 200


def test_a_reset_connection_has_changed_nothing(shop: SandboxShop, order_id: int, post: Post) -> None:
    shop.faults.once("reset")

    with pytest.raises(requests.ConnectionError):
        post(TAG, id=gid("Order", order_id))

    assert shop.orders[order_id].tags == []


def test_a_lost_answer_was_applied(shop: SandboxShop, order_id: int, post: Post) -> None:
    shop.faults.once("lose_answer")

    with pytest.raises(requests.ReadTimeout):
        post(TAG, id=gid("Order", order_id))

    assert shop.orders[order_id].tags == ["x"]


def test_too_many_requests_say_when_to_come_back(shop: SandboxShop, post: Post) -> None:
    shop.faults.once("rate_limited")

    answer = post("{ shop { name } }")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2.0")


@pytest.mark.parametrize("status", [402, 404])
def test_a_closed_shop_answers_nothing_else(shop: SandboxShop, post: Post, status: int) -> None:
    shop.faults.closed_status = status  # type: ignore[assignment]

    assert post("{ shop { name } }").status_code == status


def test_rates_are_drawn_from_the_seed() -> None:
    first, again = SandboxShop(seed=7), SandboxShop(seed=7)
    for shop in (first, again):
        shop.faults.server_error_rate = 0.5

    draws = [[shop.faults.strikes("server_error") for _ in range(50)] for shop in (first, again)]

    assert draws[0] == draws[1]
    assert {True, False} == set(draws[0])


def test_a_torn_snapshot_does_not_add_up(shop: SandboxShop, main: int, ask: Ask) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    query = """query($id: ID!) { inventoryItem(id: $id) { inventoryLevels(first: 1) { nodes {
        quantities(names: ["on_hand", "available", "committed", "reserved", "damaged",
            "safety_stock", "quality_control"])
        { name quantity } } } } }"""

    shop.faults.once("torn_snapshot")
    sums = []
    for _ in range(2):
        levels = ask(query, id=gid("InventoryItem", mug.item_id))["data"]["inventoryItem"][
            "inventoryLevels"
        ]
        shown = {one["name"]: one["quantity"] for one in levels["nodes"][0]["quantities"]}
        sums.append(shown["on_hand"] - sum(shown[name] for name in ON_HAND_PARTS))

    assert sums[0] != 0
    assert sums[1] == 0


BULK = """mutation($q: String!) { bulkOperationRunQuery(query: $q, groupObjects: false) {
    bulkOperation { id status } userErrors { code message } } }"""
BULK_STATE = "query($id: ID!) { bulkOperation(id: $id) { status url objectCount rootObjectCount } }"


def test_a_bulk_query_ends_as_lines_that_name_their_parent(
    shop: SandboxShop,
    main: int,
    ask: Ask,
    clock,
    session: requests.Session,  # type: ignore[no-untyped-def]
) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_ids = [shop.place_order([(mug.variant_id, n), ("Wrap", 1)]) for n in (1, 2)]
    query = """{ orders(query: "status:open") { edges { node {
        id lineItems { edges { node { quantity } } } } } } }"""

    started = ask(BULK, q=query)["data"]["bulkOperationRunQuery"]["bulkOperation"]
    shop.tick()
    running = ask(BULK_STATE, id=started["id"])["data"]["bulkOperation"]
    clock.advance(shop.bulk_delay_s)
    shop.tick()
    done = ask(BULK_STATE, id=started["id"])["data"]["bulkOperation"]
    lines = [json.loads(line) for line in session.get(done["url"], timeout=5).text.splitlines()]

    parents = [gid("Order", number) for number in order_ids]
    assert (started["status"], running["status"], running["url"]) == ("CREATED", "RUNNING", None)
    assert (done["status"], done["objectCount"], done["rootObjectCount"]) == ("COMPLETED", "6", "2")
    assert lines == [
        {"id": parents[0]},
        {"quantity": 1, "__parentId": parents[0]},
        {"quantity": 1, "__parentId": parents[0]},
        {"id": parents[1]},
        {"quantity": 2, "__parentId": parents[1]},
        {"quantity": 1, "__parentId": parents[1]},
    ]


@pytest.mark.parametrize(
    "query",
    [
        "{ shop { name } }",
        "{ orders { edges { node { unheardOf } } } }",
        "{orders {edges {node {fulfillmentOrders {edges {node {lineItems {edges {node {id}}}}}}}}}}",
        "mutation { tagsAdd(id: 1, tags: []) { userErrors { message } } }",
    ],
)
def test_a_query_that_can_not_run_in_bulk_is_refused(shop: SandboxShop, ask: Ask, query: str) -> None:
    answer = ask(BULK, q=query)

    assert answer["data"]["bulkOperationRunQuery"]["userErrors"][0]["code"] == "INVALID"
    assert shop.bulk_operations == {}


@pytest.fixture
def address(shop: SandboxShop) -> Iterator[str]:
    running = serve([shop], port=0)
    yield f"{running.base_url}/{shop.domain}/admin/api/2026-10/graphql.json"
    running.stop()


def _send(address: str, shop: SandboxShop) -> requests.Response:
    headers = {"X-Shopify-Access-Token": shop.access_token}
    return requests.post(address, json={"query": "{ shop { name } }"}, headers=headers, timeout=5)


def test_the_same_shop_is_served_over_a_socket(shop: SandboxShop, address: str) -> None:
    assert _send(address, shop).json()["data"] == {"shop": {"name": "Sandbox"}}


@pytest.mark.parametrize("fault", ["reset", "lose_answer"])
def test_over_a_socket_the_connection_really_breaks(
    shop: SandboxShop, address: str, fault: Fault
) -> None:
    shop.faults.once(fault)

    with pytest.raises(requests.ConnectionError):
        _send(address, shop)

    assert _send(address, shop).status_code == 200


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # the name http.server calls
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.headers["X-Shopify-Topic"], body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.server.arrived.set()  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_the_sender_posts_what_is_due(shop: SandboxShop) -> None:
    receiver = HTTPServer(("127.0.0.1", 0), _Receiver)
    receiver.received, receiver.arrived = [], threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    now, uri = shop.clock(), f"http://127.0.0.1:{receiver.server_port}/hook"
    shop.webhooks.subscriptions[1] = WebhookSubscription(1, "orders/create", uri, now, now)
    sender = WebhookSender(shop.webhooks, pause_s=0.01)

    sender.start()
    shop.place_order([("Gift wrap", 1)])
    arrived = receiver.arrived.wait(5)  # type: ignore[attr-defined]
    sender.stop()
    receiver.shutdown()
    receiver.server_close()

    assert arrived
    assert [topic for topic, _ in receiver.received] == ["orders/create"]  # type: ignore[attr-defined]
    assert shop.webhooks.waiting() == []
