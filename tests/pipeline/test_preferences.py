"""What a merchant sets shows on the orders: names of tags, wording, priorities."""

from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import preferences, shops
from app.settings import Settings
from tests.pipeline.stage import SHORT_WITHOUT_DATE, Stage, block, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs."""
    return open_shop(clean_pg, redis, settings)


def choose(stage: Stage, **wanted: Any) -> None:
    """Set these settings, and let everything come to rest."""
    with stage.world.runtime.sessions.begin() as session:
        shop = shops.get_shop(session, stage.world.shop_id)
        preferences.change_preferences(session, shop, wanted, by="ann", now=stage.world.clock())
    stage.settle_down()


def ordered(stage: Stage, **options: object) -> int:
    """An order for a mug, seen and tagged."""
    order_id = stage.order(1, **options)
    stage.settle_down()
    return order_id


@pytest.mark.parametrize("name", ["On backorder", "Backordered"])
def test_a_new_name_is_written_from_now_on_and_the_old_one_is_still_taken_off(
    stage: Stage, name: str
) -> None:
    before = ordered(stage, tags=["vip"])

    choose(stage, tag_names={"backordered": name})
    after = ordered(stage)

    assert stage.world.tags(before) == {"vip", "backordered"}
    assert stage.world.tags(after) == {name}

    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(before) == {"vip", "backorder-released"}


def test_an_order_that_is_written_again_gets_the_new_name(stage: Stage) -> None:
    order_id = ordered(stage)
    choose(stage, tag_names={"backordered": "Backordered"})

    stage.world.expect(stage.mug, 5, "2026-12-05")
    stage.settle_down()

    assert stage.world.tags(order_id) == {"Backordered"}


def test_the_note_is_in_the_shops_language_and_in_the_merchants_words(stage: Stage) -> None:
    choose(stage, locale="de-AT", wording={"de": {"no_date": "Termin folgt"}})

    order_id = ordered(stage)

    assert stage.world.note(order_id) == block(
        "Wartet auf Ware, noch kein Termin bekannt", "1 × Blue Mug (MUG-BLUE): Termin folgt"
    )


def test_an_order_with_the_merchants_tag_is_served_before_older_ones(stage: Stage) -> None:
    choose(stage, priority_rules=[{"tag": "vip", "priority": 10}])
    first, vip = ordered(stage), ordered(stage, tags=["VIP"])

    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(first) == {"backordered"}
    assert stage.world.tags(vip) == {"VIP", "backorder-released"}


def test_a_rule_holds_for_orders_that_came_before_it(stage: Stage) -> None:
    first, vip = ordered(stage), ordered(stage, tags=["vip"])

    choose(stage, priority_rules=[{"tag": "vip", "priority": 10}])
    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(first) == {"backordered"}
    assert stage.world.tags(vip) == {"vip", "backorder-released"}


def test_a_tag_put_on_a_waiting_order_moves_it_to_the_front(stage: Stage) -> None:
    choose(stage, priority_rules=[{"tag": "rush", "priority": 10}])
    stage.restock(1)
    first, second = ordered(stage), ordered(stage)
    assert SHORT_WITHOUT_DATE in stage.world.note(second)

    stage.world.shop.add_tags(second, ["rush"])
    stage.settle_down()

    assert stage.world.tags(first) == {"backordered"}
    assert stage.world.tags(second) == {"rush", "backorder-released"}
