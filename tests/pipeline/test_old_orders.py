"""Orders that grow too old for the platform to show them while they wait."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.pipeline.held import our_holds
from tests.pipeline.stage import Stage, open_shop

SCOPE = "read_all_orders"


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with a mug, at rest."""
    return open_shop(clean_pg, redis, settings)


def waits_for_61_days(stage: Stage) -> int:
    """An order waits for a mug until Shopify hides it; then one comes. Returns the order's id."""
    stage.world.shop.set_stock(stage.mug.item_id, stage.main, 0)
    order_id = stage.ordered()
    assert stage.world.tags(order_id) == {"backordered"}
    stage.world.clock.sleep(timedelta(days=61).total_seconds())
    stage.settle_down()
    stage.restock(1)
    stage.settle_down()
    return order_id


def test_an_order_that_is_too_old_to_be_read_is_not_taken_for_deleted(stage: Stage) -> None:
    order_id = waits_for_61_days(stage)

    page = stage.order_page(order_id)

    assert stage.world.tags(order_id) == {"backordered"}
    assert f"no orders older than 60 days without the permission {SCOPE}" in page


def test_once_the_permission_is_granted_the_order_is_put_right(stage: Stage) -> None:
    order_id = waits_for_61_days(stage)

    stage.world.shop.scopes = {*stage.world.shop.scopes, SCOPE}
    stage.pass_hours(2)

    assert stage.world.tags(order_id) == {"backorder-released"}
    assert "older than 60 days" not in stage.order_page(order_id)


def test_units_of_an_order_that_is_too_old_to_be_read_stay_its_own(stage: Stage) -> None:
    waits_for_61_days(stage)

    younger = stage.ordered()
    before = stage.world.tags(younger)
    stage.restock(1)
    stage.settle_down()

    assert (before, stage.world.tags(younger)) == ({"backordered"}, {"backorder-released"})


def test_an_old_order_that_is_deleted_is_no_problem_any_more(stage: Stage) -> None:
    order_id = waits_for_61_days(stage)

    stage.world.shop.cancel_order(order_id)
    stage.world.shop.delete_order(order_id)
    stage.settle_down()

    assert "older than 60 days" not in stage.order_page(order_id)


def test_what_is_on_hold_of_an_order_that_is_too_old_to_be_read_stays_so_until_it_is_read(
    stage: Stage,
) -> None:
    stage.choose(holds="short")
    order_id = waits_for_61_days(stage)

    stage.choose(holds="order")  # every order is looked at
    stage.settle_down()
    hidden = our_holds(stage, order_id)
    stage.world.shop.scopes = {*stage.world.shop.scopes, SCOPE}
    stage.pass_hours(2)

    assert len(hidden) == 1
    assert our_holds(stage, order_id) == []
