"""What is undone on a page leaves orders, promises and deliveries as they were, on the platform too."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db.models import ArrivalRow, PromiseRow
from app.settings import Settings
from tests.beginnings import begin
from tests.web.visitors import form_token
from tests.world import World, make_store_world, make_world

Make = Callable[..., World]


@pytest.fixture(params=[make_world, make_store_world], ids=["shopify", "bigcommerce"])
def world(
    request: pytest.FixtureRequest, clean_pg: sa.Engine, redis: Redis, settings: Settings
) -> World:
    """Three orders that wait for two deliveries, a day apart."""
    machine = clean_pg, redis, settings
    make: Make = request.param
    begun, _ = begin(
        machine, f"{make.__name__} with two deliveries", lambda: (_play(make(*machine)), None)
    )
    return begun


def _play(made: World) -> World:
    place = made.shop.add_location("Main")
    mug = made.shop.add_product("Blue Mug", sku="MUG-BLUE", stock={place: 0})
    made.connect()
    made.quiet()
    for _ in range(3):
        made.shop.place_order([(mug.variant_id, 2)])
        made.quiet()
    made.expect(mug, 4, "2026-12-05")
    made.expect(mug, 4, "2026-12-19")
    made.quiet()
    return made


def everything(world: World) -> dict[str, Any]:
    """What buyers and staff see of the orders, and all that is recorded of them and the deliveries."""
    with world.runtime.sessions.begin() as session:
        rows = {
            table.__tablename__: [
                {column.key: getattr(row, column.key) for column in sa.inspect(table).column_attrs}
                for row in session.scalars(sa.select(table).order_by(*sa.inspect(table).primary_key))
            ]
            for table in (PromiseRow, ArrivalRow)
        }
    for row in rows["arrivals"]:
        del row["updated_at"]
    orders = sorted(world.shop.orders)
    return {
        **rows,
        "tags": [world.tags(one) for one in orders],
        "notes": [world.note(one) for one in orders],
        "metafields": [world.metafields(one) for one in orders],
    }


@pytest.mark.parametrize("act", ["cancel", "receive"])
@pytest.mark.parametrize("place", [0, 1], ids=["the first delivery", "the last"])
def test_an_undone_delivery_leaves_everything_as_it_was(world: World, act: str, place: int) -> None:
    before, page = everything(world), f"/shops/{world.shop_id}/incoming"
    number = before["arrivals"][place]["id"]

    _send(world, f"{page}/{number}/{act}", page)
    meanwhile = everything(world)
    world.clock.sleep(timedelta(minutes=4).total_seconds())
    _send(world, f"{page}/{number}/undo", page)

    assert meanwhile["promises"] != before["promises"]
    assert meanwhile["notes"] != before["notes"]
    assert everything(world) == before


def _send(world: World, path: str, page: str) -> None:
    """Send a form, and let everything follow from it."""
    answer = world.web.post(path, data={"csrf_token": form_token(world.web.get(page))})
    assert answer.status_code == 303, answer.text
    world.quiet()
