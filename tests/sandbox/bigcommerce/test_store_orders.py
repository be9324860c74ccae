"""Orders through v2: lists, dates, consignments, writes, and what the specs don't know."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest
import requests

from app.sandbox.bigcommerce.records import AWAITING_FULFILLMENT, PARTIALLY_SHIPPED, SHIPPED, Variant
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.records import Refused
from tests.sandbox.clock import Clock

Call = Callable[..., requests.Response]

WHOLE = {"include": "consignments.line_items", "consignment_structure": "object"}


def test_a_list_of_nothing_is_204_without_a_body(store: SandboxStore, call: Call) -> None:
    answer = call("GET", "/v2/orders")

    assert (answer.status_code, answer.content) == (204, b"")


def test_orders_come_as_a_bare_list_with_their_lines_where_asked(
    store: SandboxStore, mug: Variant, main: int, annex: int, call: Call
) -> None:
    sent = store.place_order([(mug.variant_id, 8), ("Gift wrap", 1)])
    fetched = store.place_order([(mug.variant_id, 1)], pickup_at=annex)

    first, second = call("GET", "/v2/orders", params=WHOLE).json()

    lines = first["consignments"]["shipping"][0]["line_items"]
    assert (first["id"], second["id"]) == (sent, fetched)
    assert [(one["variant_id"], one["quantity"], one["quantity_backordered"]) for one in lines] == [
        (mug.variant_id, 8, 3),
        (0, 1, 0),
    ]
    assert second["consignments"]["shipping"] == []
    assert second["consignments"]["pickups"][0]["location"]["id"] == annex
    assert parsedate_to_datetime(first["date_created"]) == store.orders[sent].created_at
    assert first["total_inc_tax"] == "90.0000"


def test_without_being_asked_an_order_links_to_its_parts(
    store: SandboxStore, mug: Variant, call: Call
) -> None:
    order_id = store.place_order([(mug.variant_id, 1)])

    shown = call("GET", f"/v2/orders/{order_id}").json()

    assert shown["products"]["resource"] == f"/orders/{order_id}/products"
    assert shown["consignments"]["resource"] == f"/orders/{order_id}/consignments"


def test_orders_changed_since_are_listed_oldest_change_first(
    store: SandboxStore, mug: Variant, call: Call, clock: Clock
) -> None:
    orders = [store.place_order([(mug.variant_id, 1)]) for _ in range(3)]
    clock.advance(60)
    since = clock.now
    store.edit_note(orders[2], "first")
    clock.advance(60)
    store.edit_note(orders[0], "second")

    query = {"min_date_modified": since.isoformat(), "sort": "date_modified:asc"}
    listed = call("GET", "/v2/orders", params=query).json()

    assert [one["id"] for one in listed] == [orders[2], orders[0]]


def test_pages_follow_one_another_up_to_250_a_page(
    store: SandboxStore, mug: Variant, call: Call
) -> None:
    orders = [store.place_order([("Gift wrap", 1)]) for _ in range(5)]

    pages = [call("GET", "/v2/orders", params={"limit": 2, "page": page}) for page in (1, 3, 4)]
    too_large = call("GET", "/v2/orders", params={"limit": 251})

    assert [one["id"] for one in pages[0].json()] == orders[:2]
    assert [one["id"] for one in pages[1].json()] == orders[4:]
    assert pages[2].status_code == 204
    assert (too_large.status_code, too_large.json()[0]["status"]) == (400, 400)


def test_products_come_in_fifties_unless_more_are_asked(store: SandboxStore, call: Call) -> None:
    order_id = store.place_order([(f"Item {number}", 1) for number in range(60)])

    counts = [
        len(call("GET", f"/v2/orders/{order_id}/products", params=query).json())
        for query in ({}, {"page": 2}, {"limit": 250})
    ]

    assert counts == [50, 10, 60]


def test_archived_orders_are_in_no_list_and_still_answer_by_id(
    store: SandboxStore, mug: Variant, call: Call
) -> None:
    order_id = store.place_order([(mug.variant_id, 1)])

    store.archive_order(order_id)
    archived, listed = call("GET", f"/v2/orders/{order_id}").json(), call("GET", "/v2/orders")
    store.delete_order(order_id)

    assert (archived["is_deleted"], listed.status_code) == (True, 204)
    gone = call("GET", f"/v2/orders/{order_id}")
    assert (gone.status_code, gone.json()[0]["status"]) == (404, 404)


def test_writing_notes_changes_nothing_else_and_is_noted(
    store: SandboxStore, mug: Variant, call: Call
) -> None:
    order_id = store.place_order(
        [(mug.variant_id, 1)], note="VIP", message="Ring twice", discount="5.0000"
    )

    call("PUT", f"/v2/orders/{order_id}", json={"staff_notes": "VIP, rang"})

    order = store.orders[order_id]
    assert (order.staff_notes, order.customer_message, order.discount) == (
        "VIP, rang",
        "Ring twice",
        "5.0000",
    )
    assert [(one.kind, one.order_id, one.detail) for one in store.journal] == [
        ("note written", order_id, "VIP, rang")
    ]


def test_sending_products_loses_the_discounts_and_is_noted(
    store: SandboxStore, mug: Variant, call: Call
) -> None:
    order_id = store.place_order([(mug.variant_id, 1)], discount="5.0000")
    line_id = store.orders[order_id].lines[0].line_id

    call("PUT", f"/v2/orders/{order_id}", json={"products": [{"id": line_id, "quantity": 2}]})

    assert store.orders[order_id].discount == "0.0000"
    assert store.orders[order_id].lines[0].quantity == 2
    assert [one.kind for one in store.journal] == ["discounts lost"]


def test_an_edit_beyond_the_limit_is_refused_in_a_list(
    store: SandboxStore, main: int, call: Call
) -> None:
    tray = store.add_product("Tray", stock={main: 1}, backorder_limit=1)
    order_id = store.place_order([(tray.variant_id, 1)])
    line_id = store.orders[order_id].lines[0].line_id

    answer = call("PUT", f"/v2/orders/{order_id}", json={"products": [{"id": line_id, "quantity": 4}]})

    (error,) = answer.json()[0]["details"]["errors"]
    assert answer.status_code == 409
    assert (error["type"], error["variant_id"], error["location_id"]) == (
        "OutOfStock",
        tray.variant_id,
        main,
    )
    assert (error["available_quantity"], error["available_quantity_for_backorder"]) == (0, 1)


def test_a_status_is_set_and_told_by_id(store: SandboxStore, mug: Variant, call: Call) -> None:
    order_id = store.place_order([(mug.variant_id, 1)])

    answer = call("PUT", f"/v2/orders/{order_id}", json={"status_id": 12})
    unknown = call("PUT", f"/v2/orders/{order_id}", json={"status_id": 15})

    assert answer.json()["status"] == "Manual Verification Required"
    assert unknown.status_code == 422
    labels = {one["id"]: one["system_label"] for one in call("GET", "/v2/order_statuses").json()}
    assert labels[12] == "Manual Verification Required"


def test_shipments_move_an_order_on(store: SandboxStore, mug: Variant, call: Call) -> None:
    order_id = store.place_order([(mug.variant_id, 3)])
    line_id = store.orders[order_id].lines[0].line_id
    assert call("GET", f"/v2/orders/{order_id}/shipments").status_code == 204

    store.fulfil(order_id, {line_id: 1})
    partly = store.orders[order_id].status_id
    store.fulfil(order_id)
    shipped = store.orders[order_id].status_id
    store.cancel_fulfilment(order_id)

    (left,) = call("GET", f"/v2/orders/{order_id}/shipments").json()
    assert (partly, shipped) == (PARTIALLY_SHIPPED, SHIPPED)
    assert [(one["order_product_id"], one["quantity"]) for one in left["items"]] == [(line_id, 1)]
    assert store.orders[order_id].status_id == PARTIALLY_SHIPPED


@pytest.mark.parametrize(
    "act",
    [
        lambda store, order_id, line_id: store.cancel_order(order_id),
        lambda store, order_id, line_id: store.edit_order(order_id, {line_id: 0}),
        lambda store, order_id, line_id: store.fulfil(order_id, {line_id: 3}),
        lambda store, order_id, line_id: store.refund(order_id, {line_id: 4}),
        lambda store, order_id, line_id: store.edit_order(order_id, {7: 1}),
        lambda store, order_id, line_id: store.pay_order(order_id),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(
    store: SandboxStore, mug: Variant, act: Callable[[SandboxStore, int, int], None]
) -> None:
    order_id = store.place_order([(mug.variant_id, 3)])
    line = store.orders[order_id].lines[0]
    store.fulfil(order_id, {line.line_id: 1})
    before = store.open_lines(), store.supply()

    with pytest.raises(Refused):
        act(store, order_id, line.line_id)

    assert (store.open_lines(), store.supply()) == before


def test_orders_are_counted_by_status(store: SandboxStore, call: Call) -> None:
    for _ in range(2):
        store.place_order([("Gift wrap", 1)])

    counted = call("GET", "/v2/orders/count").json()

    assert counted["count"] == 2
    assert {one["id"]: one["count"] for one in counted["statuses"]}[AWAITING_FULFILLMENT] == 2


# Requests that the specs don't know


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/v2/orders?modified_since=2026", {}),
        ("GET", "/v2/orders?include=everything", {}),
        ("GET", "/v2/orders?sort=total:asc", {}),
        ("GET", "/v2/orders/one", {}),
        ("GET", "/v2/tags", {}),
        ("PUT", "/v2/orders/{order}", {"json": {"staff_note": "x"}}),
        ("PUT", "/v2/orders/{order}", {"json": {"staff_notes": 1}}),
        ("PUT", "/v2/orders/{order}", {"data": b"{", "headers": {"Content-Type": "application/json"}}),
        ("POST", "/v3/orders/metafields", {"json": [{"resource_id": 1, "namespace": "x", "key": "y"}]}),
        ("GET", "/v3/inventory/items?variant_ids=1", {}),
    ],
)
def test_what_the_specs_do_not_know_is_refused_and_noted(
    store: SandboxStore, call: Call, method: str, path: str, options: dict[str, object]
) -> None:
    order_id = store.place_order([("Gift wrap", 1)], note="as it was")

    answer = call(method, path.format(order=order_id), **options)

    assert answer.status_code in (400, 422)
    assert [one.kind for one in store.journal] == ["refused by the specs"]
    assert store.orders[order_id].staff_notes == "as it was"


def test_what_is_not_modelled_is_an_error_and_not_a_guess(store: SandboxStore, call: Call) -> None:
    order_id = store.place_order([("Gift wrap", 1)])

    answers = [
        call("GET", "/v2/orders?min_total=5"),
        call("GET", f"/v2/orders/{order_id}?include=consignments"),
        call("PUT", f"/v2/orders/{order_id}", json={"payment_method": "Cash"}),
        call("GET", "/v3/catalog/products?include=images"),
    ]

    assert [answer.status_code for answer in answers] == [501] * 4


def test_the_store_tells_its_zone_and_language(store: SandboxStore, call: Call) -> None:
    shown = call("GET", "/v2/store").json()

    assert (shown["id"], shown["timezone"]["name"], shown["language"]) == (
        store.store_hash,
        "Europe/Lisbon",
        "en",
    )
    assert call("GET", "/v2/time").json() == {"time": int(store.clock().timestamp())}
