"""Holds by the merchant's wish: what waits is not shipped before the queue serves it."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.pipeline.held import events, hold_writes, our_holds, parts, units
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with three mugs, whose short units are held."""
    return open_shop(clean_pg, redis, settings, stock=3, then=let_it_hold)


def let_it_hold(stage: Stage) -> None:
    """What is short is held."""
    stage.choose(holds="short")


def test_only_the_units_that_are_short_are_held(stage: Stage) -> None:
    order_id = stage.first_order(5)

    assert units(stage, order_id) == {"OPEN": 3, "ON_HOLD": 2}
    (hold,) = our_holds(stage, order_id)
    assert (hold.reason, hold.handle) == ("UNKNOWN_DELIVERY_DATE", "backline")
    assert hold.notes == "Waiting for stock, no date known yet"


def test_an_order_in_stock_is_not_held(stage: Stage) -> None:
    order_id = stage.first_order(3)

    assert units(stage, order_id) == {"OPEN": 3}
    assert hold_writes(stage) == []


def test_holds_are_off_until_the_merchant_wants_them(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    stage = open_shop(clean_pg, redis, settings)
    order_id = stage.ordered()

    assert units(stage, order_id) == {"OPEN": 1}
    assert stage.world.tags(order_id) == {"backordered"}


def test_a_hold_says_until_which_day(stage: Stage) -> None:
    stage.first_order()
    stage.world.expect(stage.mug, 9, "2026-12-05")
    order_id = stage.order(5)
    stage.settle_down()

    (hold,) = our_holds(stage, order_id)
    assert hold.reason == "INVENTORY_OUT_OF_STOCK"
    assert "Dec 5, 2026" in hold.notes


def test_a_hold_says_another_day_without_letting_go(stage: Stage) -> None:
    stage.first_order()
    arrival = stage.world.expect(stage.mug, 9, "2026-12-05")
    order_id = stage.order(5)
    stage.settle_down()
    stage.world.after_request = lambda: held.append(units(stage, order_id).get("ON_HOLD", 0))
    held: list[int] = []

    stage.expect_instead(arrival, 9, "2026-12-25")
    stage.settle_down()

    (hold,) = our_holds(stage, order_id)
    assert "Dec 25, 2026" in hold.notes
    assert set(held) == {3}


def test_the_queue_lifts_the_hold_of_whoever_waits_longest(stage: Stage) -> None:
    first, second = stage.order(5), stage.order(2)
    stage.settle_down()

    stage.restock(2)
    stage.settle_down()

    assert units(stage, first) == {"OPEN": 5}
    assert units(stage, second) == {"ON_HOLD": 2}
    assert stage.world.tags(first) == {"backorder-released"}


def test_of_an_order_that_is_served_in_part_the_rest_is_held(stage: Stage) -> None:
    order_id = stage.order(6)
    stage.settle_down()

    stage.restock(2)
    stage.settle_down()

    assert units(stage, order_id) == {"OPEN": 5, "ON_HOLD": 1}


def test_what_is_short_somewhere_else_now_is_held_there(stage: Stage) -> None:
    """As many units as before: nothing that the order shows of itself changes."""
    annex = stage.world.shop.add_location("Annex")
    stage.world.shop.set_stock(stage.mug.item_id, annex, 0)
    order_id = stage.order(5)
    stage.settle_down()
    free = next(one for one in parts(stage, order_id) if one.status == "OPEN")
    line = free.lines[0].fulfillment_line_id

    stage.world.shop.move(free.fulfillment_order_id, annex, quantities={line: 2})
    stage.settle_down()

    held = [one for one in parts(stage, order_id) if one.status == "ON_HOLD"]
    assert [one.location_id for one in held] == [annex]
    assert units(stage, order_id) == {"OPEN": 3, "ON_HOLD": 2}


def test_an_order_that_is_to_ship_as_one_is_held_whole(stage: Stage) -> None:
    stage.choose(holds="order")
    order_id = stage.order(5)
    stage.settle_down()
    held = units(stage, order_id)

    stage.restock(2)
    stage.settle_down()

    assert held == {"ON_HOLD": 5}
    assert units(stage, order_id) == {"OPEN": 5}


def test_orders_with_a_tag_are_held_by_a_policy_of_their_own(stage: Stage) -> None:
    stage.choose(hold_rules=[{"tag": "rush", "holds": "off"}, {"tag": "Wholesale", "holds": "order"}])
    stage.restock(4)
    whole, rushed = stage.order(9, tags=["wholesale"]), stage.order(1, tags=["Rush"])
    usual = stage.order(1)
    stage.settle_down()

    assert units(stage, whole) == {"ON_HOLD": 9}
    assert units(stage, rushed) == {"OPEN": 1}
    assert units(stage, usual) == {"ON_HOLD": 1}


def test_a_tag_that_is_put_on_later_counts_at_the_hourly_check(stage: Stage) -> None:
    stage.choose(hold_rules=[{"tag": "rush", "holds": "off"}])
    order_id = stage.order(5)
    stage.settle_down()
    held = units(stage, order_id)

    stage.world.shop.add_tags(order_id, ["rush"])
    stage.pass_hours(1.1)

    assert held == {"OPEN": 3, "ON_HOLD": 2}
    assert units(stage, order_id) == {"OPEN": 5}


def test_nobody_elses_hold_is_touched(stage: Stage) -> None:
    """The same name, by another app: ours is the one that this app placed."""
    order_id = stage.first_order(5)
    held = next(one for one in parts(stage, order_id) if one.status == "ON_HOLD")
    stage.world.shop.hold(held.fulfillment_order_id, handle="backline", app="Fraud check")
    stage.settle_down()

    stage.restock(2)
    stage.settle_down()

    assert [hold.app for one in parts(stage, order_id) for hold in one.holds] == ["Fraud check"]


def test_a_part_that_others_hold_is_held_when_they_let_it_go(stage: Stage) -> None:
    order_id = stage.order(5)
    stage.world.clock.sleep(5)
    stage.world.shop.tick()
    (whole,) = parts(stage, order_id)
    stage.world.shop.hold(whole.fulfillment_order_id, app="Fraud check")
    stage.settle_down()
    held_by_both = units(stage, order_id)

    stage.world.shop.release_hold(whole.fulfillment_order_id)
    stage.settle_down()

    assert held_by_both == {"ON_HOLD": 5}
    assert units(stage, order_id) == {"OPEN": 3, "ON_HOLD": 2}


def test_what_was_short_before_it_was_routed_is_held_too(stage: Stage) -> None:
    """An order that ships as one: what has a part is held at once, the rest as soon as it has one."""
    shop = stage.world.shop
    stage.choose(holds="order")
    cup = shop.add_product("Cup", sku="CUP", stock={stage.main: 9})
    order_id = shop.place_order([(cup.variant_id, 1)])
    stage.settle_down()

    shop.edit_order(order_id, {}, add=[(stage.mug.variant_id, 5)])
    stage.world.deliver()
    stage.world.work()
    at_first = units(stage, order_id)
    shop.webhooks.knobs.loss_rate = 1
    stage.settle_down()

    assert at_first == {"ON_HOLD": 1}
    assert units(stage, order_id) == {"ON_HOLD": 6}


def test_a_part_let_go_in_the_second_of_our_look_is_held_within_the_hour(stage: Stage) -> None:
    """Shopify tells times in whole seconds, and no webhook came; some of the order is on hold by us."""
    order_id = stage.first_order(5)
    stage.edit(order_id, 7)
    stage.world.clock.sleep(5)
    stage.world.shop.tick()
    free = next(one for one in parts(stage, order_id) if one.status == "OPEN")
    stage.world.shop.hold(free.fulfillment_order_id, app="Fraud check")
    stage.settle_down()
    held_by_both = units(stage, order_id)

    stage.world.shop.webhooks.knobs.loss_rate = 1
    stage.world.shop.release_hold(free.fulfillment_order_id)
    stage.pass_hours(1)

    assert held_by_both == {"ON_HOLD": 7}
    assert units(stage, order_id) == {"OPEN": 3, "ON_HOLD": 4}


def test_what_others_let_go_soon_after_us_is_held_again(stage: Stage) -> None:
    """Shopify does not say whose hold it was that ended."""
    stage.order(3)
    order_id = stage.order(2)
    stage.settle_down()
    (held,) = parts(stage, order_id)
    theirs = stage.world.shop.hold(held.fulfillment_order_id, app="Fraud check")
    stage.restock(1)
    stage.settle_down()
    by_them_alone = [hold.app for one in parts(stage, order_id) for hold in one.holds]

    stage.world.shop.release_hold(held.fulfillment_order_id, [theirs])
    stage.settle_down()

    assert by_them_alone == ["Fraud check"]
    assert units(stage, order_id) == {"OPEN": 1, "ON_HOLD": 1}


def test_a_hold_that_a_person_lifts_is_never_put_back(stage: Stage) -> None:
    order_id = stage.first_order(5)
    held = next(one for one in parts(stage, order_id) if one.status == "ON_HOLD")

    stage.world.shop.release_hold(held.fulfillment_order_id)
    stage.settle_down()
    stage.pass_hours(2)

    assert units(stage, order_id) == {"OPEN": 5}
    assert hold_writes(stage) == ["hold placed"]
    assert events(stage, order_id).count("hold lifted") == 1


def test_a_hold_lifted_while_no_webhook_comes_is_noticed_within_the_hour(stage: Stage) -> None:
    order_id = stage.first_order(5)
    held = next(one for one in parts(stage, order_id) if one.status == "ON_HOLD")
    stage.world.shop.webhooks.knobs.loss_rate = 1
    stage.world.clock.sleep(60)

    stage.world.shop.release_hold(held.fulfillment_order_id)
    stage.pass_hours(1)

    assert "hold lifted" in events(stage, order_id)


def test_what_is_shipped_out_of_a_hold_is_told(stage: Stage) -> None:
    """Staff let it go and ship it before anybody looks."""
    order_id = stage.first_order(5)
    held = next(one for one in parts(stage, order_id) if one.status == "ON_HOLD")

    stage.world.shop.release_hold(held.fulfillment_order_id)
    stage.world.shop.fulfil(order_id)
    stage.settle_down()

    assert "hold shipped" in events(stage, order_id)


def test_a_hold_that_somebody_lifted_first_is_theirs_though_our_own_release_comes_too(
    stage: Stage,
) -> None:
    """No webhook tells of it, and the queue serves the order at the same time."""
    order_id = stage.first_order(5)
    held = next(one for one in parts(stage, order_id) if one.status == "ON_HOLD")
    stage.world.shop.webhooks.knobs.loss_rate = 1
    stage.world.shop.release_hold(held.fulfillment_order_id)
    stage.world.shop.webhooks.knobs.loss_rate = 0

    stage.restock(2)
    stage.settle_down()

    assert units(stage, order_id) == {"OPEN": 5}
    assert "hold lifted" in events(stage, order_id)


def test_holds_go_with_the_setting(stage: Stage) -> None:
    order_id = stage.first_order(5)

    stage.choose(holds="off")

    assert units(stage, order_id) == {"OPEN": 5}
    assert stage.world.tags(order_id) == {"backordered"}


def test_orders_that_wait_already_are_held_when_the_merchant_wants_it(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    stage = open_shop(clean_pg, redis, settings)
    order_id = stage.ordered()

    stage.choose(holds="short")

    assert units(stage, order_id) == {"ON_HOLD": 1}


def test_a_cancelled_order_leaves_no_hold_behind(stage: Stage) -> None:
    order_id = stage.first_order(5)

    stage.world.shop.cancel_order(order_id)
    stage.settle_down()

    assert our_holds(stage, order_id) == []
    assert not {"hold lifted", "hold shipped", "hold refused"} & set(events(stage, order_id))


def test_our_own_holds_cost_no_reading_of_the_order(stage: Stage) -> None:
    """Shopify tells of them like of anybody's, and they moved nothing."""
    stage.first_order(5)
    since = len(stage.world.shop.requests)

    stage.restock(2)
    stage.settle_down()

    assert [one.operation for one in stage.world.shop.requests[since:]] == [
        "ChangedOrders",
        "GlanceAt",
        "mutation orderUpdate tagsAdd tagsRemove",
        "mutation fulfillmentOrderReleaseHold",
    ]


def test_a_hold_and_its_release_cost_25_points(stage: Stage) -> None:
    """By Shopify's documented rule, of an order with one line at one location."""
    stage.first_order(3)
    since = len(stage.world.shop.requests)

    stage.order(2)
    stage.settle_down()
    stage.restock(2)
    stage.settle_down()

    costs = {
        one.operation: one.actual_cost
        for one in stage.world.shop.requests[since:]
        if "Hold" in one.operation or one.operation == "Parts"
    }
    assert costs == {
        "Parts": 5,
        "mutation fulfillmentOrderHold": 10,
        "mutation fulfillmentOrderReleaseHold": 10,
    }


class Killed(BaseException):
    """The worker is no more."""


@pytest.mark.parametrize("asked", ["Parts", "fulfillmentOrderHold"])
def test_a_worker_killed_around_a_hold_leaves_one_hold(stage: Stage, asked: str) -> None:
    """After the second the platform has split the order, and nobody kept the number of the hold."""

    def die() -> None:
        if asked in stage.world.shop.requests[-1].operation:
            raise Killed

    order_id = stage.order(5)
    stage.world.after_request = die
    with pytest.raises(Killed):
        stage.settle_down()

    stage.world.after_request = lambda: None
    stage.world.clock.sleep(61)
    stage.settle_down()

    assert units(stage, order_id) == {"OPEN": 3, "ON_HOLD": 2}
    assert hold_writes(stage) == ["hold placed"]


def test_a_worker_killed_after_letting_go_does_not_take_it_for_somebodys_doing(stage: Stage) -> None:
    def die() -> None:
        if "ReleaseHold" in stage.world.shop.requests[-1].operation:
            raise Killed

    order_id = stage.order(5)
    stage.settle_down()
    stage.restock(2)
    stage.world.after_request = die
    with pytest.raises(Killed):
        stage.settle_down()

    stage.world.after_request = lambda: None
    stage.world.clock.sleep(61)
    stage.settle_down()

    assert units(stage, order_id) == {"OPEN": 5}
    assert "hold lifted" not in events(stage, order_id)
