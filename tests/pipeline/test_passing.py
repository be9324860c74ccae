"""Restocks that pass over orders which they can't complete, on both platforms."""

import re

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import turns
from app.db.interventions import rank_order
from app.db.models import Order, TurnRow
from app.db.preferences import change_preferences
from app.db.shops import get_shop
from app.settings import Settings
from tests.journeys.test_bigcommerce_story import Store, open_store
from tests.pipeline.held import events, our_holds, parts
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that sold out, whose restocks go to the orders that they complete."""
    return open_shop(clean_pg, redis, settings, then=let_it_skip)


def let_it_skip(stage: Stage) -> None:
    """Whoever a restock can not complete is passed over, twice at most."""
    stage.choose(restocks="skip", skip_times=2)


def test_strict_turns_are_the_default(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> None:
    stage = open_shop(clean_pg, redis, settings)
    large, small = stage.order(5), stage.order(3)
    stage.settle_down()

    stage.restock(3)
    stage.settle_down()

    assert stage.world.tags(large) == stage.world.tags(small) == {"backordered"}
    assert "2 of 5 × Blue Mug" in stage.world.note(large)


def test_a_restock_goes_to_the_order_that_it_completes(stage: Stage) -> None:
    """The pages of both orders say so."""
    large, small = stage.first_orders(5, 3)

    stage.restock(3)
    stage.settle_down()

    assert stage.world.tags(small) == {"backorder-released"}
    assert stage.world.tags(large) == {"backordered"}
    name = stage.world.order(small).name
    said = f"Passed over once so that order {name} could ship complete; no more than twice."
    assert said in stage.order_page(large)
    assert events(stage, small).count("went first") == 1
    assert events(stage, large).count("passed over") == 1


def test_who_went_first_stays_first_when_more_comes(stage: Stage) -> None:
    """What was released is not taken back for the older order."""
    large, small = stage.first_orders(5, 3)
    stage.restock(3)
    stage.settle_down()

    stage.restock(2)
    stage.settle_down()

    assert stage.world.tags(small) == {"backorder-released"}
    assert "3 of 5 × Blue Mug" in stage.world.note(large)


def test_an_order_is_passed_over_so_often_and_no_more(stage: Stage) -> None:
    large = stage.order(5)
    small = [stage.order(2) for _ in range(3)]
    stage.settle_down()

    for _ in small:
        stage.restock(2)
        stage.settle_down()

    tags = [stage.world.tags(one) for one in small]
    assert tags == [{"backorder-released"}, {"backorder-released"}, {"backordered"}]
    assert "3 of 5 × Blue Mug" in stage.world.note(large)
    assert "Passed over twice so that orders" in stage.order_page(large)


def test_an_order_that_has_waited_long_enough_lets_nobody_go_first(stage: Stage) -> None:
    large, small = stage.first_orders(5, 3)
    stage.pass_hours(15 * 24)

    stage.restock(3)
    stage.settle_down()

    assert stage.world.tags(small) == {"backordered"}
    assert "2 of 5 × Blue Mug" in stage.world.note(large)


def test_an_order_that_waits_for_another_item_lets_others_go_first(stage: Stage) -> None:
    """The restock can't complete it, however few units of it are missing."""
    towel = stage.world.shop.add_product("Tea Towel", sku="TOWEL", stock={stage.main: 0})
    both = stage.world.shop.place_order([(stage.mug.variant_id, 1), (towel.variant_id, 1)])
    mug = stage.order(1)
    stage.settle_down()

    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(mug) == {"backorder-released"}
    assert stage.world.tags(both) == {"backordered"}


def test_an_order_that_wants_more_and_goes_first_again_keeps_the_last_turn_it_took(
    stage: Stage,
) -> None:
    large, small = stage.order(9), stage.order(2)
    stage.settle_down()
    stage.restock(2)
    stage.settle_down()
    stage.edit(small, 4)
    stage.settle_down()

    stage.restock(4)
    stage.settle_down()
    stage.restock(1)
    stage.settle_down()

    with stage.world.runtime.sessions.begin() as session:
        moved = turns.moved_at(session, stage.world.shop_id, stage.mug.item_id)
    assert stage.world.tags(small) == {"backorder-released"}
    assert [one.units for one in moved[stage.main].values()] == [4]
    assert stage.world.tags(large) == {"backordered"}


def test_an_order_that_was_passed_over_still_waits_when_its_routing_is_read_again(
    stage: Stage,
) -> None:
    """With several locations only the last of the queue are asked for where they ship from; the one
    that was passed over is not among those."""
    annex = stage.world.shop.add_location("Annex")
    stage.world.shop.set_stock(stage.mug.item_id, annex, 0)
    large, small, last = stage.order(5), stage.order(3), stage.order(4)
    stage.settle_down()
    stage.restock(3)
    stage.settle_down()

    (part,) = parts(stage, large)
    line = part.lines[0].fulfillment_line_id
    stage.world.shop.split(part.fulfillment_order_id, {line: 1})
    stage.settle_down()
    stage.pass_hours(1)

    assert stage.world.tags(large) == stage.world.tags(last) == {"backordered"}
    assert stage.world.tags(small) == {"backorder-released"}


def located(stage: Stage) -> set[int]:
    """The orders of which it was asked where they ship from."""
    with stage.world.runtime.sessions.begin() as session:
        where = (Order.shop_id == stage.world.shop_id, Order.is_located)
        return set(session.scalars(sa.select(Order.order_id).where(*where)))


def test_orders_that_are_served_are_not_located_because_another_took_a_turn(stage: Stage) -> None:
    annex = stage.world.shop.add_location("Annex")
    stage.world.shop.set_stock(stage.mug.item_id, annex, 0)
    stage.restock(12)
    served = {stage.order(1) for _ in range(12)}
    large, small = stage.order(5), stage.order(3)
    stage.settle_down()
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(Order).values(is_located=False).where(Order.order_id.in_(served)))

    stage.restock(3)
    stage.settle_down()
    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(small) == {"backorder-released"}
    assert "4 of 5 × Blue Mug" in stage.world.note(large)
    assert located(stage) == {large, small}


def test_holds_follow(stage: Stage) -> None:
    stage.choose(holds="short")
    large, small = stage.order(5), stage.order(3)
    stage.settle_down()

    stage.restock(3)
    stage.settle_down()

    assert len(our_holds(stage, large)) == 1
    assert our_holds(stage, small) == []


def test_strict_again_takes_nothing_back(stage: Stage) -> None:
    large, small = stage.first_orders(5, 3)
    stage.restock(3)
    stage.settle_down()

    stage.choose(restocks="strict")
    stage.restock(1)
    stage.settle_down()

    assert stage.world.tags(small) == {"backorder-released"}
    assert "4 of 5 × Blue Mug" in stage.world.note(large)


def test_every_order_that_was_passed_over_is_told_so(stage: Stage) -> None:
    """Not the first alone, whose turn was taken."""
    passed, small = [stage.order(5), stage.order(4)], stage.order(3)
    stage.settle_down()

    stage.restock(3)
    stage.settle_down()

    name = stage.world.order(small).name
    said = f"Passed over once so that order {name} could ship complete; no more than twice."
    assert [said in stage.order_page(one) for one in passed] == [True, True]
    assert [events(stage, one).count("passed over") for one in passed] == [1, 1]


def test_passing_many_orders_over_is_written_in_one_go(stage: Stage) -> None:
    """And not again while the stock is looked at anew."""
    passed, small = [stage.order(9) for _ in range(12)], stage.order(3)
    stage.settle_down()
    written: list[str] = []

    def note(*told: object) -> None:
        if re.search(r"(INTO|UPDATE) turns|FROM turns\s+WHERE .*passed_id = ", str(told[2])):
            written.append(str(told[2]))

    engine = stage.world.runtime.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    stage.restock(3)
    stage.settle_down()
    stage.restock(1)
    stage.settle_down()
    sa.event.remove(engine, "before_cursor_execute", note)

    assert [events(stage, one).count("passed over") for one in passed] == [1] * 12
    assert stage.world.tags(small) == {"backorder-released"}
    assert len(written) == 2


def rank(stage: Stage, order_id: int, priority: int) -> None:
    """Somebody gives an order another priority."""
    with stage.world.runtime.sessions.begin() as session:
        order = session.get_one(Order, (stage.world.shop_id, order_id))
        rank_order(session, order, priority, by="ann", now=stage.world.clock())
    stage.settle_down()


def test_an_order_that_went_first_and_is_ranked_above_all_is_served_before_them(stage: Stage) -> None:
    """It took the turn of another that everybody went before who came sooner."""
    first, large, small = stage.order(1), stage.order(5), stage.order(3)
    stage.settle_down()
    stage.restock(1 + 3)
    stage.settle_down()
    before = stage.world.tags(first)

    rank(stage, small, 10)
    stage.world.shop.adjust_stock(stage.mug.item_id, stage.main, -1)
    stage.settle_down()

    assert before == {"backorder-released"}
    assert stage.world.tags(small) == {"backorder-released"}
    assert stage.world.tags(first) == stage.world.tags(large) == {"backordered"}


def test_an_order_that_went_first_and_is_ranked_below_others_is_served_after_them(
    stage: Stage,
) -> None:
    large, small = stage.first_orders(5, 3)
    stage.restock(3)
    stage.settle_down()

    rank(stage, small, -1)

    assert stage.world.tags(small) == {"backordered"}
    assert "2 of 5 × Blue Mug" in stage.world.note(large)


def test_a_rule_that_ranks_both_orders_higher_takes_back_no_turn(stage: Stage) -> None:
    large, small = stage.order(5, tags=["VIP"]), stage.order(3, tags=["VIP"])
    stage.settle_down()
    stage.restock(3)
    stage.settle_down()

    stage.choose(priority_rules=[{"tag": "vip", "priority": 20}])
    stage.pass_hours(1)

    assert stage.world.tags(small) == {"VIP", "backorder-released"}
    assert "5 × Blue Mug" in stage.world.note(large)


def test_where_the_first_that_let_an_order_go_is_ranked_higher_the_turn_of_the_next_counts(
    stage: Stage,
) -> None:
    large, next_, small = stage.order(5), stage.order(4), stage.order(3)
    stage.settle_down()
    stage.restock(3)
    stage.settle_down()

    rank(stage, large, 10)
    stage.restock(5)
    stage.settle_down()

    assert stage.world.tags(large) == stage.world.tags(small) == {"backorder-released"}
    assert stage.world.tags(next_) == {"backordered"}


def test_what_was_passed_over_is_forgotten_with_its_order(stage: Stage) -> None:
    large, _ = stage.first_orders(5, 3)
    stage.restock(3)
    stage.settle_down()

    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.delete(Order).where(Order.order_id == large))
        assert session.scalars(sa.select(TurnRow)).all() == []


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A BigCommerce store with one mug, whose restocks go to the orders that they complete."""
    store = open_store(clean_pg, redis, settings)
    with store.world.runtime.sessions.begin() as session:
        shop = get_shop(session, store.world.shop_id)
        change_preferences(session, shop, {"restocks": "skip"}, by="ann", now=store.world.clock())
    store.order(1)
    store.world.quiet()
    return store


def test_a_restock_of_a_store_goes_to_the_order_that_it_completes(store: Store) -> None:
    large, small = store.order(5), store.order(3)
    store.world.quiet()

    store.restock(3)
    store.pass_s(300)

    assert "released" in store.world.note(small)
    assert "5 × Blue Mug" in store.world.note(large)
    with store.world.runtime.sessions.begin() as session:
        assert turns.count_passed(session, store.world.shop_id, [large]) == {large: 1}
