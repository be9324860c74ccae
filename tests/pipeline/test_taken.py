"""A shop that somebody works on is not rung, and what is told meanwhile needs no ring: whoever lets it
go looks once more."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from redis import Redis
from rq import Queue
from rq.registry import ScheduledJobRegistry
from sqlalchemy.orm import Session

from app.db import shops
from app.pipeline import advance, doorbell
from app.pipeline.runtime import Runtime, advance_shop, continue_shop
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def queue(redis: Redis) -> Queue:
    """Where a ring lands."""
    return doorbell.quick_queue(redis)


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with an order that was told and not seen, and no ring."""
    stage = open_shop(clean_pg, redis, settings)
    stage.order()
    stage.world.deliver()
    redis.flushall()
    return stage


def take(stage: Stage) -> None:
    """Another worker takes the shop."""
    with stage.world.runtime.sessions.begin() as session:
        assert shops.take_lease(session, stage.world.shop_id, "another", now=stage.world.clock())


def let_go(stage: Stage) -> None:
    """The other worker is done with it."""
    with stage.world.runtime.sessions.begin() as session:
        shops.end_lease(session, stage.world.shop_id, "another")


@pytest.mark.parametrize("work", [advance_shop, continue_shop])
def test_rings_are_dropped_while_a_shop_is_worked_on(
    stage: Stage, redis: Redis, queue: Queue, work: Callable[[Runtime, int], None]
) -> None:
    world, rung = stage.world, []
    world.shop.before_request = lambda: rung.append(
        (doorbell.ring(redis, world.shop_id), queue.count, doorbell.long_queue(redis).count)
    )

    work(world.runtime, world.shop_id)

    assert rung
    assert set(rung) == {(True, 0, 0)}


@pytest.mark.parametrize("is_free", [False, True], ids=["before it is free", "after"])
def test_a_webhook_that_comes_in_the_last_moment_of_a_job_is_not_lost(
    stage: Stage, queue: Queue, monkeypatch: pytest.MonkeyPatch, *, is_free: bool
) -> None:
    """It is committed after the last step, and its ring is dropped or not."""
    world, end_lease = stage.world, shops.end_lease

    def come_late() -> None:
        stage.order()
        world.deliver()

    def end(session: Session, shop_id: int, owner: str) -> None:
        """In a transaction of its own: it commits each statement."""
        if not is_free:
            come_late()
        end_lease(session, shop_id, owner)
        if is_free:
            come_late()

    monkeypatch.setattr(shops, "end_lease", end)
    advance_shop(world.runtime, world.shop_id)

    assert [job.args for job in queue.jobs] == [[world.shop_id]]


def test_a_shop_can_be_rung_again_once_it_was_let_go(stage: Stage, redis: Redis, queue: Queue) -> None:
    advance_shop(stage.world.runtime, stage.world.shop_id)
    queue.empty()

    doorbell.ring(redis, stage.world.shop_id)

    assert queue.count == 1


def test_a_shop_whose_work_breaks_down_can_be_rung_again(
    stage: Stage, redis: Redis, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(context: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(advance, "absorb", break_down)
    with pytest.raises(ZeroDivisionError):
        advance_shop(stage.world.runtime, stage.world.shop_id)

    doorbell.ring(redis, stage.world.shop_id)

    assert queue.count == 1


def test_whoever_finds_a_shop_taken_comes_back_once_and_drops_rings_until_then(
    stage: Stage, redis: Redis, queue: Queue
) -> None:
    """Its worker may have been killed: then nobody takes the last look."""
    take(stage)

    advance_shop(stage.world.runtime, stage.world.shop_id)
    for _ in range(100):
        doorbell.ring(redis, stage.world.shop_id)

    assert queue.count == 0
    assert ScheduledJobRegistry(queue=queue).count == 1
    left_s = stage.world.runtime.redis.ttl(f"backline:rung:{stage.world.shop_id}")
    assert 0 < left_s <= advance.BUSY_S


@pytest.mark.parametrize("answer", [doorbell.answer, doorbell.answer_long])
def test_a_job_of_a_shop_that_is_taken_makes_way_for_no_other(
    redis: Redis, queue: Queue, answer: Callable[[Redis, int], object]
) -> None:
    """It was rung before, or wished for: what comes after it is found by the one who has the shop."""
    doorbell.hush(redis, 7)

    answer(redis, 7)
    doorbell.ring(redis, 7)
    rung_meanwhile = queue.count
    doorbell.let_go(redis, 7)
    doorbell.ring(redis, 7)

    assert (rung_meanwhile, queue.count) == (0, 1)


@pytest.mark.parametrize("is_done", [False, True], ids=["with work left", "with none"])
def test_a_shop_that_was_let_go_before_it_was_hushed_is_not_left_hushed(
    stage: Stage, redis: Redis, queue: Queue, monkeypatch: pytest.MonkeyPatch, *, is_done: bool
) -> None:
    """Its worker takes its last look between our finding it taken and our dropping rings: what is there
    is ours then."""
    world, hush = stage.world, doorbell.hush
    take(stage)

    def let_go_first(redis: Redis, shop_id: int) -> None:
        monkeypatch.setattr(doorbell, "hush", hush)
        let_go(stage)
        if is_done:
            world.work()
        hush(redis, shop_id)

    monkeypatch.setattr(doorbell, "hush", let_go_first)
    advance_shop(world.runtime, world.shop_id)
    queue.empty()
    doorbell.ring(redis, world.shop_id)

    assert queue.count == 1
    assert {tag for order in world.shop.orders.values() for tag in order.tags} == {"backordered"}


def test_a_redis_that_is_emptied_while_a_shop_is_worked_on_costs_a_job_and_no_more(
    stage: Stage, redis: Redis, queue: Queue
) -> None:
    """It forgets that rings are to be dropped."""
    world = stage.world

    def forget() -> None:
        redis.flushall()
        doorbell.ring(redis, world.shop_id)

    world.shop.before_request = forget
    advance_shop(world.runtime, world.shop_id)

    assert queue.count == 1
