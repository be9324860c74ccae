"""Worlds that are brought back instead of played again: as they were, and each on its own."""

import gc
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.beginnings import begin, name_of
from tests.pipeline.stage import Stage, open_shop, rows
from tests.tables import empty_tables
from tests.world import Clock, World, make_store_world, make_world


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs."""
    return open_shop(clean_pg, redis, settings)


def play(engine: sa.Engine, redis: Redis, settings: Settings, platform: str) -> World:
    """A shop of that platform with a mug, connected."""
    make = make_world if platform == "shopify" else make_store_world
    world = make(engine, redis, settings)
    world.shop.add_product("Blue Mug", sku="MUG", stock={world.shop.add_location("Main"): 3})
    world.connect()
    world.quiet()
    return world


@pytest.mark.parametrize("number", [1, 2])
def test_what_a_test_does_in_its_world_is_not_in_the_next(number: int, stage: Stage) -> None:
    assert stage.world.shop.orders == {}

    stage.restock(number)
    first, second = stage.order(number), stage.order()
    stage.settle_down()

    assert (first, second) == (min(stage.world.shop.orders), max(stage.world.shop.orders))
    assert [stage.world.tags(one) for one in (first, second)] == [set(), {"backordered"}]


@pytest.mark.parametrize("platform", ["shopify", "bigcommerce"])
def test_what_is_brought_back_is_what_was_played(
    platform: str, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    machine = (clean_pg, redis, settings)
    seen: list[Any] = []

    def played() -> tuple[World, None]:
        world = play(*machine, platform)
        seen.append(state_of(world, clean_pg, redis))
        return world, None

    world, _ = begin(machine, f"{platform}, as played", played)

    assert state_of(world, clean_pg, redis) == seen[0]


def state_of(world: World, engine: sa.Engine, redis: Redis) -> list[Any]:
    """Of shop, clock, tables, and Redis."""
    keys = sorted(redis.scan_iter())
    counts = rows(engine, shop_id=world.shop_id)
    with engine.connect() as connection:
        next_one = connection.execute(sa.text("SELECT last_value FROM events_id_seq")).scalar_one()
    asked = [one.operation for one in world.shop.requests] if world.platform == "shopify" else []
    return [world.clock(), world.shop_id, world.answers, keys, counts, next_one, asked]


@pytest.mark.parametrize("platform", ["shopify", "bigcommerce"])
def test_nothing_of_a_world_is_held_by_another(
    platform: str, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    machine = (clean_pg, redis, settings)

    world, _ = begin(machine, f"{platform}, alone", lambda: (play(*machine, platform), None))

    held = {id(one) for one in reachable(world.shop) if isinstance(one, Clock | type(world.shop))}
    assert held == {id(world.shop), id(world.clock)}


def test_orders_that_come_first_leave_what_orders_leave(
    clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> None:
    """When they are played for all, and when they are brought back."""
    seen = []
    for is_played in (True, False, False):
        empty_tables(clean_pg)
        redis.flushall()
        stage = open_shop(clean_pg, redis, settings)
        if is_played:
            ordered = [stage.order(2), stage.order(1)]
            stage.settle_down()
        else:
            ordered = stage.first_orders(2, 1)
        shown = [stage.looks_like(one) for one in ordered]
        state = state_of(stage.world, clean_pg, redis)
        state[3] = [key for key in state[3] if b":job:" not in key]  # RQ names jobs by chance
        seen.append((ordered, shown, state, redis.llen("rq:queue:backline-quick")))

    assert seen[1:] == [seen[0]] * 2


def test_an_order_that_comes_after_something_else_is_not_the_first(stage: Stage) -> None:
    stage.restock(1)

    with pytest.raises(AssertionError, match="has happened already"):
        stage.first_order()


def test_what_a_beginning_goes_on_with_must_say_what_it_depends_on(stage: Stage) -> None:
    with pytest.raises(AssertionError):
        name_of(lambda: stage)
    with pytest.raises(AssertionError):
        name_of(lambda: None)

    assert name_of(play).endswith("test_beginnings.play")


def reachable(start: object) -> Iterator[object]:
    """All that an object leads to, through the variables of its functions too."""
    waiting, seen = [start], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | ModuleType):
            continue
        seen.add(id(one))
        yield one
        is_function = isinstance(one, FunctionType)
        waiting += [*(one.__closure__ or ())] if is_function else gc.get_referents(one)  # type: ignore[attr-defined]
