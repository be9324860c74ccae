"""What pages tell of holds and of orders that did not wait for their turn; what becomes of holds when a
shop leaves."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.core.holds import HoldState
from app.db.models import HoldRow
from app.errors import NeedsMerchant
from app.pipeline.connecting import disconnect_shop
from app.settings import Settings
from tests.pipeline.held import events, our_holds, parts
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with three mugs, whose short units are held."""
    return open_shop(clean_pg, redis, settings, stock=3, then=let_it_hold)


def let_it_hold(stage: Stage) -> None:
    """What is short is held."""
    stage.choose(holds="short")


def test_a_short_order_that_is_shipped_before_older_ones_is_told(stage: Stage) -> None:
    """Tags are no lock: staff can ship any order. Once, and only of those who had no turn yet."""
    stage.choose(holds="off")
    first, second = stage.order(5), stage.order(2)
    stage.settle_down()

    stage.world.shop.fulfil(second)
    stage.settle_down()
    stage.pass_hours(1)

    assert events(stage, second).count("shipped out of turn") == 1
    assert "shipped out of turn" not in events(stage, first)
    assert "shipped before orders that wait longer: 1" in stage.page()


def test_the_first_of_the_queue_may_ship_whenever_staff_like(stage: Stage) -> None:
    stage.choose(holds="off")
    first, _ = stage.order(5), stage.order(2)
    stage.settle_down()

    stage.world.shop.fulfil(first)
    stage.settle_down()

    assert "shipped out of turn" not in events(stage, first)
    assert "Out of turn" not in stage.page()


def test_the_overview_tells_of_holds_that_did_not_hold(stage: Stage) -> None:
    order_id = stage.first_order(5)
    held = next(one for one in parts(stage, order_id) if one.status == "ON_HOLD")

    stage.world.shop.release_hold(held.fulfillment_order_id)
    stage.settle_down()

    assert "hold released by somebody else: 1" in stage.page()


def test_the_order_page_says_until_when_units_are_held(stage: Stage) -> None:
    stage.ordered()
    stage.world.expect(stage.mug, 3, "2026-12-05")
    dated, undated = stage.order(5), stage.order(2)
    stage.settle_down()

    assert "3 units, held until Dec 5, 2026" in stage.order_page(dated)
    assert "2 units, held until stock comes or a day is known" in stage.order_page(undated)


def test_the_order_page_says_where_else_units_are_free(stage: Stage) -> None:
    """Those that serve nobody; once staff have moved the order it waits no more."""
    order_id = stage.first_order(5)
    annex = stage.world.shop.add_location("Annex")
    stage.world.shop.set_stock(stage.mug.item_id, annex, 4)
    stage.settle_down()
    before = stage.order_page(order_id)

    held = next(one for one in parts(stage, order_id) if one.status == "ON_HOLD")
    stage.world.shop.release_hold(held.fulfillment_order_id)
    (whole,) = parts(stage, order_id)
    line = whole.lines[0].fulfillment_line_id
    stage.world.shop.move(whole.fulfillment_order_id, annex, quantities={line: 2})
    stage.settle_down()

    assert "4 units are free at Annex" in before
    assert "free at" not in stage.order_page(order_id)
    assert stage.world.tags(order_id) == {"backorder-released"}


def test_a_shop_is_not_disconnected_while_nobody_could_release_our_holds(stage: Stage) -> None:
    order_id = stage.first_order(5)

    with pytest.raises(NeedsMerchant, match="--holds off"):
        disconnect_shop(stage.world.runtime, stage.world.shop_id)
    stage.choose(holds="off")
    disconnect_shop(stage.world.runtime, stage.world.shop_id)

    assert our_holds(stage, order_id) == []
    assert stage.status() == "removed"


def test_holds_that_a_merchant_left_behind_are_released_when_they_are_back(stage: Stage) -> None:
    """Removed with holds on: Shopify lets us release nothing then."""
    order_id = stage.first_order(5)
    disconnect_shop(stage.world.runtime, stage.world.shop_id, leaves_holds=True)
    stage.restock(2)
    held_meanwhile = our_holds(stage, order_id)

    stage.world.connect()
    stage.settle_down()

    assert len(held_meanwhile) == 1
    assert our_holds(stage, order_id) == []
    with stage.world.runtime.sessions.begin() as session:
        assert set(session.scalars(sa.select(HoldRow.state))) == {HoldState.RELEASED}
