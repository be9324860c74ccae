"""Metafields of orders: one by one, and in batches that may succeed in part."""

from collections.abc import Callable

import pytest
import requests

from app.sandbox.bigcommerce.store import SandboxStore

Call = Callable[..., requests.Response]


@pytest.fixture
def order_id(store: SandboxStore) -> int:
    return store.place_order([("Gift wrap", 1)])


def _field(key: str, value: str = "x", **more: object) -> dict[str, object]:
    permissions = {"permission_set": "read_and_sf_access"}
    return {"namespace": "backorder", "key": key, "value": value, **permissions, **more}


def test_a_metafield_is_made_changed_and_deleted(store: SandboxStore, order_id: int, call: Call) -> None:
    path = f"/v3/orders/{order_id}/metafields"

    made = call("POST", path, json=_field("eta", "2026-12-05")).json()["data"]
    call("PUT", f"{path}/{made['id']}", json=_field("eta", "2026-12-07"))
    changed = store.metafields(order_id)
    gone = call("DELETE", f"{path}/{made['id']}")

    assert (made["resource_id"], made["permission_set"]) == (order_id, "read_and_sf_access")
    assert changed == {("backorder", "eta"): "2026-12-07"}
    assert (gone.status_code, gone.content, store.metafields(order_id)) == (204, b"", {})
    assert [one.kind for one in store.journal] == [
        "metafield created",
        "metafield updated",
        "metafield deleted",
    ]


def test_one_key_is_made_once(store: SandboxStore, order_id: int, call: Call) -> None:
    path = f"/v3/orders/{order_id}/metafields"
    call("POST", path, json=_field("eta", "first"))

    again = call("POST", path, json=_field("eta", "second"))

    assert again.status_code == 409
    assert store.metafields(order_id) == {("backorder", "eta"): "first"}


def test_a_batch_does_what_it_can_and_says_what_it_could_not(
    store: SandboxStore, order_id: int, call: Call
) -> None:
    other = store.place_order([("Gift wrap", 1)])
    call("POST", f"/v3/orders/{order_id}/metafields", json=_field("eta"))

    answer = call(
        "POST",
        "/v3/orders/metafields",
        json=[
            _field("eta", resource_id=order_id),
            _field("status", resource_id=order_id),
            _field("status", resource_id=other),
            _field("status", resource_id=7),
        ],
    )

    shown = answer.json()
    assert answer.status_code == 422
    assert [one["resource_id"] for one in shown["data"]] == [order_id, other]
    assert [one["status"] for one in shown["errors"]] == [409, 404]
    assert shown["meta"] == {"total": 4, "success": 2, "failed": 2}
    assert store.metafields(other) == {("backorder", "status"): "x"}


def test_batches_change_and_delete_by_id(store: SandboxStore, order_id: int, call: Call) -> None:
    made = call(
        "POST",
        "/v3/orders/metafields",
        json=[_field(key, resource_id=order_id) for key in ("eta", "status")],
    ).json()["data"]

    changed = call("PUT", "/v3/orders/metafields", json=[_field("eta", "new", id=made[0]["id"])])
    partly = call("DELETE", "/v3/orders/metafields", json=[made[1]["id"], 7])

    assert changed.status_code == 200
    assert (partly.status_code, partly.json()["data"]) == (422, [made[1]["id"]])
    assert store.metafields(order_id) == {("backorder", "eta"): "new"}


def test_a_batch_too_large_does_nothing(store: SandboxStore, order_id: int, call: Call) -> None:
    fields = [_field(f"key {number}", resource_id=order_id) for number in range(11)]

    assert call("POST", "/v3/orders/metafields", json=fields).status_code == 400
    assert store.metafields(order_id) == {}


def test_metafields_are_found_by_namespace_and_key(
    store: SandboxStore, order_id: int, call: Call
) -> None:
    call("POST", f"/v3/orders/{order_id}/metafields", json=_field("eta"))
    call("POST", f"/v3/orders/{order_id}/metafields", json=_field("eta") | {"namespace": "other"})

    of_all = call("GET", "/v3/orders/metafields", params={"namespace": "backorder"}).json()
    of_one = call("GET", f"/v3/orders/{order_id}/metafields", params={"key:in": "eta,status"}).json()

    assert [one["namespace"] for one in of_all["data"]] == ["backorder"]
    assert of_one["meta"]["pagination"]["total"] == 2


def test_the_metafields_of_an_order_that_is_gone_are_gone(
    store: SandboxStore, order_id: int, call: Call
) -> None:
    call("POST", f"/v3/orders/{order_id}/metafields", json=_field("eta"))

    store.delete_order(order_id)

    assert call("GET", f"/v3/orders/{order_id}/metafields").status_code == 404
    assert call("GET", "/v3/orders/metafields").json()["data"] == []
