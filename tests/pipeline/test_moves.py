"""What waits at one location of a Shopify shop and is in stock at another."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.sandbox.shopify.records import FulfillmentOrder
from app.settings import Settings
from tests.pipeline.held import events, our_holds, parts
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with three mugs at Main and none at its Annex, which moves what waits."""
    return open_shop(clean_pg, redis, settings, stock=3, then=let_it_move)


def let_it_move(stage: Stage) -> None:
    """Another location, and the wish that what waits moves there."""
    stage.world.shop.add_location("Annex")
    stage.world.shop.set_stock(stage.mug.item_id, annex(stage), 0)
    stage.choose(moves=True)


def annex(stage: Stage) -> int:
    """The other location."""
    return next(one for one in stage.world.shop.books.locations if one != stage.main)


def at(stage: Stage, order_id: int) -> dict[int, int]:
    """Units still to ship, by location."""
    found: dict[int, int] = {}
    for one in parts(stage, order_id):
        units = sum(line.remaining for line in one.lines)
        found[one.location_id] = found.get(one.location_id, 0) + units
    return found


def whole(stage: Stage, order_id: int) -> FulfillmentOrder:
    """The only fulfillment order of an order."""
    (one,) = parts(stage, order_id)
    return one


def stock_annex(stage: Stage, units: int) -> None:
    stage.world.shop.set_stock(stage.mug.item_id, annex(stage), units)
    stage.settle_down()


def test_short_units_move_to_where_they_are_in_stock(stage: Stage) -> None:
    order_id = stage.first_order(5)

    stock_annex(stage, 4)

    assert at(stage, order_id) == {stage.main: 3, annex(stage): 2}
    assert stage.world.tags(order_id) == {"backorder-released"}
    assert events(stage, order_id).count("moved") == 1
    assert "Moved to another location" in stage.order_page(order_id)


def test_an_order_that_comes_while_another_location_has_it_moves_too(stage: Stage) -> None:
    stock_annex(stage, 4)

    order_id = stage.order(5)
    stage.settle_down()

    assert at(stage, order_id) == {stage.main: 3, annex(stage): 2}


def test_nothing_moves_unless_the_merchant_wants_it(stage: Stage) -> None:
    """Its page proposes it."""
    stage.choose(moves=False)
    order_id = stage.order(5)
    stage.settle_down()

    stock_annex(stage, 4)

    assert at(stage, order_id) == {stage.main: 5}
    assert "4 units are free at Annex. To ship from there" in stage.order_page(order_id)


def test_what_is_free_moves_one_order_and_not_two(stage: Stage) -> None:
    """The one that waits longest."""
    stage.order(3)
    first, second = stage.order(2), stage.order(2)
    stage.settle_down()

    stock_annex(stage, 3)

    assert at(stage, first) == {annex(stage): 2}
    assert at(stage, second) == {stage.main: 2}


def test_what_we_hold_is_let_go_and_moved(stage: Stage) -> None:
    stage.choose(holds="short")
    order_id = stage.order(5)
    stage.settle_down()
    held_before = our_holds(stage, order_id)

    stock_annex(stage, 4)

    assert len(held_before) == 1
    assert our_holds(stage, order_id) == []
    assert at(stage, order_id) == {stage.main: 3, annex(stage): 2}


def test_what_somebody_else_holds_or_packs_stays(stage: Stage) -> None:
    held, packed = stage.order(5), stage.order(2)
    stage.settle_down()
    stage.world.shop.hold(whole(stage, held).fulfillment_order_id, app="them")
    whole(stage, packed).status = "IN_PROGRESS"

    stock_annex(stage, 9)

    assert at(stage, held) == {stage.main: 5}
    assert at(stage, packed) == {stage.main: 2}


def test_what_somebody_moved_back_is_not_moved_again(stage: Stage) -> None:
    order_id = stage.first_order(5)
    stock_annex(stage, 4)
    there = next(one for one in parts(stage, order_id) if one.location_id == annex(stage))

    stage.world.shop.move(there.fulfillment_order_id, stage.main)
    stage.settle_down()
    stage.pass_hours(2)

    assert at(stage, order_id) == {stage.main: 5}
    assert stage.world.tags(order_id) == {"backordered"}


def test_what_somebody_moved_to_where_it_waits_stays(stage: Stage) -> None:
    """They want it to ship from there."""
    stock_annex(stage, 2)
    order_id = stage.order(2)
    stage.settle_down()
    assert at(stage, order_id) == {stage.main: 2}
    stage.order(3)
    stage.settle_down()
    stage.world.shop.move(whole(stage, order_id).fulfillment_order_id, annex(stage))
    stage.settle_down()
    stage.world.shop.move(whole(stage, order_id).fulfillment_order_id, stage.main)
    stage.world.shop.adjust_stock(stage.mug.item_id, stage.main, -3)
    stage.settle_down()

    assert at(stage, order_id) == {stage.main: 2}
    assert "moved" not in events(stage, order_id)


def test_what_shopify_does_not_let_be_moved_is_not_tried_again(stage: Stage) -> None:
    """It is asked first, and the order's history says why."""
    order_id = stage.order(2)
    stage.order(3)
    stage.settle_down()
    stage.world.shop.adjust_stock(stage.mug.item_id, stage.main, -3)
    later = stage.world.clock() + timedelta(days=9)
    stage.world.shop.schedule(whole(stage, order_id).fulfillment_order_id, later)
    stage.settle_down()

    stock_annex(stage, 2)
    stage.pass_hours(2)

    asked = [one.operation for one in stage.world.shop.requests]
    assert at(stage, order_id) == {stage.main: 2}
    assert events(stage, order_id).count("move refused") == 1
    assert (asked.count("Movable"), asked.count("mutation fulfillmentOrderMove")) == (1, 0)


class Killed(BaseException):
    """The worker is no more."""


def die_after(stage: Stage, operation: str, *, times: int = 1) -> None:
    """The worker is killed when the platform has done this so many times and has not answered yet; what
    it told of by webhook gets lost as well."""
    done = 0

    def die() -> None:
        nonlocal done
        done += operation in stage.world.shop.requests[-1].operation
        if done == times:
            raise Killed

    stage.world.after_request = die
    with pytest.raises(Killed):
        stage.settle_down()
    stage.world.after_request = lambda: None
    stage.world.shop.webhooks.take_due(stage.world.clock() + timedelta(days=1))
    stage.world.clock.sleep(61)
    stage.settle_down()


@pytest.mark.parametrize("asked", ["Parts", "Movable", "fulfillmentOrderMove"])
def test_a_worker_killed_around_a_move_leaves_one_move(stage: Stage, asked: str) -> None:
    order_id = stage.first_order(5)
    stage.world.shop.set_stock(stage.mug.item_id, annex(stage), 9)

    die_after(stage, asked)

    assert at(stage, order_id) == {stage.main: 3, annex(stage): 2}
    assert stage.world.tags(order_id) == {"backorder-released"}
    assert events(stage, order_id).count("moved") == 1


def test_a_move_whose_answer_was_lost_is_told_from_what_was_there_before(stage: Stage) -> None:
    """Somebody has moved units of the order there already."""
    order_id = stage.first_order(7)
    stage.world.shop.set_stock(stage.mug.item_id, annex(stage), 2)
    (part,) = parts(stage, order_id)
    line = part.lines[0].fulfillment_line_id
    stage.world.shop.move(part.fulfillment_order_id, annex(stage), quantities={line: 2})
    stage.settle_down()
    stage.world.shop.set_stock(stage.mug.item_id, annex(stage), 9)

    die_after(stage, "Movable")

    assert at(stage, order_id) == {stage.main: 3, annex(stage): 4}


def short_twice(stage: Stage) -> tuple[int, int]:
    """An order that is short of two units at each of two locations, and a third location without any."""
    shop = stage.world.shop
    cellar = shop.add_location("Cellar")
    shop.set_stock(stage.mug.item_id, cellar, 0)
    order_id = stage.order(7)
    stage.world.clock.sleep(20)
    shop.tick()
    (part,) = parts(stage, order_id)
    line = part.lines[0].fulfillment_line_id
    shop.move(part.fulfillment_order_id, annex(stage), quantities={line: 2})
    # A move that is told was somebody's wish, and is left as it is.
    shop.webhooks.take_due(stage.world.clock() + timedelta(days=1))
    stage.pass_hours(2)
    return order_id, cellar


def test_an_order_that_is_short_at_two_locations_moves_from_both(stage: Stage) -> None:
    order_id, cellar = short_twice(stage)
    stage.world.shop.set_stock(stage.mug.item_id, cellar, 9)

    stage.settle_down()

    assert at(stage, order_id) == {stage.main: 3, cellar: 4}


def test_of_two_moves_to_one_location_the_first_is_not_taken_for_the_second(stage: Stage) -> None:
    """The worker is killed before the second reached the shop."""
    order_id, cellar = short_twice(stage)
    stage.world.shop.set_stock(stage.mug.item_id, cellar, 9)

    die_after(stage, "Movable", times=2)

    assert at(stage, order_id) == {stage.main: 3, cellar: 4}


def test_what_was_moved_without_an_answer_and_moved_back_stays(stage: Stage) -> None:
    order_id = stage.first_order(5)
    stage.world.shop.set_stock(stage.mug.item_id, annex(stage), 9)
    die_after(stage, "fulfillmentOrderMove")
    there = next(one for one in parts(stage, order_id) if one.location_id == annex(stage))

    stage.world.shop.move(there.fulfillment_order_id, stage.main)
    stage.settle_down()
    stage.pass_hours(2)

    assert at(stage, order_id) == {stage.main: 5}


@pytest.mark.parametrize("how", ["restock", "cancel"])
def test_what_is_covered_by_now_where_it_waits_stays(stage: Stage, how: str) -> None:
    """Its webhook comes when the order is about to be moved."""
    older, order_id = stage.first_orders(3, 2)
    stage.world.shop.set_stock(stage.mug.item_id, annex(stage), 9)

    def ease() -> None:
        if stage.world.shop.requests[-1].operation == "Parts":
            stage.world.after_request = lambda: None
            if how == "restock":
                stage.restock(2)
            else:
                stage.world.shop.cancel_order(older)

    stage.world.after_request = ease
    stage.settle_down()

    assert at(stage, order_id) == {stage.main: 2}
    assert stage.world.tags(order_id) == {"backorder-released"}
    assert "moved" not in events(stage, order_id)


def test_what_is_short_still_after_some_came_moves(stage: Stage) -> None:
    order_id = stage.first_order(5)
    stage.world.shop.set_stock(stage.mug.item_id, annex(stage), 9)

    def ease() -> None:
        if stage.world.shop.requests[-1].operation == "Parts":
            stage.world.after_request = lambda: None
            stage.restock(1)

    stage.world.after_request = ease
    stage.settle_down()

    assert at(stage, order_id) == {stage.main: 4, annex(stage): 1}


def reads(stage: Stage) -> int:
    """Requests for the parts of orders, of eight orders at most each."""
    return [one.operation for one in stage.world.shop.requests].count("Parts")


def test_only_so_many_orders_are_read_as_what_is_free_serves(stage: Stage) -> None:
    stage.order(3)
    waiting = [stage.order(1) for _ in range(20)]
    stage.settle_down()

    stock_annex(stage, 1)

    assert at(stage, waiting[0]) == {annex(stage): 1}
    assert reads(stage) == 1


def test_of_orders_that_begin_to_wait_only_so_many_are_read_as_what_is_free_serves(stage: Stage) -> None:
    stage.restock(17)
    waiting = [stage.order(1) for _ in range(20)]
    stage.settle_down()
    stock_annex(stage, 1)

    stage.restock(-20)
    stage.settle_down()

    assert at(stage, waiting[0]) == {annex(stage): 1}
    assert reads(stage) == 1


def test_what_an_order_that_is_packed_can_not_have_the_next_one_gets(stage: Stage) -> None:
    """The one that is packed is not read again by each change of the stock."""
    stage.order(3)
    packed, next_ = stage.order(1), stage.order(1)
    stage.settle_down()
    whole(stage, packed).status = "IN_PROGRESS"

    stock_annex(stage, 1)
    after = reads(stage)
    stock_annex(stage, 1)

    assert at(stage, packed) == {stage.main: 1}
    assert at(stage, next_) == {annex(stage): 1}
    assert (after, reads(stage)) == (2, 2)


def test_what_was_on_hold_by_others_moves_once_they_let_it_go(stage: Stage) -> None:
    stage.order(3)
    held = stage.order(1)
    stage.settle_down()
    stage.world.shop.hold(whole(stage, held).fulfillment_order_id, app="them")
    stage.settle_down()
    stock_annex(stage, 1)
    before = at(stage, held)

    stage.world.shop.release_hold(whole(stage, held).fulfillment_order_id)
    stage.settle_down()

    assert before == {stage.main: 1}
    assert at(stage, held) == {annex(stage): 1}


def test_what_shopify_does_not_let_be_moved_the_next_one_gets(stage: Stage) -> None:
    stage.order(3)
    refused, next_ = stage.order(1), stage.order(1)
    stage.settle_down()
    later = stage.world.clock() + timedelta(days=9)
    stage.world.shop.schedule(whole(stage, refused).fulfillment_order_id, later)
    stage.settle_down()

    stock_annex(stage, 1)

    assert at(stage, refused) == {stage.main: 1}
    assert at(stage, next_) == {annex(stage): 1}


def test_nothing_is_asked_about_moves_where_they_are_off(stage: Stage) -> None:
    stage.choose(moves=False, holds="short")
    stage.order(5)
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    engine = stage.world.runtime.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    stage.settle_down()
    stock_annex(stage, 4)
    sa.event.remove(engine, "before_cursor_execute", note)

    assert any("hold_checks" in one for one in asked)
    assert [one for one in asked if re.search(r"\bmoves\.order_id\b|\bmoves \(", one)] == []
