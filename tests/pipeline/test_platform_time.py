"""What a platform tells is compared by its own time, which its answers tell, and not by ours."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.core.skew import Bounds
from app.db import shops
from app.db.holds import ask_for_checks_of_changed
from app.db.models import HoldCheckRow, Order, Shop
from app.pipeline.context import ShopContext
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop
from tests.world import START, World, make_store_world, make_world

CLOSE = timedelta(seconds=2)


def shop_of(world: World) -> Shop:
    """The shop's row."""
    with world.runtime.sessions.begin() as session:
        return shops.get_shop(session, world.shop_id)


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop without mugs, by clocks that agree."""
    return open_shop(clean_pg, redis, settings)


@pytest.mark.parametrize("ahead_s", [300, -300, 3600, -3600])
@pytest.mark.parametrize("make", [make_world, make_store_world])
def test_a_shop_is_installed_at_the_platforms_time(
    make: Callable[..., World], ahead_s: int, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """Its list of changed orders begins there, and nothing of before it is of this install."""
    world = make(clean_pg, redis, settings)
    world.shop.add_location("Main")
    world.ours.ahead = timedelta(seconds=ahead_s)

    world.connect()

    shop = shop_of(world)
    assert abs(shop.skew + world.ours.ahead) <= CLOSE
    assert abs(shop.installed_at - START) <= CLOSE
    assert abs(shop.changed_since - START) <= CLOSE
    assert abs(shop.hourly_check_at - world.ours()) <= CLOSE


def test_clocks_that_agree_are_left_alone(stage: Stage) -> None:
    stage.ordered()

    assert shop_of(stage.world).skew == timedelta()


def test_a_clock_that_is_set_is_noticed_within_the_hour_and_copies_are_as_old_as_they_are(
    stage: Stage,
) -> None:
    stage.world.ours.ahead = timedelta(minutes=-5)
    stage.pass_hours(1.2)
    order_id = stage.ordered()

    assert abs(shop_of(stage.world).skew - timedelta(minutes=5)) <= CLOSE
    with stage.world.runtime.sessions.begin() as session:
        copy = session.get_one(Order, (stage.world.shop_id, order_id))
        assert abs(copy.seen_at - stage.world.clock()) < timedelta(minutes=1)


def test_what_another_shops_platform_answered_teaches_nothing(stage: Stage) -> None:
    """A thread that has called for another shop before still holds its last answer."""
    world, answered = stage.world, [7]
    context = ShopContext(
        *(world.shop_id, "me", world.runtime.sessions, world.runtime.connect, world.ours, ""),
        answered=lambda: answered[0],
        bounds_of_skew=lambda: Bounds(1, 2),
    )
    with world.runtime.sessions.begin() as session:
        shops.take_lease(session, world.shop_id, "me", now=world.ours())

    with context.transaction():
        pass
    before = shop_of(world).skew_s
    answered[0] += 1
    with context.transaction() as session:
        within = shops.get_shop(session, world.shop_id).skew_s

    assert (before, within) == (0, 1)


def test_of_what_is_on_hold_changes_are_told_by_the_platforms_clock(stage: Stage) -> None:
    """Ours is an hour ahead, and the order has changed a minute after we saw the hold."""
    stage.world.ours.ahead = timedelta(hours=1)
    stage.pass_hours(1)
    stage.choose(holds="short")
    order_id = stage.ordered()
    stage.world.clock.sleep(60)

    with stage.world.runtime.sessions.begin() as session:
        order = session.get_one(Order, (stage.world.shop_id, order_id))
        order.updated_at = stage.world.clock()
        ask_for_checks_of_changed(session, stage.world.shop_id, now=stage.world.ours())
        due = session.scalars(sa.select(HoldCheckRow.order_id)).all()

    assert list(due) == [order_id]


def test_of_two_machines_that_share_connections_each_goes_by_its_own_clock(stage: Stage) -> None:
    """Only tests have such; what one learns is of no use to the other."""
    runtime = stage.world.runtime
    replace(runtime, clock=lambda: stage.world.clock() + timedelta(minutes=5))

    stage.pass_hours(1)
    stage.ordered()

    assert shop_of(stage.world).skew == timedelta()
