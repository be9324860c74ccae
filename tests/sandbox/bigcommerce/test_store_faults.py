"""Bad days, the quota, access and real sockets."""

from collections.abc import Callable, Iterator

import pytest
import requests

from app.sandbox.bigcommerce.server import serve
from app.sandbox.bigcommerce.store import SandboxStore
from tests.sandbox.clock import Clock

Call = Callable[..., requests.Response]


@pytest.fixture
def order_id(store: SandboxStore) -> int:
    return store.place_order([("Gift wrap", 1)])


@pytest.fixture
def write(call: Call, order_id: int) -> Callable[[], requests.Response]:
    return lambda: call("PUT", f"/v2/orders/{order_id}", json={"staff_notes": "ours"})


def _left(answer: requests.Response) -> int:
    return int(answer.headers["X-Rate-Limit-Requests-Left"])


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("server_error", {500, 503}),
        ("html_error", {502}),
        ("rate_limited", {429}),
        ("overloaded", {429}),
    ],
)
def test_a_failing_platform_has_changed_nothing(
    store: SandboxStore,
    order_id: int,
    write: Callable[[], requests.Response],
    fault: str,
    statuses: set[int],
) -> None:
    store.faults.once(fault)

    failed = write()

    assert failed.status_code in statuses
    assert store.orders[order_id].staff_notes == ""
    assert write().status_code == 200


def test_too_many_requests_are_told_with_the_quota_or_without_a_word(
    store: SandboxStore, call: Call
) -> None:
    store.faults.once("rate_limited")
    with_headers = call("GET", "/v2/time")
    store.faults.once("overloaded")
    without = call("GET", "/v2/time")

    assert with_headers.headers["X-Rate-Limit-Time-Reset-Ms"] == "2000"
    assert with_headers.headers["X-Retry-After"] == "2"
    assert [name for name in without.headers if "rate" in name.lower() or "retry" in name.lower()] == []


def test_a_reset_connection_has_changed_nothing_and_a_lost_answer_was_applied(
    store: SandboxStore, order_id: int, write: Callable[[], requests.Response]
) -> None:
    store.faults.once("reset")
    with pytest.raises(requests.ConnectionError):
        write()
    after_reset = store.orders[order_id].staff_notes

    store.faults.once("lose_answer")
    with pytest.raises(requests.ReadTimeout):
        write()

    assert (after_reset, store.orders[order_id].staff_notes) == ("", "ours")
    assert [one.status for one in store.requests] == ["reset", "lost"]


def test_a_torn_answer_is_no_json(store: SandboxStore, call: Call) -> None:
    store.faults.once("torn_answer")

    with pytest.raises(requests.JSONDecodeError):
        call("GET", "/v2/store").json()

    assert call("GET", "/v2/store").json()["name"] == store.name


def test_a_window_has_its_quota_and_the_next_one_a_new_one(
    store: SandboxStore, call: Call, clock: Clock
) -> None:
    store.quota.requests = 3

    answers = [call("GET", "/v2/time") for _ in range(4)]
    clock.advance(29)
    early = call("GET", "/v2/time")
    clock.advance(1)
    late = call("GET", "/v2/time")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [_left(answer) for answer in answers] == [2, 1, 0, 0]
    assert answers[0].headers["X-Rate-Limit-Requests-Quota"] == "3"
    assert answers[0].headers["X-Rate-Limit-Time-Window-Ms"] == "30000"
    assert (early.status_code, early.headers["X-Rate-Limit-Time-Reset-Ms"]) == (429, "1000")
    assert early.headers["X-Retry-After"] == "1"
    assert (late.status_code, _left(late)) == (200, 2)


def test_other_apps_spend_the_same_quota(store: SandboxStore, call: Call) -> None:
    first = call("GET", "/v2/time")
    store.quota.spend(100)

    assert _left(call("GET", "/v2/time")) == _left(first) - 101


def test_a_wrong_token_opens_nothing(store: SandboxStore, order_id: int, call: Call) -> None:
    answers = [
        call("GET", path, headers={"X-Auth-Token": "guessed"})
        for path in (f"/v2/orders/{order_id}", "/v3/hooks")
    ]

    assert [answer.status_code for answer in answers] == [401, 401]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v2/orders", "store_v2_orders_read_only"),
        ("GET", "/v3/inventory/items", "store_inventory_read_only"),
        ("GET", "/v3/inventory/locations", "store_locations_read_only"),
        ("GET", "/v3/catalog/products", "store_v2_products_read_only"),
        ("GET", "/v2/store", "store_v2_information_read_only"),
    ],
)
def test_each_part_needs_its_scope(
    store: SandboxStore, call: Call, method: str, path: str, scope: str
) -> None:
    store.set_scopes(set())
    refused = call(method, path)

    store.set_scopes({scope})

    assert refused.status_code == 403
    assert call(method, path).status_code in (200, 204)


def test_a_scope_for_reading_does_not_write(
    store: SandboxStore, order_id: int, write: Callable[[], requests.Response]
) -> None:
    store.set_scopes({"store_v2_orders_read_only"})

    assert write().status_code == 403
    assert store.orders[order_id].staff_notes == ""


def test_things_can_happen_between_two_requests(store: SandboxStore, order_id: int, call: Call) -> None:
    store.before_request = lambda: store.edit_note(order_id, "just before")

    shown = call("GET", f"/v2/orders/{order_id}").json()

    assert shown["staff_notes"] == "just before"


def test_one_store_does_not_see_another(store: SandboxStore, session: requests.Session) -> None:
    answer = session.get("https://api.bigcommerce.com/stores/another/v2/time", timeout=5)

    assert answer.status_code == 404


@pytest.fixture
def address(store: SandboxStore) -> Iterator[str]:
    running = serve([store], port=0)
    yield f"{running.base_url}/stores/{store.store_hash}/v2/time"
    running.stop()


def _send(address: str, store: SandboxStore) -> requests.Response:
    return requests.get(address, headers={"X-Auth-Token": store.access_token}, timeout=5)


def test_the_same_store_is_served_over_a_socket(store: SandboxStore, address: str) -> None:
    assert _send(address, store).json() == {"time": int(store.clock().timestamp())}


@pytest.mark.parametrize("fault", ["reset", "lose_answer"])
def test_over_a_socket_the_connection_really_breaks(
    store: SandboxStore, address: str, fault: str
) -> None:
    store.faults.once(fault)

    with pytest.raises(requests.ConnectionError):
        _send(address, store)

    assert _send(address, store).status_code == 200
