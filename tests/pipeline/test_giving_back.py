"""Before the app is removed everything it changed is taken back, and nothing is changed any more."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import shops
from app.pipeline.connecting import install_shop
from app.pipeline.leaving import Left, left_at_platform
from app.platforms.base import Grant
from app.sandbox.shopify.shop import ALL_SCOPES
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop
from tests.pipeline.test_selling_bigcommerce import Store, open_store
from tests.web.visitors import form_token
from tests.world import World

WAITING_STATUS, NEW_STATUS = 12, 11


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that holds what waits, and sells no more than what comes."""
    return open_shop(
        clean_pg, redis, settings, stock=2, scopes=(*ALL_SCOPES, "write_products"), then=change_much
    )


def change_much(stage: Stage) -> None:
    """Whatever Backline may change in a shop, it changes."""
    stage.choose(holds="short", selling="dated", hold_rules=[{"tag": "vip", "holds": "order"}])


@pytest.fixture
def store(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Store:
    """A store whose waiting orders have a status of their own."""
    store = open_store(clean_pg, redis, settings)
    with store.world.runtime.sessions.begin() as session:
        shops.get_shop(session, store.world.shop_id).waiting_status_id = WAITING_STATUS
    return store


@dataclass(frozen=True)
class Seen:
    """What everybody sees of an order."""

    tags: set[str]
    note: str
    metafields: dict[str, str]


def seen(world: World, order_id: int) -> Seen:
    return Seen(world.tags(order_id), world.note(order_id), world.metafields(order_id))


def left(world: World) -> Left:
    with world.runtime.sessions() as session:
        return left_at_platform(session, world.shop_id)


def holders(stage: Stage, order_id: int) -> set[str | None]:
    parts = stage.world.shop.fulfillment_orders(order_id)
    return {hold.app for part in parts for hold in part.holds}


def policy(stage: Stage) -> str:
    return str(stage.world.shop.books.variants[stage.mug.variant_id].policy)


def test_orders_holds_and_selling_are_as_they_were_before(stage: Stage) -> None:
    waiting = stage.order(5, note="Please ring twice", tags=["vip"])
    stage.settle_down()
    before = left(stage.world)

    stage.choose(gives_back=True)

    assert before == Left(marked=1, held=1, stopped=1)
    assert left(stage.world) == Left(0, 0, 0)
    assert seen(stage.world, waiting) == Seen({"vip"}, "Please ring twice", {})
    assert (holders(stage, waiting), policy(stage)) == (set(), "CONTINUE")


def test_what_others_hold_and_set_is_left(stage: Stage) -> None:
    waiting = stage.first_order(5)
    part = stage.world.shop.fulfillment_orders(waiting)[0]
    stage.world.shop.hold(part.fulfillment_order_id, app="another app")
    stage.world.shop.add_tags(waiting, ["rush"])
    stage.settle_down()

    stage.choose(gives_back=True)

    assert holders(stage, waiting) == {"another app"}
    assert stage.world.tags(waiting) == {"rush"}


def test_a_released_order_says_nothing_either(stage: Stage) -> None:
    released = stage.order(3)
    stage.settle_down()
    stage.restock(1)
    stage.settle_down()
    tags = stage.world.tags(released)

    stage.choose(gives_back=True)

    assert tags == {"backorder-released"}
    assert seen(stage.world, released) == Seen(set(), "", {})


def test_nothing_is_changed_any_more_whatever_happens(stage: Stage) -> None:
    waiting = stage.first_order(5)
    stage.choose(gives_back=True)

    later = stage.order(1)
    stage.settle_down()
    stage.restock(3)
    stage.pass_hours(2)

    assert [seen(stage.world, one) for one in (waiting, later)] == [Seen(set(), "", {})] * 2
    assert (holders(stage, later), policy(stage)) == (set(), "CONTINUE")


def test_who_stays_after_all_has_everything_marked_again(stage: Stage) -> None:
    waiting = stage.first_order(5)
    before = seen(stage.world, waiting)
    stage.choose(gives_back=True)

    stage.choose(gives_back=False)

    assert seen(stage.world, waiting) == before
    assert (holders(stage, waiting), policy(stage)) == ({"us"}, "DENY")


def test_who_installs_again_has_everything_as_before(stage: Stage) -> None:
    world, waiting = stage.world, stage.order(5)
    stage.settle_down()
    before = seen(world, waiting)
    stage.choose(gives_back=True)
    world.shop.uninstall()
    stage.settle_down()

    world.clock.sleep(60)
    world.shop.oauth.install()
    install_shop(world.runtime, "shopify", world.shop.domain, Grant(world.shop.access_token))
    stage.settle_down()

    assert seen(world, waiting) == before
    assert (holders(stage, waiting), policy(stage)) == ({"us"}, "DENY")


def test_a_store_has_its_notes_statuses_and_limits_back(store: Store) -> None:
    world = store.world
    waiting = world.shop.place_order([(store.robe.variant_id, 5)], note="Gift!")
    store.rest()
    status, limits = world.shop.orders[waiting].status_id, store.limits

    store.choose(gives_back=True)

    assert (status, limits) != (NEW_STATUS, (None, 0))
    assert seen(world, waiting) == Seen(set(), "Gift!", {})
    assert (world.shop.orders[waiting].status_id, store.limits) == (NEW_STATUS, (None, 0))
    assert left(world) == Left(0, 0, 0)


def test_the_settings_page_takes_back_and_says_what_is_left(stage: Stage) -> None:
    stage.first_order(5)
    page = f"/shops/{stage.world.shop_id}/settings"
    token = form_token(stage.world.web.get(page))

    stage.world.web.post(f"{page}/leaving", data={"csrf_token": token, "gives_back": "yes"})
    during, overview = stage.page(page), stage.page()
    stage.settle_down()
    after = stage.page(page)

    assert "1 order with Backline&#39;s tags or notes" in during
    assert "is being taken back" in overview
    assert "Nothing of Backline is left." in after
