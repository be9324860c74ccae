"""What orders, shipments and restocks do to stock, and what reads of it show when."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.bigcommerce.records import (
    CANCELLED,
    COMPLETED,
    DECLINED,
    INCOMPLETE,
    REFUNDED,
    Settings,
    Variant,
)
from app.sandbox.bigcommerce.store import SandboxStore
from app.sandbox.records import OutOfStock, Refused
from tests.sandbox.clock import Clock

Call = Callable[..., requests.Response]


def _figures(store: SandboxStore, variant: Variant, location_id: int) -> tuple[int, int]:
    level = store.pools[variant.item_id, location_id]
    return level.on_hand, level.backordered


def test_units_beyond_on_hand_are_backordered_on_the_line_and_the_item(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    order_id = store.place_order([(mug.variant_id, 8)])

    assert _figures(store, mug, main) == (0, 3)
    assert store.orders[order_id].lines[0].backordered == 3
    assert store.open_lines() == {(mug.item_id, main): {order_id: 8}}
    assert store.supply()[mug.item_id, main] == 5


def test_a_restored_order_takes_its_units_again(store: SandboxStore, mug: Variant, main: int) -> None:
    order_id = store.place_order([(mug.variant_id, 8)])
    store.archive_order(order_id)
    assert _figures(store, mug, main) == (5, 0)

    store.restore_order(order_id)

    assert _figures(store, mug, main) == (0, 3)
    assert store.open_lines() == {(mug.item_id, main): {order_id: 8}}
    with pytest.raises(Refused):
        store.restore_order(order_id)


def test_safety_stock_is_not_for_orders(store: SandboxStore, main: int) -> None:
    towel = store.add_product("Towel", stock={main: 5}, safety_stock=2)

    store.place_order([(towel.variant_id, 4)])

    assert _figures(store, towel, main) == (2, 1)
    assert store.supply()[towel.item_id, main] == 3


def test_a_limit_ends_what_may_be_oversold(store: SandboxStore, main: int) -> None:
    tray = store.add_product("Tray", stock={main: 1}, backorder_limit=2)

    with pytest.raises(OutOfStock):
        store.place_order([(tray.variant_id, 4)])
    store.place_order([(tray.variant_id, 3)])

    assert _figures(store, tray, main) == (0, 2)
    with pytest.raises(OutOfStock):
        store.place_order([(tray.variant_id, 1)], channel="manual")
    store.set_backorder_limit(tray.item_id, main, None)
    store.place_order([(tray.variant_id, 9)])


def test_without_native_backorders_only_orders_made_by_hand_oversell(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    store.settings.has_native_backorders = False

    with pytest.raises(OutOfStock):
        store.place_order([(mug.variant_id, 6)])
    order_id = store.place_order([(mug.variant_id, 6)], channel="manual")

    assert _figures(store, mug, main) == (-1, 0)
    assert store.orders[order_id].lines[0].backordered == 0
    assert store.supply()[mug.item_id, main] == 5


@pytest.mark.parametrize(("lowers", "expected"), [(False, (4, 3)), (True, (1, 0))])
def test_whether_a_restock_pays_off_the_counter_is_a_knob_and_the_line_keeps_its_number(
    store: SandboxStore, mug: Variant, main: int, lowers: bool, expected: tuple[int, int]
) -> None:
    store.books.lowers_backordered = lowers
    order_id = store.place_order([(mug.variant_id, 8)])

    store.adjust_stock(mug.item_id, main, 4)

    assert _figures(store, mug, main) == expected
    assert store.orders[order_id].lines[0].backordered == 3
    assert store.supply()[mug.item_id, main] == 9


def test_a_later_order_may_take_what_a_restock_brought(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    store.place_order([(mug.variant_id, 8)])
    store.adjust_stock(mug.item_id, main, 4)

    later = store.place_order([(mug.variant_id, 3)])

    assert store.orders[later].lines[0].backordered == 0
    assert _figures(store, mug, main) == (1, 3)


def test_a_partial_shipment_takes_the_units_that_were_there_first(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    order_id = store.place_order([(mug.variant_id, 8)])
    line = store.orders[order_id].lines[0]

    store.fulfil(order_id, {line.line_id: 5})
    after_five = line.backordered
    store.adjust_stock(mug.item_id, main, 2)
    store.fulfil(order_id, {line.line_id: 2})

    assert (after_five, line.backordered) == (3, 1)
    assert _figures(store, mug, main) == (0, 1)
    assert store.open_lines() == {(mug.item_id, main): {order_id: 1}}


def test_what_an_archived_order_left_on_the_counter_moves_no_unit_of_others(clock: Clock) -> None:
    store = SandboxStore(clock=clock, keeps_counter_of_archived=True)
    main = store.add_location("Main")
    mug = store.add_product("Blue Mug", sku="MUG-BLUE", stock={main: 0})
    store.archive_order(store.place_order([(mug.variant_id, 2)]))
    order_id = store.place_order([(mug.variant_id, 3)])
    store.adjust_stock(mug.item_id, main, 3)

    store.fulfil(order_id, {store.orders[order_id].lines[0].line_id: 1})

    assert _figures(store, mug, main) == (2, 4)
    assert store.supply() == {(mug.item_id, main): 2}


@pytest.mark.parametrize("status_id", [CANCELLED, DECLINED])
@pytest.mark.parametrize(("adjusts", "expected"), [(True, (5, 0)), (False, (0, 0))])
def test_a_void_order_gives_back_what_it_took_if_the_store_is_set_so(
    store: SandboxStore, mug: Variant, status_id: int, adjusts: bool, expected: tuple[int, int]
) -> None:
    store.settings.refund_order_stock_adjustment = adjusts
    order_id = store.place_order([(mug.variant_id, 8)])

    store.set_status(order_id, status_id)

    assert _figures(store, mug, store.books.default_location()) == expected
    assert store.open_lines() == {}


def test_a_refund_takes_unshipped_units_first_and_brings_shipped_ones_back(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    order_id = store.place_order([(mug.variant_id, 3)])
    line = store.orders[order_id].lines[0]
    store.fulfil(order_id, {line.line_id: 2})

    store.refund(order_id, {line.line_id: 1})
    unshipped = _figures(store, mug, main)
    store.refund(order_id, {line.line_id: 1}, restock=False)
    gone = _figures(store, mug, main)
    store.refund(order_id, {line.line_id: 1}, restock=True)

    assert (unshipped, gone, _figures(store, mug, main)) == ((3, 0), (3, 0), (4, 0))
    assert store.orders[order_id].status_id == REFUNDED
    assert store.open_lines() == {}


@pytest.mark.parametrize(("follows", "expected"), [(True, (0, 1)), (False, (2, 0))])
def test_whether_stock_follows_an_edit_is_a_setting(
    store: SandboxStore, mug: Variant, main: int, follows: bool, expected: tuple[int, int]
) -> None:
    store.settings.edit_order_stock_adjustment = follows
    order_id = store.place_order([(mug.variant_id, 3)])

    store.edit_order(order_id, {store.orders[order_id].lines[0].line_id: 6})

    assert _figures(store, mug, main) == expected
    assert store.open_lines() == {(mug.item_id, main): {order_id: 6}}


def test_an_edit_takes_the_units_that_were_short_off_first(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    order_id = store.place_order([(mug.variant_id, 8)])
    line = store.orders[order_id].lines[0]

    store.edit_order(order_id, {line.line_id: 4})

    assert (line.backordered, _figures(store, mug, main)) == (0, (1, 0))


def test_a_shipment_that_is_deleted_is_to_ship_again(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    order_id = store.place_order([(mug.variant_id, 3)])
    store.fulfil(order_id)

    store.cancel_fulfilment(order_id)

    assert store.open_lines() == {(mug.item_id, main): {order_id: 3}}
    assert store.supply()[mug.item_id, main] == 5


def test_more_can_not_be_shipped_out_of_stock_than_is_counted(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    order_id = store.place_order([(mug.variant_id, 8)])

    store.fulfil(order_id)

    assert _figures(store, mug, main) == (0, 0)
    assert store.supply()[mug.item_id, main] == 0


def test_a_product_that_is_deleted_leaves_its_lines_without_stock(
    store: SandboxStore, mug: Variant, call: Call
) -> None:
    order_id = store.place_order([(mug.variant_id, 3)])

    store.delete_product(mug.product_id)

    assert (store.pools, store.open_lines()) == ({}, {})
    assert call("GET", f"/v2/orders/{order_id}/products").json()[0]["variant_id"] == mug.variant_id
    assert call("GET", "/v3/catalog/variants", params={"id": mug.variant_id}).json()["data"] == []
    store.cancel_order(order_id)


def test_an_order_that_is_opened_again_takes_its_units_again(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    order_id = store.place_order([(mug.variant_id, 8)])
    store.cancel_order(order_id)

    store.set_status(order_id, 11)

    assert _figures(store, mug, main) == (0, 3)


def test_an_incomplete_order_takes_its_stock_when_it_is_paid(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    order_id = store.place_order([(mug.variant_id, 8)], is_incomplete=True)
    before = _figures(store, mug, main), store.open_lines()

    store.pay_order(order_id)

    assert before == ((5, 0), {})
    assert store.orders[order_id].status_id != INCOMPLETE
    assert _figures(store, mug, main) == (0, 3)


def test_under_the_other_stock_behaviour_units_leave_when_they_are_shipped(
    store: SandboxStore, mug: Variant, main: int
) -> None:
    store.settings.update_stock_behavior = "order_completed_or_shipped"
    order_id = store.place_order([(mug.variant_id, 4)])
    placed = _figures(store, mug, main)
    line = store.orders[order_id].lines[0]

    store.fulfil(order_id, {line.line_id: 1})
    shipped = _figures(store, mug, main)
    store.set_status(order_id, COMPLETED)

    assert (placed, shipped, _figures(store, mug, main)) == ((5, 0), (4, 0), (1, 0))
    assert store.open_lines() == {}


def test_pickups_are_served_where_they_are_fetched(
    store: SandboxStore, mug: Variant, main: int, annex: int
) -> None:
    store.adjust_stock(mug.item_id, annex, 2)

    order_id = store.place_order([(mug.variant_id, 3)], pickup_at=annex)

    assert _figures(store, mug, annex) == (0, 1)
    assert _figures(store, mug, main) == (5, 0)
    store.fulfil(order_id)
    assert store.orders[order_id].status_id == COMPLETED


def test_tracked_by_product_all_variants_share_the_base_variants_stock(
    store: SandboxStore, main: int
) -> None:
    small = store.add_product("Shirt", tracking="product", variant_title="S", stock={main: 4})
    large = store.add_product("Shirt", product_id=small.product_id, variant_title="L")

    store.place_order([(large.variant_id, 3)])

    assert _figures(store, small, main) == (1, 0)
    assert (large.item_id, main) not in store.pools


def test_untracked_stock_is_nobodys_business(store: SandboxStore, mug: Variant, main: int) -> None:
    store.set_tracking(mug.product_id, "none")

    store.place_order([(mug.variant_id, 50), ("Gift wrap", 1)])

    assert store.open_lines() == {}
    assert store.pools == {}


def test_reads_of_stock_lag_and_orders_do_not(
    store: SandboxStore, mug: Variant, main: int, call, clock
) -> None:  # type: ignore[no-untyped-def]
    store.books.projection.delay_s = 60
    order_id = store.place_order([(mug.variant_id, 8)])

    def shown() -> tuple[int, int]:
        (item,) = call("GET", "/v3/inventory/items").json()["data"]
        place = item["locations"][0]
        return place["total_inventory_onhand"], place["qty_backordered"]

    line = call("GET", f"/v2/orders/{order_id}/products").json()[0]
    at_once = shown()
    clock.advance(59)
    late = shown()
    clock.advance(1)

    assert line["quantity_backordered"] == 3
    assert (at_once, late, shown()) == ((5, 0), (5, 0), (0, 3))
    assert _figures(store, mug, main) == (0, 3)


def _happen(store: SandboxStore, rng: random.Random) -> None:
    """One thing that somebody does; it may be refused."""
    pools, numbers = sorted(store.pools), sorted(store.orders)
    item_id, location_id = rng.choice(pools)
    order_id = rng.choice(numbers) if numbers else 0
    lines = store.orders[order_id].lines if numbers else []
    line_id = rng.choice(lines).line_id if lines else 0
    units, yes = rng.randint(1, 4), rng.random() < 0.5
    variants = sorted(store.books.variants)
    acts = {
        "place": lambda: store.place_order(
            [(rng.choice(variants), units), (rng.choice(variants), 1)],
            pickup_at=location_id if yes else None,
            channel=rng.choice(("online", "manual")),
            is_incomplete=rng.random() < 0.2,
        ),
        "restock": lambda: store.adjust_stock(item_id, location_id, units),
        "shrink": lambda: store.adjust_stock(item_id, location_id, -1),
        "count": lambda: store.set_stock(item_id, location_id, units),
        "edit": lambda: store.edit_order(order_id, {line_id: units}),
        "add": lambda: store.edit_order(order_id, add=[(item_id, 1)]),
        "remove": lambda: store.edit_order(order_id, {line_id: 0}),
        "cancel": lambda: store.cancel_order(order_id, restock=yes),
        "refund": lambda: store.refund(order_id, {line_id: units}, restock=yes),
        "fulfil": lambda: store.fulfil(order_id, {line_id: units} if yes else None),
        "unfulfil": lambda: store.cancel_fulfilment(order_id),
        "pay": lambda: store.pay_order(order_id),
        "status": lambda: store.set_status(order_id, rng.randrange(15)),
        "archive": lambda: store.archive_order(order_id),
        "delete": lambda: store.delete_order(order_id),
    }
    try:
        rng.choice([*acts.values(), acts["place"], acts["place"], acts["restock"]])()
    except Refused:
        return


def _explained(store: SandboxStore) -> dict[tuple[int, int], int]:
    """What BigCommerce's figures and the open lines say lies there, by the rule that an app must use."""
    found = {}
    for key, level in store.pools.items():
        lines = [line for _, line in store.books.open_lines_of(level)]
        taken = sum(line.outstanding - line.backordered for line in lines if line.has_taken)
        paid = sum(line.backordered for line in lines) - level.backordered
        found[key] = level.on_hand + taken + paid
    return found


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    native=st.booleans(),
    lowers=st.booleans(),
    behavior=st.sampled_from(["order_placed", "order_completed_or_shipped"]),
)
def test_no_unit_is_ever_lost_or_made_up(seed: int, native: bool, lowers: bool, behavior: str) -> None:
    """Whatever happens, the figures an app can read explain what lies on the shelf."""
    rng = random.Random(seed)  # noqa: S311 -- repeatable, not secret
    store = SandboxStore(
        clock=lambda: datetime(2026, 11, 25, 10, tzinfo=UTC),
        seed=seed,
        settings=Settings(has_native_backorders=native, update_stock_behavior=behavior),  # type: ignore[arg-type]
        lowers_backordered=lowers,
    )
    places = [store.add_location("Main"), store.add_location("Annex")]
    for title in ("Mug", "Towel"):
        store.add_product(title, stock={place: rng.randint(0, 4) for place in places}, safety_stock=1)

    for _ in range(40):
        _happen(store, rng)

        shelf = {key: level.shelf for key, level in store.pools.items()}
        assert _explained(store) == shelf
        for level in store.pools.values():
            lines = [line for _, line in store.books.open_lines_of(level)]
            assert 0 <= level.backordered <= sum(line.backordered for line in lines)
            assert all(0 <= line.backordered <= line.outstanding for line in lines)
            assert level.on_hand >= 0 or not native


def test_one_seed_is_one_history(clock: Clock) -> None:
    stores = [SandboxStore(clock=clock, seed=7) for _ in range(2)]
    for store in stores:
        place = store.add_location("Main")
        store.add_product("Mug", stock={place: 3})
        rng = random.Random(1)  # noqa: S311 -- repeatable, not secret
        for _ in range(30):
            _happen(store, rng)

    assert stores[0].orders == stores[1].orders
    assert stores[0].pools == stores[1].pools


def test_the_projection_says_when_it_will_have_followed(
    store: SandboxStore, mug: Variant, main: int, clock: Clock
) -> None:
    store.books.projection.delay_s = 30
    store.adjust_stock(mug.item_id, main, 2)

    due_at = store.books.projection.due_at()
    clock.advance(30)

    assert due_at == clock.now
    assert store.books.projection.due_at() is None
