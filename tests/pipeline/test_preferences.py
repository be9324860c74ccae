"""What a merchant sets shows on the orders: names of tags, wording, priorities."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import shops
from app.db.preferences import change_preferences
from app.settings import Settings
from tests.pipeline.stage import SHORT_WITHOUT_DATE, Stage, block, open_shop
from tests.world import StoreWorld, make_store_world


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
    order_id = stage.first_order()
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


def store_that_ranks(
    engine: sa.Engine, redis: Redis, settings: Settings, word: str
) -> tuple[StoreWorld, int]:
    """A BigCommerce store that serves orders with such a word first, and its only mug."""
    world = make_store_world(engine, redis, settings)
    mug = world.shop.add_product("Blue Mug", stock={world.shop.add_location("Main"): 1})
    world.connect()
    world.quiet()
    with world.runtime.sessions.begin() as session:
        rules = [{"tag": word, "priority": 10}]
        shop = shops.get_shop(session, world.shop_id)
        change_preferences(session, shop, {"priority_rules": rules}, by="a test", now=world.clock())
    return world, mug.variant_id


@pytest.mark.parametrize(
    ("word", "options"),
    [
        ("#rush", {"note": "Please wrap. #RUSH, says Ann"}),
        ("source:manual", {"channel": "manual"}),
    ],
)
def test_a_word_of_staff_or_where_an_order_came_from_moves_it_to_the_front(
    clean_pg: sa.Engine, redis: Redis, settings: Settings, word: str, options: dict[str, str]
) -> None:
    """BigCommerce's orders have no tags."""
    world, mug = store_that_ranks(clean_pg, redis, settings, word)
    first = world.shop.place_order([(mug, 1)])
    world.clock.sleep(60)

    rushed = world.shop.place_order([(mug, 1)], **options)
    world.quiet()

    assert world.tags(first) == {"backordered"}
    assert world.tags(rushed) == set()
