"""The last look before a write: what changed since an order was settled is settled again."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs, and hears of nothing by webhook but what a test delivers."""
    return open_shop(clean_pg, redis, settings, stock=0)


def tags_taken_off(stage: Stage) -> list[int | None]:
    """Orders that lost the tag `backordered`, in order."""
    return [
        entry.order_id
        for entry in stage.world.shop.journal
        if (entry.kind, entry.detail) == ("tag removed", "backordered")
    ]


def before_the_look(stage: Stage, act: Callable[[], object]) -> None:
    """Have something happen just before the worker's next look, and once: between the list of changed
    orders, which it reads last, and the look."""
    shop = stage.world.shop
    left = [act]

    def happen() -> None:
        asked = [request.operation for request in shop.requests]
        if left and "Stock" in asked and asked[-1] == "ChangedOrders":
            left.pop()()

    shop.before_request = happen


def test_an_order_is_not_released_while_another_of_its_items_has_run_out(stage: Stage) -> None:
    """Mugs come in, but its towel, so far in stock, is lost in a count that no webhook has told yet."""
    world, shop = stage.world, stage.world.shop
    towel = shop.add_product("Tea Towel", sku="TOWEL", stock={stage.main: 1})
    order_id = shop.place_order([(stage.mug.variant_id, 1), (towel.variant_id, 1)])
    stage.settle_down()
    shop.webhooks.knobs.delay_s = (30, 30)
    stage.restock(1)
    world.clock.sleep(30)
    before_the_look(stage, lambda: shop.adjust_stock(towel.item_id, stage.main, -1))
    world.deliver()
    world.work()
    shop.before_request = None

    stage.settle_down()

    assert world.tags(order_id) == {"backordered"}
    assert tags_taken_off(stage) == []


def test_an_order_is_not_tagged_when_stock_came_before_the_look(stage: Stage) -> None:
    """The stock that decided is read again with the order's note."""
    order_id = stage.order()
    stage.world.shop.webhooks.knobs.delay_s = (0, 0)
    before_the_look(stage, lambda: stage.restock(1))

    stage.settle_down()

    assert stage.world.tags(order_id) == set()
    assert stage.world.shop.journal == []


def test_an_order_is_not_tagged_when_it_was_edited_before_the_look(stage: Stage) -> None:
    """Its only short unit was taken out of it meanwhile."""
    order_id = stage.order()
    before_the_look(stage, lambda: stage.edit(order_id, 0))

    stage.settle_down()

    assert stage.world.tags(order_id) == set()
    assert stage.world.shop.journal == []


def test_an_order_is_not_tagged_when_it_was_cancelled_before_the_look(stage: Stage) -> None:
    """The same for a cancellation."""
    order_id = stage.order()
    before_the_look(stage, lambda: stage.world.shop.cancel_order(order_id))

    stage.settle_down()

    assert stage.world.tags(order_id) == set()
    assert stage.world.shop.journal == []
