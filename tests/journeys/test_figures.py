"""What is open, what the platform counts, and how the two are told apart: signed webhook → worker →
the shop."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop

OpenShop = Callable[..., Stage]
Stop = Callable[[Stage, int], None]


@pytest.fixture
def shop_with(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> OpenShop:
    """Opens a shop with so many mugs, whose webhooks take some seconds."""

    def opened(stock: int = 0, **options: object) -> Stage:
        stage = open_shop(clean_pg, redis, settings, stock=stock, **options)
        stage.world.shop.webhooks.knobs.delay_s = (5, 5)
        return stage

    return opened


def lose_a_unit(stage: Stage) -> None:
    """A count finds one mug less."""
    stage.world.shop.adjust_stock(stage.mug.item_id, stage.main, -1)


def shown(stage: Stage, *order_ids: int) -> list[set[str]]:
    """The tags of these orders."""
    return [stage.world.tags(order_id) for order_id in order_ids]


# Open units that are not to be shipped now


def hold_by(app: str | None) -> Stop:
    """A hold of all of an order."""
    return lambda stage, order_id: stage.world.shop.hold(part_of(stage, order_id), app=app)


def part_of(stage: Stage, order_id: int) -> int:
    """The first part of an order."""
    return stage.world.shop.fulfillment_orders(order_id)[0].fulfillment_order_id


def schedule(stage: Stage, order_id: int) -> None:
    """Staff have an order sent next week."""
    later = stage.world.clock() + timedelta(days=7)
    stage.world.shop.schedule(part_of(stage, order_id), later)


def give_back(stage: Stage, order_id: int) -> None:
    """A warehouse can't ship an order."""
    stage.world.shop.give_back(part_of(stage, order_id))


@pytest.mark.parametrize("stop", [hold_by(None), hold_by("another app"), schedule, give_back])
def test_units_that_may_not_ship_now_stay_open_and_keep_their_place(
    stop: Stop, shop_with: OpenShop
) -> None:
    """Stock 3; A of 2, then B of 1, which is held; a unit is lost: B is short, and A is not."""
    stage = shop_with(3)
    first = stage.order(2)
    second = stage.order(1)
    stage.settle_down()
    stop(stage, second)
    stage.settle_down()

    lose_a_unit(stage)
    stage.settle_down()

    assert shown(stage, first, second) == [set(), {"backordered"}]


def test_an_older_order_on_hold_is_served_before_a_younger_one(shop_with: OpenShop) -> None:
    stage = shop_with(3)
    first = stage.order(2)
    second = stage.order(1)
    stage.settle_down()
    stage.world.shop.hold(part_of(stage, first))
    stage.settle_down()

    lose_a_unit(stage)
    stage.settle_down()

    assert shown(stage, first, second) == [set(), {"backordered"}]


def test_a_part_of_a_line_on_hold_is_open_as_well_after_another_order_was_released(
    shop_with: OpenShop,
) -> None:
    """Stock 4; A of 3, of which 2 are held, then B of 2: B lacks 1, before and after a hold of its own
    comes and goes."""
    stage = shop_with(4)
    first = stage.order(3)
    second = stage.order(2)
    stage.settle_down()
    part = stage.world.shop.fulfillment_orders(first)[0]
    line = part.lines[0].fulfillment_line_id
    stage.world.shop.hold(part.fulfillment_order_id, quantities={line: 2})
    hold = stage.world.shop.hold(part_of(stage, second))
    stage.settle_down()
    held = shown(stage, first, second)

    stage.world.shop.release_hold(part_of(stage, second), [hold])
    stage.settle_down()

    assert held == shown(stage, first, second) == [set(), {"backordered"}]
    assert '"short":1' in stage.world.metafields(second)["lines"].replace(" ", "")


def test_what_was_shipped_of_a_line_on_hold_is_open_no_more(shop_with: OpenShop) -> None:
    """Stock 3; A of 3 ships one and has the rest held, then B of 1: B is short, A is not."""
    stage = shop_with(3)
    first = stage.order(3)
    stage.settle_down()
    part = stage.world.shop.fulfillment_orders(first)[0]
    stage.world.shop.hold(part.fulfillment_order_id, quantities={part.lines[0].fulfillment_line_id: 2})
    stage.world.shop.fulfil(first)
    stage.settle_down()

    second = stage.order(1)
    stage.settle_down()

    assert shown(stage, first, second) == [set(), {"backordered"}]


def test_units_on_hold_at_two_locations_wait_where_they_are(shop_with: OpenShop) -> None:
    """Two at Main and two at the annex; an order of two at each, the younger one held; each place loses
    a unit: each order lacks one."""
    stage = shop_with(2)
    annex = stage.world.shop.add_location("Annex")
    stage.world.shop.set_stock(stage.mug.item_id, annex, 2)
    first, second = stage.order(2), stage.order(2)
    stage.settle_down()
    stage.world.shop.hold(part_of(stage, second))
    stage.settle_down()

    lose_a_unit(stage)
    stage.world.shop.adjust_stock(stage.mug.item_id, annex, -1)
    stage.settle_down()

    assert shown(stage, first, second) == [{"backordered"}, {"backordered"}]
