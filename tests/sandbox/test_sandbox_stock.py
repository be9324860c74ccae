"""What every operation does to the quantities of a pool."""

from collections.abc import Callable

import pytest

from app.sandbox.records import OutOfStock, Refused
from app.sandbox.shopify.shop import SandboxShop

Route = Callable[[int], list[int]]


def _figures(shop: SandboxShop, item_id: int, location_id: int) -> tuple[int, int, int]:
    quantities = shop.pools[item_id, location_id].quantities
    return quantities["on_hand"], quantities["available"], quantities["committed"]


def test_an_order_moves_units_from_available_to_committed_at_once(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 10})

    shop.place_order([(mug.variant_id, 3)])

    assert _figures(shop, mug.item_id, main) == (10, 7, 3)


def test_overselling_lets_available_go_below_zero(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 1})

    shop.place_order([(mug.variant_id, 3)])

    assert _figures(shop, mug.item_id, main) == (1, -2, 3)


def test_the_first_location_with_enough_takes_the_order(shop: SandboxShop, main: int, back: int) -> None:
    mug = shop.add_product("Mug", stock={main: 1, back: 5})

    shop.place_order([(mug.variant_id, 3)])

    assert _figures(shop, mug.item_id, main) == (1, 1, 0)
    assert _figures(shop, mug.item_id, back) == (5, 2, 3)


def test_exactly_enough_is_enough(shop: SandboxShop, main: int, back: int) -> None:
    mug = shop.add_product("Mug", stock={main: 3, back: 5})

    shop.place_order([(mug.variant_id, 3)])

    assert _figures(shop, mug.item_id, main) == (3, 0, 3)


def test_where_nobody_has_enough_the_first_that_stocks_it_oversells(
    shop: SandboxShop, main: int, back: int
) -> None:
    mug = shop.add_product("Mug", stock={back: 0})

    shop.place_order([(mug.variant_id, 2)])

    assert _figures(shop, mug.item_id, back) == (0, -2, 2)
    assert (mug.item_id, main) not in shop.pools


def test_deny_refuses_an_online_order_beyond_available(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 2}, policy="DENY")

    with pytest.raises(OutOfStock):
        shop.place_order([(mug.variant_id, 3)])

    assert _figures(shop, mug.item_id, main) == (2, 2, 0)
    assert not shop.orders


@pytest.mark.parametrize("channel", ["pos", "draft"])
def test_deny_does_not_bind_other_channels(shop: SandboxShop, main: int, channel: str) -> None:
    mug = shop.add_product("Mug", stock={main: 2}, policy="DENY")

    shop.place_order([(mug.variant_id, 3)], channel=channel)  # type: ignore[arg-type]

    assert _figures(shop, mug.item_id, main) == (2, -1, 3)


@pytest.mark.parametrize(("restock", "after"), [(True, (5, 5, 0)), (False, (3, 3, 0))])
def test_cancelling_gives_units_back_or_writes_them_off(
    shop: SandboxShop, main: int, restock: bool, after: tuple[int, int, int]
) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 2)])

    shop.cancel_order(order_id, restock=restock)

    assert _figures(shop, mug.item_id, main) == after


def test_shipping_lowers_committed_and_on_hand(shop: SandboxShop, main: int, route: Route) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 3)])
    route(order_id)

    shop.fulfil(order_id, {shop.orders[order_id].lines[0].line_id: 2})

    assert _figures(shop, mug.item_id, main) == (3, 2, 1)


@pytest.mark.parametrize(("restock", "after"), [("cancel", (5, 3, 2)), ("no_restock", (4, 2, 2))])
def test_refunding_unshipped_units(
    shop: SandboxShop, main: int, restock: str, after: tuple[int, int, int]
) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 3)])
    line = shop.orders[order_id].lines[0]

    shop.refund(order_id, {line.line_id: 1}, restock=restock)  # type: ignore[arg-type]

    assert _figures(shop, mug.item_id, main) == after
    assert (line.quantity, line.current, line.unfulfilled) == (3, 2, 2)


def test_a_return_brings_shipped_units_back(shop: SandboxShop, main: int, route: Route) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 3)])
    route(order_id)
    shop.fulfil(order_id)
    line = shop.orders[order_id].lines[0]

    shop.refund(order_id, {line.line_id: 2}, restock="return")

    assert _figures(shop, mug.item_id, main) == (4, 4, 0)
    assert (line.current, line.fulfilled, line.unfulfilled) == (1, 3, 0)


def test_units_never_shipped_can_not_be_returned(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 3)])

    with pytest.raises(Refused):
        shop.refund(order_id, {shop.orders[order_id].lines[0].line_id: 1}, restock="return")


def test_an_edit_commits_more_or_less_at_once(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 2)])
    line_id = shop.orders[order_id].lines[0].line_id

    shop.edit_order(order_id, {line_id: 6})
    raised = _figures(shop, mug.item_id, main)
    shop.edit_order(order_id, {line_id: 1})

    assert raised == (5, -1, 6)
    assert _figures(shop, mug.item_id, main) == (5, 4, 1)


def test_a_variant_can_be_added_and_removed_again(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    bowl = shop.add_product("Bowl", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 2)])

    shop.edit_order(order_id, add=[(bowl.variant_id, 3)])
    added = _figures(shop, bowl.item_id, main)
    shop.edit_order(order_id, {shop.orders[order_id].lines[1].line_id: 0})

    assert added == (5, 2, 3)
    assert _figures(shop, bowl.item_id, main) == (5, 5, 0)
    assert shop.orders[order_id].lines[1].quantity == 3


def test_deleting_an_order_frees_what_it_had_committed(
    shop: SandboxShop, main: int, route: Route
) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 2)])
    route(order_id)

    shop.delete_order(order_id)

    assert _figures(shop, mug.item_id, main) == (5, 5, 0)
    assert not shop.books.fulfillment_orders


def test_untracked_items_are_not_counted(shop: SandboxShop, main: int) -> None:
    card = shop.add_product("Card", stock={main: 5}, tracked=False)

    shop.place_order([(card.variant_id, 9), ("Gift wrap", 1)])

    assert _figures(shop, card.item_id, main) == (5, 5, 0)
    assert not shop.open_lines()


def test_tracking_an_item_commits_its_open_orders(shop: SandboxShop, main: int) -> None:
    card = shop.add_product("Card", stock={main: 5}, tracked=False)
    shop.place_order([(card.variant_id, 9)])

    shop.set_tracked(card.item_id, is_tracked=True)
    tracked = _figures(shop, card.item_id, main)
    shop.set_tracked(card.item_id, is_tracked=False)

    assert tracked == (5, -4, 9)
    assert _figures(shop, card.item_id, main) == (5, 5, 0)


def test_damaged_units_come_out_of_available(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 5})

    shop.adjust_stock(mug.item_id, main, 2, name="damaged")

    assert _figures(shop, mug.item_id, main) == (5, 3, 0)
    assert shop.pools[mug.item_id, main].quantities["damaged"] == 2


def test_counting_on_hand_anew_changes_available_by_the_difference(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    shop.place_order([(mug.variant_id, 7)])

    shop.set_stock(mug.item_id, main, 8, name="on_hand")

    assert _figures(shop, mug.item_id, main) == (8, 1, 7)


def test_incoming_units_count_only_once_received(shop: SandboxShop, main: int) -> None:
    mug = shop.add_product("Mug", stock={main: 1})

    shipment = shop.expect_shipment(main, {mug.item_id: 6})
    before = dict(shop.pools[mug.item_id, main].quantities)
    shop.receive_shipment(shipment.shipment_id, {mug.item_id: 4})

    assert (before["incoming"], before["on_hand"]) == (6, 1)
    assert shop.pools[mug.item_id, main].quantities["incoming"] == 2
    assert _figures(shop, mug.item_id, main) == (5, 5, 0)
    assert shipment.status == "PARTIALLY_RECEIVED"


def test_a_closed_location_hands_on_stock_and_open_work(
    shop: SandboxShop, main: int, back: int, route: Route
) -> None:
    mug = shop.add_product("Mug", stock={main: 5})
    order_id = shop.place_order([(mug.variant_id, 2)])
    route(order_id)
    shop.place_order([(mug.variant_id, 4)])

    shop.deactivate_location(main)

    assert (mug.item_id, main) not in shop.pools
    assert _figures(shop, mug.item_id, back) == (5, -1, 6)
    assert [one.location_id for one in shop.fulfillment_orders(order_id)] == [back]
