"""One poisoned order or item must not stop its shop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from redis import Redis
from rq.timeouts import JobTimeoutException

from app.db.models import Order, Shop
from app.db.shops import LeaseLostError
from app.errors import NeedsMerchant, TryLater
from app.pipeline.advance import advance
from app.pipeline.quarantine import act_on_all, unless_poisoned
from app.platforms.base import ItemStock, Platform
from app.platforms.http import PlatformRefused
from app.settings import Settings
from tests.pipeline.stage import Stage, mutations, open_shop

OpenShop = Callable[..., Stage]


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs."""
    return open_shop(clean_pg, redis, settings)


@dataclass
class Batches:
    """Acts on numbers, fails on the poisoned ones, and notes everything."""

    poisoned: Sequence[int] = ()
    error: Exception = field(default_factory=lambda: ValueError("no good"))
    done: list[int] = field(default_factory=list)
    calls: list[list[int]] = field(default_factory=list)
    aside: dict[int, str] = field(default_factory=dict)

    def act(self, batch: Sequence[int]) -> None:
        """All or nothing of a batch."""
        self.calls.append(list(batch))
        if set(batch) & set(self.poisoned):
            raise self.error
        self.done += batch

    def quarantine(self, number: int, problem: str) -> None:
        """This one failed alone."""
        self.aside[number] = problem


def act(batches: Batches, count: int) -> None:
    """Act on that many numbers."""
    act_on_all(range(count), batches.act, batches.quarantine)


def test_a_sound_batch_is_one_act() -> None:
    batches = Batches()

    act(batches, 8)

    assert batches.calls == [list(range(8))]
    assert batches.aside == {}


def test_what_fails_by_a_row_is_done_otherwise() -> None:
    def act() -> str:
        raise ValueError

    assert unless_poisoned(act, lambda: "one by one") == "one by one"
    assert unless_poisoned(lambda: "at once", lambda: "one by one") == "at once"


def test_what_fails_by_the_platform_is_not_done_otherwise() -> None:
    def act() -> str:
        raise TryLater("busy", after_s=1)

    with pytest.raises(TryLater):
        unless_poisoned(act, lambda: "one by one")


def test_an_empty_batch_is_no_act() -> None:
    batches = Batches()

    act(batches, 0)

    assert batches.calls == []


@pytest.mark.parametrize("poisoned", [[0], [7], [3], [0, 7], [2, 3, 4], list(range(8))])
def test_exactly_the_poisoned_are_set_aside_with_the_reason(poisoned: list[int]) -> None:
    batches = Batches(poisoned)

    act(batches, 8)

    assert batches.aside == dict.fromkeys(poisoned, "ValueError: no good")
    assert sorted(batches.done) == [number for number in range(8) if number not in poisoned]


def test_one_in_many_is_found_by_halving() -> None:
    batches = Batches([177])

    act(batches, 256)

    assert batches.aside.keys() == {177}
    assert len(batches.calls) <= 1 + 2 * 8


@pytest.mark.parametrize(
    "error",
    [
        TryLater("throttled", after_s=2),
        NeedsMerchant("connect it again"),
        LeaseLostError("somebody else"),
        sa.exc.OperationalError("SELECT 1", {}, Exception("gone")),
        sa.exc.InterfaceError("SELECT 1", {}, Exception("gone")),
        sa.exc.InternalError("INSERT", {}, Exception("read-only transaction")),
        sa.exc.TimeoutError("every connection is in use"),
        JobTimeoutException("too long"),
        KeyboardInterrupt(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_about_the_whole_shop_blames_no_row(error: Exception) -> None:
    batches = Batches([3], error)

    with pytest.raises(type(error)):
        act(batches, 8)

    assert batches.aside == {}
    assert len(batches.calls) == 1


def test_an_order_that_the_platform_refuses_is_set_aside_alone(stage: Stage) -> None:
    """An order holds 250 tags at most: ours does not fit, and Shopify says so."""
    world = stage.world
    full = stage.order(tags=[f"t{number}" for number in range(250)])
    others = [stage.order() for _ in range(3)]

    world.deliver()
    world.clock.sleep(6)
    world.deliver()
    world.work()
    page = stage.page(f"/shops/{world.shop_id}/orders/{full}")

    assert [world.tags(one) for one in others] == [{"backordered"}] * 3
    assert "backordered" not in world.tags(full)
    assert "The platform refused the write" in page
    assert "An order can have at most 250 tags" in page


def test_an_order_set_aside_is_tried_again_less_and_less_often_until_it_heals(stage: Stage) -> None:
    world = stage.world
    full = stage.order(tags=[f"t{number}" for number in range(250)])
    world.deliver()
    world.work()
    tries = []
    while len(tries) < 4:
        before = len(world.shop.requests)
        world.clock.sleep(5)
        world.deliver()
        world.work()
        if mutations(world, since=before):
            tries.append(world.clock())

    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(tries)]
    world.shop.remove_tags(full, ["t1"])
    stage.pass_hours(1.1)

    assert gaps == sorted(gaps)
    assert gaps[-1] >= 2 * gaps[0] >= 30
    assert "backordered" in world.tags(full)
    with world.runtime.sessions.begin() as session:
        assert session.get_one(Order, (world.shop_id, full)).problem is None


class Faulty:
    """A platform whose answers about some items make no sense."""

    def __init__(self, platform: Platform, item_ids: set[int]) -> None:
        self._platform = platform
        self._item_ids = item_ids

    def __getattr__(self, name: str) -> object:
        return getattr(self._platform, name)

    def fetch_stock(self, item_ids: Sequence[int]) -> list[ItemStock]:
        """Fails for the whole request if a bad item is in it."""
        if self._item_ids & set(item_ids):
            raise PlatformRefused("this item can't be read")
        return self._platform.fetch_stock(item_ids)


def test_an_item_that_can_not_be_settled_is_set_aside_alone(stage: Stage) -> None:
    """It is shown with its reason, tried again, and its orders wait; the others are judged."""
    world = stage.world
    towel = world.shop.add_product("Tea Towel", sku="TOWEL", stock={stage.main: 0})
    bad_order, good_order = stage.order(), world.shop.place_order([(towel.variant_id, 1)])
    world.deliver()

    def connect(shop: Shop) -> Platform:
        return Faulty(world.runtime.connect(shop), {stage.mug.item_id})  # type: ignore[return-value]

    again_s = advance(
        world.shop_id,
        owner="a test",
        sessions=world.runtime.sessions,
        connect=connect,
        clock=world.clock,
        app_url="https://backline.test",
    )
    page = stage.page()
    tags_then = (world.tags(bad_order), world.tags(good_order))
    world.clock.sleep(timedelta(minutes=2).total_seconds())
    world.quiet()

    assert tags_then == (set(), {"backordered"})
    assert "Blue Mug: PlatformRefused: this item can&#39;t be read" in page
    assert again_s is not None
    assert 0 < again_s <= 60
    assert world.tags(bad_order) == {"backordered"}
    assert "can&#39;t be read" not in stage.page()
