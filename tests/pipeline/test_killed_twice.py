"""Two writes in a row without an answer: what the first may have left must be known as ours."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db.models import ShownRow
from app.settings import Settings
from tests.world import World, make_store_world, make_world


class Killed(BaseException):
    """The worker is no more."""


@pytest.fixture(params=["shopify", "bigcommerce"])
def world(
    request: pytest.FixtureRequest, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> World:
    """A shop in which an order waits, and none of it was written yet."""
    make = make_world if request.param == "shopify" else make_store_world
    world = make(clean_pg, redis, settings)
    main = world.shop.add_location("Main")
    mug = world.shop.add_product("Blue Mug", sku="BLUE-MUG", stock={main: 0})
    world.connect()
    world.quiet()
    world.shop.place_order([(mug.variant_id, 1)])
    return world


def kill(world: World, when: Callable[[], bool], *, is_served: bool) -> None:
    """The worker goes on until that is so before its next request, or once one `is_served`."""

    def die() -> None:
        if when():
            raise Killed

    if is_served:
        world.after_request = die
    else:
        world.shop.before_request = die
    with pytest.raises(Killed):
        world.quiet()
    world.after_request = world.shop.before_request = lambda: None
    world.clock.sleep(61)


def writes_note(world: World) -> bool:
    """Whether the last request wrote a note, and on Shopify all else with it."""
    operation = world.shop.requests[-1].operation
    return "orderUpdate" in operation or operation.startswith("PUT /v2/orders")


def writes_all(world: World) -> bool:
    """Whether it wrote the last of what a waiting order shows."""
    operation = world.shop.requests[-1].operation
    return "orderUpdate" in operation or operation == "POST /v3/orders/metafields"


def intends(world: World, status: str) -> bool:
    """Whether that is about to be shown."""
    with world.runtime.sessions.begin() as session:
        row = session.scalars(sa.select(ShownRow)).one()
        return row.intent is not None and row.intent["status"] == status


def looked_up_metafields(world: World) -> bool:
    """Whether the last request asked for the ids of an order's metafields, to take them off next."""
    operation = world.shop.requests[-1].operation
    return operation.startswith("GET /v3/orders/") and operation.endswith("/metafields")


@pytest.mark.parametrize("is_note_written", [False, True])
def test_nothing_is_left_of_a_write_without_an_answer_if_there_is_none_to_the_next_either(
    world: World, *, is_note_written: bool
) -> None:
    (order_id,) = world.shop.orders
    kill(world, lambda: writes_all(world), is_served=True)
    world.shop.cancel_order(order_id)

    if is_note_written:
        kill(world, lambda: intends(world, "none") and writes_note(world), is_served=True)
    else:
        kill(world, lambda: intends(world, "none"), is_served=False)
    world.quiet()

    shows = world.tags(order_id), world.note(order_id), world.metafields(order_id)
    assert shows == (set(), "", {})


# Shopify takes everything off in one request.
@pytest.mark.parametrize("world", ["bigcommerce"], indirect=True)
def test_metafields_are_taken_off_though_two_removals_in_a_row_have_no_answer(world: World) -> None:
    (order_id,) = world.shop.orders
    world.quiet()
    world.shop.cancel_order(order_id)

    kill(world, lambda: intends(world, "none") and writes_note(world), is_served=True)
    kill(world, lambda: looked_up_metafields(world), is_served=False)
    world.quiet()

    shows = world.tags(order_id), world.note(order_id), world.metafields(order_id)
    assert shows == (set(), "", {})
