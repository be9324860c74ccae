"""What a merchant sets shows on the orders: names of tags, wording, priorities."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.pipeline.stage import SHORT_WITHOUT_DATE, Stage, block, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs."""
    return open_shop(clean_pg, redis, settings)


@pytest.mark.parametrize("name", ["On backorder", "Backordered"])
def test_a_new_name_is_written_from_now_on_and_the_old_one_is_still_taken_off(
    stage: Stage, name: str
) -> None:
    before = stage.ordered(tags=["vip"])

    stage.choose(tag_names={"backordered": name})
    after = stage.ordered()

    assert stage.world.tags(before) == {"vip", "backordered"}
    assert stage.world.tags(after) == {name}

    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(before) == {"vip", "backorder-released"}


def test_an_order_that_is_written_again_gets_the_new_name(stage: Stage) -> None:
    order_id = stage.ordered()
    stage.choose(tag_names={"backordered": "Backordered"})

    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    assert stage.world.tags(order_id) == {"Backordered"}


def test_the_note_is_in_the_shops_language_and_in_the_merchants_words(stage: Stage) -> None:
    stage.choose(locale="de-AT", wording={"de": {"no_date": "Termin folgt"}})

    order_id = stage.ordered()

    assert stage.world.note(order_id) == block(
        "Wartet auf Ware, noch kein Termin bekannt", "1 × Blue Mug (MUG-BLUE): Termin folgt"
    )


def test_an_order_with_the_merchants_tag_is_served_before_older_ones(stage: Stage) -> None:
    stage.choose(priority_rules=[{"tag": "vip", "priority": 10}])
    first, vip = stage.ordered(), stage.ordered(tags=["VIP"])

    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(first) == {"backordered"}
    assert stage.world.tags(vip) == {"VIP", "backorder-released"}


def test_a_rule_holds_for_orders_that_came_before_it(stage: Stage) -> None:
    first, vip = stage.ordered(), stage.ordered(tags=["vip"])

    stage.choose(priority_rules=[{"tag": "vip", "priority": 10}])
    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(first) == {"backordered"}
    assert stage.world.tags(vip) == {"vip", "backorder-released"}


def test_a_tag_put_on_a_waiting_order_moves_it_to_the_front(stage: Stage) -> None:
    stage.choose(priority_rules=[{"tag": "rush", "priority": 10}])
    stage.restock(1)
    first, second = stage.ordered(), stage.ordered()
    assert SHORT_WITHOUT_DATE in stage.world.note(second)

    stage.world.shop.add_tags(second, ["rush"])
    stage.settle_down()

    assert stage.world.tags(first) == {"backordered"}
    assert stage.world.tags(second) == {"rush", "backorder-released"}
