"""Inventory, catalogue and settings through v3."""

from collections.abc import Callable

import pytest
import requests

from app.sandbox.bigcommerce.records import Variant
from app.sandbox.bigcommerce.store import SandboxStore
from tests.sandbox.clock import Clock

Call = Callable[..., requests.Response]


def test_items_show_each_location_and_what_may_still_be_sold(
    store: SandboxStore, main: int, annex: int, call: Call
) -> None:
    mug = store.add_product("Mug", sku="MUG", stock={main: 5, annex: 2}, backorder_limit=10)
    store.place_order([(mug.variant_id, 8)])

    answer = call("GET", "/v3/inventory/items", params={"variant_id:in": str(mug.variant_id)}).json()

    (item,) = answer["data"]
    assert item["identity"]["variant_id"] == mug.variant_id
    assert [
        (
            one["location_id"],
            one["total_inventory_onhand"],
            one["qty_backordered"],
            one["available_to_sell"],
        )
        for one in item["locations"]
    ] == [(main, 0, 3, 7), (annex, 2, 0, 12)]
    assert answer["meta"]["pagination"]["total"] == 1


def test_items_are_found_by_variant_sku_product_and_location(
    store: SandboxStore, mug: Variant, main: int, annex: int, call: Call
) -> None:
    towel = store.add_product("Towel", sku="TOWEL")

    def found(**query: object) -> list[int]:
        data = call("GET", "/v3/inventory/items", params=query).json()["data"]
        return [one["identity"]["variant_id"] for one in data]

    assert found() == [mug.variant_id, towel.variant_id]
    assert found(**{"variant_id:in": f"{towel.variant_id},7"}) == [towel.variant_id]
    assert found(**{"sku:in": "MUG,NONE"}) == [mug.variant_id]
    assert found(**{"product_id:in": towel.product_id}) == [towel.variant_id]
    (item, *_) = call("GET", "/v3/inventory/items", params={"location_id:in": annex}).json()["data"]
    assert [one["location_id"] for one in item["locations"]] == [annex]


@pytest.mark.parametrize(("limit", "status"), [(1000, 200), (1001, 422)])
def test_a_thousand_items_fit_a_page(store: SandboxStore, call: Call, limit: int, status: int) -> None:
    assert call("GET", f"/v3/inventory/items?limit={limit}").status_code == status


def test_a_store_without_native_backorders_shows_none_of_their_fields(
    store: SandboxStore, mug: Variant, call: Call
) -> None:
    store.settings.has_native_backorders = False
    order_id = store.place_order([(mug.variant_id, 1)])

    line = call("GET", f"/v2/orders/{order_id}/products").json()[0]
    place = call("GET", "/v3/inventory/items").json()["data"][0]["locations"][0]
    settings = call("GET", "/v3/settings/inventory").json()["data"]

    assert "quantity_backordered" not in line
    assert "qty_backordered" not in place
    assert "show_quantity_on_backorder" not in settings
    assert place["available_to_sell"] == 4


def test_an_absolute_adjustment_sets_and_a_relative_one_adds(
    store: SandboxStore, mug: Variant, main: int, call: Call
) -> None:
    store.place_order([(mug.variant_id, 8)])
    item = {"location_id": main, "variant_id": mug.variant_id}

    first = call(
        "PUT",
        "/v3/inventory/adjustments/absolute",
        json={"items": [item | {"quantity": 2, "qty_backordered": 1}]},
    )
    second = call("POST", "/v3/inventory/adjustments/relative", json={"items": [item | {"quantity": 3}]})

    level = store.pools[mug.item_id, main]
    assert (level.on_hand, level.backordered, level.shelf) == (5, 1, 12)
    assert first.json()["transaction_id"] != second.json()["transaction_id"]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"quantity": 0}, "must not be 0"),
        ({"quantity": -9}, "below the safety stock"),
        ({"variant_id": 1, "quantity": 1}, "does not exist"),
    ],
)
def test_a_relative_adjustment_that_can_not_be_changes_nothing(
    store: SandboxStore, mug: Variant, call: Call, item: dict[str, int], reason: str
) -> None:
    main = store.books.default_location()
    wanted = {"location_id": main, "variant_id": mug.variant_id} | item

    answer = call("POST", "/v3/inventory/adjustments/relative", json={"items": [wanted]})

    assert answer.status_code == 422
    assert reason in answer.json()["title"]
    assert store.pools[mug.item_id, main].on_hand == 5


def test_an_item_is_named_by_what_it_is_tracked_by(store: SandboxStore, main: int, call: Call) -> None:
    small = store.add_product("Shirt", tracking="product", variant_title="S", stock={main: 4})
    store.add_product("Shirt", product_id=small.product_id, variant_title="L")

    def adjust(**identity: int) -> requests.Response:
        item = {"location_id": main, "quantity": 9, **identity}
        return call("PUT", "/v3/inventory/adjustments/absolute", json={"items": [item]})

    refused, done = adjust(variant_id=small.variant_id), adjust(product_id=small.product_id)

    assert refused.status_code == 422
    assert "is tracked by product" in refused.json()["title"]
    assert done.status_code == 200
    assert store.pools[small.item_id, main].on_hand == 9


def test_limits_and_safety_stock_are_set_per_location(
    store: SandboxStore, mug: Variant, main: int, call: Call
) -> None:
    setting = {"identity": {"variant_id": mug.variant_id}, "backorder_limit": 4, "safety_stock": 2}

    call("PUT", f"/v3/inventory/locations/{main}/items", json={"settings": [setting]})

    (item,) = call("GET", f"/v3/inventory/locations/{main}/items").json()["data"]
    assert (item["settings"]["backorder_limit"], item["settings"]["safety_stock"]) == (4, 2)
    assert item["available_to_sell"] == 7


def test_products_tell_how_they_are_tracked_and_sold(
    store: SandboxStore, mug: Variant, call: Call, clock: Clock
) -> None:
    store.set_tracking(mug.product_id, "none")
    store.set_availability(mug.product_id, "preorder", release_at=clock.now)

    query = {"id:in": mug.product_id, "include": "variants"}
    (shown,) = call("GET", "/v3/catalog/products", params=query).json()["data"]
    (variant,) = call("GET", "/v3/catalog/variants", params={"id": mug.variant_id}).json()["data"]

    assert (shown["inventory_tracking"], shown["availability"]) == ("none", "preorder")
    assert shown["preorder_release_date"] == "2026-11-25T10:00:00+00:00"
    assert shown["base_variant_id"] == mug.variant_id
    assert shown["variants"] == [variant]
    assert variant["sku"] == "MUG"
    assert call("GET", "/v3/inventory/items").json()["data"] == []


def test_settings_say_when_stock_moves_and_can_be_changed(store: SandboxStore, call: Call) -> None:
    store.set_scopes({"store_v2_information"})
    before = call("GET", "/v3/settings/inventory").json()["data"]

    change = {
        "update_stock_behavior": "order_completed_or_shipped",
        "edit_order_stock_adjustment": False,
    }
    after = call("PUT", "/v3/settings/inventory", json=change).json()["data"]

    assert before["update_stock_behavior"] == "order_placed"
    assert after["update_stock_behavior"] == "order_completed_or_shipped"
    assert store.settings.edit_order_stock_adjustment is False


def test_a_closed_location_passes_the_default_on(
    store: SandboxStore, mug: Variant, main: int, annex: int, call: Call
) -> None:
    store.disable_location(main)
    order_id = store.place_order([(mug.variant_id, 1)])

    (default,) = call("GET", "/v3/inventory/locations?is_default=true").json()["data"]
    places = call("GET", "/v3/inventory/locations").json()["data"]

    assert default["id"] == annex
    assert store.orders[order_id].lines[0].location_id == annex
    assert [(one["id"], one["enabled"]) for one in places] == [(main, False), (annex, True)]
