"""What commits stock besides orders, and orders that commit none yet."""

from datetime import timedelta

import pytest

from app.sandbox.records import Refused
from app.sandbox.shopify.records import ON_HAND_PARTS, Variant
from app.sandbox.shopify.shop import SandboxShop


@pytest.fixture
def mug(shop: SandboxShop, main: int, back: int) -> Variant:
    return shop.add_product("Mug", stock={main: 3, back: 0})


def figures(shop: SandboxShop, mug: Variant, place: int) -> tuple[int, int, int]:
    """What is available, committed and on hand there; the last is always the sum of its parts."""
    level = shop.pools[mug.item_id, place].quantities
    assert level["on_hand"] == sum(level[part] for part in ON_HAND_PARTS)
    return level["available"], level["committed"], level["on_hand"]


def test_a_draft_commits_what_it_reserves_until_that_is_over(
    shop: SandboxShop, mug: Variant, main: int, clock
) -> None:  # type: ignore[no-untyped-def]
    shop.draft_order([(mug.variant_id, 2)])
    shop.draft_order([(mug.variant_id, 1)], reserve_until=clock() + timedelta(hours=1))
    reserved = figures(shop, mug, main)

    clock.advance(3600)
    shop.tick()

    assert (reserved, figures(shop, mug, main)) == ((2, 1, 3), (3, 0, 3))
    assert shop.reservations() == {}


def test_a_completed_draft_is_an_order_for_its_units(
    shop: SandboxShop, mug: Variant, main: int, clock
) -> None:  # type: ignore[no-untyped-def]
    draft = shop.draft_order([(mug.variant_id, 2)], reserve_until=clock() + timedelta(hours=1))

    order_id = shop.complete_draft(draft)

    assert figures(shop, mug, main) == (1, 2, 3)
    assert shop.committed_lines() == {(mug.item_id, main): {order_id: 2}}
    with pytest.raises(Refused):
        shop.complete_draft(draft)


@pytest.mark.parametrize("end", ["delete", "reserve no more"])
def test_a_draft_that_reserves_no_more_gives_its_units_back(
    shop: SandboxShop, mug: Variant, main: int, clock, end: str
) -> None:  # type: ignore[no-untyped-def]
    draft = shop.draft_order([(mug.variant_id, 2)], reserve_until=clock() + timedelta(hours=1))

    if end == "delete":
        shop.delete_draft(draft)
    else:
        shop.reserve_draft(draft, None)

    assert figures(shop, mug, main) == (3, 0, 3)


def test_a_draft_reserves_of_an_item_while_that_is_counted(
    shop: SandboxShop, mug: Variant, main: int, clock
) -> None:  # type: ignore[no-untyped-def]
    """Whether counting begins or ends while it reserves: the books agree before, between and after."""
    shop.set_tracked(mug.item_id, is_tracked=False)
    draft = shop.draft_order([(mug.variant_id, 2)], reserve_until=clock() + timedelta(hours=1))
    shop.set_tracked(mug.item_id, is_tracked=True)
    counted_since = figures(shop, mug, main)
    order_id = shop.complete_draft(draft)
    completed = figures(shop, mug, main), shop.committed_lines()

    other = shop.draft_order([(mug.variant_id, 1)], reserve_until=clock() + timedelta(hours=1))
    shop.set_tracked(mug.item_id, is_tracked=False)
    shop.delete_draft(other)
    shop.set_tracked(mug.item_id, is_tracked=True)

    assert counted_since == (1, 2, 3)
    assert completed == ((1, 2, 3), {(mug.item_id, main): {order_id: 2}})
    assert figures(shop, mug, main) == (1, 2, 3)


def test_a_transfer_commits_at_its_origin_until_it_leaves(
    shop: SandboxShop, mug: Variant, main: int, back: int
) -> None:
    transfer = shop.open_transfer(main, back, {mug.item_id: 2})
    committed = figures(shop, mug, main)

    shop.ship_transfer(transfer.transfer_id)

    assert (committed, figures(shop, mug, main)) == ((1, 2, 3), (1, 0, 1))
    assert shop.pools[mug.item_id, back].quantities["incoming"] == 2
    with pytest.raises(Refused):
        shop.cancel_transfer(transfer.transfer_id)


def test_a_canceled_transfer_gives_its_units_back(
    shop: SandboxShop, mug: Variant, main: int, back: int
) -> None:
    transfer = shop.open_transfer(main, back, {mug.item_id: 2})

    shop.cancel_transfer(transfer.transfer_id)

    assert figures(shop, mug, main) == (3, 0, 3)
    with pytest.raises(Refused):
        shop.ship_transfer(transfer.transfer_id)


@pytest.mark.parametrize("way", ["its hold ends", "its day comes", "it ships"])
def test_a_plan_that_reserves_on_fulfilment_commits_no_sooner(
    shop: SandboxShop, mug: Variant, main: int, clock, way: str
) -> None:  # type: ignore[no-untyped-def]
    order_id = shop.place_order([(mug.variant_id, 2)], selling_plan_id=7, reserves_on_fulfilment=True)
    clock.advance(60)
    shop.tick()
    (part,) = shop.fulfillment_orders(order_id)
    before = figures(shop, mug, main), shop.committed_lines()

    if way == "its hold ends":
        hold = shop.hold(part.fulfillment_order_id)
        shop.release_hold(part.fulfillment_order_id, [hold])
    elif way == "its day comes":
        shop.schedule(part.fulfillment_order_id, clock() + timedelta(days=1))
        clock.advance(86_400)
        shop.tick()
    else:
        shop.fulfil(order_id)

    assert before == ((3, 0, 3), {})
    assert shop.open_lines() == ({} if way == "it ships" else {(mug.item_id, main): {order_id: 2}})
    assert figures(shop, mug, main) == ((1, 0, 1) if way == "it ships" else (1, 2, 3))


def test_units_added_to_a_preorder_that_is_held_wait_with_the_others(
    shop: SandboxShop, mug: Variant, main: int, clock
) -> None:  # type: ignore[no-untyped-def]
    order_id = shop.place_order([(mug.variant_id, 1)], selling_plan_id=7, reserves_on_fulfilment=True)
    clock.advance(60)
    shop.tick()
    (part,) = shop.fulfillment_orders(order_id)
    hold = shop.hold(part.fulfillment_order_id)
    shop.edit_order(order_id, {shop.orders[order_id].lines[0].line_id: 3})
    clock.advance(60)
    shop.tick()
    held = figures(shop, mug, main), len(shop.fulfillment_orders(order_id))

    shop.release_hold(part.fulfillment_order_id, [hold])

    assert held == ((3, 0, 3), 1)
    assert figures(shop, mug, main) == (0, 3, 3)


def test_an_uncommitted_order_that_is_cancelled_gives_nothing_back(
    shop: SandboxShop, mug: Variant, main: int
) -> None:
    order_id = shop.place_order([(mug.variant_id, 2)], selling_plan_id=7, reserves_on_fulfilment=True)

    shop.cancel_order(order_id)

    assert figures(shop, mug, main) == (3, 0, 3)
