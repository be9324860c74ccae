"""Fulfillment orders: when they appear, what may be done with them, which ids survive."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.sandbox.records import Refused
from app.sandbox.shopify.holds import HoldRefused
from app.sandbox.shopify.records import FulfillmentOrder
from app.sandbox.shopify.shop import SandboxShop

Route = Callable[[int], list[int]]


@pytest.fixture
def order_id(shop: SandboxShop, main: int, back: int) -> int:
    mug = shop.add_product("Mug", stock={main: 9, back: 9})
    bowl = shop.add_product("Bowl", stock={main: 9, back: 9})
    return shop.place_order([(mug.variant_id, 4), (bowl.variant_id, 2)])


def _units(one: FulfillmentOrder) -> list[int]:
    return [part.remaining for part in one.lines]


def test_fulfillment_orders_appear_only_after_the_routing_delay(
    shop: SandboxShop, order_id: int, clock
) -> None:  # type: ignore[no-untyped-def]
    shop.tick()
    clock.advance(shop.routing_delay_s - 1)
    shop.tick()
    too_early = shop.fulfillment_orders(order_id)
    clock.advance(1)
    shop.tick()

    assert too_early == []
    assert [_units(one) for one in shop.fulfillment_orders(order_id)] == [[4, 2]]


def test_unrouted_lines_are_part_of_the_truth(shop: SandboxShop, main: int, order_id: int) -> None:
    item_id = shop.orders[order_id].lines[0].item_id

    assert shop.open_lines()[item_id, main] == {order_id: 4}


def test_units_added_by_an_edit_reach_the_fulfillment_order_later(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    route(order_id)

    shop.edit_order(order_id, {shop.orders[order_id].lines[0].line_id: 6})
    at_once = _units(shop.fulfillment_orders(order_id)[0])
    route(order_id)

    assert at_once == [4, 2]
    assert _units(shop.fulfillment_orders(order_id)[0]) == [6, 2]


def test_units_edited_away_leave_it_at_once(shop: SandboxShop, order_id: int, route: Route) -> None:
    route(order_id)

    shop.edit_order(order_id, {line.line_id: 1 for line in shop.orders[order_id].lines})

    assert _units(shop.fulfillment_orders(order_id)[0]) == [1, 1]


def test_units_not_yet_routed_are_edited_away_first(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    route(order_id)
    line_id = shop.orders[order_id].lines[0].line_id

    shop.edit_order(order_id, {line_id: 6})
    shop.edit_order(order_id, {line_id: 3})

    assert _units(shop.fulfillment_orders(order_id)[0]) == [3, 2]


def test_an_edit_undone_before_routing_leaves_the_fulfillment_order_alone(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    route(order_id)
    line_id = shop.orders[order_id].lines[0].line_id

    shop.edit_order(order_id, {line_id: 6})
    shop.edit_order(order_id, {line_id: 4})

    assert _units(shop.fulfillment_orders(order_id)[0]) == [4, 2]


def test_partly_shipped_is_in_progress_and_all_shipped_is_closed(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    route(order_id)

    shop.fulfil(order_id, {shop.orders[order_id].lines[0].line_id: 1})
    partly = shop.fulfillment_orders(order_id)[0].status
    shop.fulfil(order_id)

    assert partly == "IN_PROGRESS"
    assert shop.fulfillment_orders(order_id)[0].status == "CLOSED"


def test_a_cancelled_parcel_opens_its_units_again_under_a_new_id(
    shop: SandboxShop, main: int, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    shop.fulfil(order_id)

    shop.cancel_fulfilment(order_id)

    old, new = shop.fulfillment_orders(order_id)
    assert (old.fulfillment_order_id, old.status, old.lines) == (number, "CLOSED", [])
    assert (new.status, _units(new)) == ("OPEN", [4, 2])
    quantities = shop.pools[shop.orders[order_id].lines[0].item_id, main].quantities
    assert (quantities["on_hand"], quantities["available"], quantities["committed"]) == (9, 5, 4)


def test_what_is_not_routed_can_not_be_shipped(shop: SandboxShop, order_id: int) -> None:
    with pytest.raises(Refused):
        shop.fulfil(order_id)


def test_moved_whole_it_keeps_its_id_and_takes_the_commitment_along(
    shop: SandboxShop, main: int, back: int, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    item_id = shop.orders[order_id].lines[0].item_id

    moved = shop.move(number, back)

    assert moved == number
    assert shop.pools[item_id, main].quantities["committed"] == 0
    assert shop.pools[item_id, back].quantities["committed"] == 4
    assert shop.open_lines()[item_id, back] == {order_id: 4}


def test_moved_in_part_the_units_get_a_new_fulfillment_order(
    shop: SandboxShop, back: int, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    part = shop.fulfillment_orders(order_id)[0].lines[0]

    moved = shop.move(number, back, quantities={part.fulfillment_line_id: 3})

    assert moved != number
    assert [_units(one) for one in shop.fulfillment_orders(order_id)] == [[1, 2], [3]]


def test_moving_where_the_order_already_ships_from_recreates_both_as_one(
    shop: SandboxShop, back: int, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    part = shop.fulfillment_orders(order_id)[0].lines[0]

    first = shop.move(number, back, quantities={part.fulfillment_line_id: 1})
    second = shop.move(number, back, quantities={part.fulfillment_line_id: 1})

    states = {
        one.fulfillment_order_id: (one.status, _units(one)) for one in shop.fulfillment_orders(order_id)
    }
    assert states == {number: ("OPEN", [2, 2]), first: ("CLOSED", []), second: ("OPEN", [2])}


def test_a_location_that_does_not_stock_the_item_takes_no_move(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)

    with pytest.raises(Refused, match="doesn't stock"):
        shop.move(number, shop.add_location("Pop-up"))


def test_a_split_leaves_the_rest_with_the_original(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    part = shop.fulfillment_orders(order_id)[0].lines[0]

    new = shop.split(number, {part.fulfillment_line_id: 3})

    assert [one.fulfillment_order_id for one in shop.fulfillment_orders(order_id)] == [number, new]
    assert [_units(one) for one in shop.fulfillment_orders(order_id)] == [[1, 2], [3]]


def test_a_merge_pours_all_into_the_first_and_closes_the_others(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    part = shop.fulfillment_orders(order_id)[0].lines[0]
    new = shop.split(number, {part.fulfillment_line_id: 3})

    merged = shop.merge([number, new])

    first, other = shop.fulfillment_orders(order_id)
    assert (merged, _units(first)) == (number, [4, 2])
    assert (other.status, other.lines) == ("CLOSED", [])


def test_a_partial_hold_keeps_the_id_on_the_held_part(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    part = shop.fulfillment_orders(order_id)[0].lines[0]

    shop.hold(number, quantities={part.fulfillment_line_id: 3})

    held, free = shop.fulfillment_orders(order_id)
    assert (held.fulfillment_order_id, held.status, _units(held)) == (number, "ON_HOLD", [3])
    assert (free.status, _units(free)) == ("OPEN", [1, 2])


def test_releasing_a_partial_hold_merges_the_parts_again(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    part = shop.fulfillment_orders(order_id)[0].lines[0]
    hold_id = shop.hold(number, quantities={part.fulfillment_line_id: 3})

    shop.release_hold(number, [hold_id])

    held, free = shop.fulfillment_orders(order_id)
    assert (held.status, sorted(_units(held))) == ("OPEN", [2, 4])
    assert (free.status, free.lines) == ("CLOSED", [])


def test_it_stays_held_until_the_last_hold_is_gone(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    first = shop.hold(number, handle="a", app="other app")
    shop.hold(number, handle="b")

    shop.release_hold(number, [first])
    after_one = shop.fulfillment_orders(order_id)[0].status
    shop.release_hold(number)

    assert after_one == "ON_HOLD"
    assert shop.fulfillment_orders(order_id)[0].status == "OPEN"


@pytest.mark.parametrize(
    ("again", "code"),
    [
        ({"handle": "a"}, "DUPLICATE_FULFILLMENT_HOLD_HANDLE"),
        ({"handle": "b", "quantities": {0: 1}}, "FULFILLMENT_ORDER_NOT_SPLITTABLE"),
    ],
)
def test_a_second_hold_needs_another_handle_and_holds_all(
    shop: SandboxShop, order_id: int, route: Route, again: dict[str, object], code: str
) -> None:
    (number,) = route(order_id)
    shop.hold(number, handle="a")

    with pytest.raises(HoldRefused) as refusal:
        shop.hold(number, **again)  # type: ignore[arg-type]

    assert refusal.value.code == code


def test_an_app_holds_a_fulfillment_order_ten_times_at_most(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    for index in range(10):
        shop.hold(number, handle=str(index))

    with pytest.raises(HoldRefused) as refusal:
        shop.hold(number, handle="one more")

    assert refusal.value.code == "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED"


def test_held_units_are_not_shipped(shop: SandboxShop, order_id: int, route: Route) -> None:
    (number,) = route(order_id)
    part = shop.fulfillment_orders(order_id)[0].lines[0]
    shop.hold(number, quantities={part.fulfillment_line_id: 3})

    shop.fulfil(order_id)

    assert [line.fulfilled for line in shop.orders[order_id].lines] == [1, 2]


def test_a_cancelled_order_leaves_cancelled_fulfillment_orders(
    shop: SandboxShop, order_id: int, route: Route
) -> None:
    route(order_id)

    shop.cancel_order(order_id)

    assert [one.status for one in shop.fulfillment_orders(order_id)] == ["CANCELLED"]


def test_what_is_scheduled_opens_on_its_day_and_stays_committed_till_then(
    shop: SandboxShop, main: int, order_id: int, route: Route, clock
) -> None:  # type: ignore[no-untyped-def]
    (number,) = route(order_id)
    item_id = shop.orders[order_id].lines[0].item_id
    assert item_id is not None
    shop.schedule(number, clock() + timedelta(days=1))
    states = [shop.fulfillment_orders(order_id)[0].status]
    with pytest.raises(Refused):
        shop.fulfil(order_id)
    committed = shop.pools[item_id, main].quantities["committed"]

    clock.advance(86_400)
    shop.tick()

    assert [*states, shop.fulfillment_orders(order_id)[0].status] == ["SCHEDULED", "OPEN"]
    assert committed == 4


def test_what_a_warehouse_gives_back_is_open_until_it_is_taken_up_again(
    shop: SandboxShop, main: int, order_id: int, route: Route
) -> None:
    (number,) = route(order_id)
    shop.give_back(number)
    with pytest.raises(Refused):
        shop.fulfil(order_id)
    item_id = shop.orders[order_id].lines[0].item_id
    assert shop.open_lines()[item_id, main] == {order_id: 4}

    shop.take_up_again(number)
    shop.fulfil(order_id)

    assert shop.open_lines() == {}
